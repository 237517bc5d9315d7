"""Stops the database of a busy portal for a minute, then cuts the line to it for another, and says how that went.

It makes a server or a database of its own, and leaves nothing behind: no clinic's is touched. What must hold stands in
tests/outage/trial.py; the PostgreSQL round of tests passes the same in seconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Stops the database of a busy portal, cuts the line to it, and says what people got meanwhile."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seconds", type=float, default=60, help="How long each outage lasts; 60 by default.")

    def handle(self, *, seconds: float, **options: Any) -> None:
        from tests.bench import databases

        given, programs = os.environ.get("DATABASE_URL", ""), databases.find_postgres()
        with tempfile.TemporaryDirectory(prefix="portal-outage-") as name:
            if databases.is_postgres(given):
                made = databases.new_database(given)
            elif programs:
                made = databases.own_cluster(programs, Path(name))
            else:
                raise CommandError("There is no PostgreSQL here: set DATABASE_URL, or apt-get install postgresql")
            with made as (url, called):
                self.stdout.write(f"{called}, each outage of {seconds:g} seconds")
                self.stdout.flush()
                words = [sys.executable, "-m", "pytest", "tests/ops/test_outage.py", "-q", "-p", "no:cacheprovider"]
                environment = {**os.environ, "PORTAL_ENV": "test", "DATABASE_URL": url}
                environment.pop("DJANGO_SETTINGS_MODULE", None)
                environment["PORTAL_OUTAGE_SECONDS"] = str(seconds)
                status = subprocess.run(words, env=environment, cwd=settings.BASE_DIR, check=False).returncode
        sys.exit(status)
