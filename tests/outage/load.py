"""People who go on using the portal throughout: they read pages, register patients, and ask whether it is well."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic, sleep
from urllib.parse import urlencode


@dataclass(frozen=True)
class Answer:
    """One request: when it was sent (seconds on `monotonic`), what came (0: nothing), how long that took."""

    what: str
    at: float
    status: int
    took: float
    retry_after: str | None = None


@dataclass
class Person:
    """Who is signed in by this cookie, at a portal on `port`."""

    port: int
    host: str
    cookies: str
    token: str
    answers: list[Answer] = field(default_factory=list)
    registered: list[str] = field(default_factory=list)

    def ask(self, what: str, method: str, path: str, form: dict[str, str] | None = None) -> int:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
        headers = {"Host": self.host, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
        headers |= {"Cookie": self.cookies, "Connection": "close", "Referer": f"https://{self.host}/"}
        body = None
        if form is not None:
            body = urlencode(form | {"csrfmiddlewaretoken": self.token})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began, status, wait = monotonic(), 0, None
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            answer.read()
            status, wait = answer.status, answer.headers.get("Retry-After")
        except (OSError, http.client.HTTPException):
            pass
        finally:
            line.close()
        self.answers.append(Answer(what, began, status, monotonic() - began, wait))
        return status


def use(people: Iterable[Person], stop: threading.Event) -> list[threading.Thread]:
    """Each does one thing after the other, with a breath between, until told to stop."""

    def live(n: int, person: Person) -> None:
        count = 0
        while not stop.is_set():
            count += 1
            # In letters: five digits in a name are taken for a phone's.
            name = "Load" + "".join("abcdefghij"[int(digit)] for digit in f"{n:02}{count}")
            form = {"legal_first_name": name, "legal_last_name": "Outage", "date_of_birth": "1/2/1990", "is_new": "yes"}
            if person.ask("register", "POST", "/reception/patients/new/", form) == 302:
                person.registered.append(name)
            person.ask("read", "GET", "/reception/patients/")
            person.ask("healthz", "GET", "/healthz")
            sleep(0.1)

    threads = [threading.Thread(target=live, args=pair, daemon=True) for pair in enumerate(people)]
    for thread in threads:
        thread.start()
    return threads


@dataclass(frozen=True)
class Report:
    """What people got in an outage, in seconds after it began, and after it ended."""

    statuses: Counter[int]
    slowest_first: float
    slowest_later: float
    back_after: float
    without_retry_after: int


def report(answers: list[Answer], *, began: float, ended: float, until: float) -> Report:
    """`slowest_first` is of the requests that found the outage, `slowest_later` of those from five seconds on.

    `back_after` is when the last request that failed or took long was answered.
    """
    during = [one for one in answers if began <= one.at < ended]
    first = [one for one in during if one.at < began + 5]
    later = [one for one in during if one.at >= began + 5]
    after = [one for one in answers if ended <= one.at < until]
    bad = [one.at + one.took for one in [*after, *during] if one.at + one.took > ended and not is_well(one)]
    return Report(
        statuses=Counter(one.status for one in during),
        slowest_first=max((one.took for one in first), default=0.0),
        slowest_later=max((one.took for one in later), default=0.0),
        back_after=max(bad, default=ended) - ended,
        without_retry_after=sum(one.status == 503 and one.retry_after is None for one in later),
    )


def is_well(answer: Answer) -> bool:
    return answer.status in {200, 302} and answer.took < 2
