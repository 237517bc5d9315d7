"""`manage.py chaos`, with its settings in place: fills an empty database, runs the queue and kills it, and judges."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from random import Random

import django
from django.core.management import call_command

django.setup()

from django.utils import timezone  # noqa: E402

from tests.bench import databases  # noqa: E402
from tests.chaos import trial  # noqa: E402
from tests.notifications import twilio  # noqa: E402


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="chaos")
    parser.add_argument("--reminders", type=int, required=True)
    parser.add_argument("--kills", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--cluster", type=Path)
    given = parser.parse_args(words)
    call_command("migrate", verbosity=0)
    trial.seed(given.reminders, now=timezone.now())
    say(f"{given.reminders} reminders are due")
    server = twilio.server().start()
    # A little time between taking a text and saying so: what is killed in between is in doubt.
    server.answers_after = 0.01
    programs = databases.find_postgres()
    outcome = trial.run(
        twilio=server,
        kills=given.kills,
        environment={**twilio.environment(server.address), "WORKERS": os.environ["WORKERS"]},
        random=Random(given.seed),
        restart=(lambda: databases.restart(programs, given.cluster)) if given.cluster and programs else None,
        say=say,
    )
    say(
        f"{outcome.sessions} sessions, {sum(outcome.kills.values())} kills ({dict(outcome.kills)}), database restarted "
        f"{outcome.restarts} times, {outcome.seconds:.0f} s; {outcome.in_doubt} were in doubt and had to be asked about"
    )
    for fault in outcome.faults:
        say(f"FAULT: {fault}")
    return 1 if outcome.faults else 0


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
