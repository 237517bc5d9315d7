"""What differs between two texts, by paragraph and by word, for templates/components/_difference.html."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

SAME, ADDED, REMOVED, CHANGED = "same", "added", "removed", "changed"
# Comparing word by word grows with the square of the length: longer paragraphs are told apart as a whole.
MOST_WORDS = 1500
# The same for finding out which paragraph was rewritten into which.
MOST_PAIRS = 2500
_WORDS = re.compile(r"\s+|[^\s\w]|\w+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words: `same`, `added` or `removed`."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`same`, `added`, `removed`, or `changed` with pieces of each kind."""

    kind: str
    pieces: tuple[Piece, ...]


def by_words(before: str, after: str) -> tuple[Piece, ...]:
    """One paragraph against another; joined, the pieces that are not added are `before`, those not removed `after`."""
    if before == after:
        return (Piece(SAME, after),) if after else ()
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(old), len(new)) > MOST_WORDS:
        return tuple(Piece(kind, text) for kind, text in ((REMOVED, before), (ADDED, after)) if text)
    pieces = []
    for op, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if op == "equal":
            pieces.append(Piece(SAME, "".join(new[c:d])))
            continue
        if b > a:
            pieces.append(Piece(REMOVED, "".join(old[a:b])))
        if d > c:
            pieces.append(Piece(ADDED, "".join(new[c:d])))
    return tuple(pieces)


def by_paragraphs(before: Sequence[str], after: Sequence[str]) -> list[Paragraph]:
    """Paragraphs in the order of the page; one that was rewritten is shown once, with its words marked."""
    found: list[Paragraph] = []
    for op, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if op == "equal":
            found += [Paragraph(SAME, (Piece(SAME, text),)) for text in after[c:d]]
            continue
        old, new = list(before[a:b]), list(after[c:d])
        pairs = len(old) * len(new) <= MOST_PAIRS
        for text in new:
            likest = max(((_likeness(other, text), k) for k, other in enumerate(old) if pairs), default=(0, 0))
            if likest[0] < 0.4:
                found.append(Paragraph(ADDED, (Piece(ADDED, text),)))
                continue
            # What stood before the twin and has none itself went away here.
            found += [_removed(other) for other in old[: likest[1]]]
            del old[: likest[1]]
            found.append(Paragraph(CHANGED, by_words(old.pop(0), text)))
        found += [_removed(text) for text in old]
    return found


def changed_only(paragraphs: Iterable[Paragraph]) -> list[Paragraph]:
    """Those that were added, taken away or changed."""
    return [paragraph for paragraph in paragraphs if paragraph.kind != SAME]


def _removed(text: str) -> Paragraph:
    return Paragraph(REMOVED, (Piece(REMOVED, text),))


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.split()[:200], other.split()[:200], autojunk=False).ratio()
