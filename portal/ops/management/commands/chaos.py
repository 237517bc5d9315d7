"""Has a great many reminders due, kills the queue's processes with -9 meanwhile, and says what people got.

It makes a database and a folder of its own, and leaves nothing behind. docs/outbox.md reads the results.
"""

from __future__ import annotations

import os
import sys
import tempfile
from argparse import ArgumentParser
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.ops.processes import Child

STOPS_WITHIN = 60


class Command(BaseCommand):
    help = "Kills the queue's workers while reminders are due, and says whether any was lost or sent twice."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--engine", choices=["postgres", "sqlite"], help="PostgreSQL if there is one, or else SQLite."
        )
        parser.add_argument("--reminders", type=int, default=10_000, help="How many are due; 10,000 by default.")
        parser.add_argument("--kills", type=int, default=50, help="How many processes are killed; 50 by default.")
        parser.add_argument("--workers", type=int, help="4 by default, and 1 on SQLite.")
        parser.add_argument("--seed", type=int, default=1, help="Of the random choices: whom, and when.")

    def handle(
        self, *, engine: str | None, reminders: int, kills: int, workers: int | None, seed: int, **options: Any
    ) -> None:
        from tests.bench import databases

        with tempfile.TemporaryDirectory(prefix="portal-chaos-") as name:
            folder, programs, cluster = Path(name), databases.find_postgres(), ""
            given = os.environ.get("DATABASE_URL", "")
            made: AbstractContextManager[tuple[str, str]]
            if engine == "sqlite" or (engine is None and not programs and not databases.is_postgres(given)):
                made = databases.sqlite(folder)
            elif programs:
                made, cluster = databases.own_cluster(programs, folder), name
            elif databases.is_postgres(given):
                # Somebody else's server is not restarted.
                made = databases.new_database(given)
            else:
                raise CommandError("There is no PostgreSQL here: set DATABASE_URL, or apt-get install postgresql")
            try:
                with made as (url, called):
                    workers = workers or (1 if url.startswith("sqlite") else 4)
                    self.stdout.write(f"{called}, workers: {workers}")
                    self.stdout.flush()
                    words = ["--reminders", str(reminders), "--kills", str(kills), "--seed", str(seed)]
                    words += ["--cluster", cluster] if cluster else []
                    environment = {"PORTAL_ENV": "test", "DJANGO_SETTINGS_MODULE": "portal.settings"}
                    environment |= {"PORTAL_NO_VENV": "1", "DATABASE_URL": url, "PORTAL_DATA_DIR": name}
                    environment |= {"WORKERS": str(workers), "LOG_LEVEL": "CRITICAL"}
                    child = Child([sys.executable, "-m", "tests.chaos", *words], env=environment)
                    try:
                        status = child.process.wait()
                    finally:
                        child.stop(grace=STOPS_WITHIN)
            except databases.NoPostgres as problem:
                raise CommandError(str(problem)) from None
        sys.exit(status)
