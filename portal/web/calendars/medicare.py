"""Where sessions stand with Medicare, as a calendar says it beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from portal.appointments.calendars import Booked
from portal.journeys import better_access
from portal.medicare.ledger import Why
from portal.medicare.telling import standing_in_short

# Read along with each session, so that whose patients have no referral costs no statement.
HAS_LETTER = better_access.has_letter()


def traces(sessions: Sequence[Booked], now: datetime) -> object:
    """What the signs of these sessions rest on: whatever counts in their patients' ledgers up to the last of them."""
    told = [session for session in sessions if session.also]
    if not told:
        return ()
    patients = {session.patient_id for session in told}
    return better_access.trace_of(patients, now=now, until=max(session.starts_at for session in told))


def asides(sessions: Sequence[Booked], now: datetime) -> Mapping[UUID, str]:
    """A few signs for each that Medicare may pay towards, by its code; the day's list says who has no referral."""
    found = better_access.standings_beside([session for session in sessions if session.also], now=now)
    return {
        # By its name: beside it stands which of its series a session is, which is counted in the same words.
        code: _("Medicare %(standing)s") % {"standing": standing_in_short(standing)}
        for code, standing in found.items()
        if standing.why is not Why.NO_REFERRAL
    }
