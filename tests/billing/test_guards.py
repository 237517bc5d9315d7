"""Raw SQL that would unbalance the books: the database refuses each, on SQLite and on PostgreSQL."""

from __future__ import annotations

import re
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from portal.billing import actions
from portal.billing.charges import Charge
from portal.billing.guards import words as guards
from portal.billing.models import Allocation, CreditNote, Invoice, Line, MedicareClaim, Payment, Purpose, Waiver
from tests import make


def run(sql, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount


def refused(sql, *values, words):
    with pytest.raises(IntegrityError, match=words):
        run(sql, *values)


def allocate(payment, invoice, amount):
    run(
        "INSERT INTO billing_allocation (payment_id, invoice_id, amount) VALUES (%s, %s, %s)",
        payment.pk,
        invoice.pk,
        Decimal(amount),
    )
    invoice.refresh_from_db()


ISSUE = "UPDATE billing_invoice SET status = 'issued', snapshot = '{}' WHERE id = %s"


def money_in(amount, *, of=None, key="k", reverses=None, **fields):
    """A payment that is allocated to nothing yet, of the patient of an invoice."""
    number = f"RCT-{Payment.objects.count():08X}"
    whose = of or Invoice.objects.first()
    patient = reverses.patient if reverses else whose.patient if whose else make.patient()
    with transaction.atomic():
        return Payment.objects.create(
            number=number,
            patient=patient,
            method="card",
            amount=Decimal(amount),
            received_on="2026-11-24",
            key=key,
            reverses=reverses,
            **fields,
        )


TABLES = sorted(guards.TABLES)


def one_of_each(books):
    """A row in every table of the books."""
    invoice = books.issued()
    payment = books.pay(invoice, "20.00")
    books.credit(invoice, "5.00")
    make.waiver()
    taking = books.take(invoice.patient, [("cash", "10.00")], keeps=True)
    assert taking
    make.mbs_items()
    referral = make.referral()
    books.invoice_of_session(books.session(patient=referral.patient), referral=referral)
    make.pay_share(psychologist=make.psychologist())
    make.day_close(payment=payment)
    claims = list(MedicareClaim.objects.all())
    said = {"channel": "hpos", "reference": "", "sent_on": books.now.date(), "by": books.by, "now": books.now}
    actions.send_claims(claims=claims, **said)


CHANGES = {
    "code": "'11111111111111111111111111111111'",
    "number": "'INV-00000000'",
    "purpose": "'late_fee'",
    "bulk_billed": "NOT bulk_billed",
    "patient_id": "patient_id + 1",
    "appointment_id": "NULL",
    "psychologist_id": "psychologist_id + 1",
    "location_id": "location_id + 1",
    "billed_user_id": "COALESCE(billed_user_id, 0) + 1",
    "payer_id": "COALESCE(payer_id, 0) + 1",
    "purchase_order": "'PO 7'",
    "claim_number": "'C 7'",
    "bill_to_name": "'Somebody Else'",
    "bill_to_address": "'Elsewhere'",
    "bill_to_abn": "'51824753556'",
    "issued_on": "'2026-11-01'",
    "due_on": "'2027-11-01'",
    "subtotal": "subtotal - 1",
    "gst": "gst + 1",
    "total": "total + 1",
    "rebate": "rebate + 1",
    "out_of_pocket": "out_of_pocket - 1",
    "snapshot": """'{"total": "1.00"}'""",
    "created_at": "'2020-01-01 00:00:00+00'",
    "created_by_id": "NULL",
    "id": "id + 1000",
}


def test_every_column_of_an_invoice_is_frozen_or_may_change():
    columns = {field.column for field in Invoice._meta.local_concrete_fields}
    assert set(guards.FROZEN) | set(guards.MAY_CHANGE) == columns
    assert not set(guards.FROZEN) & set(guards.MAY_CHANGE)
    assert set(CHANGES) == set(guards.FROZEN)


@pytest.mark.parametrize("column", CHANGES)
def test_an_issued_invoice_never_changes(books, column):
    invoice = books.invoice_of_session()
    words = {"code": "keeps its number", "number": "keeps its number", "id": "keeps its number"}
    refused(
        f"UPDATE billing_invoice SET {column} = {CHANGES[column]} WHERE id = %s",
        invoice.pk,
        words=f"{words.get(column, 'never changes')}|{guards.NEVER_CHANGES}",
    )
    assert list(Invoice.objects.values()) == [
        {**Invoice.objects.values().get(), "id": invoice.pk, "number": invoice.number, "total": Decimal(220)}
    ]


@pytest.mark.parametrize("status", ["draft", "void"])
def test_an_issued_invoice_never_goes_back(books, status):
    invoice = books.issued()
    refused("UPDATE billing_invoice SET status = %s WHERE id = %s", status, invoice.pk, words="never back|void|check")


def test_a_void_invoice_never_changes_at_all(books):
    invoice = books.void(books.issued())
    for change in ("status = 'issued'", "void_reason = 'Another'", "voided_at = NULL", "total = 1"):
        refused(f"UPDATE billing_invoice SET {change} WHERE id = %s", invoice.pk, words="never changes|never back")


def copy_of(number, **changed):
    """SQL that copies an invoice under another number."""
    uuid = f"'{uuid4().hex}'" + ("::uuid" if connection.vendor == "postgresql" else "")
    columns = [field.column for field in Invoice._meta.local_concrete_fields if field.column != "id"]
    changed = {"code": uuid, "number": f"'{number}'", "appointment_id": "NULL", **changed}
    values = ", ".join(changed.get(column, column) for column in columns)
    return f"INSERT INTO billing_invoice ({', '.join(columns)}) SELECT {values} FROM billing_invoice WHERE id = %s"


def test_an_invoice_begins_as_an_unpaid_draft(books):
    invoice, draft = books.issued(), books.draft("10.00")
    refused(copy_of("INV-AAAAAAAA"), invoice.pk, words=guards.BEGINS)
    refused(copy_of("INV-AAAAAAAA", paid="5"), draft.pk, words=guards.BEGINS)
    refused(copy_of("INV-AAAAAAAA", payable="5"), draft.pk, words=guards.BEGINS)
    assert run(copy_of("INV-AAAAAAAA"), draft.pk) == 1


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("total = total + 1, subtotal = subtotal + 1, out_of_pocket = out_of_pocket + 1", "billing_invoice"),
        (
            "total = total + 1, payable = payable + 1, subtotal = subtotal + 1, out_of_pocket = out_of_pocket + 1",
            "billing_invoice",
        ),
        ("subtotal = subtotal - 1, gst = gst + 1", "billing_invoice"),
        ("unit_price = unit_price + 0.01, total = total + 0.01", "billing_line"),
        ("benefit = benefit + 1", "billing_line"),
    ],
)
def test_an_invoice_whose_lines_do_not_add_up_is_not_issued(books, change, table):
    make.clinic(gst_registered=True)
    report = Charge(description="Report", unit_price=Decimal("200.00"), tax_code="taxable")
    draft = books.draft(lines=[Charge(description="Session", unit_price=Decimal("220.00")), report])
    where = "id = %s" if table == "billing_invoice" else "position = 1 AND invoice_id = %s"
    assert run(f"UPDATE {table} SET {change} WHERE {where}", draft.pk) == 1
    refused(ISSUE, draft.pk, words=guards.ADDS_UP)


