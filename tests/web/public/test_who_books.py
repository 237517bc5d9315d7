"""A service that is not for everybody says so before a time is chosen, and tells no stranger who is known here."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from portal.appointments.models import Appointment, Status
from portal.clinic.models import Service, WhoBooks
from tests import make

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
LONG, HELD = "/book/long/", "/book/long/confirm/"
TIME = {"time": "2026-12-01T00:00Z brunswick", "psychologist": "mai", "mode": "in_person"}
FOR_KNOWN = "This is booked online by people who have been here before."
AS_AGREED = "This is booked online only by people with whom we have agreed it."


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def long(db):
    make.clinic()
    make.week(psychologist=make.psychologist(slug="mai"), location=make.location(slug="brunswick"))
    make.service(slug="first-visit", name="First visit", first_visit_only=True)
    return make.service(slug="long", name="Long session", minutes=80, who_books=WhoBooks.KNOWN)


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def seen_before():
    user = make.user()
    make.appointment(patient=make.patient(user=user), starts_at=NOW - timedelta(days=7), status=Status.COMPLETED)
    return user


def test_a_visitor_reads_for_whom_it_is_and_what_somebody_new_books(long):
    page = Client().get(LONG)
    assert FOR_KNOWN in words(page)
    assert 'name="time"' not in page.content.decode()
    assert 'href="/book/first-visit/"' in page.content.decode()
    assert f"/accounts/login/?next={LONG}" in page.content.decode()
    assert "If you have been here before" in words(Client().get("/book/"))


@pytest.mark.parametrize("who", ["nobody", "new"])
def test_nothing_is_held_for_whoever_it_is_not_for(long, who):
    client = make.client_for(None if who == "nobody" else make.patient(user=make.user()).user)
    answer = client.post(LONG, TIME, follow=True)
    assert FOR_KNOWN in words(answer)
    assert not Appointment.objects.exists()


def test_whoever_was_here_chooses_a_time_and_books(long):
    client = make.client_for(seen_before())
    assert 'name="time"' in client.get(f"{LONG}?psychologist=mai").content.decode()
    held = client.post(LONG, TIME, follow=True)
    assert held.request["PATH_INFO"] == HELD
    # Nobody new is registered for what is for people known here.
    assert "Somebody I care for" not in words(held)


def test_whoever_is_signed_in_and_new_is_told_that_the_clinic_can_still_help(long):
    page = make.client_for(make.patient(user=make.user()).user).get(LONG)
    assert "your sign-in may not open the record yet" in words(page)
    assert "Sign in" not in words(page).partition("New here?")[0].partition(FOR_KNOWN)[2]


def test_what_is_for_approved_people_is_asked_for_by_phone(long):
    long.who_books = WhoBooks.APPROVED
    long.save()
    assert AS_AGREED in words(Client().get(LONG))
    user = seen_before()
    client = make.client_for(user)
    assert AS_AGREED in words(client.get(LONG))
    desk = make.client_for(make.staff())
    page = f"/reception/patients/{user.patient.code}/"
    assert "Approve for online booking" in words(desk.get(page))
    assert desk.post(f"{page}approve/").status_code == 302
    assert "Approved on" in words(desk.get(page))
    assert 'name="time"' in client.get(f"{LONG}?psychologist=mai").content.decode()
    desk.post(f"{page}approve/end/")
    assert AS_AGREED in words(client.get(LONG))


def test_a_carer_is_told_at_once_of_which_of_their_people_it_is_not_for(long):
    user = seen_before()
    child = make.carer(user=user).patient
    client = make.client_for(user)
    client.post(LONG, TIME)
    held = Appointment.objects.get(status=Status.HELD)
    page = client.get(HELD).content.decode()
    form = {name: re.search(f'name="{name}" value="([^"]*)"', page)[1] for name in ("hold", "chosen", "shown")}
    answer = client.post(HELD, form | {"who": str(child.code), **dict.fromkeys(("agree_privacy", "agree_fees"), "on")})
    assert "Somebody new begins with a first visit" in words(answer)
    held.refresh_from_db()
    assert held.status == Status.HELD


@pytest.fixture
def newcomer(long):
    """Somebody new whose first visit is booked, and not held yet."""
    user = make.user()
    make.appointment(
        patient=make.patient(user=user, legal_first_name="Noor"),
        service=Service.objects.get(slug="first-visit"),
        starts_at=NOW + timedelta(days=5),
    )
    return user


def link_to(session):
    return f'href="/my/appointments/{session.code}/"'


def test_whoever_has_a_first_visit_ahead_reads_when_the_rest_opens_and_finds_it(newcomer):
    client, [first] = make.client_for(newcomer), Appointment.objects.all()
    page = client.get(LONG)
    assert "Once the first visit has been held, you can book this here too." in words(page)
    assert link_to(first) in page.content.decode()
    assert "Begin with one of these" not in words(page)
    assert FOR_KNOWN in words(client.post(LONG, TIME, follow=True))
    with time_machine.travel(first.ends_at, tick=False):
        later = make.client_for(newcomer).get(f"{LONG}?psychologist=mai")
        assert 'name="time"' in later.content.decode()


def test_a_second_first_visit_leads_to_the_one_that_is_booked(newcomer):
    [first] = Appointment.objects.all()
    page = make.client_for(newcomer).get("/book/first-visit/")
    assert "One first visit is booked at a time." in words(page)
    assert link_to(first) in page.content.decode()
    client = Client()
    assert "One first visit is booked at a time." not in words(client.get("/book/first-visit/"))
    client.post("/book/first-visit/", TIME)
    client.force_login(newcomer)
    confirming = client.get("/book/first-visit/confirm/")
    assert "Noor has a first visit ahead already." in words(confirming)
    assert link_to(first) in confirming.content.decode()


def test_who_has_a_first_visit_ahead_of_several_people_is_told_where_it_is_in_the_way(newcomer):
    make.carer(user=newcomer, patient=seen_before().patient)
    client, first = make.client_for(newcomer), Appointment.objects.get(status=Status.BOOKED)
    client.post(LONG, TIME)
    page = client.get(HELD)
    assert "Noor can book it after the first visit." in words(page)
    assert link_to(first) in page.content.decode()
