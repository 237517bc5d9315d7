"""Writing a note: it saves itself, and whatever happens to the connection or the session, no word is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from portal.appointments.models import Appointment, Status
from portal.clinic.models import Psychologist
from portal.records.models import ProgressNote, State
from tests import make

PSYCHOLOGIST = "psychologist@demo.example"


@pytest.fixture
def session(portal) -> Appointment:
    """A session that was held an hour ago."""
    psychologist = Psychologist.objects.get(user__email=PSYCHOLOGIST)
    start = timezone.now().replace(second=0, microsecond=0) - timedelta(hours=2)
    return make.appointment(psychologist=psychologist, starts_at=start, status=Status.COMPLETED)


@pytest.fixture
def write(page: Page, sign_in, session) -> Callable[[str], None]:
    """Opens the note and types at its end."""
    sign_in(page, PSYCHOLOGIST)
    page.goto(f"/practice/notes/{session.code}/")

    def write(words: str) -> None:
        box(page).click()
        page.keyboard.press("Control+End")
        page.keyboard.type(words)

    return write


def box(page: Page):
    return page.get_by_role("textbox", name="Note", exact=True)


def said(page: Page):
    """What stands below the words: when they were saved, or why not."""
    return page.locator("#saved")


def stored(session: Appointment) -> str:
    return ProgressNote.objects.get(appointment=session).body


def test_a_note_saves_itself_and_is_signed(page: Page, write, session, assert_accessible) -> None:
    write("Slept badly.")
    expect(said(page)).to_have_text(re.compile("Saved [0-9]"))
    assert stored(session) == "Slept badly."

    write(" Rested since.")
    expect(page.locator("#note-version")).to_have_value("2")
    page.get_by_role("button", name="SOAP").click()
    expect(box(page)).to_have_value(re.compile("Slept badly. Rested since.\n\nSubjective\n"))
    expect(box(page)).to_be_focused()
    assert_accessible(page)

    page.get_by_role("button", name="Sign…").click()
    dialog = page.get_by_role("dialog", name="Sign this note?")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Go on writing").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Sign…").click()
    dialog.get_by_role("button", name="Sign now").click()

    expect(page.get_by_role("article", name="Signed note")).to_contain_text("Slept badly. Rested since.")
    assert ProgressNote.objects.get(appointment=session).state == State.SIGNED
    assert_accessible(page)

    page.get_by_text("Add to this note").first.click()
    page.get_by_role("textbox", name="Add to this note").fill("The log came.")
    page.get_by_role("button", name="Add and sign").click()
    page.locator("#confirm [value=yes]").click()
    expect(page.get_by_role("heading", name="Added later")).to_be_visible()
    expect(page.get_by_text("The log came.")).to_be_visible()


def test_words_typed_before_the_script_arrives_are_saved(page: Page, sign_in, session) -> None:
    sign_in(page, PSYCHOLOGIST)
    held: list[Route] = []
    page.route("**/writing*.js", lambda route: held.append(route))
    page.goto(f"/practice/notes/{session.code}/", wait_until="commit")
    box(page).fill("Slept badly.")
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    expect(said(page)).to_have_text(re.compile("Saved [0-9]"))
    assert stored(session) == "Slept badly."


def test_signing_waits_for_a_saving_that_is_on_its_way(page: Page, write, session) -> None:
    """On a slow line the note would otherwise be refused as if another window had changed what this one saved."""
    held: list[Route] = []
    page.route("**/draft/", lambda route: route.continue_() if held else held.append(route))
    write("Slept badly.")
    while not held:
        page.wait_for_timeout(50)
    write(" Rested since.")
    page.get_by_role("button", name="Sign…").click()
    page.get_by_role("dialog", name="Sign this note?").get_by_role("button", name="Sign now").click()
    held[0].continue_()
    expect(page.get_by_role("article", name="Signed note")).to_contain_text("Slept badly. Rested since.")


def test_no_word_is_lost_when_the_session_ends(page: Page, write, session, sign_in) -> None:
    write("Before.")
    expect(said(page)).to_have_text(re.compile("Saved [0-9]"))
    address = page.url
    Session.objects.all().delete()

    write(" After.")
    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    expect(page).to_have_url(address)
    expect(box(page)).to_have_value("Before. After.")
    # Nor by pressing what leads away.
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("button", name="Sign…").click()
    page.get_by_role("button", name="Sign now").click()
    expect(page.get_by_role("dialog", name="Sign this note?")).to_be_hidden()
    expect(page).to_have_url(address)
    expect(box(page)).to_have_value("Before. After.")
    assert stored(session) == "Before."

    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in a new tab").click()
    expect(opened.value.get_by_role("button", name=re.compile("sign in", re.I)).first).to_be_visible()
    # Signing in changes the token that the old tab's forms carry.
    page.context.clear_cookies()
    sign_in(page, PSYCHOLOGIST)
    opened.value.close()
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")

    expect(page.get_by_role("heading", name="You were signed out")).to_be_hidden()
    expect(said(page)).to_have_text(re.compile("Saved [0-9]"))
    assert stored(session) == "Before. After."


def test_an_idle_session_ends_without_taking_the_words(page: Page, write, session) -> None:
    write("Before.")
    expect(said(page)).to_have_text(re.compile("Saved [0-9]"))
    # This one alone: other windows are kept open for other tests.
    key = next(one["value"] for one in page.context.cookies() if one["name"] == settings.SESSION_COOKIE_NAME)
    row = Session.objects.get(pk=key)
    row.session_data = Session.objects.encode(row.get_decoded() | {"seen_at": 0})
    row.save()

    write(" After.")

    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    expect(box(page)).to_have_value("Before. After.")


@pytest.mark.look
def test_no_word_is_lost_without_a_connection(page: Page, write, session) -> None:
    write("Before.")
    expect(said(page)).to_have_text(re.compile("Saved [0-9]"))
    page.context.set_offline(True)

    write(" Offline.")
    expect(page.get_by_text("Not saved: the portal can’t be reached.")).to_be_visible()
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")

    expect(said(page)).to_have_text(re.compile("Saved [0-9]"))
    assert stored(session) == "Before. Offline."


def test_two_tabs_lose_neither_text(page: Page, write, session, assert_accessible) -> None:
    write("Common.")
    expect(said(page)).to_have_text(re.compile("Saved [0-9]"))
    other = page.context.new_page()
    other.goto(page.url)
    box(other).press("Control+End")
    other.keyboard.type(" Theirs.")
    expect(other.locator("#note-version")).to_have_value("2")

    write(" Mine.")
    expect(page.get_by_role("heading", name="This note was changed in another window")).to_be_visible()
    expect(box(page)).to_have_value("Common. Mine.")
    expect(page.get_by_label("Saved by the other window")).to_have_value("Common. Theirs.")
    assert stored(session) == "Common. Theirs."
    page.bring_to_front()
    assert_accessible(page)

    write(" And theirs.")
    page.get_by_role("button", name="Save mine in its place").click()
    expect(page.get_by_role("heading", name="This note was changed in another window")).to_be_hidden()
    assert stored(session) == "Common. Mine. And theirs."


@pytest.mark.look
def test_a_note_without_script(page_without_script: Page, sign_in, session, portal) -> None:
    page = page_without_script
    sign_in(page, PSYCHOLOGIST)
    page.goto(f"{portal.url}/practice/notes/{session.code}/")

    box(page).fill("Slept badly.")
    page.get_by_role("button", name="DAP").click()
    expect(box(page)).to_have_value("Slept badly.\n\nData\n\n\nAssessment\n\n\nPlan\n")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("The draft is kept. It is not signed yet.")).to_be_visible()
    page.get_by_role("button", name="Sign…").click()
    expect(page.get_by_role("heading", name="Sign this note?")).to_be_visible()
    page.get_by_role("button", name="Sign now").click()

    expect(page.get_by_role("article", name="Signed note")).to_contain_text("Slept badly.")
    assert ProgressNote.objects.get(appointment=session).state == State.SIGNED


@pytest.mark.look
@pytest.mark.drawing
@pytest.mark.parametrize("address", ["", "calendar/", "patients/", "notes/", "hours/"])
def test_the_pages_are_accessible(page: Page, sign_in, session, assert_accessible, address: str) -> None:
    sign_in(page, PSYCHOLOGIST)
    page.goto(f"/practice/{address}")
    assert_accessible(page)


@pytest.mark.look
@pytest.mark.drawing
def test_the_patients_page_is_accessible(phone: Page, portal, sign_in, session, assert_accessible) -> None:
    sign_in(phone, PSYCHOLOGIST)
    phone.goto(f"{portal.url}/practice/patients/{session.patient.code}/")
    assert_accessible(phone)
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
