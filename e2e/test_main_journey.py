"""The journey that the portal exists for, from an empty clinic's first booking to the words on the invoice."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from e2e.harness import Portal, agree, text_of, week_after
from portal.appointments.models import Appointment, Status
from portal.billing.models import Invoice
from portal.records.models import ProgressNote

PASSWORD = "a quiet hour on tuesdays"
WORDS = "Slept badly since the move; we named the worry."


def the_day_comes(appointment: Appointment) -> None:
    """Moves a booked session to a quarter of an hour ago, or to midnight: nobody wants to wait for next week.

    Nobody is checked in for the day before.
    """
    now = timezone.localtime(timezone=appointment.zone).replace(second=0, microsecond=0)
    shift = max(now - timedelta(minutes=15), now.replace(hour=0, minute=0)) - appointment.starts_at
    Appointment.objects.filter(pk=appointment.pk).update(
        **{
            name: getattr(appointment, name) + shift
            for name in ("starts_at", "ends_at", "occupied_from", "occupied_until")
        }
    )


def book_as_new_visitor(page: Page, portal: Portal, email: str, *, last_name: str = "Nguyễn") -> Appointment:
    """Reads about a psychologist, chooses a time, makes an account, confirms."""
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Psychologists").click()
    page.get_by_role("link", name="Mai Nguyễn").click()
    expect(page.get_by_role("heading", name="Mai Nguyễn", level=1)).to_be_visible()
    page.get_by_role("link", name="Book with Mai").click()
    page.get_by_role("link", name="First visit").click()

    # The week turns without reloading where there is script, and as a plain link where there is none.
    week_after(page)
    page.locator("button.time").first.click()

    expect(page.get_by_role("heading", name="Your time is held")).to_be_visible()
    expect(page.get_by_text("Left for you to pay")).to_be_visible()
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("First name").fill("Thuỳ")
    page.get_by_label("Last name").fill(last_name)
    page.get_by_label(re.compile("^e-?mail", re.I)).fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("main form.form button[type=submit], main form.form button:not([type])").first.click()

    message = portal.mailbox.wait_for(to=email)
    code = re.search(r"^\s*([A-Z0-9-]{6,9})\s*$", text_of(message), re.M)
    assert code, text_of(message)
    page.get_by_label("Code").fill(code[1])
    page.locator("main form.form button[type=submit], main form.form button:not([type])").first.click()

    expect(page.get_by_role("heading", name="Confirm your session")).to_be_visible()
    page.get_by_label("Date of birth").fill("23/4/1990")
    page.get_by_label("Phone").fill("0491 570 006")
    page.get_by_label("Medicare card number").fill("2951 87312 5")
    page.get_by_label("Number beside the name").fill("1")
    agree(page)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Your session is booked")).to_be_visible()

    appointment = Appointment.objects.get(patient__email=email)
    assert appointment.status == Status.BOOKED
    return appointment


def check_in(page: Page, appointment: Appointment) -> None:
    page.goto("/reception/")
    page.get_by_role("button", name=f"Check in {appointment.patient.name}").click()
    expect(page.locator(f"#session-{appointment.code}")).to_contain_text("Arrived")


def add_referral(page: Page, appointment: Appointment) -> None:
    page.goto(f"/reception/patients/{appointment.patient.code}/referral/")
    page.get_by_label("Referrer's name").fill("Dr Alice Wong")
    page.get_by_label("Referrer's provider number").fill("2429581T")
    page.get_by_label("Date written").fill(f"{timezone.localdate():%Y-%m-%d}")
    page.get_by_label("Number of services").fill("6")
    page.get_by_role("button", name="Put on file").click()
    expect(page).to_have_url(re.compile(r"/reception/referrals/"))


def write_and_sign(page: Page, appointment: Appointment) -> None:
    page.goto("/practice/")
    expect(page.get_by_text(appointment.patient.name).first).to_be_visible()
    page.goto(f"/practice/notes/{appointment.code}/")
    page.get_by_label("Note", exact=True).fill(WORDS)
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("#saved")).to_contain_text(re.compile(r"Saved \d"))
    page.get_by_role("button", name="Sign…").click()
    page.get_by_role("button", name="Sign now").click()
    expect(page.get_by_text(WORDS)).to_be_visible()
    note = ProgressNote.objects.get(appointment=appointment)
    assert note.is_signed
    assert note.body == WORDS


def check_out(page: Page, appointment: Appointment) -> Invoice:
    page.goto("/reception/")
    page.get_by_role("link", name=f"Check out {appointment.patient.name}").click()
    page.get_by_label("Card").check()
    page.get_by_role("button", name="Finish and invoice").click()
    expect(page.get_by_text("Nothing left to pay")).to_be_visible()
    return Invoice.objects.get(appointment=appointment)


def words_of_pdf(page: Page, portal: Portal, invoice: Invoice) -> str:
    response = page.request.get(f"{portal.url}/reception/invoices/{invoice.number}/pdf/")
    assert (response.status, response.headers["content-type"]) == (200, "application/pdf")
    paper = PdfReader(io.BytesIO(response.body()))
    assert len(paper.pages) == 1
    return " ".join(paper.pages[0].extract_text().split())


@pytest.mark.parametrize(
    "script", [pytest.param(True, id="script"), pytest.param(False, id="no-script", marks=pytest.mark.look)]
)
def test_main_journey(portal: Portal, new_context, sign_in, script: bool) -> None:
    page = new_context(java_script_enabled=script).new_page()
    page.set_default_timeout(10_000)
    email = f"thuy-{'with' if script else 'without'}-script@example.com"
    appointment = book_as_new_visitor(page, portal, email)

    confirmation = portal.mailbox.wait_for(to=email, subject="Your appointment")
    entry = next(part for part in confirmation.walk() if part.get_filename() == "appointment.ics")
    assert b"BEGIN:VEVENT" in entry.get_payload(decode=True)

    sign_in(page, "psychologist@demo.example")
    page.goto(f"/practice/calendar/?week={appointment.local_start:%Y-%m-%d}")
    expect(page.get_by_text("Thuỳ").first).to_be_visible()

    the_day_comes(appointment)
    sign_in(page, "reception@demo.example")
    add_referral(page, appointment)
    check_in(page, appointment)
    sign_in(page, "psychologist@demo.example")
    write_and_sign(page, appointment)
    sign_in(page, "reception@demo.example")
    invoice = check_out(page, appointment)

    appointment.refresh_from_db()
    assert appointment.status == Status.COMPLETED
    assert (invoice.total, invoice.balance) == (Decimal("220.00"), Decimal("0.00"))
    paper = words_of_pdf(page, portal, invoice)
    for words in (
        invoice.number,
        "Invoice",
        "45 617 204 583",
        appointment.patient.legal_name,
        "Mai Nguyễn",
        "551730AA",
        "80010",
        "Dr Alice Wong",
        "2429581T",
        "$220.00",
        "$149.05",
        "$70.95",
    ):
        assert words in paper, (words, paper)

    # What was written in the room stays there: on no page of the desk, in no e-mail, in no column in clear.
    assert WORDS not in paper
    for path in (
        "/reception/",
        f"/reception/patients/{appointment.patient.code}/",
        f"/reception/invoices/{invoice.number}/",
    ):
        page.goto(path)
        assert WORDS not in page.content()
    for path in (
        f"/practice/notes/{appointment.code}/",
        "/practice/",
        f"/practice/patients/{appointment.patient.code}/",
    ):
        assert page.request.get(f"{portal.url}{path}").status == 403
    portal.new_errors()  # those three, told to the log as they should be
    assert {WORDS in text_of(message) for message in portal.mailbox.messages(to=email)} == {False}
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM records_progressnote WHERE appointment_id = %s", [appointment.pk])
        assert WORDS not in str(cursor.fetchone()[0])

    # The patient sees the session and the invoice, and nobody else's.
    sign_in(page, email)
    page.goto("/my/invoices/")
    expect(page.get_by_role("link", name=invoice.number, exact=True)).to_be_visible()
