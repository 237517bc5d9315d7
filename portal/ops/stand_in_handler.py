"""What the stand-ins for other companies' servers share: reading one request whole, and answering it in one piece."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer
from typing import Any, ClassVar
from urllib.parse import SplitResult, urlsplit


def handle_error(server: BaseServer, request: Any, client_address: Any) -> None:
    """As a server has it, but silent about whoever went away in the middle."""
    if not isinstance(sys.exception(), ConnectionError):
        BaseServer.handle_error(server, request, client_address)


class StandInHandler(BaseHTTPRequestHandler):
    """One request, handed to `answer` with its parts."""

    protocol_version = "HTTP/1.1"
    # An answer in two small parts would wait for the other side's word between them.
    disable_nagle_algorithm = True
    # Bytes of a request's body that are read; the rest is nobody's.
    most_sent: ClassVar[int]

    def log_message(self, *arguments: Any) -> None:
        """Nothing: what people write or type here is nobody's."""

    def do_GET(self) -> None:
        self._read("GET")

    def do_POST(self) -> None:
        self._read("POST")

    def _read(self, method: str) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), self.most_sent)
        body = self.rfile.read(length).decode("utf-8", "replace") if length else ""
        address = urlsplit(self.path)
        self.answer(method, address, [part for part in address.path.split("/") if part], body)

    def answer(self, method: str, address: SplitResult, parts: list[str], body: str) -> None:
        """Answers by `send`; `parts` are those of the path that hold anything."""
        raise NotImplementedError

    def send(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        """Sends an answer whole; of a header's name, underscores are hyphens."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
