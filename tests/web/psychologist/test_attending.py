"""A psychologist says whether their own session was held."""

from datetime import timedelta

import pytest
from django.urls import reverse

from portal.appointments.models import Appointment, Status
from portal.audit.models import Entry
from portal.journeys.to_do import tasks
from portal.records import actions as records
from portal.worklist.models import ToDo
from tests import make
from tests.web.psychologist.conftest import BEGAN, NOW

DAY = "/practice/?day=2026-11-24"


def at(name, session):
    return reverse(f"psychologist:{name}", args=[session.code])


def press(client, name, session, *, seen=None):
    answer = client.post(at(name, session), {"seen": session.seen_as if seen is None else seen}, follow=True)
    assert answer.redirect_chain == [(DAY, 302)]
    session.refresh_from_db()
    return [str(message) for message in answer.context["messages"]]


@pytest.fixture
def booked(mai, place, service, ruth):
    return make.appointment(psychologist=mai, location=place, service=service, patient=ruth, starts_at=BEGAN)


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("complete", Status.COMPLETED, "The session with Ruth Okafor is marked as completed."),
        ("no_show", Status.NO_SHOW, "Ruth Okafor is marked as a no-show."),
    ],
)
def test_they_say_how_it_went(client, booked, name, status, said):
    page = client.get(DAY).content.decode()
    assert f'action="{at(name, booked)}"' in page
    assert press(client, name, booked) == [said]
    assert booked.status == status
    page = client.get(DAY).content.decode()
    assert at("complete", booked) not in page
    assert at("no_show", booked) not in page
    # A second press does nothing more, and is told what the first did.
    before = Entry.objects.count()
    assert (press(client, name, booked, seen="booked.0"), Entry.objects.count()) == ([said], before)


def test_nothing_is_offered_before_it_starts_or_once_it_is_over(client, mai, place, service, ruth):
    coming = make.appointment(
        psychologist=mai, location=place, service=service, patient=ruth, starts_at=NOW + timedelta(minutes=1)
    )
    cancelled = make.appointment(psychologist=mai, location=place, starts_at=BEGAN, status=Status.CANCELLED)
    hold = make.hold(psychologist=mai, location=place, starts_at=NOW + timedelta(hours=4))
    page = client.get(DAY).content.decode()
    for session in (coming, cancelled, hold):
        assert at("complete", session) not in page
        assert at("no_show", session) not in page
    for name in ("complete", "no_show"):
        assert press(client, name, coming) == ["The session has not started yet."]
        assert coming.status == Status.BOOKED
        assert client.post(at(name, hold)).status_code == 404


def test_what_they_signed_a_note_of_was_not_missed(client, booked, acting):
    note = records.save_draft(appointment=booked, body="Words", version=0, by=acting, now=NOW)
    records.sign(appointment=booked, version=note.version, by=acting, now=NOW)
    page = client.get(DAY).content.decode()
    assert (at("complete", booked) in page, at("no_show", booked) in page) == (True, False)
    assert press(client, "no_show", booked) == ["You signed a note of this session, so it took place."]
    assert booked.status == Status.BOOKED


def test_a_colleagues_session_is_not_theirs_to_mark(client, colleague, place):
    session = make.appointment(psychologist=colleague, location=place, starts_at=BEGAN)
    for name in ("session", "complete", "no_show"):
        ask = client.get if name == "session" else client.post
        assert ask(at(name, session), {"seen": session.seen_as}).status_code == 404
    assert Appointment.objects.get().status == Status.BOOKED


def test_their_to_do_leads_to_its_day_and_closes_at_once(client, mai, place, service):
    left = make.appointment(psychologist=mai, location=place, service=service, starts_at=BEGAN - timedelta(days=1))
    tasks.look_at_sessions()
    page = client.get(reverse("psychologist:to_do")).content.decode()
    assert at("session", left) in page
    # Its page says how it went in one press, and leads to its day.
    own = client.get(at("session", left)).content.decode()
    assert at("complete", left) in own
    assert "/practice/?day=2026-11-23" in own
    client.post(at("complete", left), {"seen": left.seen_as})
    to_do = ToDo.objects.get()
    assert (to_do.outcome, to_do.done_by) == ("completed", str(mai.user_id))
