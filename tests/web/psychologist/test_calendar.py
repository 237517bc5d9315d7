import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.appointments.models import Series, Status, TimeSlot
from portal.appointments.recurrence import Every
from portal.clinic.models import Mode
from portal.records import actions
from tests import make
from tests.web.psychologist.conftest import BEGAN, NOW

CALENDAR = "/practice/calendar/"
MELBOURNE = ZoneInfo("Australia/Melbourne")


def _columns(answer):
    return {column.day: column for column in answer.context["grid"].columns}


def _blocks(column, *, off=False):
    return [b for b in column.blocks if b.kind != "free" and (b.kind == "off") is off]


def test_calendar_shows_the_week_that_is_named(client):
    answer = client.get(CALENDAR, {"week": "2026-12-03"})

    assert (answer.status_code, answer.context["asked"].first) == (200, date(2026, 11, 30))
    assert [d.day for d in _columns(answer)] == [30, 1, 2, 3, 4]


def test_calendar_leads_to_ones_private_address(client):
    assert 'href="/practice/calendar/address/"' in client.get(CALENDAR).content.decode()


@pytest.mark.parametrize("week", ["", "soon", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_calendar_of_no_week_is_this_one(client, week):
    assert client.get(CALENDAR, {"week": week}).context["asked"].first == date(2026, 11, 23)


def test_calendar_places_sessions_on_the_wall_clock(client, session):
    column = _columns(client.get(CALENDAR))[date(2026, 11, 24)]

    [block] = _blocks(column)
    assert (block.starts_at, block.kind, block.title, block.url) == (
        datetime(2026, 11, 24, 10, 0, tzinfo=MELBOURNE),
        "arrived",
        "Ruth Okafor",
        f"/practice/notes/{session.code}/",
    )
    assert (column.is_today, column.now_row) == (True, (10 * 60 + 30 - 9 * 60) // 5 + 1)


@pytest.mark.parametrize(
    ("fields", "kind", "shape", "mark", "spoken"),
    [
        ({"status": Status.BOOKED}, "booked", "booked", "", "Booked"),
        ({"status": Status.BOOKED, "confirmed_at": NOW}, "confirmed", "confirmed", "", "Confirmed"),
        ({"status": Status.BOOKED, "mode": Mode.VIDEO}, "booked", "booked", "video", "Booked, by video"),
        (
            {"status": Status.BOOKED, "mode": Mode.VIDEO, "confirmed_at": NOW},
            *("confirmed", "confirmed", "video", "Confirmed, by video"),
        ),
        ({"status": Status.COMPLETED, "mode": Mode.PHONE}, "completed", "completed", "phone", "Completed, by phone"),
        ({"status": Status.COMPLETED, "confirmed_at": NOW}, "completed", "completed", "", "Completed"),
        ({"status": Status.NO_SHOW}, "no-show", "no_show", "", "No-show"),
        ({"status": Status.HELD}, "held", "held", "", "Held"),
    ],
)
def test_calendar_draws_each_state_in_its_own_way(client, mai, place, fields, kind, shape, mark, spoken):
    make.appointment(psychologist=mai, location=place, starts_at=BEGAN + timedelta(days=1), **fields)

    [block] = _blocks(_columns(client.get(CALENDAR))[date(2026, 11, 25)])

    assert (block.kind, block.shape, block.mark, block.spoken) == (kind, shape, mark, spoken)
    assert bool(block.url) is (kind != "held")


def test_calendar_leaves_out_what_was_called_off_and_what_is_others(client, mai, place, colleague):
    make.appointment(psychologist=mai, location=place, starts_at=BEGAN, status=Status.CANCELLED)
    make.appointment(psychologist=colleague, location=place, starts_at=BEGAN)
    make.hold(psychologist=mai, location=place, starts_at=BEGAN, held_until=NOW - timedelta(minutes=1))

    assert _blocks(_columns(client.get(CALENDAR))[date(2026, 11, 24)]) == []


def test_calendar_says_how_far_the_note_is(client, session, acting):
    def detail():
        return _blocks(_columns(client.get(CALENDAR))[date(2026, 11, 24)])[0].detail

    assert detail() == "In person · Standard session"
    actions.save_draft(appointment=session, body="Words", version=0, by=acting, now=NOW)
    assert detail() == "In person · note begun · Standard session"
    actions.sign(appointment=session, version=1, by=acting, now=NOW)
    assert detail() == "In person · note signed · Standard session"


def test_calendar_shows_breaks_and_time_away(client, mai, place):
    mai.hours.all().delete()
    make.hours(psychologist=mai, location=place, weekday=1, starts="09:00", ends="12:00")
    make.hours(psychologist=mai, location=place, weekday=1, starts="13:00", ends="17:00")
    # 15:00 to 16:00 in Melbourne.
    make.time_slot(psychologist=mai, starts_at=datetime(2026, 11, 24, 4, tzinfo=UTC), label="Supervision")

    columns = _columns(client.get(CALENDAR))

    assert [
        (b.title, f"{b.starts_at:%H:%M}-{b.ends_at:%H:%M}") for b in _blocks(columns[date(2026, 11, 24)], off=True)
    ] == [
        ("Break", "12:00-13:00"),
        ("Supervision", "15:00-16:00"),
    ]
    assert [b.title for b in _blocks(columns[date(2026, 11, 25)], off=True)] == ["Not working"]


def test_calendar_draws_no_past_day_by_the_hours_of_today(client, mai, place):
    """Hours that are changed today say nothing of the days before: those have what is dated."""
    made = [
        make.appointment(psychologist=mai, location=place, starts_at=BEGAN - timedelta(days=days), status="completed")
        for days in (1, 7)
    ]
    make.time_slot(psychologist=mai, starts_at=BEGAN - timedelta(days=6), label="Flu")
    mai.hours.all().delete()
    make.hours(psychologist=mai, location=place, weekday=5, starts="06:00", ends="12:00")

    past = client.get(CALENDAR, {"week": "2026-11-16"})
    this = _columns(client.get(CALENDAR))

    assert {day.day: [b.title for b in _blocks(column, off=True)] for day, column in _columns(past).items()} == {
        16: [],
        17: [],
        18: ["Flu"],
        19: [],
        20: [],
        # Saturdays are worked by now, and were perhaps not then.
        21: [],
    }
    assert "Not working" not in past.content.decode()
    yesterday, today = this[date(2026, 11, 23)], this[date(2026, 11, 24)]
    assert [b.url for b in _blocks(yesterday)] == [f"/practice/notes/{made[0].code}/"]
    assert (_blocks(yesterday, off=True), [b.title for b in _blocks(today, off=True)]) == ([], ["Not working"])


def test_calendar_says_of_a_day_with_sessions_that_they_stand_outside_the_hours(client, mai, place):
    mai.hours.all().delete()
    make.appointment(psychologist=mai, location=place, starts_at=BEGAN + timedelta(days=1))

    wednesday = _columns(client.get(CALENDAR))[date(2026, 11, 25)]

    assert [b.title for b in _blocks(wednesday, off=True)] == ["Outside your hours"]


def test_calendar_opens_extra_hours_and_shows_the_weekend_when_it_is_worked(client, mai, place):
    make.time_slot(
        psychologist=mai,
        location=place,
        kind=TimeSlot.Kind.EXTRA,
        # Saturday 28 November, 10:00 to 12:00 in Melbourne.
        starts_at=datetime(2026, 11, 27, 23, tzinfo=UTC),
        minutes=120,
    )

    columns = _columns(client.get(CALENDAR))

    assert date(2026, 11, 29) not in columns
    assert [f"{b.starts_at:%H:%M}-{b.ends_at:%H:%M}" for b in _blocks(columns[date(2026, 11, 28)], off=True)] == [
        "00:00-10:00",
        "12:00-00:00",
    ]


def test_calendar_turns_as_a_fragment_and_as_a_page(client, session):
    fragment = client.get(CALENDAR, headers={"HX-Request": "true", "HX-Target": "calendar"})
    page = client.get(CALENDAR)

    assert fragment.content.decode().lstrip().startswith('<section id="calendar"')
    assert b"<html" not in fragment.content
    assert 'href="?day=2026-12-01"' in page.content.decode()
    assert "HX-Target" in page["Vary"]


def test_calendar_without_hours_says_what_to_do(place):
    nobody_yet = make.psychologist()
    page = make.client_for(nobody_yet.user).get(CALENDAR).content.decode()
    assert "Set your hours" in page


def test_what_is_to_come_leads_to_the_session_and_what_is_over_to_its_note(client, mai, place):
    coming = make.appointment(psychologist=mai, location=place, starts_at=BEGAN + timedelta(days=1))
    over = make.appointment(psychologist=mai, location=place, starts_at=BEGAN - timedelta(days=1), status="completed")
    columns = _columns(client.get(CALENDAR))
    assert [b.url for b in _blocks(columns[date(2026, 11, 25)])] == [f"/practice/sessions/{coming.code}/"]
    assert [b.url for b in _blocks(columns[date(2026, 11, 23)])] == [f"/practice/notes/{over.code}/"]
    agenda = client.get(CALENDAR, {"view": "agenda", "day": "2026-11-25"}).text
    assert f'href="/practice/sessions/{coming.code}/"' in agenda


def _leads_to(page, session):
    """Which pages of a session a page leads to."""
    found = re.findall(rf'(?:href|action)="/practice/([a-z/]+)/{session.code}/([a-z/-]*)"', page)
    return {f"{room} {step}".strip("/ ") for room, step in found}


def test_the_page_of_a_session_has_each_step_one_press_away(client, mai, place):
    coming = make.appointment(psychologist=mai, location=place, starts_at=BEGAN + timedelta(days=1))
    assert _leads_to(client.get(f"/practice/sessions/{coming.code}/").text, coming) == {
        "notes", "calendar/move", "sessions cancel", "sessions repeat",
    }  # fmt: skip
    series = Series.objects.create(patient=coming.patient, every=Every.WEEKS, interval=1, sessions=2, created_at=NOW)
    one = make.appointment(
        psychologist=mai, location=place, patient=coming.patient, starts_at=BEGAN + timedelta(days=2),
        series=series, position=1, planned_at=BEGAN + timedelta(days=2),
    )  # fmt: skip
    assert _leads_to(client.get(f"/practice/sessions/{one.code}/").text, one) >= {
        "sessions series/move", "sessions series/cancel",
    }  # fmt: skip


def test_the_note_leads_back_to_what_can_be_done_with_its_session(client, mai, place):
    coming = make.appointment(psychologist=mai, location=place, starts_at=BEGAN + timedelta(days=1))
    assert f'href="/practice/sessions/{coming.code}/"' in client.get(f"/practice/notes/{coming.code}/").text


def test_the_page_of_a_session_that_is_over_offers_no_move(client, mai, place, colleague):
    over = make.appointment(psychologist=mai, location=place, starts_at=BEGAN - timedelta(days=1), status="completed")
    assert _leads_to(client.get(f"/practice/sessions/{over.code}/").text, over) == {"notes", "sessions repeat"}
    theirs = make.appointment(psychologist=colleague, location=place, starts_at=BEGAN + timedelta(days=1))
    assert client.get(f"/practice/sessions/{theirs.code}/").status_code == 404


def test_the_name_of_leave_that_a_session_stands_over_is_said_in_the_head_of_its_day(client, mai, place):
    make.appointment(psychologist=mai, location=place, starts_at=BEGAN + timedelta(days=1))
    make.time_slot(psychologist=mai, starts_at=BEGAN + timedelta(hours=23), minutes=480, label="Conference")
    make.time_slot(psychologist=mai, starts_at=BEGAN + timedelta(days=2), label="Supervision")
    columns = _columns(client.get(CALENDAR))
    assert columns[date(2026, 11, 25)].subtitle.endswith(" · Conference")
    assert "Supervision" not in columns[date(2026, 11, 26)].subtitle
