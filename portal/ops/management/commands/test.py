"""Passes everything that keeps the portal right: form, layers, migrations, deployment checks, tests, browser tests.

python3 manage.py test                        everything
python3 manage.py test tests/billing -k gst   only what pytest selects by these words
python3 manage.py test --database-only        what a second database (DATABASE_URL) could change
python3 manage.py test --at 2027-04-04T01:50  any of these as if it were then, by the clinic's clock
python3 manage.py test --at in-turn           at one of the awkward moments, another one each day
python3 manage.py test --moments              browser tests and all that reads the clock, at each awkward moment
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from portal.common.crypto import keys
from portal.ops.browser import NoBrowser, find_or_install_browser
from portal.ops.moments import Moment, awkward_moments, clock_shown, moment_of_the_day, read_moment
from portal.ops.processes import manage

LINT_IMPORTS = "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"
# Names the database that every worker begins with a copy of; tests/template.py reads it.
TEMPLATE = "PORTAL_TEST_TEMPLATE"
# The clock is set before pytest comes to look at it.
CLOCK_IS_SET = "ignore:Module already imported so cannot be rewritten; time_machine:pytest.PytestAssertRewriteWarning"

# One worker more than there are cores is busy while another waits, for a process or for a page. Several tests race
# threads and processes of their own: many more at once would only wait for each other.
_WORKERS = ["--numprocesses", str(min(os.cpu_count() or 1, 4) + 1)]
SIDE_BY_SIDE = [*_WORKERS, "--dist", "worksteal", "--durations", "10"]
# Each worker has a portal of its own. e2e/conftest.py says which tests stay together.
BROWSERS_SIDE_BY_SIDE = [*_WORKERS, "--dist", "loadgroup", "--durations", "10"]

# What pytest returns where tests failed, and nothing worse.
TESTS_FAILED = 1
# So few may fail of thousands, and run once more by themselves.
FEW = 3
ALONE = ["--numprocesses", "1"]


@dataclass
class Check:
    heading: str
    command: Sequence[str]
    cure: str
    environment: dict[str, str] = field(default_factory=dict)


@dataclass
class Words:
    """What was asked for on the command line: our own words, and the rest, which is pytest's."""

    for_pytest: list[str]
    is_database_only: bool = False
    is_at_every_moment: bool = False
    at: Moment | None = None

    @classmethod
    def read(cls, words: Sequence[str]) -> Words:
        """Raises ValueError where `--at` is followed by no time."""
        found, rest = cls(for_pytest=[]), iter(words)
        for word in rest:
            option, _, value = word.partition("=")
            if word == "--database-only":
                found.is_database_only = True
            elif word == "--moments":
                found.is_at_every_moment = True
            elif option == "--at":
                value = value or next(rest, "")
                in_turn = moment_of_the_day(timezone.localdate()) if value == "in-turn" else None
                found.at = in_turn or Moment("as asked for", read_moment(value))
            else:
                found.for_pytest.append(word)
        return found


