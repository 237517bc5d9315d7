"""Money that is held after a session was called off is seen, and used or given back, wherever the desk needs it."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.urls import reverse

from portal.appointments.models import Status
from portal.billing import actions
from portal.billing.models import CreditNote, Invoice, Payment, Purpose
from portal.billing.refusals import NotPayable
from portal.common.languages.times import when
from portal.worklist.models import ToDo
from tests import make
from tests.web.reception.conftest import NOW

D = Decimal


def url(name, *args):
    return reverse(f"reception:{name}", args=args)


def read(desk, name, *args):
    return " ".join(desk.get(url(name, *args)).content.decode().split())


def said(response):
    return [str(message) for message in response.context["messages"]]


@pytest.fixture
def coming(place):
    """Paid ahead with $220, and not held yet."""
    make.mbs_items()
    session = place.session(hours=200, fee="220.00")
    actions.take_ahead(appointment=session, amount=D(220), method="card", key="a", by=make.actor(), now=NOW)
    return session


def cancel(desk, session, reason="patient"):
    data = {"reason": reason, "seen": session.seen_as}
    return desk.post(url("cancel", session.code), data, follow=True)


@pytest.fixture
def held(desk, coming):
    cancel(desk, coming)
    return Invoice.objects.get()


@pytest.fixture
def another(coming, place):
    return place.session(hours=-1, status=Status.ARRIVED, fee="100.00", patient=coming.patient)


def sent(**change):
    return {
        "minutes": "50", "mode": "in_person", "fee": "100.00", "item": "none", "method": "held", "amount": "",
        "key": str(uuid.uuid4()),
    } | change  # fmt: skip


def test_who_cancels_is_told_before_and_after(desk, coming):
    assert "We hold $220.00, paid ahead for this session." in read(desk, "cancel", coming.code)
    words = "We hold $220.00 that was paid ahead for it: refund it, or use it for another session."
    assert words in said(cancel(desk, coming))


@pytest.mark.parametrize("page", ["appointment", "patient"])
def test_the_session_and_the_patient_say_so_and_lead_to_it(desk, coming, page):
    code = coming.code if page == "appointment" else coming.patient.code
    assert "We hold" not in read(desk, page, code)
    cancel(desk, coming)
    words = read(desk, page, code)
    assert "We hold $220.00 of theirs, paid ahead for" in words
    assert url("invoice", Invoice.objects.get().number) in words


def test_the_next_check_out_offers_it_and_takes_as_much_as_is_to_pay(desk, held, another):
    response = desk.get(url("check_out", another.code))
    assert response.context["form"]["method"].value() == "held"
    assert "From the $220.00 that we hold" in response.content.decode()
    done = desk.post(url("check_out", another.code), sent())
    assert (done.status_code, done.url) == (302, url("checked_out", another.code))
    invoice = Invoice.objects.get(purpose=Purpose.SESSION)
    held.refresh_from_db()
    assert (invoice.paid, invoice.balance, held.paid, held.balance) == (100, 0, 120, 0)
    assert Payment.objects.count() == 1, "no money came"
    assert "We hold $120.00" in read(desk, "patient", another.patient.code)


def test_it_is_not_used_by_itself(desk, held, another):
    desk.post(url("check_out", another.code), sent(method="cash", amount="100"))
    held.refresh_from_db()
    assert held.paid == 220


def test_an_invoice_that_is_owing_can_use_it_once(desk, held, another):
    desk.post(url("check_out", another.code), sent(method="later"))
    invoice = Invoice.objects.get(purpose=Purpose.SESSION)
    assert "Use it for this invoice" in read(desk, "invoice", invoice.number)
    data = {"seen": invoice.seen_as}
    assert said(desk.post(url("use_held", invoice.number), data, follow=True)) == [
        "$100.00 of what we held is used here."
    ]
    again = desk.post(url("use_held", invoice.number), data, follow=True)
    words = "This invoice is paid. Nothing more was recorded. You used $100.00 of what we held for it"
    assert said(again)[0].startswith(words)
    assert "receipt" not in said(again)[0], "no money came, so there is no receipt of it"
    held.refresh_from_db()
    invoice.refresh_from_db()
    assert (held.paid, invoice.paid) == (120, 100)


def test_an_old_page_uses_nothing(desk, held, another):
    desk.post(url("check_out", another.code), sent(method="later"))
    invoice = Invoice.objects.get(purpose=Purpose.SESSION)
    seen = invoice.seen_as
    actions.credit_line(line=invoice.lines.get(), amount=D(10), reason="r", key="c", by=make.actor(), now=NOW)
    desk.post(url("use_held", invoice.number), {"seen": seen})
    held.refresh_from_db()
    assert held.paid == 220


def test_what_is_void_uses_nothing(desk, held, another):
    desk.post(url("check_out", another.code), sent(method="later"))
    invoice = Invoice.objects.get(purpose=Purpose.SESSION)
    actions.void_invoice(invoice=invoice, reason="r", by=make.actor(), now=NOW)
    with pytest.raises(NotPayable):
        actions.use_held(invoice=invoice, by=make.actor(), now=NOW)
    assert "Use it for this invoice" not in read(desk, "invoice", invoice.number)


def test_used_again_after_it_went_back_it_settles_what_is_owing_again(desk, held, another):
    """The same two invoices twice: each time what is asked for no more ahead has a note of its own."""
    desk.post(url("check_out", another.code), sent())
    invoice, by = Invoice.objects.get(purpose=Purpose.SESSION), make.actor()
    actions.refund_payment(
        reason="Charged twice", payment=Payment.objects.get(), invoice=invoice, amount=D(60), key="r", by=by, now=NOW
    )
    invoice.refresh_from_db()
    assert actions.use_held(invoice=invoice, by=by, now=NOW) == 60
    held.refresh_from_db()
    assert (held.paid, held.balance, CreditNote.objects.filter(invoice=held).count()) == (60, 0, 2)


def test_nobody_elses_money_is_offered(desk, held, place):
    other = place.session(hours=-1, status=Status.ARRIVED, fee="100.00")
    assert "hold" not in desk.get(url("check_out", other.code)).context["form"].fields["method"].choices[0]
    assert desk.post(url("check_out", other.code), sent()).status_code == 422


def test_all_of_it_used_nobody_is_asked_to_see_to_it(desk, held, another):
    assert ToDo.objects.still_open().filter(kind="ahead_held").exists()
    desk.post(url("check_out", another.code), sent(fee="220.00"))
    assert not ToDo.objects.still_open().filter(kind="ahead_held").exists()


# ---- What cancelling late costs --------------------------------------------------------------------------------------


@pytest.fixture
def soon(place):
    return place.session(hours=2, fee="220.00", late_fee_percent=50)


def test_who_cancels_late_is_told_what_it_costs_and_led_to_it(desk, soon):
    assert "The fee for cancelling late is $110.00" in read(desk, "cancel", soon.code)
    response = cancel(desk, soon)
    assert response.redirect_chain == [(url("fee", soon.code), 302)]
    assert "is cancelled late: the fee is $110.00. Charge it, or do without it." in said(response)[0]
    assert when(soon.starts_at, soon.zone) in said(response)[0]


def test_what_the_clinic_calls_off_costs_nothing(desk, soon):
    response = cancel(desk, soon, reason="psychologist")
    assert response.redirect_chain == [(url("patient", soon.patient.code), 302)]
    assert said(response)[0].startswith("The session is cancelled: ")


def test_a_waived_fee_is_charged_after_all_by_its_button(desk, soon):
    cancel(desk, soon)
    assert "Fee for cancelling late: $110.00" in read(desk, "appointment", soon.code)
    desk.post(url("waive_fee", soon.code), {"reason": "Ill"})
    words = read(desk, "appointment", soon.code)
    assert "Charge it after all: $110.00" in words
    assert "Fee for cancelling late: $110.00" not in words
