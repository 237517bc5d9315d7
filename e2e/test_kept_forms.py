"""A session that ends while somebody types: what they typed is there again, for them alone, with script and without."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from portal.accounts.models import KeptForm, User
from portal.patients.models import Patient
from tests import make


def come_in(page: Page, person: User) -> None:
    """Signs in by the door, which is open."""
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password", exact=True).fill(make.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.fixture(params=["with script", "on a phone"])
def window(request, open_page) -> Page:
    if request.param == "on a phone":
        return open_page(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    return open_page(java_script_enabled=request.param == "with script")


def test_details_typed_into_an_ended_session_come_back_to_their_owner(
    portal, window: Page, sign_in: Callable, assert_accessible: Callable
) -> None:
    owner, other = make.user(first_name="Mai"), make.user(first_name="Tom")
    patient = make.patient(user=owner)
    make.patient(user=other)
    form = f"/my/details/{patient.code}/"
    sign_in(window, owner.email)
    window.goto(form)
    window.locator("[name=preferred_name]").fill("Ánh & co")
    window.locator("[name=gp_name]").fill("Dr Priya Raman")

    # The clinic's night, or another device: the session is gone when she presses save.
    Session.objects.all().delete()
    window.get_by_role("button", name=re.compile("^Save")).click()
    expect(window.get_by_role("heading", name="Welcome back")).to_be_visible()

    # Somebody else signs in at the same browser, and sees nothing of it.
    come_in(window, other)
    expect(window).not_to_have_url(re.compile("login"))
    expect(window.get_by_text("We kept what you typed.")).to_have_count(0)
    assert "Priya Raman" not in window.content()
    Session.objects.all().delete()

    window.goto(f"/accounts/login/?next={form}")
    come_in(window, owner)
    expect(window.get_by_text("We kept what you typed.")).to_be_visible()
    expect(window.locator("[name=preferred_name]")).to_have_value("Ánh & co")
    expect(window.locator("[name=gp_name]")).to_have_value("Dr Priya Raman")
    assert Patient.objects.get(pk=patient.pk).preferred_name == ""
    assert_accessible(window)

    window.get_by_role("button", name=re.compile("^Save")).click()
    # It is forgotten before the answer is out, so once the next page is here.
    expect(window).to_have_url(re.compile("/my/details/$"))
    expect(window.get_by_text("We kept what you typed.")).to_have_count(0)
    patient.refresh_from_db()
    assert (patient.preferred_name, patient.gp_name) == ("Ánh & co", "Dr Priya Raman")
    assert not KeptForm.objects.filter(address=form).exists()
