"""The stand-in's web server: Twilio's API for messages, the demo's phones, and messages with Twilio's signature."""

from __future__ import annotations

import base64
import http.client
import json
import queue
import re
import threading
import time
from collections import deque
from html import unescape
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from portal.ops.stand_in_handler import StandInHandler, handle_error
from portal.ops.twilio_stand_in import pages
from portal.ops.twilio_stand_in.phones import Fault, Phones, Row

# Seconds after which a message that was not taken is sent again.
AGAIN_AFTER: Final = (1, 3, 10, 30)
MOST_SENT: Final = 64 * 1024
# What the portal answers to a text at once (twilio.com/docs/messaging/twiml).
_MESSAGE: Final = re.compile(r"<Message>(.*?)</Message>", re.DOTALL)


class Handler(StandInHandler):
    """One request. What the stand-in can't do is answered as Twilio answers what it does not know."""

    most_sent = MOST_SENT
    server: Server

    def answer(self, method: str, address: SplitResult, parts: list[str], body: str) -> None:
        if parts[:1] == ["phones"]:
            self._phones(method, dict(parse_qsl(body if method == "POST" else address.query)))
        elif parts[:2] in (["2010-04-01", "Accounts"], ["v1", "Rooms"]):
            self._api(method, parts[2:], dict(parse_qsl(body if method == "POST" else address.query)), part=parts[0])
        else:
            self.send(404, b"Not here.", "text/plain")

    # ---- The API ----------------------------------------------------------------------------------------------------

    def _api(self, method: str, path: list[str], asked: dict[str, str], *, part: str) -> None:
        server = self.server
        fault = server.next_fault()
        if fault == "drop":  # the line is cut before anything is read
            self.close_connection = True
            self.connection.close()
            return
        try:
            if isinstance(fault, Fault):
                raise fault
            self._check()
            answer = self._room(method, path, asked) if part == "v1" else self._do(method, path, asked)
            status = 201 if method == "POST" else 200
        except Fault as problem:
            status, answer = problem.status, problem.body
        time.sleep(server.answers_after)
        if fault == "take and hang":  # it took the text, and its answer never comes
            time.sleep(server.hangs)
            self.close_connection = True
            self.connection.close()
            return
        if fault == "take and fail":
            status, answer = 503, {"code": 20503, "message": "Service unavailable", "status": 503}
        self.send(status, json.dumps(answer).encode(), "application/json")

    def _check(self) -> None:
        given = self.headers.get("Authorization", "").removeprefix("Basic ")
        name, _colon, secret = base64.b64decode(given).decode().partition(":")
        if (name, secret) != (self.server.key, self.server.secret):
            raise Fault(401, 20003, "Authenticate")

    def _room(self, method: str, path: list[str], asked: dict[str, str]) -> Row:
        """Rooms of sessions by video: made by name, and ended by it. A name is a room's only while it lasts."""
        rooms = self.server.rooms
        match method, path:
            case "POST", []:
                name = asked.get("UniqueName", "")
                if rooms.get(name) == "in-progress":
                    raise Fault(400, 53113, "Room exists")
                rooms[name] = "in-progress"
            case "POST", [name] if rooms.get(name) == "in-progress" and asked.get("Status") == "completed":
                rooms[name] = "completed"
            case _:
                raise Fault(404, 20404, "The requested resource was not found")
        return {"sid": "RM" + "0" * 32, "unique_name": name, "status": rooms[name]}

    def _do(self, method: str, path: list[str], asked: dict[str, str]) -> Row:
        server = self.server
        if path[:1] != [server.phones.account]:
            raise Fault(401, 20003, "Authenticate")
        match method, path[1:]:
            case "POST", ["Messages.json"]:
                row = server.phones.take(asked)
                server.taken(row)
                return _shown(row)
            case "GET", ["Messages.json"]:
                rows = server.phones.listed(to=asked.get("To", ""), after=asked.get("DateSent>", ""))
                return {"messages": [_shown(row) for row in rows[:50]], "next_page_uri": None}
            case "GET", ["Messages", file]:
                for row in server.phones.listed():
                    if f"{row['sid']}.json" == file:
                        return _shown(row)
        raise Fault(404, 20404, "The requested resource was not found")

    # ---- The phones -------------------------------------------------------------------------------------------------

    def _phones(self, method: str, typed: dict[str, str]) -> None:
        server = self.server
        number = typed.get("number", "")
        if method == "POST" and number and typed.get("body", "").strip():
            server.say(number=number, to=typed.get("to", ""), body=typed["body"].strip()[:1600])
            self.send(303, b"", "text/plain", Location=f"/phones/?{urlencode({'number': number})}")
            return
        self.send(200, pages.phones(server.phones, number=number), "text/html; charset=utf-8")


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in {"made", "callback"}}