def test_an_invoice_without_lines_is_not_issued(books):
    draft = books.draft("0.00")
    run("DELETE FROM billing_line WHERE invoice_id = %s", draft.pk)
    refused(ISSUE, draft.pk, words=guards.ADDS_UP)


def test_an_invoice_without_its_snapshot_is_not_issued(books):
    draft = books.draft("10.00")
    refused(
        "UPDATE billing_invoice SET status = 'issued' WHERE id = %s", draft.pk, words="invoice_issued_with_its_snapshot"
    )


def test_an_invoice_that_adds_up_is_issued_by_anybody(books):
    draft = books.draft("10.10", "20.20", "0.07")
    assert run(ISSUE, draft.pk) == 1


def test_only_drafts_are_deleted(books):
    invoice, draft = books.issued(), books.draft("10.00")
    refused("DELETE FROM billing_invoice WHERE id = %s", invoice.pk, words=guards.NEVER_DELETED)
    books.void(invoice)
    refused("DELETE FROM billing_invoice WHERE id = %s", invoice.pk, words=guards.NEVER_DELETED)
    draft.delete()
    assert list(Invoice.objects.values_list("pk", flat=True)) == [invoice.pk]
    assert set(Line.objects.values_list("invoice", flat=True)) == {invoice.pk}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE billing_line SET description = 'Other' WHERE invoice_id = %(issued)s",
        "UPDATE billing_line SET total = total + 1, unit_price = unit_price + 1 WHERE invoice_id = %(issued)s",
        "UPDATE billing_line SET invoice_id = %(draft)s, position = 9 WHERE invoice_id = %(issued)s",
        "UPDATE billing_line SET invoice_id = %(issued)s, position = 9 WHERE invoice_id = %(draft)s",
        "DELETE FROM billing_line WHERE invoice_id = %(issued)s",
        (
            "INSERT INTO billing_line (invoice_id, position, description, item_number, mode, quantity, unit_price, "
            "tax_code, gst, total, benefit) VALUES (%(issued)s, 9, 'More', '', '', 1, 5, 'gst_free', 0, 5, 0)"
        ),
    ],
)
def test_the_lines_of_an_issued_invoice_are_frozen(books, sql):
    invoice, draft = books.issued("50.00", "60.00"), books.draft("10.00")
    before = list(Line.objects.order_by("pk").values())
    values = {"issued": invoice.pk, "draft": draft.pk}
    with pytest.raises(IntegrityError, match=guards.LINES_FROZEN), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    assert list(Line.objects.order_by("pk").values()) == before
    books.void(invoice)
    with pytest.raises(IntegrityError, match=guards.LINES_FROZEN), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_the_line_of_a_draft_changes(books):
    draft = books.draft("10.00")
    assert run("UPDATE billing_line SET description = 'Other' WHERE invoice_id = %s", draft.pk) == 1


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"gst": 1, "total": 11}, "line_gst_only_if_taxable"),
        ({"tax_code": "'taxable'", "gst": 1.02, "total": 11.02}, "line_gst_is_a_tenth"),
        ({"total": 10.01}, "line_total_is_its_price"),
        ({"quantity": 0, "total": 0}, "line_quantity_above_zero"),
    ],
)
def test_a_line_is_its_price_and_a_tenth(books, fields, name):
    draft = books.draft("10.00")
    change = ", ".join(f"{column} = {value}" for column, value in fields.items())
    refused(f"UPDATE billing_line SET {change} WHERE invoice_id = %s", draft.pk, words=name)


