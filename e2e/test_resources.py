"""A psychologist gives a file with a word; the patient finds it, opens it, and the psychologist sees that they did."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from e2e.harness import Mailbox, text_of
from portal.appointments.models import Status
from portal.clinic.models import Psychologist
from portal.common.documents import Kind
from portal.patients.models import Patient
from portal.resources.models import Audience, DownloadCount, Resource, Share
from tests import make
from tests.common.documents import made

PSYCHOLOGIST = "psychologist@demo.example"
NOTE = "For the nights: two lines are enough."


@pytest.fixture
def patient(portal) -> Patient:
    """Somebody with a session behind them, and an account."""
    patient = make.patient(user=make.user(first_name="Ines", last_name="Duarte"), legal_first_name="Ines")
    start = timezone.now().replace(second=0, microsecond=0) - timedelta(days=5)
    psychologist = Psychologist.objects.get(user__email=PSYCHOLOGIST)
    make.appointment(psychologist=psychologist, patient=patient, starts_at=start, status=Status.COMPLETED)
    return patient


@pytest.fixture
def diary(portal) -> Resource:
    file = make.document(content=made.pdf(), kind=Kind.PDF, name="Sleep diary.pdf")
    return make.resource(title=f"Sleep diary {uuid.uuid4().hex[:8]}", file=file, audience=Audience.SHARED_ONLY)


def share_it(page: Page, patient: Patient, diary: Resource) -> None:
    page.goto(f"/practice/patients/{patient.code}/")
    page.get_by_text("Share a file of the clinic").click()
    page.get_by_label("File", exact=True).select_option(label=f"{diary.title} (PDF)")
    page.get_by_label("A word with it").fill(NOTE)
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_role("region", name="Shared files")).to_contain_text("Not opened yet")


def open_it(page: Page, diary: Resource) -> None:
    """What the browser gets when the link is followed; how it shows a PDF is the browser's business."""
    page.goto("/my/")
    page.get_by_role("link", name="See your documents").click()
    given = page.get_by_role("article", name=diary.title)
    expect(given).to_contain_text(NOTE)
    expect(given).to_contain_text("From Mai Nguyễn")
    expect(given.get_by_text("New", exact=True)).to_be_visible()
    link = given.get_by_role("link", name="Keep a copy")
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "Sleep diary.pdf"
    assert download.value.path().read_bytes() == made.pdf()
    page.reload()
    expect(given.get_by_text("New", exact=True)).to_have_count(0)


def see_that_it_was_seen(page: Page, patient: Patient, diary: Resource) -> None:
    page.goto(f"/practice/patients/{patient.code}/")
    expect(page.get_by_role("region", name="Shared files")).to_contain_text("Seen ")
    page.goto("/practice/resources/")
    row = page.get_by_role("listitem").filter(has=page.get_by_role("link", name=diary.title))
    row.get_by_text("of your patients has it; opened by 1").click()
    expect(row.get_by_role("link", name=patient.name)).to_be_visible()


def test_a_file_is_shared_opened_and_seen(
    page: Page, open_page, sign_in, patient, diary, mailbox: Mailbox, assert_accessible
) -> None:
    sign_in(page, PSYCHOLOGIST)
    share_it(page, patient, diary)
    assert_accessible(page)

    told = mailbox.wait_for(to=patient.email, subject="Something new is waiting")
    assert diary.title not in str(told)
    assert NOTE not in text_of(told)

    theirs = open_page(accept_downloads=True)
    sign_in(theirs, patient.user.email)
    open_it(theirs, diary)
    assert_accessible(theirs)
    assert Share.objects.get(patient=patient).seen_at is not None

    see_that_it_was_seen(page, patient, diary)
    assert_accessible(page)


def test_a_file_of_ones_own_is_given_and_taken_back(page: Page, sign_in, patient, tmp_path) -> None:
    sign_in(page, PSYCHOLOGIST)
    page.goto(f"/practice/patients/{patient.code}/")
    page.get_by_role("link", name="A file of your own").click()
    own = page.get_by_role("region", name="A file of your own")
    (tmp_path / "plan.pdf").write_bytes(b"<script>alert(1)</script>")
    own.get_by_label("What it is called").fill("Plan for the nights")
    own.get_by_label("File", exact=True).set_input_files(tmp_path / "plan.pdf")
    own.get_by_role("button", name="Share your file").click()
    expect(page.get_by_role("alert")).to_contain_text("This file is a web page")
    expect(own.get_by_label("What it is called")).to_have_value("Plan for the nights")

    (tmp_path / "plan.pdf").write_bytes(made.pdf())
    own.get_by_label("File", exact=True).set_input_files(tmp_path / "plan.pdf")
    own.get_by_role("button", name="Share your file").click()
    shared = page.get_by_role("region", name="Shared files")
    expect(shared).to_contain_text("Plan for the nights")

    shared.get_by_role("button", name="Take back").click()
    page.locator("#confirm [value=yes]").click()
    expect(page.get_by_text("no longer finds it in their pages")).to_be_visible()
    assert not Share.objects.live().filter(patient=patient).exists()


@pytest.mark.look
def test_all_of_it_without_script(open_page, sign_in, patient, diary) -> None:
    page = open_page(java_script_enabled=False)
    sign_in(page, PSYCHOLOGIST)
    share_it(page, patient, diary)
    theirs = open_page(java_script_enabled=False, accept_downloads=True)
    sign_in(theirs, patient.user.email)
    open_it(theirs, diary)
    see_that_it_was_seen(page, patient, diary)


@pytest.mark.look
def test_a_visitor_finds_a_file_and_opens_it(page: Page, portal, assert_accessible) -> None:
    sleep, worry = make.category(name="Nights"), make.category(name="Worries")
    sound = make.document(content=made.mp3(frames=200), kind=Kind.MP3, name="Breathing.mp3")
    heard = make.resource(title="Breathing together", category=worry, file=sound)
    make.resource(title="Evening plan", category=sleep)
    page.goto("/resources/")
    topics = page.get_by_role("navigation", name="Topics")
    topics.get_by_role("link", name="Worries").click()
    expect(page.get_by_role("link", name="Evening plan")).to_have_count(0)
    expect(topics.get_by_role("link", name="Worries")).to_have_attribute("aria-current", "page")
    page.get_by_role("link", name=heard.title).click()
    player = page.locator("audio")
    expect(player).to_be_visible()
    assert_accessible(page)
    # The policy of the page lets it be heard, and the part that a player asks for first is a reading.
    length = player.evaluate(
        "audio => new Promise((resolve, reject) => {"
        " audio.onloadedmetadata = () => resolve(audio.duration);"
        " audio.onerror = () => reject(audio.error && audio.error.message);"
        " audio.load(); audio.preload = 'metadata' })"
    )
    assert 4 < length < 7
    assert DownloadCount.objects.get(resource=heard).times == 1
