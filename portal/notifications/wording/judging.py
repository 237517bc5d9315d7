"""What is wrong with the words that somebody wrote for one part of a notice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from portal.notifications.wording import neutral
from portal.notifications.wording.fields import Unclosed, pieces
from portal.notifications.wording.kinds import CLOSING, OPENING, OPENING_FOR, Part

# A text longer than the one is refused, one longer than the other is taken with a warning.
MOST_SEGMENTS, MANY_SEGMENTS = 6, 2

# What telephones make a link of: with a scheme, or two parts with a full stop between them; and addresses for mail.
_ADDRESS: Final = re.compile(r"\w+://|\bwww\.|[\w-]+\.[^\W\d_]{2,}(?![\w'’])|@", re.IGNORECASE)
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_OF_SEVERAL_LINES: Final = frozenset({OPENING, OPENING_FOR, CLOSING})


class Fault(NamedTuple):
    """What is wrong with a part: of which kind, and what it is about, such as a field's name."""

    part: str
    kind: str
    about: str = ""


def faults(part: Part, words: str, *, names: Collection[str]) -> Iterator[Fault]:
    """Everything that keeps these words from being sent; `names` are those that no notice may say."""
    if len(words) > part.longest:
        yield Fault(part.name, "long", str(len(words)))
    if _has_unseen(words, many=part.name in _OF_SEVERAL_LINES):
        yield Fault(part.name, "unseen")
    try:
        taken_apart = list(pieces(words))
    except Unclosed:
        yield Fault(part.name, "brace")
        return
    fields = [name for _plain, name in taken_apart[:-1]]
    for name in dict.fromkeys(fields):
        if name not in part.fields:
            yield Fault(part.name, "unknown", name)
    for name in part.fields:
        if name in part.required and name not in fields:
            yield Fault(part.name, "missing", name)
    # A field may turn out empty: then what stands on either side of it is one word.
    read = {glue.join(plain for plain, _name in taken_apart) for glue in ("", " ")}
    if care := {found for text in read for found in neutral.clinical(text)}:
        yield Fault(part.name, "clinical", sorted(care)[0])
    if said := {found for text in read for found in neutral.named(text, names)}:
        yield Fault(part.name, "service", sorted(said)[0])
    if address := _ADDRESS.search(" ".join(plain for plain, _name in taken_apart)):
        yield Fault(part.name, "address", address.group())


def _has_unseen(words: str, *, many: bool) -> bool:
    return any(
        (unicodedata.category(sign) in _UNSEEN and not (many and sign == "\n")) or sign == "\ufffd" for sign in words
    )
