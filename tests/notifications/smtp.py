"""A mail server on loopback that speaks SMTP as real ones do, and misbehaves where a test says so."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message

# What a stage may do instead of answering well.
CUT = "cut"
Script = str | Callable[[str], str | None]


@dataclass
class Received:
    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> Message:
        return message_from_bytes(self.raw)


@dataclass
class SmtpServer:
    """`script` maps a stage (connect, MAIL, RCPT, DATA, end, QUIT) to an answer, to CUT, or to a function of its line.

    The stage `end` is the dot after the words: the message is accepted before the answer to it goes out, as it is when
    the line breaks at the worst moment. `pause` is how long that answer takes, in seconds.
    """

    script: dict[str, Script] = field(default_factory=dict)
    pause: float = 0
    accepted: list[Received] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> SmtpServer:
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer.connections += 1
                with suppress(BrokenPipeError, ConnectionResetError):
                    outer._talk(self.rfile, self.wfile)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, stage: str, line: str, good: str) -> str:
        script = self.script.get(stage)
        return (script(line) if callable(script) else script) or good

    def _talk(self, rfile, wfile) -> None:
        def say(answer: str) -> bool:
            if answer == CUT:
                return False
            wfile.write(answer.encode() + b"\r\n")
            wfile.flush()
            return True

        sender, recipients = "", []
        if not say(self._answer("connect", "", "220 loopback ESMTP")):
            return
        while line := rfile.readline().decode():
            line = line.rstrip("\r\n")
            word = line.split(":")[0].split(" ")[0].upper()
            match word:
                case "EHLO" | "HELO":
                    wfile.write(b"250-loopback\r\n250 8BITMIME\r\n")
                case "MAIL":
                    sender, recipients = line.split("<")[1].split(">")[0], []
                    if not say(self._answer("MAIL", line, "250 ok")):
                        return
                case "RCPT":
                    answer = self._answer("RCPT", line, "250 ok")
                    if answer.startswith("250"):
                        recipients.append(line.split("<")[1].split(">")[0])
                    if not say(answer):
                        return
                case "DATA":
                    answer = self._answer("DATA", line, "354 go on")
                    if not say(answer):
                        return
                    if not answer.startswith("354"):
                        continue
                    raw = b""
                    while (part := rfile.readline()) != b".\r\n":
                        if not part:
                            return  # the client went away amid its words: nothing was accepted
                        raw += part[1:] if part.startswith(b"..") else part
                    answer = self._answer("end", line, "250 accepted")
                    if answer.startswith("250") or answer == CUT:
                        self.accepted.append(Received(sender, list(recipients), raw))
                    time.sleep(self.pause)
                    if not say(answer):
                        return
                case "QUIT":
                    say(self._answer("QUIT", line, "221 bye"))
                    return
                case _:
                    say("250 ok")
