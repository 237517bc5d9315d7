"""The standard words as a manager would have written them: what ships, with merge fields in place of its values."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.template import Context, Engine
from django.utils import translation

from portal.common.kept import one_question
from portal.notifications import letterhead
from portal.notifications.wording import samples
from portal.notifications.wording.fields import value
from portal.notifications.wording.kinds import CLOSING, KINDS, OPENING_FOR, SUBJECT_FOR, Part

_FILES: Final = {
    "text": "text.txt",
    "subject": "subject.txt",
    SUBJECT_FOR: "subject.txt",
    "opening": "opening.txt",
    OPENING_FOR: "opening.txt",
}
# Around a name in languages that run from right to left. Fields bring their own.
_ISOLATED: Final = re.compile("[\u2066-\u2068](\\{[^{}]*\\})\u2069")


def words_of(template: str, language: str, *, now: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Every part of one notice that can be worded, in the standard words."""
    kind = KINDS[template]
    with one_question(), translation.override(language):
        values = {**letterhead.context(), **samples.context(template, now=now, zone=zone)}
        return {name: _words(template, part, values) for name, part in kind.parts.items()}


def _words(template: str, part: Part, values: dict[str, Any]) -> str:
    if part.name == CLOSING:
        return ""
    values = values | {"whose": samples.WHOSE if part.name in {SUBJECT_FOR, OPENING_FOR} else ""}
    name = f"notifications/{template}/{_FILES[part.name]}"
    written = Engine.get_default().get_template(name).render(Context(values, autoescape=False))
    words = " ".join(written.split())
    shown = {one.name: " ".join(value(one, values).split()) for one in part.fields.values()}
    # The longest first: a sentence may hold the time.
    for field, its in sorted(shown.items(), key=lambda each: -len(each[1])):
        for said in dict.fromkeys((its, _bare(its))):
            if said:
                words = words.replace(said, f"{{{field}}}")
    return _bare(_ISOLATED.sub(r"\1", words))


def _bare(words: str) -> str:
    return "".join(sign for sign in words if unicodedata.category(sign) != "Cf")
