"""The books by their actions: who is billed what, what comes in, what goes back, and that it always balances."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.db import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.appointments.models import Status
from portal.audit.models import Entry
from portal.billing import actions
from portal.billing.actions import BillTo
from portal.billing.actions.numbering import TRIES, numbered
from portal.billing.charges import Charge, amounts_of, sum_of
from portal.billing.models import Allocation, Invoice, InvoiceStatus, Line, Payment
from portal.billing.models.invoice import Standing
from portal.billing.refusals import (
    AlreadyInvoiced,
    KeyReused,
    NotADraft,
    NotBillable,
    NothingToBill,
    NotPayable,
    NotRefundable,
    Overpayment,
    PaidOn,
    ReasonMissing,
    WrongAmount,
)
from portal.clinic.models import TaxCode
from tests import make

D = Decimal


# ---- What an invoice says --------------------------------------------------------------------------------------------


def test_a_session_is_billed_at_the_fee_it_was_booked_at(books):
    appointment = books.session(fee="205.50", service=make.service(name="Individual session", fee="220.00"))
    invoice = books.invoice_of_session(appointment)
    line = invoice.lines.get()
    assert (line.description, line.unit_price, line.quantity, line.total) == (
        "Individual session",
        D("205.50"),
        1,
        D("205.50"),
    )
    assert (line.minutes, line.mode, line.starts_at) == (50, "in_person", appointment.starts_at)
    assert (invoice.status, invoice.total, invoice.paid, invoice.balance) == (
        InvoiceStatus.ISSUED,
        D("205.50"),
        D("0.00"),
        D("205.50"),
    )
    assert (invoice.issued_on, invoice.due_on) == (date(2026, 11, 24), date(2026, 12, 1))
    assert (invoice.patient, invoice.psychologist, invoice.location) == (
        appointment.patient,
        appointment.psychologist,
        appointment.location,
    )


def test_another_fee_may_be_said(books):
    assert books.invoice_of_session(fee=D("0.00")).total == 0
    assert books.invoice_of_session(fee=D("90.00")).total == D("90.00")


def test_the_number_is_inv_and_eight_hex_digits(books):
    invoice = books.invoice_of_session()
    prefix, digits = invoice.number.split("-")
    assert prefix == "INV"
    assert len(digits) == 8
    assert set(digits) <= set("0123456789ABCDEF")


def test_a_number_in_use_is_drawn_again(db):
    def payment(key, *drawn):
        numbers = [uuid.UUID(hex=number + "0" * 24) for number in drawn]
        with patch("uuid.uuid4", side_effect=numbers):
            return numbered(
                Payment, "RCT", code=uuid.uuid1(), method="card", amount=D(1), received_on=date(2026, 1, 1), key=key
            )

    assert payment("a", "abcdef01").number == "RCT-ABCDEF01"
    assert payment("b", "abcdef01", "abcdef01", "00000002").number == "RCT-00000002"
    with pytest.raises(RuntimeError):
        payment("c", *["abcdef01"] * TRIES)
    # What fails for another reason is not tried again.
    with pytest.raises(IntegrityError):
        payment("a", "00000003")
    assert set(Payment.objects.values_list("number", flat=True)) == {"RCT-ABCDEF01", "RCT-00000002"}


@pytest.mark.parametrize(
    ("registration", "minutes", "mode", "referred", "item", "rebate"),
    [
        ("clinical", 50, "in_person", True, "80010", "149.05"),
        ("clinical", 45, "video", True, "91166", "101.55"),
        ("general", 50, "phone", True, "91184", "101.55"),
        ("clinical", 50, "in_person", False, "", "0.00"),
        ("provisional", 50, "in_person", True, "", "0.00"),
        ("clinical", 25, "in_person", True, "", "0.00"),
    ],
)
def test_the_medicare_item_and_rebate(books, registration, minutes, mode, referred, item, rebate):
    appointment = books.session(
        psychologist=make.psychologist(registration=registration),
        service=make.service(minutes=minutes, fee="220.00"),
        mode=mode,
    )
    if referred:
        make.referral(patient=appointment.patient)
    invoice = books.invoice_of_session(appointment)
    assert invoice.lines.get().item_number == item
    assert (invoice.rebate, invoice.out_of_pocket) == (D(rebate), D("220.00") - D(rebate))
    assert bool(invoice.snapshot["referral"]) is bool(item)


@pytest.mark.parametrize(
    ("service", "referral"),
    [({"medicare": False}, {}), ({}, {"kind": "other"}), ({}, {"written_on": date(2026, 11, 25)})],
)
def test_no_item_without_a_claim(books, service, referral):
    appointment = books.session(service=make.service(**service))
    make.referral(patient=appointment.patient, **referral)
    invoice = books.invoice_of_session(appointment)
    assert (invoice.lines.get().item_number, invoice.rebate) == ("", 0)


def test_a_completed_session_is_not_billed_before_it_starts(books):
    appointment = books.session(starts_at=books.now)
    books.now -= timedelta(minutes=1)
    with pytest.raises(NotBillable):
        books.invoice_of_session(appointment)
    books.now += timedelta(minutes=1)
    assert books.invoice_of_session(appointment).total == D("220.00")


def test_the_rebate_is_never_more_than_was_charged(books):
    appointment = books.session(fee="100.00")
    make.referral(patient=appointment.patient)
    invoice = books.invoice_of_session(appointment)
    assert (invoice.rebate, invoice.out_of_pocket) == (D("100.00"), D("0.00"))


def test_the_day_of_the_service_decides_the_fee(books):
    """Scenario 17: a session of 30 June billed on 2 July carries June's fee."""
    appointment = books.session(starts_at=datetime(2026, 6, 30, 1, 0, tzinfo=UTC))
    make.referral(patient=appointment.patient)
    books.now = datetime(2026, 7, 2, 1, 0, tzinfo=UTC)
    invoice = books.invoice_of_session(appointment)
    assert (invoice.rebate, invoice.issued_on) == (D("145.25"), date(2026, 7, 2))


