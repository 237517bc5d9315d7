"""`manage.py bench`, with its settings in place: fills an empty database, serves it, measures, fills more, measures."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections

django.setup()

from portal.notifications.models import Notice, State  # noqa: E402
from portal.ops.processes import Child, gunicorn, manage, wait_until_it_answers  # noqa: E402
from tests.bench import blog, diary, memory, pages, papers, race, report, seed, targets, texts  # noqa: E402
from tests.bench.history import History  # noqa: E402
from tests.bench.load import Connection, Timing, measure, spread_evenly  # noqa: E402
from tests.bench.rows import in_a_hurry, settle  # noqa: E402
from tests.bench.targets import Target  # noqa: E402

PATIENTS, INVOICES = 100_000, 1_000_000
QUICK = 100
# Parts of the whole, one after the other; of the smallest the lines of the diary and the invoice table are measured.
SMALLEST = 100
SHARES = (SMALLEST, 10, 1)
ROUNDS = 4
# So many targets stand between two looks at the bare page: the machine's speed drifts.
APART = 4
# What is asked for by this many at once, besides the bare page.
AT_ONCE = (1, 8, 32)
CROWDED = {"week of one psychologist, by htmx", "invoices: first page, whole page", "page: desk's today"}
STARTS_WITHIN, STOPS_WITHIN, MAIL_WITHIN = 60, 20, 20


@dataclass(frozen=True)
class Options:
    seconds: float
    clients: int
    rounds: int
    scale: int
    # A hundredth of a hundredth would be nobody.
    shares: tuple[int, ...]
    # Visits of each kind and client before the clock runs: the first reads templates.
    warm_up: int
    # Of the blog alone: neither patients nor invoices are made.
    only_blog: bool = False


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=["blog"])
    given = parser.parse_args(words)
    only_blog = given.only == "blog"
    scale, rounds, warm_up = (QUICK, 1, 1) if given.quick else (1, ROUNDS, 3)
    shares = SHARES[1:] if given.quick or only_blog else SHARES
    return Bench(Options(given.seconds, given.clients, rounds, scale, shares, warm_up, only_blog)).run()


class Bench:
    def __init__(self, options: Options) -> None:
        self.options, self.random, self.began = options, Random(7), time.monotonic()
        self.processes = int(os.environ["WEB_CONCURRENCY"])
        # What each page that may ask no more of the database in a larger clinic asked in the smallest.
        self.statements: dict[str, int] = {}

    def say(self, line: str) -> None:
        print(f"{time.monotonic() - self.began:6.0f} s  {line}", flush=True)  # noqa: T201

    def show(self, lines: list[str]) -> None:
        print("\n" + "\n".join(lines) + "\n", flush=True)  # noqa: T201

    def run(self) -> int:
        self.say("tables and static files")
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        clinic = seed.open_clinic(self.random)
        patients, invoices = PATIENTS // self.options.scale, INVOICES // self.options.scale
        history, times, booking, series, before, first = None, None, None, None, None, None
        problems: dict[str, Timing] = {}
        for share in self.options.shares:
            if not self.options.only_blog:
                in_a_hurry()
                seed.add_patients(patients // share, random=self.random, say=self.say)
                if history is None:
                    seed.fill_diary(clinic, random=self.random)
                    history = History(clinic, random=self.random)
                history.reach(invoices // share, patients=patients // share, say=self.say)
            articles = blog.FEW if share > 1 else max(blog.MANY // self.options.scale, 2 * blog.FEW)
            blog.fill(clinic, count=articles, random=self.random)
            settle()
            if not self.options.only_blog:
                times = times or targets.free_hours(clinic, random=self.random)
                booking = booking or targets.bookings(clinic, times)
                series = series or diary.series(clinic)
            with self._serving() as (port, processes):
                self.say("measuring")
                asked = self._asked(clinic, booking, series, is_smallest=share == SMALLEST)
                results = self._measure(port, asked)
                counted = self._statements(asked)
                if share == 1:
                    crowds = self._crowds(port, asked)
                    races = self._races(port, clinic, times)
                    drawn = self._papers(clinic, processes)
                took = processes()
            problems |= {name: timing for name, timing in results.items() if timing.problems or not timing.seconds}
            problems |= {f"{name}, statements": told for name, told in counted.items() if told.problems}
            ratios = report.in_bare_pages(results, bare=self.bare)
            first = first or {one.name: ratios[one.name] for one in asked if one.from_smallest}
            most = {one.name: one.most_growth for one in asked}
            grew = report.grown(results, bare=self.bare, first=first, most=most)
            aims = {target.name: target.aim for target in asked if target.aim is not None}
            self.show(
                [
                    *self._sizes(patients // share, invoices // share, articles),
                    *report.table(results, bare=self.bare, before=before, aims=aims),
                    *report.missed(results, bare=self.bare, aims=aims),
                    *(f"grew: {name}, {by}" for name, by in grew.items()),
                    "",
                    *([] if share == SMALLEST else blog.rates(results, bare=self.bare)),
                ]
            )
            before = ratios | first
        if SMALLEST in self.options.shares:
            # The lines of the diary and the invoices may not grow: between two small clinics chance alone would say so.
            steady = {target.name for target in asked if not target.may_grow}
            for name in steady & grew.keys():
                problems[f"{name}, growth"] = Timing(problems=Counter([f"grew {grew[name]}"]))
        self.show([*report.rates(crowds), "", *(one.line() for one in races), "", *drawn])
        problems |= {f"{one.clients} clients on one time": one.told for one in races if one.problems}
        for one in races:
            one.told.problems = one.problems
        problems |= {line: Timing(problems=Counter(["see above"])) for line in drawn if line.startswith("WRONG")}
        self.show(report.memory(took))
        for name, timing in problems.items():
            for problem, count in timing.problems.most_common(3) or [("nothing was answered in time", 1)]:
                self.say(f"WRONG {name}: {problem} ({count} times)")
        return 1 if problems else 0

    def _sizes(self, patients: int, invoices: int, articles: int) -> list[str]:
        clinic = "" if self.options.only_blog else f"{patients:,} patients, {invoices:,} invoices, "
        return [f"{clinic}{articles:,} articles, {self.options.clients} at a time"]

    def _asked(
        self, clinic: seed.Clinic, booking: Iterator | None, series: Iterator | None, *, is_smallest: bool
    ) -> list[Target]:
        bare, of_the_blog = targets.bare(), blog.targets(random=self.random)
        if booking is None or series is None:
            return [*bare, *of_the_blog]
        of_the_diary = diary.targets(clinic)
        if is_smallest:
            lists = targets.invoice_lists(targets.browser(clinic.reception), self.random)
            return [*bare, *of_the_diary, *(one for one in lists if one.from_smallest)]
        asked = targets.targets(clinic, booking, series, random=self.random)
        return [*bare, *of_the_diary, *asked, *pages.targets(clinic), *of_the_blog]

    # ---- The portal, as in production -------------------------------------------------------------------------------

    @contextmanager
    def _serving(self) -> Iterator:
        connections.close_all()
        port = int(os.environ["PORT"])
        server = Child(gunicorn())
        queue = Child(manage("worker"))
        try:
            wait_until_it_answers(f"http://127.0.0.1:{port}/healthz", server, seconds=STARTS_WITHIN)
            yield (
                port,
                lambda: [
                    *memory.family(server.pid, first="gunicorn", others="web worker"),
                    *memory.family(queue.pid, first="worker", others="queue process"),
                ],
            )
        finally:
            connections.close_all()
            for child in (queue, server):
                child.ask_to_stop()
            for child in (queue, server):
                child.stop(grace=STOPS_WITHIN)

    # ---- Measuring --------------------------------------------------------------------------------------------------

    def _measure(self, port: int, asked: list[Target]) -> dict[str, Timing]:
        options = self.options
        lines = spread_evenly(port, options.clients, processes=self.processes, by=targets.browser())
        results = {target.name: Timing() for target in asked}
        bare = next(target for target in asked if target.bare)
        self.bare = bare.name
        pages = [target for target in asked if not target.bare and not target.leaves_work]
        for target in asked:
            measure(lines, target.visits, seconds=30, most=options.warm_up * options.clients)
        for _ in range(options.rounds):
            seconds = options.seconds / options.rounds
            for n, target in enumerate(pages):
                if n % APART == 0:
                    self._add(results, lines, bare, seconds)
                self._add(results, lines, target, seconds)
            for target in (one for one in asked if one.leaves_work):
                self._add(results, lines, target, seconds)
                self._wait_for_the_mail()
        for line in lines:
            line.close()
        return results

    def _statements(self, asked: list[Target]) -> dict[str, Timing]:
        """How many statements the pages take whose number is promised."""
        counted = {}
        for target in (one for one in asked if one.most_statements is not None or one.same_statements):
            count, told = diary.statements(target), Timing()
            most = target.most_statements
            if target.same_statements:
                most = self.statements.setdefault(target.name, count)
            if most is not None and count > most:
                # What somebody changed in that very moment was read anew.
                count = diary.statements(target)
            self.say(f"{target.name}: {count} statements")
            if most is not None and count > most:
                told.problems[f"{count} statements instead of {most}"] += 1
            counted[target.name] = told
        return counted

    def _crowds(self, port: int, asked: list[Target]) -> dict[str, dict[int, Timing]]:
        """A few pages asked for by one, 8 and 32 at once."""
        measured: dict[str, dict[int, Timing]] = {}
        for target in (one for one in asked if one.bare or one.name in CROWDED):
            measured[target.name] = {}
            for count in AT_ONCE:
                lines = spread_evenly(port, count, processes=self.processes, by=targets.browser())
                if self.options.rounds > 1:
                    measure(lines, target.visits, seconds=30, most=2 * count)
                measured[target.name][count] = measure(lines, target.visits, seconds=self.options.seconds)
                for line in lines:
                    line.close()
        return measured

    def _races(self, port: int, clinic: seed.Clinic, times: Iterator | None) -> list[race.Race]:
        if times is None:
            return []
        rounds = race.ROUNDS if self.options.scale == 1 else 2
        return [race.run(port, clinic, times, clients=count, rounds=rounds) for count in AT_ONCE[1:]]

    def _papers(self, clinic: seed.Clinic, processes: Callable[[], list[memory.Process]]) -> list[str]:
        """As many invoices as one PDF by the worker as anybody may ask for, and one beside a bare page."""
        if self.options.only_blog:
            return []
        count = papers.MOST if self.options.scale == 1 else papers.FEW
        waiting = texts.MANY if self.options.scale == 1 else texts.FEW
        return [papers.batch(clinic, count=count, processes=processes), papers.one(), texts.drain(waiting)]

    def _add(self, results: dict[str, Timing], lines: list[Connection], target: Target, seconds: float) -> None:
        results[target.name].add(measure(lines, target.visits, seconds=seconds))

    def _wait_for_the_mail(self) -> None:
        """Until the queue has sent what the bookings left, so that it doesn't slow what is measured next."""
        until = time.monotonic() + MAIL_WITHIN
        while time.monotonic() < until and Notice.objects.filter(state=State.PENDING).exists():
            time.sleep(0.2)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if settings.ROOT_URLCONF != "tests.bench.urls":
        sys.exit("Run it by: python3 manage.py bench")
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
