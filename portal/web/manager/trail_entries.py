"""Entries of the trail, made readable: it keeps ids, so the names are looked up for the rows that are shown."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.clinic.models import Location, Psychologist, Service
from portal.common.labels import labels_of, model_of
from portal.common.languages.times import when_dated
from portal.common.money import dollars
from portal.patients.models import Patient

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+(\+\d{2}:\d{2}|Z)")
_CODE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


Row = Patient | Psychologist | Service | Location | User
# What a row is called by, and no column more: a trail names many rows.
NAMED_BY: dict[type[Row], tuple[str, ...]] = {
    Patient: ("code", "preferred_name", "legal_first_name", "legal_last_name"),
    Psychologist: ("code", "title", "user__first_name", "user__last_name", "user__email"),
    Service: ("code", "name"),
    Location: ("code", "name"),
    User: ("code", "first_name", "last_name", "email"),
}
# Facts that are the id of a row, and whose. Each is looked up by its name on the day of reading.
ROWS: dict[str, type[Row]] = {
    "patient": Patient,
    "psychologist": Psychologist,
    "service": Service,
    "location": Location,
    "user": User,
    "author": User,
}
BY_LABEL = {label: model for model in ROWS.values() for label in labels_of(model)}


# What the machine's words would not tell a manager.
WORDS = {
    "account.sign_in_failed": "Sign-in failed: wrong password or code",
    "account.sign_in_slowed": "Sign-in slowed down: too many wrong tries",
    "account.page_refused": "Page refused: not for this role",
}


@dataclass(frozen=True, slots=True)
class NamedEntry:
    """What the cells of a trail say of one entry; `who` and `about` are None where nobody is there of that name."""

    entry: Entry
    who: Row | None
    about: Row | None
    words: str
    role_label: str
    target_words: str
    told: list[tuple[str, str]]


def with_names(entries: Iterable[Entry], *, zone: ZoneInfo) -> list[NamedEntry]:
    """The entries with the names in them, in their order. At most a query a kind of row."""
    entries = list(entries)
    asked: defaultdict[type[Row], set[str]] = defaultdict(set)
    for entry in entries:
        asked[User].add(entry.actor_id)
        if model := BY_LABEL.get(entry.target_label):
            asked[model].add(entry.target_code)
        for name in entry.facts.keys() & ROWS.keys():
            asked[ROWS[name]].add(str(entry.facts[name]))
    found = {model: _found(model, ids) for model, ids in asked.items()}
    return [_named(entry, found, zone) for entry in entries]


def _named(entry: Entry, found: dict[type[Row], dict[str, Row]], zone: ZoneInfo) -> NamedEntry:
    model = BY_LABEL.get(entry.target_label)
    return NamedEntry(
        entry=entry,
        who=found[User].get(entry.actor_id),
        about=found[model].get(entry.target_code) if model else None,
        words=WORDS.get(entry.verb) or spaced(entry.verb.replace(".", " ")),
        role_label=str(Role(entry.actor_role).label) if entry.actor_role in Role.values else "",
        target_words=label_words(entry.target_label),
        told=[
            (spaced(name), str(row))
            if name in ROWS and (row := found[ROWS[name]].get(str(value)))
            else told(name, value, zone)
            for name, value in entry.facts.items()
        ],
    )


def _found(model: type[Row], ids: set[str]) -> dict[str, Row]:
    """Rows by what the trail kept of them: the number of the row, or its code."""
    codes = {word for word in ids if _CODE.fullmatch(word)}
    numbers = {int(word) for word in ids if word.isdecimal() and len(word) < 19}
    all_of_it = Psychologist.objects.select_related("user") if model is Psychologist else model._default_manager.all()
    rows = all_of_it.filter(Q(pk__in=numbers) | Q(code__in=codes)).only(*NAMED_BY[model])
    return {str(key): row for row in rows for key in (row.pk, row.code)}


def spaced(word: str) -> str:
    """`second_factor added` as `Second factor added`. Verbs are machine words, and stay the same in every language."""
    words = word.replace("_", " ")
    return words[:1].upper() + words[1:]


def told(name: str, value: Any, zone: ZoneInfo) -> tuple[str, str]:
    """A fact as a manager reads it: `total_cents 22000` as `Total` and `$220.00`."""
    if name.endswith("_cents") and isinstance(value, int):
        return spaced(name.removesuffix("_cents")), dollars(Decimal(value) / 100)
    return spaced(name), fact_words(value, zone)


def fact_words(value: Any, zone: ZoneInfo) -> str:
    match value:
        case list():
            return ", ".join(fact_words(item, zone) for item in value)
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case str() if _MOMENT.fullmatch(value):
            return when_dated(datetime.fromisoformat(value), zone)
        case str() if _CODE.fullmatch(value):
            return value[:8]
        case str():
            return value.replace("_", " ")
    return str(value)


def label_words(label: str) -> str:
    """`appointments.Appointment` as people say it: `appointment`. A model that is gone keeps its own word."""
    model = model_of(label)
    return label.rpartition(".")[2].lower() if model is None else str(model._meta.verbose_name)