def test_the_day_of_the_service_is_the_day_it_began_where_it_was(books):
    """Scenario 14: half past eleven at night on 31 December, ending the next year."""
    perth = make.location(time_zone="Australia/Perth")
    appointment = books.session(starts_at=datetime(2026, 12, 31, 15, 30, tzinfo=UTC), location=perth)
    books.now = datetime(2027, 1, 2, 1, 0, tzinfo=UTC)
    line = books.invoice_of_session(appointment).lines.get()
    assert line.service_date == date(2026, 12, 31)


def test_the_carer_who_is_billed_is_billed(books):
    patient = make.patient(legal_first_name="Kim", legal_last_name="Lee")
    make.carer(patient=patient, is_billed=False)
    payer = make.carer(patient=patient, is_billed=True, user=make.user(first_name="Jo", last_name="Lee"))
    invoice = books.issued(patient=patient)
    assert (invoice.bill_to_name, invoice.billed_user, invoice.patient) == ("Jo Lee", payer.user, patient)
    payer.ended_at = books.now
    payer.save()
    assert books.issued(patient=patient).bill_to_name == "Kim Lee"


def test_another_buyer_may_be_named(books):
    invoice = books.issued("1100.00", bill_to=BillTo(make.payer(name="Acme Pty Ltd", street=""), "PO 7", "C 9"))
    assert (invoice.bill_to_name, invoice.billed_user) == ("Acme Pty Ltd", None)
    assert invoice.snapshot["bill_to"] == {
        "name": "Acme Pty Ltd",
        "address": "",
        "abn": "51 824 753 556",
        "purchase_order": "PO 7",
        "claim_number": "C 9",
    }


def test_a_discount_may_leave_less_than_the_rebate(books):
    appointment = books.session(fee="220.00")
    make.referral(patient=appointment.patient)
    discount = Charge(description="Discount", unit_price=D("-120.00"))
    invoice = books.invoice_of_session(appointment, extra=[discount])
    assert (invoice.total, invoice.rebate, invoice.out_of_pocket) == (D("100.00"), D("100.00"), D("0.00"))


@pytest.mark.parametrize("status", [Status.BOOKED, Status.ARRIVED, Status.CANCELLED, Status.NO_SHOW])
def test_a_session_that_did_not_take_place_is_not_billed(books, status):
    """Scenario 11: a missed or cancelled session never makes an item line."""
    with pytest.raises(NotBillable):
        books.invoice_of_session(make.appointment(status=status))
    assert not Invoice.objects.exists()


def test_a_session_is_billed_once(books):
    appointment = books.session()
    first = books.invoice_of_session(appointment)
    with pytest.raises(AlreadyInvoiced) as refusal:
        books.invoice_of_session(appointment)
    assert refusal.value.invoice == first
    books.void(first)
    assert books.invoice_of_session(appointment) != first
    assert Invoice.objects.live().count() == 1


