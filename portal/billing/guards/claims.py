# ruff: noqa: S608 - the names put together here are this package's own; no value of anybody's is among them.
"""What the database refuses of claims on Medicare: they move along the table of `claim_states`, and no other way."""

from __future__ import annotations

from collections.abc import Callable

from portal.billing.claim_states import ONLY_WITH_ITS_INVOICE, STEPS
from portal.billing.guards.words import (
    ALLOCATION,
    ASSIGNMENT,
    ASSIGNMENT_NEVER,
    BULK_PAID_BY_MEDICARE,
    CLAIM,
    CLAIM_BEGINS,
    CLAIM_NEEDS_ASSIGNMENT,
    CLAIM_NEVER,
    CLAIM_PAID,
    CLAIM_STEP,
    CLAIM_STEP_NEVER,
    CREDIT_NOTE,
    INVOICE,
    LINE,
    PAYMENT,
)
from portal.common.guards import REFUSE, Function, Guard, Trigger, frozen, raises, refuses, runs

# A test fails if a column is in none of these.
KEPT = [
    "id", "code", "line_id", "patient_id", "referral_id", "assignment_id", "item_number", "counts_towards",
    "service_date", "starts_at", "created_at", "created_by_id",
]  # fmt: skip
OF_A_STEP = [
    "status", "revision", "channel", "reference", "sent_on", "decided_on", "amount", "reason", "changed_at",
    "changed_by_id", "withdrawn_at", "withdrawn_by_id",
]  # fmt: skip
OF_AN_EXPORT = ["exported_at", "exported_by_id"]

_ALLOWED = " OR ".join(
    f"(OLD.status = '{before}' AND NEW.status = '{after}')"
    for before, after in sorted((before, after) for before, afters in STEPS.items() for after in afters)
)
_WITH_ITS_INVOICE = " OR ".join(
    f"(OLD.status = '{before}' AND NEW.status = '{after}')" for before, after in sorted(ONLY_WITH_ITS_INVOICE)
)
_IS_VOID = (
    f"EXISTS (SELECT 1 FROM {INVOICE} WHERE status = 'void' "
    f"AND id = (SELECT invoice_id FROM {LINE} WHERE id = NEW.line_id))"
)
_APPROVED = f"{CLAIM} WHERE status = 'approved' AND line_id"


def _moves(same: Callable[[str], str]) -> str:
    """That a row changes by one step, or by being exported, and in nothing else."""

    def all_same(columns: list[str]) -> str:
        return " AND ".join(map(same, columns))

    step = f"({_ALLOWED}) AND NEW.revision = OLD.revision + 1 AND {all_same(OF_AN_EXPORT)}"
    export = f"NEW.exported_at IS NOT NULL AND {all_same(OF_A_STEP)}"
    return f"{all_same(KEPT)} AND (({step}) OR ({export}))"


_ON_SQLITE = _moves(lambda column: f'NEW."{column}" IS OLD."{column}"')
_ON_POSTGRESQL = _moves(lambda column: f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}")


def _cents(amount: str) -> str:
    return f"CAST(ROUND(COALESCE({amount}, 0) * 100) AS INTEGER)"


# What Medicare paid for the line, and what the line still charges with a new note.
_PAID = f"(SELECT amount FROM {_APPROVED} = NEW.line_id)"
_OFF = f"(SELECT SUM(amount) FROM {CREDIT_NOTE} WHERE line_id = NEW.line_id)"
_LINE_TOTAL = f"(SELECT total FROM {LINE} WHERE id = NEW.line_id)"
_OF_INVOICE = f"EXISTS (SELECT 1 FROM {_APPROVED} IN (SELECT id FROM {LINE} WHERE invoice_id = NEW.id))"

_INVOICE_OF = f"(SELECT {{}} FROM {INVOICE} WHERE id = (SELECT invoice_id FROM {LINE} WHERE id = NEW.line_id))"
# The agreement is of the very session; on an invoice that is not bulk-billed there is none.
_UNASSIGNED = (
    f"CASE WHEN {_INVOICE_OF.format('bulk_billed')} THEN NOT EXISTS (SELECT 1 FROM {ASSIGNMENT} "
    f"WHERE id = NEW.assignment_id AND appointment_id = {_INVOICE_OF.format('appointment_id')}) "
    "ELSE NEW.assignment_id IS NOT NULL END"
)
_NOT_MEDICARES = (
    f"NEW.amount > 0 AND (SELECT bulk_billed FROM {INVOICE} WHERE id = NEW.invoice_id) "
    f"AND (SELECT method FROM {PAYMENT} WHERE id = NEW.payment_id) <> 'medicare'"
)

