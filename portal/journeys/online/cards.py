"""Cards on file, from Stripe's page and back, and a fee that the desk charges to one."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import partial

from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

from portal.appointments import waitlist
from portal.appointments.models import Appointment
from portal.billing import charges
from portal.billing.bulk import is_bulk_billed
from portal.billing.models import Invoice, PaymentAttempt, SavedCard
from portal.billing.models.saved_card import on_file_of
from portal.billing.online import attempts, cards, charging
from portal.billing.online.client import OnlineRefused, is_on
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys import mailing
from portal.journeys.online import arriving
from portal.patients.models import Patient


class Refilled(Exception):
    """The session's time was filled again: nothing was lost by it, so no card is charged."""


def begin(*, patient: Patient, agreed: str, language: str, by: Actor, now: datetime) -> SavedCard:
    """Opens the page on which a card is saved by `cards.begin`, and raises what that does."""
    return cards.begin(patient=patient, agreed=agreed, language=language, addresses=_ways_back, by=by, now=now)


def is_offered(session: Appointment, *, patient: Patient | None) -> bool:
    """Whether whoever books is asked for a card: a fee may come, and none is on file. None is somebody new."""
    if not is_on() or is_bulk_billed(session) or (patient is not None and on_file_of(patient.pk)):
        return False
    return bool(charges.late_fee(session, clinic=ClinicSettings.current()).amounts.total)


def _ways_back(card: SavedCard) -> tuple[str, str]:
    with override(card.language):
        page = settings.PORTAL_BASE_URL + reverse("patient:cards")
    return f"{page}?saving={card.code}", page


def remove(card: SavedCard, *, by: Actor, now: datetime) -> bool:
    """Takes it off file, and has Stripe let go of it; what Stripe can't be asked now is asked by the round."""
    removed = cards.remove(card, by=by, now=now)
    if removed:
        with suppress(OnlineRefused):
            cards.detach(card, now=now)
    return removed


def charge(*, invoice: Invoice, card: SavedCard, seen: str, by: Actor, now: datetime) -> PaymentAttempt:
    """Charges what is owing of a fee to the card that the page showed.

    A page of Stripe's on which somebody might pay it is closed first. Raises Refilled, what `charging.write` raises,
    and what `asking` raises: Declined and Refused where nothing was charged, NotReached where the round finds out.
    """
    session = invoice.appointment
    if session is not None and waitlist.refilled([session]):
        raise Refilled
    for other in PaymentAttempt.objects.open().filter(invoice=invoice).select_related("invoice", "card"):
        attempts.close(other, look=partial(arriving.look, now=now))
    attempt = charging.write(invoice=invoice, card=card, seen=seen, by=by, now=now)
    return arriving.charged(attempt, charging.send(attempt, now=now), now=now)


def mail_instead(invoice: Invoice, *, by: Actor, now: datetime) -> str:
    """Sends the bill with its link to pay, once for a charge that failed; the address, empty where none is known."""
    if not mailing.address_for(invoice):
        return ""
    tries = invoice.attempts.filter(card__isnull=False).count()
    return mailing.send_invoice(invoice=invoice, key=f"declined:{tries}", by=by, now=now, was_declined=True)
