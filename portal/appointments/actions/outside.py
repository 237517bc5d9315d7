"""Outside calendars: added and removed by the psychologist whose they are, read by the worker."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django_q.tasks import async_task

from portal.appointments import opened
from portal.appointments.hours import main_zone
from portal.appointments.models import OutsideBusy, OutsideCalendar
from portal.appointments.models.outside import GIVEN_UP
from portal.appointments.openings import Span
from portal.appointments.outside import addresses
from portal.appointments.outside.busier import became_busier
from portal.appointments.outside.fetching import THE_NET, Fetched, FetchFailed, Net, fetch
from portal.appointments.outside.reading import Busy, Unreadable, busy_times
from portal.audit import trail
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.actors import Actor
from portal.common.crypto.ciphertext import EncryptionError

MOST = 3
EVERY = timedelta(minutes=15)
# After a failure twice as long each time, and no longer than this.
LONGEST_WAIT = timedelta(hours=6)
# How far its times are worked out, and how far they must be known: what comes again is not forgotten in between.
AHEAD, NEEDED = timedelta(days=430), timedelta(days=400)
PAST = timedelta(days=1)
READER = Actor.system("outside_calendars")


class TooManyCalendars(Exception):
    """They have as many as are read for one person."""


class AddedBefore(Exception):
    """They have this address already."""


@transaction.atomic
def add_calendar(*, psychologist: Psychologist, address: str, by: Actor, now: datetime) -> OutsideCalendar:
    """Has the worker read an address from now on; raises BadAddress, TooManyCalendars or AddedBefore."""
    wanted = addresses.normal(address)
    # The person's row is held, so that two windows don't add the same twice.
    Psychologist.objects.select_for_update(no_key=True).get(pk=psychologist.pk)
    held = list(psychologist.outside_calendars.all())
    if any(one.address == wanted for one in held):
        raise AddedBefore
    if len(held) >= MOST:
        raise TooManyCalendars
    calendar = OutsideCalendar(psychologist=psychologist, added_at=now, next_try_at=now)
    calendar.address = wanted
    calendar.save(force_insert=True)
    trail.record("outside_calendar.added", target=psychologist, by=by, at=now)
    transaction.on_commit(
        partial(async_task, "portal.appointments.tasks.read_outside_calendar", calendar.pk), robust=True
    )
    return calendar


@transaction.atomic
def remove_calendar(*, calendar: OutsideCalendar, by: Actor, now: datetime) -> bool:
    """Forgets an address and the times that were read there; says whether it was still known."""
    count, _rows = OutsideCalendar.objects.filter(pk=calendar.pk).delete()
    if count:
        trail.record("outside_calendar.removed", target=calendar.psychologist, by=by, at=now)
    return bool(count)


def read_calendar(pk: int, *, now: datetime, net: Net = THE_NET) -> str:
    """Reads one address if its turn has come, and says in a word how that went. Nothing is open while it waits."""
    wait = {"next_try_at": now + EVERY}
    if not OutsideCalendar.objects.due(now).filter(pk=pk).update(**wait):
        return "not due"
    calendar = OutsideCalendar.objects.get(pk=pk)
    start, end = now - PAST, now + AHEAD
    try:
        fetched = _fetch(calendar, now=now, net=net)
        if fetched.body is None:
            busy = None
        else:
            zone = main_zone(calendar.psychologist_id, clinic=ClinicSettings.current())
            busy = busy_times(fetched.body, zone=zone, start=start, end=end)
    except (FetchFailed, Unreadable) as problem:
        return _failed(calendar, problem.reason, now=now)
    except EncryptionError:
        return _failed(calendar, "key", now=now)
    return _keep(calendar, fetched, busy, end=end, now=now)


def _fetch(calendar: OutsideCalendar, *, now: datetime, net: Net) -> Fetched:
    """Asks whether it changed, but for what has to be worked out further ahead by now."""
    is_enough = not calendar.problem and calendar.known_until is not None and calendar.known_until >= now + NEEDED
    known = {"etag": calendar.etag, "modified": calendar.modified} if is_enough else {}
    return fetch(calendar.address, net=net, **known)


@transaction.atomic
def _keep(calendar: OutsideCalendar, fetched: Fetched, busy: Busy | None, *, end: datetime, now: datetime) -> str:
    said: dict[str, object] = {"read_at": now, "tried_at": now, "failures": 0, "problem": ""}
    if busy is not None:
        said |= {"etag": fetched.etag, "modified": fetched.modified, "known_until": end, "left_out": busy.left_out}
    if not OutsideCalendar.objects.filter(pk=calendar.pk).update(**said):
        return "removed"
    if busy is None:
        return "unchanged"
    # What is gone elsewhere can be booked here. A calendar that its owner takes away, or that is given up, opens
    # nothing to those who wait: they may be as busy as they were.
    before, after = _replace(calendar, busy), [Span(*span) for span in busy.spans]
    opened.open_again([calendar.psychologist_id], opened.without(before, after), by=READER, now=now)
    if calendar.read_at is not None:
        # What stood in it when it was added, its owner knew of.
        became_busier(calendar.psychologist_id, opened.without(after, before), by=READER, now=now)
    return "read"


def _replace(calendar: OutsideCalendar, busy: Busy) -> list[Span]:
    """Writes what is different, and nothing where a calendar says what it said; the times before."""
    stored = {(starts, ends): pk for pk, starts, ends in calendar.busy.values_list("pk", "starts_at", "ends_at")}
    wanted = set(busy.spans)
    OutsideBusy.objects.filter(pk__in=[pk for span, pk in stored.items() if span not in wanted]).delete()
    OutsideBusy.objects.bulk_create(
        [
            OutsideBusy(calendar=calendar, psychologist_id=calendar.psychologist_id, starts_at=starts, ends_at=ends)
            for starts, ends in busy.spans
            if (starts, ends) not in stored
        ],
        batch_size=500,
    )
    return [Span(*span) for span in stored]


@transaction.atomic
def _failed(calendar: OutsideCalendar, problem: str, *, now: datetime) -> str:
    """What was read before stays in force; after a long time without an answer it is given up."""
    failures = min(calendar.failures + 1, 30)
    wait = min(EVERY * 2 ** min(failures, 10), LONGEST_WAIT)
    said = {"problem": problem, "failures": failures, "tried_at": now, "next_try_at": now + wait}
    OutsideCalendar.objects.filter(pk=calendar.pk).update(**said)
    if (calendar.read_at or calendar.added_at) < now - GIVEN_UP:
        gone, _rows = OutsideBusy.objects.filter(calendar=calendar).delete()
        if gone:
            trail.record("outside_calendar.given_up", target=calendar.psychologist, by=READER, at=now)
    return problem
