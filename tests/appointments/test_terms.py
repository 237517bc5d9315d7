"""Until when cancelling is free, where a night or a change of the clocks lies between: hours are hours that pass."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.accounts.roles import Role
from portal.appointments import actions, terms
from portal.appointments.models import CancelReason
from portal.common.languages.times import when_there
from portal.journeys import changing
from tests import make

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
PERTH, LORD_HOWE, MELBOURNE = "Australia/Perth", "Australia/Lord_Howe", "Australia/Melbourne"


def at(wall, zone):
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


# Where, when it begins on the wall clock there, hours of free cancelling, and until when by that clock.
BY_HOURS = [
    # Midnight itself, and the minutes on both sides of it.
    (PERTH, "2026-12-02 00:00", 24, "Tuesday 1 December 2026, 12:00 am (Perth time)"),
    (PERTH, "2026-12-02 00:30", 1, "Tuesday 1 December 2026, 11:30 pm (Perth time)"),
    (PERTH, "2026-12-01 23:30", 24, "Monday 30 November 2026, 11:30 pm (Perth time)"),
    # Perth keeps its clocks when the others change them.
    (PERTH, "2026-10-04 10:00", 24, "Saturday 3 October 2026, 10:00 am (Perth time)"),
    # Lord Howe puts them on by half an hour, and back; Melbourne by an hour.
    (LORD_HOWE, "2026-10-04 10:00", 24, "Saturday 3 October 2026, 9:30 am (Lord Howe time)"),
    (LORD_HOWE, "2027-04-04 10:00", 24, "Saturday 3 April 2027, 10:30 am (Lord Howe time)"),
    (LORD_HOWE, "2026-10-04 02:30", 1, "Sunday 4 October 2026, 1:00 am (Lord Howe time)"),
    (MELBOURNE, "2026-10-04 10:00", 24, "Saturday 3 October 2026, 9:00 am (Melbourne time)"),
    (MELBOURNE, "2027-04-04 10:00", 48, "Friday 2 April 2027, 11:00 am (Melbourne time)"),
]
# Where, when it is booked on the wall clock there, and until when a grace of 15 minutes lasts.
BY_GRACE = [
    (PERTH, "2026-12-01 23:50", "Wednesday 2 December 2026, 12:05 am (Perth time)"),
    (PERTH, "2026-12-31 23:55", "Friday 1 January 2027, 12:10 am (Perth time)"),
    (LORD_HOWE, "2026-10-04 01:55", "Sunday 4 October 2026, 2:40 am (Lord Howe time)"),
    (LORD_HOWE, "2027-04-04 01:50", "Sunday 4 April 2027, 1:35 am (Lord Howe time)"),
    (MELBOURNE, "2026-10-04 01:50", "Sunday 4 October 2026, 3:05 am (Melbourne time)"),
]


def assert_free_until(session, until, *, clinic):
    """Free to the moment that the pages name, inclusive, and late from the next second on."""
    assert changing.deadline_of(session, now=until, clinic=clinic).is_over is False
    assert changing.deadline_of(session, now=until + SECOND, clinic=clinic).is_over is True
    by = make.actor(session.patient.user, Role.PATIENT)
    for now, is_late in ((until + SECOND, True), (until, False)):
        type(session).objects.filter(pk=session.pk).update(
            status="booked", cancelled_at=None, cancel_reason="", late=False
        )
        session.refresh_from_db()
        assert actions.cancel(appointment=session, reason=CancelReason.PATIENT, by=by, now=now).late is is_late


def booked(zone, starts_at, **fields):
    patient = make.patient(user=make.user())
    return make.appointment(patient=patient, location=make.location(time_zone=zone), starts_at=starts_at, **fields)


@pytest.mark.parametrize(("zone", "starts", "hours", "said"), BY_HOURS)
def test_hours_before_it_starts(zone, starts, hours, said):
    clinic, starts_at = make.clinic(cancel_hours=72), at(starts, zone)
    session = booked(zone, starts_at, cancel_hours=hours, grace_minutes=0, booked_at=starts_at - timedelta(days=9))
    until = terms.free_until(session, clinic=clinic)
    assert when_there(until, session.zone) == said
    assert_free_until(session, until, clinic=clinic)


@pytest.mark.parametrize(("zone", "at_wall", "said"), BY_GRACE)
def test_minutes_after_it_was_booked(zone, at_wall, said):
    clinic, now = make.clinic(cancel_hours=72), at(at_wall, zone)
    starts_at = (now + timedelta(hours=5)).replace(minute=0)
    session = booked(zone, starts_at, cancel_hours=24, grace_minutes=15, booked_at=now)
    until = terms.free_until(session, clinic=clinic)
    assert when_there(until, session.zone) == said
    assert_free_until(session, until, clinic=clinic)
