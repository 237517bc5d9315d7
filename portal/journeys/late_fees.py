"""What is proposed about the fee for a session cancelled late or missed, and what the clinic's rule does by itself.

Nothing is charged or waived by itself unless the manager says after how many hours. The same proposal stands on the
page of the fee, where a person takes it with one press, or decides otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from portal.appointments import waitlist
from portal.appointments.models import Appointment
from portal.billing import actions as billing
from portal.billing.models import Invoice
from portal.billing.refusals import AlreadyInvoiced, NotBillable, Waived, WaivedThisYear
from portal.common.access.actors import Actor
from portal.journeys import mailing, paying
from portal.journeys.to_do.kinds import FEE_UNDECIDED
from portal.policies.models import PolicySettings
from portal.worklist.models import ToDo

# One round decides on so many at the most; the next goes on.
MANY: Final = 50


class Proposal(StrEnum):
    """What the clinic's rules say of a fee."""

    CHARGE = "charge"
    # Its time was filled again: nothing was lost by it.
    REFILLED = "refilled"
    # The first of its patient in a calendar year.
    FIRST = "first"


def proposed(sessions: Iterable[Appointment], *, policy: PolicySettings) -> dict[int, Proposal]:
    """What is proposed for each of these sessions that have a fee, by their ids. Two queries at most.

    Of two that are both the first of a year, one is proposed: that which was to begin first.
    """
    rows = sorted(sessions, key=lambda session: (session.starts_at, session.pk))
    if not rows:
        return {}
    refilled = waitlist.refilled(rows)
    had = billing.waived_in(rows) if policy.waive_first else set()
    found: dict[int, Proposal] = {}
    for session in rows:
        whose = (session.patient_id, billing.year_of(session))
        if session.pk in refilled:
            found[session.pk] = Proposal.REFILLED
        elif policy.waive_first and whose not in had:
            found[session.pk] = Proposal.FIRST
            had.add(whose)
        else:
            found[session.pk] = Proposal.CHARGE
    return found


def reason_of(proposal: Proposal) -> str:
    """Why a fee is waived by the rules, as the record keeps it."""
    if proposal == Proposal.REFILLED:
        return "Its time was filled again."
    return "The first of the calendar year."


def charge(session: Appointment, *, by: Actor, now: datetime, after_all: bool = False) -> Invoice:
    """Asks for the fee by `paying.bill_fee`, and raises what that does; it is not mailed yet."""
    return paying.bill_fee(appointment=session, by=by, now=now, after_all=after_all)


def mail(invoice: Invoice, *, by: Actor, now: datetime) -> str:
    """Sends the invoice of a fee to whoever is billed, once; returns the address, empty where none is known.

    Call it outside a transaction: the paper is drawn.
    """
    if not mailing.address_for(invoice):
        return ""
    return mailing.send_invoice(invoice=invoice, key="fee", by=by, now=now)


def settle_by_rule(*, by: Actor, now: datetime) -> int:
    """Does what is proposed about the fees on which nobody decided in the hours that the manager set; returns of how
    many.

    None are set, nothing is done. What somebody is on, as the list says, is left to them.
    """
    policy = PolicySettings.current()
    if policy.charge_after_hours is None:
        return 0
    waiting = (
        ToDo.objects.still_open()
        .of_kind(FEE_UNDECIDED.name)
        .filter(raised_at__lte=now - timedelta(hours=policy.charge_after_hours), acknowledged_at__isnull=True)
    )
    codes = waiting.order_by("pk").values_list("about_code", flat=True)[:MANY]
    sessions = list(Appointment.objects.filter(code__in=list(codes)).for_listing().order_by("starts_at", "pk"))
    proposals = proposed(sessions, policy=policy)
    return sum(_settle(session, proposals[session.pk], by=by, now=now) for session in sessions)


def _settle(session: Appointment, proposal: Proposal, *, by: Actor, now: datetime) -> bool:
    """One of them, in a transaction of its own; False where somebody decided in the same moment."""
    try:
        if proposal == Proposal.CHARGE:
            mail(charge(session, by=by, now=now), by=by, now=now)
        else:
            is_first = proposal == Proposal.FIRST
            paying.waive_fee(appointment=session, reason=reason_of(proposal), of_year=is_first, by=by, now=now)
    except (AlreadyInvoiced, NotBillable, Waived, WaivedThisYear):
        # The next round asks anew.
        return False
    return True
