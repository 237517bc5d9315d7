"""Calling a session off at the desk: why, what it costs, and what is held for it."""

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
from portal.billing import actions as billing
from portal.billing import charges
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.times import when
from portal.common.money import dollars
from portal.common.web.once import making, once
from portal.journeys import booking, changing, sessions
from portal.policies.models import PolicySettings
from portal.web.calendars.refused import in_words
from portal.web.calendars.told import say_what_was_done


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: ActorRequest, code: UUID) -> HttpResponse:
    """Asks why, then cancels and tells the patient."""
    session = get_object_or_404(Appointment.objects.visible_to(request.actor).for_listing(), code=code)
    clinic, now = ClinicSettings.current(), timezone.now()
    if why := sessions.steps(session, by=request.actor, now=now)[Verb.CANCEL].why:
        messages.error(request, in_words(Verb.CANCEL, why, session, by=request.actor, now=now))
        return redirect("reception:appointment", code=session.code)
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
                session.refresh_from_db(fields=["status", "late"])
                fee = charges.fee_due(session, clinic=clinic, policy=PolicySettings.current())
                if fee:
                    made.leads_to("reception:fee", code=session.code)
                else:
                    made.leads_to("reception:patient", code=session.person.code)
        except NotCancellable as refused:
            messages.error(request, in_words(Verb.CANCEL, refused.reason, session, by=request.actor, now=now))
            return redirect("reception:appointment", code=session.code)
        done = _("The session is cancelled: %(name)s, %(when)s.")
        named = {"name": session.person.name, "when": when(session.starts_at, session.zone)}
        if fee:
            done = _("The session of %(name)s on %(when)s is cancelled late: the fee is %(amount)s.")
            done += " " + _("Charge it, or do without it.")
            named["amount"] = dollars(fee.amounts.total)
        done %= named
        say_what_was_done(request, done, told, is_past=session.starts_at <= now)
        if held := billing.held_ahead(session):
            words = _("We hold %(amount)s that was paid ahead for it: refund it, or use it for another session.")
            messages.warning(request, words % {"amount": dollars(held)})
        return made.answer
    context = {
        "session": session,
        "form": form,
        "deadline": changing.deadline_of(session, now=now, clinic=clinic),
        "free_until": booking.free_until(session, clinic=clinic),
        "is_late": now > booking.free_until(session, clinic=clinic),
        "late_fee": charges.late_fee(session, clinic=clinic, at=now).amounts.total,
        "ahead": billing.held_ahead(session),
        "told": [recipient.shown for recipient in told],
        "is_past": session.starts_at <= now,
    }
    return render(request, "reception/cancel.html", context, status=422 if request.method == "POST" else 200)
