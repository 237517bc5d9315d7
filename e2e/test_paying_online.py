"""Paying by card in the browser, at the stand-in for Stripe: an invoice, a mailed bill, a deposit, and money back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from e2e.harness import Mailbox, links_in
from e2e.test_booking import choose_first_time, fill_in
from portal.appointments.models import Appointment, Status
from portal.billing import actions
from portal.billing.charges import Charge
from portal.billing.models import Invoice, Payment, StripeRefund
from portal.clinic.models import ClinicSettings, Location, Psychologist
from tests import make

GOOD, DECLINED = "4242 4242 4242 4242", "4000 0000 0000 0002"
ARRIVED = "your payment of $220.00 has arrived"
RECEPTION = "reception@demo.example"


def owing(email: str) -> Invoice:
    """An invoice of 220 dollars of somebody with an account."""
    user, by, now = make.user(email=email), make.actor(), timezone.now()
    draft = actions.draft_invoice(
        patient=make.patient(user=user, email=email),
        psychologist=Psychologist.objects.get(slug="mai-nguyen"),
        location=Location.objects.get(slug="brunswick"),
        charges=[Charge(description="Session", unit_price=Decimal("220.00"))],
        by=by,
        now=now,
    )
    return actions.issue_invoice(invoice=draft, by=by, now=now)


def type_card(page: Page, number: str) -> None:
    """On Stripe's page."""
    page.get_by_label("Card number").fill(number)
    page.get_by_role("button", name="Pay").click()


def pay(page: Page, invoice: Invoice, card: str = GOOD) -> None:
    page.goto(f"/my/invoices/{invoice.number}/")
    page.get_by_role("button", name="Pay $220.00 by card").click()
    expect(page.get_by_role("heading", name=f"Invoice {invoice.number}")).to_be_visible()
    type_card(page, card)


def test_an_invoice_is_paid_and_an_open_page_shows_it(page: Page, sign_in, assert_accessible) -> None:
    invoice = owing("pays@post.example")
    sign_in(page, "pays@post.example")
    page.goto(f"/my/invoices/{invoice.number}/")
    assert_accessible(page)
    page.get_by_role("button", name="Pay $220.00 by card").click()
    expect(page.get_by_label("Card number")).to_be_visible()
    assert_accessible(page)
    # The page that somebody is led back to, opened before there is anything to show, so that it has to ask.
    waiting = page.context.new_page()
    waiting.goto(f"/my/invoices/{invoice.number}/?paying={invoice.attempts.get().code}")
    expect(waiting.get_by_text("We are waiting for word of your payment")).to_be_visible()
    assert_accessible(waiting)
    waiting.evaluate("window.isTheSamePage = true")
    type_card(page, GOOD)
    expect(page).to_have_url(re.compile(rf"/my/invoices/{invoice.number}/\?paying="))
    for shown in (waiting, page):
        expect(shown.get_by_text(ARRIVED)).to_be_visible()
        expect(shown.get_by_text("Nothing left to pay")).to_be_visible()
        expect(shown.get_by_role("button", name="Pay $220.00 by card")).to_have_count(0)
    assert waiting.evaluate("window.isTheSamePage") is True
    assert_accessible(waiting)
    assert Payment.objects.filter(allocations__invoice=invoice).count() == 1


def test_a_declined_card_takes_nothing_and_another_one_pays(page: Page, sign_in, assert_accessible) -> None:
    invoice = owing("declined@post.example")
    sign_in(page, "declined@post.example")
    pay(page, invoice, DECLINED)
    expect(page.get_by_role("alert")).to_have_text("The card was declined. Try another one.")
    assert_accessible(page)
    assert not Payment.objects.filter(allocations__invoice=invoice).exists()
    type_card(page, GOOD)
    expect(page.get_by_text(ARRIVED)).to_be_visible()


def test_whoever_turns_back_has_paid_nothing(page: Page, sign_in) -> None:
    invoice = owing("turns-back@post.example")
    sign_in(page, "turns-back@post.example")
    pay(page, invoice, DECLINED)
    page.get_by_role("link", name="Back to the clinic").click()
    expect(page.get_by_text("You stopped before paying. Nothing was taken from your card.")).to_be_visible()
    expect(page.get_by_role("button", name="Pay $220.00 by card")).to_be_visible()


def test_a_mailed_bill_is_paid_without_signing_in(
    page: Page, phone: Page, sign_in, mailbox: Mailbox, assert_accessible
) -> None:
    invoice = owing("by-mail@post.example")
    sign_in(page, RECEPTION)
    page.goto(f"/reception/invoices/{invoice.number}/")
    page.get_by_role("button", name="E-mail the invoice").click()
    links = links_in(mailbox.wait_for(to="by-mail@post.example", subject="Invoice"))
    phone.goto(next(link for link in links if "/bill/" in link))
    expect(phone.get_by_role("heading", name="$220.00 to pay")).to_be_visible()
    assert_accessible(phone)
    phone.get_by_role("button", name="Pay $220.00 by card").click()
    type_card(phone, GOOD)
    expect(phone).to_have_url(re.compile(r"/bill/[0-9a-f-]{36}/\?paying="))
    expect(phone.get_by_text(ARRIVED)).to_be_visible()
    assert_accessible(phone)
    # The desk sees it, and whoever paid by the link still has no way to the invoice itself.
    page.reload()
    expect(page.get_by_text("Nothing left to pay").or_(page.get_by_text("Paid", exact=True)).first).to_be_visible()
    phone.goto(f"/my/invoices/{invoice.number}/")
    expect(phone).to_have_url(re.compile(r"/sign-in/|/login/"))


