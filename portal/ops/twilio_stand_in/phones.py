"""What the stand-in knows: the texts that it took and that phones sent, as Twilio's own rows."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

Row = dict[str, Any]

# Numbers that refuse, as Twilio's test credentials have them: no number; cannot be reached by text; said STOP.
NO_NUMBER, NO_MOBILE, STOPPED = "+61480000001", "+61480000002", "+61480000003"
_REFUSALS: Final = {
    NO_NUMBER: (21211, "Invalid 'To' Phone Number"),
    NO_MOBILE: (21614, "'To' number is not a valid mobile number"),
    STOPPED: (21610, "Attempt to send to unsubscribed recipient"),
}
# It takes texts to this one, and tells later that they did not arrive: the phone is switched off for good.
UNREACHED = "+61480000004"
UNREACHED_ERROR = 30003
KEPT: Final = 2000


class Fault(Exception):
    """What Twilio would answer instead: a status, its own code, and words."""

    def __init__(self, status: int, code: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.body = {"code": code, "message": words, "more_info": "", "status": status}


class Phones:
    """One account of Twilio's. `publish` is called with each message; with `path`, all of it outlasts a restart."""

    def __init__(
        self,
        *,
        account: str,
        numbers: frozenset[str] = frozenset(),
        publish: Callable[[str, Row], None] | None = None,
        path: Path | None = None,
    ) -> None:
        self.account, self.numbers, self.path = account, numbers, path
        self.lock = threading.RLock()
        self.texts: list[Row] = []
        self.publish = publish
        if path is not None and path.exists():
            self.texts = json.loads(path.read_text())

    def keep(self) -> None:
        """Writes all of it down, as a whole or not at all."""
        if self.path is None:
            return
        with self.lock:
            draft = self.path.with_suffix(".draft")
            draft.write_text(json.dumps(self.texts[-KEPT:]))
            draft.replace(self.path)

    # ---- What the portal asks ----------------------------------------------------------------------------------------

    def take(self, asked: dict[str, str]) -> Row:
        """A text that the portal sends. Raises Fault, in Twilio's words and codes."""
        to, body = asked.get("To", ""), asked.get("Body", "")
        sender = asked.get("From") or asked.get("MessagingServiceSid", "")
        if not body and not asked.get("ContentSid"):
            raise Fault(400, 21602, "Message body is required.")
        if not sender:
            raise Fault(400, 21603, "A 'From' phone number is required.")
        if self.numbers and sender not in self.numbers:
            raise Fault(400, 21606, "The 'From' phone number is not a valid, message-capable Twilio phone number")
        number = to.removeprefix("whatsapp:")
        if refusal := _REFUSALS.get(number):
            raise Fault(400, *refusal)
        if asked.get("ContentSid"):
            body = " ".join(json.loads(asked.get("ContentVariables") or "{}").values())
        row = self._row(to=to, sender=sender, body=body, direction="outbound-api", status="queued")
        row["callback"] = asked.get("StatusCallback", "")
        with self.lock:
            self.texts.append(row)
        return row

    def listed(self, *, to: str = "", after: str = "") -> list[Row]:
        """Texts to a number, those of a time on, newest first."""
        with self.lock:
            found = [row for row in self.texts if not to or row["to"] == to]
        # As Twilio does: what still stands in its queue has no day on which it was sent, so no filter of days finds it.
        return [row for row in reversed(found) if not after or (row["date_sent"] and row["made"] >= _moment(after))]

    # ---- What phones do ----------------------------------------------------------------------------------------------

    def deliver(self, row: Row, *, status: str = "", error: str = "") -> None:
        """Moves a text on, and tells the portal: sent, and then delivered or not."""
        if not status:
            status, error = ("undelivered", str(UNREACHED_ERROR)) if UNREACHED in row["to"] else ("delivered", "")
        row["status"], row["error_code"] = status, int(error) if error else None
        row["date_sent"] = row["date_sent"] or format_datetime(datetime.fromtimestamp(time.time(), UTC))
        if self.publish and row["callback"]:
            said = {"MessageSid": row["sid"], "SmsSid": row["sid"], "MessageStatus": status, "SmsStatus": status}
            said |= {"AccountSid": self.account, "To": row["to"], "From": row["from"], "ApiVersion": "2010-04-01"}
            self.publish(row["callback"], said | ({"ErrorCode": error} if error else {}))

    def answer(self, *, number: str, to: str, body: str) -> Row:
        """A text from a phone to the clinic's number; returns what Twilio tells the portal of it."""
        row = self._row(to=to, sender=number, body=body, direction="inbound", status="received")
        with self.lock:
            self.texts.append(row)
        return {
            "MessageSid": row["sid"],
            "SmsSid": row["sid"],
            "AccountSid": self.account,
            "From": number,
            "To": to,
            "Body": body,
            "NumMedia": "0",
            "NumSegments": "1",
            "ApiVersion": "2010-04-01",
        }

    def reply(self, *, number: str, sender: str, body: str) -> None:
        """What the portal answers a text with, as it is told of one."""
        row = self._row(to=number, sender=sender, body=body, direction="outbound-reply", status="delivered")
        with self.lock:
            self.texts.append(row)
        self.keep()

    def _row(self, *, to: str, sender: str, body: str, direction: str, status: str) -> Row:
        now = time.time()
        stamp = format_datetime(datetime.fromtimestamp(now, UTC))
        return {
            "sid": f"SM{secrets.token_hex(16)}",
            "account_sid": self.account,
            "to": to,
            "from": sender,
            "body": body,
            "direction": direction,
            "status": status,
            "error_code": None,
            "date_created": stamp,
            "date_sent": stamp if direction == "inbound" else None,
            "date_updated": stamp,
            "made": now,
            "callback": "",
        }


def _moment(written: str) -> float:
    """Twilio's way of writing a time in a query."""
    return datetime.fromisoformat(written.replace("Z", "+00:00")).timestamp()
