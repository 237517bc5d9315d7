"""Entries of the trail, made readable: it keeps ids, so the names are looked up for the rows that are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db.models import Q

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.common.money import dollars
from portal.common.templatetags.when import when_dated

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+(\+\d{2}:\d{2}|Z)")
_CODE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def with_names(entries: Iterable[Entry], *, zone: str) -> list[Entry]:
    """Sets what the cells of a trail read: `who` and `about` are accounts, the others words. One query."""
    entries = list(entries)
    acting = {int(entry.actor_id) for entry in entries if entry.actor_id.isdecimal()}
    about = {entry.target_code for entry in entries if entry.target_label == User._meta.label}
    found = list(User.objects.filter(Q(pk__in=acting) | Q(code__in=about)))
    by_id, by_code = {str(user.pk): user for user in found}, {str(user.code): user for user in found}
    for entry in entries:
        entry.who = by_id.get(entry.actor_id)
        entry.about = by_code.get(entry.target_code) if entry.target_label == User._meta.label else None
        entry.words = spaced(entry.verb.replace(".", " "))
        entry.role_label = str(Role(entry.actor_role).label) if entry.actor_role in Role.values else ""
        entry.target_words = label_words(entry.target_label)
        entry.told = [told(name, value, zone) for name, value in entry.facts.items()]
    return entries


def spaced(word: str) -> str:
    """`second_factor added` as `Second factor added`. Verbs are machine words, and stay the same in every language."""
    words = word.replace("_", " ")
    return words[:1].upper() + words[1:]


def told(name: str, value: Any, zone: str) -> tuple[str, str]:
    """A fact as a manager reads it: `total_cents 22000` as `Total` and `$220.00`."""
    if name.endswith("_cents") and isinstance(value, int):
        return spaced(name.removesuffix("_cents")), dollars(Decimal(value) / 100)
    return spaced(name), fact_words(value, zone)


def fact_words(value: Any, zone: str) -> str:
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
    try:
        return str(apps.get_model(label)._meta.verbose_name)
    except (LookupError, ValueError):
        return label.rpartition(".")[2].lower()
