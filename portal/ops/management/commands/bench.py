"""Measures the portal as it runs in production, beside two bare Django views in the same run.

It makes an empty database and a folder of its own, and leaves nothing behind. docs/performance.md reads the results.
"""

from __future__ import annotations

import os
import platform
import signal
import socket
import sys
import tempfile
from argparse import ArgumentParser
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.common.crypto import keys
from portal.ops.processes import Child

STOPS_WITHIN = 60


class Command(BaseCommand):
    help = "Measures the portal as it runs in production, on a database that is gone afterwards."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--engine",
            choices=["postgres", "sqlite"],
            help="DATABASE_URL's server, or else a PostgreSQL on this machine, or else SQLite, if you don't say.",
        )
        parser.add_argument("--quick", action="store_true", help="A hundredth of the rows: shows that it works.")
        parser.add_argument("--only", choices=["blog"], help="Measures this part alone, beside the bare views.")
        parser.add_argument("--seconds", type=float, help="For each thing that is measured; 2 by default.")
        parser.add_argument("--clients", type=int, default=2, help="How many ask at the same time; 2 by default.")

    def handle(
        self,
        *,
        engine: str | None,
        quick: bool,
        only: str | None,
        seconds: float | None,
        clients: int,
        **options: Any,
    ) -> None:
        from tests.bench import databases

        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        words = ["--seconds", str(seconds or (0.15 if quick else 2)), "--clients", str(clients)]
        words += [*(["--quick"] if quick else []), *(["--only", only] if only else [])]
        with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
            folder = Path(name)
            try:
                with _database(engine, folder) as (url, called):
                    self.stdout.write(f"{called}, Python {platform.python_version()}, {os.cpu_count()} processors")
                    self.stdout.flush()
                    status = self._measure(words, folder, url)
            except databases.NoPostgres as problem:
                raise CommandError(str(problem)) from None
            except KeyboardInterrupt:
                status = 130
        sys.exit(status)

    def _measure(self, words: list[str], folder: Path, url: str) -> int:
        # A process of its own, since this one was started without a clinic's secrets.
        child = Child([sys.executable, "-m", "tests.bench", *words], env=_as_in_production(folder, url))
        try:
            return child.process.wait()
        finally:
            child.stop(grace=STOPS_WITHIN)


def _database(engine: str | None, folder: Path) -> AbstractContextManager[tuple[str, str]]:
    from tests.bench import databases

    given, programs = os.environ.get("DATABASE_URL", ""), databases.find_postgres()
    if engine == "sqlite":
        return databases.sqlite(folder)
    if databases.is_postgres(given):
        return databases.new_database(given)
    if programs:
        return databases.own_cluster(programs, folder)
    if engine == "postgres":
        raise databases.NoPostgres(
            "There is no PostgreSQL here: set DATABASE_URL to a server's, or apt-get install postgresql"
        )
    return databases.sqlite(folder)


def _as_in_production(folder: Path, url: str) -> dict[str, str]:
    """Every setting that production asks for, so that none is read from a clinic's .env."""
    with closing(socket.socket()) as probe, closing(socket.socket()) as other:
        probe.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        port, twilio = probe.getsockname()[1], other.getsockname()[1]
    return {
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
        "PORTAL_ENV": "production",
        "PORTAL_NO_VENV": "1",
        "SECRET_KEY": keys.generate_secret(),
        "PORTAL_ENCRYPTION_KEYS": keys.generate_key(),
        "TRAIL_KEY": keys.generate_secret(),
        "PORTAL_BASE_URL": "https://portal.bench.example",
        "ALLOWED_HOSTS": "portal.bench.example,127.0.0.1",
        "CSRF_TRUSTED_ORIGINS": "https://portal.bench.example",
        "DEFAULT_FROM_EMAIL": "Clinic <desk@bench.example>",
        # Never asked: tests/bench/settings.py throws all mail away.
        "EMAIL_URL": "submission://user:password@mail.bench.example:587",
        "DATABASE_URL": url,
        "PORTAL_DATA_DIR": str(folder),
        "STATIC_ROOT": str(folder / "static"),
        "REDIS_URL": "",
        "BEHIND_PROXY": "on",
        "TRUSTED_PROXIES": "1",
        "STAFF_SECOND_FACTOR": "on",
        "DEBUG": "off",
        "BIND": f"127.0.0.1:{port}",
        "PORT": str(port),
        "BENCH_TWILIO_PORT": str(twilio),
        "WEB_CONCURRENCY": "2",
        "WEB_THREADS": "4",
        "WEB_LOG_LEVEL": "warning",
        "LOG_LEVEL": "ERROR",
    }
