"""The forms that wait in a patient's pages: filled in once, in their time, with whom to call where answers worry."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.journeys import measuring as journey
from portal.records import measuring
from portal.records.models import Measure
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LISTING = "/my/measures/"


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def mai():
    make.clinic()
    return make.patient(user=make.user(role=Role.PATIENT), legal_first_name="Mai")


@pytest.fixture
def by(mai):
    session = make.appointment(patient=mai, starts_at=NOW - timedelta(days=7))
    return Actor(session.psychologist.user, Role.PSYCHOLOGIST)


@pytest.fixture
def asked(mai, by):
    return journey.ask(patient=mai, instrument="phq9", by=by, now=NOW)


def page(measure):
    return reverse("patient:measure", args=[measure.code])


def answers(**other):
    return {f"item_{number}": "0" for number in range(1, 10)} | other


def test_what_waits_is_on_the_home_page_and_in_the_list(mai, asked):
    browser = make.client_for(mai.user)
    assert "There is a short form for you to fill in." in browser.get("/my/").text
    shown = browser.get(LISTING).text
    assert page(asked) in shown
    assert "PHQ" not in shown


def test_it_is_filled_in_and_thanked_for(mai, asked):
    browser = make.client_for(mai.user)
    form = browser.get(page(asked)).text
    assert "Nobody watches this form as you fill it in." in form
    assert form.count('type="radio"') == 9 * 4 + 4
    sent = browser.post(page(asked), answers(item_1="3", unscored="1"))
    assert (sent.status_code, sent["Location"]) == (302, page(asked))
    asked.refresh_from_db()
    assert (asked.scores, asked.answers["unscored"]) == ({"total": 3}, 1)
    thanks = browser.get(page(asked)).text
    assert "reads your answers before you next talk" in thanks
    # Neither the score nor what it is called, until the psychologist shows it.
    assert "minimal" not in thanks
    assert "3 of 27" not in thanks


def test_an_item_without_an_answer_is_named_and_the_others_are_kept(mai, asked):
    browser = make.client_for(mai.user)
    sent = browser.post(page(asked), {**answers(item_1="2"), "item_4": "", "item_5": "9", "item_6": "x"})
    assert sent.status_code == 422
    assert "3 things need another look" in sent.text
    assert len(re.findall(r'type="radio"[^>]* checked', sent.text)) == 6
    asked.refresh_from_db()
    assert not asked.is_answered


def test_answers_that_worry_show_whom_to_call_at_once(mai, asked):
    browser = make.client_for(mai.user)
    browser.post(page(asked), answers(item_9="1"))
    thanks = browser.get(page(asked)).text
    assert "things may be very hard right now" in thanks
    assert "tel:131114" in thanks
    assert "9" not in thanks.partition("<title>")[2].partition("</title>")[0]


def test_sent_twice_the_first_stands(mai, asked):
    browser = make.client_for(mai.user)
    browser.post(page(asked), answers(item_1="1"))
    again = browser.post(page(asked), answers(item_1="3"))
    assert again.status_code == 302
    assert Measure.objects.get().scores == {"total": 1}


def test_an_old_page_of_one_that_is_not_asked_any_more_sends_nothing(mai, by, asked):
    browser = make.client_for(mai.user)
    journey.withdraw(measure=asked, by=by, now=NOW)
    for answer in (browser.get(page(asked), follow=True), browser.post(page(asked), answers(), follow=True)):
        assert "This form is not asked for any more. Nothing was sent." in answer.text
    assert "Nothing to fill in" in browser.get(LISTING).text
    assert not Measure.objects.answered().exists()


def test_after_its_time_it_takes_no_answer(mai, asked):
    with time_machine.travel(asked.open_until, tick=False):
        answer = make.client_for(mai.user).post(page(asked), answers(), follow=True)
    assert "This form is not asked for any more. Nothing was sent." in answer.text


def test_nobody_else_opens_it(mai, asked):
    for other in (make.patient(user=make.user(role=Role.PATIENT)).user, make.carer(patient=mai).user):
        browser = make.client_for(other)
        assert browser.get(page(asked)).status_code == 404
        assert browser.post(page(asked), answers()).status_code == 404
        assert page(asked) not in browser.get(LISTING).text


def test_a_childs_carer_answers_for_them(by):
    child = make.patient(date_of_birth=NOW.date() - timedelta(days=3000), legal_first_name="Linh")
    make.appointment(patient=child, psychologist=by.person.psychologist, starts_at=NOW - timedelta(days=8))
    carer = make.carer(patient=child).user
    asked = journey.ask(patient=child, instrument="phq9", by=by, now=NOW)
    browser = make.client_for(carer)
    assert "How Linh" in browser.get(page(asked)).text
    assert browser.post(page(asked), answers()).status_code == 302
    assert Measure.objects.get().answered_by == carer


def test_a_result_is_seen_once_it_is_shown(mai, by, asked):
    browser = make.client_for(mai.user)
    browser.post(page(asked), answers(item_1="3"))
    measuring.release(measure=asked, by=by, now=NOW)
    assert "3 of 27" in browser.get(page(asked)).text
    assert "with its result" in browser.get(LISTING).text
