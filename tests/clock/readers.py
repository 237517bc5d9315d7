"""Notes which tests read the true clock, so that only these are run again at another moment.

Whatever a test asks while it has fixed the time itself answers the same on every day. A test that starts a process
counts as a reader: nobody sees what that asks.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

STARTS_A_PROCESS = {"subprocess.Popen", "os.fork", "os.posix_spawn", "os.exec"}


class Readers:
    """The plugin: a file of names beside others of its kind, one for each worker of a parallel run."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / os.environ.get("PYTEST_XDIST_WORKER", "alone")
        self.names: set[str] = set()
        self._has_read = False
        if not time_machine.traveller_stack:
            time_machine.travel(timedelta(0)).start()
            time.time()
        clock = time_machine.traveller_stack[0]
        look = clock.time_ns

        def time_ns() -> int:
            self._has_read = True
            return look()

        clock.time_ns = time_ns  # type: ignore[method-assign]
        sys.addaudithook(self._audit)

    def _audit(self, event: str, _arguments: tuple[object, ...]) -> None:
        if event in STARTS_A_PROCESS:
            self._has_read = True

    def _note(self, item: pytest.Item) -> Generator[None, object, object]:
        # Only what the test and its fixtures do: pytest looks at the clock around each of these.
        self._has_read = False
        try:
            return (yield)
        finally:
            if self._has_read:
                self.names.add(item.nodeid)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        return (yield from self._note(item))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        return (yield from self._note(item))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        return (yield from self._note(item))

    def pytest_sessionfinish(self) -> None:
        self.file.write_text("".join(f"{name}\n" for name in sorted(self.names)))


def noted(folder: Path) -> set[str]:
    """The names in all files of a folder."""
    return {name for file in folder.iterdir() for name in file.read_text().splitlines()}
