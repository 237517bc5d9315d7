"""Which own words stand: the last of each notice and language, kept in the process, as long as they may be sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.module_loading import import_string

from portal.common.kept import kept, one_question
from portal.notifications.models import NoticeWording
from portal.notifications.wording.fields import fill
from portal.notifications.wording.judging import Fault, faults
from portal.notifications.wording.kinds import (
    CLOSING,
    KINDS,
    OPENING,
    OPENING_FOR,
    SUBJECT,
    SUBJECT_FOR,
    TEXT,
)


class Own(NamedTuple):
    """The clinic's own words for a notice in one language, by part, and what keeps them from being sent."""

    words: Mapping[str, str]
    written_by: str
    written_at: datetime
    faults: tuple[Fault, ...]


class _Row(NamedTuple):
    words: Mapping[str, str]
    written_by: str
    written_at: datetime


@kept(NoticeWording)
def _rows() -> Mapping[tuple[str, str], _Row]:
    """The last version of each notice and language. Back at the standard words is no entry."""
    return {
        (row.template, row.language): _Row(row.words, row.written_by, row.written_at)
        for row in NoticeWording.objects.newest()
        if row.words and row.template in KINDS
    }


def everything() -> Mapping[tuple[str, str], Own]:
    """All own words by template and language, each judged by what services are called now."""
    with one_question():
        names = never_named()
        return {
            (template, language): Own(row.words, row.written_by, row.written_at, _faults(template, row.words, names))
            for (template, language), row in _rows().items()
        }


def never_named() -> frozenset[str]:
    """The names that no notice says, kept by settings.NOTICE_NEVER_NAMES: this app knows no services."""
    names: frozenset[str] = import_string(settings.NOTICE_NEVER_NAMES)()
    return names


def in_force(template: str, language: str, values: Mapping[str, Any]) -> Mapping[str, str]:
    """The own words that this notice goes in, by part; nothing where it goes in the standard words."""
    row = _rows().get((template, language))
    if row is None or KINDS[template].sends_standard(values) or _faults(template, row.words, never_named()):
        return {}
    return row.words


def said(template: str, words: Mapping[str, str], values: Mapping[str, Any], *, on_phone: bool) -> dict[str, str]:
    """These own words as their reader gets them: `text` on a phone, else `subject`, `opening` and `closing`."""
    kind, for_another = KINDS[template], bool(values.get("whose"))
    if on_phone:
        chosen = {TEXT: TEXT}
    else:
        chosen = {
            SUBJECT: SUBJECT_FOR if for_another and SUBJECT_FOR in kind.parts else SUBJECT,
            OPENING: OPENING_FOR if for_another and OPENING_FOR in kind.parts else OPENING,
            CLOSING: CLOSING,
        }
    return {
        name: fill(words[part], kind.parts[part].fields, values) for name, part in chosen.items() if words.get(part)
    }


def _faults(template: str, words: Mapping[str, str], names: frozenset[str]) -> tuple[Fault, ...]:
    return _judged(template, tuple(words.items()), names)


@lru_cache(maxsize=512)
def _judged(template: str, words: tuple[tuple[str, str], ...], names: frozenset[str]) -> tuple[Fault, ...]:
    parts = KINDS[template].parts
    # A part that a notice no longer has is nothing that could be sent.
    return tuple(fault for name, text in words if name in parts for fault in faults(parts[name], text, names=names))
