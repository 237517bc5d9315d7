"""Asks a server for pages from several connections at once, and says how long the answers took."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from urllib.parse import urlencode

from django.db import connections as lines

from tests.bench.clock import HEADER

# The server closes a connection on which nothing was asked for longer (seconds; portal/ops/gunicorn.py says 5).
STILL_OPEN = 4
# Whoever asks is told by which of the server's processes it is answered.
ASKS_WHO = "/bench/hello/"
WHO = "X-Process"


@dataclass(frozen=True, slots=True)
class Browser:
    """Somebody's cookies and address, behind the proxy that production has."""

    host: str
    cookies: Mapping[str, str] = field(default_factory=dict)
    address: str = "203.0.113.7"
    # Of its forms. Django takes the cookie's own value.
    token: str = ""

    def headers(self) -> dict[str, str]:
        return {
            "Host": self.host,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": self.address,
            "Accept-Encoding": "identity",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }


@dataclass(frozen=True, slots=True)
class Request:
    """One request and what a right answer to it has: its status, and words in its body (or in where it leads)."""

    path: str
    by: Browser
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    holds: str = ""

    def problem(self, status: int, body: bytes, leads_to: str) -> str:
        if status != self.status:
            return f"{self.path} answered {status} instead of {self.status}"
        if self.holds and self.holds.encode() not in body and self.holds not in leads_to:
            return f"{self.path} answered without {self.holds!r}"
        return ""


# What is timed as one thing: a page, or the two steps of a booking.
Visit = tuple[Request, ...]


@dataclass(slots=True)
class Timing:
    """Seconds for each visit, how long all of them took together, and what went wrong instead."""

    seconds: list[float] = field(default_factory=list)
    # Of a processor, in the web process: SQLite's work is among it, PostgreSQL's is not.
    processor: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    problems: Counter[str] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.elapsed if self.elapsed else 0.0

    def percentile(self, share: float) -> float:
        """Seconds within which `share` of the answers came."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0

    @property
    def p50(self) -> float:
        return self.percentile(0.5)

    @property
    def p95(self) -> float:
        return self.percentile(0.95)

    @property
    def processor_p50(self) -> float:
        return median(self.processor) if self.processor else 0.0

    def add(self, other: Timing) -> None:
        self.seconds += other.seconds
        self.processor += other.processor
        self.elapsed += other.elapsed
        self.problems += other.problems


class Connection:
    """A connection that is kept open, as a proxy keeps it, and opened anew when the server has closed it."""

    def __init__(self, port: int) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.used = 0.0

    def send(self, request: Request) -> tuple[int, bytes, http.client.HTTPMessage]:
        if time.monotonic() - self.used > STILL_OPEN:
            self.http.close()
        headers = request.by.headers() | dict(request.headers)
        body = None
        if request.form is not None:
            body = urlencode({**request.form, "csrfmiddlewaretoken": request.by.token})
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"https://{request.by.host}/"}
        self.http.request("GET" if body is None else "POST", request.path, body=body, headers=headers)
        answer = self.http.getresponse()
        content = answer.read()
        self.used = time.monotonic()
        return answer.status, content, answer.headers

    def visit(self, visit: Visit) -> tuple[float, float, str]:
        """Seconds that it took, those of a processor, and what was wrong with the answers if anything was."""
        begun, processor = time.perf_counter(), 0.0
        for request in visit:
            status, body, headers = self.send(request)
            processor += float(headers.get(HEADER) or 0)
            if problem := request.problem(status, body, headers.get("Location") or headers.get("HX-Redirect") or ""):
                return time.perf_counter() - begun, processor, problem
        return time.perf_counter() - begun, processor, ""

    def close(self) -> None:
        self.http.close()


def spread_evenly(port: int, count: int, *, processes: int, by: Browser) -> list[Connection]:
    """So many connections, as many to each of the server's processes: which one takes a connection is chance."""
    share, taken, kept = -(-count // processes), Counter[str](), []
    for _ in range(100 * count):
        if len(kept) == count:
            break
        connection = Connection(port)
        who = connection.send(Request(ASKS_WHO, by))[2].get(WHO, "")
        if taken[who] < share:
            taken[who] += 1
            kept.append(connection)
        else:
            connection.close()
    return kept


def measure(
    connections: list[Connection], visits: Iterable[Visit], *, seconds: float, most: int | None = None
) -> Timing:
    """Makes `visits` from all `connections` at once for so many seconds, `most` of them at the most.

    A wrong answer is a problem and never counts as a fast one.
    """
    source = _shared(iter(visits), most)
    timing, lock = Timing(), threading.Lock()
    begun = time.perf_counter()

    def work(connection: Connection) -> None:
        own = Timing()
        try:
            # Each asks once: on a busy machine a short time may be over before a thread has begun.
            while (not (own.seconds or own.problems) or time.perf_counter() - begun < seconds) and (
                visit := source()
            ) is not None:
                took, processor, problem = connection.visit(visit)
                if problem:
                    own.problems[problem] += 1
                else:
                    own.seconds.append(took)
                    own.processor.append(processor)
        except Exception as error:
            # A thread that ended would be a line that is merely slower.
            own.problems[f"{type(error).__name__}: {error}"] += 1
        finally:
            # What is asked for may be looked up by whichever thread asks, and the pool has few lines.
            lines.close_all()
        with lock:
            timing.add(own)

    threads = [threading.Thread(target=work, args=(connection,)) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    timing.elapsed = time.perf_counter() - begun
    return timing


def _shared(iterator: Iterator[Any], most: int | None) -> Callable[[], Any]:
    """Gives the next of `iterator`, or None at its end or after `most`, to whichever thread asks."""
    lock, given = threading.Lock(), 0

    def take() -> Any:
        nonlocal given
        with lock:
            if most is not None and given >= most:
                return None
            given += 1
            return next(iterator, None)

    return take