@pytest.fixture
def deposits(portal) -> Iterator[None]:
    """The clinic asks for half of a first visit ahead."""
    ClinicSettings.objects.update(ahead_first="deposit", deposit_percent=50)
    yield
    ClinicSettings.objects.update(ahead_first="none")


def test_a_deposit_books_the_session(page: Page, sign_in, deposits, assert_accessible) -> None:
    visitor = make.user(first_name="Noor", last_name="Rahman")
    sign_in(page, visitor.email)
    choose_first_time(page)
    fill_in(page)
    assert_accessible(page)
    page.get_by_role("button", name="Go on and pay").click()
    expect(page.get_by_label("Card number")).to_be_visible()
    # The newest: other visitors of this portal hold times too.
    held = Appointment.objects.filter(status=Status.HELD, held_until__gt=timezone.now()).latest("pk")
    assert held.patient is None
    type_card(page, GOOD)
    expect(page).to_have_url(re.compile(r"/my/paying/"))
    expect(page.get_by_text("is paid, and your session on")).to_be_visible()
    assert_accessible(page)
    session = Appointment.objects.get(patient__user=visitor)
    assert session.status == Status.BOOKED
    deposit = Invoice.objects.get(appointment=session)
    assert (deposit.purpose, deposit.balance) == ("deposit", 0)
    page.get_by_role("link", name="See the session").click()
    expect(page).to_have_url(re.compile(rf"/my/appointments/{session.code}/"))


def test_the_desk_refunds_to_the_card(page: Page, phone: Page, sign_in, assert_accessible) -> None:
    invoice = owing("refunded@post.example")
    sign_in(phone, "refunded@post.example")
    pay(phone, invoice)
    expect(phone.get_by_text(ARRIVED)).to_be_visible()
    sign_in(page, RECEPTION)
    page.goto(f"/reception/invoices/{invoice.number}/")
    page.get_by_role("link", name="Refund").click()
    assert_accessible(page)
    page.get_by_label("Amount").fill("220.01")
    page.get_by_label("Why").fill("Charged for the wrong day")
    page.get_by_role("button", name="Refund to the card").click()
    expect(page.get_by_text("Only $220.00 of this payment is left to give back.").first).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Amount").fill("50.50")
    page.get_by_role("button", name="Refund to the card").click()
    expect(page.get_by_text("$50.50 went back to the card.")).to_be_visible()
    assert_accessible(page)
    assert StripeRefund.objects.get(invoice=invoice).status == "done"
    phone.goto(f"/my/invoices/{invoice.number}/")
    expect(phone.get_by_text("refund", exact=False).first).to_be_visible()
    expect(phone.get_by_role("button", name="Pay $50.50 by card")).to_be_visible()


def test_a_card_on_file_is_charged_for_a_missed_session(
    page: Page, phone: Page, sign_in, mailbox: Mailbox, assert_accessible
) -> None:
    user = make.user(email="on-file@post.example")
    patient = make.patient(user=user, email=user.email)
    sign_in(phone, user.email)
    phone.goto("/my/invoices/")
    phone.get_by_role("link", name="Cards on file").click()
    expect(phone.get_by_text("No card is on file.")).to_be_visible()
    phone.get_by_role("button", name="Add a card").click()
    expect(phone.get_by_text("Tick this if you agree.").first).to_be_visible()
    assert_accessible(phone)
    expect(phone.get_by_text("I agree that the clinic may charge this card")).to_be_visible()
    phone.get_by_label("I agree").check()
    phone.get_by_role("button", name="Add a card").click()
    phone.get_by_label("Card number").fill(GOOD)
    phone.get_by_role("button", name="Save card").click()
    expect(phone).to_have_url(re.compile(r"/my/cards/\?saving="))
    expect(phone.get_by_text("Visa 4242 is on file now. Nothing was charged.")).to_be_visible()
    assert_accessible(phone)

    session = make.appointment(
        patient=patient,
        status=Status.NO_SHOW,
        fee="200.00",
        no_show_percent=50,
        starts_at=timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=3),
    )
    invoice = actions.bill_fee(appointment=session, by=make.actor(), now=timezone.now())
    sign_in(page, RECEPTION)
    page.goto(f"/reception/invoices/{invoice.number}/")
    assert_accessible(page)
    page.get_by_role("link", name="Charge Visa 4242").click()
    assert_accessible(page)
    page.get_by_role("button", name="Charge $100.00").click()
    expect(page.get_by_role("status").get_by_text("$100.00 was charged to Visa 4242.").first).to_be_visible()
    assert_accessible(page)
    mailbox.wait_for(to=user.email, subject="Your payment")

    phone.goto("/my/cards/")
    phone.get_by_role("button", name="Remove").click()
    expect(phone.get_by_text("The card is removed. Nothing is charged to it any more.")).to_be_visible()
    expect(phone.get_by_text("No card is on file.")).to_be_visible()
