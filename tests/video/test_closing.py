"""Rooms at Twilio end with their session: by its own client, over loopback, against a stand-in with its own faults."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.appointments.vocabulary import Status
from portal.clinic.models import Mode
from portal.common.access.actors import Actor
from portal.notifications.twilio import client
from portal.ops.twilio_stand_in.phones import Fault
from portal.video import actions, closing, providers
from portal.video.models import MOST_ATTEMPTS, ProviderRoom
from tests import make
from tests.notifications import twilio as account

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
NOW = START + timedelta(minutes=10)


@pytest.fixture
def twilio(settings):
    server = account.server().start()
    account.reach(settings, server.address)
    settings.VIDEO = "twilio"
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def session(twilio):
    make.clinic()
    return make.appointment(
        psychologist=make.psychologist(user=make.user(role=Role.PSYCHOLOGIST)),
        mode=Mode.VIDEO,
        starts_at=START,
        minutes=50,
    )


def enter(session, *, now=NOW):
    """The psychologist gets a key, and the room is made; its name."""
    key = actions.key_for(session, by=Actor(session.psychologist.user, Role.PSYCHOLOGIST), now=now)
    providers.current().make_ready(key.room)
    return key.room


def call_off(session):
    Appointment.objects.filter(pk=session.pk).update(status=Status.CANCELLED, cancelled_at=NOW)


def move(session, **by):
    names = ("starts_at", "ends_at", "occupied_from", "occupied_until")
    session.refresh_from_db()
    Appointment.objects.filter(pk=session.pk).update(**{n: getattr(session, n) + timedelta(**by) for n in names})
    session.refresh_from_db()


def end(now=NOW):
    return tuple(closing.end_rooms(now=now).values())


def test_it_is_made_once_and_lasts_while_the_session_does(session, twilio):
    room = enter(session)
    # Whoever comes second finds it there.
    assert enter(session) == room
    assert end() == (0, 0)
    assert end(START + timedelta(minutes=79)) == (0, 0)
    assert twilio.rooms == {room: "in-progress"}


@pytest.mark.parametrize("why", [call_off, lambda session: move(session, hours=3)], ids=["called off", "moved"])
def test_it_ends_with_whoever_sits_in_it(session, twilio, why):
    room = enter(session)
    why(session)
    assert end() == (1, 0)
    assert twilio.rooms == {room: "completed"}
    # Once: what has ended is asked about no more.
    assert end(NOW + timedelta(hours=5)) == (0, 0)


def test_it_ends_half_an_hour_after_the_session(session, twilio):
    room = enter(session)
    assert end(START + timedelta(minutes=80)) == (1, 0)
    assert twilio.rooms == {room: "completed"}


def test_the_room_of_the_old_time_ends_also_when_the_new_one_is_entered_at_once(session, twilio):
    old = enter(session)
    move(session, minutes=10)
    new = enter(session)
    assert end() == (1, 0)
    assert twilio.rooms == {old: "completed", new: "in-progress"}
    # Moved back, nobody finds the old one again.
    move(session, minutes=-10)
    third = enter(session)
    assert end() == (1, 0)
    assert twilio.rooms == {old: "completed", new: "completed", third: "in-progress"}


def test_one_that_was_ended_and_is_entered_again_ends_again(session, twilio):
    room = enter(session)
    call_off(session)
    assert end() == (1, 0)
    Appointment.objects.filter(pk=session.pk).update(status=Status.BOOKED, cancelled_at=None)
    session.refresh_from_db()
    assert enter(session, now=NOW + timedelta(minutes=1)) == room
    assert twilio.rooms == {room: "in-progress"}
    call_off(session)
    assert end(NOW + timedelta(minutes=2)) == (1, 0)
    assert twilio.rooms == {room: "completed"}


def test_one_that_is_not_there_any_more_has_ended(session, twilio):
    enter(session)
    twilio.rooms.clear()
    call_off(session)
    assert end() == (1, 0)


@pytest.mark.parametrize("fault", ["drop", Fault(500, 20500, "no"), Fault(429, 20429, "no"), Fault(401, 20003, "no")])
def test_a_failure_is_tried_again_and_stops_no_other(session, twilio, fault):
    other = make.appointment(
        psychologist=make.psychologist(user=make.user(role=Role.PSYCHOLOGIST)), mode=Mode.VIDEO, starts_at=START
    )
    room, beside = enter(session), enter(other)
    call_off(session)
    call_off(other)
    twilio.faults.append(fault)
    assert end() == (1, 1)
    assert twilio.rooms == {room: "in-progress", beside: "completed"}
    # Not at once, and not by a second task beside this one.
    assert end() == (0, 0)
    assert end(NOW + timedelta(minutes=1)) == (1, 0)
    assert set(twilio.rooms.values()) == {"completed"}


def test_it_gives_up_in_the_end_and_says_so(session, twilio, caplog):
    enter(session)
    call_off(session)
    now = NOW
    for _attempt in range(MOST_ATTEMPTS):
        twilio.faults.append(Fault(500, 20500, "no"))
        assert end(now) == (0, 1)
        now = ProviderRoom.objects.get().next_try_at
    assert end(now) == (0, 0)
    assert "was not ended after 10 attempts" in caplog.text
    assert now - NOW < timedelta(hours=6)


def test_without_video_nothing_is_asked(session, twilio, settings):
    enter(session)
    call_off(session)
    settings.VIDEO = ""
    assert end() == (0, 0)


def test_it_asks_the_database_once_however_many_are_in_session(session, twilio, django_assert_num_queries):
    for _n in range(3):
        enter(
            make.appointment(
                psychologist=make.psychologist(user=make.user(role=Role.PSYCHOLOGIST)), mode=Mode.VIDEO, starts_at=START
            )
        )
    with django_assert_num_queries(1):
        assert end() == (0, 0)


def test_twilio_itself_is_asked_at_the_host_of_each_part(settings, monkeypatch):
    account.reach(settings, settings.TWILIO_API)
    from twilio.http.http_client import TwilioHttpClient

    asked = []

    def request(self, method, url, *arguments, **named):
        asked.append(url)
        raise ConnectionError

    monkeypatch.setattr(TwilioHttpClient, "request", request)
    twilio = client.client()
    for ask in (
        lambda: twilio.video.v1.rooms.create(unique_name="x"),
        lambda: twilio.messages.create(to="+61491570156", from_="+61480009999", body="x"),
    ):
        with pytest.raises(ConnectionError):
            ask()
    assert asked == [
        "https://video.twilio.com/v1/Rooms",
        f"https://api.twilio.com/2010-04-01/Accounts/{account.ACCOUNT}/Messages.json",
    ]
