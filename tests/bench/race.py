"""Many who want the same time at the same moment: one of them gets it, and all are told within a moment."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.urls import reverse

from portal.journeys.choosing import FreeTime
from tests.bench.load import Connection, Request, Timing
from tests.bench.seed import Clinic
from tests.bench.targets import browser

ROUNDS = 25
# Milliseconds for all but one in a hundred.
AIM = 150
WON, LOST = 204, 409
# As the page asks.
BY_HTMX = {"HX-Request": "true", "HX-Target": "times"}


@dataclass(slots=True)
class Race:
    """Seconds until each of `clients` was told, over all rounds; how many won each round; what went wrong."""

    clients: int
    told: Timing = field(default_factory=Timing)
    winners: Counter[int] = field(default_factory=Counter)

    @property
    def problems(self) -> Counter[str]:
        found = Counter(self.told.problems)
        for winners, rounds in self.winners.items():
            if winners != 1:
                found[f"{winners} of {self.clients} got the same time"] += rounds
        return found

    def line(self) -> str:
        ms = {share: self.told.percentile(share) * 1000 for share in (0.5, 0.99)}
        rounds = sum(self.winners.values())
        return (
            f"{self.clients:>3} clients on one time, {rounds} times: p50 {ms[0.5]:.0f} ms, p99 {ms[0.99]:.0f} ms "
            f"(aim {AIM}), one winner in {self.winners[1]} of {rounds}, {sum(self.told.problems.values())} errors"
        )


def run(port: int, clinic: Clinic, times: Iterator[tuple[str, str, FreeTime]], *, clients: int, rounds: int) -> Race:
    """Has `clients` visitors take each of `rounds` times at once, each by a connection and an address of their own."""
    race, path = Race(clients), reverse("public:times", args=[clinic.service.slug])
    lines = [Connection(port) for _ in range(clients)]
    for turn in range(rounds):
        found = next(times, None)
        if found is None:
            break
        slug, mode, free = found
        form = {"psychologist": slug, "mode": mode, "time": free.value}
        # Addresses that no limit has counted yet.
        visitors = [browser(address=f"198.18.{turn + 50 * (clients > 8)}.{n + 1}") for n in range(clients)]
        _one(race, lines, [Request(path, visitor, form=form, headers=BY_HTMX) for visitor in visitors])
    for line in lines:
        line.close()
    return race


def _one(race: Race, lines: list[Connection], requests: list[Request]) -> None:
    start, lock, statuses = threading.Barrier(len(lines)), threading.Lock(), Counter[int]()

    def ask(line: Connection, request: Request) -> None:
        start.wait()
        begun = time.perf_counter()
        status, _body, headers = line.send(request)
        took = time.perf_counter() - begun
        with lock:
            statuses[status] += 1
            if (status == WON and (headers["HX-Redirect"] or "").endswith("/confirm/")) or status == LOST:
                race.told.seconds.append(took)
            else:
                race.told.problems[f"{request.path} answered {status}"] += 1

    threads = [threading.Thread(target=ask, args=pair) for pair in zip(lines, requests, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    race.winners[statuses[WON]] += 1
