"""The capitals of people's names, where a name was typed without any, or in nothing else.

Whoever types `van der Berg`, `McDonald` or `bell Hooks` has said how it is written. All small or all in capitals says
nothing, and is written as most people of such a name write it here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# What belongs to the name behind it.
PARTICLES = {
    *("al", "bin", "bint", "binti", "da", "dal", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du"),
    *("el", "ibn", "la", "las", "le", "los", "mac", "mc", "o", "san", "st", "ten", "ter", "van", "von", "zu", "zum"),
}
# Written small before a family name. De Luca, Di Pietro and La Rosa keep their capitals, as families here do.
_SMALL = {
    *("bin", "bint", "binti", "da", "das", "den", "der", "dos", "ibn", "ten", "ter", "van", "von", "zu", "zum"),
}
# Small as well between two others, or before an article: van de Velde, de la Cruz.
_BETWEEN = {"de", "la", "las", "los"}
# Lists of the Netherlands and of Germany put these behind the first name: `Berg, Jan van der`.
_BEHIND = {"de", "den", "der", "ten", "ter", "van", "von", "zu", "zum"}
# In a Vietnamese name Van is one of the given ones.
_VIETNAMESE = {
    *("bui", "dang", "dao", "dinh", "do", "doan", "duong", "hoang", "huynh", "lam", "luong", "luu", "ly", "ngo"),
    *("nguyen", "pham", "phan", "thi", "tran", "trinh", "truong", "vo", "vu"),
}

# What is called by letters (J.R., TJ, AJ), and numbers of the generations.
_INITIALS = re.compile(r"(?!NG)[B-DF-HJ-NP-TV-XZ]{2}|[AEIOUY]J|(?:\w\.)+\w?")
_GENERATION = re.compile(r"I{2,3}|IV")
_PIECE = re.compile(r"[^\W\d_]+")
_APOSTROPHES = "'’‘`ʼʻ"
# O'Brien, D'Arcy and Dell'Acqua; but Ka'iulani and Thiong'o.
_ELIDED = {"dall", "dell", "nell", "sant"}


def are_initials(word: str) -> bool:
    """Whether somebody is called by letters, as `JR` or `T.J.`; Ng is a surname."""
    return bool(_INITIALS.fullmatch(word))


def belongs_behind(words: Sequence[str], n: int) -> bool:
    """Whether the word `words[n]` is part of the name that follows it: `de` in Gia De Luca, `van` in Jan van Dijk."""
    word = words[n].casefold().rstrip(".")
    return word in PARTICLES and not (word == "van" and not _VIETNAMESE.isdisjoint(map(str.casefold, words)))


def particles_behind(words: Sequence[str]) -> int:
    """How many words at the end of a given name belong before the family's: two of `Jan van der`."""
    count = 0
    while count < len(words) - 1 and words[-1 - count].casefold() in _BEHIND:
        count += 1
    behind, others = words[len(words) - count :], words[: len(words) - count]
    # `Hong Van` is a name, and so it is where nothing has a capital, or everything.
    is_given = [word.casefold() for word in behind] == ["van"] and not (
        behind[0].islower() and any(not word.islower() for word in others)
    )
    return 0 if is_given or any(word.istitle() for word in behind) else count


def written(words: Sequence[str], *, is_family_name: bool, among: Sequence[str]) -> str:
    """The words of a part of a name, with a capital where one belongs; `among` is all that was typed of the name."""
    typed_so = any(not word.islower() and not word.isupper() for word in among)
    return " ".join(_written(words, n, is_family_name=is_family_name, typed_so=typed_so) for n in range(len(words)))


def _written(words: Sequence[str], n: int, *, is_family_name: bool, typed_so: bool) -> str:
    word, small = words[n], words[n].casefold()
    if not (word.islower() or word.isupper()) or (word.isupper() and len(word) == 1):
        return word
    is_before_another = is_family_name and n < len(words) - 1
    if is_before_another and (
        small in _SMALL or (small in _BETWEEN and (_is_small(words[:n]) or words[n + 1].casefold() in _BETWEEN))
    ):
        return small
    if typed_so and word.islower() and (n > 0 or (is_before_another and small in PARTICLES)):
        return word
    if _GENERATION.fullmatch(word) or (not is_family_name and are_initials(word)):
        return word
    return _PIECE.sub(_piece, word)


def _is_small(before: Sequence[str]) -> bool:
    return bool(before) and before[-1].casefold() in _SMALL | _BETWEEN


def _piece(found: re.Match[str]) -> str:
    piece, before = found[0], found.string[: found.start()]
    if before.endswith(tuple(_APOSTROPHES)):
        elided = _PIECE.findall(before)[-1:]
        if not (elided and (len(elided[0]) == 1 or elided[0].casefold() in _ELIDED)):
            return piece.lower()
    if re.fullmatch(r"mc[a-z]{3,}", piece, re.IGNORECASE):
        return f"Mc{piece[2:].capitalize()}"
    return piece.capitalize()
