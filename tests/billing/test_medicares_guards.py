"""Raw SQL that would take Medicare's money astray, or more off a line than it cost: the database refuses each."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from portal.billing import actions
from portal.billing.charges import DISCOUNT, Charge
from portal.billing.guards import words
from portal.billing.models import CreditNote, MedicareClaim, Payment
from portal.billing.models.payer import Payer
from tests import make

pytestmark = pytest.mark.django_db
ISSUE = "UPDATE billing_invoice SET status = 'issued', snapshot = '{}' WHERE id = %s"
ITEM = "UPDATE billing_line SET item_number = '80110', item_proposed = NULL WHERE invoice_id = %s"
ALLOCATE = "INSERT INTO billing_allocation (payment_id, invoice_id, amount) VALUES (%s, %s, %s)"


def run(sql, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def refused(said, sql, *values):
    with pytest.raises(IntegrityError, match=said):
        run(sql, *values)


@pytest.fixture
def claim(books):
    make.mbs_items()
    referral = make.referral()
    books.invoice_of_session(books.session(patient=referral.patient))
    return MedicareClaim.objects.get()


def approved(claim, books):
    """What Medicare paid the clinic for it."""
    said = {"amount": Decimal("100.00"), "decided_on": books.now.date(), "to_clinic": True}
    actions.approve_claim(claim=claim, **said, by=books.by, now=books.now)
    return Payment.objects.get()


def reversal(payment, amount="-100.00", *, key="back"):
    return Payment.objects.create(
        number=f"RCT-{key}",
        patient=payment.patient,
        method="medicare",
        amount=Decimal(amount),
        received_on="2026-11-24",
        key=key,
        reverses=payment,
    )


@pytest.mark.parametrize("kind", Payer.Kind)
def test_only_family_is_billed_a_medicare_item(books, kind):
    draft = books.draft("50.00", bill_to=actions.BillTo(make.payer(kind=kind), "", ""))
    run(ITEM, draft.pk)
    if kind == Payer.Kind.PERSON:
        run(ISSUE, draft.pk)
    else:
        refused(words.NO_ITEM_FOR_THIRD_PARTIES, ISSUE, draft.pk)
        run("UPDATE billing_line SET item_number = '' WHERE invoice_id = %s", draft.pk)
        run(ISSUE, draft.pk)


def test_who_is_billed_a_medicare_item_stays_family_until_the_bill_is_void(books):
    payer = make.payer(kind=Payer.Kind.PERSON)
    draft = books.draft("50.00", bill_to=actions.BillTo(payer, "", ""))
    become = "UPDATE billing_payer SET kind = %s WHERE id = %s"
    run(ITEM, draft.pk)
    run(ISSUE, draft.pk)
    for kind in set(Payer.Kind) - {Payer.Kind.PERSON}:
        refused(words.KIND_FITS_ITS_BILLS, become, kind, payer.pk)
    run("UPDATE billing_payer SET name = 'Another' WHERE id = %s", payer.pk)
    void = "UPDATE billing_invoice SET status = 'void', voided_at = %s, void_reason = 'Wrong' WHERE id = %s"
    run(void, books.now, draft.pk)
    run(become, Payer.Kind.EMPLOYER, payer.pk)


def test_nothing_is_claimed_of_what_a_third_party_is_billed(books, claim):
    billed = books.issued("50.00", bill_to=actions.BillTo(make.payer(), "", ""))
    columns = [field.column for field in MedicareClaim._meta.local_concrete_fields if field.column != "id"]
    changed = {"code": "%s", "line_id": "%s"}
    sql = (
        f"INSERT INTO billing_medicareclaim ({', '.join(columns)}) "
        f"SELECT {', '.join(changed.get(column, column) for column in columns)} FROM billing_medicareclaim"
    )
    refused(words.NO_ITEM_FOR_THIRD_PARTIES, sql, uuid.uuid4().hex, billed.lines.get().pk)
    assert MedicareClaim.objects.get() == claim


def test_what_medicare_paid_goes_back_by_its_claim_alone(books, claim):
    payment, invoice = approved(claim, books), claim.line.invoice
    with pytest.raises(IntegrityError, match=words.MEDICARES_MONEY), transaction.atomic():
        reversal(payment, "-0.01")
    refused(words.MEDICARES_MONEY, ALLOCATE, payment.pk, invoice.pk, Decimal("-100.00"))
    said = {"reason": "Paid twice", "decided_on": books.now.date(), "by": books.by, "now": books.now}
    actions.reject_claim(claim=MedicareClaim.objects.get(), **said)
    invoice.refresh_from_db()
    assert (invoice.paid, Payment.objects.filter(reverses=payment).count()) == (0, 1)


def test_after_it_was_rejected_and_paid_anew_the_new_money_stands(books, claim):
    approved(claim, books)
    said = {"by": books.by, "now": books.now}
    actions.reject_claim(claim=claim, reason="Paid twice", decided_on=books.now.date(), **said)
    claim = actions.claim_again(claim=MedicareClaim.objects.get(), **said)
    actions.approve_claim(claim=claim, amount=Decimal("100.00"), decided_on=books.now.date(), to_clinic=True, **said)
    with pytest.raises(IntegrityError, match=words.MEDICARES_MONEY), transaction.atomic():
        reversal(Payment.objects.filter(amount__gt=0).latest("pk"))


def test_notes_take_no_more_off_a_line_than_it_cost_after_its_discount(books):
    lines = [("Report", "100.00"), (f"{DISCOUNT}Report", "-60.00"), ("Form", "100.00"), ("Discount: all", "-10.00")]
    invoice = books.issued(lines=[Charge(description=what, unit_price=Decimal(price)) for what, price in lines])
    report, _off, form, _all = invoice.lines.all()

    def note(line, amount):
        key = uuid.uuid4().hex
        with transaction.atomic():
            CreditNote.objects.create(
                number=f"CRN-{key[:7]}",
                invoice=invoice,
                line=line,
                issued_on="2026-11-24",
                amount=Decimal(amount),
                reason="Charged too much",
                key=key,
                snapshot={},
            )

    with pytest.raises(IntegrityError, match=words.WITHIN_COST):
        note(report, "40.01")
    note(report, "30.00")
    with pytest.raises(IntegrityError, match=words.WITHIN_COST):
        note(report, "10.01")
    note(report, "10.00")
    # A discount that is not the line's own is not taken into account.
    note(form, "90.00")
