"""Finds a Chromium for the browser tests, and gets one when there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MACOS_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
SNAP = b"/snap/bin/chromium"
CURE = (
    "No browser was found for the browser tests. Install Chromium or Chrome (Debian: apt-get install chromium; "
    "Ubuntu: .venv/bin/playwright install --with-deps chromium; macOS: brew install --cask google-chrome), "
    "or say where one is: CHROMIUM_PATH=/path/to/chrome"
)


class NoBrowser(Exception):
    pass


def find_browser() -> str | None:
    """The path of a Chromium or Chrome on this machine."""
    if named := os.environ.get("CHROMIUM_PATH"):
        if not os.access(named, os.X_OK):
            raise NoBrowser(f"CHROMIUM_PATH is {named!r}, and no program is there.")
        return named
    on_path = (path for path in map(shutil.which, NAMES) if path and not _wants_a_snap(path))
    placed = (place for place in MACOS_PLACES if os.access(place, os.X_OK))
    return next(on_path, None) or next(placed, None) or _playwrights_own()


def _wants_a_snap(path: str) -> bool:
    """Whether it is Ubuntu's chromium-browser, a script that only says which snap to install: no container runs one."""
    with Path(path).open("rb") as file:
        script = file.read(4096)
    return script.startswith(b"#!") and SNAP in script and not os.access(SNAP, os.X_OK)


def _playwrights_own() -> str | None:
    roots = [
        Path(os.environ["PLAYWRIGHT_BROWSERS_PATH"]) if os.environ.get("PLAYWRIGHT_BROWSERS_PATH") else None,
        Path.home() / ".cache" / "ms-playwright",
        Path.home() / "Library" / "Caches" / "ms-playwright",
    ]
    patterns = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")
    found = [path for root in roots if root for pattern in patterns for path in root.glob(pattern)]
    return str(max(found)) if found else None


def find_or_install_browser(say: Callable[[str], object]) -> str:
    """Like `find_browser`, but fetches Playwright's own or Debian's when the machine has none; raises NoBrowser."""
    if found := find_browser():
        return found
    say("No Chromium or Chrome on this machine; fetching Playwright's own ...")
    _quietly([sys.executable, "-m", "playwright", "install", "--with-deps" if _is_root() else "", "chromium"])
    if found := find_browser():
        return found
    if _is_root() and shutil.which("apt-get"):
        say("That did not work; installing Debian's chromium ...")
        _quietly(["apt-get", "update"])
        _quietly(["apt-get", "install", "-y", "--no-install-recommends", "chromium"])
    if found := find_browser():
        return found
    raise NoBrowser(CURE)


def _is_root() -> bool:
    return os.geteuid() == 0


def _quietly(command: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([word for word in command if word], env=environment, capture_output=True, check=False)
