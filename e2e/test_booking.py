"""Booking in the browser: what happens when things don't go to plan."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from e2e.harness import Portal, agree, week_after
from portal.accounts.models import User
from portal.appointments.models import Appointment, Status
from tests import make


@pytest.fixture
def visitor(portal: Portal) -> User:
    """Somebody with an account and no record yet."""
    return make.user(first_name="Noor", last_name="Rahman")


def choose_first_time(page: Page, *, psychologist: str = "mai-nguyen", weeks_ahead: int = 1) -> None:
    page.goto(f"/book/first-visit/?psychologist={psychologist}")
    for _ in range(weeks_ahead):
        week_after(page)
    page.locator("button.time").first.click()
    expect(page).to_have_url(re.compile(r"/confirm/$"))


def fill_in(page: Page) -> None:
    page.get_by_label("Date of birth").fill("23/4/1990")
    page.get_by_label("Phone").fill("0491 570 006")
    agree(page)


def test_double_click_on_confirm_books_once(page: Page, portal: Portal, sign_in, visitor: User) -> None:
    sign_in(page, visitor.email)
    choose_first_time(page)
    fill_in(page)
    page.get_by_role("button", name="Confirm").dblclick()
    expect(page.get_by_text("Your session is booked").first).to_be_visible()
    assert Appointment.objects.filter(patient__user=visitor, status=Status.BOOKED).count() == 1
    assert visitor.patient.appointments.count() == 1


def test_back_button_after_confirming_shows_the_booking(page: Page, portal: Portal, sign_in, visitor: User) -> None:
    sign_in(page, visitor.email)
    choose_first_time(page)
    confirm = page.url
    fill_in(page)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Your appointment")).to_be_visible()
    booked = page.url
    page.goto(confirm)
    assert page.url == booked
    assert Appointment.objects.filter(patient__user=visitor).count() == 1


@pytest.mark.look
def test_bad_details_get_a_word_beside_their_field_and_lose_nothing(
    page: Page, portal: Portal, sign_in, visitor: User
) -> None:
    sign_in(page, visitor.email)
    choose_first_time(page)
    page.get_by_label("First name, as on").fill("N" * 300)
    page.get_by_label("Date of birth").fill("31/2/1990")
    page.get_by_label("Phone").fill("12345")
    page.get_by_label("Medicare card number").fill("2951 87313 5")
    page.get_by_role("button", name="Confirm").click()
    for label in ("First name, as on", "Date of birth", "Phone", "Medicare card number"):
        field = page.get_by_label(label)
        expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Date of birth")).to_have_value("31/2/1990")
    expect(page.get_by_label("Medicare card number")).to_have_value("2951 87313 5")
    expect(page.get_by_label("First name, as on")).to_have_value("N" * 300)
    assert not Appointment.objects.filter(patient__user=visitor).exists()

    page.get_by_label("First name, as on").fill("Noor &amp; O'Neill")
    fill_in(page)
    page.get_by_label("Medicare card number").fill("")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Your session is booked").first).to_be_visible()
    expect(page.get_by_text("Noor &amp; O'Neill").first).to_be_visible()


def test_a_hold_that_somebody_else_took_loses_nothing_that_was_typed(
    page: Page, portal: Portal, sign_in, visitor: User
) -> None:
    sign_in(page, visitor.email)
    choose_first_time(page)
    expect(page.get_by_role("heading", name="Confirm your session")).to_be_visible()
    fill_in(page)
    held = Appointment.objects.filter(status=Status.HELD, held_until__gt=timezone.now()).latest("pk")
    taken = {"psychologist": held.psychologist, "location": held.location, "starts_at": held.starts_at}
    held.delete()
    make.appointment(**taken)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="somebody else took it")).to_be_visible()
    expect(page.get_by_label("Date of birth")).to_have_value("23/4/1990")
    page.locator("#ran-out button.time").first.click()
    expect(page.get_by_label("Phone")).to_have_value("0491 570 006")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Your session is booked").first).to_be_visible()


@pytest.mark.parametrize(
    "script", [pytest.param(True, id="script"), pytest.param(False, id="no-script", marks=pytest.mark.look)]
)
def test_two_browsers_race_for_one_time(portal: Portal, new_context, sign_in, script: bool) -> None:
    """Both look at the same time; one gets it, the other is told so and given others."""
    pages = []
    for _ in range(2):
        page = new_context(java_script_enabled=script).new_page()
        sign_in(page, make.user().email)
        page.goto("/book/first-visit/?psychologist=tom-ashby")
        week_after(page)
        page.locator("button.time").first.wait_for()
        pages.append(page)
    first, second = pages
    wanted = first.locator("button.time").first.get_attribute("value")
    first.locator(f'button.time[value="{wanted}"]').click()
    expect(first.get_by_role("heading", name="Confirm your session")).to_be_visible()

    second.locator(f'button.time[value="{wanted}"]').click()
    expect(second.get_by_text("That time was just taken")).to_be_visible()
    offered = second.locator("#just-taken button.time")
    expect(offered).to_have_count(3)
    assert wanted not in [offered.nth(n).get_attribute("value") for n in range(3)]
    offered.first.click()
    expect(second.get_by_role("heading", name="Confirm your session")).to_be_visible()
    assert Appointment.objects.filter(status=Status.HELD, psychologist__slug="tom-ashby").count() >= 2