CLAIMS = Guard(
    "the claims",
    sqlite=[
        Trigger(
            "claim_begins_pending",
            refuses("BEFORE INSERT", CLAIM, "NEW.status <> 'pending' OR NEW.revision <> 0", CLAIM_BEGINS),
        ),
        Trigger("claim_bulk_is_assigned", refuses("BEFORE INSERT", CLAIM, _UNASSIGNED, CLAIM_NEEDS_ASSIGNMENT)),
        Trigger(
            "claim_bulk_is_paid_by_medicare",
            refuses("BEFORE INSERT", ALLOCATION, _NOT_MEDICARES, BULK_PAID_BY_MEDICARE),
        ),
        Trigger(
            "claim_never_replaced",
            refuses(
                "BEFORE INSERT",
                CLAIM,
                f"EXISTS (SELECT 1 FROM {CLAIM} WHERE id = NEW.id OR line_id = NEW.line_id OR code = NEW.code "
                "OR assignment_id = NEW.assignment_id)",
                CLAIM_NEVER,
            ),
        ),
        Trigger("claim_never_changes", refuses("BEFORE UPDATE", CLAIM, f"NOT ({_ON_SQLITE})", CLAIM_NEVER)),
        Trigger(
            "claim_goes_with_its_invoice",
            refuses("BEFORE UPDATE", CLAIM, f"({_WITH_ITS_INVOICE}) AND NOT {_IS_VOID}", CLAIM_NEVER),
        ),
        Trigger("claim_never_deleted", refuses("BEFORE DELETE", CLAIM, "1", CLAIM_NEVER)),
        Trigger(
            "claim_paid_keeps_its_invoice",
            refuses("BEFORE UPDATE OF status", INVOICE, f"NEW.status = 'void' AND {_OF_INVOICE}", CLAIM_PAID),
        ),
        Trigger(
            "claim_paid_keeps_its_line",
            refuses(
                "BEFORE INSERT",
                CREDIT_NOTE,
                f"EXISTS {_PAID} AND {_cents(_PAID)} > {_cents(_LINE_TOTAL)} - {_cents(_OFF)} - {_cents('NEW.amount')}",
                CLAIM_PAID,
            ),
        ),
    ],
    postgresql=[
        REFUSE,
        Function(
            "billing_guard_claim",
            f"""
        BEGIN
            IF TG_OP = 'INSERT' THEN
                IF NEW.status <> 'pending' OR NEW.revision <> 0 THEN {raises(CLAIM_BEGINS)} END IF;
                IF ({_UNASSIGNED}) THEN {raises(CLAIM_NEEDS_ASSIGNMENT)} END IF;
                RETURN NEW;
            END IF;
            IF NOT ({_ON_POSTGRESQL}) OR (({_WITH_ITS_INVOICE}) AND NOT {_IS_VOID}) THEN {raises(CLAIM_NEVER)} END IF;
            RETURN NEW;
        END""",
        ),
        Function(
            "billing_guard_claimed_invoice",
            f"""
        BEGIN
            IF {_OF_INVOICE} THEN {raises(CLAIM_PAID)} END IF;
            RETURN NEW;
        END""",
        ),
        # The invoice is locked, so that no claim is approved between this and the end of the transaction.
        Function(
            "billing_guard_claimed_line",
            f"""
        BEGIN
            PERFORM 1 FROM {INVOICE} WHERE id = NEW.invoice_id FOR UPDATE;
            IF {_PAID} > {_LINE_TOTAL} - COALESCE({_OFF}, 0) - NEW.amount THEN {raises(CLAIM_PAID)} END IF;
            RETURN NEW;
        END""",
        ),
        Function(
            "billing_guard_bulk_payment",
            f"""
        BEGIN
            IF {_NOT_MEDICARES} THEN {raises(BULK_PAID_BY_MEDICARE)} END IF;
            RETURN NEW;
        END""",
        ),
        Trigger(
            "claim_bulk_is_paid_by_medicare",
            f"BEFORE INSERT ON {ALLOCATION} FOR EACH ROW EXECUTE FUNCTION billing_guard_bulk_payment()",
        ),
        Trigger(
            "claim_never_changes",
            f"BEFORE INSERT OR UPDATE ON {CLAIM} FOR EACH ROW EXECUTE FUNCTION billing_guard_claim()",
        ),
        Trigger("claim_never_deleted", runs("BEFORE DELETE", CLAIM, "", REFUSE, CLAIM_NEVER)),
        Trigger("claim_never_truncated", runs("BEFORE TRUNCATE", CLAIM, "", REFUSE, CLAIM_NEVER, each="STATEMENT")),
        Trigger(
            "claim_paid_keeps_its_invoice",
            f"BEFORE UPDATE ON {INVOICE} FOR EACH ROW WHEN (NEW.status = 'void' AND OLD.status <> 'void') "
            "EXECUTE FUNCTION billing_guard_claimed_invoice()",
        ),
        Trigger(
            "claim_paid_keeps_its_line",
            f"BEFORE INSERT ON {CREDIT_NOTE} FOR EACH ROW EXECUTE FUNCTION billing_guard_claimed_line()",
        ),
    ],
)
ASSIGNMENTS = frozen(
    "the assignments of benefit",
    prefix="assignment",
    table=ASSIGNMENT,
    words=ASSIGNMENT_NEVER,
    keys=(("code",),),
)
CLAIM_STEPS = frozen(
    "the steps of claims",
    prefix="claim_step",
    table=CLAIM_STEP,
    words=CLAIM_STEP_NEVER,
    keys=(("claim_id", "number"), ("payment_id",)),
)
