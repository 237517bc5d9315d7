"""Calling off a session of one's own."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.appointments.forms import CancelForm, SeenForm
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotCancellable
from portal.appointments.states import Verb
from portal.billing import charges
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.times import when
from portal.common.web.once import making, once
from portal.journeys import booking, sessions
from portal.web.calendars.refused import in_words
from portal.web.calendars.told import say_what_was_done
from portal.web.psychologist.views.calendar import OWN


@allow(Role.PSYCHOLOGIST)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: ActorRequest, code: UUID) -> HttpResponse:
    """Asks why, then cancels and tells the patient; what it costs them, the desk decides."""
    session = get_object_or_404(Appointment.objects.visible_to(request.actor).without_holds().for_listing(), code=code)
    clinic, now = ClinicSettings.current(), timezone.now()
    day = OWN.day_list(session.local_start.date())
    if why := sessions.steps(session, by=request.actor, now=now)[Verb.CANCEL].why:
        messages.error(request, in_words(Verb.CANCEL, why, session, by=request.actor, now=now))
        return redirect(day)
    form, told = CancelForm(request.POST if request.method == "POST" else None), booking.told(session, now=now)
    if request.method == "POST" and form.is_valid():
        try:
            with making(request, now=now) as made:
                booking.cancel_session(
                    appointment=session,
                    reason=form.cleaned_data["reason"],
                    by=request.actor,
                    now=now,
                    seen=SeenForm.read(request.POST),
                )
                made.leads_to(day)
        except NotCancellable as refused:
            messages.error(request, in_words(Verb.CANCEL, refused.reason, session, by=request.actor, now=now))
            return redirect(day)
        done = _("The session is cancelled: %(name)s, %(when)s.")
        done %= {"name": session.person.name, "when": when(session.starts_at, session.zone)}
        say_what_was_done(request, done, told, is_past=session.starts_at <= now)
        return made.answer
    context = {
        "session": session,
        "form": form,
        "day_url": day,
        "free_until": booking.free_until(session, clinic=clinic),
        "is_late": now > booking.free_until(session, clinic=clinic),
        "late_fee": charges.late_fee(session, clinic=clinic, at=now).amounts.total,
        "told": [reader.shown for reader in told],
        "is_past": session.starts_at <= now,
    }
    return render(request, "psychologist/cancel.html", context, status=422 if request.method == "POST" else 200)
