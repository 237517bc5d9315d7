"""Writing the trail: `trail.record("appointment.booked", target=appointment, by=actor, at=now)`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from portal.audit.facts import checked, checked_verb
from portal.audit.models import Entry, address_of
from portal.common.access.actors import Actor


def record(
    verb: str, *, by: Actor, target: models.Model | None = None, at: datetime | None = None, **facts: Any
) -> Entry:
    """Adds one entry inside the caller's transaction: the deed and its line are kept together, or neither is.

    Facts are ids, numbers, dates and short machine words; anything else raises NotAFact.
    """
    entry = _entry(verb, by=by, target=target, at=at or timezone.now(), facts=facts)
    entry.save(force_insert=True)
    return entry


def record_each(
    verb: str, told: Iterable[tuple[models.Model, Mapping[str, Any]]], *, by: Actor, at: datetime
) -> list[Entry]:
    """The same for many targets, each with its facts, in one statement."""
    return Entry.objects.bulk_create(_entry(verb, by=by, target=target, at=at, facts=facts) for target, facts in told)


def _entry(verb: str, *, by: Actor, target: models.Model | None, at: datetime, facts: Mapping[str, Any]) -> Entry:
    label, code = ("", "") if target is None else address_of(target)
    return Entry(
        at=at,
        actor_id="" if by.user_id is None else str(by.user_id),
        actor_role=str(by.role),
        actor_name=by.name if by.user_id is None else "",
        verb=checked_verb(verb),
        target_label=label,
        target_code=code,
        facts=checked(facts),
    )


def read(what: str, *, by: Actor, target: models.Model, at: datetime | None = None, **facts: Any) -> Entry:
    """Adds the entry that somebody read clinical text: `trail.read("note", target=note, by=actor)`."""
    return record(f"{what}.read", by=by, target=target, at=at, **facts)
