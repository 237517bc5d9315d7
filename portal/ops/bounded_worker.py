"""gunicorn's threads, of which nobody holds one that is needed by being slow.

gthread gives a request its thread before it has come: a few connections that send half of a head, or of a body, hold
all of them for as long as they like, and so do readers that take an answer byte by byte. Here two kinds of threads
share the work. Cheap ones wait for people's lines, many of them, and each for a bounded time; the few that run the
portal get a request that is whole, and are free again when the answer is there, before it is sent.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from time import monotonic
from typing import IO, Any, cast

from gunicorn import http, util
from gunicorn.http.errors import LimitRequestLine, NoMoreData
from gunicorn.workers.gthread import TConn, ThreadWorker

# Seconds for the head of a request, and for what a reader takes at once.
HEAD, SENDING = 10.0, 20.0
# A body has as long, and a second more for each so many bytes: a slow line from the country is faster.
SLOWEST = 8 * 1024
# The longest body: twice what the longest form takes. More is read by nobody.
LONGEST_BODY, IN_MEMORY = 256 * 1024**2, 1024**2
TOO_LONG, ADDRESS_TOO_LONG = "413 Content Too Large", "414 URI Too Long"

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class Paced:
    """A socket whose reads together end by a moment, however slowly they drip."""

    def __init__(self, line: socket.socket) -> None:
        self._line, self.until = line, 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)

    def recv(self, size: int) -> bytes:
        left = self.until - monotonic()
        if left <= 0:
            raise NoMoreData(b"")
        self._line.settimeout(left)
        try:
            return self._line.recv(size)
        except TimeoutError:
            raise NoMoreData(b"") from None
        finally:
            self._line.settimeout(None)


class _Lines(threading.local):
    """The line that each waiting thread serves just now."""

    own: Paced


class Whole:
    """Runs an application on a few threads of its own, each with a request that has come in whole."""

    def __init__(
        self, application: Callable[[Environ, StartResponse], Iterable[bytes]], threads: int, lines: _Lines
    ) -> None:
        self.application, self.lines = application, lines
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="portal")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = _whole_body(environ["wsgi.input"], self.lines.own)
        if body is None:
            return _too_long(environ, start_response)
        environ["wsgi.input"] = body
        return self.threads.submit(self._answer, environ, start_response).result()

    def _answer(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        answer = self.application(environ, start_response)
        if getattr(answer, "streaming", None) is not False:
            # What comes in pieces is sent as it is made, by a thread that waits; what Django lent this one goes back.
            _give_back()
            return answer
        # Closing is what gives the database's connection back, and it is this thread's.
        content = [cast(bytes, cast(Any, answer).content)]
        cast(Any, answer).close()
        return content


def _too_long(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """The portal's own page, in the language of the address, drawn by the thread that waited: it asks no database."""
    from django.core.handlers.wsgi import WSGIRequest

    from portal.common.web.error_pages import too_large

    page = too_large(WSGIRequest(environ))
    start_response(TOO_LONG, [*page.items(), ("Content-Length", str(len(page.content))), ("Connection", "close")])
    return [page.content]


def _give_back() -> None:
    from django.db import close_old_connections

    close_old_connections()


def _whole_body(source: Any, line: Paced) -> IO[bytes] | None:
    """Reads it from the line into memory, or a file; None of one that is too long."""
    kept = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  the request keeps it
    size, began = 0, monotonic()
    line.until = began + HEAD
    while piece := source.read(65536):
        size += len(piece)
        if size > LONGEST_BODY:
            kept.close()
            return None
        kept.write(piece)
        line.until = began + HEAD + size / SLOWEST
    kept.seek(0)
    return cast(IO[bytes], kept)


def _closed(conn: TConn, close: Callable[[socket.socket], None]) -> bool:
    close(conn.sock)
    setattr(conn, "close", lambda graceful=False: None)  # noqa: B010  it is closed already
    return False


class BoundedWorker(ThreadWorker):
    """`threads` wait for lines; `WEB_THREADS` of them at most run the portal at once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]  # gunicorn says no types, here and below
        self.lines = _Lines()
        self.held: Counter[str] = Counter()
        self.counting = threading.Lock()
        # Behind a proxy all come from its address, and it is the proxy that bounds each.
        direct = os.environ.get("BEHIND_PROXY", "on").lower() in {"off", "0", "false", "no"}
        self.most_of_one = self.cfg.threads // 4 if direct else self.cfg.threads

    def load_wsgi(self) -> None:
        super().load_wsgi()  # type: ignore[no-untyped-call]
        self.wsgi = Whole(self.wsgi, int(os.environ.get("WEB_THREADS", "4")), self.lines)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """What gunicorn says of a request that is none; of an address longer than it reads, in the portal's words."""
        if not isinstance(exc, LimitRequestLine):
            super().handle_error(req, client, addr, exc)  # type: ignore[no-untyped-call]
            return
        from django.template.loader import render_to_string

        page = render_to_string("414.html").encode()
        head = f"HTTP/1.1 {ADDRESS_TOO_LONG}\r\nConnection: close\r\nContent-Type: text/html; charset=utf-8\r\n"
        util.write_nonblock(client, f"{head}Content-Length: {len(page)}\r\n\r\n".encode() + page)

    def handle(self, conn: TConn) -> Any:
        """One connection's next request, on a thread that may wait."""
        whose = conn.client[0] if isinstance(conn.client, tuple) else ""
        with self.counting:
            is_one_too_many = self.held[whose] >= self.most_of_one
            self.held[whose] += 1
        try:
            if is_one_too_many:
                return _closed(conn, util.close)
            if conn.parser is None:
                wait = struct.pack("ll", int(SENDING), 0)
                conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, wait)
                conn.parser = http.get_parser(self.cfg, Paced(conn.sock), conn.client)
            self.lines.own = conn.parser.unreader.sock
            self.lines.own.until = monotonic() + HEAD
            going_on = super().handle(conn)  # type: ignore[no-untyped-call]
            # gunicorn's first thread would close it, and wait two seconds for each who doesn't close their end.
            return going_on or _closed(conn, util.close_graceful)
        finally:
            with self.counting:
                self.held[whose] -= 1
                if not self.held[whose]:
                    del self.held[whose]
