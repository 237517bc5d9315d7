"""Invoices that are typed, and what a discount may take off."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from portal.billing import actions
from portal.billing.actions import BillTo
from portal.billing.charges import Charge
from portal.billing.models import Invoice, Line
from portal.billing.refusals import ChangedMeanwhile, NotADraft, NothingToBill
from portal.clinic.models import TaxCode
from tests import make

pytestmark = pytest.mark.django_db
D = Decimal


def report(price="300.00", **fields):
    return Charge(description="Report", unit_price=D(price), tax_code=TaxCode.TAXABLE, **fields)


def typed(books, *charges, bill_to=None, **fields):
    place = {"psychologist": make.psychologist(), "location": make.location(), "patient": make.patient()}
    return actions.type_invoice(charges=charges, bill_to=bill_to, by=books.by, now=books.now, **place | fields)


def change(books, invoice, *charges, seen=None, bill_to=None):
    seen = actions.draft_as_shown(invoice) if seen is None else seen
    place = {"psychologist": invoice.psychologist, "location": invoice.location, "bill_to": bill_to}
    return actions.change_draft(invoice=invoice, charges=charges, seen=seen, by=books.by, now=books.now, **place)


def test_a_draft_is_changed_and_issued(books):
    make.clinic(gst_registered=True)
    draft = typed(books, report())
    payer = make.payer(terms_days=40)
    change(books, draft, report("200.00"), Charge(description="Letter", unit_price=D(50)), bill_to=BillTo(payer, "PO"))
    invoice = actions.issue_invoice(invoice=draft, by=books.by, now=books.now)
    assert (invoice.total, invoice.gst, invoice.payable) == (D("270.00"), D("20.00"), D("270.00"))
    assert (invoice.payer, (invoice.due_on - invoice.issued_on).days) == (payer, 40)
    assert [line["description"] for line in invoice.snapshot["lines"]] == ["Report", "Letter"]


def test_an_old_page_changes_and_issues_nothing(books):
    draft = typed(books, report())
    seen = actions.draft_as_shown(draft)
    change(books, draft, report("200.00"))
    with pytest.raises(ChangedMeanwhile):
        change(books, draft, report("100.00"), seen=seen)
    with pytest.raises(ChangedMeanwhile):
        actions.issue_invoice(invoice=draft, by=books.by, now=books.now, seen=seen)
    actions.issue_invoice(invoice=draft, by=books.by, now=books.now, seen=actions.draft_as_shown(draft))
    with pytest.raises(NotADraft):
        change(books, draft, report("100.00"))


# ---- What is a tax invoice -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("registered", "tax_code", "title"),
    [
        (True, TaxCode.TAXABLE, "Tax invoice"),
        (True, TaxCode.GST_FREE, "Invoice"),
        (False, TaxCode.TAXABLE, "Invoice"),
        (False, TaxCode.GST_FREE, "Invoice"),
    ],
)
def test_only_a_taxable_line_of_a_registered_clinic_makes_a_tax_invoice(books, registered, tax_code, title):
    make.clinic(gst_registered=registered, abn="51824753556")
    invoice = books.issued(lines=[Charge(description="A", unit_price=D(100), tax_code=tax_code)])
    assert invoice.snapshot["title"] == title
    note = books.credit(invoice, "10.00")
    assert note.snapshot["title"] == ("Adjustment note" if title == "Tax invoice" else "Credit note")


def test_from_1000_dollars_a_tax_invoice_names_its_buyer(books):
    """Scenario 18, to an employer."""
    make.clinic(gst_registered=True, abn="51824753556")
    sessions = Charge(description="Sessions", unit_price=D("220.00"), quantity=D(5))
    invoice = books.issued(lines=[sessions, report()], bill_to=BillTo(make.payer(name="Acme Pty Ltd")))
    paper = invoice.snapshot
    assert (paper["title"], paper["total"], paper["gst"]) == ("Tax invoice", "1430.00", "30.00")
    assert (paper["bill_to"]["name"], paper["bill_to"]["abn"]) == ("Acme Pty Ltd", "51 824 753 556")
    assert [(line["tax"], line["gst"]) for line in paper["lines"]] == [("gst_free", "0.00"), ("taxable", "30.00")]
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=books.draft("1.00").pk).update(bill_to_name="")


# ---- Discounts -------------------------------------------------------------------------------------------------------


def test_a_discount_without_gst_hides_no_gst(books):
    make.clinic(gst_registered=True)
    off = Charge(description="Discount", unit_price=D("-50.00"))
    with pytest.raises(NothingToBill):
        typed(books, report(), off)
    whole = typed(books, report(), off, Charge(description="Session", unit_price=D(50)))
    assert (whole.total, whole.gst) == (D("330.00"), D("30.00"))


def test_a_discount_of_a_taxable_line_takes_its_gst_with_it(books):
    make.clinic(gst_registered=True)
    invoice = typed(books, report(), report("-50.00"))
    assert (invoice.subtotal, invoice.gst, invoice.total) == (D("250.00"), D("25.00"), D("275.00"))


def test_the_database_refuses_a_discount_that_hides_gst(books):
    make.clinic(gst_registered=True)
    draft = typed(books, report(), Charge(description="Session", unit_price=D(50)))
    line = draft.lines.get(description="Session")
    Line.objects.filter(pk=line.pk).update(unit_price=D("-50.00"), total=D("-50.00"))
    Invoice.objects.filter(pk=draft.pk).update(
        subtotal=D("250.00"), total=D("280.00"), payable=D("280.00"), out_of_pocket=D("280.00")
    )
    with pytest.raises(IntegrityError, match="at its own GST"), transaction.atomic():
        actions.issue_invoice(invoice=draft, by=books.by, now=books.now)