def test_extra_lines_come_after_the_session(books):
    report = Charge(description="Report", unit_price=D("330.00"), tax_code=TaxCode.TAXABLE)
    invoice = books.invoice_of_session(extra=[report])
    assert list(invoice.lines.values_list("position", "total")) == [(1, D("220.00")), (2, D("330.00"))]


@pytest.mark.parametrize("prices", [[], ["-1.00"], ["10.00", "-10.01"]])
def test_nothing_or_less_than_nothing_is_not_billed(books, prices):
    with pytest.raises(NothingToBill):
        actions.draft_invoice(
            patient=make.patient(),
            psychologist=make.psychologist(),
            location=make.location(),
            charges=[Charge(description="x", unit_price=D(price)) for price in prices],
            by=books.by,
            now=books.now,
        )


def test_issuing_twice_is_refused(books):
    invoice = books.issued()
    with pytest.raises(NotADraft):
        actions.issue_invoice(invoice=invoice, by=books.by, now=books.now)


def test_the_trail_has_ids_and_cents_only(books):
    invoice = books.invoice_of_session()
    payment = books.pay(invoice, "100.00")
    refund = books.refund(payment, invoice, "100.00")
    books.void(invoice)
    entries = [(e.verb, e.target_label, e.target_code, e.facts) for e in Entry.objects.order_by("id")]
    code, paid = str(invoice.code), str(payment.code)
    assert entries == [
        ("invoice.drafted", "billing.Invoice", code, {"purpose": "session", "total_cents": 22000}),
        ("invoice.issued", "billing.Invoice", code, {"purpose": "session", "total_cents": 22000}),
        (
            "payment.recorded",
            "billing.Payment",
            paid,
            {
                "invoice": code,
                "amount_cents": 10000,
                "method": "card",
                "received_on": f"{payment.received_on:%Y-%m-%d}",
            },
        ),
        (
            "payment.refunded",
            "billing.Payment",
            str(refund.code),
            {"invoice": code, "payment": paid, "amount_cents": 10000},
        ),
        ("invoice.voided", "billing.Invoice", code, {"total_cents": 22000}),
    ]
    assert set(Entry.objects.values_list("actor_id", "at")) == {(str(books.by.user_id), books.now)}


# ---- GST -------------------------------------------------------------------------------------------------------------


def test_therapy_and_a_report_on_one_tax_invoice(books):
    """Scenario 18: $1,100 of GST-free therapy and a report of $330 that contains $30 of GST."""
    make.clinic(gst_registered=True)
    invoice = books.issued(
        lines=[
            Charge(description="Sessions", unit_price=D("220.00"), quantity=D(5)),
            Charge(description="Report", unit_price=D("300.00"), tax_code=TaxCode.TAXABLE),
        ],
        bill_to=BillTo(make.payer(name="Acme Pty Ltd")),
    )
    assert (invoice.subtotal, invoice.gst, invoice.total) == (D("1400.00"), D("30.00"), D("1430.00"))
    assert [line["tax"] for line in invoice.snapshot["lines"]] == ["gst_free", "taxable"]
    assert invoice.snapshot["title"] == "Tax invoice"
    assert invoice.snapshot["statements"] == ["The total includes GST of $30.00, on the lines marked GST."]


def test_a_clinic_that_is_not_registered_charges_no_gst_at_all(books):
    make.clinic(gst_registered=False)
    invoice = books.issued(lines=[Charge(description="Report", unit_price=D("300.00"), tax_code=TaxCode.TAXABLE)])
    assert (invoice.gst, invoice.total) == (0, D("300.00"))
    assert invoice.snapshot["title"] == "Invoice"
    assert invoice.snapshot["statements"] == [
        "Banksia Lane Psychology is not registered for GST. No GST has been charged."
    ]


def test_gst_is_rounded_on_each_line(books):
    make.clinic(gst_registered=True)
    lines = [Charge(description="x", unit_price=D("0.05"), tax_code=TaxCode.TAXABLE) for _ in range(3)]
    invoice = books.issued(lines=lines)
    assert (invoice.subtotal, invoice.gst, invoice.total) == (D("0.15"), D("0.03"), D("0.18"))


lines = st.builds(
    Charge,
    description=st.just("Line"),
    unit_price=st.decimals(min_value=-500, max_value=2000, places=2),
    quantity=st.decimals(min_value="0.01", max_value=20, places=2),
    tax_code=st.sampled_from(TaxCode.values),
    benefit=st.decimals(min_value=0, max_value=200, places=2),
)


