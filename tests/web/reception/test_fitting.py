"""From an empty time of the calendar: who waits for it, in which order and why; booking and asking them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.appointments.models import Appointment, Offer, Status, Vacancy
from portal.notifications.models import Notice
from portal.web.reception.views import fitting
from tests import make
from tests.web.reception.conftest import NOW

pytestmark = pytest.mark.django_db
# A Wednesday, ten in the morning there.
TEN = NOW + timedelta(hours=23)
HOUR = timedelta(hours=1)


@pytest.fixture
def time(place):
    return f"{TEN:%Y-%m-%dT%H:%MZ} {place.location.slug} {place.psychologist.slug}"


def page(time):
    return f"{reverse('reception:fits')}?{urlencode({'time': time})}"


def waits(place, days, **fields):
    return make.waiting(**{"service": place.service, "joined_at": NOW - timedelta(days=days)} | fields)


def order(response):
    return [each.line.entry.pk for each in response.context["lines"]]


def test_urgent_first_then_who_waits_longest_and_nobody_whom_it_does_not_suit(desk, place, time):
    short, long, urgent = waits(place, 2), waits(place, 9), waits(place, 1, urgent=True)
    waits(place, 20, parts=4)
    waits(place, 20, psychologists=[make.psychologist()])
    response = desk.get(page(time))
    assert order(response) == [urgent.pk, long.pk, short.pk]
    shown = response.content.decode()
    for words in ("waits 9 days", "Urgent", "anybody who is free", long.patient.name):
        assert words in shown


def test_two_of_one_name_are_told_apart_by_their_birth_dates_wherever_they_are_pressed(desk, place, time):
    for year in (1951, 1990):
        jordan = make.patient(
            legal_first_name="Jordan", legal_last_name="Reid", preferred_name="", date_of_birth=date(year, 4, 23)
        )
        entry = waits(place, 3, patient=jordan)
        make.offer(entry=entry)
    book = f"{reverse('reception:book_whom')}?{urlencode({'time': time})}"
    for address in (page(time), book, reverse("reception:waitlist"), reverse("reception:offers")):
        shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", desk.get(address).content.decode()))
        for year in (1951, 1990):
            assert f"Jordan Reid born 23 Apr {year}" in shown, address


def test_many_who_wait_stand_on_pages(desk, place, time, monkeypatch):
    monkeypatch.setattr(fitting, "PER_PAGE", 2)
    entries = [waits(place, days) for days in (9, 5, 2)]
    assert order(desk.get(page(time))) == [entry.pk for entry in entries[:2]]
    assert order(desk.get(f"{page(time)}&page=2")) == [entries[2].pk]


def test_as_many_queries_for_twenty_as_for_two(desk, place, time):
    """Whoever they are: with an account, cared for, with sessions of their own, for a service that is not for all."""
    known = make.service(minutes=50, who_books="known")

    def add(n):
        cared_for = make.patient(email="")
        make.carer(patient=cared_for, user=make.user())
        waits(place, n, patient=cared_for)
        own = make.appointment(psychologist=place.psychologist, status="completed", starts_at=NOW - n * HOUR)
        waits(place, n, patient=own.patient, service=known)
        waits(place, n, patient=make.patient(email=""), service=known)

    def counted():
        desk.get(page(time))
        with CaptureQueriesContext(connection) as run:
            response = desk.get(page(time))
        return len(run), [line.obstacle for line in response.context["lines"]]

    add(2)
    few, obstacles = counted()
    assert Counter(obstacles) == Counter({"": 2, "No e-mail address is known: ring them.": 1})
    for n in range(3, 8):
        add(n)
    many, obstacles = counted()
    assert (len(obstacles), many) == (18, few)


def test_the_calendars_empty_half_hour_names_three_in_turn_and_leads_here(desk, place, time):
    booking = f"{reverse('reception:book_whom')}?{urlencode({'time': time})}"
    assert page(time) not in desk.get(booking).text
    people = [waits(place, days).patient for days in (2, 9, 5, 7)]
    shown = desk.get(booking).text
    assert page(time) in shown
    assert "See all 4" in shown
    links = [shown.find(f"{reverse('reception:book_here', args=[person.code])}?") for person in people]
    newest, longest, third, second = links
    assert newest == -1
    assert 0 < shown.index('id="whom"') < longest < second < third
    # Whom they look for by name is no reason to ask again who waits.
    answer = desk.post(booking, {"time": time, "q": "Ash"}, headers={"HX-Request": "true", "HX-Target": "whom"})
    assert page(time) not in answer.text


def test_asking_keeps_the_time_for_them_and_says_so_to_who_looks_next(desk, place, time):
    entry, other = waits(place, 9), waits(place, 2)
    said = {"time": time, "entry": str(entry.code)}
    assert desk.post(reverse("reception:offer_time"), said).url == reverse("reception:offers")
    offer = Offer.objects.get()
    assert (offer.entry, offer.starts_at, offer.offered_by) == (entry, TEN, desk.user)
    assert Appointment.objects.holds().get().starts_at == TEN
    assert [notice.to for notice in Notice.objects.filter(template="waitlist_offer")] == [entry.patient.email]
    # Pressed again, or for the next, nobody else is asked meanwhile.
    for person in (entry, other):
        desk.post(reverse("reception:offer_time"), {"time": time, "entry": str(person.code)})
    assert Offer.objects.count() == 1
    assert Vacancy.objects.count() == 1
    assert entry.patient.name in desk.get(page(time)).content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"patient": {"email": ""}}, "No e-mail address is known"),
        ({"busy": True}, "They have another session at that time."),
        ({"service": {"online": False}}, "book it for them"),
    ],
)
def test_what_keeps_somebody_from_a_link_is_said_and_they_can_still_be_booked(desk, place, time, fields, words):
    patient = make.patient(**fields.get("patient", {}))
    if fields.get("busy"):
        make.appointment(patient=patient, starts_at=TEN)
    service = make.service(minutes=50, **fields["service"]) if "service" in fields else place.service
    entry = waits(place, 3, patient=patient, service=service)
    shown = desk.get(page(time)).content.decode()
    assert words in shown
    assert reverse("reception:book_here", args=[patient.code]) in shown
    assert "Offer by e-mail" not in shown
    response = desk.post(reverse("reception:offer_time"), {"time": time, "entry": str(entry.code)}, follow=True)
    assert "Nobody was asked." in response.content.decode()
    assert not Offer.objects.exists()
    assert not Vacancy.objects.exists()


def test_a_time_that_is_taken_by_now_helps_nobody(desk, place, time):
    entry = waits(place, 3)
    place.session(hours=23)
    assert order(desk.get(page(time))) == []
    desk.post(reverse("reception:offer_time"), {"time": time, "entry": str(entry.code)})
    assert not Offer.objects.exists()


@pytest.mark.parametrize("bad", ["", "x", "2026-11-24T23:00Z nowhere nobody", "9999-12-31T23:00Z a b"])
def test_an_address_that_no_calendar_wrote(desk, place, bad):
    assert desk.get(page(bad)).status_code == 404
    assert desk.post(reverse("reception:offer_time"), {"time": bad}).status_code == 404


def test_nobody_is_asked_who_left_the_list_meanwhile(desk, place, time):
    entry = waits(place, 3, ended_at=NOW, ended_why="left")
    said = {"time": time, "entry": str(entry.code)}
    assert desk.post(reverse("reception:offer_time"), said).status_code == 404


def test_who_thinks_about_another_time_is_not_asked_and_the_page_says_why(desk, place, time):
    entry = waits(place, 3)
    other = place.session(hours=50, status=Status.CANCELLED)
    make.offer(vacancy=make.vacancy(session=other), entry=entry)
    response = desk.get(page(time))
    assert "Another time is offered to them" in response.content.decode()
    assert "Offer by e-mail" not in response.content.decode()
    said = desk.post(reverse("reception:offer_time"), {"time": time, "entry": str(entry.code)}, follow=True)
    assert "Nobody was asked. Another time is offered to them" in said.content.decode()
