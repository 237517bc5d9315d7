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

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.audit.models import Entry
from portal.billing.models import Invoice
from portal.clinic.models import Location, Psychologist, Service
from portal.common.labels import model_of
from portal.common.languages.times import when_dated, when_short
from portal.common.money import dollars
from portal.patients.models import Patient
from portal.resources import translations
from portal.resources.models import Resource
from portal.website import texts
from portal.website.models import SiteText

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+(\+\d{2}:\d{2}|Z)")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


# The kinds whose name is made of several columns, and no column more: a trail names many rows.
_PERSON = ("preferred_name", "legal_first_name", "legal_last_name")
MADE_OF: dict[type[models.Model], tuple[str, ...]] = {
    Patient: _PERSON,
    Psychologist: ("title", "user__first_name", "user__last_name", "user__email"),
    User: ("first_name", "last_name", "email"),
    Appointment: ("starts_at", "location__time_zone", *(f"patient__{name}" for name in _PERSON)),
    SiteText: ("key", "language"),
}
# In which column a row of any other kind has its name; what has none of them is called by whose it is.
NAMES = ("number", "name", "title", "email")
# Facts that are the id of a row, and of which kinds it may be. Each is looked up by its name on the day of reading.
ROWS: dict[str, tuple[type[models.Model], ...]] = {
    "patient": (Patient,),
    "psychologist": (Psychologist,),
    "service": (Service,),
    "services": (Service,),
    "location": (Location,),
    "user": (User,),
    "author": (User,),
    "asked_by": (User,),
    "appointment": (Appointment,),
    "invoice": (Invoice,),
    "resource": (Resource,),
    "about": (Appointment, Invoice),
}


# What the machine's words would not tell a manager.
WORDS = {
    "account.sign_in_failed": "Sign-in failed: wrong password or code",
    "account.sign_in_slowed": "Sign-in slowed down: too many wrong tries",
    "account.page_refused": "Page refused: not for this role",
    "account.record_not_found": "Looked for a patient's record; none fitted",
    "clinic.changed": "Clinic settings changed",
    "policy_settings.changed": "What policies say changed",
    "resource.seen": "Shared file opened",
    "resource.shared": "File shared",
    "resource.share_withdrawn": "Shared file taken back",
    "to_do.closed": "To do settled by itself",
    "carer.added": "Carer added: signs in for the patient from now on",
    "carer.ended": "Carer ended: signs in for the patient no longer",
    "carer.files_opened": "Patient lets a carer open shared files",
    "carer.files_closed": "Patient lets a carer open shared files no longer",
    "patient.linked": "Account linked: opens the patient's record from now on",
    "patient.unlinked": "Account unlinked: opens the patient's record no longer",
}
# What an outcome means to a person, where the machine's word says something else beside it.
OUTCOMES = {"reopened": "what it was about was opened again"}
GONE = "no longer kept"
# It names a row without a name: who it is stands beside it, as `user`.
UNSAID = frozenset({"carer"})


@dataclass(frozen=True, slots=True)
class NamedEntry:
    """What the cells of a trail say of one entry; `who` and `about` are empty where nothing is there of that name."""

    entry: Entry
    who: str
    about: str
    words: str
    role_label: str
    target_words: str
    told: list[tuple[str, str]]


def with_names(entries: Iterable[Entry], *, zone: ZoneInfo) -> list[NamedEntry]:
    """The entries with the names in them, in their order. At most a query a kind of row."""
    entries = list(entries)
    asked: defaultdict[type[models.Model], set[str]] = defaultdict(set)
    for entry in entries:
        asked[User].add(entry.actor_id)
        if model := model_of(entry.target_label):
            asked[model].add(entry.target_code)
        for name in entry.facts.keys() & ROWS.keys():
            for kind in ROWS[name]:
                asked[kind].update(str(value) for value in _each(entry.facts[name]))
    found = {model: _found(model, ids) for model, ids in asked.items()}
    return [_named(entry, found, zone) for entry in entries]


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _named(entry: Entry, found: dict[type[models.Model], dict[str, str]], zone: ZoneInfo) -> NamedEntry:
    model = model_of(entry.target_label)
    return NamedEntry(
        entry=entry,
        who=found[User].get(entry.actor_id, ""),
        about=found[model].get(entry.target_code, "") if model else "",
        words=WORDS.get(entry.verb) or spaced(entry.verb.replace(".", " ")),
        role_label=str(Role(entry.actor_role).label) if entry.actor_role in Role.values else "",
        target_words=label_words(entry.target_label),
        told=[
            (fact_name(name, model), called)
            if (called := _called(name, value, found))
            else told(name, value, zone, model)
            for name, value in entry.facts.items()
            if name not in UNSAID
        ],
    )


