"""How many parts a text is sent in, each of which is paid for (3GPP TS 23.038, and 23.040 for those in parts)."""

from __future__ import annotations

from typing import Final, NamedTuple

_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Two septets each.
_EXTENDED: Final = frozenset("^{}\\[~]|€\f")


class Size(NamedTuple):
    """How a text is sent: as Unicode where a letter is not in the alphabet of phones."""

    segments: int
    letters: int
    is_unicode: bool


def size_of(text: str) -> Size:
    """The parts that a text takes; 0 for none. An escaped letter or a pair of surrogates is never torn apart."""
    is_unicode = not set(text) <= _GSM | _EXTENDED
    if is_unicode:
        widths, alone, part = [1 + (ord(letter) > 0xFFFF) for letter in text], 70, 67
    else:
        widths, alone, part = [1 + (letter in _EXTENDED) for letter in text], 160, 153
    total = sum(widths)
    if total <= alone:
        return Size(int(total > 0), total, is_unicode)
    segments, room = 1, part
    for width in widths:
        if width > room:
            segments, room = segments + 1, part
        room -= width
    return Size(segments, total, is_unicode)
