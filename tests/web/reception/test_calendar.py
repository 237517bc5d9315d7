import html
import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import User
from portal.appointments.models import Status, TimeSlot
from portal.clinic.models import Psychologist
from tests import make

CALENDAR = "/reception/calendar/"


def blocks(response):
    return {
        column.title: [(b.kind, b.title) for b in column.blocks if b.kind not in ("off", "free")]
        for column in response.context["grid"].columns
    }


def test_a_column_for_each_who_works_or_has_sessions(desk, place):
    make.psychologist(user=make.user(first_name="Tom", last_name="Ashby"))  # no hours
    booked = place.session(hours=1)
    place.session(hours=3, status=Status.ARRIVED)
    place.session(hours=5, status=Status.CANCELLED)
    response = desk.get(CALENDAR)
    assert [kind for kind, _title in blocks(response)["Dr Mai Nguyễn"]] == ["booked", "arrived"]
    assert blocks(response)["Dr Mai Nguyễn"][0][1] == booked.patient.name
    assert list(blocks(response)) == ["Dr Mai Nguyễn"]
    assert response.context["hidden"] == 1
    assert list(blocks(desk.get(CALENDAR + "?all=1"))) == ["Dr Tom Ashby", "Dr Mai Nguyễn"]


def test_a_held_time_names_nobody_and_leads_nowhere(desk, place):
    place.session(hours=1, status=Status.HELD)
    (block,) = [b for b in desk.get(CALENDAR).context["grid"].columns[0].blocks if b.kind == "held"]
    assert (block.title, block.url) == ("Held", "")


def test_time_not_worked_and_time_away(desk, place):
    make.time_slot(
        psychologist=place.psychologist,
        kind=TimeSlot.Kind.BLOCKED,
        starts_at=datetime(2026, 11, 24, 1, 0, tzinfo=UTC),
        label="Supervision",
    )
    off = [(b.title, b.starts_at.hour) for b in desk.get(CALENDAR).context["grid"].columns[0].blocks if b.kind == "off"]
    assert ("Supervision", 12) in off


def test_a_day_that_nobody_works(desk, place):
    response = desk.get(CALENDAR + "?day=2026-11-28")
    assert "Nobody works on this day" in response.content.decode()


@pytest.mark.parametrize("day", ["x", "9999-12-31", "2026-13-01", "2026-10-04", "2026-04-05"])
def test_days_that_cannot_be_read_and_days_when_clocks_change(desk, place, day):
    assert desk.get(CALENDAR, {"day": day}).status_code == 200


def test_twenty_psychologists_cost_as_many_queries_as_one(desk, place):
    def count():
        # Whoever comes first after a change reads again what is kept.
        desk.get(CALENDAR)
        with CaptureQueriesContext(connection) as run:
            response = desk.get(CALENDAR)
        return len(response.context["days"]), len(run)

    place.session(hours=1)
    people, queries = count()
    assert people == 1
    for _ in range(19):
        psychologist = make.psychologist()
        make.week(psychologist=psychologist, location=place.location)
        for hour in (0, 1, 2):
            place.session(hours=hour, psychologist=psychologist)
    assert count() == (20, queries)


def test_fragment(desk, place):
    body = desk.get(CALENDAR, headers={"HX-Request": "true", "HX-Target": "calendar"}).content.decode()
    assert "<html" not in body
    assert 'id="calendar"' in body


def test_the_list_for_a_phone_says_the_same(desk, place):
    booked, held = place.session(hours=1), place.session(hours=3, status=Status.HELD)
    ((name, _url, where, _away, lines),) = desk.get(CALENDAR).context["lists"]
    assert (name, where) == (place.psychologist.name, "Brunswick")
    sessions = [line for line in lines.split("</li>") if "Free" not in line]
    first, second = (" ".join(line.split()) for line in sessions[:2])
    assert f'<a href="/reception/appointments/{booked.code}/">{booked.patient.name}</a>' in first
    assert "Booked" in first
    assert str(held.code) not in second
    assert "somebody is booking" in second


FREE = re.compile(
    r'class="when">([^<]*)<small> – ([^<]*)</small></span>\s*<span class="grow soft">Free<.*?href="([^"]*)"', re.DOTALL
)


@pytest.mark.parametrize(
    ("view", "read"),
    [
        ("day", lambda shown: shown["lists"][0][-1]),
        ("week", lambda shown: shown["lists"][1][-1]),
        ("agenda", lambda shown: shown["groups"][0][-1]),
    ],
)
def test_a_list_holds_the_free_stretches_to_book_from(desk, place, view, read):
    place.session(hours=2)
    response = desk.get(f"{CALENDAR}?view={view}&psychologist={place.psychologist.slug}")
    found = FREE.findall(read(response.context))
    assert [(at, until) for at, until, _url in found] == [("11:00 am", "1:00 pm"), ("2:00 pm", "5:00 pm")]
    page = desk.get(html.unescape(found[1][2]))
    # Every start in the stretch is one press away, and no other.
    starts = re.findall(r'href="\?time=2026-11-24T(..)%3A(..)Z[^"]*"( aria-current="true")?>([^<]*)<', page.text)
    assert [start[3] for start in starts] == ["2:00 pm", "2:30 pm", "3:00 pm", "3:30 pm", "4:00 pm"]
    assert [start[3] for start in starts if start[2]] == ["2:00 pm"]


def test_everybodys_agenda_lists_sessions_alone(desk, place):
    place.session(hours=2)
    assert not FREE.findall(desk.get(f"{CALENDAR}?view=agenda").text)


@pytest.mark.parametrize(
    ("closed", "words"), [(True, "Account closed"), (False, "Not on the website")], ids=["left", "off the website"]
)
@pytest.mark.parametrize("query", ["", "?all=1"])
def test_a_session_with_somebody_who_is_not_bookable_any_more_keeps_its_column(desk, place, closed, words, query):
    booked = place.session(hours=1)
    idle = make.psychologist(user=make.user(first_name="Tom", last_name="Ashby"), is_active=False)
    make.week(psychologist=idle, location=place.location)
    Psychologist.objects.filter(pk=place.psychologist.pk).update(is_active=False)
    if closed:
        User.objects.filter(pk=place.psychologist.user_id).update(is_active=False)
    response = desk.get(CALENDAR + query)
    assert blocks(response) == {"Dr Mai Nguyễn": [("booked", booked.patient.name)]}
    (column,) = response.context["grid"].columns
    assert column.subtitle == words
    # In the columns, and in the list that a phone shows.
    assert response.text.count(words) == 2
    assert response.text.count(f'href="/reception/appointments/{booked.code}/"') == 2
    # Nobody's free time: their weekly hours count no more.
    assert not response.context["days"][0].work
    assert "Nobody works on this day" in desk.get(CALENDAR + "?day=2026-11-25").text
