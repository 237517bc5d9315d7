"""The queue as it stands: what waits, runs and failed, when each job last ran, and which workers live."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter
from django.conf import settings
from django.db.models import Max, Q, QuerySet
from django_q.models import OrmQ, Schedule, Task

from portal.common import schedules
from portal.notifications import heartbeat
from portal.notifications.channels import CHANNELS
from portal.notifications.models import ChannelPause, Notice, State

# The sweep runs every minute; three missed rounds are no accident.
SILENT_AFTER = timedelta(minutes=4)
# A job that comes round each minute may stand behind others; one of the night has an hour.
PATIENCE, PATIENCE_OF_THE_NIGHT = timedelta(minutes=10), timedelta(hours=1)
FAILURES_FOR, MOST_FAILURES, MOST_READ = timedelta(days=14), 20, 200


@dataclass(frozen=True, slots=True)
class Turn:
    """A job that comes round: when it last went well, when it last failed after that, and when it is due again."""

    name: str
    path: str
    minutes: int | None
    last_success: datetime | None
    failed_since: datetime | None
    next_run: datetime | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """A task that came to nothing. Of its error only the kind: the words may quote an address."""

    path: str
    at: datetime
    attempts: int
    error: str
    # Whether the same function went well afterwards.
    went_well_since: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is queued and was not begun. `by_path` is of the oldest two hundred."""

    count: int
    oldest: datetime | None
    by_path: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Running:
    path: str
    since: datetime


def silence(now: datetime) -> timedelta | None:
    """How long the queue has done nothing, if that is too long; a day where it never did anything.

    A worker that lives and has not come to its first round yet has only just begun.
    """
    age = heartbeat.age(heartbeat.SWEEP, now=now)
    if age is None:
        return None if heartbeat.workers(now=now) else timedelta(days=1)
    return age if age > SILENT_AFTER else None


def turns(now: datetime) -> list[Turn]:
    """Every declared job, by name."""
    jobs = schedules.declared()
    last = {
        row["func"]: row
        for row in Task.objects.filter(func__in={job.path for job in jobs.values()})
        .order_by()
        .values("func")
        .annotate(well=Max("stopped", filter=Q(success=True)), badly=Max("stopped", filter=Q(success=False)))
    }
    due = {str(name): at for name, at in Schedule.objects.values_list("name", "next_run")}
    found = []
    for name, job in sorted(jobs.items()):
        ends = last.get(job.path)
        well, badly = (ends["well"], ends["badly"]) if ends else (None, None)
        ended = max(filter(None, (well, badly)), default=None)
        at = due.get(schedules.PREFIX + name)
        found.append(
            Turn(
                name=name,
                path=job.path,
                minutes=job.minutes,
                last_success=well,
                failed_since=badly if badly and (well is None or badly > well) else None,
                next_run=at,
                is_late=_is_late(job, due=at, ended=ended, now=now),
            )
        )
    return found


def late(now: datetime) -> list[str]:
    """The names of the jobs whose turn is over and did not come to an end, well or badly."""
    return [turn.name for turn in turns(now) if turn.is_late]


def _is_late(job: schedules.Job, *, due: datetime | None, ended: datetime | None, now: datetime) -> bool:
    if due is None or due < now - PATIENCE:
        # Nobody made a task of it.
        return True
    if ended is None:
        # It never ended yet, here or since results are kept for each job: nothing to measure by.
        return False
    if job.minutes is not None:
        return ended < now - 2 * timedelta(minutes=job.minutes) - PATIENCE
    # A job by the clock, which is the server's: its last turn but for one that may still be running.
    local = (now - PATIENCE_OF_THE_NIGHT).astimezone(ZoneInfo(settings.TIME_ZONE))
    turn: datetime = croniter(job.cron or "* * * * *", local).get_prev(datetime)  # type: ignore[no-untyped-call]
    return ended < turn


def waiting(now: datetime) -> Waiting:
    queued = _queued().filter(lock__lte=now).order_by("lock", "pk")
    first = list(queued[:MOST_READ])
    paths = Counter(_path(one) for one in first)
    return Waiting(
        count=len(first) if len(first) < MOST_READ else queued.count(),
        oldest=first[0].lock if first else None,
        by_path=paths.most_common(),
    )


def running(now: datetime) -> list[Running]:
    """What a worker took and has not said the end of. Taking it pushes its lock into the future by `retry`."""
    retry = timedelta(seconds=int(settings.Q_CLUSTER["retry"]))
    taken = _queued().filter(lock__gt=now).order_by("lock", "pk")[:MOST_READ]
    # A task that failed stays queued until its next attempt, but nobody is at work on it.
    ended = dict(Task.objects.filter(stopped__gt=now - retry, success=False).values_list("id", "stopped"))
    found = []
    for one in taken:
        if one.lock is None:
            continue
        since = one.lock - retry
        if (end := ended.get(one.task_id())) is None or end < since:
            found.append(Running(_path(one), since))
    return found


def failures(now: datetime) -> list[Failed]:
    """The newest of two weeks."""
    failed = list(
        Task.objects.filter(success=False, stopped__gt=now - FAILURES_FOR).order_by("-stopped")[:MOST_FAILURES]
    )
    paths = {task.func for task in failed}
    well = dict(
        Task.objects.filter(success=True, func__in=paths)
        .order_by()
        .values("func")
        .annotate(at=Max("stopped"))
        .values_list("func", "at")
    )
    return [
        Failed(
            path=task.func,
            at=task.stopped,
            attempts=task.attempt_count,
            error=kind_of(task.result),
            went_well_since=task.func in well and well[task.func] > task.stopped,
        )
        for task in failed
    ]


_KIND = re.compile(r"^([A-Za-z_][\w.]*?)(?::|$)")


def kind_of(result: object) -> str:
    """The kind of an error, from what django-q2 kept: its words and Python's traceback of it."""
    lines = str(result).splitlines()
    places = [n for n, line in enumerate(lines) if line.startswith('  File "')]
    for line in lines[places[-1] + 1 :] if places else ():
        if not line.startswith(" ") and (found := _KIND.match(line)):
            return found[1].rpartition(".")[2]
    return ""


@dataclass(frozen=True, slots=True)
class Notices:
    """The outbox in figures, and what stands in its way."""

    due: int
    later: int
    sending: int
    needing_eyes: int
    paused: list[str]
    off: list[str]


def notices(now: datetime) -> Notices:
    pending = Notice.objects.filter(state=State.PENDING)
    waits = set(pending.order_by().values_list("channel", flat=True).distinct())
    return Notices(
        due=pending.filter(next_attempt_at__lte=now).count(),
        later=pending.filter(next_attempt_at__gt=now).count(),
        sending=Notice.objects.filter(state=State.SENDING).count(),
        needing_eyes=Notice.objects.needing_eyes().count(),
        paused=list(ChannelPause.objects.filter(until__gt=now).order_by("channel").values_list("channel", flat=True)),
        # Whoever waits for a channel that is off waits in vain; nobody needs to hear of one that nobody uses.
        off=[str(channel.off) for name, channel in CHANNELS.items() if name in waits and not channel.is_configured()],
    )


def _queued() -> QuerySet[OrmQ]:
    queued: QuerySet[OrmQ] = OrmQ.objects.filter(key=settings.Q_CLUSTER["name"])
    return queued


def _path(queued: OrmQ) -> str:
    # What was signed with another key can't be read, and has no function.
    return queued.func() or ""
