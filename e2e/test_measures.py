"""A measure from its asking to its chart, on a phone; and answers that worry, from the form to what was done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.records.models import RiskAlert
from tests import make

pytestmark = pytest.mark.look


@pytest.fixture
def session(portal) -> Appointment:
    patient = make.patient(user=make.user(first_name="Tama", last_name="Reihana"), legal_first_name="Tama")
    mai = make.psychologist(user=make.user(first_name="Mai", last_name="Ta", role=Role.PSYCHOLOGIST))
    start = timezone.now().replace(second=0, microsecond=0) - timedelta(days=3)
    return make.appointment(patient=patient, psychologist=mai, starts_at=start)


def test_a_measure_is_asked_for_answered_charted_and_looked_at(
    page: Page, open_page, sign_in, session: Appointment
) -> None:
    sign_in(page, session.psychologist.user.email)
    page.goto(f"/practice/patients/{session.patient.code}/measures/")
    page.get_by_label("Measure").select_option("PHQ-9")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("Asked for. It waits in their pages for fourteen days.")).to_be_visible()

    phone = open_page()
    phone.set_viewport_size({"width": 390, "height": 800})
    sign_in(phone, session.patient.user.email)
    phone.goto("/my/")
    phone.get_by_role("link", name="Fill it in").click()
    phone.get_by_role("link", name="Fill it in").click()
    questions = phone.get_by_role("group")
    for number in range(8):
        questions.nth(number).get_by_label("Several days").check()
    phone.get_by_role("button", name="Send my answers").click()
    # One was left out: it is named, and the others are still chosen.
    expect(phone.get_by_text("One thing needs another look")).to_be_visible()
    expect(questions.nth(0).get_by_label("Several days")).to_be_checked()
    questions.nth(8).get_by_label("Several days").check()
    phone.get_by_role("button", name="Send my answers").click()
    expect(phone.get_by_text("things may be very hard right now")).to_be_visible()
    expect(phone.get_by_role("link", name="13 11 14").first).to_be_visible()

    page.goto("/practice/to-do/")
    page.get_by_role("link", name="Look at them").click()
    expect(page.get_by_text("Several days").first).to_be_visible()
    page.get_by_role("button", name="I am looking at it").click()
    page.get_by_label("What you did").fill("Rang Tama. Safe tonight, and comes tomorrow.")
    page.get_by_role("button", name="Keep, and take it off the list").click()
    expect(page.get_by_text("Written down. It is off the list.")).to_be_visible()
    alert = RiskAlert.objects.get(patient=session.patient)
    assert alert.seen_by == alert.ended_by == session.psychologist.user

    page.goto(f"/practice/patients/{session.patient.code}/measures/")
    expect(page.get_by_text("9 of 27: mild")).to_be_visible()
