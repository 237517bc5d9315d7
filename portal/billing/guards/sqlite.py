# ruff: noqa: S608 - the names put together here are this package's own; no value of anybody's is among them.
from __future__ import annotations

from portal.billing.guards.words import (
    ACCOUNT_WITHIN,
    ADDS_UP,
    ALLOCATED_TO_ISSUED,
    ALLOCATED_TO_ITS_OWN,
    ALLOCATION,
    ALLOCATION_NEVER,
    BEGINS,
    CREDIT_NEVER,
    CREDIT_NOTE,
    CREDITS_ISSUED,
    CREDITS_ITS_LINE,
    DISCOUNT_WITHIN_TAX,
    FROZEN,
    INVOICE,
    ITEM_FOR_SESSIONS,
    KEEPS_ITS_NUMBER,
    LINE,
    LINES_FROZEN,
    MOVES_ON,
    NEVER_CHANGES,
    NEVER_DELETED,
    PAID_IS_ALLOCATED,
    PART_OF_ITS_TAKING,
    PAYABLE_IS_CREDITED,
    PAYMENT,
    PAYMENT_NEVER,
    REFUND_TAKES_OFF,
    REFUND_TO_ITS_OWN,
    REFUND_WITHIN,
    TAKING,
    VOID_UNPAID,
    WITHIN_INVOICE,
    WITHIN_LINE,
    WITHIN_OWING,
    WITHIN_PAYMENT,
)
from portal.common.guards import refuses


def _cents(amount: str) -> str:
    return f"CAST(ROUND(COALESCE({amount}, 0) * 100) AS INTEGER)"


def _sum(column: str, table: str, where: str) -> str:
    return _cents(f"(SELECT SUM({column}) FROM {table} WHERE {where})")


def _exists(table: str, where: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} WHERE {where})"


def _settled(row: str) -> str:
    return f"(SELECT status FROM {INVOICE} WHERE id = {row}.invoice_id) IS NOT 'draft'"


_DIFFERS = " OR ".join(f'NEW."{column}" IS NOT OLD."{column}"' for column in FROZEN)
_PAYMENT = f"(SELECT {{}} FROM {PAYMENT} WHERE id = NEW.payment_id)"
_ON_INVOICE = _sum("amount", ALLOCATION, "invoice_id = NEW.invoice_id")
_OF_PAYMENT = _sum("amount", ALLOCATION, "payment_id = NEW.payment_id")
_ORIGINAL = _PAYMENT.format("reverses_id")
# The payment that brought the money, and its refunds.
_BROUGHT = f"COALESCE({_ORIGINAL}, NEW.payment_id)"
_FAMILY = f"(SELECT id FROM {PAYMENT} WHERE id = {_BROUGHT} OR reverses_id = {_BROUGHT})"
_LEFT_ON_INVOICE = _sum("amount", ALLOCATION, f"invoice_id = NEW.invoice_id AND payment_id IN {_FAMILY}")
_LEFT_ANYWHERE = _sum("amount", ALLOCATION, f"payment_id IN {_FAMILY}")
_STILL_THERE = _sum("amount", PAYMENT, f"id IN {_FAMILY}")
# What of a payment that money is to go back of settles nothing and is still there.
_REVERSED = f"(SELECT id FROM {PAYMENT} WHERE id = NEW.reverses_id OR reverses_id = NEW.reverses_id)"
_ON_ACCOUNT = (
    f"{_sum('amount', PAYMENT, f'id IN {_REVERSED}')} - {_sum('amount', ALLOCATION, f'payment_id IN {_REVERSED}')}"
)
_LINE = f"(SELECT {{}} FROM {LINE} WHERE id = NEW.line_id)"
_LINE_TOTAL, _LINE_GST = _cents(_LINE.format("total")), _cents(_LINE.format("gst"))
_CREDITED = _sum("amount", CREDIT_NOTE, "invoice_id = {row}.id")

