"""Outcome measures and worrying answers as a psychologist works with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.journeys import alerting
from portal.journeys import measuring as journey
from portal.notifications.models import Notice
from portal.records.models import Measure, MeasurePlan, RiskAlert
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def session():
    make.clinic(alert_minutes=60)
    mai = make.patient(user=make.user(role=Role.PATIENT), legal_first_name="Mai")
    return make.appointment(patient=mai, starts_at=NOW - timedelta(days=30))


@pytest.fixture
def browser(session):
    return make.client_for(session.psychologist.user)


def page(session):
    return reverse("psychologist:measures", args=[session.patient.code])


def answered(session, total, *, days=0, instrument="phq9"):
    """Answers that add up to `total`, so many days before."""
    at = NOW - timedelta(days=days)
    by = Actor(session.psychologist.user, Role.PSYCHOLOGIST)
    given, left = {}, total
    for item in range(1, 9):
        given[item] = min(3, left)
        left -= given[item]
    given[9] = left
    asked = journey.ask(patient=session.patient, instrument=instrument, by=by, now=at)
    journey.answer(measure=asked, given=given, by=Actor(session.patient.user, Role.PATIENT), now=at)
    return Measure.objects.get(pk=asked.pk)


def alert_of(session):
    answered(session, 25)
    return RiskAlert.objects.get()


def test_one_is_asked_for_and_not_any_more(session, browser):
    shown = browser.get(page(session)).text
    assert "Nothing was answered yet" in shown
    browser.send(page(session), {"instrument": "k10", "when": "once"})
    measure = Measure.objects.get()
    assert "can be answered until 8 Dec 2026" in browser.get(page(session)).text
    for _n in range(2):
        assert browser.post(reverse("psychologist:withdraw_measure", args=[measure.code])).status_code == 302
    assert "can be answered until" not in browser.get(page(session)).text
    assert Notice.objects.get(template="form_waiting").state == "withdrawn"


@pytest.mark.parametrize(("when", "every", "at"), [("2", 2, []), ("at", None, [1, 6, 10])])
def test_one_is_planned_and_stopped(session, browser, when, every, at):
    browser.send(page(session), {"instrument": "who5", "when": when})
    plan = MeasurePlan.objects.get()
    assert (plan.every, plan.at_sessions) == (every, at)
    assert "Planned" in browser.get(page(session)).text
    browser.post(reverse("psychologist:end_measure_plan", args=[plan.code]))
    assert MeasurePlan.objects.get().ended_at == NOW


def test_whoever_has_no_account_is_said_to_have_none(session, browser):
    type(session.patient).objects.filter(pk=session.patient_id).update(user=None)
    answer = browser.send(page(session), {"instrument": "k10", "when": "once"}, follow=True)
    assert "Nobody signs in for them yet" in answer.text


def test_scores_are_charted_with_how_they_changed(session, browser):
    for total, days in ((21, 20), (15, 10), (9, 1)):
        answered(session, total, days=days)
    shown = browser.get(page(session)).text
    assert "9 of 27: mild" in shown
    assert "−6 since the time before" in shown
    assert "−12 since the first" in shown
    assert shown.count("reliably better") == 2
    assert shown.count('class="dot"') == 3
    # Nothing of it in the title, nor in the address.
    assert "<title>Measures" in shown
    assert Entry.objects.filter(verb="measures.read").count() == 1


def test_one_is_opened_and_shown_to_the_patient(session, browser):
    measure = answered(session, 5)
    shown = browser.get(reverse("psychologist:measure", args=[measure.code])).text
    assert "5 of 27" in shown
    assert "Kroenke, Spitzer and Williams" in shown
    assert Entry.objects.filter(verb="measure.read").count() == 1
    browser.post(reverse("psychologist:release_measure", args=[measure.code]))
    assert Measure.objects.get().released_by == session.psychologist.user


def test_paper_is_entered(session, browser):
    address = reverse("psychologist:enter_measure", args=[session.patient.code, "d"])
    form = {"answered_on": "20/11/2026", **{f"item_{n}": "1" for n in range(1, 8)}}
    assert browser.send(address, form | {"answered_on": "25/11/2026"}).status_code == 422
    browser.send(address, form)
    measure = Measure.objects.get()
    assert (measure.instrument, measure.how, measure.scores) == ("gad7", "paper", {"total": 7})
    assert measure.answered_at.astimezone(session.zone).date().isoformat() == "2026-11-20"
    for nothing in ("f", "gad7"):
        address = reverse("psychologist:enter_measure", args=[session.patient.code, nothing])
        assert browser.get(address).status_code == 404


def test_who_does_not_treat_them_opens_nothing(session):
    measure, alert = answered(session, 25), RiskAlert.objects.get()
    for who, status in (
        (make.psychologist().user, 404),
        (make.staff(Role.MANAGER), 403),
        (make.staff(Role.RECEPTION), 403),
        (session.patient.user, 403),
    ):
        other = make.client_for(who)
        for name, code in (
            ("measures", session.patient.code),
            ("measure", measure.code),
            ("alert", alert.code),
        ):
            assert other.get(reverse(f"psychologist:{name}", args=[code])).status_code == status


def test_a_worrying_answer_is_looked_at_and_ended(session, browser):
    alert = alert_of(session)
    address = reverse("psychologist:alert", args=[alert.code])
    assert "Answers to look at today" in browser.get("/practice/to-do/").text
    assert address in browser.get(reverse("psychologist:patient", args=[session.patient.code])).text
    shown = browser.get(address).text
    assert "Question 9, “Thoughts that you would be better off dead" in shown
    assert "PHQ" not in shown.partition("<title>")[2].partition("</title>")[0]
    for _n in range(2):
        browser.post(reverse("psychologist:see_alert", args=[alert.code]))
    end = reverse("psychologist:end_alert", args=[alert.code])
    assert browser.post(end, {"done": "  \n"}).status_code == 422
    assert browser.post(end, {"done": "Rang Mai; safe."}).status_code == 302
    # A double click is one; other words are shown beside those that stand.
    assert browser.post(end, {"done": "Rang Mai; safe."}).status_code == 302
    late = browser.post(end, {"done": "Rang her sister."})
    assert late.status_code == 409
    assert "Rang her sister." in late.text
    assert "Rang Mai; safe." in late.text
    assert "Answers to look at today" not in browser.get("/practice/to-do/").text


def test_a_manager_reads_whom_to_ring_and_not_whose_answers(session):
    alert_of(session)
    alerting.go_round(by=Actor.system("worklist"), now=NOW + timedelta(minutes=61))
    manager = make.client_for(make.staff(Role.MANAGER))
    with time_machine.travel(NOW + timedelta(minutes=62), tick=False):
        shown = manager.get("/manage/to-do/").text
    assert "Answers to look at today" in shown
    assert session.psychologist.user.name in shown
    assert session.patient.name not in shown


def test_the_page_asks_as_much_of_many_as_of_few(session, browser):
    answered(session, 3, days=20)

    def queries():
        with CaptureQueriesContext(connection) as run:
            assert browser.get(page(session)).status_code == 200
        return len(run)

    queries()
    few = queries()
    for days in range(19, 4, -1):
        answered(session, 3, days=days)
    assert queries() <= few
