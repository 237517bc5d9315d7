# ruff: noqa: S608 - the names put together here are our own tables and columns; no value of anybody's is among them.
"""A payment plan is agreed once what is owed and its instalments come to its total; then it only ends. So do holds."""

from __future__ import annotations

from portal.common.guards import Function, Guard, Trigger, fills_once, frozen, raises, refuses, runs

PLAN, PART, INSTALMENT = "billing_paymentplan", "billing_plannedinvoice", "billing_instalment"
HOLD, INVOICE = "billing_reminderhold", "billing_invoice"
PLAN_NEVER = "A payment plan ends, and never changes."
PART_NEVER = "What a payment plan is made of never changes."
HOLD_NEVER = "That nobody is reminded is said once and ended once."
ADDS_UP = "A payment plan is agreed once what is owed and its instalments come to its total."
AGREED = "Nothing is added to a payment plan that is agreed."
OF_ITS_OWN = "A payment plan is for what its own people owe, as much as is owing, and for no invoice of another plan."

_PEOPLE = ("id", "code", "patient_id", "payer_id", "total")
PLANS = fills_once(
    "the payment plans",
    prefix="payment_plan",
    table=PLAN,
    kept=_PEOPLE,
    once={"agreed_at": ("agreed_by_id",), "ended_at": ("ended_by_id", "ended_why")},
    words=PLAN_NEVER,
)
PARTS = frozen(
    "what payment plans pay", prefix="planned_invoice", table=PART, words=PART_NEVER, keys=(("plan_id", "invoice_id"),)
)
INSTALMENTS = frozen(
    "the instalments", prefix="instalment", table=INSTALMENT, words=PART_NEVER, keys=(("plan_id", "due_on"),)
)
HOLDS = fills_once(
    "the holds on reminders",
    prefix="reminder_hold",
    table=HOLD,
    kept=("id", "code", "invoice_id", "patient_id", "payer_id", "reason", "note", "until", "made_at", "made_by_id"),
    once={"ended_at": ("ended_by_id",)},
    words=HOLD_NEVER,
)

_NOW_AGREED = "NEW.agreed_at IS NOT NULL AND OLD.agreed_at IS NULL"


def _sum(table: str, column: str, cents: str) -> str:
    return f"COALESCE((SELECT SUM({cents.format(column)}) FROM {table} WHERE plan_id = NEW.id), 0)"


def _wrong_sums(cents: str) -> str:
    total = cents.format("NEW.total")
    return f"({_sum(PART, 'owed', cents)} <> {total} OR {_sum(INSTALMENT, 'amount', cents)} <> {total})"


# SQLite keeps decimals as binary fractions: whole cents are compared.
_ON_SQLITE, _ON_POSTGRESQL = "CAST(ROUND({} * 100) AS INTEGER)", "{}"
_IS_AGREED = f"EXISTS (SELECT 1 FROM {PLAN} WHERE id = NEW.plan_id AND agreed_at IS NOT NULL)"


def _not_its_own(owing: str) -> str:
    """`owing` compares what is owing on the invoice with what the plan says."""
    return f"""NOT EXISTS (
        SELECT 1 FROM {PLAN} plan JOIN {INVOICE} bill ON bill.id = NEW.invoice_id
        WHERE plan.id = NEW.plan_id AND bill.status = 'issued' AND NOT bill.bulk_billed AND {owing}
        AND (bill.payer_id = plan.payer_id OR (bill.payer_id IS NULL AND bill.patient_id = plan.patient_id))
    ) OR EXISTS (
        SELECT 1 FROM {PART} other JOIN {PLAN} plan ON plan.id = other.plan_id
        WHERE other.invoice_id = NEW.invoice_id AND plan.ended_at IS NULL
    )"""


_OWING_SQLITE = "CAST(ROUND((bill.payable - bill.paid - NEW.owed) * 100) AS INTEGER) = 0"
_OWING_POSTGRESQL = "bill.payable - bill.paid = NEW.owed"
# The invoice is held, so that two who plan for it at once see each other, and nobody pays it meanwhile.
_PART = Function(
    "billing_guard_planned_invoice",
    f"""
    BEGIN
        PERFORM 1 FROM {INVOICE} WHERE id = NEW.invoice_id FOR NO KEY UPDATE;
        IF {_IS_AGREED} THEN {raises(AGREED)} END IF;
        IF {_not_its_own(_OWING_POSTGRESQL)} THEN {raises(OF_ITS_OWN)} END IF;
        RETURN NEW;
    END""",
)
_PLAN = Function(
    "billing_guard_payment_plan",
    f"""
    BEGIN
        IF TG_OP = 'INSERT' THEN
            IF NEW.agreed_at IS NOT NULL THEN {raises(ADDS_UP)} END IF;
        ELSIF {_NOW_AGREED} AND {_wrong_sums(_ON_POSTGRESQL)} THEN {raises(ADDS_UP)}
        END IF;
        RETURN NEW;
    END""",
)
_INSTALMENT = Function(
    "billing_guard_instalment", f" BEGIN IF {_IS_AGREED} THEN {raises(AGREED)} END IF; RETURN NEW; END "
)
SUMS = Guard(
    "the sums of payment plans",
    sqlite=[
        Trigger("payment_plan_begins", refuses("BEFORE INSERT", PLAN, "NEW.agreed_at IS NOT NULL", ADDS_UP)),
        Trigger(
            "payment_plan_adds_up",
            refuses("BEFORE UPDATE", PLAN, f"{_NOW_AGREED} AND {_wrong_sums(_ON_SQLITE)}", ADDS_UP),
        ),
        Trigger("planned_invoice_in_time", refuses("BEFORE INSERT", PART, _IS_AGREED, AGREED)),
        Trigger("planned_invoice_its_own", refuses("BEFORE INSERT", PART, _not_its_own(_OWING_SQLITE), OF_ITS_OWN)),
        Trigger("instalment_in_time", refuses("BEFORE INSERT", INSTALMENT, _IS_AGREED, AGREED)),
    ],
    postgresql=[
        _PART,
        _PLAN,
        _INSTALMENT,
        Trigger("planned_invoice_its_own", runs("BEFORE INSERT", PART, "", _PART)),
        Trigger("payment_plan_adds_up", runs("BEFORE INSERT OR UPDATE", PLAN, "", _PLAN)),
        Trigger("instalment_in_time", runs("BEFORE INSERT", INSTALMENT, "", _INSTALMENT)),
    ],
)
ALL = (PLANS, PARTS, INSTALMENTS, HOLDS, SUMS)
