"""Browser tests: a real Chromium against a real server and a real queue. One file a journey."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from importlib import import_module

# Playwright's loop runs in this thread, and Django takes that for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.test.utils import setup_databases, teardown_databases
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e.axe import violations
from e2e.harness import DESKTOP, Mailbox, Portal, free_port, resize, running_portal
from e2e.life import VISITOR, Life, live
from e2e.places import Place
from portal.accounts.models import User
from portal.ops.browser import CURE, find_browser
from portal.ops.demo import clinic, policies
from portal.ops.moments import SHIFT
from portal.ops.stripe_stand_in import Server
from portal.ops.video_stand_in import Server as VideoServer
from portal.video.providers import STAND_IN_KEY
from tests.selection import journeys_for_a_second_database
from tests.template import begin_with_a_copy

PHONE = {"width": 390, "height": 844}
# Nobody looks at what is drawn: no processor is spent on playing a graphics card, nor on keeping sites apart.
CHEAP_TO_DRAW = [
    "--disable-gpu",
    "--disable-gpu-rasterization",
    "--disable-gpu-compositing",
    "--in-process-gpu",
    "--num-raster-threads=1",
    "--disable-site-isolation-trials",
]
# A camera and a microphone that are made up, and that nobody is asked about.
MADE_UP_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
# Only what time it is: timers run as ever. Milliseconds.
CLOCK_SHIFTED = """(() => {
  const shift = %d, Real = Date;
  window.Date = class Date extends Real {
    constructor(...given) { given.length ? super(...given) : super(Real.now() + shift); }
    static now() { return Real.now() + shift; }
  };
})()"""

expect.set_options(timeout=10_000)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A journey's tests follow each other in one worker, and so do looks at the pages of one person.

    Their window opens once, and a browser that has just opened is slow. Other looks are taken by whichever is free.
    """
    for item in items:
        if not item.get_closest_marker("look"):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
        elif isinstance(item, pytest.Function) and (place := _place_of(item)):
            item.add_marker(pytest.mark.xdist_group(f"seen by {place.who}"))
    for item in journeys_for_a_second_database(items):
        item.add_marker(pytest.mark.every_database)


def _place_of(item: pytest.Function) -> Place | None:
    place: Place | None = item.callspec.params.get("place") if hasattr(item, "callspec") else None
    return place


# ---- The portal ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix) -> None:
    """Gives each worker a database of its own: a copy of the run's template, where there is one."""
    begin_with_a_copy()


@pytest.fixture(scope="session")
def _database(django_test_environment, django_db_blocker, django_db_modify_db_settings) -> Iterator[None]:
    """A database for the whole run, or for each worker of a parallel one.

    pytest-django's own would undo what a test does, and no server would see it.
    """
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False)
        yield
        teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session")
def portal(_database, tmp_path_factory) -> Iterator[Portal]:
    """A clinic with two psychologists, their hours and services, reception and a manager; no patient, no appointment.

    A stand-in for Stripe takes cards beside it, and another one lets two browsers meet by video.

    The test process reads and writes the same database, so that a test can look behind the page.
    """
    clinic.found(is_demo=False)
    policies.publish(now=timezone.now())
    port = free_port()
    stripe = Server(key="sk_test_browser", secret="whsec_browser", portal=f"http://127.0.0.1:{port}").start()
    lines = VideoServer(key=STAND_IN_KEY, secret=settings.SECRET_KEY).start()
    keys = {
        "VIDEO": lines.address,
        "STRIPE_SECRET_KEY": stripe.books.key,
        "STRIPE_WEBHOOK_SECRET": stripe.secret,
        "STRIPE_API_BASE": stripe.address,
        "STRIPE_CHECKOUT_ORIGIN": stripe.address,
    }
    with running_portal(tmp_path_factory.mktemp("portal"), port=port, **keys) as portal:
        yield portal
    for server in (stripe, lines):
        server.shutdown()
        server.server_close()
    if connection.vendor == "postgresql":
        # A process that was told to end may hold its connection a moment longer than the database is to stand.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture
def mailbox(portal: Portal) -> Mailbox:
    return portal.mailbox


