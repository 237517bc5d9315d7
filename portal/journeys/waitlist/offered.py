"""What is offered, as pages and mails show it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from zoneinfo import ZoneInfo

from portal.accounts.roles import Role
from portal.appointments import waitlist
from portal.appointments.actions import offering
from portal.appointments.models import Appointment, Offer
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys import booking
from portal.journeys.online import ahead

# Whoever opens the mailed link acts as the patient, signed in or not; online booking's rules hold for them.
BY_LINK = Actor(user=None, role=Role.PATIENT, name="link in an offer")


def goes_out(now: datetime, *, zone: ZoneInfo, clinic: ClinicSettings) -> bool:
    """Whether somebody may be asked at this hour: the time to answer is short, and should not run at night."""
    return clinic.offers_from <= now.astimezone(zone).time() < clinic.offers_until


def session_of(offer: Offer) -> Appointment:
    """The session that accepting books, with its fee and terms: the hold that keeps it, or else one that is not saved.

    Needs the offer read `for_listing`.
    """
    return offering.held_for(offer) or offering.as_if_held(offer)


def asked_ahead(offer: Offer, *, clinic: ClinicSettings, now: datetime) -> Decimal:
    """What the clinic asks ahead of the session, as of whoever books it online, in dollars."""
    return ahead.asked(session_of(offer), patient=offer.entry.patient, clinic=clinic, now=now)


def as_shown(offer: Offer, *, clinic: ClinicSettings, now: datetime) -> str:
    """What its page says, as one word: `booking.as_shown`, and what is asked ahead."""
    amount, word = asked_ahead(offer, clinic=clinic, now=now), booking.as_shown(session_of(offer), clinic=clinic)
    return sha256(f"{word} {amount}".encode()).hexdigest()[:32] if amount else word


def swaps_of(offer: Offer, *, now: datetime) -> list[Appointment]:
    """The later sessions of whom it is offered to that may be moved here instead, soonest first."""
    return waitlist.later_sessions(offer.entry, than=offer.starts_at, by=BY_LINK, now=now)


def as_swapped(session: Appointment, offer: Offer, *, now: datetime) -> Appointment:
    """A copy of a later session as it would be in the offered time, to be looked at; it is never saved."""
    moved = booking.as_moved(session, starts_at=offer.starts_at, location=offer.vacancy.location, now=now)
    return offering.as_if_moved(moved, offer)
