"""The waitlist in the browser: an offer taken on a telephone, signed out; joining and leaving without script."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from e2e.conftest import PHONE
from e2e.harness import Portal, agree, text_of
from portal.appointments.models import Appointment, Offer, Status, WaitlistEntry
from portal.clinic.models import Mode
from tests import make


class Practice:
    """A psychologist of its own, so that no other test meets these sessions."""

    def __init__(self) -> None:
        self.location, self.service = make.location(), make.service(minutes=50)
        self.psychologist = make.psychologist(services=(self.service,))
        make.week(psychologist=self.psychologist, location=self.location, weekdays=tuple(range(7)))
        self.patient = make.patient(user=make.user())
        day = timezone.localtime(timezone=self.location.zone) + timedelta(days=4)
        self.soon = day.replace(hour=10, minute=0, second=0, microsecond=0)

    def session(self, **fields) -> Appointment:
        """A session by phone, which needs no room."""
        here = {"psychologist": self.psychologist, "service": self.service, "location": self.location}
        return make.appointment(**here | {"mode": Mode.PHONE} | fields)


@pytest.fixture
def practice(portal: Portal) -> Practice:
    return Practice()


@pytest.mark.look
def test_an_offer_is_taken_on_a_telephone_by_somebody_who_is_signed_out(
    phone: Page, practice: Practice, assert_accessible
) -> None:
    cancelled = practice.session(starts_at=practice.soon, status=Status.CANCELLED)
    later = practice.session(starts_at=practice.soon + timedelta(days=7), patient=practice.patient)
    entry = make.waiting(patient=practice.patient, service=practice.service)
    token = secrets.token_urlsafe(32)
    offer = make.offer(vacancy=make.vacancy(session=cancelled), entry=entry, token=token, kept=True, mode=Mode.PHONE)
    phone.goto(f"/offer/{token}/")
    expect(phone.get_by_role("heading", name="A time for you")).to_be_visible()
    assert token not in phone.url
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # The later session would be moved, unless they say otherwise; opening has taken nothing.
    expect(phone.get_by_label("Come earlier")).to_be_checked()
    assert Offer.objects.get(pk=offer.pk).is_open
    phone.get_by_role("button", name="Take this time").click()
    expect(phone.get_by_role("heading", name="The time is yours")).to_be_visible()
    later.refresh_from_db()
    assert later.starts_at == practice.soon
    phone.reload()
    expect(phone.get_by_role("heading", name="The time is yours")).to_be_visible()


def test_somebody_joins_and_leaves_without_script(
    page_without_script: Page, practice: Practice, sign_in, assert_accessible
) -> None:
    page = page_without_script
    assert practice.patient.user is not None
    sign_in(page, practice.patient.user.email)
    page.goto("/my/appointments/")
    page.get_by_role("link", name="Wait for a time").click()
    page.get_by_role("link", name="Join the waitlist").click()
    page.get_by_label("Which service").select_option(practice.service.slug)
    page.get_by_label("Saturday").check()
    # Of somebody registered at the desk, who was never asked online.
    agree(page)
    page.get_by_role("button", name="Join the waitlist").click()
    expect(page.get_by_text("You are on the waitlist.")).to_be_visible()
    entry = WaitlistEntry.objects.get(patient=practice.patient)
    assert [int(day) for day in entry.days] == [0, 1, 2, 3, 4, 5]
    page.get_by_role("button", name="Leave the waitlist").click()
    expect(page.get_by_text("You are off the waitlist.")).to_be_visible()
    entry.refresh_from_db()
    assert not entry.is_waiting


def test_of_two_who_are_asked_at_once_one_has_the_time(page: Page, phone: Page, practice: Practice) -> None:
    cancelled = practice.session(starts_at=practice.soon, status=Status.CANCELLED)
    vacancy = make.vacancy(session=cancelled, in_turn=False)
    tokens = [secrets.token_urlsafe(32) for _ in range(2)]
    for token in tokens:
        entry = make.waiting(patient=make.patient(), service=practice.service)
        make.offer(vacancy=vacancy, entry=entry, token=token, mode=Mode.VIDEO)
    for one, token in zip((page, phone), tokens, strict=True):
        one.goto(f"/offer/{token}/")
        expect(one.get_by_role("heading", name="A time for you")).to_be_visible()
    page.get_by_role("button", name="Take this time").click()
    expect(page.get_by_role("heading", name="The time is yours")).to_be_visible()
    # The other page still shows it; pressing says what happened, and books nothing.
    phone.get_by_role("button", name="Take this time").click()
    expect(phone.get_by_role("heading", name="Somebody else was faster")).to_be_visible()
    assert Appointment.objects.filter(starts_at=practice.soon, psychologist=practice.psychologist).live().count() == 1


def test_a_visitor_whom_no_time_suits_waits_for_one_on_a_telephone_without_script(
    open_page, practice: Practice, portal: Portal
) -> None:
    phone = open_page(viewport=PHONE, has_touch=True, is_mobile=True, java_script_enabled=False)
    whom, email = practice.psychologist, f"{secrets.token_hex(4)}@post.example"
    phone.goto(f"/book/{practice.service.slug}/?psychologist={whom.slug}")
    phone.get_by_role("link", name="Wait for one").click()
    expect(phone.get_by_role("heading", name="Wait for a time")).to_be_visible()
    phone.locator("main").get_by_role("link", name="Make an account").click()
    phone.get_by_label("First name").fill("Nilu")
    phone.get_by_label("Last name").fill("Perera")
    phone.get_by_label(re.compile("^e-?mail", re.I)).fill(email)
    phone.get_by_label("Password", exact=True).fill(make.PASSWORD)
    phone.get_by_role("button", name="Make my account").click()
    code = re.search(r"^\s*([A-Z0-9-]{6,9})\s*$", text_of(portal.mailbox.wait_for(to=email)), re.M)
    assert code
    phone.get_by_label("Code").fill(code[1])
    phone.locator("main form.form button[type=submit], main form.form button:not([type])").first.click()
    # With what they came for: the service, and whom they chose.
    expect(phone.get_by_role("heading", name="Join the waitlist")).to_be_visible()
    expect(phone.get_by_label("Which service")).to_have_value(practice.service.slug)
    expect(phone.get_by_label(whom.name)).to_be_checked()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.get_by_role("textbox", name="Phone").fill("0491 570 006")
    phone.get_by_role("button", name="Join the waitlist").click()
    # What is missing is said, and nothing is lost.
    expect(phone.get_by_label("Date of birth")).to_have_attribute("aria-invalid", "true")
    phone.get_by_label("Date of birth").fill("23/4/1990")
    agree(phone)
    phone.get_by_role("button", name="Join the waitlist").click()
    expect(phone.get_by_text("You are on the waitlist.")).to_be_visible()
    expect(phone.get_by_text(whom.name)).to_be_visible()
    entry = WaitlistEntry.objects.get(patient__user__email=email)
    assert (entry.service, list(entry.psychologists.all())) == (practice.service, [whom])
    # Somebody known from now on, who is told that they wait already.
    phone.goto(f"/my/waitlist/join/?service={practice.service.slug}")
    expect(phone.get_by_label("Date of birth")).not_to_be_visible()
    phone.get_by_role("button", name="Join the waitlist").click()
    expect(phone.get_by_text("is on the waitlist for this service already").first).to_be_visible()
    assert WaitlistEntry.objects.filter(patient__user__email=email).count() == 1