@given(st.lists(lines, max_size=8), st.booleans())
def test_a_line_and_its_sum_add_up(some, registered):
    amounts = [amounts_of(line, gst_registered=registered) for line in some]
    for line, each in zip(some, amounts, strict=True):
        assert each.price + each.gst == each.total
        assert abs(each.price - line.quantity * line.unit_price) <= D("0.005")
        assert each.gst == 0 or (registered and line.tax_code == TaxCode.TAXABLE)
        assert 0 <= each.rebate <= max(each.total, 0)
    total = sum_of(amounts)
    assert total.price + total.gst == total.total == sum(each.total for each in amounts)
    assert total.out_of_pocket + total.rebate == total.total
    assert 0 <= total.rebate <= max(total.total, 0)


# ---- Money in and out ------------------------------------------------------------------------------------------------


def test_payments_add_up_to_the_cent(books):
    invoice = books.issued("220.10")
    books.pay(invoice, "0.10", method="cash")
    books.pay(invoice, "119.99", method="transfer", reference=" INV 7 ")
    assert (invoice.paid, invoice.balance, invoice.is_settled) == (D("120.09"), D("100.01"), False)
    books.pay(invoice, "100.01")
    assert (invoice.paid, invoice.balance, invoice.is_settled) == (D("220.10"), D("0.00"), True)
    assert list(Payment.objects.values_list("method", "amount", "reference")) == [
        ("cash", D("0.10"), ""),
        ("transfer", D("119.99"), "INV 7"),
        ("card", D("100.01"), ""),
    ]


def test_a_payment_is_of_today_on_the_clinics_calendar(books):
    books.now = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)  # past midnight in Melbourne
    payment = books.pay(books.issued(), "1.00")
    assert (payment.received_on, payment.recorded_at) == (date(2026, 11, 25), books.now)
    assert books.pay(books.issued(), "1.00", received_on=date(2026, 11, 1)).received_on == date(2026, 11, 1)


def test_a_double_click_pays_once(books):
    invoice = books.issued()
    first = books.pay(invoice, "220.00", key="form-1")
    second = books.pay(invoice, "220.00", key="form-1")
    assert first == second
    assert (Payment.objects.count(), Allocation.objects.count(), invoice.paid) == (1, 1, D("220.00"))
    assert Entry.objects.filter(verb="payment.recorded").count() == 1


def test_a_key_is_not_used_for_something_else(books):
    invoice, other = books.issued(), books.issued()
    books.pay(invoice, "20.00", key="form-1")
    with pytest.raises(KeyReused):
        books.pay(invoice, "30.00", key="form-1")
    with pytest.raises(KeyReused):
        books.pay(other, "20.00", key="form-1")
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("amount", ["0", "-5", "0.001", "10.005", "NaN", "Infinity"])
def test_an_amount_is_more_than_nothing_in_whole_cents(books, amount):
    with pytest.raises(WrongAmount):
        books.pay(books.issued(), amount)
    assert not Payment.objects.exists()


def test_an_overpayment_is_refused_and_says_what_is_owing(books):
    invoice = books.issued("220.00")
    books.pay(invoice, "100.00")
    with pytest.raises(Overpayment) as refusal:
        books.pay(invoice, "120.01")
    assert refusal.value.balance == D("120.00")
    assert Payment.objects.count() == 1


def test_a_draft_and_a_void_invoice_take_no_money(books):
    for invoice in (books.draft("10.00"), books.void(books.issued("10.00"))):
        with pytest.raises(NotPayable):
            books.pay(invoice, "10.00")
    assert not Payment.objects.exists()


def test_a_refund_is_a_new_row_with_a_minus(books):
    invoice = books.issued("220.00")
    payment = books.pay(invoice, "220.00")
    refund = books.refund(payment, invoice, "70.50", method="transfer", key="r")
    assert (refund.amount, refund.reverses, refund.method) == (D("-70.50"), payment, "transfer")
    assert (invoice.paid, invoice.balance) == (D("149.50"), D("70.50"))
    assert books.refund(payment, invoice, "70.50", key="r") == refund
    with pytest.raises(NotRefundable) as refusal:
        books.refund(payment, invoice, "149.51")
    assert refusal.value.left == D("149.50")
    books.refund(payment, invoice, "149.50")
    assert invoice.paid == 0
    assert [row.amount for row in Payment.objects.order_by("id")] == [D("220.00"), D("-70.50"), D("-149.50")]


