"""Which own words stand: the last of each notice and language, kept in the process, if they may still be sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.module_loading import import_string

from portal.common.kept import kept
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


@kept(NoticeWording)
def everything() -> Mapping[tuple[str, str], Own]:
    """All own words by template and language. Back at the standard words is no entry.

    Read under the stamp of whatever is kept, services among it: renamed or added, they are judged anew.
    """
    names = never_named()
    return {
        (row.template, row.language): Own(row.words, row.written_by, row.written_at, _faults(row, names))
        for row in NoticeWording.objects.newest()
        if row.words and row.template in KINDS
    }


def never_named() -> frozenset[str]:
    """The names that no notice says, as settings.NOTICE_NEVER_NAMES finds them: this app knows no services."""
    names: frozenset[str] = import_string(settings.NOTICE_NEVER_NAMES)()
    return names


def in_force(template: str, language: str, values: Mapping[str, Any]) -> Mapping[str, str]:
    """The own words that this notice goes in, by part; nothing where it goes in the standard words."""
    own = everything().get((template, language))
    if own is None or own.faults or KINDS[template].sends_standard(values):
        return {}
    return own.words


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


def _faults(row: NoticeWording, names: frozenset[str]) -> tuple[Fault, ...]:
    parts = KINDS[row.template].parts
    # A part that a notice no longer has is nothing that could be sent.
    return tuple(
        fault for name, words in row.words.items() if name in parts for fault in faults(parts[name], words, names=names)
    )
