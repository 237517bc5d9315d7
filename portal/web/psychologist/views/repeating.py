"""Repeating a session with one's own patient."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered, SlotTaken
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import page_or_fragment, redirect_to
from portal.common.web.once import making, once
from portal.journeys import told
from portal.journeys.repeating import asking


@allow(Role.PSYCHOLOGIST)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def repeat(request: ActorRequest, code: UUID) -> HttpResponse:
    """Proposes the times of the series, each with what stands in its way, and books them all or none."""
    visible = Appointment.objects.visible_to(request.actor).without_holds()
    session = get_object_or_404(visible.for_listing(), code=code)
    now, clinic, is_sent = timezone.now(), ClinicSettings.current(), request.method == "POST"
    if not asking.may_be_repeated(session):
        messages.error(request, _("Only a session that takes place can be repeated."))
        return redirect_to(request, "psychologist:patient", code=session.person.code)

    def read() -> asking.Asked:
        data = request.POST if is_sent else request.GET
        return asking.read(session, data, is_sent=is_sent, by=request.actor, now=now, clinic=clinic)

    asked, refusal = read(), ""
    if asked.is_ready:
        try:
            with making(request, now=now) as made:
                booked = asked.book(by=request.actor, now=now)
                made.leads_to("psychologist:patient", code=session.person.code)
        except SlotTaken:
            asked = read()
        except NotOffered:
            refusal = _("This can't be booked as it is: the service, or the way of meeting, is no longer yours.")
        else:
            added = len(booked) - 1
            done = ngettext("%(n)s more session is booked.", "%(n)s more sessions are booked.", added) % {"n": added}
            messages.success(request, told.with_mail(done, booked[-1], by=request.actor, now=now))
            return made.answer
    context = {"asked": asked, "session": session, "refusal": refusal, "action": request.path}
    status = 409 if asked.is_taken or refusal else 422 if is_sent or asked.form.errors else 200
    return page_or_fragment(request, "psychologist/repeat.html", context, fragment="series", status=status)
