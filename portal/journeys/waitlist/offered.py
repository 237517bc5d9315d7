"""What is offered, as pages and mails show it."""

from __future__ import annotations

from copy import copy
from datetime import datetime
from zoneinfo import ZoneInfo

from portal.accounts.roles import Role
from portal.appointments import waitlist
from portal.appointments.actions import offering, rules
from portal.appointments.models import Appointment, Offer, Status
from portal.clinic import kept
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys import booking
from portal.policies.models import PolicySettings

# Whoever opens the mailed link acts as the patient, signed in or not; online booking's rules hold for them.
BY_LINK = Actor(user=None, role=Role.PATIENT, name="link in an offer")


def goes_out(now: datetime, *, zone: ZoneInfo, clinic: ClinicSettings) -> bool:
    """Whether somebody may be asked at this hour: the time to answer is short, and should not run at night."""
    return clinic.offers_from <= now.astimezone(zone).time() < clinic.offers_until


def session_of(offer: Offer) -> Appointment:
    """The session that accepting books, with its fee and terms: the hold that keeps it, or else one that is not saved.

    Needs the offer read `for_listing`.
    """
    held = offering.held_for(offer)
    if held is None:
        held = _as_a_hold(offer, clinic=ClinicSettings.current())
    return held


def _as_a_hold(offer: Offer, *, clinic: ClinicSettings) -> Appointment:
    service = kept.services()[offer.entry.service_id]
    psychologist = kept.psychologists()[offer.vacancy.psychologist_id]
    return Appointment(
        psychologist=psychologist,
        service=service,
        location=kept.places()[offer.vacancy.location_id],
        mode=offer.mode,
        status=Status.HELD,
        held_until=offer.expires_at,
        fee=psychologist.fee_for(service),
        cancel_hours=clinic.cancel_hours,
        late_fee_percent=clinic.late_fee_percent,
        no_show_percent=PolicySettings.current().percent_for_not_coming(clinic.late_fee_percent),
        grace_minutes=clinic.grace_minutes,
        **rules.slot_of(service, offer.starts_at)._asdict(),
    )


def swaps_of(offer: Offer, *, now: datetime) -> list[Appointment]:
    """The later sessions of whom it is offered to that may be moved here instead, soonest first."""
    return waitlist.later_sessions(offer.entry, than=offer.starts_at, by=BY_LINK, now=now)


def as_swapped(session: Appointment, offer: Offer) -> Appointment:
    """A copy of a later session as it would be in the offered time, to be looked at; it is never saved."""
    moved = copy(booking.as_moved(session, starts_at=offer.starts_at, location=offer.vacancy.location))
    moved.psychologist, moved.mode = offer.vacancy.psychologist, offer.mode
    return moved
