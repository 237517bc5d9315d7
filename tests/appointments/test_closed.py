"""Public holidays and closures: what can't be booked, and what still can."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from portal.appointments import actions, closed, diary
from portal.appointments.models import Appointment, Closure, TimeSlot
from portal.appointments.refusals import NotOffered
from portal.clinic.models import Location
from portal.journeys import stranded
from tests import make

HOUR = timedelta(hours=1)
# The Monday of `nine`, which is the King's Birthday in Victoria.
MONDAY = date(2026, 6, 8)


def days_free(practice, *, mode=None, days=7, first=MONDAY):
    """The local days of a week from Monday on which the psychologist is free."""
    found = diary.openings_of(
        [practice.psychologist],
        service=practice.service,
        first_day=first,
        days=days,
        now=practice.ask()["now"],
        clinic=practice.clinic,
        mode=mode,
    )[practice.psychologist.pk]
    return sorted({practice.location.day_of(each.starts_at).isoformat() for each in found})


WEEK = ["2026-06-08", "2026-06-09", "2026-06-10", "2026-06-11", "2026-06-12"]


@pytest.fixture
def closes(practice):
    """The practice is closed on public holidays, as places are unless somebody says otherwise."""
    Location.objects.filter(pk=practice.location.pk).update(works_on_holidays=False)
    return practice


# ---- Public holidays -------------------------------------------------------------------------------------------------


def test_a_new_place_is_closed_on_public_holidays():
    assert Location().works_on_holidays is False


def test_nobody_is_free_on_a_public_holiday_unless_the_place_works(practice):
    assert days_free(practice) == WEEK
    Location.objects.filter(pk=practice.location.pk).update(works_on_holidays=False)
    assert days_free(practice) == WEEK[1:]
    # In Sydney it is one too, in Brisbane it is in October.
    Location.objects.filter(pk=practice.location.pk).update(state="QLD")
    assert days_free(practice) == WEEK


@pytest.mark.parametrize("how", ["hold", "book"])
def test_nobody_books_on_a_public_holiday(closes, how):
    asked = closes.ask() | {"by": closes.desk} | ({"patient": make.patient()} if how == "book" else {})
    with pytest.raises(NotOffered, match="time"):
        getattr(actions, how)(**asked)
    Location.objects.update(works_on_holidays=True)
    getattr(actions, how)(**asked)


def test_extra_hours_on_a_public_holiday_win(closes, nine):
    make.time_slot(
        psychologist=closes.psychologist,
        location=closes.location,
        kind=TimeSlot.Kind.EXTRA,
        starts_at=nine,
        minutes=120,
    )
    assert days_free(closes) == WEEK
    actions.book(**closes.ask(by=closes.desk, patient=make.patient()))


def test_a_public_holiday_is_named_in_the_calendar_where_hours_would_be(closes, now):
    zone = closes.location.zone
    monday, tuesday = diary.week(closes.psychologist, MONDAY, zone=zone, now=now)[:2]
    assert [(a.slot.label, a.minute, a.minutes) for a in monday.away] == [("King's Birthday", 9 * 60, 8 * 60)]
    assert (monday.work, len(tuesday.work), tuesday.away) == ([], 1, [])


# ---- Closures --------------------------------------------------------------------------------------------------------


def shut(**fields):
    return Closure.objects.create(**{"first_day": MONDAY, "last_day": MONDAY, "label": "Painters"} | fields)


def test_nobody_is_free_while_a_place_is_shut(practice):
    other = make.location()
    shut(location=other)
    assert days_free(practice) == WEEK
    shut(location=practice.location)
    assert days_free(practice) == WEEK[1:]
    shut(first_day=date(2026, 6, 11), last_day=date(2026, 6, 14))
    assert days_free(practice) == WEEK[1:3]


@pytest.mark.parametrize("whose", ["place", "clinic"])
def test_a_closure_closes_extra_hours_too(practice, nine, whose):
    saturday = nine + timedelta(days=5)
    make.time_slot(
        psychologist=practice.psychologist,
        location=practice.location,
        kind=TimeSlot.Kind.EXTRA,
        starts_at=saturday,
        minutes=120,
    )
    ask = practice.ask(by=practice.desk, starts_at=saturday)
    day = date(2026, 6, 13)
    closure = shut(first_day=day, last_day=day, location=practice.location if whose == "place" else None)
    with pytest.raises(NotOffered, match="time"):
        actions.book(**ask, patient=practice.patient)
    closure.delete()
    actions.book(**ask, patient=practice.patient)


def test_a_part_of_a_day_is_shut_by_the_clock_of_each_place(practice, nine):
    shut(from_time=time(9), until_time=time(10))
    found = diary.openings_of(
        [practice.psychologist],
        service=practice.service,
        first_day=MONDAY,
        days=1,
        now=practice.ask()["now"],
        clinic=practice.clinic,
    )[practice.psychologist.pk]
    # The session may touch the closure, its breaks may reach into it.
    assert found[0].starts_at == nine + HOUR


def test_days_are_those_of_each_place(db):
    perth = make.location(time_zone="Australia/Perth")
    closure = shut()
    assert closure.between(perth.zone) == (
        datetime(2026, 6, 7, 16, tzinfo=UTC),
        datetime(2026, 6, 8, 16, tzinfo=UTC),
    )
    noon = datetime(2026, 6, 8, 4, tzinfo=UTC)
    assert closed.closed_on(perth.pk, noon, noon + HOUR, mode="video") == "Painters"
    late = datetime(2026, 6, 8, 15, 30, tzinfo=UTC)
    assert closed.closed_on(perth.pk, late, late + HOUR, mode="video") == "Painters"
    assert closed.closed_on(perth.pk, late + HOUR, late + 2 * HOUR, mode="video") == ""


@pytest.mark.parametrize(
    ("day", "until", "hours"),
    [
        # 25 hours long, and 23; and the hour that comes twice is shut to its end.
        (date(2027, 4, 4), None, 25),
        (date(2026, 10, 4), None, 23),
        (date(2027, 4, 4), time(2, 30), 3.5),
        # Half past two never comes.
        (date(2026, 10, 4), time(2, 30), 2),
    ],
)
def test_days_on_which_clocks_change_are_shut_whole(day, until, hours):
    closure = Closure(first_day=day, last_day=day, until_time=until)
    begins, ends = closure.between(Location(time_zone="Australia/Melbourne").zone)
    assert ends - begins == hours * HOUR


def test_a_closure_is_named_in_the_calendar_over_the_hours_of_its_place(practice, now):
    shut(location=practice.location, from_time=time(16), until_time=time(18))
    shut(location=make.location(), label="Elsewhere")
    monday = diary.week(practice.psychologist, MONDAY, zone=practice.location.zone, now=now)[0]
    assert [(a.slot.label, a.minute, a.minutes) for a in monday.away] == [("Painters", 16 * 60, 60)]
    assert list(monday.free(zone=practice.location.zone, now=now))[-1].minute == 15 * 60 + 30


# ---- For some ways of meeting alone ----------------------------------------------------------------------------------


def test_the_rooms_are_closed_and_video_goes_on(practice):
    shut(in_person=True)
    assert days_free(practice, mode="in_person") == WEEK[1:]
    assert days_free(practice, mode="video") == WEEK
    found = diary.openings_of(
        [practice.psychologist],
        service=practice.service,
        first_day=MONDAY,
        days=2,
        now=practice.ask()["now"],
        clinic=practice.clinic,
    )[practice.psychologist.pk]
    ways = {practice.location.day_of(each.starts_at): set(each.modes) for each in found}
    assert "in_person" not in ways[MONDAY]
    assert "video" in ways[MONDAY]
    assert {"in_person", "video"} <= ways[MONDAY + timedelta(days=1)]


def test_who_is_booked_in_a_way_that_is_closed_is_refused_and_in_another_is_not(practice):
    shut(in_person=True)
    with pytest.raises(NotOffered, match="time"):
        actions.book(**practice.ask(by=practice.desk, patient=practice.patient, mode="in_person"))
    assert actions.book(**practice.ask(by=practice.desk, patient=practice.patient, mode="video")).mode == "video"


def test_a_closure_of_some_ways_strands_the_sessions_in_them(practice, nine):
    make.appointment(starts_at=nine, location=practice.location, psychologist=practice.psychologist, mode="video")
    inside = make.appointment(starts_at=nine + 2 * HOUR, location=practice.location, mode="in_person")
    closure = shut(in_person=True)
    sessions = list(Appointment.objects.all())
    assert [session for session in sessions if closed.is_within(closure, session)] == [inside]
    assert stranded.away(sessions) == {inside.pk}


def test_the_calendar_names_what_is_closed_and_lets_the_half_hours_be_booked(practice, now):
    zone = practice.location.zone
    shut(in_person=True)
    [monday] = diary.columns([practice.psychologist], first_day=MONDAY, days=1, zone=zone, now=now)
    [away] = monday.away
    assert (away.slot.label, away.goes_on) == ("Painters (in person only)", True)
    assert len(list(monday.free(zone=zone, now=now))) == 16
    shut()
    [monday] = diary.columns([practice.psychologist], first_day=MONDAY, days=1, zone=zone, now=now)
    assert list(monday.free(zone=zone, now=now)) == []
