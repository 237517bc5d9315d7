"""The room of a session at the desk: which it is, and another one chosen by hand."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.appointments.models import Appointment, Status
from portal.audit.models import Entry
from portal.clinic.models import Mode, RoomNeed
from portal.notifications.models import Notice
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
TEN = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def rooms():
    place = make.location(name="Brunswick")
    return [make.room(location=place, name=name) for name in ("Banksia", "Fern", "Wattle")]


@pytest.fixture
def session(rooms):
    return make.appointment(room=rooms[0], starts_at=TEN)


def page_of(client, session):
    return client.get(f"/reception/appointments/{session.code}/room/")


def offered(page):
    return re.findall(r'name="room" value="([^"]+)"', page.content.decode())


def seen_on(page):
    return re.search(r'name="seen" value="([^"]+)"', page.content.decode())[1]


def choose(client, session, room, seen):
    address = f"/reception/appointments/{session.code}/room/"
    answer = client.post(address, {"room": room.name, "seen": seen}, follow=True)
    session.refresh_from_db()
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_the_desk_gives_a_session_another_free_room(session, rooms):
    banksia, fern, wattle = rooms
    make.appointment(room=fern, starts_at=TEN + timedelta(minutes=30))
    desk = make.client_for(make.staff())
    own = desk.get(f"/reception/appointments/{session.code}/").content.decode()
    assert f'Banksia · <a href="/reception/appointments/{session.code}/room/">' in own
    page = page_of(desk, session)
    assert offered(page) == ["Banksia", "Wattle"]
    seen = seen_on(page)
    assert "The session is in Wattle." in choose(desk, session, wattle, seen)
    assert session.room == wattle
    assert Entry.objects.filter(verb="appointment.room_changed").count() == 1
    assert not Notice.objects.exists()
    # Pressed twice it is the same, and from an old page another is not taken.
    assert "The session is in Wattle." in choose(desk, session, wattle, seen)
    assert "changed meanwhile" in choose(desk, session, banksia, seen)
    assert session.room == wattle
    assert Entry.objects.filter(verb="appointment.room_changed").count() == 1


def test_a_room_that_somebody_took_meanwhile(session, rooms):
    desk = make.client_for(make.staff())
    seen = seen_on(page_of(desk, session))
    make.appointment(room=rooms[2], starts_at=TEN)
    told = choose(desk, session, rooms[2], seen)
    assert session.room == rooms[0]
    assert "The session is in" not in told


def test_a_room_of_another_place_or_out_of_use_is_not_to_choose(session, rooms):
    elsewhere = make.room(location=make.location(), name="Quay")
    rooms[1].is_active = False
    rooms[1].save()
    desk = make.client_for(make.staff())
    page = page_of(desk, session)
    assert offered(page) == ["Banksia", "Wattle"]
    for room in (elsewhere, rooms[1]):
        choose(desk, session, room, seen_on(page))
        assert session.room == rooms[0]


def test_where_no_other_is_free_it_says_so(session, rooms):
    for room in rooms[1:]:
        make.appointment(room=room, starts_at=TEN)
    page = page_of(make.client_for(make.staff()), session).content.decode()
    assert "No other room at Brunswick is free then." in page
    assert 'name="room"' not in page


@pytest.mark.parametrize(
    "fields",
    [{"mode": Mode.VIDEO}, {"status": Status.CANCELLED}, {"starts_at": NOW - timedelta(days=1)}],
    ids=["by video", "cancelled", "over"],
)
def test_a_session_without_a_room_to_change(rooms, fields):
    session = make.appointment(location=rooms[0].location, **{"starts_at": TEN} | fields)
    desk = make.client_for(make.staff())
    answer = desk.get(f"/reception/appointments/{session.code}/room/", follow=True)
    assert "there is no room to change" in answer.content.decode()
    assert f"/reception/appointments/{session.code}/room/" not in answer.content.decode()


def test_a_session_by_video_that_needs_a_room_has_one_to_choose(rooms):
    service = make.service(room_need=RoomNeed.ALWAYS)
    session = make.appointment(service=service, room=rooms[0], mode=Mode.VIDEO, starts_at=TEN)
    desk = make.client_for(make.staff())
    page = page_of(desk, session)
    choose(desk, session, rooms[1], seen_on(page))
    assert Appointment.objects.get().room == rooms[1]
