"""The desk's calendar by week, month and agenda, narrowed by its filters, and asked again for news."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status, TimeSlot
from portal.clinic.models import Mode
from portal.patients.models import Patient
from tests import make
from tests.web.reception.conftest import NOW

CALENDAR = "/reception/calendar/"
POLL = {"HX-Request": "true", "HX-Target": "calendar", "HX-Polling": "true"}
KNOWN = re.compile(r'"If-None-Match": "(.*?)"\}\'')


@pytest.fixture
def elsewhere(place):
    """A colleague at another place."""
    perth = make.location(name="Perth", time_zone="Australia/Perth")
    colleague = make.psychologist(user=make.user(first_name="Tom", last_name="Ashby"))
    make.week(psychologist=colleague, location=perth)
    place.colleague, place.perth = colleague, perth
    return place


def names(response):
    """Whom the page names a session of, in whichever view."""
    return [name for name in Patient.objects.values_list("legal_last_name", flat=True) if escape(name) in response.text]


def by_name(name, **fields):
    return {"patient": make.patient(legal_last_name=name, preferred_name="", phone="+61491570006"), **fields}


@pytest.mark.parametrize("view", ["day", "week&psychologist=mai", "agenda"])
@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"Roomer", "Viewer", "Shown"}),
        ("&mode=video", {"Viewer"}),
        ("&status=no_show", {"Shown"}),
        ("&status=cancelled", {"Gone"}),
        ("&status=booked&mode=in_person", {"Roomer"}),
        ("&mode=carrier-pigeon&status=drowned&at=atlantis", {"Roomer", "Viewer", "Shown"}),
    ],
)
def test_filters_narrow_every_view(desk, place, view, query, shown):
    place.session(hours=1, **by_name("Roomer"))
    place.session(hours=2, **by_name("Viewer", mode=Mode.VIDEO))
    place.session(hours=-1, **by_name("Shown", status=Status.NO_SHOW))
    place.session(hours=4, **by_name("Gone", status=Status.CANCELLED))
    view = view.replace("mai", place.psychologist.slug)
    assert set(names(desk.get(f"{CALENDAR}?view={view}{query}"))) == shown


def test_what_it_is_narrowed_to_is_said_where_the_filters_are_folded_and_when_they_change(desk, place):
    said = re.compile(r'<span id="calendar-narrowed" class="soft"( data-hx-swap-oob="true")?>([^<]*)</span>')
    assert said.findall(desk.get(CALENDAR).text) == [("", "")]
    asked = f"{CALENDAR}?psychologist={place.psychologist.slug}&mode=video&status=no_show"
    words = " · ".join([escape(place.psychologist.name), "Video", "No-show"])
    assert said.findall(desk.get(asked).text) == [("", words)]
    changed = desk.get(asked, headers={"HX-Request": "true", "HX-Target": "calendar"})
    assert said.findall(changed.text) == [(' data-hx-swap-oob="true"', words)]


def test_a_psychologist_and_a_place_narrow_too(desk, elsewhere):
    elsewhere.session(hours=1, **by_name("Roomer"))
    elsewhere.session(hours=1, psychologist=elsewhere.colleague, location=elsewhere.perth, **by_name("Westerner"))
    both, mine, west = (
        desk.get(CALENDAR + query)
        for query in ("", f"?psychologist={elsewhere.psychologist.slug}", f"?at={elsewhere.perth.slug}")
    )
    assert (names(both), names(mine), names(west)) == (["Roomer", "Westerner"], ["Roomer"], ["Westerner"])
    # Who works elsewhere has no column there.
    assert [column.title for column in west.context["grid"].columns] == [elsewhere.colleague.name]


def test_filters_are_kept_while_moving_through_dates_and_views(desk, elsewhere):
    query = f"psychologist={elsewhere.colleague.slug}&at={elsewhere.perth.slug}&mode=video&status=booked"
    response = desk.get(f"{CALENDAR}?day=2026-12-01&{query}")
    leads = re.findall(r'<a href="(\?[^"]*)"[^>]*data-key="(\w+)"', response.text)
    assert [key for _href, key in leads] == ["previous", "today", "next", "day", "week", "month", "agenda"]
    for href, _key in leads:
        again = desk.get(CALENDAR + href.replace("&amp;", "&")).context["asked"]
        assert (again.psychologist, again.location, again.mode, again.status) == (
            *(elsewhere.colleague, elsewhere.perth),
            *("video", "booked"),
        )


@pytest.mark.parametrize(
    ("view", "before", "after"),
    [
        ("day", date(2026, 11, 23), date(2026, 11, 25)),
        ("week", date(2026, 11, 17), date(2026, 12, 1)),
        ("month", date(2026, 10, 31), date(2026, 12, 1)),
        ("agenda", date(2026, 11, 17), date(2026, 12, 1)),
    ],
)
def test_each_view_turns_by_its_own_length(desk, place, view, before, after):
    response = desk.get(f"{CALENDAR}?view={view}")
    for key, day in (("before", before), ("after", after)):
        assert f"day={day:%Y-%m-%d}" in response.context[key]


def test_a_week_of_everybody_counts_each_day_and_names_leave(desk, elsewhere):
    for days in (0, 0, 2):
        elsewhere.session(hours=1 + 24 * days if days else 1 + Appointment.objects.count())
    make.time_slot(
        psychologist=elsewhere.colleague,
        kind=TimeSlot.Kind.BLOCKED,
        starts_at=datetime(2026, 11, 25, 1, tzinfo=UTC),
        label="Annual leave",
    )
    rows = desk.get(f"{CALENDAR}?view=week").context["overview"]
    assert {row.psychologist.name: [cell.sessions for cell in row.cells] for row in rows} == {
        "Dr Mai Nguyễn": [0, 2, 0, 1, 0, 0, 0],
        "Dr Tom Ashby": [0, 0, 0, 0, 0, 0, 0],
    }
    tom = next(row for row in rows if row.psychologist == elsewhere.colleague)
    assert [cell.away for cell in tom.cells] == [(), (), ("Annual leave",), (), (), (), ()]


def test_a_week_of_everybody_says_when_and_who_comes_and_how_many_more(desk, elsewhere):
    """In order of time and as the day names them; who cancelled is not among them, and a long day is cut short."""
    people = [make.patient(legal_first_name=f"Ash <{n}>") for n in range(12)]
    for n, patient in enumerate(people):
        elsewhere.session(minutes=60 + 60 * n, patient=patient)
    make.appointment(
        psychologist=elsewhere.colleague,
        location=elsewhere.location,
        starts_at=NOW + timedelta(hours=2),
        status=Status.CANCELLED,
    )
    page = desk.get(f"{CALENDAR}?view=week")
    mai = next(row for row in page.context["overview"] if row.psychologist == elsewhere.psychologist)
    cell = next(cell for cell in mai.cells if cell.sessions)
    lines = cell.listed.split("<br>")[:-1]
    assert len(lines) == 10
    assert [escape(people[n].name) in line for n, line in enumerate(lines)] == [True] * 10
    assert [re.search(r"\d+:\d\d", line).group() for line in lines[:2]] == ["12:00", "1:00"]
    assert "<0>" not in cell.listed
    assert f"{cell.more} more" in page.text
    assert cell.more == cell.sessions - 10


def test_a_month_counts_what_takes_place_and_says_who_is_away(desk, place):
    place.session(hours=1)
    place.session(hours=3, status=Status.NO_SHOW)
    make.time_slot(
        psychologist=place.psychologist,
        kind=TimeSlot.Kind.BLOCKED,
        starts_at=datetime(2026, 11, 30, 1, tzinfo=UTC),
        label="Conference",
    )
    response = desk.get(f"{CALENDAR}?view=month")
    weeks = response.context["month"]
    cells = {cell.day: cell for week in weeks for cell in week}
    assert [len(week) for week in weeks] == [7] * 6
    assert (weeks[0][0].day, weeks[-1][-1].day) == (date(2026, 10, 26), date(2026, 12, 6))
    assert (cells[date(2026, 11, 24)].sessions, cells[date(2026, 11, 24)].is_today) == (1, True)
    assert cells[date(2026, 11, 30)].away == ("Dr Mai Nguyễn: Conference",)
    assert not cells[date(2026, 12, 1)].is_within
    assert "November 2026" in response.text


def notes(response):
    found = re.findall(r'<li><a href="[^"]*day=([\d-]*)[^"]*">([^<]*)</a> ([^<]*)</li>', response.text)
    return [(day, " ".join(days.split()), said) for day, days, said in found]


def test_a_narrow_month_says_below_it_what_its_marks_mean_each_run_of_days_once(desk, place):
    leave = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
    make.time_slot(psychologist=place.psychologist, starts_at=leave, minutes=3 * 1440, label="Leave")
    make.time_slot(psychologist=place.psychologist, starts_at=leave - timedelta(days=8), minutes=1440, label="Leave")
    assert [said for said in notes(desk.get(f"{CALENDAR}?view=month")) if "Leave" in said[2]] == [
        ("2026-11-17", "Tue 17 Nov", "Dr Mai Nguyễn: Leave"),
        ("2026-11-25", "Wed 25 Nov – Fri 27 Nov", "Dr Mai Nguyễn: Leave"),
    ]
    assert notes(desk.get(f"{CALENDAR}?view=week")) == [
        ("2026-11-25", "Wed 25 Nov – Fri 27 Nov", "Dr Mai Nguyễn: Leave")
    ]
    assert notes(desk.get(f"{CALENDAR}?view=month&day=2026-10-05")) == []


def test_an_agenda_lists_a_week_and_of_a_large_clinic_fewer_whole_days(desk, place, monkeypatch):
    for day in range(9):
        place.session(hours=24 * day + 1)
    response = desk.get(f"{CALENDAR}?view=agenda")
    assert [group[0].day for group in response.context["groups"]] == [24, 25, 26, 27, 28, 29, 30]
    assert "day=2026-12-01" in response.context["after"]
    monkeypatch.setattr("portal.web.calendars.pages.LINES", 2)
    response = desk.get(f"{CALENDAR}?view=agenda")
    assert [group[0].day for group in response.context["groups"]] == [24, 25]
    assert "day=2026-11-26" in response.context["after"]


def test_leave_is_hatched_and_named_and_a_break_is_neither(desk, place):
    place.psychologist.hours.all().delete()
    for starts, ends in (("09:00", "12:00"), ("13:00", "17:00")):
        make.hours(psychologist=place.psychologist, location=place.location, weekday=1, starts=starts, ends=ends)
    make.time_slot(
        psychologist=place.psychologist,
        kind=TimeSlot.Kind.BLOCKED,
        starts_at=datetime(2026, 11, 24, 4, tzinfo=UTC),
        label="Supervision",
    )
    response = desk.get(CALENDAR)
    off = {(b.title, b.tone) for b in response.context["grid"].columns[0].blocks if b.kind == "off"}
    assert off == {("Break", ""), ("Supervision", "leave")}
    assert re.findall(r'<li class="off leave [^>]*><span class="off-name">([^<]*)<', response.text) == ["Supervision"]


def test_blocks_print_their_start_and_where_it_differs_the_other_clock(desk, elsewhere):
    elsewhere.session(hours=1)
    elsewhere.session(hours=3, psychologist=elsewhere.colleague, location=elsewhere.perth)
    text = desk.get(CALENDAR).text
    assert '<span class="ev-at">12:00 pm</span>' in text
    assert '<span class="ev-at">2:00 pm</span>' in text
    assert text.count("11:00 am (Perth time)") == 2
    assert "Melbourne time" not in text


@pytest.mark.parametrize("view", ["day", "week", "month", "agenda"])
def test_every_view_reads_as_often_for_thirty_as_for_one(desk, place, view):
    def count():
        desk.get(f"{CALENDAR}?view={view}")
        with CaptureQueriesContext(connection) as run:
            desk.get(f"{CALENDAR}?view={view}")
        return len(run)

    place.session(hours=1)
    one = count()
    for n in range(29):
        colleague = make.psychologist()
        make.week(psychologist=colleague, location=place.location)
        place.session(hours=n % 5, psychologist=colleague)
        make.time_slot(psychologist=colleague, starts_at=NOW + timedelta(hours=30), label="Leave")
    assert count() == one


# ---- News -----------------------------------------------------------------------------------------------------------


def poll(client, known, path=CALENDAR):
    return client.get(path, headers=POLL | {"If-None-Match": known})


def known_of(response):
    """As a browser reads the JSON that the page carries."""
    assert response.status_code == 200
    return KNOWN.search(response.text)[1].replace("\\", "")


@pytest.mark.parametrize("view", ["day", "week", "month", "agenda"])
def test_nothing_changed_and_nothing_is_drawn(desk, place, view, django_assert_max_num_queries):
    place.session(hours=3)
    path = f"{CALENDAR}?view={view}"
    desk.get(path)
    known = known_of(desk.get(path))
    with django_assert_max_num_queries(7):
        again = poll(desk, known, path)
    assert (again.status_code, again.content) == (304, b"")
    assert "no-store" in again["Cache-Control"]


def changes():
    yield "booked", lambda place: place.session(hours=5)
    yield "held", lambda place: place.session(hours=5, status=Status.HELD)
    yield "cancelled", lambda place: Appointment.objects.update(status=Status.CANCELLED, cancelled_at=NOW)
    yield "confirmed", lambda place: Appointment.objects.update(confirmed_at=NOW)
    yield "checked in", lambda place: Appointment.objects.update(status=Status.ARRIVED, arrived_at=NOW)
    yield (
        "moved",
        lambda place: Appointment.objects.update(
            starts_at=NOW + timedelta(hours=4),
            ends_at=NOW + timedelta(hours=5),
            occupied_until=NOW + timedelta(hours=5),
        ),
    )
    yield "by video", lambda place: Appointment.objects.update(mode=Mode.VIDEO)
    yield "a patient's name", lambda place: Patient.objects.update(preferred_name="Bo")
    yield "time away", lambda place: make.time_slot(psychologist=place.psychologist, starts_at=NOW, label="Leave")
    yield "hours", lambda place: place.psychologist.hours.all().delete()
    yield "a room's place", lambda place: type(place.location).objects.update(name="Fitzroy")


@pytest.mark.parametrize("change", [each[1] for each in changes()], ids=[each[0] for each in changes()])
def test_whatever_changes_is_drawn(desk, place, change):
    place.session(hours=3)
    desk.get(CALENDAR)
    known = known_of(desk.get(CALENDAR))
    assert poll(desk, known).status_code == 304
    change(place)
    answer = poll(desk, known)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert poll(desk, known_of(answer)).status_code == 304


def test_a_hold_that_runs_out_goes_by_itself(desk, place, time_machine):
    place.session(hours=3, status=Status.HELD, held_until=NOW + timedelta(seconds=90))
    desk.get(CALENDAR)
    known = known_of(desk.get(CALENDAR))
    time_machine.move_to(NOW + timedelta(seconds=60), tick=False)
    assert poll(desk, known).status_code == 304
    time_machine.move_to(NOW + timedelta(seconds=91), tick=False)
    answer = poll(desk, known)
    assert answer.status_code == 200
    assert "somebody is booking" not in answer.text


def test_the_line_of_the_time_goes_on_and_other_days_stand_still(desk, place, time_machine):
    place.session(hours=3)
    tomorrow = f"{CALENDAR}?day=2026-11-25"
    desk.get(CALENDAR)
    today_known, known = known_of(desk.get(CALENDAR)), known_of(desk.get(tomorrow))
    time_machine.move_to(NOW + timedelta(minutes=5), tick=False)
    assert poll(desk, today_known).status_code == 200
    assert poll(desk, known, tomorrow).status_code == 304


def test_another_person_and_another_address_are_drawn(desk, place):
    place.session(hours=3)
    desk.get(CALENDAR)
    known = known_of(desk.get(CALENDAR))
    other = make.client_for(make.user(role=Role.RECEPTION))
    assert poll(other, known).status_code == 200
    assert poll(desk, known, f"{CALENDAR}?view=week").status_code == 200
    assert poll(desk, known).status_code == 304
