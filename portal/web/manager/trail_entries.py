"""Entries of the trail, made readable: it keeps ids, so the names are looked up for the rows that are shown."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.audit.models import Entry
from portal.billing.models import CreditNote, Invoice, Payment
from portal.clinic.models import Location, Psychologist, Service
from portal.common.labels import model_of
from portal.common.languages.times import when_short
from portal.notifications.models import NoticeWording
from portal.notifications.wording.kinds import KINDS as WORDED
from portal.patients.models import Patient
from portal.policies.models import PolicyVersion
from portal.resources import translations
from portal.resources.models import Resource
from portal.web.manager.trail_facts import GONE, FactReader, joined, spaced
from portal.web.manager.trail_words import VERBS
from portal.website import texts
from portal.website.models import SiteText

_CODE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


# What rows are called, by kind and by what the trail kept of them.
Found = dict[type[models.Model], dict[str, str]]
# The kinds whose name is made of several columns, and no column more: a trail names many rows.
_PERSON = ("preferred_name", "legal_first_name", "legal_last_name")
MADE_OF: dict[type[models.Model], tuple[str, ...]] = {
    Patient: _PERSON,
    Psychologist: ("title", "user__first_name", "user__last_name", "user__email"),
    User: ("first_name", "last_name", "email"),
    Appointment: ("starts_at", "location__time_zone", *(f"patient__{name}" for name in _PERSON)),
    SiteText: ("key", "language"),
    NoticeWording: ("template", "language", "number"),
    PolicyVersion: ("kind", "number"),
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
    "refills": (Appointment,),
    "invoice": (Invoice,),
    "invoices": (Invoice,),
    "payment": (Payment,),
    "note": (CreditNote,),
    "resource": (Resource,),
    "about": (Appointment, Invoice),
}
# The same for names that other deeds use for something else.
ROWS_OF: dict[tuple[str, str], tuple[type[models.Model], ...]] = {("payment.moved", "was"): (Invoice,)}


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
        for name, value in entry.facts.items():
            for kind in _kinds(entry.verb, name):
                asked[kind].update(str(one) for one in _each(value))
    found = {model: _found(model, ids) for model, ids in asked.items()}
    return [_named(entry, found, zone) for entry in entries]


def _kinds(verb: str, name: str) -> tuple[type[models.Model], ...]:
    return ROWS_OF.get((verb, name)) or ROWS.get(name, ())


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _named(entry: Entry, found: Found, zone: ZoneInfo) -> NamedEntry:
    model = model_of(entry.target_label)
    return NamedEntry(
        entry=entry,
        who=found[User].get(entry.actor_id, ""),
        about=_about(entry, found),
        words=VERBS.get(entry.verb) or spaced(entry.verb.replace(".", " ")),
        role_label=str(Role(entry.actor_role).label) if entry.actor_role in Role.values else "",
        target_words=label_words(entry.target_label),
        told=_told(entry, model, found, zone),
    )


def _about(entry: Entry, found: Found) -> str:
    model = model_of(entry.target_label)
    return found[model].get(entry.target_code, "") if model else ""


def _told(entry: Entry, model: type[models.Model] | None, found: Found, zone: ZoneInfo) -> list[tuple[str, str]]:
    """The facts in words, in their order, without those that say what stands beside them already."""
    reader, about = FactReader(entry.verb, model, zone), _about(entry, found)
    pairs = []
    for name, value in joined(reader.said(entry.facts)).items():
        kinds = _kinds(entry.verb, name)
        called = _called(kinds, value, found)
        if called and called in about:
            continue
        if not called and kinds and value not in (None, ""):
            called = GONE
        pairs.append((reader.name(name), called or reader.words(name, value)))
    return pairs


def _called(kinds: tuple[type[models.Model], ...], value: Any, found: Found) -> str:
    """The rows that a fact names, by their names; empty where it names none, or one that is gone."""
    names = [next((called for kind in kinds if (called := found[kind].get(str(one)))), "") for one in _each(value)]
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
        case NoticeWording():
            label = WORDED[row.template].label if row.template in WORDED else row.template
            return f"{label} ({row.language}), version {row.number}"
        case PolicyVersion():
            return f"{row.get_kind_display()}, version {row.number}"
    for name in NAMES:
        if value := getattr(row, name, ""):
            return str(value)
    patient = getattr(row, "patient", None)
    return str(patient.name) if patient else ""


def label_words(label: str) -> str:
    """`appointments.Appointment` as people say it: `appointment`. A model that is gone keeps its own word."""
    model = model_of(label)
    return label.rpartition(".")[2].lower() if model is None else str(model._meta.verbose_name)
