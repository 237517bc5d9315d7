"""What may stand in the trail's facts: ids, numbers, dates and short machine words. Never a sentence, never a name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from django.utils import timezone


class NotAFact(ValueError):
    """This value may hold words about a person; the message names the fact, never the value."""


MOST_FACTS = 20
MOST_ITEMS = 50
# Nine digits hold any id and any amount of ours; a telephone or Medicare number has ten or more.
MOST_NUMBER = 999_999_999

_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_VERB = re.compile(r"[a-z]+(?:_[a-z]+){0,4}\.[a-z]+(?:_[a-z]+){0,4}")
_TEXT = re.compile(
    r"""
      (?=.{1,40}\Z) [a-z][a-z0-9]* (?: [_.:-][a-z0-9]+ ){0,3}     # no_show, en-au, referral.expired: four parts at most
    | -?[0-9]{1,9} (?: \.[0-9]{1,4} )?                            # 80110, 12.50
    | [A-Z]{2,4}-[0-9A-F]{8}                                      # INV-0A1B2C3D
    | [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}
    | [0-9a-f]{64}                                                # a digest
    | [0-9]{4}-[0-9]{2}-[0-9]{2} (?: T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})? (?: Z | [+-][0-9]{2}:[0-9]{2} ) )?
    """,
    re.VERBOSE | re.ASCII,
)


def checked_verb(verb: str) -> str:
    """A noun and a past participle, `appointment.booked`; raises NotAFact."""
    if len(verb) > 60 or not _VERB.fullmatch(verb):
        raise NotAFact("A verb of the trail looks like appointment.booked.")
    return verb


def checked(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as they are stored; raises NotAFact."""
    if len(facts) > MOST_FACTS:
        raise NotAFact(f"An entry of the trail takes {MOST_FACTS} facts at most.")
    return {_checked_key(key): _fact(key, value) for key, value in facts.items()}


def _checked_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise NotAFact("The name of a fact is one short word in lower case.")
    return key


def _fact(key: str, value: Any) -> Any:
    match value:
        case list() | tuple():
            return [_scalar(key, item) for item in _few(key, value)]
        case set() | frozenset():
            return sorted((_scalar(key, item) for item in _few(key, value)), key=str)
    return _scalar(key, value)


def _few(key: str, items: Any) -> Any:
    if len(items) > MOST_ITEMS:
        raise NotAFact(f"The fact {key!r} has more than {MOST_ITEMS} items.")
    return items


def _scalar(key: str, value: Any) -> bool | int | str | None:
    if isinstance(value, Enum):
        value = value.value
    match value:
        case None | bool():
            return value
        case int() if abs(value) <= MOST_NUMBER:
            return int(value)
        case UUID():
            return str(value)
        case datetime() if timezone.is_aware(value):
            return value.astimezone(UTC).isoformat()
        case date() if not isinstance(value, datetime):
            return value.isoformat()
        case Decimal() if value.is_finite():
            return _text(key, format(value, "f"))
        case str():
            return _text(key, value)
    raise NotAFact(f"The fact {key!r} is a {type(value).__name__} that the trail does not take.")


def _text(key: str, value: str) -> str:
    if not _TEXT.fullmatch(value):
        raise NotAFact(f"The fact {key!r} is no machine word, number, code or date: it may be words about a person.")
    return str(value)
