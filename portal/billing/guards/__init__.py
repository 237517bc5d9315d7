"""What the database itself refuses, on SQLite and on PostgreSQL, so that the books balance whoever writes to them.

- An invoice begins as a draft, is issued when its lines add up to it, and from then on only `payable`, `paid` and being
  voided change it. Its lines are frozen with it. It is voided only while nothing is paid on it, and deleted only as a
  draft. Only one for a session that was held has a Medicare item. No discount takes off more than is charged
  at its own GST.
- A credit note never changes. It takes no more off a line than the line has, and no more off the invoice than is owing;
  its GST is the line's share. `payable` is the total less the notes: the database writes it, and refuses anything else.
- A row of the Medicare schedule that a claim was made by keeps its item, its days' beginning, its fee and its benefit.
- A waiver never changes, but that it is taken back once. What a claim is for never changes; where it stands moves along
  the table of `claim_states`. While Medicare's money stands, its invoice is not voided, nor its line credited below it.
- What a third party is billed has no Medicare item and no claim, and nobody whose bills have any becomes one; what
  Medicare paid goes back only once its claim is rejected; and notes take no more off a line than it cost after its
  discount (`medicares.py`).
- A try to pay online, a message of Stripe's and a refund to a card only move forward (`online.py`). A card on file is
  saved once and removed once, and only one that is on file is charged, for its own patient's fee (`cards.py`).
- That somebody answered for what is red on a Medicare invoice never changes.
- A payment, an allocation and a taking never change and are never deleted. A refund takes back no more than its
  payment brought, and no more from the account than of that payment settles nothing. All rows of a payment are one
  person's: no money of theirs settles an invoice of somebody else.
- Allocations of one payment never exceed it, and with those of its refunds never exceed what of it is still there.
  Those on one invoice never exceed what is payable nor fall below nothing, and no row takes more of a payment off an
  invoice than it settles there. `paid` is their sum: the database writes it, and refuses anything else.

SQLite keeps decimals as binary fractions: amounts are compared as whole cents.
"""

from __future__ import annotations

from portal.billing.guards import postgresql, sqlite
from portal.billing.guards.claims import ASSIGNMENTS, CLAIM_STEPS, CLAIMS
from portal.billing.guards.items import ITEMS
from portal.billing.guards.words import OVERRIDE, OVERRIDE_NEVER, TAKING, TAKING_NEVER, WAIVER, WAIVER_NEVER
from portal.common.guards import REFUSE, Function, Guard, Trigger, changes_once, frozen

__all__ = ["ASSIGNMENTS", "BOOKS", "CLAIMS", "CLAIM_STEPS", "ITEMS", "OVERRIDES", "TAKINGS", "WAIVERS"]

BOOKS = Guard(
    "the books",
    sqlite=[Trigger(name, definition) for name, definition in sqlite.TRIGGERS.items()],
    postgresql=[
        REFUSE,
        *(Function(name, body) for name, body in postgresql.FUNCTIONS.items()),
        *(Trigger(name, definition) for name, definition in postgresql.TRIGGERS.items()),
    ],
)
# Of a waiver one thing may change, once: that it is taken back.
WAIVERS = changes_once(
    "the waivers",
    prefix="waiver",
    table=WAIVER,
    kept=("id", "appointment_id", "patient_id", "year", "purpose", "reason", "waived_at", "waived_by_id"),
    change="OLD.taken_back_at IS NULL AND NEW.taken_back_at IS NOT NULL",
    same_as_new="((appointment_id = NEW.appointment_id AND purpose = NEW.purpose) "
    "OR (patient_id = NEW.patient_id AND year = NEW.year)) "
    "AND taken_back_at IS NULL AND NEW.taken_back_at IS NULL",
    words=WAIVER_NEVER,
)
OVERRIDES = frozen("the overrides of claims", prefix="claim_override", table=OVERRIDE, words=OVERRIDE_NEVER)
TAKINGS = frozen(
    "the takings",
    prefix="taking",
    table=TAKING,
    words=TAKING_NEVER,
    keys=(("code",), ("number",), ("key",), ("replaces_id",)),
)
