"""Passes everything that keeps the portal right: form, layers, migrations, deployment checks, tests, browser tests.

python3 manage.py test                       everything
python3 manage.py test tests/billing -k gst  only what pytest selects by these words
python3 manage.py test --database-only       what a second database (DATABASE_URL) could change
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.common.crypto import keys
from portal.ops.browser import NoBrowser, find_or_install_browser
from portal.ops.processes import manage

DATABASE_ONLY = "--database-only"
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"


@dataclass
class Check:
    heading: str
    command: Sequence[str]
    cure: str
    environment: dict[str, str] = field(default_factory=dict)


class Command(BaseCommand):
    help = "Passes lint, tests and browser tests; words after it go to pytest."
    requires_system_checks = []

    def run_from_argv(self, argv: list[str]) -> None:
        # Every word is pytest's: Django's own parser would refuse -k, -x and paths.
        words = argv[2:]
        if "--help" in words or "-h" in words:
            self.stdout.write(str(__doc__))
            return
        sys.exit(self.handle(words))

    def handle(self, words: list[str], **options: Any) -> int:
        database_only = DATABASE_ONLY in words
        words = [word for word in words if word != DATABASE_ONLY]
        with tempfile.TemporaryDirectory(prefix="portal-test-") as folder:
            environment = {**os.environ, "PORTAL_ENV": "test", "PORTAL_DATA_DIR": folder}
            # Ours, which would go before the tests' own in pyproject.toml.
            environment.pop("DJANGO_SETTINGS_MODULE", None)
            if words:
                return self._pytest(words, environment, browser=any("e2e" in word for word in words))
            failed = [] if database_only else self._pass_checks(_checks(folder), environment)
            # Several of them race threads and processes of their own: more at once would only wait for each other.
            side_by_side = ["--numprocesses", str(min(os.cpu_count() or 1, 4))]
            # What touches no database, and how pages look, does not depend on which it is.
            selected = [DATABASE_ONLY] if database_only else []
            if self._pytest(["tests", *side_by_side, "--dist", "worksteal", *selected], environment, browser=False):
                failed.append("tests")
            # Each worker has a portal of its own. e2e/conftest.py says which tests stay together.
            selected = ["-m", "not look"] if database_only else []
            if self._pytest(["e2e", *side_by_side, "--dist", "loadgroup", *selected], environment, browser=True):
                failed.append("browser tests")
        if failed:
            self.stderr.write(self.style.ERROR(f"\nNot passed: {', '.join(failed)}."))
        return 1 if failed else 0

    def _pass_checks(self, checks: list[Check], environment: dict[str, str]) -> list[str]:
        """Runs the checks side by side and tells of each in turn; returns the headings of those that failed."""

        def run(check: Check) -> tuple[subprocess.CompletedProcess[str], float]:
            began = time.monotonic()
            done = subprocess.run(
                check.command,
                env={**environment, **check.environment},
                cwd=settings.BASE_DIR,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            return done, time.monotonic() - began

        failed = []
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
            for check, (done, seconds) in zip(checks, pool.map(run, checks), strict=True):
                passed = done.returncode == 0
                mark = self.style.SUCCESS("passed") if passed else self.style.ERROR("failed")
                self.stdout.write(f"{check.heading:<32} {mark}  {seconds:5.1f} s")
                if not passed:
                    failed.append(check.heading)
                    self.stdout.write(f"{done.stdout.rstrip()}\n{check.cure}\n")
                self.stdout.flush()
        return failed

    def _pytest(self, words: Sequence[str], environment: dict[str, str], *, browser: bool) -> int:
        if browser:
            try:
                environment = {**environment, "CHROMIUM_PATH": find_or_install_browser(self.stdout.write)}
            except NoBrowser as problem:
                self.stderr.write(self.style.ERROR(str(problem)))
                return 1
        self.stdout.write(f"\npytest {' '.join(words)}")
        self.stdout.flush()
        # Each run makes a database and a data folder of its own.
        with tempfile.TemporaryDirectory(prefix="portal-pytest-") as folder:
            return subprocess.run(
                [sys.executable, "-m", "pytest", *words],
                env={**environment, "PORTAL_DATA_DIR": folder},
                cwd=settings.BASE_DIR,
                check=False,
            ).returncode


def _checks(folder: str) -> list[Check]:
    ruff = [sys.executable, "-m", "ruff"]
    djade = [str(Path(sysconfig.get_path("scripts")) / "djade"), "--target-version", "5.2"]
    templates = sorted(str(path) for path in (settings.BASE_DIR / "templates").rglob("*.html"))
    production = {
        "PORTAL_ENV": "production",
        "SECRET_KEY": keys.generate_secret(),
        "PORTAL_ENCRYPTION_KEYS": keys.generate_key(),
        "TRAIL_KEY": keys.generate_secret(),
        "PORTAL_BASE_URL": "https://portal.example.com",
        "ALLOWED_HOSTS": "portal.example.com",
        "DEFAULT_FROM_EMAIL": "Clinic <desk@example.com>",
        "EMAIL_URL": "submission://user:password@mail.example.com:587",
        "DATABASE_URL": f"sqlite:///{folder}/check.sqlite3",
        "REDIS_URL": "",
    }
    return [
        Check(
            "Layers (import-linter)",
            [sys.executable, "-c", LINT_IMPORTS],
            "docs/architecture.md says what may import what.",
        ),
        Check("Form (ruff format)", [*ruff, "format", "--check", "."], "Cure: .venv/bin/ruff format ."),
        Check("Lint (ruff)", [*ruff, "check", "."], "Many are cured by: .venv/bin/ruff check --fix ."),
        Check(
            "Templates (djade)", [*djade, "--check", *templates], "Cure: .venv/bin/djade --target-version 5.2 <files>"
        ),
        Check(
            "Migrations",
            manage("makemigrations", "--check", "--dry-run"),
            "Cure: python3 manage.py makemigrations --name <what_changes>",
            {"DATABASE_URL": f"sqlite:///{folder}/migrations.sqlite3"},
        ),
        Check(
            "Production (check --deploy)",
            manage("check", "--deploy", "--fail-level", "WARNING"),
            "These settings would go to production as they are.",
            production,
        ),
    ]