@pytest.fixture(autouse=True)
def _server_says_nothing(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test in which the server or the queue raised an error, whatever the browser showed."""
    yield
    if "portal" in request.fixturenames:
        errors = request.getfixturevalue("portal").new_errors()
        assert not errors, f"the server complained:\n{errors}"


# ---- The browser -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    path = find_browser()
    assert path, CURE
    return {**browser_type_launch_args, "executable_path": path, "args": [*CHEAP_TO_DRAW, *MADE_UP_CAMERA]}


@pytest.fixture(scope="session")
def browser(browser: Browser) -> Browser:
    """The browser; while `manage.py test --at` shows another time, its pages are shown it too."""
    if shift := os.environ.get(SHIFT):
        new_context = browser.new_context

        def shifted(**options) -> BrowserContext:
            context = new_context(**options)
            context.add_init_script(CLOCK_SHIFTED % (int(shift) * 1000))
            return context

        browser.new_context = shifted  # type: ignore[method-assign]
    return browser


@pytest.fixture(scope="session")
def base_url(portal: Portal) -> str:
    return portal.url


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {
        **browser_context_args,
        "viewport": DESKTOP,
        "locale": "en-AU",
        "timezone_id": "Australia/Melbourne",
        "reduced_motion": "reduce",
    }


@pytest.fixture
def context(context: BrowserContext) -> Iterator[BrowserContext]:
    """Fails a test whose pages raised a script error or asked for something that the content policy forbids."""
    complaints: list[str] = []
    _listen(context, complaints)
    yield context
    assert complaints == []


@pytest.fixture
def open_page(browser: Browser, browser_context_args) -> Iterator[Callable[..., Page]]:
    """Opens a page in a browser of its own, with cookies of its own; takes the options of Playwright's contexts."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(**options) -> Page:
        context = browser.new_context(**{**browser_context_args, **options})
        contexts.append(context)
        _listen(context, complaints)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page_without_script(open_page) -> Page:
    """A page in a browser that runs no JavaScript."""
    return open_page(java_script_enabled=False)


@pytest.fixture
def phone(open_page) -> Page:
    """A page in a telephone's browser."""
    return open_page(viewport=PHONE, has_touch=True, is_mobile=True)


def _listen(context: BrowserContext, complaints: list[str]) -> None:
    def heard(message) -> None:
        if "Content Security Policy" in message.text:
            complaints.append(message.text)

    context.on("console", heard)
    context.on("weberror", lambda error: complaints.append(str(error.error)))


# ---- People ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sign_in(portal: Portal) -> Callable[[Page, str], User]:
    """Signs a person in by a session cookie, as if they had just given their password."""

    def sign_in(page: Page, email: str) -> User:
        user = User.objects.get(email=email)
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "email": email}]
        session.create()
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": str(session.session_key), "url": portal.url}]
        )
        return user

    return sign_in


@pytest.fixture(scope="session")
def life(portal: Portal) -> Life:
    return live()


def _is_signed_in(page: Page) -> bool:
    held = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    if not (key := held.get(settings.SESSION_COOKIE_NAME)):
        return False
    session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    # Well before an idle session ends: on a slow machine a window may wait long for its next turn.
    return session.exists(key) and time.time() - session.get("seen_at", 0) < 5 * 60


@pytest.fixture(scope="session")
def _windows(browser: Browser, browser_context_args, life: Life, sign_in) -> Iterator[Callable[[str], tuple]]:
    """One browser for each who looks, kept open: signing in again for every page would take longer than the page."""
    windows: dict[str, tuple[Page, list[str]]] = {}

    def window(who: str) -> tuple[Page, list[str]]:
        if who not in windows:
            context, complaints = browser.new_context(**browser_context_args), []
            _listen(context, complaints)
            windows[who] = context.new_page(), complaints
        # A test of what happens when a session ends may have ended them all.
        if who != VISITOR and not _is_signed_in(windows[who][0]):
            sign_in(windows[who][0], life.accounts[who])
        return windows[who]

    yield window
    for page, _ in windows.values():
        page.context.close()


@pytest.fixture
def stand_at(portal: Portal, life: Life, _windows) -> Iterator[Callable[[Place], Page]]:
    """Opens one of the places in the browser of whoever looks at it."""
    opened: list[tuple[Place, list[str]]] = []

    def stand_at(place: Place) -> Page:
        page, complaints = _windows(place.who)
        opened.append((place, complaints))
        resize(page, **DESKTOP)
        if place.who == VISITOR:
            page.context.clear_cookies()  # a new one each time: half a sign-up leads every door to its code page
        place.go(page, life)
        return page

    yield stand_at
    for place, complaints in opened:
        told, complaints[:] = complaints.copy(), []
        assert told == [], place
        if place.name in {"not allowed", "not found"}:
            portal.new_errors()  # told to the log, as it should be


# ---- What a page must be ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def assert_accessible() -> Callable[[Page], None]:
    """Fails when axe finds a violation of WCAG 2.2 AA on the page as it stands, in light or in dark."""

    def assert_accessible(page: Page) -> None:
        found = violations(page)
        assert not found, f"{page.url}\n" + "\n".join(found)

    return assert_accessible
