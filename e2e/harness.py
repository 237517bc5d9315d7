"""A portal as it really runs: gunicorn and the queue as processes of their own, e-mails in a folder."""

from __future__ import annotations

import email
import email.policy
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import connection
from playwright.sync_api import CDPSession, Page, expect

from portal.ops.processes import Child, gunicorn, manage, wait_until_it_answers

DESKTOP = {"width": 1280, "height": 800}

# Seconds that a person would wait for a page or an e-mail before thinking that it is broken.
PATIENCE = 20


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def database_url() -> str:
    """The address of the tests' own database, for the processes that share it."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


class Mailbox:
    """Every e-mail that the portal has sent, as the folder holds them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def messages(self, *, to: str = "", subject: str = "") -> list[EmailMessage]:
        """Those to one address, oldest first, whose subject contains some words."""
        found = []
        for path in sorted(self.folder.glob("*.log"), key=lambda path: path.stat().st_mtime):
            for raw in path.read_bytes().split(b"\n" + b"-" * 79 + b"\n"):
                if raw.strip():
                    message = email.message_from_bytes(raw, policy=email.policy.default)
                    if to in message["To"] and subject.lower() in message["Subject"].lower():
                        found.append(message)
        return found

    def wait_for(self, *, to: str, subject: str = "", count: int = 1) -> EmailMessage:
        """The newest such e-mail once there are `count` of them."""
        until = time.monotonic() + PATIENCE
        while len(found := self.messages(to=to, subject=subject)) < count:
            if time.monotonic() > until:
                everything = [f"{m['To']}: {m['Subject']}" for m in self.messages()]
                raise AssertionError(f"{len(found)} of {count} e-mails to {to} about {subject!r}; all: {everything}")
            time.sleep(0.1)
        return found[-1]


def text_of(message: EmailMessage) -> str:
    """The words of an e-mail's plain-text part."""
    part = message.get_body(preferencelist=("plain",))
    assert part is not None, "an e-mail without a text part"
    return part.get_content()


def links_in(message: EmailMessage) -> list[str]:
    return re.findall(r"https?://[^\s<>\"]+", text_of(message))


class Portal:
    """One running portal."""

    def __init__(self, url: str, log: Path, server: Child, queue: Child) -> None:
        self.url, self.log, self.server, self.queue = url, log, server, queue
        self.mailbox = Mailbox(Path(settings.EMAIL_FILE_PATH))
        self._told = 0

    def new_errors(self) -> str:
        """What the server and the queue have complained of since the last time this was asked."""
        with self.log.open(errors="replace") as file:
            file.seek(self._told)
            words = file.read()
            self._told = file.tell()
        return words if re.search(r"Traceback|Internal Server Error|\bERROR\b|\bCRITICAL\b", words) else ""


@contextmanager
def running_portal(folder: Path, *, port: int, **environment: str) -> Iterator[Portal]:
    """Runs the web server and the queue on the tests' database until the block ends."""
    url = f"http://127.0.0.1:{port}"
    shared = {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PORTAL_ENV": "test",
        "DATABASE_URL": database_url(),
        "PORTAL_BASE_URL": url,
        "BIND": f"127.0.0.1:{port}",
        "WEB_LOG_LEVEL": "warning",
        "LOG_LEVEL": "WARNING",
        "STAFF_SECOND_FACTOR": "0",
        "PORTAL_RATE_LIMITS_OFF": "1",
        "PYTHONWARNINGS": "default",
        **environment,
    }
    Path(settings.EMAIL_FILE_PATH).mkdir(parents=True, exist_ok=True)
    log = folder / "portal.log"
    with log.open("wb") as output:
        children = []
        try:
            children.append(Child(gunicorn(), env=shared, output=output))
            children.append(Child(manage("worker", "--grace", "5"), env=shared, output=output))
            try:
                wait_until_it_answers(url, children[0], seconds=60)
            except TimeoutError:
                raise AssertionError(f"the server did not start:\n{log.read_text(errors='replace')}") from None
            yield Portal(url, log, *children)
        finally:
            for child in children:
                child.ask_to_stop()
            for child in children:
                child.stop(grace=15)


_sessions: WeakKeyDictionary[Page, CDPSession] = WeakKeyDictionary()


def resize(page: Page, width: int, height: int = 800) -> None:
    """Makes the page so wide, in half the time of `set_viewport_size`, which sizes a window around it too.

    A page is given its sizes by one of the two alone: neither hears of the other's.
    """
    if page not in _sessions:
        _sessions[page] = page.context.new_cdp_session(page)
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    _sessions[page].send("Emulation.setDeviceMetricsOverride", size)


def week_after(page: Page) -> None:
    """Turns to the next week of free times, and waits until it is the one on the page.

    With script the old week stands there, with times of its own, until the answer has come.
    """
    heading = page.locator("#week-heading")
    before = heading.inner_text()
    page.locator('[rel="next"]').click()
    expect(heading).not_to_have_text(before)


def tab_to(page: Page, selector: str, *, most: int = 120) -> None:
    """Presses Tab until it comes to an element of this selector."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector):
            return
    raise AssertionError(f"Tab never came to {selector}")


def agree(page: Page) -> None:
    """Ticks the policies that somebody new agrees to, before they confirm."""
    for box in page.locator("main form input[type=checkbox][name^=agree_]").all():
        box.check()