def test_paid_is_the_sum_of_allocations_and_nothing_else(books):
    invoice = books.issued("220.00")
    for paid in ("220", "0.01"):
        refused(f"UPDATE billing_invoice SET paid = {paid} WHERE id = %s", invoice.pk, words=guards.PAID_IS_ALLOCATED)
    books.pay(invoice, "0.10")
    books.pay(invoice, "0.20")
    assert invoice.paid == Decimal("0.30")
    refused("UPDATE billing_invoice SET paid = 0 WHERE id = %s", invoice.pk, words=guards.PAID_IS_ALLOCATED)
    assert run("UPDATE billing_invoice SET paid = 0.30 WHERE id = %s", invoice.pk) == 1


def test_an_invoice_with_money_on_it_is_not_voided(books):
    invoice = books.issued()
    payment = books.pay(invoice, "20.00")
    change = "status = 'void', voided_at = '2026-11-24 00:00:00+00', void_reason = 'x'"
    void = f"UPDATE billing_invoice SET {change} WHERE id = %s"
    refused(void, invoice.pk, words=guards.VOID_UNPAID)
    books.refund(payment, invoice, "20.00")
    assert run(void, invoice.pk) == 1


@pytest.mark.parametrize("lacks", ["voided_at", "void_reason"])
def test_a_void_invoice_says_when_and_why(books, lacks):
    invoice = books.issued()
    given = {"voided_at": "'2026-11-24 00:00:00+00'", "void_reason": "'x'"}
    del given[lacks]
    change = ", ".join(f"{column} = {value}" for column, value in given.items())
    refused(
        f"UPDATE billing_invoice SET status = 'void', {change} WHERE id = %s",
        invoice.pk,
        words="invoice_voided_at_and_why_iff_void",
    )


