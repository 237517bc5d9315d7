"""What is taken off an invoice after it was issued."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.audit.models import Entry
from portal.billing import actions, paper
from portal.billing.charges import Charge
from portal.billing.models import CreditNote, Invoice
from portal.billing.refusals import KeyReused, NotPayable, OverCredit, ReasonMissing, WrongAmount
from portal.clinic.models import TaxCode
from tests import make
from tests.billing.conftest import NOW

D = Decimal


def report(price="300.00"):
    return Charge(description="Report", unit_price=D(price), tax_code=TaxCode.TAXABLE)


def test_a_credit_note_is_a_document_of_its_own_that_lowers_what_is_owing(books):
    invoice = books.issued("220.00")
    before = invoice.snapshot
    note = books.credit(invoice, "20.00", reason=" Agreed a lower fee ")
    prefix, digits = note.number.split("-")
    assert (prefix, len(digits), note.reason) == ("CRN", 8, "Agreed a lower fee")
    assert (invoice.payable, invoice.credited, invoice.balance, invoice.total) == (D(200), D(20), D(200), D(220))
    assert invoice.snapshot == before, "the invoice itself stays as it was issued"
    assert note.snapshot["title"] == "Credit note"
    assert (note.snapshot["invoice"]["number"], note.snapshot["before"], note.snapshot["after"]) == (
        invoice.number,
        "220.00",
        "200.00",
    )
    entry = Entry.objects.order_by("-pk").first()
    assert (entry.verb, entry.target_code) == ("invoice.credited", str(invoice.code))
    assert entry.facts == {"note": str(note.code), "amount_cents": 2000, "gst_cents": 0}


def test_what_is_paid_off_is_settled_by_the_note(books):
    invoice = books.issued("220.00")
    books.pay(invoice, "200.00")
    assert list(Invoice.objects.owing()) == [invoice]
    books.credit(invoice, "20.00")
    assert (list(Invoice.objects.owing()), list(Invoice.objects.settled())) == ([], [invoice])
    assert invoice.is_settled


def test_the_note_of_a_tax_invoice_is_an_adjustment_note_with_its_gst(books):
    make.clinic(gst_registered=True)
    invoice = books.issued(lines=[report()])
    # What it is called follows the invoice, not what the clinic has become.
    make.clinic(gst_registered=False)
    note = books.credit(invoice, "110.00")
    assert (note.snapshot["title"], note.gst, note.price) == ("Adjustment note", D("10.00"), D("100.00"))
    assert (note.snapshot["gst"], note.snapshot["amount"]) == ("10.00", "110.00")


def test_only_the_taxed_line_gives_gst_back(books):
    make.clinic(gst_registered=True)
    invoice = books.issued(lines=[Charge(description="Session", unit_price=D("220.00")), report()])
    session, written = invoice.lines.all()
    assert books.credit(invoice, "22.00", line=session).gst == 0
    assert books.credit(invoice, "22.00", line=written).gst == D("2.00")


@given(price=st.integers(1, 50_000), parts=st.lists(st.integers(1, 20_000), min_size=1, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_a_line_taken_off_in_parts_gives_back_exactly_its_gst(books, price, parts):
    make.clinic(gst_registered=True)
    invoice = books.issued(lines=[report(D(price) / 100)], patient=make.patient())
    line = invoice.lines.get()
    for part in parts:
        if amount := min(D(part) / 100, invoice.balance):
            books.credit(invoice, amount)
    if invoice.balance:
        books.credit(invoice, invoice.balance)
    notes = CreditNote.objects.filter(line=line)
    assert sum(note.amount for note in notes) == line.total == invoice.credited
    assert sum(note.gst for note in notes) == line.gst
    assert (invoice.payable, invoice.balance) == (0, 0)


def discounted(books, price, off):
    make.clinic(gst_registered=True)
    off_it = Charge(description="Discount: Report", unit_price=-D(off), tax_code=TaxCode.TAXABLE)
    session = Charge(description="Session", unit_price=D("100.00"))
    return books.issued(lines=[report(price), off_it, session], patient=make.patient())


def test_a_discounted_line_gives_back_what_it_cost_and_its_gst(books):
    invoice = discounted(books, "100.00", "50.00")
    line = invoice.lines.first()
    assert actions.creditable(line=line, invoice=invoice) == D("55.00")
    with pytest.raises(OverCredit):
        books.credit(invoice, "55.01", line=line)
    assert books.credit(invoice, "55.00", line=line).gst == D("5.00")
    assert actions.creditable(line=line, invoice=invoice) == 0
    assert books.credit(invoice, "100.00", line=invoice.lines.last()).gst == 0
    assert invoice.payable == 0


@given(
    dimes=st.integers(2, 5_000),
    share=st.integers(1, 99),
    parts=st.lists(st.integers(1, 20_000), min_size=1, max_size=5),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
def test_a_discounted_invoice_credited_in_any_parts_leaves_nothing_and_no_gst(books, dimes, share, parts):
    invoice = discounted(books, D(dimes) / 10, D(dimes * share // 100) / 10 or D("0.10"))
    lines = [line for line in invoice.lines.all() if line.total > 0]
    for line in lines:
        for part in [*parts, 10_000_000]:
            if amount := min(D(part) / 100, actions.creditable(line=line, invoice=invoice)):
                books.credit(invoice, amount, line=line)
    notes = CreditNote.objects.filter(invoice=invoice)
    assert (sum(note.amount for note in notes), sum(note.gst for note in notes)) == (invoice.total, invoice.gst)
    assert invoice.payable == 0


@given(price=st.integers(2, 3_000), share=st.integers(1, 99), part=st.integers(1, 500))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
def test_odd_cents_of_a_discount_never_stand_in_the_way(books, price, share, part):
    invoice = discounted(books, D(price) / 100, D(price * share // 100 or 1) / 100)
    line = invoice.lines.first()
    for most in (part, part, 10_000_000):
        if amount := min(D(most) / 100, actions.creditable(line=line, invoice=invoice)):
            books.credit(invoice, amount, line=line)
    assert invoice.payable == D("100.00")


@pytest.mark.parametrize(("paid", "most"), [("0.00", "100.00"), ("130.00", "20.00")])
def test_no_more_than_the_line_has_or_than_is_owing(books, paid, most):
    invoice = books.issued("100.00", "50.00")
    if D(paid):
        books.pay(invoice, paid)
    line = invoice.lines.first()
    assert actions.creditable(line=line, invoice=invoice) == D(most)
    with pytest.raises(OverCredit) as refused:
        books.credit(invoice, D(most) + D("0.01"))
    assert refused.value.most == D(most)
    books.credit(invoice, most)
    assert actions.creditable(line=line, invoice=invoice) == 0


def test_a_discount_is_not_taken_off(books):
    invoice = books.issued(
        lines=[Charge(description="Session", unit_price=D(220)), Charge(description="Discount", unit_price=D(-20))]
    )
    with pytest.raises(OverCredit):
        books.credit(invoice, "1.00", line=invoice.lines.last())
    books.credit(invoice, "200.00")
    assert invoice.payable == 0


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "0.001", "NaN"])
def test_a_credit_is_an_amount(books, amount):
    with pytest.raises(WrongAmount):
        books.credit(books.issued(), amount)


def test_a_credit_says_why(books):
    with pytest.raises(ReasonMissing):
        books.credit(books.issued(), "1.00", reason="  ")


def test_only_an_issued_invoice_is_credited(books):
    for invoice in (books.draft("10.00"), books.void(books.issued("10.00"))):
        with pytest.raises(NotPayable):
            books.credit(invoice, "1.00")


def test_sent_twice_takes_off_once(books):
    invoice = books.issued("220.00")
    assert books.credit(invoice, "20.00", key="one") == books.credit(invoice, "20.00", key="one")
    assert invoice.credited == D("20.00")
    with pytest.raises(KeyReused):
        books.credit(invoice, "21.00", key="one")


def test_an_expected_rebate_is_no_more_than_is_charged_by_now(books):
    appointment = books.session()
    make.referral(patient=appointment.patient)
    invoice = books.invoice_of_session(appointment)
    assert invoice.expected_rebate == invoice.rebate == D("149.05")
    books.credit(invoice, "100.00")
    assert (invoice.expected_rebate, invoice.gap, invoice.rebate) == (D("120.00"), 0, D("149.05"))
    printed = paper.facts_of(invoice)["paper"]
    assert (printed["rebate"], printed["out_of_pocket"]) == ("120.00", "0.00")
    assert invoice.snapshot["rebate"] == "149.05"


def test_of_a_void_invoice_nobody_expects_a_rebate(books):
    appointment = books.session()
    make.referral(patient=appointment.patient)
    invoice = books.invoice_of_session(appointment)
    page, desk = reverse("reception:invoice", args=[invoice.number]), make.client_for(make.staff())
    assert "Expected Medicare rebate" in desk.get(page).content.decode()
    actions.void_invoice(invoice=invoice, reason="Wrong item", by=make.actor(), now=NOW)
    body = desk.get(page).content.decode()
    assert "Void since" in body
    assert not [word for word in ("Expected Medicare rebate", "out of pocket", "$149.05") if word in body]


def test_a_credited_invoice_can_be_voided(books):
    invoice = books.issued("220.00")
    books.credit(invoice, "20.00")
    books.void(invoice)
    assert (invoice.status, invoice.balance) == ("void", 0)
