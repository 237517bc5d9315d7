"""Who comes into the room of a session by video, and when; and how long they were there together."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
import time_machine
from django.conf import settings as project
from django.db import DatabaseError, transaction
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.appointments.vocabulary import Status
from portal.clinic.models import Mode, Psychologist
from portal.common.access.actors import Actor
from portal.video import actions, entering, providers
from portal.video.minutes import together
from portal.video.models import Presence, Room
from tests import make

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
NOW = START - timedelta(minutes=10)


@pytest.fixture
def session(settings):
    settings.VIDEO = "http://127.0.0.1:9"
    make.clinic(phone="+61390101234")
    return make.appointment(
        psychologist=make.psychologist(user=make.user(role=Role.PSYCHOLOGIST)),
        patient=make.patient(user=make.user(email="lee@example.com"), emergency_name="Sam Lee"),
        mode=Mode.VIDEO,
        starts_at=START,
        minutes=50,
    )


@pytest.fixture
def patient(session):
    return Actor(session.patient.user, Role.PATIENT)


@pytest.fixture
def psychologist(session):
    return Actor(session.psychologist.user, Role.PSYCHOLOGIST)


def let_in(session, patient, psychologist, *, now=NOW):
    actions.wait(session, whereabouts="12 Lane St, Coburg", by=patient, now=now)
    assert actions.admit(session, by=psychologist, now=now)


def opened(session, by, *, now=NOW):
    """Whether somebody gets the key to the room now."""
    try:
        actions.key_for(session, by=by, now=now)
    except (actions.NotOpen, actions.NotTheirs, actions.NotLetIn):
        return False
    return True


def test_the_patient_comes_in_once_they_are_let_in(session, patient, psychologist):
    assert opened(session, psychologist)
    assert not opened(session, patient)
    assert not actions.admit(session, by=psychologist, now=NOW)
    actions.wait(session, whereabouts="12 Lane St, Coburg", by=patient, now=NOW)
    assert not opened(session, patient)
    actions.admit(session, by=psychologist, now=NOW)
    assert opened(session, patient)
    assert Room.objects.get().whereabouts == "12 Lane St, Coburg"


@pytest.mark.parametrize(
    ("minutes", "is_open"), [(-16, False), (-15, True), (0, True), (79, True), (80, False), (60 * 24, False)]
)
def test_from_a_quarter_of_an_hour_before_until_half_an_hour_after(session, psychologist, minutes, is_open):
    assert opened(session, psychologist, now=START + timedelta(minutes=minutes)) is is_open


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.NO_SHOW, Status.REQUESTED, Status.DECLINED, Status.HELD])
def test_never_for_what_does_not_take_place(session, patient, psychologist, status):
    let_in(session, patient, psychologist)
    other = make.appointment(
        psychologist=session.psychologist,
        patient=None if status == Status.HELD else session.patient,
        mode=Mode.VIDEO,
        starts_at=START + timedelta(days=1),
        status=status,
    )
    then = NOW + timedelta(days=1)
    assert not opened(other, psychologist, now=then)
    assert not opened(other, patient, now=then)
    Appointment.objects.filter(pk=session.pk).update(mode=Mode.PHONE)
    assert not opened(session, psychologist)


def test_never_for_somebody_elses_session(session, patient, psychologist):
    let_in(session, patient, psychologist)
    carer, gone = make.user(), make.user()
    make.carer(patient=session.patient, user=carer)
    make.carer(patient=session.patient, user=gone, ended_at=NOW - timedelta(days=1))
    assert opened(session, Actor(carer, Role.PATIENT))
    strangers = [
        Actor(gone, Role.PATIENT),
        Actor(make.patient(user=make.user()).user, Role.PATIENT),
        Actor(make.psychologist().user, Role.PSYCHOLOGIST),
        Actor(make.user(role=Role.RECEPTION), Role.RECEPTION),
        Actor(make.user(role=Role.MANAGER), Role.MANAGER),
        # Whoever treats them is not them.
        Actor(session.psychologist.user, Role.PATIENT),
        Actor(session.patient.user, Role.PSYCHOLOGIST),
    ]
    assert [opened(session, who) for who in strangers] == [False] * len(strangers)
    for who in strangers:
        with pytest.raises(actions.NotTheirs):
            actions.is_here(session, by=who, now=NOW)


def test_a_session_that_was_moved_has_another_room_at_its_new_time_alone(session, patient, psychologist):
    let_in(session, patient, psychologist)
    before = actions.key_for(session, by=patient, now=NOW)
    Appointment.objects.filter(pk=session.pk).update(
        **{
            name: getattr(session, name) + timedelta(hours=3)
            for name in ("starts_at", "ends_at", "occupied_from", "occupied_until")
        }
    )
    session.refresh_from_db()
    assert not opened(session, psychologist)
    later = NOW + timedelta(hours=3)
    assert not opened(session, patient, now=later)
    after = actions.key_for(session, by=psychologist, now=later)
    assert after.room != before.room
    assert after.room.startswith(f"appointment-{session.code}-")
    assert Room.objects.get().whereabouts is None


def test_a_token_names_one_room_one_person_and_its_end_and_no_address(session, patient, psychologist):
    let_in(session, patient, psychologist)
    key = actions.key_for(session, by=patient, now=NOW)
    with time_machine.travel(NOW, tick=False):
        token = providers.StandIn().token(room=key.room, identity=key.identity, until=key.until, now=NOW)
        found = jwt.decode(token, project.SECRET_KEY, algorithms=["HS256"])
    assert found["grants"] == {"identity": key.identity, "video": {"room": key.room}}
    assert found["exp"] == int((session.ends_at + timedelta(minutes=30)).timestamp())
    assert key.identity.startswith("patient-")
    assert "lee" not in key.identity
    assert key.identity == actions.key_for(session, by=patient, now=NOW).identity
    assert len(key.room.rpartition("-")[2]) == 8


def test_an_own_link_comes_before_the_portals_room(session, psychologist):
    Psychologist.objects.update(video_link="https://rooms.example/mai")
    assert entering.why_not(Appointment.objects.get(), now=NOW) == entering.Why.OTHERWISE
    assert not opened(session, psychologist)


# ---- How long they met


def here(session, who, *minutes):
    for minute in minutes:
        actions.is_here(session, by=who, now=START + timedelta(minutes=minute))


def test_minutes_are_those_in_which_both_were_there(session, patient, psychologist):
    let_in(session, patient, psychologist)
    assert together(session) is None
    here(session, psychologist, -5, -4, -3, -2, -1, *range(21))
    here(session, patient, *range(2, 11))
    # The patient's browser crashed at minute ten, and came again at fifteen.
    here(session, patient, *range(15, 21))
    actions.leave(session, by=patient, now=START + timedelta(minutes=20, seconds=40))
    actions.leave(session, by=psychologist, now=START + timedelta(minutes=21))
    met = together(session)
    assert (met.began, met.ended) == (START + timedelta(minutes=2), START + timedelta(minutes=20, seconds=40))
    assert met.minutes == 8 + 5
    assert Presence.objects.filter(person=patient.user).count() == 2


def test_the_desk_is_proposed_the_item_of_the_minutes_in_which_they_met(session, patient, psychologist):
    let_in(session, patient, psychologist)
    for who in (patient, psychologist):
        here(session, who, *range(36))
        actions.leave(session, by=who, now=START + timedelta(minutes=36))
    desk = make.signed_in_client(role=Role.RECEPTION)
    with time_machine.travel(START + timedelta(minutes=40), tick=False):
        Appointment.objects.filter(pk=session.pk).update(status=Status.ARRIVED, arrived_at=START)
        page = desk.get(reverse("reception:check_out", args=[session.code]))
    assert page.context["form"]["minutes"].value() == 36
    assert "They met by video for 36 minutes" in page.content.decode()


def test_the_database_changes_nothing_of_who_was_there(session, patient, psychologist):
    let_in(session, patient, psychologist)
    here(session, patient, 1)
    actions.leave(session, by=patient, now=START + timedelta(minutes=9))
    for change in ({"left_at": START + timedelta(minutes=50)}, {"joined_at": START}, {"side": "psychologist"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Presence.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Presence.objects.all().delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Room.objects.update(waiting_since=None, waiting=None)
