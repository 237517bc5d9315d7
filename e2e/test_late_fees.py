"""A fee for cancelling late, from the page that says it to the invoice, or to the one of the year that is waived."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from e2e.harness import Mailbox
from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.billing.models import Invoice, Waiver
from portal.clinic.models import Service
from tests import make

TERMS = {"cancel_hours": 48, "late_fee_percent": 50, "near_hours": 24, "near_fee_percent": 75, "no_show_percent": 100}


def booked(hours: int, *, email: str) -> Appointment:
    """So many hours ahead, by somebody with an account."""
    return make.appointment(
        service=Service.objects.get(slug="session"),
        mode="video",
        patient=make.patient(user=make.user(email=email), email=email),
        starts_at=timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours),
        fee="200.00",
        grace_minutes=0,
        **TERMS,
    )


def cancel(page: Page, session: Appointment, sign_in, *, fee: str) -> None:
    assert session.patient
    assert session.patient.user
    sign_in(page, session.patient.user.email)
    page.goto(f"/my/appointments/{session.code}/cancel/")
    expect(page.get_by_text(f"The fee is now {fee}")).to_be_visible()
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_text("Your session is cancelled")).to_be_visible()


def test_a_late_fee_is_charged_by_one_press(
    page: Page, phone: Page, sign_in, mailbox: Mailbox, assert_accessible
) -> None:
    session = booked(30, email="charged@post.example")
    assert session.patient
    assert session.patient.user
    sign_in(phone, session.patient.user.email)
    phone.goto(f"/my/appointments/{session.code}/")
    expect(phone.get_by_text("cancelling costs $100.00")).to_be_visible()
    expect(phone.get_by_text("the fee is $150.00")).to_be_visible()
    cancel(phone, session, sign_in, fee="$100.00")
    sign_in(page, make.staff(Role.RECEPTION).email)
    page.goto(f"/reception/appointments/{session.code}/fee/")
    assert_accessible(page)
    page.get_by_role("button", name="Invoice and e-mail the fee").click()
    expect(page.get_by_text("The fee is invoiced: $100.00. The invoice is on its way")).to_be_visible()
    assert Invoice.objects.get(appointment=session).total == 100
    mailbox.wait_for(to="charged@post.example", subject="Invoice")


def test_the_first_of_the_year_is_waived_by_one_press(page: Page, phone: Page, sign_in) -> None:
    session = booked(20, email="waived@post.example")
    cancel(phone, session, sign_in, fee="$150.00")
    make.policy_settings(waive_first=True)
    sign_in(page, make.staff(Role.RECEPTION).email)
    page.goto(f"/reception/appointments/{session.code}/fee/")
    page.get_by_role("button", name="Waive the first of the year").click()
    expect(page.get_by_text("The fee is waived.")).to_be_visible()
    assert Waiver.objects.get(appointment=session).year == session.local_start.year
