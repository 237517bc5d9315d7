"""The desk's day with a room a column: who sits where."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.appointments.models import Closure, Status
from portal.clinic.models import Mode
from tests import make
from tests.web.reception.conftest import NOW

CALENDAR = "/reception/calendar/"
ROOMS = f"{CALENDAR}?by=rooms"


@pytest.fixture
def rooms(place):
    return [make.room(location=place.location, name=name) for name in ("Room 1", "Room 2")]


def columns(response):
    return [
        (column.title, column.subtitle, [(b.kind, b.title) for b in column.blocks if b.kind != "off"])
        for column in response.context["grid"].columns
    ]


def test_a_day_can_be_seen_by_room(desk, place, rooms):
    colleague = make.psychologist(user=make.user(first_name="Tom", last_name="Ashby"))
    place.session(hours=1, room=rooms[1], patient=make.patient(legal_first_name="Ada", legal_last_name="Lee"))
    place.session(hours=1, room=rooms[0], psychologist=colleague)
    place.session(hours=3, mode=Mode.VIDEO)
    page = desk.get(CALENDAR)
    assert f'href="?day={NOW:%Y-%m-%d}&amp;by=rooms"' in page.text
    response = desk.get(ROOMS)
    assert columns(response) == [
        ("Room 1", "Brunswick", [("booked", "Dr Tom Ashby")]),
        ("Room 2", "Brunswick", [("booked", "Dr Mai Nguyễn")]),
    ]
    (block,) = [b for b in response.context["grid"].columns[1].blocks if b.kind == "booked"]
    assert block.detail == "Ada Lee · Standard session"
    # It is not moved into another room by dragging it there.
    assert "data-moves" not in response.text
    assert "1 session by video or phone takes no room." in response.text


def test_in_person_without_a_room_has_a_column_only_while_there_are_any(desk, place, rooms):
    assert [title for title, *_rest in columns(desk.get(ROOMS))] == ["Room 1", "Room 2"]
    for n in range(3):
        place.session(hours=1, psychologist=make.psychologist(), patient=make.patient(phone=f"+6149157000{n}"))
    found = columns(desk.get(ROOMS))
    # Three at a time can't be read beside each other in one column.
    assert [(title, len(blocks)) for title, _place, blocks in found[2:]] == [("No room", 2), ("No room", 1)]


def test_a_room_out_of_use_has_a_column_while_somebody_sits_there(desk, place, rooms):
    place.session(hours=1, room=rooms[0])
    for room in rooms:
        room.is_active = False
        room.save(update_fields=["is_active"])
    make.room(location=place.location, name="Room 3")
    assert [title for title, *_rest in columns(desk.get(ROOMS))] == ["Room 1", "Room 3"]
    assert [title for title, *_rest in columns(desk.get(f"{ROOMS}&day=2026-11-25"))] == ["Room 3"]


def test_places_and_statuses_narrow_it(desk, place, rooms):
    other = make.location(name="Fitzroy")
    there = make.room(location=other, name="Blue")
    place.session(hours=1, room=rooms[0])
    place.session(hours=-1, room=rooms[0], status=Status.NO_SHOW)
    place.session(hours=4, location=other, room=there)
    assert [title for title, *_rest in columns(desk.get(ROOMS))] == ["Room 1", "Room 2", "Blue"]
    assert columns(desk.get(f"{ROOMS}&at={other.slug}")) == [("Blue", "Fitzroy", [("booked", "Dr Mai Nguyễn")])]
    assert columns(desk.get(f"{ROOMS}&status=no_show"))[0][2] == [("no-show", "Dr Mai Nguyễn")]


def test_a_held_time_takes_its_room_and_names_nobody(desk, place, rooms):
    place.session(hours=1, room=rooms[0], status=Status.HELD)
    (block,) = [b for b in desk.get(ROOMS).context["grid"].columns[0].blocks if b.kind == "held"]
    assert (block.title, block.detail, block.url) == ("Dr Mai Nguyễn", "Held · somebody is booking", "")


def test_a_place_that_is_closed_is_hatched_in_its_rooms_alone(desk, place, rooms):
    fitzroy = make.location(name="Fitzroy")
    make.room(location=fitzroy, name="Blue")
    day = NOW.date()
    Closure.objects.create(location=fitzroy, label="Painters", first_day=day, last_day=day)
    off = {
        column.title: [b.title for b in column.blocks if b.tone == "leave"]
        for column in desk.get(ROOMS).context["grid"].columns
    }
    assert off == {"Room 1": [], "Room 2": [], "Blue": ["Painters"]}


def test_a_public_holiday_is_named_on_its_place_s_own_day(desk, place, rooms):
    type(place.location).objects.update(state="VIC", works_on_holidays=False)
    response = desk.get(f"{ROOMS}&day=2026-12-25")
    assert {b.title for column in response.context["grid"].columns for b in column.blocks if b.tone == "leave"} == {
        "Christmas Day"
    }
    assert not any(b.tone for c in desk.get(f"{ROOMS}&day=2026-12-23").context["grid"].columns for b in c.blocks)


def test_without_rooms_there_is_no_such_choice(desk, place):
    place.session(hours=1)
    response = desk.get(ROOMS)
    assert response.context["columns_by"] == []
    assert [title for title, *_rest in columns(response)] == ["Dr Mai Nguyễn"]


def test_a_place_without_rooms_says_so(desk, place, rooms):
    other = make.location(name="Fitzroy")
    assert "No rooms here" in desk.get(f"{ROOMS}&at={other.slug}").text


def test_another_day_and_another_filter_keep_the_rooms(desk, place, rooms):
    response = desk.get(ROOMS)
    assert all("by=rooms" in response.context[key] for key in ("before", "after", "this_day"))
    assert response.text.count('name="by" value="rooms"') == 2


def test_a_psychologist_sees_no_colleagues_rooms(place, rooms):
    colleague = make.psychologist()
    place.session(hours=1, room=rooms[0], psychologist=colleague)
    response = make.client_for(place.psychologist.user).get("/practice/calendar/?view=day&by=rooms")
    assert [column.title for column in response.context["grid"].columns] == ["Dr Mai Nguyễn"]
    assert response.context["columns_by"] == []


def test_thirty_rooms_cost_as_many_queries_as_one(desk, place):
    def count():
        desk.get(ROOMS)
        with CaptureQueriesContext(connection) as run:
            desk.get(ROOMS)
        return len(run)

    place.session(hours=1, room=make.room(location=place.location))
    one = count()
    for _ in range(29):
        colleague = make.psychologist()
        make.week(psychologist=colleague, location=place.location)
        place.session(hours=1, psychologist=colleague, room=make.room(location=place.location))
        place.session(hours=3, psychologist=colleague)
    assert count() == one


def test_news_of_a_room_is_drawn(desk, place, rooms):
    session = place.session(hours=1, room=rooms[0])
    desk.get(ROOMS)
    poll = {"HX-Request": "true", "HX-Target": "calendar", "HX-Polling": "true"}
    known = f'"{desk.get(ROOMS).context["known"]}"'
    assert desk.get(ROOMS, headers=poll | {"If-None-Match": known}).status_code == 304
    session.room = rooms[1]
    session.save(update_fields=["room"])
    assert desk.get(ROOMS, headers=poll | {"If-None-Match": known}).status_code == 200


def test_a_session_over_midnight_sits_there_on_both_days(desk, place, rooms):
    place.session(starts_at=datetime(2026, 11, 24, 12, 30, tzinfo=UTC), minutes=60, room=rooms[0])
    for day in (NOW, NOW + timedelta(days=1)):
        assert columns(desk.get(f"{ROOMS}&day={day:%Y-%m-%d}"))[0][2] == [("booked", "Dr Mai Nguyễn")]
