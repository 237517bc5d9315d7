"""What of somebody's money the clinic holds, and what is going to happen with it, as their own pages say it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import QuerySet

from portal.appointments.models import Appointment
from portal.billing.actions.account import kept_on, on_account
from portal.billing.actions.ahead import paid_ahead_of
from portal.billing.models import PaidBooking, RefundStatus, StripeRefund
from portal.common.database.compiled import compiled
from portal.common.money import ZERO
from portal.patients.models import Patient

# So long after it left us it is still told of: a bank takes up to two weeks.
TOLD_OF = timedelta(days=30)


class Ahead(NamedTuple):
    """What was paid ahead of a session that is still to use it; dollars."""

    amount: Decimal
    session: Appointment


class Lost(NamedTuple):
    """A payment that came when its time was gone, and on which day all of it went back to its card."""

    booking: PaidBooking
    amount: Decimal
    gone_on: date | None
    # It did not reach the card: a person decides.
    is_stuck: bool


@dataclass(frozen=True)
class HeldMoney:
    """`free` is used first, before anything is asked for; dollars."""

    free: Decimal
    ahead: list[Ahead]
    lost: list[Lost]

    @property
    def sum(self) -> Decimal:
        """All that is here: what went back is not."""
        ahead = sum((one.amount for one in self.ahead), ZERO)
        return self.free + ahead + sum((one.amount for one in self.lost if not one.gone_on), ZERO)


def held_money(people: Sequence[Patient], *, now: datetime) -> HeldMoney | None:
    """What is held of these people's money, or left us a short while ago; None where there is none."""
    deposits = paid_ahead_of(*people)
    lost = _lost(people, now=now)
    unused = sum((deposit.paid for deposit, is_waited_for in deposits if not is_waited_for), ZERO)
    stuck = sum((one.amount for one in lost if one.is_stuck), ZERO)
    ahead = [
        Ahead(deposit.paid, deposit.appointment)
        for deposit, is_waited_for in deposits
        if is_waited_for and deposit.appointment
    ]
    found = HeldMoney(on_account(*people) + unused - stuck, ahead, lost)
    return found if found.sum or lost else None


@compiled
def _lost_bookings(people: Collection[int]) -> QuerySet[PaidBooking]:
    lost = PaidBooking.objects.filter(patient__in=people, lost_at__isnull=False, attempt__payment__isnull=False)
    return lost.select_related("attempt", "location").order_by("pk")


def _lost(people: Sequence[Patient], *, now: datetime) -> list[Lost]:
    by_payment = {booking.attempt.payment_id: booking for booking in _lost_bookings({each.pk for each in people})}
    if not by_payment:
        return []
    refunds = StripeRefund.objects.filter(payment__in=by_payment, why=StripeRefund.Why.NOT_BOOKED)
    found = []
    for refund in refunds.select_related("payment").order_by("pk"):
        booking, is_gone = by_payment[refund.payment_id], refund.status == RefundStatus.DONE
        is_stuck = refund.status in (RefundStatus.FAILED, RefundStatus.RETURNED)
        left = kept_on(refund.payment) if refund.status == RefundStatus.FAILED else refund.amount
        if refund.status == RefundStatus.RETURNED:
            left = kept_on(refund.returned) if refund.returned else ZERO
        if not left or (is_gone and refund.changed_at + TOLD_OF <= now):
            continue
        gone_on = booking.location.day_of(refund.changed_at) if is_gone else None
        found.append(Lost(booking, left, gone_on, is_stuck))
    return found
