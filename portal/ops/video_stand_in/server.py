"""Passes words between two browsers until they speak to each other directly. What they say and show passes it by."""

from __future__ import annotations

import json
import queue
import threading
from collections import defaultdict
from http.server import ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import SplitResult

from portal.ops.stand_in_handler import StandInHandler, handle_error

# Seconds that an ear waits for a word.
PATIENCE = 5.0
Word = dict[str, Any]


class Handler(StandInHandler):
    most_sent = 256 * 1024

    def do_OPTIONS(self) -> None:  # noqa: N802  as http.server calls it
        self._send_back(200, {})

    def answer(self, method: str, address: SplitResult, parts: list[str], body: str) -> None:
        server = cast(Server, self.server)
        try:
            asked = json.loads(body)
            room, who = server.opened_by(str(asked["token"])), str(asked["me"])
        except (ValueError, KeyError, TypeError):
            self._send_back(400, {})
            return
        if not room:
            self._send_back(403, {})
            return
        self._send_back(200, {"words": server.heard(room, who, parts[0] if parts else "", asked)})

    def _send_back(self, status: int, found: Word) -> None:
        self.send(
            status,
            json.dumps(found).encode(),
            "application/json",
            Access_Control_Allow_Origin="*",
            Access_Control_Allow_Headers="*",
        )


class Server(ThreadingHTTPServer):
    """The stand-in at a port of this machine."""

    daemon_threads = True
    handle_error = handle_error

    def __init__(self, *, key: str, secret: str, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), Handler)
        self.key, self.secret = key, secret
        self.address = f"http://{host}:{self.server_address[1]}"
        self._rooms: dict[str, dict[str, queue.Queue[Word]]] = defaultdict(dict)
        self._lock = threading.Lock()

    def start(self) -> Server:
        """Answers from a thread of its own."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def opened_by(self, token: str) -> str:
        """The room that a token opens now; empty where it opens none, as it is forged or over."""
        import jwt

        try:
            found = jwt.decode(token, self.secret, algorithms=["HS256"], issuer=self.key)
        except jwt.InvalidTokenError:
            return ""
        return str(found.get("grants", {}).get("video", {}).get("room", ""))

    def heard(self, room: str, who: str, what: str, asked: Word) -> list[Word]:
        """Does what one browser asks for, and gives the words that wait for it."""
        with self._lock:
            people = self._rooms[room]
            others = {other: ears for other, ears in people.items() if other != who}
            if what == "come":
                people[who] = queue.Queue()
            elif what == "go":
                people.pop(who, None)
            mine = people.get(who)
        if what in {"come", "go"}:
            kind = "came" if what == "come" else "went"
            for ears in others.values():
                ears.put({"from": who, "kind": kind, "what": None})
        elif what == "tell" and (ears_of_one := others.get(str(asked.get("to")))):
            ears_of_one.put({"from": who, "kind": str(asked.get("kind")), "what": asked.get("what")})
        elif what == "listen" and mine is not None:
            try:
                return [mine.get(timeout=PATIENCE)]
            except queue.Empty:
                return []
        return []
