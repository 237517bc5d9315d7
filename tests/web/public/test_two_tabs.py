"""Confirm books what its page shows: another tab, an old page or a new price never decide what that is."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from portal.appointments.models import Appointment, Status
from portal.clinic.models import ClinicSettings, Service
from portal.common.access.actors import Actor
from portal.patients.models import Patient
from portal.policies import publishing
from portal.policies.models import PolicyKind, PolicySettings
from tests import make
from tests.web.public.held import send, shown_by, shown_on

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)  # Monday, 9 am in Melbourne
TYPED = {"who": "me", "legal_first_name": "Noor", "date_of_birth": "23/4/1990", "phone": "0491 570 006"}
LATER = NOW + timedelta(minutes=11)


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def mai(db):
    make.clinic(hold_minutes=10)
    mai = make.psychologist(slug="mai", phone=True)
    make.week(psychologist=mai, location=make.location(slug="brunswick"))
    make.week(psychologist=make.psychologist(slug="tom"), location=make.location(slug="carlton"))
    make.service(slug="session", name="Session", minutes=50, fee="220.00", phone=True)
    make.service(slug="long", name="Long session", minutes=80, fee="300.00", phone=True)
    return mai


@pytest.fixture
def client(mai):
    return make.client_for(make.user())


def press(client, *, service="session", hour=0, psychologist="mai", mode="in_person", place="brunswick"):
    time = f"2026-12-01T{hour:02d}:00Z {place}"
    path = reverse("public:times", args=[service])
    return client.post(path, {"time": time, "psychologist": psychologist, "mode": mode})["Location"]


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def live():
    return [(a.status, a.service.slug, a.starts_at.hour) for a in Appointment.objects.select_related("service")]


@pytest.mark.parametrize(
    "second",
    [
        {"hour": 2},
        {"service": "long"},
        {"mode": "video"},
        {"psychologist": "tom", "place": "carlton"},
        {"service": "long", "hour": 3, "psychologist": "tom", "mode": "video", "place": "carlton"},
    ],
    ids=["time", "service", "way", "psychologist and place", "all"],
)
def test_the_first_tabs_confirm_books_nothing_once_a_second_tab_holds_something_else(client, second):
    first_page = press(client)
    first = shown_on(client, first_page)
    second_page = press(client, **second)
    refused = client.post(first_page, first | TYPED)
    assert refused.status_code == 409
    assert [status for status, *_ in live()] == [Status.HELD]
    assert not Patient.objects.exists()
    held = Appointment.objects.get()
    assert "You hold another time now, so nothing was booked" in words(refused)
    # Both are named, what was typed stays, and Confirm on this page is for what is held.
    assert "That page showed Tuesday 1 December 2026, 11:00 am" in words(refused)
    assert refused.context["details"]["legal_first_name"].value() == "Noor"
    assert f'action="{second_page}"' in refused.content.decode()
    assert refused.context["held"].pk == held.pk
    client.post(second_page, shown_by(refused) | TYPED)
    held.refresh_from_db()
    assert held.status == Status.BOOKED


def test_one_press_takes_the_first_tabs_time_again(client):
    first_page = press(client)
    first = shown_on(client, first_page)
    press(client, service="long", hour=3)
    refused = client.post(first_page, first | TYPED)
    again = re.search(r'formaction="([^"]+)" name="again" value="([^"]+)"', refused.content.decode())
    assert again
    page = client.post(again[1], shown_by(refused) | TYPED | {"again": again[2]})
    assert page.status_code == 200
    assert live() == [(Status.HELD, "session", 0)]
    assert page.context["details"]["legal_first_name"].value() == "Noor"
    assert client.post(first_page, shown_by(page) | TYPED).status_code == 302
    assert live() == [(Status.BOOKED, "session", 0)]


def test_the_same_time_chosen_again_in_a_second_tab_is_what_the_first_one_shows(client):
    page = press(client)
    first = shown_on(client, page)
    press(client, hour=2)
    press(client)
    assert client.post(page, first | TYPED).status_code == 302
    assert live() == [(Status.BOOKED, "session", 0)]


def test_a_page_that_names_nothing_books_nothing(client):
    page = press(client)
    assert client.post(page, TYPED).status_code == 409
    assert client.post(page, {"hold": "x", "chosen": "\x00", "shown": "y" * 90} | TYPED).status_code == 409
    assert live() == [(Status.HELD, "session", 0)]


def test_the_address_of_another_service_leads_to_what_is_held(client):
    first_page = press(client)
    second_page = press(client, service="long", hour=3)
    answer = client.get(first_page)
    assert (answer.status_code, answer["Location"]) == (302, second_page)
    assert "This is the time that you hold now." in words(client.get(second_page))


def test_a_price_that_has_changed_is_shown_before_it_is_agreed_to(client):
    Service.objects.update(tax_code="taxable")
    page = press(client)
    first = shown_on(client, page)
    ClinicSettings.objects.update(gst_registered=True, abn="51824753556")
    refused = client.post(page, first | TYPED)
    assert refused.status_code == 409
    assert "Something on this page has changed, so nothing was booked" in words(refused)
    assert "GST $22.00" in words(refused)
    assert live() == [(Status.HELD, "session", 0)]
    assert client.post(page, shown_by(refused) | TYPED).status_code == 302


def test_what_not_coming_costs_is_agreed_to_as_well(client):
    ClinicSettings.objects.update(late_fee_percent=50)
    PolicySettings.objects.update_or_create(pk=1, defaults={"no_show_percent": 80})
    page = press(client)
    shown = client.get(page)
    assert "cancelling costs $110.00. Not coming costs $176.00. Medicare pays nothing towards these fees." in words(
        shown
    )
    Appointment.objects.update(no_show_percent=100)
    refused = client.post(page, shown_by(shown) | TYPED)
    assert refused.status_code == 409
    assert "Not coming costs $220.00." in words(refused)


@pytest.mark.parametrize("change", [{"fee": "250.00"}, {"late_fee_percent": 100}], ids=["price", "terms"])
def test_a_hold_that_ran_out_comes_back_at_the_price_and_terms_that_were_shown_or_says_so(client, change):
    page = press(client)
    first = shown_on(client, page)
    model = Service if "fee" in change else ClinicSettings
    model.objects.update(**change)
    with time_machine.travel(LATER, tick=False):
        refused = client.post(page, first | TYPED)
        assert refused.status_code == 409
        assert "Something on this page has changed" in words(refused)
        assert live() == [(Status.HELD, "session", 0)]
        assert client.post(page, shown_by(refused) | TYPED).status_code == 302
    booked = Appointment.objects.get()
    assert (booked.fee, booked.late_fee_percent) == (
        Decimal(change.get("fee", "220.00")),
        50 + 50 * ("fee" not in change),
    )


def test_after_the_second_tab_booked_the_first_one_books_no_second_session(client):
    first_page = press(client)
    first = shown_on(client, first_page)
    second_page = press(client, hour=3)
    booked = send(client, second_page, TYPED)["Location"]
    answer = client.post(first_page, first | TYPED)
    assert answer["Location"] == booked
    assert "nothing more was booked" in words(client.get(booked))
    assert live() == [(Status.BOOKED, "session", 3)]


def test_back_to_a_page_that_was_confirmed_leads_to_its_booking_while_another_is_held(client):
    page = press(client)
    sent = shown_on(client, page) | TYPED
    booked = client.post(page, sent)["Location"]
    press(client, hour=3)
    assert client.post(page, sent)["Location"] == booked
    assert sorted(live()) == [(Status.BOOKED, "session", 0), (Status.HELD, "session", 3)]


def test_pressing_a_time_that_is_gone_keeps_the_one_that_is_held(client, mai):
    press(client)
    make.appointment(psychologist=mai, starts_at=datetime(2026, 12, 1, 3, 0, tzinfo=UTC))
    time = {"time": "2026-12-01T03:00Z brunswick", "psychologist": "mai", "mode": "in_person"}
    assert client.post("/book/session/", time).status_code == 409
    assert (Status.HELD, "session", 0) in live()
    assert client.get("/book/session/confirm/").status_code == 200


def test_a_time_that_overlaps_ones_own_hold_takes_its_place(client):
    press(client)
    page = press(client, service="long", hour=0)
    assert live() == [(Status.HELD, "long", 0)]
    assert send(client, page, TYPED).status_code == 302


def test_every_mistake_on_the_page_is_counted_and_named_at_once(client):
    for kind in PolicyKind:
        publishing.publish(kind=kind, effective_from=date(2026, 11, 23), by=Actor.system("test"), now=NOW)
    page = press(client)
    refused = send(client, page, TYPED | {"legal_first_name": "", "date_of_birth": "31/2/1990"})
    assert refused.status_code == 422
    summaries = re.findall(r'<div class="error-summary".*?</div>', refused.content.decode(), re.DOTALL)
    assert len(summaries) == 1
    assert "4 things need another look" in summaries[0]
    assert re.findall(r'href="#(\w+)"', summaries[0]) == [
        *("id_legal_first_name", "id_date_of_birth", "id_agree_privacy", "id_agree_fees"),
    ]


def test_the_price_is_read_before_an_account_is_asked_for(client):
    client.logout()
    page = client.get(press(client)).content.decode()
    assert page.index('id="price-heading"') < page.index("Make an account")
    assert "$220.00" in page


def test_the_way_back_from_a_hold_that_ran_out_keeps_person_way_and_week(client):
    page = client.get(press(client)).content.decode()
    found = re.search(r'data-over hidden>.*?href="([^"]+)"', page, re.DOTALL)
    assert html.unescape(found[1]) == "/book/session/?psychologist=mai&mode=in_person&week=2026-11-30"
