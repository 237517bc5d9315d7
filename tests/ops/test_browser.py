"""Which browser the tests are run in."""

from __future__ import annotations

import pytest

from portal.ops import browser

# What Ubuntu's package of this name holds instead of a browser.
STUB = '#!/bin/sh\nif ! [ -x /snap/bin/chromium ]; then\n    exit 1\nfi\nexec /snap/bin/chromium "$@"\n'
WRAPPER = '#!/bin/sh\nexec /usr/lib/chromium/chromium "$@"\n'


@pytest.fixture
def on_path(tmp_path, monkeypatch):
    """Puts programs on a PATH where there is nothing else, and nothing elsewhere."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("CHROMIUM_PATH", "PLAYWRIGHT_BROWSERS_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(browser, "MACOS_PLACES", ())

    def put(name, words):
        path = tmp_path / name
        path.write_text(words)
        path.chmod(0o755)
        return str(path)

    return put


def test_a_script_that_asks_for_a_snap_is_no_browser(on_path):
    on_path("chromium-browser", STUB)
    assert browser.find_browser() is None
    chrome = on_path("google-chrome", WRAPPER)
    assert browser.find_browser() == chrome


def test_a_script_that_starts_a_browser_is_one(on_path):
    chromium = on_path("chromium-browser", WRAPPER)
    assert browser.find_browser() == chromium


def test_a_named_browser_must_be_there(on_path, monkeypatch):
    chromium = on_path("chromium", WRAPPER)
    monkeypatch.setenv("CHROMIUM_PATH", chromium)
    assert browser.find_browser() == chromium
    monkeypatch.setenv("CHROMIUM_PATH", f"{chromium}-gone")
    with pytest.raises(browser.NoBrowser, match="no program is there"):
        browser.find_browser()