def _called(name: str, value: Any, found: dict[type[models.Model], dict[str, str]]) -> str:
    """The rows that a fact names, by their names; empty where it names none, or one that is gone."""
    names = [
        next((called for kind in ROWS.get(name, ()) if (called := found[kind].get(str(one)))), "")
        for one in _each(value)
    ]
    return ", ".join(names) if all(names) else ""


def _found(model: type[models.Model], ids: set[str]) -> dict[str, str]:
    """What rows are called, by what the trail kept of them: the number of the row, or its code."""
    columns = {field.name for field in model._meta.concrete_fields}
    read = MADE_OF.get(model) or tuple(name for name in NAMES if name in columns)[:1]
    whose = () if read or "patient" not in columns else tuple(f"patient__{name}" for name in _PERSON)
    if not read and not whose:
        return {}
    numbers = {int(word) for word in ids if word.isdecimal() and len(word) < 19}
    wanted = Q(pk__in=numbers)
    if "code" in columns:
        wanted |= Q(code__in={word for word in ids if _CODE.fullmatch(word)})
    joined = {path.partition("__")[0] for path in (*read, *whose) if "__" in path}
    rows = (
        model._default_manager.filter(wanted).select_related(*joined)
        if joined
        else (model._default_manager.filter(wanted))
    )
    shown = rows.only("pk", *({"code"} & columns), *read, *whose)
    named = [(row, name_of(row)) for row in shown]
    return {str(key): name for row, name in named for key in (row.pk, getattr(row, "code", None)) if key and name}


def name_of(row: models.Model) -> str:
    """What people call it: a name, an invoice's number, a session by whose it is and when."""
    match row:
        case Patient() | Psychologist() | User():
            return str(row.name)
        case Appointment():
            at = when_short(row.starts_at, row.location.zone)
            return f"{row.patient.name}, {at}" if row.patient else at
        case SiteText():
            page, text = texts.find(row.key, row.language, further=translations.pages()) or (None, None)
            return f"{page.label}: {text.label}" if page and text else ""
    for name in NAMES:
        if value := getattr(row, name, ""):
            return str(value)
    patient = getattr(row, "patient", None)
    return str(patient.name) if patient else ""


def spaced(word: str) -> str:
    """`second_factor added` as `Second factor added`. Verbs are machine words, and stay the same in every language."""
    words = word.replace("_", " ")
    return words[:1].upper() + words[1:]


def fact_name(name: str, model: type[models.Model] | None) -> str:
    """A field as its form calls it, with `before` or `after` where the fact says so; any other fact by its own word."""
    stem, _between, when = name.rpartition("_")
    if when in {"before", "after"} and (label := _label(stem, model)):
        return f"{label} {when}"
    return _label(name, model) or spaced(name)


def _label(name: str, model: type[models.Model] | None) -> str:
    """What forms call this field of the model; empty where it has none of that name, or no word for it."""
    try:
        field = model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return ""
    words = str(getattr(field, "verbose_name", "") or "")
    return words[:1].upper() + words[1:]


def _choice(name: str, value: Any, model: type[models.Model] | None) -> str:
    """What a choice of the model's field is called; empty where it is none."""
    try:
        field = model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return ""
    return str(dict(getattr(field, "flatchoices", ())).get(value, ""))


def told(name: str, value: Any, zone: ZoneInfo, model: type[models.Model] | None = None) -> tuple[str, str]:
    """A fact as a manager reads it: `total_cents 22000` as `Total` and `$220.00`, fields as their forms call them."""
    if name == "fields":
        return "Changed", ", ".join(fact_name(str(field), model) for field in _each(value))
    if name in ROWS and value not in (None, ""):
        return fact_name(name, model), GONE
    if name == "outcome" and value in OUTCOMES:
        return spaced(name), OUTCOMES[value]
    if name.endswith(("_before", "_after")) and isinstance(value, str):
        return fact_name(name, model), f"…{value}" if value.isdecimal() else value
    if isinstance(value, str) and (words := _choice(name, value, model)):
        return fact_name(name, model), words
    if name.endswith("_cents") and isinstance(value, int):
        return spaced(name.removesuffix("_cents")), dollars(Decimal(value) / 100)
    if name == "language":
        return spaced(name), str(dict(settings.LANGUAGES).get(value, value))
    return fact_name(name, model), fact_words(value, zone)


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
            # The code of a row whose kind nobody reads here, or that is gone.
            return GONE
        case str() if _DIGEST.fullmatch(value):
            return f"{value[:8]}…"
        case str():
            return value.replace("_", " ")
    return str(value)


def label_words(label: str) -> str:
    """`appointments.Appointment` as people say it: `appointment`. A model that is gone keeps its own word."""
    model = model_of(label)
    return label.rpartition(".")[2].lower() if model is None else str(model._meta.verbose_name)
