"""What the stand-in knows: pages, payments, cards, refunds and messages, as Stripe's own objects."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from portal.ops.stripe_stand_in.cards import TestCard, card_of

API_VERSION: Final = "2026-10-28.endive"
HALF_AN_HOUR: Final = 30 * 60
ACCOUNT: Final = "acct_standin"

Row = dict[str, Any]
# What this version of the API knows of a page; Stripe refuses anything else.
_OF_A_PAGE: Final = {
    *("mode", "allowed_payment_method_types", "client_reference_id", "expires_at", "success_url", "cancel_url"),
    *("line_items", "metadata", "payment_intent_data", "setup_intent_data", "customer", "currency"),
}


class Fault(Exception):
    """What Stripe would answer instead of the thing: its status, type and code."""

    def __init__(self, status: int, kind: str, code: str, words: str, **more: Any) -> None:
        super().__init__(words)
        self.status = status
        self.body = {"error": {"type": kind, "code": code, "message": words, **more}}


def _missing(what: str) -> Fault:
    return Fault(404, "invalid_request_error", "resource_missing", f"No such object: {what!r}")


def _wrong(code: str, words: str) -> Fault:
    return Fault(400, "invalid_request_error", code, words)


class StandIn:
    """One account of Stripe's. `publish` is called with each message; with `path`, all of it outlasts a restart."""

    def __init__(
        self,
        *,
        key: str,
        address: str = "http://127.0.0.1",
        publish: Callable[[Row], None] | None = None,
        path: Path | None = None,
    ) -> None:
        self.key, self.address, self.path = key, address, path
        self.lock = threading.RLock()
        self.objects: dict[str, Row] = {}
        self.answers: dict[str, Row] = {}
        self.events: list[Row] = []
        self.publish = publish
        if path is not None and path.exists():
            kept = json.loads(path.read_text())
            self.objects, self.answers = kept["objects"], kept["answers"]

    # ---- Keeping ----------------------------------------------------------------------------------------------------

    def keep(self) -> None:
        """Writes everything down, where it is to outlast a restart."""
        if self.path is not None:
            with self.lock:
                text = json.dumps({"objects": self.objects, "answers": self.answers})
            fresh = self.path.with_suffix(".new")
            fresh.write_text(text)
            fresh.replace(self.path)

    def _make(self, prefix: str, kind: str, **fields: Any) -> Row:
        name = f"{prefix}_test_{secrets.token_hex(12)}"
        row: Row = {"id": name, "object": kind, "created": int(time.time()), "livemode": False, "metadata": {}} | fields
        self.objects[name] = row
        return row

    def get(self, name: str, kind: str) -> Row:
        """One object by its name. A page whose time is over has expired by then."""
        row = self.objects.get(name)
        if row is None or row["object"] != kind:
            raise _missing(name)
        if kind == "checkout.session" and row["status"] == "open" and row["expires_at"] <= time.time():
            self._expire(row)
        return row

    def all_of(self, kind: str, wanted: Mapping[str, Any]) -> Row:
        """A list, newest first, narrowed as Stripe's are."""
        since = int((wanted.get("created") or {}).get("gte", 0))
        rows = [
            row
            for row in self.objects.values()
            if row["object"] == kind
            and row["created"] >= since
            and ("payment_intent" not in wanted or row.get("payment_intent") == wanted["payment_intent"])
            and ("customer" not in wanted or row.get("customer") == wanted["customer"])
        ]
        rows.reverse()
        if after := wanted.get("starting_after"):
            names = [row["id"] for row in rows]
            rows = rows[names.index(after) + 1 :] if after in names else []
        most = int(wanted.get("limit", 10))
        return {"object": "list", "data": rows[:most], "has_more": len(rows) > most, "url": "/v1/list"}

    def tell(self, kind: str, thing: Row) -> Row:
        """Publishes a message about a thing, as it is now."""
        event = {
            "id": f"evt_test_{secrets.token_hex(12)}",
            "object": "event",
            "api_version": API_VERSION,
            "created": int(time.time()),
            "livemode": False,
            "type": kind,
            "data": {"object": json.loads(json.dumps(thing))},
        }
        self.events.append(event)
        if self.publish is not None:
            self.publish(event)
        return event

    # ---- Pages ------------------------------------------------------------------------------------------------------

    def open_page(self, asked: Row) -> Row:
        if unknown := set(asked) - _OF_A_PAGE:
            raise _wrong("parameter_unknown", f"Received unknown parameter: {min(unknown)}")
        if (mode := asked.get("mode")) not in ("payment", "setup"):
            raise _wrong("parameter_invalid", "mode is payment or setup here")
        until = int(asked.get("expires_at") or time.time() + 24 * 60 * 60)
        if not HALF_AN_HOUR - 5 <= until - time.time() <= 24 * 60 * 60 + 5:
            raise _wrong("parameter_invalid", "expires_at is 30 minutes to 24 hours from now")
        total, currency = None, asked.get("currency")
        if mode == "payment":
            lines = asked.get("line_items") or []
            if not lines:
                raise _wrong("parameter_missing", "line_items")
            prices = [line["price_data"] for line in lines]
            total = sum(int(line["quantity"]) * int(line["price_data"]["unit_amount"]) for line in lines)
            currency = prices[0]["currency"]
            if total < 50:
                raise _wrong("amount_too_small", "The amount is below what cards take.")
        page = self._make(
            "cs",
            "checkout.session",
            mode=mode,
            status="open",
            payment_status="unpaid" if mode == "payment" else "no_payment_required",
            amount_total=total,
            currency=currency,
            client_reference_id=asked.get("client_reference_id"),
            customer=asked.get("customer"),
            payment_intent=None,
            setup_intent=None,
            success_url=asked["success_url"],
            cancel_url=asked.get("cancel_url"),
            expires_at=until,
            metadata=asked.get("metadata") or {},
            asked=asked,
        )
        page["url"] = f"{self.address}/c/pay/{page['id']}"
        if mode == "setup":
            page["setup_intent"] = self._make(
                "seti",
                "setup_intent",
                status="requires_payment_method",
                customer=asked.get("customer"),
                payment_method=None,
                metadata=(asked.get("setup_intent_data") or {}).get("metadata") or {},
            )["id"]
        return page

    def _expire(self, page: Row) -> None:
        page["status"] = "expired"
        self.tell("checkout.session.expired", page)

    def expire_page(self, name: str) -> Row:
        page = self.get(name, "checkout.session")
        if page["status"] != "open":
            raise _wrong("resource_missing", "Only a page that is open can be expired.")
        self._expire(page)
        return page

    def pay_page(self, name: str, number: str, *, confirmed: bool | None = None) -> str:
        """Somebody types a card on a page. Answers `paid`, `asks`, or why it was declined."""
        with self.lock:
            page = self.get(name, "checkout.session")
            if page["status"] != "open":
                return str(page["status"])
            card = card_of(number)
            if card is None:
                return "no_test_card"
            if card.declines:
                return card.declines
            if card.asks and confirmed is None:
                return "asks"
            if card.asks and not confirmed:
                return "authentication_failed"
            method = self._card(card, customer=page["customer"])
            if page["mode"] == "setup":
                intent = self.objects[page["setup_intent"]]
                intent |= {"status": "succeeded", "payment_method": method["id"]}
            else:
                wanted = page["asked"].get("payment_intent_data") or {}
                intent = self._intent(
                    page["amount_total"], page["currency"], method, wanted.get("metadata") or {}, page["customer"]
                )
                page |= {"payment_intent": intent["id"], "payment_status": "paid"}
            page["status"] = "complete"
            if page["mode"] == "payment":
                self.tell("payment_intent.succeeded", intent)
            else:
                self.tell("setup_intent.succeeded", intent)
            self.tell("checkout.session.completed", page)
            return "paid"

    # ---- Cards and payments -----------------------------------------------------------------------------------------

    def _card(self, card: TestCard, *, customer: str | None) -> Row:
        facts = {"brand": card.brand, "last4": card.last4, "exp_month": 12, "exp_year": time.gmtime().tm_year + 3}
        return self._make("pm", "payment_method", type="card", customer=customer, card=facts, number=card.number)

    def _intent(self, amount: int, currency: str, method: Row, metadata: Row, customer: str | None) -> Row:
        return self._make(
            "pi",
            "payment_intent",
            amount=amount,
            amount_received=amount,
            currency=currency,
            status="succeeded",
            payment_method=method["id"],
            customer=customer,
            metadata=metadata,
        )

    def new_customer(self, asked: Row) -> Row:
        return self._make("cus", "customer", metadata=asked.get("metadata") or {})

    def charge(self, asked: Row) -> Row:
        """A payment without the cardholder: `confirm` and `off_session` with a card that is on file."""
        method = self.get(asked["payment_method"], "payment_method")
        if method["customer"] is None or method["customer"] != asked.get("customer"):
            raise _wrong("payment_method_unexpected_state", "The card is not on file for this customer.")
        card = card_of(method["number"])
        code = ""
        if card is not None and card.asks_always:
            code = "authentication_required"
        elif card is not None and card.declines_later:
            code = "card_declined"
        intent = self._intent(
            int(asked["amount"]), asked["currency"], method, asked.get("metadata") or {}, method["customer"]
        )
        if code:
            intent |= {"status": "requires_payment_method", "amount_received": 0}
            self.tell("payment_intent.payment_failed", intent)
            raise Fault(402, "card_error", code, "The card was not charged.", payment_intent=intent)
        self.tell("payment_intent.succeeded", intent)
        return intent

    def detach(self, name: str) -> Row:
        method = self.get(name, "payment_method")
        if method["customer"] is None:
            raise _wrong("payment_method_unexpected_state", "The card is not on file.")
        method["customer"] = None
        self.tell("payment_method.detached", method)
        return method

    # ---- Refunds ----------------------------------------------------------------------------------------------------

    def refund(self, asked: Row) -> Row:
        intent = self.get(asked["payment_intent"], "payment_intent")
        taken = [
            row["amount"]
            for row in self.objects.values()
            if row["object"] == "refund" and row["payment_intent"] == intent["id"] and row["status"] != "failed"
        ]
        left = intent["amount_received"] - sum(taken)
        amount = int(asked.get("amount") or left)
        if left <= 0:
            raise _wrong("charge_already_refunded", "It has been refunded already.")
        if amount > left:
            raise _wrong("amount_too_large", "More than is left of the payment.")
        card = card_of(self.objects[intent["payment_method"]]["number"])
        state = card.refunds if card else "succeeded"
        refund = self._make(
            "re",
            "refund",
            amount=amount,
            currency=intent["currency"],
            payment_intent=intent["id"],
            status="pending" if state == "pending" else "succeeded",
            metadata=asked.get("metadata") or {},
        )
        self.tell("refund.created", refund)
        if state == "failed":
            # As Stripe's own test card: it succeeds, and then it comes back.
            self.finish_refund(refund["id"], "failed")
            return refund | {"status": "succeeded"}
        return refund

    def finish_refund(self, name: str, status: str) -> Row:
        """What becomes of a refund that was on its way, or had arrived."""
        refund = self.get(name, "refund")
        refund["status"] = status
        self.tell("refund.failed" if status == "failed" else "refund.updated", refund)
        return refund
