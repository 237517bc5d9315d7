"""Readers are offered the ways in which each psychologist meets people, and no other."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.appointments.models import Appointment, Status
from portal.clinic.models import Psychologist, Service
from portal.journeys import booking
from tests import make
from tests.web.public.held import shown_on

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)  # Monday, 9 am in Melbourne
TIMES = "/book/session/"
HELD = "/book/session/confirm/"


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def place(db):
    make.clinic(notice_hours=0, hold_minutes=10)
    return make.location(slug="brunswick", name="Brunswick")


@pytest.fixture
def session(place):
    return make.service(slug="session", name="Session", fee="220.00", minutes=50)


def person(place, name, **fields):
    made = make.psychologist(user=make.user(first_name=name, last_name="Lee"), slug=name.lower(), title="", **fields)
    make.week(psychologist=made, location=place)
    return made


@pytest.fixture
def mai(place, session):
    return person(place, "Mai")


@pytest.fixture
def wei(place, session):
    """By video alone: the service is given in person too."""
    return person(place, "Wei", in_person=False, phone=False)


def withdraw(psychologist, *ways):
    Psychologist.objects.filter(pk=psychologist.pk).update(**dict.fromkeys(ways, False))


def names(response):
    return {found.person.slug for found in response.context["people"]}


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def select(response, name):
    found = re.search(rf'<select id="{name}".*?</select>', response.content.decode(), re.DOTALL)
    return re.findall(r'value="([^"]*)"', found.group()) if found else []


def press(client, **fields):
    return client.post(TIMES, {"time": "2026-12-01T00:00Z brunswick", "psychologist": "any"} | fields)


# ---- Finding ---------------------------------------------------------------------------------------------------------


def test_the_filter_finds_who_meets_people_that_way(client, mai, wei):
    assert names(client.get("/psychologists/")) == {"mai", "wei"}
    assert names(client.get("/psychologists/?mode=video")) == {"mai", "wei"}
    response = client.get("/psychologists/?mode=in_person&topic=")
    assert names(response) == {"mai"}
    assert [(chip.label, chip.count) for chip in response.context["chips"]] == [("In person", 2)]


def test_a_way_that_nobody_meets_people_in_is_no_choice(client, wei):
    assert select(client.get("/psychologists/"), "mode") == []
    Psychologist.objects.filter(pk=wei.pk).update(phone=True, video=False)
    # Not even the service is given by phone: there is nothing that could be booked with them.
    response = client.get("/psychologists/")
    assert [(found.services, found.modes, found.times) for found in response.context["people"]] == [([], [], [])]


def test_who_meets_nobody_in_person_stands_at_no_place(client, mai, wei):
    here, elsewhere = client.get("/psychologists/?location=brunswick"), make.location(slug="elsewhere")
    make.hours(psychologist=wei, location=elsewhere, weekday=6)
    assert names(here) == {"mai"}
    response = client.get("/psychologists/")
    assert select(response, "location") == []
    card = re.search(
        r'<article class="card person">(?:(?!<article).)*Wei Lee.*?</article>', response.content.decode(), re.S
    )
    assert "Brunswick" not in card.group()
    assert "How: Video" in text(card.group()).replace(" :", ":")


@pytest.mark.parametrize(
    "path", ["/", "/psychologists/?mode=video", "/services/", "/book/", "/book/session/?mode=video"]
)
def test_as_many_queries_for_thirty_as_for_one(client, place, session, path):
    counts = []
    # From two on: of whoever is free, the times name who has the least to do.
    for more in (2, 28):
        for _ in range(more):
            made = make.psychologist(in_person=False, services=(session,))
            make.week(psychologist=made, location=place)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


# ---- A profile -------------------------------------------------------------------------------------------------------


def test_a_profile_names_the_ways_its_fees_are_for(client, wei):
    response = client.get("/psychologists/wei/?mode=in_person")
    profile, page = response.context["profile"], text(response.content.decode())
    assert (profile.mode, profile.modes, profile.ways) == ("video", ["video"], ["video"])
    assert [(fee.modes, fee.items) for fee in profile.fees] == [(["video"], ["91167"])]
    assert "In person" not in page
    assert profile.places == []
    assert profile.times
    assert 'name="mode" value="video"' in response.content.decode()


def test_what_they_share_no_way_with_costs_nothing_there(client, wei):
    make.service(name="Walk in the park", video=False)
    assert [fee.service.name for fee in client.get("/psychologists/wei/").context["profile"].fees] == ["Session"]


# ---- Before booking --------------------------------------------------------------------------------------------------


def test_services_name_the_ways_that_somebody_gives_them_in(client, wei):
    for path in ("/", "/services/", "/book/"):
        page = text(client.get(path).content.decode())
        assert ("Video" in page, "In person" in page) == (True, False), path
    person(wei.hours.first().location, "Mai")
    for path in ("/", "/services/", "/book/"):
        assert "In person" in text(client.get(path).content.decode()), path
    assert "In person" not in text(client.get("/book/?psychologist=wei").content.decode())


def test_the_front_page_promises_video_if_somebody_gives_it(client, mai):
    words = "By video, anywhere in Australia"
    assert words in client.get("/").content.decode()
    withdraw(mai, "video")
    assert words not in client.get("/").content.decode()


def test_a_time_of_the_front_page_is_held_as_its_psychologist_gives_it(client, wei):
    page = client.get("/").content.decode()
    form = re.search(r'<form method="post" action="/book/session/">.*?</form>', page, re.DOTALL).group()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    value = re.search(r'name="time" value="([^"]*)"', form).group(1)
    assert "Video" in text(form)
    assert client.post(TIMES, fields | {"time": value}).url == HELD
    held = Appointment.objects.get()
    assert (held.mode, held.psychologist) == ("video", wei)


# ---- Choosing a time -------------------------------------------------------------------------------------------------


def test_anybody_in_one_way_is_who_gives_it_so(client, mai, wei):
    withdraw(mai, "video")
    for mode, expected in (("in_person", mai), ("video", wei)):
        response = client.get(TIMES, {"mode": mode, "psychologist": "any", "week": "2026-11-30"})
        times = [free for day in response.context["week"].days for free in day.times]
        assert times
        assert {p for free in times for p in free.psychologists} == {expected}


def test_without_a_way_the_psychologists_own_first_one_is_shown(client, mai, wei):
    assert client.get(TIMES).context["mode"] == "in_person"
    response = client.get(TIMES, {"psychologist": "wei"})
    assert (response.context["mode"], response.context["week"].is_empty) == ("video", False)
    assert select(response, "mode") == ["in_person", "video"]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-Target": "times"}])
def test_a_way_they_do_not_give_is_explained_with_the_others(client, mai, wei, headers):
    response = client.get(TIMES, {"psychologist": "wei", "mode": "in_person", "week": "2026-11-30"}, headers=headers)
    page = response.content.decode()
    assert response.status_code == 200
    assert "Wei Lee doesn&#x27;t meet people this way" in page or "Wei Lee doesn't meet people this way" in page
    assert 'href="?psychologist=wei&amp;mode=video&amp;week=2026-11-30"' in page
    assert 'href="?psychologist=any&amp;mode=in_person&amp;week=2026-11-30"' in page
    assert "No free times this week" not in page
    assert 'name="time"' not in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"psychologist": "wei", "mode": "in_person"}, "Wei Lee doesn't meet people this way"),
        ({"psychologist": "wei", "mode": "phone"}, "Wei Lee doesn't meet people this way"),
        ({"psychologist": "any", "mode": "phone"}, "Nobody here meets people this way"),
    ],
)
def test_a_forged_way_is_refused_in_plain_words(client, mai, wei, fields, words):
    response = press(client, **fields)
    assert response.status_code == 409
    assert words in response.content.decode()
    assert "just taken" not in response.content.decode()
    assert not Appointment.objects.exists()


def test_a_page_from_before_the_way_was_withdrawn_holds_nothing_else(client, wei):
    """Nobody gives it in person any more: the time must not quietly become one by video."""
    assert press(client, psychologist="any", mode="in_person").status_code == 409
    assert not Appointment.objects.exists()


def test_the_price_is_of_those_who_give_it_that_way(client, mai, wei):
    make.own_fee(wei, Service.objects.get(), "150.00")
    price = client.get(TIMES, {"mode": "in_person"}).context["price"]
    assert (price.lowest, price.highest) == (220, 220)
    price = client.get(TIMES, {"mode": "video"}).context["price"]
    assert (price.lowest, price.highest) == (150, 220)


# ---- Confirming ------------------------------------------------------------------------------------------------------


def test_a_way_withdrawn_while_they_typed_is_said_and_not_booked(client, mai):
    user = make.user()
    patient = make.patient(user=user)
    assert press(client, mode="in_person").url == HELD
    client.force_login(user)
    shown = shown_on(client, HELD)
    withdraw(mai, "in_person")
    response = client.post(HELD, shown | {"who": str(patient.code)})
    assert response.status_code == 409
    assert "This way of meeting is no longer offered." in response.content.decode()
    assert Appointment.objects.get().status == Status.HELD


def test_a_hold_that_is_gone_is_not_made_again_in_a_withdrawn_way(client, mai):
    press(client, mode="in_person")
    Appointment.objects.all().delete()
    assert client.get(HELD).status_code == 409  # it ran out, and says so
    withdraw(mai, "in_person")
    assert client.get(HELD).url == TIMES


# ---- What was booked before ------------------------------------------------------------------------------------------


def test_a_patient_reads_and_moves_what_was_agreed(client, mai, session, place):
    user = make.user()
    starts = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
    booked = make.appointment(
        patient=make.patient(user=user), psychologist=mai, service=session, location=place, starts_at=starts
    )
    assert booked.mode == "in_person"
    withdraw(mai, "in_person")
    client.force_login(user)
    assert client.get(reverse("patient:appointment", args=[booked.code])).status_code == 200
    url = reverse("patient:reschedule", args=[booked.code])
    week = client.get(url).context["week"]
    assert not week.is_empty
    assert client.post(url, {"time": "2026-12-02T00:00Z brunswick", "seen": booked.seen_as}).status_code == 302
    booked.refresh_from_db()
    assert (booked.starts_at.day, booked.mode) == (2, "in_person")
    # And the notice of the move was written.
    booking.notify(booked, "appointment_moved", now=NOW)
