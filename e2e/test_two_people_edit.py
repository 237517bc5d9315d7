"""Two people with one page: what either changed is kept, what both changed is asked, and nothing typed is lost.

Articles and notes have pages of their own for it (test_articles.py, test_note.py).
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings, Psychologist
from tests import make

# The rooms' own tests do this on every database, with threads.
pytestmark = pytest.mark.look

MEANWHILE = "This was changed meanwhile, in another tab or by somebody else"


@pytest.fixture
def tabs(page: Page, open_page, sign_in):
    """Two browsers, of two people with these roles; or of one person, with two."""

    def tabs(*roles: Role, email: str | None = None) -> tuple[Page, Page]:
        other = open_page()
        for tab in (page, other):
            person = email or make.user(roles=roles).email
            if roles:
                make.second_factor(sign_in(tab, person))
            else:
                sign_in(tab, person)
        return page, other

    return tabs


def field(tab: Page, label: str) -> Locator:
    """By its label, whatever the page adds to it, such as that it is optional."""
    return tab.get_by_label(re.compile(rf"^{label}\b")).first


def change(tab: Page, label: str, value: str, button: str) -> None:
    field(tab, label).fill(value)
    tab.get_by_role("button", name=button, exact=True).click()


def quarrel(first: Page, second: Page, address: str, label: str, values: tuple[str, str], button: str) -> None:
    """Both change one field of a page: the first to save is kept, the other is asked and keeps their own."""
    theirs, mine = values
    for tab in (first, second):
        tab.goto(address)
    change(second, label, theirs, button)
    expect(second.locator(".two-versions")).to_have_count(0)
    change(first, label, mine, button)
    beside = first.locator(".two-versions")
    expect(beside).to_contain_text(theirs)
    expect(beside).to_contain_text(mine)
    expect(first.get_by_text(MEANWHILE).first).to_be_visible()
    expect(field(first, label)).to_have_value(mine)
    first.get_by_role("button", name=button, exact=True).click()
    expect(first.locator(".two-versions")).to_have_count(0)
    first.goto(address)
    expect(field(first, label)).to_have_value(mine)


def test_two_managers_and_one_clinic(tabs) -> None:
    first, second = tabs(Role.MANAGER)
    before = ClinicSettings.objects.get()
    try:
        for tab in (first, second):
            tab.goto("/manage/settings/")
        change(second, "Account number", "12345678", "Save the settings")
        expect(second.get_by_text("The settings are saved.")).to_be_visible()
        # The first page still shows the old account, and puts it not back.
        change(first, "Account name", "Bendigo", "Save the settings")
        expect(first.get_by_text("The settings are saved.")).to_be_visible()
        expect(field(first, "Account number")).to_have_value("12345678")
        quarrel(first, second, "/manage/settings/", "Account number", ("11111111", "22222222"), "Save the settings")
    finally:
        ClinicSettings.objects.filter(pk=1).update(bank_account=before.bank_account, bank_name=before.bank_name)
    service = make.service(name="A session for two managers", fee="220", is_active=False)
    quarrel(first, second, f"/manage/services/{service.code}/", "Fee", ("231.00", "240.00"), "Save")


def test_a_psychologist_in_two_tabs(tabs) -> None:
    made = make.psychologist(headline="Sleep")
    place = make.location(name="Coburg North")
    make.week(psychologist=made, location=place)
    make.second_factor(made.user)
    first, second = tabs(email=made.user.email)
    quarrel(first, second, "/practice/profile/", "One line about you", ("Grief", "Work"), "Save my profile")
    for tab in (first, second):
        tab.goto("/practice/hours/")
    second.get_by_label("Monday, Until", exact=True).first.fill("15:00")
    second.get_by_role("button", name="Save weekly hours").click()
    expect(second.get_by_text("Your weekly hours are saved.")).to_be_visible()
    first.get_by_label("Tuesday, Until", exact=True).first.fill("16:00")
    first.get_by_role("button", name="Save weekly hours").click()
    expect(first.get_by_text("Your weekly hours are saved.")).to_be_visible()
    expect(first.get_by_label("Monday, Until", exact=True).first).to_have_value("15:00")
    second.get_by_label("Tuesday, Until", exact=True).first.fill("14:00")
    second.get_by_role("button", name="Save weekly hours").click()
    expect(second.locator(".two-versions")).to_contain_text("16:00")
    second.get_by_label("Take what was saved meanwhile").check()
    second.get_by_role("button", name="Save weekly hours").click()
    expect(second.get_by_label("Tuesday, Until", exact=True).first).to_have_value("16:00")
    Psychologist.objects.filter(pk=made.pk).update(is_active=False)


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
    # Street and suburb are one address: asked about as a whole, and taken by one box.
    expect(own.locator(".two-versions")).to_have_count(2)
    expect(own.locator(".two-versions").first).to_contain_text("2 Lane")
    assert_accessible(own)
    own.get_by_label("Take what was saved meanwhile for").check()
    own.get_by_role("button", name="Save", exact=True).click()
    expect(own.get_by_text("Your changes are saved.")).to_be_visible()
    patient.refresh_from_db()
    assert (patient.street, patient.suburb) == ("2 Lane", "Brunswick")
