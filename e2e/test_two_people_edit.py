"""Two people with one page: what either changed is kept, what both changed is asked, and nothing typed is lost.

Articles and notes have pages of their own for it (test_articles.py, test_note.py).
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from portal.accounts.roles import Role
from tests import make

# The rooms' own tests do this on every database, with threads.
pytestmark = pytest.mark.look


def field(tab: Page, label: str) -> Locator:
    """By its label, whatever the page adds to it, such as that it is optional."""
    return tab.get_by_label(re.compile(rf"^{label}\b")).first


def change(tab: Page, label: str, value: str, button: str) -> None:
    field(tab, label).fill(value)
    tab.get_by_role("button", name=button, exact=True).click()


def test_the_desk_and_the_patient_change_one_record(page: Page, open_page, sign_in, assert_accessible) -> None:
    patient = make.patient(user=make.user(), street="1 Lane", suburb="Brunswick")
    own, desk = page, open_page()
    sign_in(own, patient.user.email)
    make.second_factor(sign_in(desk, make.user(roles=(Role.RECEPTION,)).email))
    own.goto(f"/my/details/{patient.code}/")
    desk.goto(f"/reception/patients/{patient.code}/edit/")
    street = "Street address"
    change(desk, street, "2 Lane", "Save")
    expect(desk.get_by_text("The changes are saved.")).to_be_visible()
    field(own, "Suburb").fill("Coburg")
    change(own, street, "3 Lane", "Save")
    beside = own.locator(".two-versions")
    expect(beside).to_contain_text("2 Lane")
    assert_accessible(own)
    beside.get_by_label("Take what was saved meanwhile").check()
    own.get_by_role("button", name="Save", exact=True).click()
    expect(own.get_by_text("Your changes are saved.")).to_be_visible()
    patient.refresh_from_db()
    assert (patient.street, patient.suburb) == ("2 Lane", "Coburg")
