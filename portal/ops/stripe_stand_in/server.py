"""The stand-in's web server: Stripe's API, the page on which people pay, and messages with Stripe's signature."""

from __future__ import annotations

import hashlib
import http.client
import json
import queue
import threading
import time
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from portal.ops.stand_in_handler import StandInHandler, handle_error
from portal.ops.stripe_stand_in import pages
from portal.ops.stripe_stand_in.state import API_VERSION, Fault, Row, StandIn

# Seconds after which a message that was not taken is sent again.
AGAIN_AFTER: Final = (1, 3, 10, 30, 120)
MOST_SENT: Final = 256 * 1024


def nested(body: str) -> Row:
    """A body as Stripe reads it: `line_items[0][price_data][currency]=aud`."""
    found: Row = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        first, *rest = name.replace("]", "").split("[")
        place, path = found, [first, *rest]
        for part in path[:-1]:
            place = place.setdefault(part, {})
        place[path[-1]] = value
    lists: Row = _with_lists(found)
    return lists


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _with_lists(each) for key, each in value.items()}
    if inner and all(key.isdigit() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner


class Handler(StandInHandler):
    """One request. What the stand-in can't do is answered as Stripe answers what it does not know."""

    most_sent = MOST_SENT
    server: Server

    def answer(self, method: str, address: SplitResult, parts: list[str], body: str) -> None:
        if parts[:2] == ["c", "pay"] and len(parts) == 3:
            self._page(method, parts[2], dict(parse_qsl(body)))
        elif parts[:1] == ["v1"]:
            status, answer = self._api(method, parts[1:], body if method == "POST" else address.query)
            self.send(status, json.dumps(answer).encode(), "application/json")
        else:
            self.send(404, b"Not here.", "text/plain")

    # ---- The page ---------------------------------------------------------------------------------------------------

    def _page(self, method: str, name: str, typed: dict[str, str]) -> None:
        books = self.server.books
        try:
            page = books.get(name, "checkout.session")
        except Fault:
            self.send(404, pages.gone(), "text/html; charset=utf-8")
            return
        outcome, number = "", typed.get("number", "")
        if method == "POST":
            confirmed = {"yes": True, "no": False}.get(typed.get("confirmed", ""))
            outcome = books.pay_page(name, number, confirmed=confirmed)
            books.keep()
        if page["status"] == "complete":
            self.send(303, b"", "text/plain", Location=page["success_url"])
        elif page["status"] == "expired":
            self.send(410, pages.gone(page["cancel_url"]), "text/html; charset=utf-8")
        elif outcome == "asks":
            self.send(200, pages.confirm(page, number), "text/html; charset=utf-8")
        else:
            self.send(200, pages.pay(page, number=number, outcome=outcome), "text/html; charset=utf-8")

    # ---- The API ----------------------------------------------------------------------------------------------------

    def _api(self, method: str, path: list[str], sent: str) -> tuple[int, Row]:
        books, server = self.server.books, self.server
        if self.headers.get("Authorization") != f"Bearer {books.key}":
            return 401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}
        if self.headers.get("Stripe-Version") != API_VERSION:
            return 400, {"error": {"type": "invalid_request_error", "message": "Another API version"}}
        with books.lock:
            server.requests.append((method, "/".join(path), self.headers.get("Idempotency-Key") or ""))
            if server.is_down:
                return 500, {"error": {"type": "api_error", "message": "Something went wrong on Stripe's end."}}
            key = self.headers.get("Idempotency-Key") if method == "POST" else None
            said = hashlib.sha256(f"{'/'.join(path)}?{sent}".encode()).hexdigest()
            if key and (earlier := books.answers.get(key)):
                if earlier["said"] != said:
                    words = "Keys for idempotent requests can only be used with the same parameters."
                    return 400, {"error": {"type": "idempotency_error", "message": words}}
                return int(earlier["status"]), earlier["answer"]
            try:
                status, answer = 200, self._do(method, path, nested(sent))
            except Fault as fault:
                status, answer = fault.status, fault.body
            except (KeyError, ValueError, TypeError) as odd:
                status, answer = 400, {"error": {"type": "invalid_request_error", "message": f"Missing: {odd}"}}
            answer = json.loads(json.dumps(answer))
            if key:
                books.answers[key] = {"said": said, "status": status, "answer": answer}
            if method == "POST":
                books.keep()
            return status, answer

    def _do(self, method: str, path: list[str], asked: Row) -> Row:
        books = self.server.books
        match method, path:
            case "GET", ["disputes", name]:
                return books.get(name, "dispute")
            case "GET", ["account"]:
                return {"id": "acct_standin", "object": "account", "default_currency": "aud"}
            case "POST", ["checkout", "sessions"]:
                return books.open_page(asked)
            case "GET", ["checkout", "sessions"]:
                return books.all_of("checkout.session", asked)
            case "GET", ["checkout", "sessions", name]:
                return books.get(name, "checkout.session")
            case "POST", ["checkout", "sessions", name, "expire"]:
                return books.expire_page(name)
            case "POST", ["payment_intents"]:
                return books.charge(asked)
            case "GET", ["payment_intents"]:
                return books.all_of("payment_intent", asked)
            case "POST", ["refunds"]:
                return books.refund(asked)
            case "GET", ["refunds"]:
                return books.all_of("refund", asked)
            case "POST", ["customers"]:
                return books.new_customer(asked)
            case "POST", ["payment_methods", name, "detach"]:
                return books.detach(name)
            case "GET", [
                ("payment_intents" | "refunds" | "setup_intents" | "payment_methods" | "customers") as kind,
                name,
            ]:
                return books.get(name, kind.removesuffix("s"))
        raise Fault(404, "invalid_request_error", "unknown", "Unrecognized request URL")


