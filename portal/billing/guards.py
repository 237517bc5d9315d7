# ruff: noqa: S608 - the names put together here are this file's own; no value of anybody's is among them.
"""What the database itself refuses, on SQLite and on PostgreSQL, so that the books balance whoever writes to them.

- An invoice begins as a draft, is issued when its lines add up to it, and from then on only `paid` and being voided
  change it. Its lines are frozen with it. It is voided only while nothing is paid on it, and deleted only as a draft.
- A payment and an allocation never change and are never deleted. A refund takes back no more than its payment brought.
- An allocation has its payment's sign; those of one payment never exceed it, those on one invoice never exceed the
  invoice nor fall below nothing. `paid` is their sum: the database writes it, and refuses anything else.

SQLite keeps decimals as binary fractions: amounts are compared as whole cents.
"""

from __future__ import annotations

from portal.common.guards import REFUSE, Function, Guard, Trigger, raises, refuses

INVOICE, LINE = "billing_invoice", "billing_line"
PAYMENT, ALLOCATION = "billing_payment", "billing_allocation"

# Of an issued invoice; a test fails if a column is in neither list.
MAY_CHANGE = ["status", "paid", "voided_at", "voided_by_id", "void_reason"]
FROZEN = [
    "id", "code", "number", "patient_id", "appointment_id", "psychologist_id", "location_id", "billed_user_id",
    "bill_to_name", "bill_to_address", "bill_to_abn", "issued_on", "due_on", "subtotal", "gst", "total", "rebate",
    "out_of_pocket", "snapshot", "created_at", "created_by_id",
]  # fmt: skip

BEGINS = "An invoice begins as an unpaid draft."
KEEPS_ITS_NUMBER = "An invoice keeps its number."
ADDS_UP = "The lines of an invoice add up to its total when it is issued."
NEVER_CHANGES = "An issued invoice never changes."
MOVES_ON = "An invoice goes from draft to issued to void, never back."
VOID_UNPAID = "An invoice is voided only when nothing is paid on it."
PAID_IS_ALLOCATED = "What is paid on an invoice is the sum of its allocations."
NEVER_DELETED = "An issued invoice is never deleted."
LINES_FROZEN = "The lines of an issued invoice never change."
PAYMENT_NEVER = "A payment never changes; a correction is a new row."
REFUND_WITHIN = "A refund takes back no more than its payment brought."
ALLOCATION_NEVER = "An allocation never changes; a correction is a new row."
ALLOCATED_TO_ISSUED = "Money settles issued invoices only."
SAME_SIGN = "An allocation has the sign of its payment."
WITHIN_PAYMENT = "Allocations never exceed their payment."
WITHIN_INVOICE = "Allocations never exceed the invoice, nor take back more than was paid."

# ---- SQLite ---------------------------------------------------------------------------------------------------------


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
# What a payment, less its refunds, has settled of an invoice.
_LEFT_OF_ORIGINAL = _sum(
    "amount",
    ALLOCATION,
    f"invoice_id = NEW.invoice_id AND payment_id IN (SELECT id FROM {PAYMENT} "
    f"WHERE id = {_ORIGINAL} OR reverses_id = {_ORIGINAL})",
)