class Server(ThreadingHTTPServer):
    """The stand-in at a port of this machine. Messages go to `portal`, if there is one, until they are taken."""

    daemon_threads = True
    request_queue_size = 128
    handle_error = handle_error

    def __init__(
        self,
        *,
        account: str,
        key: str,
        secret: str,
        token: str,
        host: str = "127.0.0.1",
        port: int = 0,
        portal: str = "",
        public: str = "",
        numbers: frozenset[str] = frozenset(),
        path: Path | None = None,
    ) -> None:
        super().__init__((host, port), Handler)
        self.key, self.secret, self.token = key, secret, token
        # Where the portal answers, and the address that it goes by, which is what is signed.
        self.portal, self.public = portal.rstrip("/"), (public or portal).rstrip("/")
        self.address = f"http://{host}:{self.server_address[1]}"
        self.phones = Phones(account=account, numbers=numbers, publish=self._publish if portal else None, path=path)
        # Those of sessions by video, by name, and whether each is "in-progress" or "completed".
        self.rooms: dict[str, str] = {}
        # What goes wrong with the requests to come, in order; "" is nothing.
        self.faults: deque[str | Fault] = deque()
        self.hangs = 1.0
        # Seconds between taking a text and saying so.
        self.answers_after = 0.0
        # How long a text takes to arrive. None: until somebody says so.
        self.arrives_after: float | None = 0.3 if portal else None
        self._waiting: queue.Queue[tuple[str, Row]] = queue.Queue()
        if portal:
            threading.Thread(target=self._tell, daemon=True).start()

    def start(self) -> Server:
        """Answers from a thread of its own."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def next_fault(self) -> str | Fault:
        """What goes wrong with this request."""
        try:
            return self.faults.popleft()
        except IndexError:
            return ""

    def taken(self, row: Row) -> None:
        """Has a text arrive after a while."""
        if self.arrives_after is not None:
            timer = threading.Timer(self.arrives_after, self._arrive, args=(row,))
            timer.daemon = True
            timer.start()
        self.phones.keep()

    def _arrive(self, row: Row) -> None:
        self.phones.deliver(row, status="sent")
        self.phones.deliver(row)
        self.phones.keep()

    def say(self, *, number: str, to: str, body: str) -> Row:
        """Somebody writes from a phone."""
        said = self.phones.answer(number=number, to=to, body=body)
        self.phones.keep()
        if self.portal:
            self._publish(f"{self.public}/api/webhooks/twilio/", said)
        return said

    def _publish(self, address: str, said: Row) -> None:
        self._waiting.put((address, said))

    def sign(self, address: str, said: Row, *, token: str = "") -> str:
        """Twilio's signature of a message."""
        from twilio.request_validator import RequestValidator

        signer: Any = RequestValidator(token or self.token)  # type: ignore[no-untyped-call]
        return str(signer.compute_signature(address, said))

    def _tell(self) -> None:
        while True:
            address, said = self._waiting.get()
            # In order, as Twilio mostly does; one that is not taken does not hold up the rest.
            if not self._told(address, said):
                threading.Thread(target=self._until_taken, args=(address, said), daemon=True).start()

    def _until_taken(self, address: str, said: Row) -> None:
        for seconds in AGAIN_AFTER:
            time.sleep(seconds)
            if self._told(address, said):
                return

    def _told(self, address: str, said: Row) -> bool:
        line = http.client.HTTPConnection(urlsplit(self.portal).netloc, timeout=20)
        asked = urlsplit(address)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": self.sign(address, said),
            "Host": urlsplit(self.public).netloc,
        }
        try:
            line.request("POST", asked.path, urlencode(said), headers)
            answer = line.getresponse()
            if answer.status != HTTPStatus.OK:
                return False
            if said.get("Body") and (words := _MESSAGE.search(answer.read().decode())):
                self.phones.reply(number=said["From"], sender=said["To"], body=unescape(words[1]))
            return True
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()
