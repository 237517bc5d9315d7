"""Makes text comparable: lower case, no accents. And full names, in their script's order."""

from __future__ import annotations

import re
import unicodedata

# Letters that don't decompose into a base letter and a mark.
_LETTERS = str.maketrans({"đ": "d", "ł": "l", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "’": "'"})


# Han, kana and Hangul: names written in them begin with the family's, and no space stands between.
_FAMILY_FIRST = re.compile("[\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+")


def full_name(first: str, last: str) -> str:
    """`Mai Nguyễn`, and `王小明` where both parts are written so."""
    if first > "⺀" and _FAMILY_FIRST.fullmatch(first + last):
        return last + first
    return f"{first} {last}".strip()


def fold(text: str) -> str:
    """Lower case without marks, so that `nguyen` finds `Nguyễn`; other scripts stay as they are."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
