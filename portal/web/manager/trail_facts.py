"""The facts of an entry of the trail in a manager's words: what each is called, and what its value means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from portal.accounts.roles import Role
from portal.appointments.answers import DeclineReason
from portal.appointments.models import CancelReason
from portal.appointments.states import UndoReason
from portal.billing.models import Purpose
from portal.common.documents.kinds import Kind as FileKind
from portal.common.languages.times import date_short, when_dated
from portal.common.money import dollars
from portal.journeys.to_do.kinds import KINDS
from portal.medicare.models import Referral, ReferralLetter
from portal.web.manager.trail_values import VALUES
from portal.web.manager.trail_words import FACTS, FIELDS, ONLY_YES, UNSAID, UNSAID_OF

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+(\+\d{2}:\d{2}|Z)")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Codes that are choices somewhere else than in the row that the entry is about.
_CHOICES: dict[str, Mapping[str, object]] = {
    "role": dict(Role.choices),
    "roles": dict(Role.choices),
    "purpose": dict(Purpose.choices),
    "outcome": {word: label for kind in KINDS.values() for word, label in kind.outcomes.items()},
    "kind": {**dict(FileKind.choices), **{name: kind.title for name, kind in KINDS.items()}},
}
# Why a session was cancelled, and why a step was undone, are said in the same words for different things.
_REASONS: dict[str, Mapping[str, object]] = {
    "appointment.cancelled": dict(CancelReason.choices),
    "appointment.declined": dict(DeclineReason.choices),
    "referral.corrected": dict(Referral.Why.choices),
    "referral.taken_off": dict(Referral.Why.choices),
    "referral_letter.added": dict(ReferralLetter.Why.choices),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A value before and after."""

    before: Any
    after: Any


def joined(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts with `fee_before` and `fee_after` as one change of `fee`, where the first of them stands."""
    found: dict[str, Any] = {}
    for name, value in facts.items():
        stem, _between, when = name.rpartition("_")
        if when == "before" and f"{stem}_after" in facts:
            found[stem] = Change(value, facts[f"{stem}_after"])
        elif not (when == "after" and f"{stem}_before" in facts):
            found[name] = value
    return found


@dataclass(frozen=True, slots=True)
class FactReader:
    """Reads the facts of one entry: `model` is what it is about, times are told on the clock of `zone`."""

    verb: str
    model: type[models.Model] | None
    zone: ZoneInfo

    def said(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Those that are worth a word, a move from one time to another as one."""
        unsaid = UNSAID | UNSAID_OF.get(self.verb, frozenset())
        kept = {n: v for n, v in facts.items() if n not in unsaid and not (n in ONLY_YES and v is False)}
        if self.verb == "appointment.rescheduled" and {"was", "starts_at"} <= kept.keys():
            before = kept.pop("was")
            kept["starts_at"] = Change(before, kept["starts_at"])
        if isinstance(kept.get("fields"), list):
            # What says from what to what needs no word that it changed.
            kept["fields"] = [name for name in kept["fields"] if f"{name}_before" not in kept]
            if not kept["fields"]:
                del kept["fields"]
        return kept

    def name(self, name: str) -> str:
        """A fact as people call it, or as the form of what it is about does."""
        if name == "fields":
            return "Changed"
        return FACTS.get(name) or self._label(name) or spaced(name)

    def words(self, name: str, value: Any) -> str:
        """Its value as people write it: amounts, dates, choices by their labels, fields by those of their form."""
        match value:
            case Change(before=before, after=after):
                return f"{self._one(name, before)} → {self._one(name, after)}"
            case list() if name == "fields":
                # A label may have a comma of its own.
                return ", ".join(f"“{self._label(str(field)) or spaced(str(field))}”" for field in value)
            case list():
                return ", ".join(self._one(name, one) for one in value)
        return self._one(name, value)

    def _one(self, name: str, value: Any) -> str:
        if isinstance(value, str) and (words := self._choice(name, value)):
            return words
        if name.endswith("_cents") and isinstance(value, int):
            return dollars(Decimal(value) / 100)
        if name == "fee":
            return dollars(str(value))
        if name == "position" and isinstance(value, int):
            return str(value + 1)
        if name == "page":
            return str(value).replace(":", ": ").replace("_", " ")
        if self._label(name) and isinstance(value, str) and value.isdecimal():
            # The last digits of a number, as the trail keeps them.
            return f"…{value}"
        return fact_words(value, self.zone)

    def _choice(self, name: str, value: str) -> str:
        if name == "language":
            return str(dict(settings.LANGUAGES).get(value, value))
        choices = _REASONS.get(self.verb, dict(UndoReason.choices)) if name == "reason" else _CHOICES.get(name, {})
        own = dict(getattr(self._field(name), "flatchoices", ())).get(value, "")
        return str(own or choices.get(value) or VALUES.get(name, {}).get(value, ""))

    def _label(self, name: str) -> str:
        words = FIELDS.get(name) or str(getattr(self._field(name), "verbose_name", "") or "")
        return words[:1].upper() + words[1:]

    def _field(self, name: str) -> Any:
        try:
            return self.model._meta.get_field(name) if self.model else None
        except FieldDoesNotExist:
            return None


def spaced(word: str) -> str:
    """`second_factor added` as `Second factor added`: a word of the trail that nobody gave words to."""
    words = word.replace("_", " ")
    return words[:1].upper() + words[1:]


def fact_words(value: Any, zone: ZoneInfo) -> str:
    """A value of no kind that is known here: a time, a day, yes or no, a word."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case str() if _MOMENT.fullmatch(value):
            return when_dated(datetime.fromisoformat(value), zone)
        case str() if _DAY.fullmatch(value):
            return date_short(date.fromisoformat(value))
        case str() if _CODE.fullmatch(value):
            # The code of a row whose kind nobody reads here, or that is gone.
            return GONE
        case str() if _DIGEST.fullmatch(value):
            return f"{value[:8]}…"
        case str():
            return value.replace("_", " ")
    return str(value)


GONE = "no longer kept"
