"""What differs between two texts of any length that an article may have, in bounded time."""

from __future__ import annotations

from portal.common.text.differences import ADDED, REMOVED, SAME, Paragraph, Piece, by_paragraphs

# Lines that changed, the old ones times the new ones: beyond this they are told apart as two blocks. Comparing
# thirty thousand equal lines with one another would take minutes.
MOST_PAIRS = 250_000


def compare(before: str, after: str) -> list[Paragraph]:
    """Paragraphs of `after` with what was added and removed. What both begin and end with is not looked at twice."""
    old, new = _lines(before), _lines(after)
    shorter = min(len(old), len(new))
    start = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    most = shorter - start
    end = next((n for n in range(most) if old[-1 - n] != new[-1 - n]), most)
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    if len(middle_old) * len(middle_new) > MOST_PAIRS:
        middle = [_whole(REMOVED, middle_old), _whole(ADDED, middle_new)]
    else:
        middle = by_paragraphs(middle_old, middle_new)
    return [*map(_same, new[:start]), *middle, *map(_same, new[len(new) - end :])]


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _same(line: str) -> Paragraph:
    return Paragraph(SAME, (Piece(SAME, line),))


def _whole(kind: str, lines: list[str]) -> Paragraph:
    return Paragraph(kind, (Piece(kind, "\n".join(lines)),))