@pytest.mark.parametrize("purpose", Purpose)
def test_one_live_invoice_for_each_purpose_of_a_session(books, purpose):
    appointment = books.session()
    for each in Purpose:
        books.issued("10.00", appointment=appointment, purpose=each)
    with pytest.raises(IntegrityError), transaction.atomic():
        books.draft("10.00", appointment=appointment, purpose=purpose)
    books.void(Invoice.objects.get(purpose=purpose))
    assert books.draft("10.00", appointment=appointment, purpose=purpose).appointment == appointment


@pytest.mark.parametrize("purpose", [p for p in Purpose if p != Purpose.SESSION])
def test_only_a_session_that_was_held_has_a_medicare_item(books, purpose):
    draft = books.draft("50.00", purpose=purpose)
    sql = "UPDATE billing_invoice SET rebate = 10, out_of_pocket = 40 WHERE id = %s"
    refused(sql, draft.pk, words="invoice_rebate_for_sessions")
    run("UPDATE billing_line SET item_number = '80010' WHERE invoice_id = %s", draft.pk)
    refused(ISSUE, draft.pk, words=guards.ITEM_FOR_SESSIONS)
    run("UPDATE billing_line SET item_number = '' WHERE invoice_id = %s", draft.pk)
    assert run(ISSUE, draft.pk) == 1


def test_an_unknown_purpose_is_none(books):
    draft = books.draft("50.00")
    refused("UPDATE billing_invoice SET purpose = 'gift' WHERE id = %s", draft.pk, words="invoice_purpose_is_known")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE billing_payment SET amount = 1",
        "UPDATE billing_payment SET method = 'cash'",
        "UPDATE billing_payment SET reference = 'other'",
        "DELETE FROM billing_payment",
        "UPDATE billing_allocation SET amount = 1",
        "UPDATE billing_allocation SET invoice_id = invoice_id",
        "DELETE FROM billing_allocation",
    ],
)
def test_payments_and_allocations_never_change(books, sql):
    books.pay(books.issued(), "20.00")
    refused(sql, words="never changes; a correction is a new row")
    assert Payment.objects.get().amount == Allocation.objects.get().amount == Decimal("20.00")


@pytest.mark.skipif("connection.vendor != 'sqlite'")
@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_replaced(books, table):
    """INSERT OR REPLACE is a delete in disguise, on a connection that doesn't ask for recursive triggers."""
    one_of_each(books)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA recursive_triggers=OFF")
        try:
            refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}", words="never")
        finally:
            cursor.execute("PRAGMA recursive_triggers=ON")


@pytest.mark.skipif("connection.vendor != 'postgresql'")
@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_truncated(books, table):
    one_of_each(books)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    refused(f"TRUNCATE {table} CASCADE", words="never")


@pytest.mark.parametrize(
    ("amount", "reverses", "name"),
    [
        ("0", False, "payment_minus_iff_it_reverses"),
        ("-5", False, "payment_minus_iff_it_reverses"),
        ("5", True, "payment_minus_iff_it_reverses"),
        ("-20.01", True, guards.REFUND_WITHIN),
    ],
)
def test_a_payment_has_a_minus_if_it_takes_back(books, amount, reverses, name):
    payment = money_in("20.00")
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        money_in(amount, key="other", reverses=payment if reverses else None)


