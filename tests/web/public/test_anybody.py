"""Whoever leaves the choice to the clinic sees who would hold each time, and for how much, before they choose it."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.appointments.models import Appointment
from tests import make

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)  # Monday, 9 am in Melbourne
TIMES, HELD = "/book/session/", "/book/session/confirm/"
ELEVEN = "2026-12-01T00:00Z brunswick"


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def service(db):
    make.clinic(hold_minutes=10)
    return make.service(slug="session", name="Session", fee="220.00")


def person(name, place, **fields):
    made = make.psychologist(slug=name.lower(), user=make.user(first_name=name, last_name="Lee"), title="", **fields)
    make.week(psychologist=made, location=place)
    return made


@pytest.fixture
def place(service):
    return make.location(slug="brunswick")


@pytest.fixture
def mai(place):
    return person("Mai", place)


@pytest.fixture
def tom(place, service):
    tom = person("Tom", place)
    make.own_fee(tom, service, "180.00")
    return tom


def buttons(client, **query):
    """What each time says, and what it sends, of the days from Monday 30 November to Thursday."""
    found = []
    for day in ("2026-11-30", "2026-12-01", "2026-12-02", "2026-12-03"):
        page = client.get(TIMES, {"mode": "in_person", "day": day} | query).content.decode()
        found += re.findall(r'<button class="time" name="time" value="([^"]+)" aria-label="([^"]+)">', page)
    return {value: html.unescape(label) for value, label in found}


def press(client, value, psychologist="any"):
    return client.post(TIMES, {"time": value, "psychologist": psychologist, "mode": "in_person"})


def test_each_time_names_who_would_hold_it_and_its_fee(client, mai, tom):
    make.appointment(psychologist=tom, starts_at=datetime(2026, 12, 1, 0, 0, tzinfo=UTC))
    labels = buttons(client)
    # Tom has more to do, but asks less: he comes first wherever both are free.
    assert labels[f"{ELEVEN} mai"] == "Tuesday 1 December 2026, 11:00 am, Mai Lee, $220.00"
    assert labels["2026-12-02T00:00Z brunswick tom"] == "Wednesday 2 December 2026, 11:00 am, Tom Lee, $180.00"
    assert "2026-12-02T00:00Z brunswick mai" not in labels
    assert (
        "Each time is with the psychologist who is free then and has the lowest fee."
        in client.get(TIMES).content.decode()
    )


def test_of_equal_fees_whoever_has_the_least_to_do_comes_first(client, mai, place):
    person("Ann", place)
    make.appointment(psychologist=mai, starts_at=datetime(2026, 12, 3, 0, 0, tzinfo=UTC))
    assert {value.split()[-1] for value in buttons(client) if not value.startswith("2026-12-03")} == {"ann"}
    assert "at the lowest fee" not in client.get(TIMES).content.decode()


def test_a_page_that_names_nobody_holds_with_whoever_asks_the_least(client, mai, tom):
    make.appointment(psychologist=tom, starts_at=datetime(2026, 12, 1, 4, 0, tzinfo=UTC))
    press(client, ELEVEN)
    assert Appointment.objects.latest("pk").psychologist == tom


@pytest.mark.parametrize("mode", ["video", "phone"])
def test_a_time_by_video_or_phone_is_at_no_place_and_offered_once(client, mai, service, mode):
    type(service).objects.update(phone=True, video=True)
    perth = make.location(slug="perth", name="Perth rooms", time_zone="Australia/Perth")
    carlton = make.location(slug="carlton", name="Carlton rooms")
    for made in (mai, person("Ann", carlton), person("Bo", perth)):
        type(made).objects.filter(pk=made.pk).update(phone=True, video=True)
    page = html.unescape(client.get(TIMES, {"mode": mode, "week": "2026-11-30"}).content.decode())
    shown = page[page.index('id="times"') :]
    assert "Carlton rooms" not in shown
    assert "Perth rooms" not in shown
    labels = [re.sub(r", (Mai|Ann|Bo) Lee", "", label) for label in buttons(client, mode=mode).values()]
    assert labels.count("Tuesday 1 December 2026, 11:00 am, Melbourne") == 1
    assert labels.count("Tuesday 1 December 2026, 11:00 am, Perth") == 1
    assert "Carlton rooms" in client.get(TIMES, {"mode": "in_person", "week": "2026-11-30"}).content.decode()


def test_where_all_cost_the_same_the_fee_stands_once_above(client, mai, place):
    person("Ann", place)
    assert buttons(client)[f"{ELEVEN} mai"] == "Tuesday 1 December 2026, 11:00 am, Mai Lee"
    assert "$220.00" in client.get(TIMES).content.decode()


def test_who_is_chosen_by_name_needs_no_name_on_each_time(client, mai, tom):
    assert buttons(client, psychologist="tom")[ELEVEN] == "Tuesday 1 December 2026, 11:00 am"


@pytest.mark.parametrize("who", ["mai", "tom"])
def test_the_time_is_held_with_whom_it_named(client, mai, tom, who):
    assert press(client, f"{ELEVEN} {who}")["Location"] == HELD
    held = Appointment.objects.get()
    assert (held.psychologist.slug, str(held.fee)) == (who, {"mai": "220.00", "tom": "180.00"}[who])


@pytest.mark.parametrize("value", [f"{ELEVEN} nobody", f"{ELEVEN} mai tom", f"{ELEVEN} \x00"])
def test_a_name_that_no_page_wrote_holds_nothing(client, mai, tom, value):
    press(client, value)
    assert not Appointment.objects.exists()


def test_of_two_people_on_one_time_the_second_is_offered_the_same_time_with_somebody_else(mai, tom):
    first, second = Client(), Client()
    press(first, f"{ELEVEN} mai")
    lost = press(second, f"{ELEVEN} mai")
    # Not held with another person at another price unasked.
    assert lost.status_code == 409
    assert [held.psychologist for held in Appointment.objects.all()] == [mai]
    page = html.unescape(lost.content.decode())
    panel = page[page.index('id="just-taken"') : page.index("</ul>", page.index('id="just-taken"'))]
    assert f'value="{ELEVEN} tom"' in panel
    assert "<small>Tom Lee</small>" in panel
    press(second, f"{ELEVEN} tom")
    assert {held.psychologist for held in Appointment.objects.all()} == {mai, tom}


def test_a_page_that_names_nobody_still_holds_with_whoever_is_free(client, mai, tom):
    make.appointment(psychologist=mai, starts_at=datetime(2026, 12, 1, 0, 0, tzinfo=UTC))
    press(client, ELEVEN)
    assert Appointment.objects.latest("pk").psychologist == tom


def test_naming_costs_one_query_however_many_there_are(client, mai, place):
    counts, week = [], {"mode": "in_person", "week": "2026-11-30"}
    for more in (1, 20):
        for n in range(more):
            person(f"P{more}{n}", place)
        client.get(TIMES, week)
        with CaptureQueriesContext(connection) as queries:
            client.get(TIMES, week)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    client.get(TIMES, week | {"psychologist": "mai"})
    with CaptureQueriesContext(connection) as queries:
        client.get(TIMES, week | {"psychologist": "mai"})
    assert len(queries) == counts[0] - 1