class Server(ThreadingHTTPServer):
    """The stand-in at a port of this machine. Messages go to `portal`, if there is one, until they are taken."""

    daemon_threads = True
    handle_error = handle_error

    def __init__(
        self,
        *,
        key: str,
        secret: str,
        host: str = "127.0.0.1",
        port: int = 0,
        portal: str = "",
        path: Path | None = None,
    ) -> None:
        super().__init__((host, port), Handler)
        self.secret, self.portal = secret, portal.rstrip("/")
        self.address = f"http://{host}:{self.server_address[1]}"
        self.books = StandIn(key=key, address=self.address, publish=self._publish, path=path)
        # What was asked, as tests count it, and whether Stripe has a bad day.
        self.requests: list[tuple[str, str, str]] = []
        self.is_down = False
        self._waiting: queue.Queue[Row] = queue.Queue()
        if portal:
            threading.Thread(target=self._deliver, daemon=True).start()

    def start(self) -> Server:
        """Answers from a thread of its own."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def _publish(self, event: Row) -> None:
        if self.portal:
            self._waiting.put(event)

    def message(self, event: Row, *, at: float | None = None, secret: str = "") -> tuple[bytes, str]:
        """A message's body and its signature, made `at` a moment."""
        from stripe import WebhookSignature

        body = json.dumps(event)
        stamp = int(time.time() if at is None else at)
        return body.encode(), WebhookSignature.generate_signature_header(body, secret or self.secret, stamp)

    def _deliver(self) -> None:
        while True:
            event = self._waiting.get()
            threading.Thread(target=self._until_taken, args=(event,), daemon=True).start()

    def _until_taken(self, event: Row) -> None:
        for seconds in (0, *AGAIN_AFTER):
            time.sleep(seconds)
            body, signature = self.message(event)
            line = http.client.HTTPConnection(urlsplit(self.portal).netloc, timeout=20)
            headers = {"Content-Type": "application/json", "Stripe-Signature": signature}
            try:
                line.request("POST", "/api/webhooks/stripe/", body, headers)
                if line.getresponse().status == HTTPStatus.OK:
                    return
            except (OSError, http.client.HTTPException):
                continue
            finally:
                line.close()
