"""Two tabs of one clerk and two clerks at one session's check-out and one invoice's payment."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.billing.models import Invoice, Payment
from portal.clinic.models import Location, Service
from portal.journeys import checking_out
from tests import make

pytestmark = pytest.mark.xdist_group("test_two_clerks")


@pytest.fixture
def session(portal) -> Appointment:
    """Somebody who is here for a session that began two hours ago."""
    return make.appointment(
        psychologist=make.psychologist(services=(Service.objects.get(slug="session"),)),
        service=Service.objects.get(slug="session"),
        location=Location.objects.get(slug="brunswick"),
        starts_at=(timezone.now() - timedelta(hours=2)).replace(minute=0, second=0, microsecond=0),
        status="arrived",
        fee="220.00",
    )


@pytest.fixture
def clerks(portal, open_page, sign_in) -> list[Page]:
    """Two people at the desk, each at a browser of their own."""
    pages = []
    for first, last in (("Kim", "Lee"), ("Ana", "Silva")):
        page = open_page()
        sign_in(page, make.user(role=Role.RECEPTION, first_name=first, last_name=last).email)
        pages.append(page)
    return pages


def at_check_out(page: Page, session: Appointment) -> None:
    page.goto(f"/reception/appointments/{session.code}/check-out/")
    page.get_by_label("Card", exact=True).check()


def finish(page: Page) -> None:
    page.get_by_role("button", name="Finish and invoice").click()


def test_two_clerks_and_two_tabs_check_one_session_out(clerks, session) -> None:
    first, second = clerks
    tab = first.context.new_page()
    for page in (first, second, tab):
        at_check_out(page, session)
    finish(first)
    expect(first).to_have_url(f"/reception/appointments/{session.code}/checked-out/")
    invoice = Invoice.objects.get(appointment=session)

    finish(second)
    expect(second).to_have_url(f"/reception/invoices/{invoice.number}/")
    expect(second.get_by_text("Kim Lee checked this session out at").first).to_be_visible()
    expect(second.get_by_text(f"invoice {invoice.number}, $220.00, of which $220.00 is paid").first).to_be_visible()
    finish(tab)
    expect(tab).to_have_url(f"/reception/invoices/{invoice.number}/")
    expect(tab.get_by_text("You checked this session out at").first).to_be_visible()
    assert Payment.objects.filter(allocations__invoice=invoice).count() == 1


def test_two_clerks_and_two_tabs_take_one_payment(clerks, session) -> None:
    by, now = make.actor(), timezone.now()
    held = checking_out.as_booked(session)
    invoice = checking_out.check_out(appointment=session, held=held, key=str(session.code), by=by, now=now)
    first, second = clerks
    tab = first.context.new_page()
    for page in (first, second, tab):
        page.goto(f"/reception/invoices/{invoice.number}/")
        page.get_by_label("Amount").fill("100")

    # A double click is one payment.
    first.get_by_role("button", name="Record payment").dblclick()
    expect(first.get_by_text("$120.00").first).to_be_visible()
    for page, who in ((second, "Kim Lee"), (tab, "You")):
        page.get_by_role("button", name="Record payment").click()
        expect(page.get_by_text("nothing was done").first).to_be_visible()
        expect(page.get_by_text(f"{who} recorded $100.00 at").first).to_be_visible()
        expect(page.get_by_label("Amount")).to_have_value("100")
    # Looked over and sent again, it is meant.
    second.get_by_role("button", name="Record payment").click()
    expect(second.get_by_text("$20.00").first).to_be_visible()
    invoice.refresh_from_db()
    assert (invoice.paid, Payment.objects.filter(allocations__invoice=invoice).count()) == (Decimal(200), 2)