class Command(BaseCommand):
    help = "Passes lint, tests and browser tests; words after it go to pytest."
    requires_system_checks = []

    def run_from_argv(self, argv: list[str]) -> None:
        # Every word but a few is pytest's: Django's own parser would refuse -k, -x and paths.
        words = argv[2:]
        if "--help" in words or "-h" in words:
            self.stdout.write(str(__doc__))
            return
        try:
            asked = Words.read(words)
        except ValueError:
            sys.exit("--at is followed by a time, such as 2027-04-04T01:50, or by in-turn.")
        sys.exit(self._pass(asked))

    def _pass(self, asked: Words) -> int:
        with tempfile.TemporaryDirectory(prefix="portal-test-") as folder:
            environment = {**os.environ, "PORTAL_ENV": "test", "PORTAL_DATA_DIR": folder}
            # Ours, which would go before the tests' own in pyproject.toml.
            environment.pop("DJANGO_SETTINGS_MODULE", None)
            # A run starts some two hundred processes, and each would compile every module for itself.
            if environment.pop("PYTHONDONTWRITEBYTECODE", ""):
                environment.setdefault("PYTHONPYCACHEPREFIX", f"{folder}/bytecode")
            if asked.is_at_every_moment:
                with self._template(environment, Path(folder)) as failed:
                    failed += self._at_every_moment(asked.for_pytest, environment, Path(folder) / "readers")
            elif asked.for_pytest:
                browser = any("e2e" in word for word in asked.for_pytest)
                # What pytest knows of our own words is tests/conftest.py's: browser tests have no such choice.
                ours = ["--database-only"] if asked.is_database_only and not browser else []
                return self._pytest([*asked.for_pytest, *ours], environment, browser=browser, at=asked.at)
            else:
                checks = [] if asked.is_database_only else _checks(folder)
                with self._template(environment, Path(folder), beside=checks) as failed:
                    failed += self._tests(environment, at=asked.at, is_database_only=asked.is_database_only)
        if failed:
            self.stderr.write(self.style.ERROR(f"\nNot passed: {', '.join(failed)}."))
        return 1 if failed else 0

    @contextmanager
    def _template(
        self, environment: dict[str, str], folder: Path, *, beside: Sequence[Check] = ()
    ) -> Iterator[list[str]]:
        """Migrates the database that every worker copies, beside other checks; yields the headings of what failed."""
        name, template = folder / "template", [sys.executable, "-m", "tests.template"]
        migrating = Check("Migrations run", [*template, "make", str(name)], "A new clinic would stop at that one.")
        failed = self._pass_checks([*beside, migrating], environment)
        if name.exists():
            environment[TEMPLATE] = name.read_text()
        try:
            yield failed
        finally:
            if name.exists():
                subprocess.run([*template, "drop"], env=environment, cwd=settings.BASE_DIR, check=False)

    def _tests(self, environment: dict[str, str], *, at: Moment | None, is_database_only: bool) -> list[str]:
        """Runs all tests, or those that a second database could change; returns the names of what failed."""
        failed = []
        # What a page draws, and how it looks, does not depend on which database it is: tests/selection.py.
        selected = ["--database-only"] if is_database_only else []
        if self._round("tests", [*SIDE_BY_SIDE, *selected], environment, at=at):
            failed.append("tests")
        selected = ["-m", "every_database"] if is_database_only else []
        if self._round("e2e", [*BROWSERS_SIDE_BY_SIDE, *selected], environment, browser=True, at=at):
            failed.append("browser tests")
        return failed

    def _round(
        self, tests: str, words: list[str], environment: dict[str, str], *, browser: bool = False, at: Moment | None
    ) -> int:
        """Runs all of a folder; where few fail, once more each alone, and says which of them passed only then.

        A test that passes alone is unsteady, or shows a race: it is no reason to hold back all else, and wants mending.
        """
        with tempfile.TemporaryDirectory(prefix="portal-failed-") as folder:
            noting = ["-o", f"cache_dir={folder}"]
            returned = self._pytest([tests, *words, *noting], environment, browser=browser, at=at)
            failed = _failed(Path(folder))
            if returned != TESTS_FAILED or not 0 < len(failed) <= FEW:
                return returned
            self.stdout.write(self.style.WARNING(f"\nOnce more, alone: {', '.join(failed)}"))
            returned = self._pytest([*failed, *ALONE, *noting], environment, browser=browser, at=at)
        if not returned:
            self.stdout.write(self.style.WARNING(f"UNSTEADY, passed the second time: {', '.join(failed)}"))
        return returned

    def _at_every_moment(self, words: list[str], environment: dict[str, str], readers: Path) -> list[str]:
        """Runs what may depend on the day at each awkward moment; returns the moments at which something failed."""
        failed = []
        readers.mkdir()
        for moment in awkward_moments(timezone.localdate()):
            if words:
                browser = any("e2e" in word for word in words)
                passed = not self._pytest(words, environment, browser=browser, at=moment)
            else:
                # The first time round all tests run, and say of themselves whether they read the clock. What is seen of
                # a page's drawing is then seen as well; tests/test_visitors.py opens every page at each moment.
                is_first = not any(readers.iterdir())
                which = "--note-clock-readers" if is_first else "--clock-readers-only"
                tests = self._pytest(["tests", *SIDE_BY_SIDE, which, str(readers)], environment, at=moment)
                worked = [] if is_first else ["-m", "not drawing"]
                pages = self._pytest(["e2e", *BROWSERS_SIDE_BY_SIDE, *worked], environment, browser=True, at=moment)
                passed = not tests and not pages
            if not passed:
                failed.append(str(moment))
        return failed

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

    def _pytest(
        self, words: Sequence[str], environment: dict[str, str], *, browser: bool = False, at: Moment | None = None
    ) -> int:
        if browser:
            try:
                environment = {**environment, "CHROMIUM_PATH": find_or_install_browser(self.stdout.write)}
            except NoBrowser as problem:
                self.stderr.write(self.style.ERROR(str(problem)))
                return 1
        self.stdout.write(f"\npytest {' '.join(words)}")
        if at:
            self.stdout.write(f"as if it were {at}")
            environment = {**environment, **clock_shown(at.at, now=timezone.now(), environment=environment)}
            words = [*words, "-W", CLOCK_IS_SET]
        self.stdout.flush()
        # Each run makes a database and a data folder of its own.
        with tempfile.TemporaryDirectory(prefix="portal-pytest-") as folder:
            return subprocess.run(
                [sys.executable, "-m", "pytest", *words],
                env={**environment, "PORTAL_DATA_DIR": folder},
                cwd=settings.BASE_DIR,
                check=False,
            ).returncode


def _failed(cache: Path) -> list[str]:
    """The tests that pytest wrote down as failed; empty where it did not come to it."""
    written = cache / "v" / "cache" / "lastfailed"
    return sorted(json.loads(written.read_text())) if written.exists() else []


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
            "Types (mypy)",
            [sys.executable, "-m", "mypy", "--cache-dir", f"{folder}/mypy"],
            "pyproject.toml says which floors are checked.",
        ),
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
