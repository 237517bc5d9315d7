"""The pages of a room: what each side sees and may press, and what the browser may do on them alone."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.clinic.models import Mode
from portal.video.models import Presence, Room
from tests import make

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(START - timedelta(minutes=10), tick=False) as at:
        yield at


@pytest.fixture
def session(settings):
    settings.VIDEO = "http://127.0.0.1:9"
    make.clinic(phone="+61390101234")
    return make.appointment(
        psychologist=make.psychologist(user=make.user(role=Role.PSYCHOLOGIST)),
        patient=make.patient(
            user=make.user(), phone="+61491570156", emergency_name="Sam Lee", emergency_phone="+61491570157"
        ),
        mode=Mode.VIDEO,
        starts_at=START,
    )


@pytest.fixture
def theirs(session):
    return make.client_for(session.patient.user)


@pytest.fixture
def ours(session):
    return make.client_for(session.psychologist.user)


def at(side, session, name="video"):
    return reverse(f"{side}:{name}", args=[session.code])


def test_from_the_waiting_room_into_the_room(session, theirs, ours):
    page = theirs.get(at("patient", session)).content.decode()
    assert "Enter the waiting room" in page
    assert "data-video-enter" not in page
    assert "Or phone us: (03) 9010 1234." in page
    assert theirs.post(at("patient", session), {"whereabouts": ""}).status_code == 422
    assert theirs.post(at("patient", session, "video_key")).status_code == 403
    assert theirs.post(at("patient", session), {"whereabouts": "12 Lane St, Coburg"}).status_code == 302
    assert "You are in the waiting room" in theirs.get(at("patient", session)).content.decode()

    page = ours.get(at("psychologist", session)).content.decode()
    for words in ("They are in the waiting room.", "12 Lane St, Coburg", "Sam Lee", "0491 570 157", "tel:000"):
        assert words in page, words
    assert ours.get(at("psychologist", session, "video_state")).json()["waits"] is True
    assert theirs.get(at("patient", session, "video_state")).json() == {"why": "", "admitted": False}
    ours.post(at("psychologist", session, "video_admit"))
    assert theirs.get(at("patient", session, "video_state")).json() == {"why": "", "admitted": True}

    keys = [
        client.post(at(side, session, "video_key")).json()
        for side, client in (("patient", theirs), ("psychologist", ours))
    ]
    assert {key["room"] for key in keys} == {Room.objects.get().name}
    assert theirs.post(at("patient", session, "video_here")).status_code == 200
    theirs.post(at("patient", session, "video_here"), {"left": "yes"})
    assert Presence.objects.get().left_at == START - timedelta(minutes=10)


def test_the_camera_and_the_providers_lines_are_open_on_this_page_alone(session, theirs, ours):
    for client, side in ((theirs, "patient"), (ours, "psychologist")):
        page = client.get(at(side, session))
        assert "camera=(self)" in page["Permissions-Policy"]
        assert "connect-src 'self' http://127.0.0.1:9" in page["Content-Security-Policy"]
    other = theirs.get(reverse("patient:home"))
    assert "camera=()" in other["Permissions-Policy"]
    assert "127.0.0.1:9" not in other["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("minutes", "words"), [(-30, "The room opens on"), (81, "This session is over"), (-10, "is everything working")]
)
def test_a_page_says_why_the_room_is_closed(session, theirs, ours, clock, minutes, words):
    clock.move_to(START + timedelta(minutes=minutes))
    assert words in theirs.get(at("patient", session)).content.decode().replace("Is everything", "is everything")
    if minutes != -10:
        assert words in ours.get(at("psychologist", session)).content.decode()
        assert theirs.post(at("patient", session, "video_key")).status_code == 409
        assert ours.post(at("psychologist", session, "video_here")).status_code == 409


def test_a_room_is_nobody_elses(session, ours, theirs):
    rows = {
        "patient": make.client_for(make.patient(user=make.user()).user),
        "psychologist": make.client_for(make.psychologist(user=make.user(role=Role.PSYCHOLOGIST)).user),
    }
    for side, client in rows.items():
        for name in ("video", "video_state"):
            assert client.get(at(side, session, name)).status_code == 404
        for name in ("video_key", "video_here"):
            assert client.post(at(side, session, name)).status_code == 404
    desk = make.signed_in_client(role=Role.RECEPTION)
    assert {side: desk.get(at(side, session)).status_code for side in rows} == {"patient": 404, "psychologist": 403}
    assert theirs.get(at("psychologist", session)).status_code == 403
    assert ours.post(at("psychologist", session, "video_key")).status_code == 200


def test_where_the_portal_has_no_rooms_the_page_says_so(session, theirs, settings):
    settings.VIDEO = ""
    page = theirs.get(at("patient", session))
    assert "This session has no room here" in page.content.decode()
    assert "phone us: (03) 9010 1234" in page.content.decode()
    Appointment.objects.update(mode=Mode.IN_PERSON)
    settings.VIDEO = "http://127.0.0.1:9"
    assert "This session has no room here" in theirs.get(at("patient", session)).content.decode()


def test_both_sides_pages_of_the_session_lead_to_it(session, theirs, ours):
    assert at("patient", session) in theirs.get(at("patient", session, "appointment")).content.decode()
    assert at("psychologist", session) in ours.get(at("psychologist", session, "session")).content.decode()
