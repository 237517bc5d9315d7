"""What the calendar says of time that nobody can be booked in: leave, closed days, calendars kept elsewhere."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.roles import Role
from portal.appointments import diary
from portal.appointments.models import Closure, TimeSlot
from portal.journeys import time_away
from tests import make
from tests.web.reception.conftest import NOW

CALENDAR = "/reception/calendar/"
AT_TWO = datetime(2026, 11, 24, 3, tzinfo=UTC)
DAY = timedelta(days=1)


def hatched(response):
    return [
        (column.title, block.tone, block.title, f"{block.starts_at:%H:%M}")
        for column in response.context["grid"].columns
        for block in column.blocks
        if block.tone
    ]


@pytest.fixture
def busy(place):
    return make.busy_elsewhere(psychologist=place.psychologist, starts_at=AT_TWO)


@pytest.mark.parametrize("view", ["day", "week&psychologist=mai"])
def test_a_time_taken_elsewhere_is_hatched_and_named_without_what_for(desk, place, busy, view):
    response = desk.get(f"{CALENDAR}?view={view.replace('mai', place.psychologist.slug)}")
    assert [each[1:] for each in hatched(response)] == [("elsewhere", "Busy elsewhere", "14:00")]
    assert '<li class="off elsewhere ' in response.text
    # A list for a phone says it too, with its hours.
    assert '<span class="elsewhere-mark">Busy elsewhere</span> 2:00 pm – 3:00 pm' in response.text
    assert "calendar.example" not in response.text


def test_it_is_no_empty_half_hour(desk, place, busy):
    (column,) = diary.day([place.psychologist], NOW.date(), zone=place.location.zone, now=NOW)
    free = {f"{half.starts_at:%H:%M}" for half in column.free(zone=place.location.zone, now=NOW)}
    assert {"13:30", "15:00"} <= free
    assert not {"14:00", "14:30"} & free


def test_a_calendar_that_could_not_be_read_for_a_day_says_how_old_it_is(desk, place):
    make.busy_elsewhere(
        psychologist=place.psychologist,
        starts_at=AT_TWO,
        read_at=NOW - timedelta(hours=25),
        problem="slow",
        failures=9,
    )
    (found,) = hatched(desk.get(CALENDAR))
    assert found[2] == "Busy elsewhere, as of Mon 23 Nov, 10:00 am: may be out of date"


def test_news_of_it_is_drawn(desk, place, busy):
    poll = {"HX-Request": "true", "HX-Target": "calendar", "HX-Polling": "true"}
    desk.get(CALENDAR)
    known = f'"{desk.get(CALENDAR).context["known"]}"'
    assert desk.get(CALENDAR, headers=poll | {"If-None-Match": known}).status_code == 304
    busy.ends_at += timedelta(minutes=30)
    busy.save(update_fields=["ends_at"])
    assert desk.get(CALENDAR, headers=poll | {"If-None-Match": known}).status_code == 200


def test_a_psychologist_s_agenda_says_it(place, busy):
    client = make.client_for(place.psychologist.user)
    assert "Busy elsewhere" in client.get("/practice/calendar/?view=agenda").text


@pytest.mark.parametrize("view", ["day", "week", "month", "agenda"])
def test_thirty_of_them_cost_as_many_queries_as_one(desk, place, busy, view):
    def count():
        desk.get(f"{CALENDAR}?view={view}")
        with CaptureQueriesContext(connection) as run:
            desk.get(f"{CALENDAR}?view={view}")
        return len(run)

    one = count()
    for _ in range(29):
        colleague = make.psychologist()
        make.week(psychologist=colleague, location=place.location)
        make.busy_elsewhere(psychologist=colleague, starts_at=AT_TWO)
    assert count() == one


def test_a_closed_day_is_named_once_and_leave_by_whose_it_is(desk, place):
    type(place.location).objects.update(works_on_holidays=False)
    names = ["Dr Mai Nguyễn"]
    for first, last in (("Tom", "Ashby"), ("Leila", "Haddad")):
        person = make.psychologist(user=make.user(first_name=first, last_name=last))
        make.week(psychologist=person, location=place.location)
        names.append(person.name)
        make.time_slot(
            psychologist=person,
            kind=TimeSlot.Kind.BLOCKED,
            starts_at=datetime(2026, 12, 22, 1, tzinfo=UTC),
            label="Conference",
        )
    Closure.objects.create(label="Summer break", first_day=date(2026, 12, 29), last_day=date(2026, 12, 31))
    response = desk.get(f"{CALENDAR}?view=month&day=2026-12-01")
    cells = {cell.day: set(cell.away) for week in response.context["month"] for cell in week}
    assert cells[date(2026, 12, 25)] == {"Christmas Day"}
    assert cells[date(2026, 12, 30)] == {"Summer break"}
    assert cells[date(2026, 12, 22)] == {f"{name}: Conference" for name in names[1:]}
    agenda = desk.get(f"{CALENDAR}?view=agenda&day=2026-12-25").text
    assert agenda.count("Christmas Day") == 1


def test_where_others_are_open_a_closed_day_says_which_place(desk, place):
    fitzroy = make.location(name="Fitzroy")
    make.week(psychologist=make.psychologist(), location=fitzroy)
    Closure.objects.create(location=fitzroy, label="Painters", first_day=NOW.date(), last_day=NOW.date())
    cells = {c.day: c.away for week in desk.get(f"{CALENDAR}?view=month").context["month"] for c in week}
    assert cells[NOW.date()] == ("Fitzroy: Painters",)


@pytest.mark.parametrize("view", ["month", "week"])
def test_days_with_a_stranded_session_are_outlined_in_overviews(desk, place, view):
    """Somebody was booked before the leave came, and nobody has decided yet."""
    place.session(hours=22)
    make.week(psychologist=make.psychologist(), location=place.location)
    time_away.add_time_slot(
        psychologist=place.psychologist,
        kind=TimeSlot.Kind.BLOCKED,
        starts_at=NOW + timedelta(hours=12),
        ends_at=NOW + 2 * DAY,
        by=make.actor(role=Role.RECEPTION),
        now=NOW,
    )
    response = desk.get(f"{CALENDAR}?view={view}")
    if view == "month":
        cells = [cell for week in response.context["month"] for cell in week]
    else:
        cells = [cell for person in response.context["overview"] for cell in person.cells]
    assert {(cell.day, cell.undecided) for cell in cells if cell.undecided} == {(date(2026, 11, 25), 1)}
    assert response.text.count("has-undecided") == 1
    assert "1 to be rearranged" in response.text


def test_a_month_hatches_only_days_on_which_nobody_is_there(desk, place):
    """One person's leave closes no clinic, and nobody's closes a weekend."""
    colleague = make.psychologist()
    make.week(psychologist=colleague, location=place.location)
    # Both are away from Monday 14 December; one from the Thursday before, and for an hour of the 8th.
    for person, day, days in ((colleague, 9, 10), (place.psychologist, 13, 6)):
        starts_at = datetime(2026, 12, day, 13, tzinfo=UTC)
        make.time_slot(psychologist=person, starts_at=starts_at, minutes=1440 * days, label="Leave")
    make.time_slot(psychologist=colleague, starts_at=datetime(2026, 12, 8, 1, tzinfo=UTC), label="Dentist")
    Closure.objects.create(label="Painters", first_day=date(2026, 12, 23), last_day=date(2026, 12, 23))
    for query, days in (("", [14, 15, 16, 17, 18, 23]), (f"&psychologist={colleague.slug}", [*range(10, 20), 23])):
        response = desk.get(f"{CALENDAR}?view=month&day=2026-12-01{query}")
        cells = [cell for week in response.context["month"] for cell in week if cell.is_within]
        # Public holidays are another test's.
        assert [cell.day.day for cell in cells if cell.is_shut and cell.day.day < 25] == days
        assert response.text.count("has-leave") == sum(c.is_shut for w in response.context["month"] for c in w)