def test_refunds_together_never_exceed_their_payment(books):
    payment = money_in("20.00")
    money_in("-15.00", key="r1", reverses=payment)
    with pytest.raises(IntegrityError, match=guards.REFUND_WITHIN), transaction.atomic():
        money_in("-5.01", key="r2", reverses=payment)
    money_in("-5.00", key="r3", reverses=payment)


def test_a_refund_is_not_refunded(books):
    refund = money_in("-5.00", key="r", reverses=money_in("20.00"))
    with pytest.raises(IntegrityError, match=guards.REFUND_WITHIN), transaction.atomic():
        money_in("-1.00", key="rr", reverses=refund)


def test_amounts_are_whole_cents(books):
    # PostgreSQL's column rounds them; SQLite's would keep them, and is asked not to.
    sql = (
        "INSERT INTO billing_payment (code, number, method, amount, received_on, recorded_at, reference, reason, "
        "from_account, key)"
        " VALUES (%s, 'RCT-1', 'card', 1.234, '2026-11-24', '2026-11-24 00:00:00+00', '', '', 0, 'k')"
    )
    if connection.vendor == "sqlite":
        refused(sql, "33333333333333333333333333333333", words="payment_in_whole_cents")
    else:
        run(sql, "33333333333333333333333333333333")
        assert Payment.objects.get().amount == Decimal("1.23")


def test_one_key_is_one_payment(books):
    money_in("20.00", key="same")
    with pytest.raises(IntegrityError), transaction.atomic():
        money_in("20.00", key="same")


def test_allocations_never_exceed_the_payment(books):
    first = books.issued("100.00")
    second = books.issued("100.00", patient=first.patient)
    payment = money_in("150.00")
    allocate(payment, first, "100.00")
    with pytest.raises(IntegrityError, match=guards.WITHIN_PAYMENT):
        allocate(payment, second, "50.01")
    allocate(payment, second, "50.00")
    assert (first.paid, second.paid) == (Decimal("100.00"), Decimal("50.00"))


def test_allocations_never_exceed_the_invoice(books):
    invoice = books.issued("100.00")
    allocate(money_in("60.00", key="a"), invoice, "60.00")
    with pytest.raises(IntegrityError, match=guards.WITHIN_INVOICE):
        allocate(money_in("60.00", key="b"), invoice, "40.01")
    assert invoice.paid == Decimal("60.00")


def test_money_moves_by_new_rows(books):
    first = books.issued("100.00")
    second = books.issued("100.00", patient=first.patient)
    payment, other = money_in("60.00", key="a"), money_in("20.00", key="b")
    with pytest.raises(IntegrityError, match=f"{guards.WITHIN_PAYMENT}|{guards.WITHIN_INVOICE}"):
        allocate(payment, first, "-10.00")
    allocate(payment, first, "60.00")
    allocate(other, first, "20.00")
    with pytest.raises(IntegrityError, match=guards.WITHIN_PAYMENT):
        allocate(payment, second, "10.00")
    with pytest.raises(IntegrityError, match=f"{guards.WITHIN_PAYMENT}|{guards.WITHIN_INVOICE}"):
        allocate(payment, first, "-60.01")
    allocate(payment, first, "-60.00")
    allocate(payment, second, "60.00")
    assert (first.paid, second.paid) == (Decimal("20.00"), Decimal("60.00"))
    with pytest.raises(IntegrityError, match=f"{guards.WITHIN_PAYMENT}|{guards.WITHIN_INVOICE}"):
        allocate(payment, first, "-1.00")
    allocate(payment, second, "-60.00")
    allocate(payment, first, "60.00")
    assert (first.paid, second.paid) == (Decimal("80.00"), Decimal("0.00"))


