# ruff: noqa: S608 - the names put together here are our own tables and columns; no value of anybody's is among them.
"""What went out of an invoice never changes; and nobody is reminded of one more often than every seven days."""

from __future__ import annotations

from portal.common.guards import Function, Guard, Trigger, frozen, raises, refuses, runs

DISPATCH, INVOICE = "billing_dispatch", "billing_invoice"
DISPATCH_NEVER = "What went out of an invoice never changes."
TOO_SOON = "Nobody is reminded of an invoice more often than every seven days."
STANDS = "What goes out of an invoice goes out of one that was issued and stands."

DISPATCHES = frozen(
    "what went out",
    prefix="dispatch",
    table=DISPATCH,
    words=DISPATCH_NEVER,
    keys=(("invoice_id", "run", "what"), ("invoice_id", "stage")),
)

_REMINDS = "NEW.what IN ('reminded', 'letter')"
_BEFORE = f"SELECT 1 FROM {DISPATCH} WHERE invoice_id = NEW.invoice_id AND what IN ('reminded', 'letter')"
_ISSUED = f"EXISTS (SELECT 1 FROM {INVOICE} WHERE id = NEW.invoice_id AND status = 'issued')"
# The invoice is held, so that two who remind at once see each other, and nobody voids it meanwhile.
_REMINDER = Function(
    "billing_guard_reminder",
    f"""
    BEGIN
        PERFORM 1 FROM {INVOICE} WHERE id = NEW.invoice_id FOR NO KEY UPDATE;
        IF NOT {_ISSUED} THEN {raises(STANDS)} END IF;
        IF {_REMINDS} AND EXISTS (
            {_BEFORE} AND made_at > NEW.made_at - interval '7 days' AND made_at < NEW.made_at + interval '7 days'
        ) THEN {raises(TOO_SOON)} END IF;
        RETURN NEW;
    END""",
)
REMINDERS = Guard(
    "the reminders",
    sqlite=[
        Trigger("dispatch_of_what_stands", refuses("BEFORE INSERT", DISPATCH, f"NOT {_ISSUED}", STANDS)),
        Trigger(
            "dispatch_reminds_weekly",
            refuses(
                "BEFORE INSERT",
                DISPATCH,
                f"{_REMINDS} AND EXISTS ({_BEFORE} AND abs(julianday(made_at) - julianday(NEW.made_at)) < 7)",
                TOO_SOON,
            ),
        ),
    ],
    postgresql=[_REMINDER, Trigger("dispatch_reminds_weekly", runs("BEFORE INSERT", DISPATCH, "", _REMINDER))],
)
ALL = (DISPATCHES, REMINDERS)
