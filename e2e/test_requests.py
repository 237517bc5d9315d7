"""Asking for a session in the browser: by a patient without script, answered at the desk and by the psychologist."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from e2e.harness import Mailbox, Portal, agree
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.clinic.models import HowBooked
from tests import make


class Practice:
    """A psychologist and a service that is booked on request, of its own."""

    def __init__(self) -> None:
        self.location = make.location()
        self.service = make.service(minutes=50, how_booked=HowBooked.ON_REQUEST)
        self.psychologist = make.psychologist(services=(self.service,))
        make.week(psychologist=self.psychologist, location=self.location, weekdays=tuple(range(7)))
        self.patient = make.patient(user=make.user())
        day = timezone.localtime(timezone=self.location.zone) + timedelta(days=6)
        self.monday = (day - timedelta(days=day.weekday())).date()


@pytest.fixture
def practice(portal: Portal) -> Practice:
    return Practice()


def ask(page: Page, practice: Practice, sign_in) -> Appointment:
    """What the patient does: choose a time, read by when it is answered and what it costs to change, send."""
    assert practice.patient.user is not None
    sign_in(page, practice.patient.user.email)
    who = practice.psychologist.slug
    page.goto(f"/book/{practice.service.slug}/?psychologist={who}&mode=in_person&week={practice.monday}")
    page.locator("#times button.time").first.click()
    expect(page.get_by_text("withdraw the request free of charge until we answer")).to_be_visible()
    agree(page)
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("Your request is sent: ")).to_be_visible()
    return Appointment.objects.get(patient=practice.patient, status=Status.REQUESTED)


def test_asked_without_script_and_confirmed_at_the_desk(
    page_without_script: Page, page: Page, practice: Practice, sign_in, assert_accessible, mailbox: Mailbox
) -> None:
    asked = ask(page_without_script, practice, sign_in)
    page_without_script.goto("/my/")
    expect(page_without_script.get_by_role("heading", name="Asked for, not booked yet")).to_be_visible()
    expect(page_without_script.get_by_text("Withdraw it free of charge until we answer.")).to_be_visible()
    sign_in(page, User.objects.get(email=make.staff(Role.RECEPTION).email).email)
    page.goto(f"/reception/?day={asked.local_start:%Y-%m-%d}")
    page.get_by_role("link", name="Answer the request").click()
    assert_accessible(page)
    page.get_by_role("button", name="Confirm the session").click()
    expect(page.get_by_text("The session is confirmed.")).to_be_visible()
    page_without_script.goto(f"/my/appointments/{asked.code}/")
    expect(page_without_script.get_by_role("heading", name="Your appointment")).to_be_visible()
    assert practice.patient.user is not None
    mailbox.wait_for(to=practice.patient.user.email, subject="Your appointment")


def test_asked_for_and_declined_by_its_psychologist_without_script(
    page_without_script: Page, open_page, practice: Practice, sign_in
) -> None:
    asked = ask(page_without_script, practice, sign_in)
    theirs = open_page(java_script_enabled=False)
    sign_in(theirs, practice.psychologist.user.email)
    theirs.goto(f"/practice/?day={asked.local_start:%Y-%m-%d}")
    theirs.get_by_role("link", name="Answer the request").click()
    theirs.get_by_label("We would like to speak with you first.").check()
    theirs.get_by_role("button", name="Decline the request").click()
    expect(theirs.get_by_text("The request is declined")).to_be_visible()
    page_without_script.goto(f"/my/appointments/{asked.code}/")
    expect(page_without_script.get_by_text("We would like to speak with you first. Please phone us.")).to_be_visible()
