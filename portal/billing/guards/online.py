"""Tries to pay online, Stripe's messages and refunds to cards only move forward, and are never deleted."""

from __future__ import annotations

from portal.common.guards import changes_once

ATTEMPT, EVENT, CARD_REFUND = "billing_paymentattempt", "billing_stripeevent", "billing_striperefund"
BILL_LINK, TROUBLE = "billing_billlink", "billing_onlinetrouble"
ATTEMPT_NEVER = "A try to pay only moves forward: what is paid stays paid."
EVENT_NEVER = "A message of Stripe's never changes, but that it is handled once."
BILL_LINK_NEVER = "A link to a bill never changes, but that it is taken back once."
TROUBLE_NEVER = "What needed a person never changes, but that it is settled once."
CARD_REFUND_NEVER = "A refund to a card only moves forward."


def _set_once(column: str, empty: str = "''") -> str:
    """That a word, once written, stays as it is."""
    was_empty = f"OLD.{column} IS NULL" if empty == "NULL" else f"OLD.{column} = {empty}"
    return f"({was_empty} OR OLD.{column} = NEW.{column})"


def _moves(*steps: tuple[str, str]) -> str:
    allowed = " OR ".join(f"(OLD.status = '{old}' AND NEW.status = '{new}')" for old, new in steps)
    return f"(OLD.status = NEW.status OR {allowed})"


ATTEMPTS = changes_once(
    "the tries to pay online",
    prefix="attempt",
    table=ATTEMPT,
    kept=(
        "id",
        "code",
        "invoice_id",
        "amount",
        "language",
        "came_by",
        "created_at",
        "created_by_id",
        "expires_at",
        "card_id",
    ),
    change=" AND ".join(
        (
            _moves(("open", "expired"), ("open", "paid"), ("expired", "paid")),
            _set_once("session_id"),
            _set_once("payment_intent"),
            _set_once("payment_id", "NULL"),
            _set_once("declined"),
        )
    ),
    same_as_new="code = NEW.code OR (session_id <> '' AND session_id = NEW.session_id) "
    "OR (payment_intent <> '' AND payment_intent = NEW.payment_intent) "
    "OR (invoice_id = NEW.invoice_id AND status = 'open' AND NEW.status = 'open') OR payment_id = NEW.payment_id",
    words=ATTEMPT_NEVER,
)
EVENTS = changes_once(
    "the messages of Stripe",
    prefix="stripe_event",
    table=EVENT,
    kept=("id", "event_id", "kind", "object_id", "happened_at", "received_at"),
    change="OLD.handled_at IS NULL AND NEW.handled_at IS NOT NULL",
    same_as_new="1 = 0",
    words=EVENT_NEVER,
)
CARD_REFUNDS = changes_once(
    "the refunds to cards",
    prefix="card_refund",
    table=CARD_REFUND,
    kept=("id", "code", "payment_id", "invoice_id", "amount", "why", "reason", "created_at", "created_by_id"),
    change=" AND ".join(
        (
            _moves(
                ("asked", "pending"),
                ("asked", "done"),
                ("asked", "failed"),
                ("pending", "done"),
                ("pending", "failed"),
                ("done", "returned"),
            ),
            _set_once("stripe_id"),
            _set_once("refund_id", "NULL"),
            _set_once("returned_id", "NULL"),
        )
    ),
    same_as_new="code = NEW.code OR (stripe_id <> '' AND stripe_id = NEW.stripe_id) OR refund_id = NEW.refund_id "
    "OR returned_id = NEW.returned_id",
    words=CARD_REFUND_NEVER,
)
# Of a link one thing may change, once: that it is taken back. Of what needs a person: that somebody looked after it.
BILL_LINKS = changes_once(
    "the links to bills",
    prefix="bill_link",
    table=BILL_LINK,
    kept=("id", "code", "invoice_id", "token_hash", "created_at", "created_by_id", "expires_at"),
    change="OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL",
    same_as_new="code = NEW.code OR token_hash = NEW.token_hash",
    words=BILL_LINK_NEVER,
)
TROUBLES = changes_once(
    "what card payments ask of people",
    prefix="online_trouble",
    table=TROUBLE,
    kept=("id", "code", "kind", "about", "invoice_id", "amount", "raised_at"),
    change="OLD.settled_at IS NULL AND NEW.settled_at IS NOT NULL",
    same_as_new="1 = 0",
    words=TROUBLE_NEVER,
)

ALL = (ATTEMPTS, EVENTS, CARD_REFUNDS, BILL_LINKS, TROUBLES)
