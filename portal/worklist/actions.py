"""Raising, taking and closing things to do. Journeys call these, and write the trail beside them."""

from __future__ import annotations

from datetime import datetime

from django.db import models, transaction

from portal.common.access.actors import Actor
from portal.common.labels import code_of, label_of
from portal.worklist.kinds import Kind
from portal.worklist.models import ToDo, ToDoQuerySet
from portal.worklist.refusals import AlreadyDone, NotByHand, TakenMeanwhile


def put_on_list(
    kind: Kind,
    *,
    about: models.Model,
    dedupe_key: str,
    due_at: datetime,
    now: datetime,
    escalates_at: datetime | None = None,
    person: str = "",
    begins_at: datetime | None = None,
) -> ToDo | None:
    """Writes one thing to do in the caller's transaction, or returns None where that key was raised before."""
    to_do = ToDo(
        kind=kind.name,
        dedupe_key=dedupe_key,
        about_label=label_of(about),
        about_code=code_of(about),
        role=kind.role,
        person=person,
        raised_at=now,
        due_at=due_at,
        begins_at=begins_at,
        escalates_at=escalates_at,
    )
    # ON CONFLICT DO NOTHING: it waits for a transaction that writes the same key, and leaves ours in order.
    ToDo.objects.bulk_create([to_do], ignore_conflicts=True)
    return ToDo.objects.filter(code=to_do.code).first()


def acknowledge(to_do: ToDo, *, seen: str, by: Actor, now: datetime) -> ToDo:
    """Says that somebody is on it. `seen` is the holder whom their page showed, empty for nobody.

    A second press changes nothing. Raises AlreadyDone, or TakenMeanwhile when somebody else took it since.
    """
    me = str(by.user_id)
    took = _open(to_do).filter(acknowledged_by=seen).exclude(acknowledged_by=me)
    if not took.update(acknowledged_at=now, acknowledged_by=me):
        _fresh(to_do)
        if to_do.acknowledged_by != me:
            raise TakenMeanwhile
        return to_do
    return _fresh(to_do)


def put_back(to_do: ToDo, *, by: Actor) -> ToDo:
    """Somebody who was on it no longer is; one that they don't hold stays as it is. Raises AlreadyDone."""
    _open(to_do).filter(acknowledged_by=str(by.user_id)).update(acknowledged_at=None, acknowledged_by="")
    return _fresh(to_do)


def put_off(to_do: ToDo, *, begins_at: datetime, due_at: datetime) -> None:
    """What it is about begins at another time by now, for which it is due no later than `due_at`."""
    to_do.begins_at, to_do.due_at = begins_at, min(to_do.due_at, due_at)
    to_do.save(update_fields=["begins_at", "due_at"])


@transaction.atomic
def turn_to(to_do: ToDo, *, about: models.Model) -> None:
    """Has open work be about another row, such as another record of the same person."""
    _open(to_do).update(about_label=label_of(about), about_code=code_of(about))


def finish(to_do: ToDo, *, kind: Kind, outcome: str, by: Actor, now: datetime) -> ToDo:
    """Closes it by a person's word; raises NotByHand for a word that its kind does not know, or AlreadyDone."""
    if outcome not in kind.outcomes or kind.name != to_do.kind:
        raise NotByHand
    if not _close(_open(to_do), outcome=outcome, by=by, now=now):
        raise AlreadyDone
    to_do.refresh_from_db()
    return to_do


def close(to_do: ToDo, *, outcome: str, by: Actor, now: datetime) -> bool:
    """Closes it because its cause is gone, in one word, and says whether it was still open."""
    closed = _close(_open(to_do), outcome=outcome, by=by, now=now) == 1
    to_do.refresh_from_db()
    return closed


def _open(to_do: ToDo) -> ToDoQuerySet:
    return ToDo.objects.still_open().filter(pk=to_do.pk)


def _close(rows: ToDoQuerySet, *, outcome: str, by: Actor, now: datetime) -> int:
    return rows.update(done_at=now, done_by=str(by.user_id or by.name), outcome=outcome)


def _fresh(to_do: ToDo) -> ToDo:
    to_do.refresh_from_db()
    if to_do.done_at is not None:
        raise AlreadyDone
    return to_do
