"""Reminders due for many sessions at once, workers killed in the middle, and what the provider and the rows say after.

The queue runs as it does in production (`manage.py worker`), in processes of its own; the stand-in for Twilio counts
what it took, which is what phones would have shown.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from random import Random
from time import monotonic, sleep

import time_machine
from django.db import DatabaseError, connections, transaction
from django.utils import timezone
from django_q.models import Schedule

from portal.appointments.models import Appointment, Reminder
from portal.common import schedules
from portal.notifications import delivery, tasks
from portal.notifications.models import Notice, State
from portal.notifications.recipients import Channel
from portal.notifications.twilio import asking
from portal.ops.processes import Child, manage
from portal.ops.twilio_stand_in import Server
from tests import make

# So many hours before their sessions people are reminded; the sessions stand close together within these.
HOURS, NEAREST, MINUTES = 48, 10, 15
PER_PERSON = (HOURS - NEAREST - 1) * 60 // MINUTES
OPEN = (State.PENDING, State.SENDING, State.UNKNOWN)
# Seconds without any progress after which a trial gives up.
PATIENCE = 400.0


@dataclass
class Outcome:
    """What became of the reminders."""

    sessions: int
    kills: Counter[str] = field(default_factory=Counter)
    restarts: int = 0
    seconds: float = 0
    # How many notices were in doubt at any time, and had to be asked about.
    in_doubt: int = 0
    # How many ended in which state.
    states: Counter[str] = field(default_factory=Counter)
    without_reminder: int = 0
    without_notice: int = 0
    not_taken: int = 0
    taken_twice: int = 0
    # Taken by the provider, and not known as sent.
    taken_unknown: int = 0

    @property
    def faults(self) -> list[str]:
        """In words, what was not as promised; empty if all was."""
        told = {
            "sessions without a reminder": self.without_reminder,
            "sessions without a notice": self.without_notice,
            "notices that no phone got": self.not_taken,
            "notices that a phone got twice": self.taken_twice,
            "notices that a phone got, and nobody knows": self.taken_unknown,
            "notices that are not sent": self.states.total() - self.states[State.SENT],
        }
        return [f"{count} {what}" for what, count in told.items() if count]


def seed(count: int, *, now: datetime) -> None:
    """So many booked sessions, each of a patient who wants texts, all of them to be reminded of by now."""
    schedules.ensure()
    # Not only after the first minute.
    Schedule.objects.update(next_run=now)
    make.clinic(remind_hours=HOURS, remind_again_hours=0, quiet_from=time(0), quiet_until=time(0))
    place, service = make.location(), make.service(minutes=MINUTES)
    first = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=NEAREST)
    with transaction.atomic():
        for n in range(count):
            if n % PER_PERSON == 0:
                psychologist = make.psychologist()
            patient = make.patient(phone=f"+614915{n:05d}")
            make.ways(patient=patient, by_sms=True, prefers="sms")
            make.appointment(
                psychologist=psychologist,
                patient=patient,
                service=service,
                location=place,
                starts_at=first + timedelta(minutes=MINUTES * (n % PER_PERSON)),
            )


def run(
    *,
    twilio: Server,
    kills: int,
    environment: dict[str, str],
    random: Random,
    restart: Callable[[], object] | None = None,
    waits: bool = True,
    pause: tuple[float, float] = (0.2, 1.5),
    say: Callable[[str], object] = print,
) -> Outcome:
    """Runs the queue until every reminder has left, and kills one of its processes again and again meanwhile.

    After half of the kills the database is restarted, where `restart` does that. `waits` until what is in doubt was
    asked about, which takes a few minutes; or else the clock is set on for that, in this process. The kills are spread
    over the work: before the next one another share of the texts has left, and a `pause` of so many seconds went by.
    """
    outcome, began = Outcome(sessions=Appointment.objects.count()), monotonic()
    doubtful: set[int] = set()
    worker = Child(
        manage("worker", "--check-every", "1", "--patience", "10", "--grace", "2"),
        env=environment,
        output=subprocess.DEVNULL,
    )
    stalled, before = monotonic(), (-1, -1)
    try:
        while True:
            sleep(random.uniform(*pause))
            if not worker.is_running():
                raise RuntimeError("the worker ended by itself")
            with suppress(DatabaseError):
                counts = Counter(Notice.objects.values_list("state", flat=True))
                doubtful |= set(Notice.objects.filter(state=State.UNKNOWN).values_list("pk", flat=True))
                # What was killed in the middle is in doubt once its lease has run out.
                open_ = sum(counts[state] for state in OPEN)
                reminded = Reminder.objects.count()
                is_over = not open_ or (not waits and outcome.kills.total() == kills)
                if reminded == outcome.sessions and is_over:
                    break
                if (reminded, open_) != before:
                    stalled, before = monotonic(), (reminded, open_)
                done = outcome.kills.total()
                if done < kills and len(twilio.phones.texts) > outcome.sessions * done // (kills + 1):
                    outcome.kills[kill_one(worker.pid, random)] += 1
                    if restart and outcome.kills.total() == kills // 2:
                        restart()
                        outcome.restarts += 1
                    if outcome.kills.total() % 10 == 0:
                        say(f"{outcome.kills.total()} kills, {reminded} reminders, {dict(counts)}")
            connections.close_all()
            if monotonic() - stalled > PATIENCE:
                say(f"nothing moves any more: {reminded} reminders, {dict(counts)}")
                break
    finally:
        clusters = [pid for pid, depth in descendants(worker.pid).items() if depth == 1]
        worker.stop(grace=20)
        # Each leads a group of its own, which outlives a worker that had to be killed.
        for pid in clusters:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        connections.close_all()
    if not waits:
        doubtful |= set(Notice.objects.filter(state__in=OPEN).values_list("pk", flat=True))
        settle()
    outcome.seconds, outcome.in_doubt = monotonic() - began, len(doubtful)
    judge(outcome, twilio)
    return outcome


def settle() -> None:
    """What the minutes after would do: leases run out, Twilio is asked, and what it has not goes out again."""
    later = timezone.now() + delivery.LEASE + asking.SETTLED_AFTER + timedelta(minutes=1)
    with time_machine.travel(later, tick=False):
        tasks.sweep()
        tasks.ask()
        tasks.send_due(Channel.SMS)


def judge(outcome: Outcome, twilio: Server) -> None:
    """Compares the sessions, their reminders and notices with what the phones have."""
    outcome.states = Counter(Notice.objects.values_list("state", flat=True))
    reminded = set(Reminder.objects.filter(went=1).values_list("session__code", flat=True))
    sessions = set(Appointment.objects.values_list("code", flat=True))
    outcome.without_reminder = len(sessions - reminded)
    notices = {notice.about_code: notice for notice in Notice.objects.all()}
    outcome.without_notice = len({str(code) for code in sessions} - notices.keys())
    taken = Counter(row["to"] for row in twilio.phones.texts)
    outcome.not_taken = sum(notice.to not in taken for notice in notices.values())
    outcome.taken_twice = sum(count > 1 for count in taken.values())
    outcome.taken_unknown = sum(notice.to in taken and notice.state != State.SENT for notice in notices.values())


def kill_one(first: int, random: Random) -> str:
    """Kills one process of those that came from this one, and says which: a worker, its guard, or the whole queue."""
    below = descendants(first)
    while not below:
        # It was just killed as a whole, and is being started again.
        sleep(0.2)
        below = descendants(first)
    # Workers most often: it is they who are in the middle of something.
    depth = max(below.values())
    pool = [pid for pid, level in below.items() if level == depth] if random.random() < 0.8 else list(below)
    picked = random.choice(pool)
    with suppress(ProcessLookupError):
        os.kill(picked, signal.SIGKILL)
    return "worker" if below[picked] == depth else "guard"


def descendants(first: int) -> dict[int, int]:
    """The processes that came from one, and how far below it they stand."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            fields = path.read_text().rsplit(")", 1)[1].split()
            if fields[0] != "Z":
                children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found, layer, depth = {}, children.get(first, []), 1
    while layer:
        found |= dict.fromkeys(layer, depth)
        layer, depth = [child for pid in layer for child in children.get(pid, [])], depth + 1
    return found
