"""Somebody who has been here before is shown what is for them from the start, not refused at the end."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from portal.appointments.models import Appointment, Status
from portal.clinic.models import Service
from tests import make
from tests.web.public.held import shown_by

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)  # Monday, 9 am in Melbourne
FIRST, FIRST_HELD = "/book/first-visit/", "/book/first-visit/confirm/"


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def mai(db):
    make.clinic(hold_minutes=10)
    mai = make.psychologist(slug="mai")
    make.week(psychologist=mai, location=make.location(slug="brunswick"))
    make.service(slug="first-visit", name="First visit", first_visit_only=True, minutes=50)
    make.service(slug="session", name="Session", minutes=50)
    return mai


@pytest.fixture
def session(mai):
    return Service.objects.get(slug="session")


@pytest.fixture
def known(mai, session):
    """Somebody with a session in the past."""
    user = make.user()
    make.appointment(
        patient=make.patient(user=user, legal_first_name="Noor"),
        psychologist=mai,
        service=session,
        starts_at=NOW - timedelta(days=7),
        status=Status.COMPLETED,
    )
    return user


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def press(client, time="2026-12-01T00:00Z brunswick"):
    return client.post(FIRST, {"time": time, "psychologist": "mai", "mode": "in_person"})


def order(client):
    return re.findall(r'<h2><a href="/book/([\w-]+)/', client.get("/book/").content.decode())


def test_what_is_for_them_stands_first_for_who_has_been_here(known):
    assert order(Client()) == order(make.client_for(make.user())) == ["first-visit", "session"]
    client = make.client_for(known)
    assert order(client) == ["session", "first-visit"]
    assert "Only for somebody who is new here" in words(client.get("/book/"))


def test_the_times_of_a_first_visit_lead_on_who_has_been_here(known):
    page = make.client_for(known).get(FIRST, {"psychologist": "mai", "mode": "in_person", "week": "2026-11-30"})
    assert "This is for people who are new here, and you have been here." in words(page)
    assert (
        'href="/book/session/?psychologist=mai&amp;mode=in_person&amp;week=2026-11-30">Session' in page.content.decode()
    )
    for somebody in (Client(), make.client_for(make.user()), make.client_for(make.patient(user=make.user()).user)):
        assert "you have been here" not in words(somebody.get(FIRST))


def test_who_signs_in_with_a_first_visit_held_is_told_at_once_and_keeps_the_time(known):
    client = Client()
    press(client)
    client.force_login(known)
    page = client.get(FIRST_HELD)
    assert "This is for people who are new here, and Noor has been here." in words(page)
    button = re.search(r'formaction="([^"]+)" name="again" value="([^"]+)">([^<]+)<', page.content.decode())
    assert button
    assert button[3].startswith("Take Session at this time")
    patient = known.patient
    kept = client.post(button[1], shown_by(page) | {"who": str(patient.code), "again": button[2]})
    held = Appointment.objects.get(status=Status.HELD)
    assert (held.service.slug, held.starts_at) == ("session", datetime(2026, 12, 1, 0, 0, tzinfo=UTC))
    assert "Noor has been here" not in words(kept)
    assert client.post("/book/session/confirm/", shown_by(kept) | {"who": str(patient.code)}).status_code == 302
    assert Appointment.objects.get(pk=held.pk).status == Status.BOOKED


def test_where_the_time_does_not_fit_the_way_on_is_to_the_times_of_that_week(known):
    Service.objects.filter(slug="session").update(minutes=110)
    # The day ends an hour after the held time begins.
    client = Client()
    press(client, time="2026-12-01T05:00Z brunswick")
    client.force_login(known)
    page = client.get(FIRST_HELD).content.decode()
    assert 'name="again"' not in page
    assert 'href="/book/session/?psychologist=mai&amp;mode=in_person&amp;week=2026-11-30"' in page


def test_a_new_person_of_a_known_account_still_books_a_first_visit(known):
    client = make.client_for(known)
    press(client)
    page = client.get(FIRST_HELD)
    child = {"who": "other", "relationship": "parent", "legal_first_name": "Teo", "date_of_birth": "23/4/2015"}
    sent = shown_by(page) | child | {"phone": "0491 570 006"}
    assert client.post(FIRST_HELD, sent).status_code == 302
    assert Appointment.objects.filter(patient__legal_first_name="Teo", status=Status.BOOKED).count() == 1


def test_other_reasons_are_said_before_anything_is_typed_too(known):
    client = make.client_for(known)
    make.appointment(patient=known.patient, starts_at=datetime(2026, 12, 1, 0, 30, tzinfo=UTC))
    client.post("/book/session/", {"time": "2026-12-01T00:00Z brunswick", "psychologist": "mai", "mode": "in_person"})
    page = client.get("/book/session/confirm/")
    assert "There is already a session at that time." in words(page)
    assert reverse("public:times", args=["session"]) in page.content.decode()


# ---- Their own psychologist ------------------------------------------------------------------------------------------


def shown(client, **query):
    """Who is chosen on the page of times."""
    page = client.get("/book/session/", query).content.decode()
    chosen = re.search(
        r'<option value="([^"]+)" selected>', page[page.index('id="psychologist"') :].split("</select>")[0]
    )
    return chosen.group(1) if chosen else "any"


@pytest.fixture
def tom(mai):
    tom = make.psychologist(slug="tom")
    make.week(psychologist=tom, location=mai.hours.first().location)
    return tom


def test_who_has_been_here_sees_the_times_of_their_own_psychologist(known, tom):
    client = make.client_for(known)
    assert shown(client) == "mai"
    # Unless they ask for somebody else, or for anybody; and the latest counts, if they have changed.
    assert (shown(client, psychologist="tom"), shown(client, psychologist="any")) == ("tom", "any")
    make.appointment(patient=known.patient, psychologist=tom, starts_at=NOW - timedelta(days=2), status="completed")
    assert shown(client) == "tom"
    assert (shown(Client()), shown(make.client_for(make.user()))) == ("any", "any")


def test_where_two_people_of_an_account_see_two_nobody_is_chosen_for_them(known, tom):
    child = make.patient()
    make.carer(patient=child, user=known)
    client = make.client_for(known)
    make.appointment(patient=child, psychologist=tom, starts_at=NOW - timedelta(days=2), status="completed")
    assert shown(client) == "any"


def test_their_own_psychologist_is_not_chosen_in_a_way_they_do_not_meet_people(known, tom, mai):
    type(mai).objects.filter(pk=mai.pk).update(video=False)
    client = make.client_for(known)
    assert (shown(client, mode="video"), shown(client, mode="in_person")) == ("any", "mai")


# ---- Books that are closed -------------------------------------------------------------------------------------------


def test_closed_books_stay_open_to_ones_own_patients_up_to_the_booking(known, tom, mai):
    type(mai).objects.filter(pk=mai.pk).update(accepting_patients=False)
    client, held = make.client_for(known), "/book/session/confirm/"
    assert shown(client) == "mai"
    time = "2026-12-01T00:00Z brunswick"
    assert client.post("/book/session/", {"time": time, "psychologist": "mai", "mode": "in_person"})["Location"] == held
    page = client.get(held)
    assert client.post(held, shown_by(page) | {"who": str(known.patient.code)}).status_code == 302
    booked = Appointment.objects.latest("pk")
    assert (booked.patient, booked.psychologist, booked.status) == (known.patient, mai, Status.BOOKED)
    # For anybody who is free it is who takes new patients; and nobody else sees the others at all.
    anybody = client.get("/book/session/", {"psychologist": "any", "week": "2026-11-30"})
    assert {free.who or free.psychologists[0] for day in anybody.context["week"].days for free in day.times} == {tom}
    for other in (Client(), make.client_for(make.user())):
        assert 'value="mai"' not in other.get("/book/session/").content.decode()
        other.post(
            "/book/session/", {"time": "2026-12-01T02:00Z brunswick", "psychologist": "mai", "mode": "in_person"}
        )
    assert not Appointment.objects.holds().filter(psychologist=mai).exists()


def test_a_hold_with_closed_books_that_ran_out_is_theirs_again(known, mai):
    type(mai).objects.filter(pk=mai.pk).update(accepting_patients=False)
    client, held = make.client_for(known), "/book/session/confirm/"
    time = "2026-12-01T00:00Z brunswick"
    client.post("/book/session/", {"time": time, "psychologist": "mai", "mode": "in_person"})
    first = shown_by(client.get(held))
    with time_machine.travel(NOW + timedelta(minutes=30), tick=False):
        assert client.post(held, first | {"who": str(known.patient.code)}).status_code == 302
    assert Appointment.objects.get(starts_at="2026-12-01T00:00Z").status == Status.BOOKED