def test_money_that_went_back_settles_nothing(books):
    first = books.issued("100.00")
    second = books.issued("100.00", patient=first.patient)
    payment = money_in("60.00", key="a")
    allocate(payment, first, "60.00")
    refund = money_in("-50.00", key="b", reverses=payment)
    allocate(refund, first, "-50.00")
    with pytest.raises(IntegrityError, match=guards.WITHIN_INVOICE):
        allocate(payment, first, "-10.01")
    allocate(payment, first, "-10.00")
    with pytest.raises(IntegrityError, match=guards.WITHIN_PAYMENT):
        allocate(payment, second, "10.01")
    allocate(payment, second, "10.00")
    assert (first.paid, second.paid) == (Decimal("0.00"), Decimal("10.00"))


def test_a_refund_settles_nothing(books):
    invoice = books.issued("100.00")
    payment = money_in("60.00", key="a")
    allocate(payment, invoice, "40.00")
    refund = money_in("-10.00", key="b", reverses=payment)
    with pytest.raises(IntegrityError, match=guards.WITHIN_PAYMENT):
        allocate(refund, invoice, "-10.01")
    allocate(refund, invoice, "-10.00")
    with pytest.raises(IntegrityError, match=guards.REFUND_TAKES_OFF):
        allocate(refund, invoice, "5.00")
    assert invoice.paid == Decimal("30.00")


def test_a_refund_takes_back_only_what_its_own_payment_paid(books):
    """Somebody else's payment on the same invoice is not there to be refunded."""
    invoice = books.issued("100.00")
    other = books.issued("100.00", patient=invoice.patient)
    mine, theirs = money_in("40.00", key="a"), money_in("60.00", key="b")
    allocate(mine, other, "40.00")
    allocate(theirs, invoice, "60.00")
    refund = money_in("-40.00", key="c", reverses=mine)
    with pytest.raises(IntegrityError, match=guards.WITHIN_INVOICE):
        allocate(refund, invoice, "-40.00")
    assert invoice.paid == Decimal("60.00")


def test_money_settles_invoices_of_whom_it_is_from(books):
    mine, theirs = books.issued("100.00"), books.issued("100.00")
    payment = money_in("60.00", of=mine)
    with pytest.raises(IntegrityError, match=guards.ALLOCATED_TO_ITS_OWN):
        allocate(payment, theirs, "10.00")
    allocate(payment, mine, "60.00")
    assert (mine.paid, theirs.paid) == (Decimal("60.00"), Decimal("0.00"))


def test_what_goes_back_is_the_money_of_whom_it_came_from(books):
    payment = money_in("60.00", of=books.issued("100.00"))
    with pytest.raises(IntegrityError, match=guards.REFUND_TO_ITS_OWN):
        Payment.objects.create(
            number="RCT-FFFFFFFF",
            patient=make.patient(),
            method="card",
            amount=-5,
            received_on="2026-11-24",
            key="r",
            reverses=payment,
        )


def test_no_more_goes_back_from_an_account_than_is_on_it(books):
    invoice = books.issued("100.00")
    payment = money_in("60.00", key="a", of=invoice)
    allocate(payment, invoice, "40.00")
    with pytest.raises(IntegrityError, match=guards.ACCOUNT_WITHIN):
        money_in("-20.01", key="b", reverses=payment, from_account=Decimal("20.01"))
    money_in("-15.00", key="c", reverses=payment, from_account=Decimal("15.00"))
    with pytest.raises(IntegrityError, match=guards.ACCOUNT_WITHIN):
        money_in("-5.01", key="d", reverses=payment, from_account=Decimal("5.01"))
    with pytest.raises(IntegrityError, match=guards.WITHIN_PAYMENT):
        allocate(payment, invoice, "5.01")
    allocate(payment, invoice, "5.00")
    assert invoice.paid == Decimal("45.00")


def test_what_goes_back_from_the_account_takes_nothing_off_an_invoice(books):
    invoice = books.issued("100.00")
    payment = money_in("60.00", key="a", of=invoice)
    allocate(payment, invoice, "40.00")
    refund = money_in("-20.00", key="b", reverses=payment, from_account=Decimal("20.00"))
    with pytest.raises(IntegrityError, match=guards.WITHIN_PAYMENT):
        allocate(refund, invoice, "-0.01")


