"""Entries of the trail, made readable: it keeps ids, so the names are looked up for the rows that are shown."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Model, Q

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


# Facts that are the id of a row, and whose. Each is looked up by its name on the day of reading.
ROWS: dict[str, type[Model]] = {
    "patient": Patient,
    "psychologist": Psychologist,
    "service": Service,
    "location": Location,
    "user": User,
    "author": User,
}
BY_LABEL = {label: model for model in ROWS.values() for label in labels_of(model)}


def with_names(entries: Iterable[Entry], *, zone: ZoneInfo) -> list[Entry]:
    """Sets what the cells of a trail read: `who` is an account, the others words. At most a query a kind of row."""
    entries = list(entries)
    asked: defaultdict[type[Model], set[str]] = defaultdict(set)
    for entry in entries:
        asked[User].add(entry.actor_id)
        if model := BY_LABEL.get(entry.target_label):
            asked[model].add(entry.target_code)
        for name in entry.facts.keys() & ROWS.keys():
            asked[ROWS[name]].add(str(entry.facts[name]))
    found = {model: _found(model, ids) for model, ids in asked.items()}
    for entry in entries:
        entry.who = found[User].get(entry.actor_id)
        entry.about = found.get(BY_LABEL.get(entry.target_label), {}).get(entry.target_code)
        entry.words = spaced(entry.verb.replace(".", " "))
        entry.role_label = str(Role(entry.actor_role).label) if entry.actor_role in Role.values else ""
        entry.target_words = label_words(entry.target_label)
        entry.told = [
            (spaced(name), str(row))
            if name in ROWS and (row := found[ROWS[name]].get(str(value)))
            else told(name, value, zone)
            for name, value in entry.facts.items()
        ]
    return entries


def _found(model: type[Model], ids: set[str]) -> dict[str, Model]:
    """Rows by what the trail kept of them: the number of the row, or its code."""
    codes = {word for word in ids if _CODE.fullmatch(word)}
    numbers = {int(word) for word in ids if word.isdecimal() and len(word) < 19}
    rows = model.objects.filter(Q(pk__in=numbers) | Q(code__in=codes))
    if model is Psychologist:
        rows = rows.select_related("user")
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