_SQLITE = {
    "invoice_begins_as_draft": refuses(
        "BEFORE INSERT", INVOICE, "NEW.status IS NOT 'draft' OR NEW.paid IS NOT 0", BEGINS
    ),
    # INSERT OR REPLACE deletes a row without a word to its delete trigger, unless the connection asks for it.
    "invoice_never_replaced": refuses(
        "BEFORE INSERT",
        INVOICE,
        _exists(
            INVOICE,
            "status <> 'draft' AND (id = NEW.id OR code = NEW.code OR number = NEW.number "
            "OR (appointment_id = NEW.appointment_id AND status <> 'void'))",
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
        f"AND MIN({_sum('benefit', LINE, 'invoice_id = NEW.id')}, {_cents('NEW.total')}) = {_cents('NEW.rebate')})",
        ADDS_UP,
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
    "allocation_never_changes": refuses("BEFORE UPDATE", ALLOCATION, "1", ALLOCATION_NEVER),
    "allocation_never_deleted": refuses("BEFORE DELETE", ALLOCATION, "1", ALLOCATION_NEVER),
    "allocation_never_replaced": refuses(
        "BEFORE INSERT",
        ALLOCATION,
        _exists(ALLOCATION, "id = NEW.id OR (payment_id = NEW.payment_id AND invoice_id = NEW.invoice_id)"),
        ALLOCATION_NEVER,
    ),
    "allocation_to_issued_invoices": refuses(
        "BEFORE INSERT",
        ALLOCATION,
        f"(SELECT status FROM {INVOICE} WHERE id = NEW.invoice_id) IS NOT 'issued'",
        ALLOCATED_TO_ISSUED,
    ),
    "allocation_has_the_sign": refuses(
        "BEFORE INSERT", ALLOCATION, f"(NEW.amount > 0) IS NOT ({_PAYMENT.format('amount')} > 0)", SAME_SIGN
    ),
    "allocation_within_payment": refuses(
        "BEFORE INSERT",
        ALLOCATION,
        f"ABS({_OF_PAYMENT} + {_cents('NEW.amount')}) > ABS({_cents(_PAYMENT.format('amount'))})",
        WITHIN_PAYMENT,
    ),
    "allocation_within_invoice": refuses(
        "BEFORE INSERT",
        ALLOCATION,
        f"{_ON_INVOICE} + {_cents('NEW.amount')} NOT BETWEEN 0 AND "
        + _cents(f"(SELECT total FROM {INVOICE} WHERE id = NEW.invoice_id)"),
        WITHIN_INVOICE,
    ),
    "refund_from_what_was_paid": refuses(
        "BEFORE INSERT",
        ALLOCATION,
        f"NEW.amount < 0 AND {_LEFT_OF_ORIGINAL} + {_cents('NEW.amount')} < 0",
        WITHIN_INVOICE,
    ),
    "allocation_pays": (
        f"AFTER INSERT ON {ALLOCATION} FOR EACH ROW BEGIN UPDATE {INVOICE} "
        f"SET paid = {_ON_INVOICE} / 100.0 WHERE id = NEW.invoice_id; END"
    ),
}

# ---- PostgreSQL -----------------------------------------------------------------------------------------------------

_SAME = "to_jsonb(NEW)" + "".join(f" - '{column}'" for column in MAY_CHANGE)
_WAS = _SAME.replace("NEW", "OLD")

_FUNCTIONS = {
    "billing_guard_invoice": f"""
        DECLARE lines record; allocated numeric;
        BEGIN
            IF TG_OP = 'INSERT' THEN
                IF NEW.status <> 'draft' OR NEW.paid <> 0 THEN {raises(BEGINS)} END IF;
                RETURN NEW;
            ELSIF TG_OP = 'DELETE' THEN
                IF OLD.status <> 'draft' THEN {raises(NEVER_DELETED)} END IF;
                RETURN OLD;
            END IF;
            IF NEW.id <> OLD.id OR NEW.code <> OLD.code OR NEW.number <> OLD.number THEN
                {raises(KEEPS_ITS_NUMBER)}
            END IF;
            IF OLD.status = 'void' OR (OLD.status = 'issued' AND {_SAME} IS DISTINCT FROM {_WAS}) THEN
                {raises(NEVER_CHANGES)}
            END IF;
            IF NEW.status <> OLD.status THEN
                IF NOT (OLD.status = 'draft' AND NEW.status IN ('issued', 'void')
                        OR OLD.status = 'issued' AND NEW.status = 'void') THEN
                    {raises(MOVES_ON)}
                END IF;
                IF NEW.status = 'issued' THEN
                    SELECT count(*) AS n, sum(total) AS total, sum(gst) AS gst, sum(benefit) AS benefit INTO lines
                        FROM {LINE} WHERE invoice_id = NEW.id;
                    IF lines.n = 0 OR lines.total <> NEW.total OR lines.gst <> NEW.gst
                        OR LEAST(lines.benefit, NEW.total) <> NEW.rebate THEN
                        {raises(ADDS_UP)}
                    END IF;
                END IF;
            END IF;
            IF NEW.paid <> OLD.paid OR NEW.status = 'void' THEN
                SELECT COALESCE(sum(amount), 0) INTO allocated FROM {ALLOCATION} WHERE invoice_id = NEW.id;
                IF NEW.status = 'void' AND allocated <> 0 THEN {raises(VOID_UNPAID)} END IF;
                IF NEW.paid <> allocated THEN {raises(PAID_IS_ALLOCATED)} END IF;
            END IF;
            RETURN NEW;
        END""",
    # The invoice is locked, so that no line arrives between its issuing and the end of that transaction.
    "billing_guard_line": f"""
        DECLARE found_status text;
        BEGIN
            IF TG_OP <> 'INSERT' THEN
                SELECT status INTO found_status FROM {INVOICE} WHERE id = OLD.invoice_id FOR UPDATE;
                IF found_status <> 'draft' THEN {raises(LINES_FROZEN)} END IF;
            END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            SELECT status INTO found_status FROM {INVOICE} WHERE id = NEW.invoice_id FOR UPDATE;
            IF found_status IS DISTINCT FROM 'draft' THEN {raises(LINES_FROZEN)} END IF;
            RETURN NEW;
        END""",
    "billing_guard_payment": f"""
        DECLARE original numeric; gone numeric;
        BEGIN
            IF NEW.reverses_id IS NULL THEN RETURN NEW; END IF;
            SELECT amount INTO original FROM {PAYMENT} WHERE id = NEW.reverses_id FOR UPDATE;
            SELECT COALESCE(sum(amount), 0) INTO gone FROM {PAYMENT} WHERE reverses_id = NEW.reverses_id;
            IF original IS NULL OR original <= 0 OR original + gone + NEW.amount < 0 THEN
                {raises(REFUND_WITHIN)}
            END IF;
            RETURN NEW;
        END""",
    "billing_guard_allocation": f"""
        DECLARE invoice record; payment record; allocated numeric;
        BEGIN
            SELECT status, total INTO invoice FROM {INVOICE} WHERE id = NEW.invoice_id FOR UPDATE;
            SELECT amount, reverses_id INTO payment FROM {PAYMENT} WHERE id = NEW.payment_id FOR UPDATE;
            IF invoice.status IS DISTINCT FROM 'issued' THEN {raises(ALLOCATED_TO_ISSUED)} END IF;
            IF sign(NEW.amount) IS DISTINCT FROM sign(payment.amount) THEN {raises(SAME_SIGN)} END IF;
            SELECT COALESCE(sum(amount), 0) INTO allocated FROM {ALLOCATION} WHERE payment_id = NEW.payment_id;
            IF abs(allocated + NEW.amount) > abs(payment.amount) THEN {raises(WITHIN_PAYMENT)} END IF;
            SELECT COALESCE(sum(amount), 0) INTO allocated FROM {ALLOCATION} WHERE invoice_id = NEW.invoice_id;
            IF allocated + NEW.amount NOT BETWEEN 0 AND invoice.total THEN {raises(WITHIN_INVOICE)} END IF;
            IF NEW.amount < 0 THEN
                SELECT COALESCE(sum(a.amount), 0) INTO allocated FROM {ALLOCATION} a JOIN {PAYMENT} p
                    ON p.id = a.payment_id WHERE a.invoice_id = NEW.invoice_id
                    AND (p.id = payment.reverses_id OR p.reverses_id = payment.reverses_id);
                IF allocated + NEW.amount < 0 THEN {raises(WITHIN_INVOICE)} END IF;
            END IF;
            RETURN NEW;
        END""",
    "billing_pay": f"""
        BEGIN
            UPDATE {INVOICE} SET paid = (SELECT sum(amount) FROM {ALLOCATION} WHERE invoice_id = NEW.invoice_id)
                WHERE id = NEW.invoice_id;
            RETURN NULL;
        END""",
}

_ROW = "FOR EACH ROW EXECUTE FUNCTION"
_STATEMENT = "FOR EACH STATEMENT EXECUTE FUNCTION"
_POSTGRES = {
    "invoice_guard": f"BEFORE INSERT OR UPDATE OR DELETE ON {INVOICE} {_ROW} billing_guard_invoice()",
    "invoice_never_truncated": (f"BEFORE TRUNCATE ON {INVOICE} {_STATEMENT} portal_refuse('{NEVER_DELETED}')"),
    "line_guard": f"BEFORE INSERT OR UPDATE OR DELETE ON {LINE} {_ROW} billing_guard_line()",
    "line_never_truncated": f"BEFORE TRUNCATE ON {LINE} {_STATEMENT} portal_refuse('{LINES_FROZEN}')",
    "payment_guard": f"BEFORE INSERT ON {PAYMENT} {_ROW} billing_guard_payment()",
    "payment_never_changes": (f"BEFORE UPDATE OR DELETE ON {PAYMENT} {_ROW} portal_refuse('{PAYMENT_NEVER}')"),
    "payment_never_truncated": (f"BEFORE TRUNCATE ON {PAYMENT} {_STATEMENT} portal_refuse('{PAYMENT_NEVER}')"),
    "allocation_guard": f"BEFORE INSERT ON {ALLOCATION} {_ROW} billing_guard_allocation()",
    "allocation_never_changes": (f"BEFORE UPDATE OR DELETE ON {ALLOCATION} {_ROW} portal_refuse('{ALLOCATION_NEVER}')"),
    "allocation_never_truncated": (f"BEFORE TRUNCATE ON {ALLOCATION} {_STATEMENT} portal_refuse('{ALLOCATION_NEVER}')"),
    "allocation_pays": f"AFTER INSERT ON {ALLOCATION} {_ROW} billing_pay()",
}

BOOKS = Guard(
    "the books",
    sqlite=[Trigger(name, definition) for name, definition in _SQLITE.items()],
    postgresql=[
        REFUSE,
        *(Function(name, body) for name, body in _FUNCTIONS.items()),
        *(Trigger(name, definition) for name, definition in _POSTGRES.items()),
    ],
)