def test_only_what_goes_back_is_from_an_account(books):
    payment = money_in("60.00", key="a", of=books.issued("100.00"))
    # SQLite's trigger comes before the constraint that PostgreSQL names.
    refused = f"payment_from_account_iff_it_goes_back|{re.escape(guards.ACCOUNT_WITHIN)}"
    with pytest.raises(IntegrityError, match=refused):
        money_in("20.00", key="b", from_account=Decimal("5.00"))
    with pytest.raises(IntegrityError, match="payment_from_account_iff_it_goes_back"):
        money_in("-5.00", key="c", reverses=payment, from_account=Decimal("6.00"))


def test_the_parts_of_a_taking_are_its_patients(books):
    invoice = books.issued("100.00")
    taking = books.take(make.patient(), [("cash", "10.00")], keeps=True)
    with pytest.raises(IntegrityError, match=guards.PART_OF_ITS_TAKING):
        money_in("20.00", of=invoice, taking=taking)


@pytest.mark.parametrize("status", ["draft", "void"])
def test_money_settles_issued_invoices_only(books, status):
    invoice = books.draft("100.00") if status == "draft" else books.void(books.issued("100.00"))
    with pytest.raises(IntegrityError, match=guards.ALLOCATED_TO_ISSUED):
        allocate(money_in("60.00"), invoice, "60.00")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("gst = 1", "invoice_total_is_subtotal_and_gst"),
        ("rebate = 1", "invoice_gap_is_total_less_rebate"),
        ("rebate = 11, out_of_pocket = -1", "invoice_rebate_within_total"),
        ("due_on = '2020-01-01'", "invoice_due_after_issue"),
        ("status = 'lost'", "invoice_status_is_known|never back"),
    ],
)
def test_an_invoice_adds_up_within_itself(books, change, name):
    draft = books.draft("10.00")
    refused(f"UPDATE billing_invoice SET {change} WHERE id = %s", draft.pk, words=name)


# ---- Credit notes and waivers ----------------------------------------------------------------------------------------


def credit(invoice, amount, *, gst="0.00", line=None, key="k"):
    note = CreditNote.objects.create(
        number=f"CRN-{CreditNote.objects.count():08X}",
        invoice=invoice,
        line=line or invoice.lines.first(),
        issued_on="2026-11-24",
        amount=Decimal(amount),
        gst=Decimal(gst),
        reason="Charged too much",
        key=key,
        snapshot={},
    )
    invoice.refresh_from_db()
    return note


def uncredited(words, *args, **fields):
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        credit(*args, **fields)


def test_a_credit_note_lowers_what_is_payable(books):
    invoice = books.issued("100.00")
    credit(invoice, "30.10")
    assert (invoice.payable, invoice.credited, invoice.balance) == (
        Decimal("69.90"),
        Decimal("30.10"),
        Decimal("69.90"),
    )
    credit(invoice, "69.90", key="other")
    assert (invoice.payable, invoice.is_settled) == (Decimal("0.00"), True)


@pytest.mark.parametrize("payable", ["99", "100", "100.01"])
def test_payable_is_the_total_less_the_notes_and_nothing_else(books, payable):
    invoice = books.issued("100.00")
    credit(invoice, "30.00")
    words = f"{guards.PAYABLE_IS_CREDITED}|invoice_payable_within_total"
    refused(f"UPDATE billing_invoice SET payable = {payable} WHERE id = %s", invoice.pk, words=words)


def test_credit_notes_take_no_more_off_a_line_than_it_has(books):
    invoice = books.issued("60.00", "100.00")
    credit(invoice, "40.00")
    uncredited(guards.WITHIN_LINE, invoice, "20.01", key="more")
    credit(invoice, "20.00", key="more")


def test_credit_notes_take_no_more_off_than_is_owing(books):
    invoice = books.issued("100.00")
    books.pay(invoice, "70.00")
    uncredited(guards.WITHIN_OWING, invoice, "30.01")
    credit(invoice, "30.00")
    with pytest.raises(IntegrityError, match=guards.WITHIN_INVOICE):
        allocate(money_in("1.00"), invoice, "0.01")


