"""The calendars that a psychologist keeps elsewhere: whatever they have on there closes that time here."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.roles import Role
from portal.appointments.actions.outside import (
    MOST,
    AddedBefore,
    TooManyCalendars,
    add_calendar,
    remove_calendar,
)
from portal.appointments.models import OutsideCalendar
from portal.appointments.outside.addresses import BadAddress
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import making, once
from portal.web.psychologist.outside import REFUSED, OutsideForm, lines
from portal.web.psychologist.own_profile import PsychologistRequest, with_profile


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_safe
def outside(request: PsychologistRequest) -> HttpResponse:
    """What is read, how old it is, and a form for one more."""
    return _page(request, OutsideForm(), now=timezone.now())


@allow(Role.PSYCHOLOGIST)
@once
@with_profile
@require_POST
def add_outside(request: PsychologistRequest) -> HttpResponse:
    """Adds an address; the worker reads it in a moment."""
    form, now = OutsideForm(request.POST), timezone.now()
    if not form.is_valid():
        return _page(request, form, now=now, status=422)
    try:
        with making(request, now=now) as made:
            add_calendar(
                psychologist=request.psychologist, address=form.cleaned_data["address"], by=request.actor, now=now
            )
            made.leads_to("psychologist:outside")
    except BadAddress as refused:
        form.add_error("address", str(REFUSED[refused.reason]))
    except AddedBefore:
        form.add_error("address", _("This calendar is read already."))
    except TooManyCalendars:
        form.add_error("address", _("%(count)d calendars are read at most. Remove one first.") % {"count": MOST})
    else:
        messages.success(request, _("Added. It is read within a minute; after that its times can't be booked online."))
        return made.answer
    return _page(request, form, now=now, status=422)


@allow(Role.PSYCHOLOGIST)
@require_POST
def remove_outside(request: ActorRequest, code: UUID) -> HttpResponse:
    """Forgets an address and its times."""
    if not OutsideCalendar.objects.filter(code=code).exists():
        messages.info(request, _("That is not there any more. Nothing was done."))
        return redirect("psychologist:outside")
    own = OutsideCalendar.objects.visible_to(request.actor).select_related("psychologist")
    calendar = get_object_or_404(own, code=code)
    remove_calendar(calendar=calendar, by=request.actor, now=timezone.now())
    messages.success(request, _("Removed. Its times can be booked again where you work."))
    return redirect("psychologist:outside")


def _page(request: PsychologistRequest, form: OutsideForm, *, now: datetime, status: int = 200) -> HttpResponse:
    found = lines(request.actor, now=now)
    context = {"lines": found, "form": form, "is_full": len(found) >= MOST, "most": MOST}
    return render(request, "psychologist/outside.html", context, status=status)
