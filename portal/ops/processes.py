"""Starts and stops the processes that make up a running portal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from django.conf import settings

END_WITH_PARENT = Path(__file__).with_name("end_with_parent.py")


def manage(*arguments: str) -> list[str]:
    """The command line of one of the portal's own commands."""
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


def gunicorn() -> list[str]:
    """The command line of the web server; its address comes from BIND or PORT."""
    config = str(settings.BASE_DIR / "portal" / "ops" / "gunicorn.py")
    return [sys.executable, "-m", "gunicorn", "portal.wsgi", "--config", config]


class Child:
    """One process in a session of its own, so that a signal to our whole group reaches us alone.

    django-q2's cluster hangs when each of its processes gets SIGTERM; it ends well when only the first one does.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        output: IO[bytes] | int | None = None,
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(END_WITH_PARENT), str(os.getpid()), *command],
            env={**os.environ, **(env or {})},
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    def is_running(self) -> bool:
        return self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.is_running():
            self.process.terminate()

    def stop(self, *, grace: float) -> int:
        """Asks the first process to end, waits `grace` seconds, then kills whatever is left; returns the exit code."""
        self.ask_to_stop()
        try:
            self.process.wait(timeout=grace)
        except subprocess.TimeoutExpired:
            self._kill_group()
        self._kill_group()
        return self.process.wait()

    def _kill_group(self) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            # Nobody is left; macOS says PermissionError of a group of zombies.
            return


def wait_until_it_answers(address: str, server: Child, *, seconds: float) -> None:
    """Returns once the server answers anything at all; raises TimeoutError when it ends or stays silent instead."""
    until = time.monotonic() + seconds
    while server.is_running() and time.monotonic() < until:
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310 - an address of our own making
            return
        except urllib.error.HTTPError as answer:
            answer.close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"nothing answers at {address}")
