"""What people do with their work. Each step writes its line in the trail, in the same transaction."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.db import models, transaction

from portal.audit import trail
from portal.common.access.actors import Actor
from portal.journeys.to_do.kinds import ALERT, KINDS, OF_STRANDED_NAMES, UNDELIVERED
from portal.notifications import outbox
from portal.notifications.models import Notice
from portal.records import alerts
from portal.records.models import RiskAlert
from portal.worklist import actions
from portal.worklist.kinds import Kind
from portal.worklist.models import ToDo
from portal.worklist.refusals import AlreadyDone


@transaction.atomic
def put_on_list(
    kind: Kind,
    *,
    about: models.Model,
    dedupe_key: str,
    due_at: datetime,
    escalates_at: datetime | None = None,
    by: Actor,
    now: datetime,
    person: str = "",
    begins_at: datetime | None = None,
) -> ToDo | None:
    """Raises one thing to do, or returns None where its key was raised before."""
    to_do = actions.put_on_list(
        kind,
        about=about,
        dedupe_key=dedupe_key,
        due_at=due_at,
        begins_at=begins_at,
        escalates_at=escalates_at,
        person=person,
        now=now,
    )
    if to_do is not None:
        _record("raised", to_do, by=by, now=now)
    return to_do


@transaction.atomic
def acknowledge(to_do: ToDo, *, seen: str, by: Actor, now: datetime) -> ToDo:
    """Says that somebody is on it. Raises AlreadyDone or TakenMeanwhile."""
    since = to_do.acknowledged_at
    taken = actions.acknowledge(to_do, seen=seen, by=by, now=now)
    if taken.acknowledged_at != since:
        _record("acknowledged", taken, by=by, now=now)
        if taken.kind == ALERT.name:
            _look(taken, by=by, now=now)
    return taken


def _look(to_do: ToDo, *, by: Actor, now: datetime) -> None:
    """Whoever takes worrying answers that they may see is looking at them: nobody else is told any more."""
    alert = RiskAlert.objects.visible_to(by, now=now).filter(code=to_do.about_code).first()
    if alert is not None:
        alerts.see(alert=alert, by=by, now=now)


@transaction.atomic
def put_back(to_do: ToDo, *, by: Actor, now: datetime) -> ToDo:
    """Somebody who was on it no longer is. Raises AlreadyDone."""
    held = to_do.acknowledged_by
    left = actions.put_back(to_do, by=by)
    if left.acknowledged_by != held:
        _record("put_back", left, by=by, now=now)
    return left


@transaction.atomic
def finish(to_do: ToDo, *, outcome: str, by: Actor, now: datetime) -> ToDo:
    """Closes it by a person's word. Raises AlreadyDone or NotByHand."""
    notice = None
    if to_do.kind == UNDELIVERED.name:
        # Held before its work, in the order of whoever sends it again or withdraws it.
        notice = Notice.objects.needing_eyes().select_for_update().filter(code=to_do.about_code).first()
    done = actions.finish(to_do, kind=KINDS[to_do.kind], outcome=outcome, by=by, now=now)
    if notice is not None:
        # Nobody is asked about it again, and it can't be sent by an old page.
        outbox.leave_unsent(notice, by=by, now=now)
    _record("done", done, by=by, now=now)
    return done


@transaction.atomic
def finish_line(to_do: ToDo, *, outcome: str, by: Actor, now: datetime) -> ToDo:
    """The same for a line of the list, which stands for every reason why its session can't be held as booked."""
    done = finish(to_do, outcome=outcome, by=by, now=now)
    if to_do.kind in OF_STRANDED_NAMES:
        others = ToDo.objects.still_open().of_kind(*OF_STRANDED_NAMES)
        for other in others.filter(about_label=to_do.about_label, about_code=to_do.about_code).order_by("pk"):
            if outcome in KINDS[other.kind].outcomes:
                with suppress(AlreadyDone):
                    finish(other, outcome=outcome, by=by, now=now)
    return done


@transaction.atomic
def close(to_do: ToDo, *, outcome: str, by: Actor, now: datetime) -> ToDo | None:
    """Closes it because its cause is gone, in one word; None if it was closed meanwhile."""
    if not actions.close(to_do, outcome=outcome, by=by, now=now):
        return None
    _record("closed", to_do, by=by, now=now)
    return to_do


def _record(deed: str, to_do: ToDo, *, by: Actor, now: datetime) -> None:
    facts = {"outcome": to_do.outcome} if to_do.outcome else {}
    trail.record(f"to_do.{deed}", target=to_do, by=by, at=now, kind=to_do.kind, about=to_do.about_code, **facts)
