"""One session at the desk: when, who, where, its invoices, and what can be done with it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.appointments import waitlist
from portal.appointments.actions import may_change_room
from portal.appointments.models import Appointment
from portal.appointments.states import Steps, Verb, Why
from portal.billing import actions as billing
from portal.billing import charges
from portal.billing.models import Invoice, InvoiceStatus, Purpose
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest, allow
from portal.journeys import changing, sessions
from portal.journeys.stranded import stranded
from portal.policies.models import PolicySettings
from portal.reports.days import Arrival
from portal.web.calendars import undoing
from portal.web.calendars.refused import in_words
from portal.web.reception.arrivals import buttons


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def appointment(request: ActorRequest, code: UUID) -> HttpResponse:
    session = get_object_or_404(Appointment.objects.visible_to(request.actor).without_holds().for_listing(), code=code)
    invoices = Invoice.objects.visible_to(request.actor).filter(appointment=session).for_listing().order_by("-pk")
    now, clinic = timezone.now(), ClinicSettings.current()
    today = clinic.today(now)
    listed = list(invoices)
    live = {invoice.purpose: invoice for invoice in listed if invoice.status != InvoiceStatus.VOID}
    steps = sessions.steps(session, by=request.actor, now=now)
    fee = charges.fee_due(session, clinic=clinic, policy=PolicySettings.current())
    deposit = live.get(Purpose.DEPOSIT)
    arrival = Arrival(
        session=session,
        now=now,
        steps=steps,
        invoice=live.get(Purpose.SESSION),
        is_voided=any(one.purpose == Purpose.SESSION and one.status == InvoiceStatus.VOID for one in listed),
    )
    context = {
        "session": session,
        "moved": undoing.just_moved(request, now=now, of=session),
        "deadline": changing.deadline_of(session, now=now, clinic=clinic),
        "why": stranded([session], now=now).get(session.pk, ""),
        "room_url": reverse("reception:room", args=[session.code]) if may_change_room(session, now=now) else "",
        "buttons": buttons(arrival, token=get_token(request)),
        "steps": steps,
        "hint": _hint(session, steps, by=request.actor, now=now),
        "price": charges.price_of(session, clinic=clinic),
        "invoices": [(invoice, invoice.standing(today=today)) for invoice in listed],
        "fee": fee if fee and fee.purpose not in live else None,
        "waiver": session.waivers.in_force().first(),
        "refilled": waitlist.refilled([session]).get(session.pk),
        "deposits": billing.held_for(session.person),
        "can_pay_ahead": (deposit is None or not deposit.payable)
        and billing.may_bill(session, Purpose.DEPOSIT, now=now),
    }
    return render(request, "reception/appointment.html", context)


# Of each state the one step that people look for.
LOOKED_FOR = (Verb.CHECK_IN, Verb.REOPEN, Verb.UNDO_NO_SHOW, Verb.CHECK_OUT)


def _hint(session: Appointment, steps: Steps, *, by: Actor, now: datetime) -> str:
    """Why the step that is looked for next is not there to press; empty if it is."""
    looked_for = next((verb for verb in LOOKED_FOR if steps[verb].why != Why.STATE), None)
    why = steps[looked_for].why if looked_for else None
    return in_words(looked_for, why, session, by=by, now=now) if looked_for and why else ""