def test_a_refund_is_of_money_that_is_on_that_invoice(books):
    invoice, other = books.issued(), books.issued()
    payment = books.pay(invoice, "20.00")
    refund = books.refund(payment, invoice, "5.00")
    for wrong, where in ((payment, other), (refund, invoice)):
        with pytest.raises(NotRefundable):
            books.refund(wrong, where, "1.00")
    with pytest.raises(WrongAmount):
        books.refund(payment, invoice, "0")


def test_voiding_needs_a_reason_and_an_unpaid_invoice(books):
    invoice = books.issued()
    payment = books.pay(invoice, "20.00")
    with pytest.raises(PaidOn) as refusal:
        books.void(invoice)
    assert refusal.value.paid == D("20.00")
    books.refund(payment, invoice, "20.00")
    with pytest.raises(ReasonMissing):
        books.void(invoice, reason="  ")
    books.void(invoice, reason=" Billed twice ")
    assert (invoice.status, invoice.voided_at, invoice.voided_by, invoice.void_reason, invoice.balance) == (
        InvoiceStatus.VOID,
        books.now,
        books.by.user,
        "Billed twice",
        0,
    )
    with pytest.raises(NotPayable):
        books.void(invoice)


def test_standing(books):
    today = date(2026, 11, 24)
    draft, issued, part, paid, credited, free, void = (
        books.draft("9.00"),
        books.issued("9.00"),
        books.issued("9.00"),
        books.issued("9.00"),
        books.issued("9.00"),
        books.issued("0.00"),
        books.void(books.issued("9.00")),
    )
    books.credit(credited, "9.00")
    books.credit(paid, "1.00")
    books.pay(part, "4.00")
    books.pay(paid, "8.00")
    expected = {draft: "draft", issued: "owing", part: "owing", paid: "paid", credited: "credited", void: "void"}
    expected[free] = "paid"
    assert {invoice: str(invoice.standing(today=today)) for invoice in expected} == expected
    late = today + timedelta(days=8)
    assert {str(invoice.standing(today=late)) for invoice in (issued, part)} == {"overdue"}
    everything = Invoice.objects.all()
    for day in (today, late):
        for standing in Standing:
            found = set(everything.standing(standing, today=day))
            wanted = {i for i in everything if i.standing(today=day) == standing}
            # Whatever is overdue is owing too.
            assert found == wanted | (set(everything.overdue(today=day)) if standing == "owing" else set()), standing


steps = st.lists(
    st.tuples(
        st.sampled_from(["pay", "refund", "void", "again"]),
        st.integers(0, 3),
        st.decimals(min_value="-1", max_value=400, places=2),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(lines, min_size=1, max_size=4), st.booleans(), steps)
def test_whatever_is_done_the_books_balance(books, some, registered, done):
    """Random invoices, payments, refunds, repeats and voids; refusals are fine, a cent gone astray is not."""
    make.clinic(gst_registered=registered)
    try:
        invoices = [books.issued(lines=some, patient=make.patient()) for _ in range(2)]
    except NothingToBill:
        return
    keys = []
    for what, which, amount in done:
        invoice = invoices[which % 2]
        payments = [a.payment for a in invoice.allocations.select_related("payment").filter(amount__gt=0)]
        try:
            match what:
                case "pay":
                    keys.append((invoice, amount, uuid.uuid4().hex))
                    books.pay(invoice, amount, key=keys[-1][2])
                case "again" if keys:
                    invoice, amount, key = keys[which % len(keys)]
                    books.pay(invoice, amount, key=key)
                case "refund" if payments:
                    books.refund(payments[which % len(payments)], invoice, amount)
                case "void":
                    books.void(invoice)
        except (WrongAmount, Overpayment, NotPayable, NotRefundable, PaidOn):
            pass
    for invoice in invoices:
        invoice.refresh_from_db()
        rows = list(invoice.allocations.select_related("payment"))
        assert invoice.paid == sum((row.amount for row in rows), D(0))
        assert all(row.amount == row.payment.amount for row in rows)
        assert 0 <= invoice.paid <= invoice.total
        assert invoice.total == sum(line.total for line in invoice.lines.all()) == invoice.subtotal + invoice.gst
        assert (invoice.status == InvoiceStatus.VOID) <= (invoice.paid == 0)
    assert Line.objects.filter(invoice__in=invoices).count() == 2 * len(some)
