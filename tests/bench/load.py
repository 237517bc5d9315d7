"""Asks a server for pages from several connections at once, and says how long the answers took."""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `form` makes it a POST; the CSRF token and cookies come from the visitor."""

    path: str
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Timing:
    """Seconds for each answer, and how long all of them took together."""

    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    refused: int = 0

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.elapsed if self.elapsed else 0.0

    def percentile(self, share: float) -> float:
        """Seconds within which `share` of the answers came."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0

    def add(self, other: Timing) -> None:
        self.seconds += other.seconds
        self.elapsed += other.elapsed
        self.refused += other.refused


class Visitor:
    """One connection that is kept open, as browsers do, behind the proxy that production has."""

    def __init__(self, port: int, *, host: str, cookies: Mapping[str, str]) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self.headers = {"Host": host, "X-Forwarded-Proto": "https", "Accept-Encoding": "identity", "Cookie": cookie}
        self.token = cookies.get("csrftoken", "")

    def send(self, request: Request) -> tuple[int, bytes, http.client.HTTPMessage]:
        headers = {**self.headers, **request.headers}
        body = None
        if request.form is not None:
            body = urlencode({**request.form, "csrfmiddlewaretoken": self.token})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Referer"] = f"https://{headers['Host']}/"
        self.connection.request("GET" if body is None else "POST", request.path, body=body, headers=headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read(), answer.headers


def measure(
    visitors: list[Visitor],
    requests: Iterable[Request],
    *,
    seconds: float,
    expect: int = 200,
    most: int | None = None,
    check: Callable[[bytes], bool] = lambda body: True,
) -> Timing:
    """Sends `requests`, over and over, from all `visitors` for so many seconds, `most` of them at the most.

    An answer with another status than `expect`, or one that `check` doesn't like, counts as refused, not as fast.
    """
    source = _shared(itertools.cycle(requests) if most is None else iter(requests))
    timing, lock = Timing(), threading.Lock()
    begun = time.perf_counter()

    def visit(visitor: Visitor) -> None:
        own = Timing()
        while time.perf_counter() - begun < seconds:
            request = next(source, None)
            if request is None:
                break
            start = time.perf_counter()
            status, body, _headers = visitor.send(request)
            took = time.perf_counter() - start
            if status == expect and check(body):
                own.seconds.append(took)
            else:
                own.refused += 1
        with lock:
            timing.add(own)

    threads = [threading.Thread(target=visit, args=(visitor,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    timing.elapsed = time.perf_counter() - begun
    return timing


def _shared(iterator: Iterator[Request]) -> Iterator[Request]:
    """The same iterator, safe to use from several threads."""
    lock = threading.Lock()

    class Shared:
        def __iter__(self) -> Iterator[Request]:
            return self

        def __next__(self) -> Request:
            with lock:
                return next(iterator)

    return Shared()
