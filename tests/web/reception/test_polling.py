"""The day's list looks for news each minute: it is drawn anew only when it would say something else."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.patients.models import Patient
from tests import make
from tests.billing.conftest import Books
from tests.web.reception.conftest import NOW

TODAY = "/reception/"
POLL = {"HX-Request": "true", "HX-Target": "arrivals", "HX-Polling": "true"}
KNOWN = re.compile(r', "If-None-Match": "(.*?)"\}\'')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')


def poll(client, known="", path=TODAY):
    return client.get(path, headers=POLL | ({"If-None-Match": known} if known else {}))


def first_of(client):
    """The page, as it is opened, and its first poll."""
    assert client.get(TODAY).status_code == 200
    return poll(client)


def known_of(response):
    """As a browser reads the JSON that the fragment carries."""
    assert response.status_code == 200
    return KNOWN.search(response.content.decode())[1].replace("\\", "")


def said(response):
    """What the list says, whatever its tokens."""
    return KNOWN.sub("", TOKEN.sub("", response.content.decode()))


def test_nothing_changed_and_nothing_is_drawn(desk, place, django_assert_max_num_queries):
    place.session(hours=3)
    first = first_of(desk)
    with django_assert_max_num_queries(11):
        again = poll(desk, known_of(first))
    assert (again.status_code, again.content) == (304, b"")
    # What stands there is about people: it is in no cache, and the fragment itself knows what it shows.
    assert "no-store" in again["Cache-Control"]
    assert "no-store" in first["Cache-Control"]


def test_a_page_and_a_press_are_always_drawn(desk, place):
    session = place.session(hours=1)
    known = known_of(first_of(desk))
    assert desk.get(TODAY, headers={"If-None-Match": known}).status_code == 200
    path = reverse("reception:check_in", args=[session.code])
    pressed = desk.post(path, {"seen": session.seen_as}, headers={"HX-Request": "true", "HX-Target": "arrivals"})
    assert pressed.status_code == 200
    assert "If-None-Match" not in pressed.content.decode()


def changes():
    yield "a new session", lambda place, session: place.session(hours=5)
    yield (
        "cancelled",
        lambda place, session: Appointment.objects.update(
            status=Status.CANCELLED, cancelled_at=NOW, cancel_reason="other", revision=2
        ),
    )
    yield "confirmed", lambda place, session: Appointment.objects.update(confirmed_at=NOW)
    yield "a patient's name", lambda place, session: Patient.objects.update(preferred_name="Bo")
    yield "a referral", lambda place, session: make.referral(patient=session.patient)
    yield "a debt", lambda place, session: Books().issued("120.00", patient=session.patient)
    yield (
        "a psychologist's name",
        lambda place, session: (
            type(session.psychologist.user).objects.filter(pk=session.psychologist.user.pk).update(last_name="Tran")
        ),
    )


@pytest.mark.parametrize("change", [each[1] for each in changes()], ids=[each[0] for each in changes()])
def test_whatever_changes_is_drawn(desk, place, change):
    session = place.session(hours=3)
    known = known_of(first_of(desk))
    assert poll(desk, known).status_code == 304
    change(place, session)
    assert poll(desk, known).status_code == 200


def test_the_clock_alone_changes_buttons_and_is_followed(desk, place, time_machine):
    """From three hours before to after the end: at each step, 304 is only answered where the same would be drawn."""
    place.session(hours=3)
    place.session(hours=5, status=Status.NO_SHOW)
    answers, shown = [], None
    for minutes in range(0, 7 * 60, 15):
        time_machine.move_to(NOW + timedelta(minutes=minutes, seconds=1), tick=False)
        desk.get(TODAY)
        fresh = poll(desk)
        if shown is not None:
            answer = poll(desk, shown[0])
            answers.append(answer.status_code)
            if answer.status_code == 304:
                assert said(fresh) == shown[1], minutes
        shown = known_of(fresh), said(fresh)
    assert answers.count(304) > len(answers) / 2
    # An hour and three quarters of it before the start, the start, and the end.
    assert answers.count(200) >= 4


def test_who_waits_has_their_minutes_counted(desk, place, time_machine):
    place.session(hours=1, status=Status.ARRIVED, arrived_at=NOW)
    for minutes in (1, 2):
        time_machine.move_to(NOW + timedelta(minutes=minutes), tick=False)
        response = poll(desk)
        assert f"waiting {minutes} minute" in response.content.decode()
        assert "If-None-Match" not in response.content.decode()


def test_another_person_another_list_and_another_session_are_drawn(desk, place):
    place.session(hours=3)
    known = known_of(first_of(desk))
    other = make.client_for(make.user(role=Role.RECEPTION))
    assert poll(other, known).status_code == 200
    assert poll(desk, known, path=f"{TODAY}?by=psychologist").status_code == 200
    assert poll(desk, known).status_code == 304


def test_time_away_that_is_added_shows_within_a_minute(desk, place):
    place.session(hours=3)
    known = known_of(first_of(desk))
    assert poll(desk, known).status_code == 304
    make.time_slot(psychologist=place.psychologist, starts_at=NOW, minutes=600)
    assert "Psychologist is away" in said(poll(desk, known))
