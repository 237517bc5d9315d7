"""The diary as a calendar reads it: each thing on its day, at its minute of the wall clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.appointments import diary
from portal.appointments.models import Status, TimeSlot
from portal.common import kept
from tests import make

pytestmark = pytest.mark.django_db
MELBOURNE, PERTH, SYDNEY = (ZoneInfo(f"Australia/{city}") for city in ("Melbourne", "Perth", "Sydney"))
MONDAY = date(2026, 6, 8)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_day_of_many(practice, nine, now):
    colleague = practice.another()
    first = make.appointment(psychologist=practice.psychologist, service=practice.service, starts_at=nine + HOUR)
    second = make.appointment(psychologist=practice.psychologist, starts_at=nine + 3 * HOUR, status=Status.NO_SHOW)
    make.appointment(psychologist=practice.psychologist, starts_at=nine + 5 * HOUR, status=Status.CANCELLED)
    make.appointment(psychologist=practice.psychologist, starts_at=nine + DAY)
    away = make.time_slot(psychologist=colleague, starts_at=nine, minutes=90, label="Training")
    mine, theirs = diary.day([practice.psychologist, colleague], MONDAY, zone=MELBOURNE, now=now)
    assert (mine.psychologist, mine.day, theirs.psychologist) == (practice.psychologist, MONDAY, colleague)
    assert [s.appointment.code for s in mine.sessions] == [first.code, second.code]
    session = mine.sessions[0]
    assert (session.minute, session.minutes, session.row, session.span) == (600, 50, 121, 10)
    assert f"{session.starts_at:%H:%M}-{session.ends_at:%H:%M}" == "10:00-10:50"
    assert [(w.minute, w.minutes, w.location, w.slot) for w in mine.work] == [(540, 480, practice.location, None)]
    assert mine.away == []
    assert [(a.minute, a.minutes, a.slot) for a in theirs.away] == [(540, 90, away)]
    assert theirs.sessions == []
    with_cancelled = diary.day([practice.psychologist], MONDAY, zone=MELBOURNE, now=now, cancelled=True)
    assert len(with_cancelled[0].sessions) == 3


def test_holds_are_shown_while_they_last(practice, nine, now):
    make.hold(psychologist=practice.psychologist, starts_at=nine, held_until=now + HOUR)
    make.hold(psychologist=practice.psychologist, starts_at=nine + HOUR, held_until=now)
    (column,) = diary.day([practice.psychologist], MONDAY, zone=MELBOURNE, now=now)
    assert [(s.minute, s.appointment.status, s.appointment.patient) for s in column.sessions] == [(540, "held", "")]


def test_a_week_cut_at_midnight(practice, nine, now):
    evening = datetime(2026, 6, 9, 12, 30, tzinfo=UTC)  # Tuesday, half past ten at night
    night = make.appointment(psychologist=practice.psychologist, starts_at=evening, minutes=180)
    leave = make.time_slot(psychologist=practice.psychologist, starts_at=nine + 2 * DAY, minutes=60 * 24 * 2)
    extra = make.time_slot(
        psychologist=practice.psychologist, location=practice.location, kind=TimeSlot.Kind.EXTRA, starts_at=nine - HOUR
    )
    week = diary.week(practice.psychologist, MONDAY, zone=MELBOURNE, now=now)
    assert [column.day for column in week] == [MONDAY + n * DAY for n in range(7)]
    parts = [(c.day.isoweekday(), s.minute, s.minutes) for c in week for s in c.sessions]
    assert parts == [(2, 1350, 90), (3, 0, 90)]
    assert {s.appointment.code for c in week for s in c.sessions} == {night.code}
    assert [(c.day.isoweekday(), a.minute, a.minutes) for c in week for a in c.away] == [
        (3, 540, 900),
        (4, 0, 1440),
        (5, 0, 540),
    ]
    assert {a.slot for c in week for a in c.away} == {leave}
    assert [(w.minute, w.slot) for w in week[0].work] == [(480, extra), (540, None)]
    assert [len(c.work) for c in week] == [2, 1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize("day", [date(2026, 6, 9), date(2026, 4, 5), date(2026, 10, 4)])
def test_a_day_of_work_until_midnight(practice, now, day):
    make.hours(
        psychologist=practice.psychologist,
        location=practice.location,
        weekday=day.weekday(),
        starts="18:00",
        ends="00:00",
    )
    last = datetime(day.year, day.month, day.day, 23, 10, tzinfo=MELBOURNE).astimezone(UTC)
    make.appointment(psychologist=practice.psychologist, starts_at=last, minutes=50)
    today, tomorrow = (
        diary.day([practice.psychologist], each, zone=MELBOURNE, now=now)[0] for each in (day, day + DAY)
    )
    assert (today.work[-1].minute, today.work[-1].minutes) == (18 * 60, 6 * 60)
    assert [(s.minute, s.minutes) for s in today.sessions] == [(23 * 60 + 10, 50)]
    assert tomorrow.sessions == []


def test_another_zones_day(practice, nine, now):
    """Nine in Melbourne is seven in Perth, where the desk may sit."""
    make.appointment(psychologist=practice.psychologist, starts_at=nine)
    (column,) = diary.day([practice.psychologist], MONDAY, zone=PERTH, now=now)
    assert [s.minute for s in column.sessions] == [7 * 60]
    assert [(w.minute, w.minutes) for w in column.work] == [(7 * 60, 480)]


def test_the_days_when_clocks_change(practice):
    forward, back = date(2026, 10, 4), date(2026, 4, 5)
    for at in (
        datetime(2026, 10, 3, 15, 30, tzinfo=UTC),  # 01:30, half an hour before the change
        datetime(2026, 10, 3, 16, 30, tzinfo=UTC),  # 03:30, half an hour after it
        datetime(2026, 4, 4, 15, 30, tzinfo=UTC),  # 02:30 for the first time
        datetime(2026, 4, 4, 16, 30, tzinfo=UTC),  # 02:30 for the second
    ):
        make.appointment(psychologist=practice.psychologist, starts_at=at)
    for day, minutes in ((forward, [90, 210]), (back, [150, 150])):
        (column,) = diary.day([practice.psychologist], day, zone=SYDNEY, now=datetime(2026, 1, 1, tzinfo=UTC))
        assert [(s.minute, s.minutes) for s in column.sessions] == [(m, 50) for m in minutes]
    make.time_slot(psychologist=practice.psychologist, starts_at=datetime(2026, 10, 1, tzinfo=UTC), minutes=9000)
    make.time_slot(psychologist=practice.psychologist, starts_at=datetime(2026, 4, 1, tzinfo=UTC), minutes=9000)
    for day in (forward, back):
        (column,) = diary.day([practice.psychologist], day, zone=SYDNEY, now=datetime(2026, 1, 1, tzinfo=UTC))
        (away,) = column.away
        assert away.row == 1
        assert away.span <= 288


def test_free_stretches_end_at_a_session_and_where_the_place_changes(practice, nine, now):
    other = make.location(name="Footscray", time_zone="Australia/Melbourne")
    make.hours(psychologist=practice.psychologist, location=other, weekday=0, starts="17:00", ends="19:00")
    make.appointment(psychologist=practice.psychologist, starts_at=nine + 2 * HOUR)
    (column,) = diary.day([practice.psychologist], MONDAY, zone=MELBOURNE, now=now)
    found = [
        (f"{s.starts_at:%H:%M}-{s.ends_at:%H:%M}", s.minutes, s.location)
        for s in column.stretches(zone=MELBOURNE, now=now)
    ]
    assert found == [
        ("09:00-11:00", 120, practice.location),
        ("12:00-17:00", 300, practice.location),
        ("17:00-19:00", 120, other),
    ]


@pytest.mark.parametrize(("day", "minutes"), [(date(2026, 10, 4), 300), (date(2026, 4, 5), 420)])
def test_a_free_stretch_over_a_clock_change_is_one_and_as_long_as_it_lasts(practice, day, minutes):
    make.hours(psychologist=practice.psychologist, location=practice.location, weekday=6, starts="00:00", ends="06:00")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    (column,) = diary.day([practice.psychologist], day, zone=MELBOURNE, now=now)
    (whole,) = column.stretches(zone=MELBOURNE, now=now)
    assert (f"{whole.starts_at:%H:%M}-{whole.ends_at:%H:%M}", whole.minutes) == ("00:00-06:00", minutes)


@pytest.mark.parametrize("people", [1, 20])
def test_three_queries_for_one_and_for_twenty(practice, nine, now, django_assert_num_queries, people):
    everybody = [practice.psychologist] + [practice.another() for _ in range(people - 1)]
    booked = [make.appointment(psychologist=one, starts_at=nine, room=make.room()) for one in everybody]
    for one in everybody:
        make.time_slot(psychologist=one, starts_at=nine, kind=TimeSlot.Kind.EXTRA)
    diary.day(everybody, MONDAY, zone=MELBOURNE, now=now)
    # And one for the stamp of what is kept.
    with kept.one_stamp(), django_assert_num_queries(4):
        found = diary.day(everybody, MONDAY, zone=MELBOURNE, now=now)
        places = {w.location.name for c in found for w in c.work}
    shown = [s.appointment for c in found for s in c.sessions]
    assert [(a.patient, a.service, a.room, a.location) for a in shown] == [
        (a.patient.name, a.service.name, a.room.name, a.location) for a in booked
    ]
    assert len(places) == people + 1


def test_a_patient_is_called_by_the_name_they_prefer(practice, nine, now):
    patient = make.patient(legal_first_name="Ruth", preferred_name="Roo", legal_last_name="Okafor")
    make.appointment(psychologist=practice.psychologist, patient=patient, starts_at=nine)
    (column,) = diary.day([practice.psychologist], MONDAY, zone=MELBOURNE, now=now)
    assert [s.appointment.patient for s in column.sessions] == [patient.name] == ["Roo Okafor"]