TRIGGERS = {
    "invoice_begins_as_draft": refuses(
        "BEFORE INSERT",
        INVOICE,
        f"NEW.status IS NOT 'draft' OR NEW.paid IS NOT 0 OR {_cents('NEW.payable')} <> {_cents('NEW.total')}",
        BEGINS,
    ),
    # INSERT OR REPLACE deletes a row without a word to its delete trigger, unless the connection asks for it.
    "invoice_never_replaced": refuses(
        "BEFORE INSERT",
        INVOICE,
        _exists(
            INVOICE,
            "status <> 'draft' AND (id = NEW.id OR code = NEW.code OR number = NEW.number "
            "OR (appointment_id = NEW.appointment_id AND purpose = NEW.purpose AND status <> 'void'))",
        ),
        NEVER_CHANGES,
    ),
    "invoice_keeps_its_number": refuses(
        "BEFORE UPDATE OF id, code, number",
        INVOICE,
        "NEW.id IS NOT OLD.id OR NEW.code IS NOT OLD.code OR NEW.number IS NOT OLD.number",
        KEEPS_ITS_NUMBER,
    ),
    "invoice_adds_up": refuses(
        "BEFORE UPDATE",
        INVOICE,
        "OLD.status = 'draft' AND NEW.status = 'issued' AND NOT ("
        f"{_exists(LINE, 'invoice_id = NEW.id')} "
        f"AND {_sum('total', LINE, 'invoice_id = NEW.id')} = {_cents('NEW.total')} "
        f"AND {_sum('gst', LINE, 'invoice_id = NEW.id')} = {_cents('NEW.gst')} "
        f"AND {_cents('NEW.payable')} = {_cents('NEW.total')} "
        f"AND MIN({_sum('benefit', LINE, 'invoice_id = NEW.id')}, {_cents('NEW.total')}) = {_cents('NEW.rebate')})",
        ADDS_UP,
    ),
    "invoice_discount_within_tax": refuses(
        "BEFORE UPDATE",
        INVOICE,
        "OLD.status = 'draft' AND NEW.status = 'issued' AND EXISTS "
        f"(SELECT 1 FROM {LINE} WHERE invoice_id = NEW.id GROUP BY tax_code HAVING {_cents('SUM(total - gst)')} < 0)",
        DISCOUNT_WITHIN_TAX,
    ),
    "invoice_item_for_sessions": refuses(
        "BEFORE UPDATE",
        INVOICE,
        "OLD.status = 'draft' AND NEW.status = 'issued' AND NEW.purpose <> 'session' AND "
        + _exists(LINE, "invoice_id = NEW.id AND (item_number <> '' OR benefit <> 0)"),
        ITEM_FOR_SESSIONS,
    ),
    "invoice_never_changes": refuses(
        "BEFORE UPDATE", INVOICE, f"OLD.status = 'void' OR (OLD.status = 'issued' AND ({_DIFFERS}))", NEVER_CHANGES
    ),
    "invoice_moves_on": refuses(
        "BEFORE UPDATE OF status",
        INVOICE,
        "NEW.status IS NOT OLD.status AND NOT (OLD.status = 'draft' AND NEW.status IN ('issued', 'void') "
        "OR OLD.status = 'issued' AND NEW.status = 'void')",
        MOVES_ON,
    ),
    "invoice_void_only_unpaid": refuses(
        "BEFORE UPDATE OF status",
        INVOICE,
        f"NEW.status = 'void' AND {_sum('amount', ALLOCATION, 'invoice_id = NEW.id')} <> 0",
        VOID_UNPAID,
    ),
    "invoice_payable_is_credited": refuses(
        "BEFORE UPDATE OF payable",
        INVOICE,
        f"{_cents('NEW.payable')} <> {_cents('NEW.total')} - {_CREDITED.format(row='NEW')}",
        PAYABLE_IS_CREDITED,
    ),
    "invoice_paid_is_allocated": refuses(
        "BEFORE UPDATE OF paid",
        INVOICE,
        f"{_sum('amount', ALLOCATION, 'invoice_id = NEW.id')} / 100.0 IS NOT NEW.paid + 0.0",
        PAID_IS_ALLOCATED,
    ),
    "invoice_never_deleted": refuses("BEFORE DELETE", INVOICE, "OLD.status <> 'draft'", NEVER_DELETED),
    "line_added_to_drafts": refuses(
        "BEFORE INSERT", LINE, f"{_settled('NEW')} OR {_exists(LINE, 'id = NEW.id')}", LINES_FROZEN
    ),
    "line_changed_on_drafts": refuses("BEFORE UPDATE", LINE, f"{_settled('OLD')} OR {_settled('NEW')}", LINES_FROZEN),
    "line_deleted_from_drafts": refuses("BEFORE DELETE", LINE, _settled("OLD"), LINES_FROZEN),
    "payment_never_changes": refuses("BEFORE UPDATE", PAYMENT, "1", PAYMENT_NEVER),
    "payment_never_deleted": refuses("BEFORE DELETE", PAYMENT, "1", PAYMENT_NEVER),
    "payment_never_replaced": refuses(
        "BEFORE INSERT",
        PAYMENT,
        _exists(PAYMENT, "id = NEW.id OR code = NEW.code OR number = NEW.number OR key = NEW.key"),
        PAYMENT_NEVER,
    ),
    "refund_within_payment": refuses(
        "BEFORE INSERT",
        PAYMENT,
        "NEW.reverses_id IS NOT NULL AND ("
        f"NOT {_exists(PAYMENT, 'id = NEW.reverses_id AND amount > 0')} OR "
        f"{_sum('amount', PAYMENT, 'id = NEW.reverses_id OR reverses_id = NEW.reverses_id')} "
        f"+ {_cents('NEW.amount')} < 0)",
        REFUND_WITHIN,
    ),
    "refund_to_its_own": refuses(
        "BEFORE INSERT",
        PAYMENT,
        "NEW.reverses_id IS NOT NULL "
        f"AND (SELECT patient_id FROM {PAYMENT} WHERE id = NEW.reverses_id) IS NOT NEW.patient_id",
        REFUND_TO_ITS_OWN,
    ),
    "refund_within_account": refuses(
        "BEFORE INSERT",
        PAYMENT,
        f"NEW.from_account > 0 AND {_cents('NEW.from_account')} > {_ON_ACCOUNT}",
        ACCOUNT_WITHIN,
    ),
    "payment_of_its_taking": refuses(
        "BEFORE INSERT",
        PAYMENT,
        "NEW.taking_id IS NOT NULL "
        f"AND (SELECT patient_id FROM {TAKING} WHERE id = NEW.taking_id) IS NOT NEW.patient_id",
        PART_OF_ITS_TAKING,
    ),
    "allocation_never_changes": refuses("BEFORE UPDATE", ALLOCATION, "1", ALLOCATION_NEVER),
    "allocation_never_deleted": refuses("BEFORE DELETE", ALLOCATION, "1", ALLOCATION_NEVER),
    "allocation_never_replaced": refuses(
        "BEFORE INSERT",
        ALLOCATION,
        _exists(ALLOCATION, "id = NEW.id"),
        ALLOCATION_NEVER,
    ),
    "allocation_to_issued_invoices": refuses(
        "BEFORE INSERT",
        ALLOCATION,
        f"(SELECT status FROM {INVOICE} WHERE id = NEW.invoice_id) IS NOT 'issued'",
        ALLOCATED_TO_ISSUED,
    ),
    "allocation_to_its_own": refuses(
        "BEFORE INSERT",
        ALLOCATION,
        f"(SELECT i.patient_id = p.patient_id FROM {INVOICE} i, {PAYMENT} p "
        "WHERE i.id = NEW.invoice_id AND p.id = NEW.payment_id) IS NOT 1",
        ALLOCATED_TO_ITS_OWN,
    ),
    "allocation_of_a_refund": refuses(
        "BEFORE INSERT", ALLOCATION, f"NEW.amount > 0 AND {_PAYMENT.format('amount')} < 0", REFUND_TAKES_OFF
    ),
    "allocation_within_payment": refuses(
        "BEFORE INSERT",
        ALLOCATION,
        f"{_OF_PAYMENT} + {_cents('NEW.amount')} "
        f"NOT BETWEEN MIN(0, {_cents(_PAYMENT.format('amount + from_account'))}) "
        f"AND MAX(0, {_cents(_PAYMENT.format('amount'))}) "
        f"OR (NEW.amount > 0 AND {_LEFT_ANYWHERE} + {_cents('NEW.amount')} > {_STILL_THERE})",
        WITHIN_PAYMENT,
    ),
    "allocation_within_invoice": refuses(
        "BEFORE INSERT",
        ALLOCATION,
        f"{_ON_INVOICE} + {_cents('NEW.amount')} NOT BETWEEN 0 AND "
        + _cents(f"(SELECT payable FROM {INVOICE} WHERE id = NEW.invoice_id)"),
        WITHIN_INVOICE,
    ),
    "allocation_from_what_was_paid": refuses(
        "BEFORE INSERT",
        ALLOCATION,
        f"NEW.amount < 0 AND {_LEFT_ON_INVOICE} + {_cents('NEW.amount')} < 0",
        WITHIN_INVOICE,
    ),
    "allocation_pays": (
        f"AFTER INSERT ON {ALLOCATION} FOR EACH ROW BEGIN UPDATE {INVOICE} "
        f"SET paid = {_ON_INVOICE} / 100.0 WHERE id = NEW.invoice_id; END"
    ),
    "credit_note_never_changes": refuses("BEFORE UPDATE", CREDIT_NOTE, "1", CREDIT_NEVER),
    "credit_note_never_deleted": refuses("BEFORE DELETE", CREDIT_NOTE, "1", CREDIT_NEVER),
    "credit_note_never_replaced": refuses(
        "BEFORE INSERT",
        CREDIT_NOTE,
        _exists(CREDIT_NOTE, "id = NEW.id OR code = NEW.code OR number = NEW.number OR key = NEW.key"),
        CREDIT_NEVER,
    ),
    "credit_note_for_issued_invoices": refuses(
        "BEFORE INSERT",
        CREDIT_NOTE,
        f"(SELECT status FROM {INVOICE} WHERE id = NEW.invoice_id) IS NOT 'issued'",
        CREDITS_ISSUED,
    ),
    "credit_note_for_its_line": refuses(
        "BEFORE INSERT", CREDIT_NOTE, f"{_LINE.format('invoice_id')} IS NOT NEW.invoice_id", CREDITS_ITS_LINE
    ),
    "credit_note_within_line": refuses(
        "BEFORE INSERT",
        CREDIT_NOTE,
        f"{_sum('amount', CREDIT_NOTE, 'line_id = NEW.line_id')} + {_cents('NEW.amount')} > {_LINE_TOTAL} "
        f"OR {_sum('gst', CREDIT_NOTE, 'line_id = NEW.line_id')} + {_cents('NEW.gst')} > {_LINE_GST} "
        f"OR ABS({_cents('NEW.gst')} * {_LINE_TOTAL} - {_cents('NEW.amount')} * {_LINE_GST}) > {_LINE_TOTAL}",
        WITHIN_LINE,
    ),
    "credit_note_within_owing": refuses(
        "BEFORE INSERT",
        CREDIT_NOTE,
        f"{_cents('NEW.amount')} > " + _cents(f"(SELECT payable - paid FROM {INVOICE} WHERE id = NEW.invoice_id)"),
        WITHIN_OWING,
    ),
    "credit_note_lowers": (
        f"AFTER INSERT ON {CREDIT_NOTE} FOR EACH ROW BEGIN UPDATE {INVOICE} "
        f"SET payable = ({_cents('total')} - {_sum('amount', CREDIT_NOTE, 'invoice_id = NEW.invoice_id')}) / 100.0 "
        "WHERE id = NEW.invoice_id; END"
    ),
}
