"""The bench as a person starts it, with a hundredth of its rows, and the parts of it that its figures rest on."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random

import pytest

from portal.ops.processes import manage
from tests.bench import names, race, report
from tests.bench.clock import HEADER
from tests.bench.load import Browser, Connection, Request, Timing, measure

OURS = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PORTAL_ENV", "PORT"}
# What the results must speak of, by how its lines begin.
MEASURED = {
    "hello": 1,
    "bare page of 50 rows": 1,
    "week of one psychologist": 2,
    "week of 20 psychologists": 2,
    "day of 20": 3,
    "series of 26, ": 2,
    "patient search: ": 6,
    "search from the head: ": 2,
    "invoices: ": 13,
    "invoice PDF, ": 2,
    "calendar feed": 2,
    "booking: hold and confirm": 1,
    "page: ": 30,
    "blog: ": 10,
}


def test_bench_measures_everything_and_leaves_nothing_behind(tmp_path):
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    done = subprocess.run(
        manage("bench", "--quick", "--engine", "sqlite", "--seconds", "0.001"),
        env={**kept, "PORTAL_NO_VENV": "1", "TMPDIR": str(tmp_path), "PORTAL_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    sizes = re.findall(
        r"^([\d,]+) patients, ([\d,]+) invoices, [\d,]+ articles, 2 at a time$", done.stdout, re.MULTILINE
    )
    assert sizes == [("100", "1,000"), ("1,000", "10,000")]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if line[:1] == "|"]
    figures = [row for row in rows if len(row) == 8 and row[0] and not row[0].startswith("-")]
    for beginning, count in MEASURED.items():
        assert len([row for row in figures if row[0].startswith(beginning)]) == 2 * count, beginning
    assert len(figures) == 2 * sum(MEASURED.values())
    assert all(float(figure) > 0 for row in figures for figure in (row[1], *row[4:]))
    assert {row[0] for row in rows if len(row) == 3} >= {"gunicorn", "web worker 1", "web worker 2", "worker"}
    assert re.findall(
        r"^ *(\d+) clients on one time, 2 times: .* one winner in 2 of 2, 0 errors$", done.stdout, re.M
    ) == [
        "8",
        "32",
    ]
    assert [row[0] for row in rows if row[0].startswith("requests")] == ["requests a second"]
    assert re.findall(r"^4 invoices as one PDF by the worker: .* 0 held back; its memory \d+ MB", done.stdout, re.M)
    assert re.findall(r"^one invoice drawn: .*; a bare reportlab page of its \d+ words: .*; x \d", done.stdout, re.M)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("portal-bench-")] == []


def test_bench_says_what_a_wrong_engine_needs():
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    done = subprocess.run(
        manage("bench", "--engine", "oracle"),
        env={**kept, "PORTAL_NO_VENV": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "invalid choice: 'oracle' (choose from 'postgres', 'sqlite')" in done.stderr


# ---- What the figures rest on ----------------------------------------------------------------------------------------


class Answers(BaseHTTPRequestHandler):
    """Says no to /no, and closes the connection after each answer, as a server does that was left alone."""

    def do_GET(self):
        self.send_response(404 if self.path == "/no" else 200)
        self.send_header(HEADER, "0.25")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *words):
        pass


@pytest.fixture
def port():
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_measure_counts_right_answers_alone(port):
    by, lines = Browser("portal.example"), [Connection(port), Connection(port)]
    asked = [
        Request("/", by, holds="hello"),
        Request("/no", by),
        Request("/", by, holds="goodbye"),
        Request("/", by, holds="hello"),
    ]
    timing = measure(lines, [(request,) for request in asked], seconds=60)
    assert len(timing.seconds) == 2
    assert dict(timing.problems) == {"/no answered 404 instead of 200": 1, "/ answered without 'goodbye'": 1}


def test_measure_times_all_steps_of_a_visit_as_one(port):
    step = Request("/", Browser("portal.example"))
    timing = measure([Connection(port)], [(step, step, step)], seconds=60)
    assert (len(timing.seconds), timing.processor) == (1, [0.75])


def test_measure_says_what_went_wrong_with_whoever_asks(port):
    def visits():
        yield (Request("/", Browser("portal.example")),)
        raise RuntimeError("nothing is free")

    timing = measure([Connection(port)], visits(), seconds=60)
    assert (len(timing.seconds), dict(timing.problems)) == (1, {"RuntimeError: nothing is free": 1})


def test_measure_stops_at_the_most(port):
    step = Request("/", Browser("portal.example"))
    timing = measure([Connection(port), Connection(port)], ((step,) for _ in range(99)), seconds=60, most=5)
    assert len(timing.seconds) == 5


def test_percentiles_of_a_hundred():
    timing = Timing([n / 1000 for n in range(100, 0, -1)], elapsed=2.0)
    assert (timing.p50, timing.p95, timing.per_second) == (0.051, 0.096, 50.0)


def test_percentile_of_nothing():
    assert (Timing().p50, Timing().per_second, Timing().processor_p50) == (0.0, 0.0, 0.0)


def test_growth_compares_ratios_not_seconds():
    # The machine is half as fast the second time: what took two bare pages still takes two.
    before = {"bare": 1.0, "page": 2.0}
    after = {"bare": Timing([0.02], [0.02], 1), "page": Timing([0.04], [0.06], 1)}
    line = report.table(after, bare="bare", before=before, aims={"page": 4})[-1]
    assert [cell.strip() for cell in line.split("|")[1:-1]] == [
        "page",
        "3.00",
        "4",
        "x 1.00",
        "2.00",
        "40.0",
        "40.0",
        "1.0",
    ]


def test_what_grew_since_the_smallest_clinic_is_named():
    first = {"bare": 1.0, "steady": 2.0, "slower": 2.0}
    now = {"bare": Timing([0.02]), "steady": Timing([0.048]), "slower": Timing([0.05]), "new": Timing([9.0])}
    assert report.grown(now, bare="bare", first=first) == {"slower": "x 1.25 instead of 1.2"}


def test_what_may_grow_more_is_named_beyond_that():
    first = {"bare": 1.0, "list": 2.0, "slow list": 2.0}
    now = {"bare": Timing([0.02]), "list": Timing([0.056]), "slow list": Timing([0.064])}
    most = {"list": 1.5, "slow list": 1.5}
    assert report.grown(now, bare="bare", first=first, most=most) == {"slow list": "x 1.60 instead of 1.5"}


def test_names_are_a_few_very_common_and_many_rare():
    source = names.people(Random(1))
    last = [next(source)[1] for _ in range(20_000)]
    of = {name: last.count(name) / len(last) for name in ("Smith", "Nguyen", "Santos")}
    assert of["Smith"] > 0.03
    assert of["Smith"] > of["Nguyen"] > of["Santos"] > 0.0005
    assert len(set(last)) > 4000


def test_what_is_over_its_aim_is_named():
    taken = {"bare": Timing([0.01], [0.01], 1), "slow": Timing([0.01], [0.05], 1), "quick": Timing([0.09], [0.02], 1)}
    assert report.missed(taken, bare="bare", aims={"slow": 4, "quick": 2, "gone": 1}) == [
        "over its aim: slow, 5.00 instead of 4"
    ]


def test_race_that_two_won_is_a_fault():
    run = race.Race(8, told=Timing([0.1, 0.2]))
    run.winners.update({1: 24, 2: 1})
    assert dict(run.problems) == {"2 of 8 got the same time": 1}
    assert run.line().endswith("one winner in 24 of 25, 0 errors")
