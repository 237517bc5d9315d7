"""A portal as in production before a database that goes away, and what people got meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.middleware.csrf import _get_new_csrf_string
from django_q.models import Task
from django_q.tasks import async_task

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.accounts.session_store import SessionStore
from portal.audit.models import Entry
from portal.ops.processes import Child, gunicorn, manage, wait_until_it_answers
from portal.patients.models import Patient
from tests import make
from tests.outage.load import Person, Report, report, use
from tests.outage.proxy import Proxy, Way

PEOPLE = 12
# Seconds.
PATIENCE = 60.0
# What the portal promises: nobody waits longer once one has found the outage, and all is well so soon after it.
AT_ONCE, BACK_WITHIN, FOUND_WITHIN = 1.0, 5.0, 8.0


@dataclass(frozen=True)
class Outcome:
    """How each way of going away went, and the names that were half done: in one place and not in the other."""

    reports: dict[Way, Report]
    # Seconds from the end of each outage until the queue did something that was asked of it then.
    queue_back_after: dict[Way, float]
    half_done: set[str]
    lost: set[str]
    registered: int


def person(*, port: int, host: str) -> Person:
    """Somebody at the desk, signed in, in the database that the portal reads."""
    user = User.objects.get(pk=make.user(role=Role.RECEPTION).pk)
    make.second_factor(user)
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    token = _get_new_csrf_string()
    cookies = f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.CSRF_COOKIE_NAME}={token}"
    return Person(port=port, host=host, cookies=cookies, token=token)


@contextmanager
def serving(environment: dict[str, str], host: str) -> Iterator[None]:
    server = Child(gunicorn(), env=environment)
    try:
        address = f"http://127.0.0.1:{environment['PORT']}/healthz"
        wait_until_it_answers(address, server, seconds=60)
        yield
    finally:
        server.stop(grace=20)


@contextmanager
def working(environment: dict[str, str]) -> Iterator[None]:
    """The queue beside it, which has done something once."""
    worker = Child(manage("worker"), env=environment)
    try:
        if seconds_until_done() > PATIENCE:
            raise TimeoutError("the queue never began")
        yield
    finally:
        worker.stop(grace=20)


def seconds_until_done() -> float:
    """How long the queue takes from now for a task of no length."""
    began, task = monotonic(), async_task("django.utils.timezone.now")
    while monotonic() < began + PATIENCE:
        if Task.objects.filter(id=task).exists():
            return monotonic() - began
        sleep(0.1)
    return PATIENCE + 1


def run(
    *,
    proxy: Proxy,
    environment: dict[str, str],
    host: str,
    seconds: float,
    say: Callable[[str], object],
    rest: float = 8,
) -> Outcome:
    """The database stops for some seconds and comes back; then the line is cut for as long. The load goes on."""
    people = [person(port=int(environment["PORT"]), host=host) for _ in range(PEOPLE)]
    stop, reports, queue_back_after = threading.Event(), {}, {}
    with serving(environment, host), working(environment):
        threads = use(people, stop)
        sleep(rest)
        for way in (Way.STOPPED, Way.CUT):
            began = monotonic()
            proxy.turn(way)
            sleep(seconds)
            ended = monotonic()
            proxy.turn(Way.THROUGH)
            queue_back_after[way] = seconds_until_done()
            sleep(rest + 4)
            answers = [one for each in people for one in list(each.answers)]
            reports[way] = report(answers, began=began, ended=ended, until=monotonic())
            say(f"{way}: {reports[way]}, queue back after {queue_back_after[way]:.1f} s\n")
        stop.set()
        for thread in threads:
            thread.join(timeout=60)
    made = set(Patient.objects.filter(legal_last_name="Outage").values_list("legal_first_name", "code"))
    told = set(Entry.objects.filter(verb="patient.registered").values_list("target_code", flat=True))
    claimed = {name for each in people for name in each.registered}
    return Outcome(
        reports=reports,
        queue_back_after=queue_back_after,
        half_done={name for name, code in made if str(code) not in told},
        lost=claimed - {name for name, _ in made},
        registered=len(claimed),
    )


def faults(outcome: Outcome) -> list[str]:
    """In words, what was not as promised; empty if all was."""
    found = []
    for way, one in outcome.reports.items():
        if not one.statuses[503]:
            found.append(f"{way}: nobody was answered 503")
        if strange := set(one.statuses) - {200, 302, 503}:
            found.append(f"{way}: somebody was answered {sorted(strange)}")
        if one.slowest_first > FOUND_WITHIN:
            found.append(f"{way}: {one.slowest_first:.1f} s until the outage was found")
        if one.slowest_later > FOUND_WITHIN / 2:
            found.append(f"{way}: somebody waited {one.slowest_later:.1f} s while it was known")
        if one.without_retry_after:
            found.append(f"{way}: {one.without_retry_after} answers without Retry-After")
        if one.back_after > BACK_WITHIN:
            found.append(f"{way}: well again only after {one.back_after:.1f} s")
    for way, seconds in outcome.queue_back_after.items():
        if seconds > BACK_WITHIN:
            found.append(f"{way}: the queue was back only after {seconds:.1f} s")
    if outcome.half_done:
        found.append(f"half done: {sorted(outcome.half_done)}")
    if outcome.lost:
        found.append(f"promised and lost: {sorted(outcome.lost)}")
    if not outcome.registered:
        found.append("nobody was registered at all")
    return found
