"""What the queue runs for the waitlist. Every round is made anew from the rows, and may run twice at the same time."""

from __future__ import annotations

from django.utils import timezone

from portal.appointments.actions import waiting
from portal.appointments.models import Vacancy
from portal.billing.models import Invoice
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys import mailing
from portal.journeys.waitlist import turns

WAITLIST = Actor.system("waitlist")


def take_turn(vacancy: int) -> int:
    """Right after a time was freed, or an offer was answered: asks whoever is next, and says how many were asked."""
    return len(turns.take_turn(vacancy, by=WAITLIST, now=timezone.now()))


def mail_bill(invoice: int) -> str:
    """The bill for what is paid ahead of a session that somebody took from an offer; to whom, or empty for nobody."""
    bill = Invoice.objects.live().filter(pk=invoice).select_related("patient__user", "billed_user", "payer").first()
    if bill is None or not bill.balance or not mailing.address_for(bill):
        return ""
    return mailing.send_invoice(invoice=bill, key="offer", by=WAITLIST, now=timezone.now())


def go_round() -> dict[str, int]:
    """Each minute: ends offers that nobody answered, passes their times on, and ends the waiting that is over."""
    now = timezone.now()
    ended = waiting.end_what_is_over(today=ClinicSettings.current().today(now), by=WAITLIST, now=now)
    open_ones = list(Vacancy.objects.still_open().order_by("starts_at", "pk").values_list("pk", flat=True))
    return {"ended": ended, "offered": sum(len(turns.take_turn(pk, by=WAITLIST, now=now)) for pk in open_ones)}