@pytest.mark.parametrize(
    ("amount", "gst"), [("33.00", "2.98"), ("33.00", "3.02"), ("33.00", "0.00"), ("330.00", "30.01")]
)
def test_a_credit_note_has_the_lines_share_of_gst(books, amount, gst):
    make.clinic(gst_registered=True)
    report = Charge(description="Report", unit_price=Decimal("300.00"), tax_code="taxable")
    invoice = books.issued(lines=[report])
    uncredited(guards.WITHIN_LINE, invoice, amount, gst=gst)
    credit(invoice, "33.00", gst="3.00")


def test_a_line_without_gst_gives_none_back(books):
    uncredited(guards.WITHIN_LINE, books.issued("100.00"), "50.00", gst="0.51")


def test_a_credit_note_is_for_a_line_of_its_invoice(books):
    invoice, other = books.issued("100.00"), books.issued("100.00")
    uncredited(guards.CREDITS_ITS_LINE, invoice, "10.00", line=other.lines.get())


@pytest.mark.parametrize("status", ["draft", "void"])
def test_a_credit_note_is_for_an_issued_invoice(books, status):
    invoice = books.draft("100.00") if status == "draft" else books.void(books.issued("100.00"))
    uncredited(guards.CREDITS_ISSUED, invoice, "10.00")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"amount": "0.00"}, "credit_note_amount_above_zero"),
        ({"amount": "-1.00"}, "credit_note_amount_above_zero"),
        ({"gst": "-0.01"}, "credit_note_amount_above_zero"),
    ],
)
def test_a_credit_note_takes_something_off(books, fields, name):
    uncredited(name, books.issued("100.00"), **{"amount": "10.00", **fields})


@pytest.mark.parametrize("column", ["reason", "key"])
def test_a_credit_note_says_why_and_is_asked_for_once(books, column):
    names = {"reason": "credit_note_says_why", "key": "credit_note_has_a_key"}
    invoice = books.issued("100.00")
    values = {"reason": "Why", "key": "k"} | {column: ""}
    note = CreditNote(
        number="CRN-0",
        invoice=invoice,
        line=invoice.lines.get(),
        issued_on="2026-11-24",
        amount=Decimal("1.00"),
        snapshot={},
        **values,
    )
    with pytest.raises(IntegrityError, match=names[column]), transaction.atomic():
        note.save()


@pytest.mark.parametrize("sql", ["UPDATE {table} SET reason = 'Another'", "DELETE FROM {table}"])
@pytest.mark.parametrize("table", ["billing_creditnote", "billing_waiver"])
def test_credit_notes_and_waivers_never_change(books, table, sql):
    one_of_each(books)
    refused(sql.format(table=table), words="never changes")
    assert (CreditNote.objects.count(), Waiver.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("fields", "name"),
    [({"reason": ""}, "waiver_says_why"), ({"purpose": "session"}, "waiver_is_of_a_fee")],
)
def test_a_waiver_is_of_a_fee_and_says_why(books, fields, name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        make.waiver(**fields)


def test_a_fee_is_waived_once(books):
    waiver = make.waiver()
    with pytest.raises(IntegrityError), transaction.atomic():
        make.waiver(appointment=waiver.appointment)


@pytest.mark.parametrize(
    "change",
    [
        "taken_back_at = NULL",
        "taken_back_at = waived_at",
        "reason = 'Another'",
        "taken_back_at = NULL, reason = 'Another'",
    ],
)
def test_a_waiver_is_taken_back_once_and_is_otherwise_as_it_was(books, change):
    waiver = make.waiver()
    refused("UPDATE billing_waiver SET taken_back_at = waived_at, reason = 'Another'", words="never changes")
    Waiver.objects.update(taken_back_at=books.now)
    refused(f"UPDATE billing_waiver SET {change}", words="never changes")
    again = make.waiver(appointment=waiver.appointment)
    assert list(Waiver.objects.in_force()) == [again]
