"""Commas, colons and spaces as each language writes them: Chinese and Arabic have their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from unicodedata import bidirectional

from django.utils.translation import get_language, get_language_bidi, pgettext


def comma() -> str:
    """Between two parts of a line that say different things, such as a price and what is left of it."""
    return pgettext("between parts of a line", ", ")


def colon() -> str:
    """Between a label and what it names."""
    return pgettext("after a label", ": ")


def space() -> str:
    """Between two sentences. Chinese has its own in its full stop."""
    return "" if get_language() == "zh-hans" else " "


def ltr(written: Any) -> str:
    """Figures that stay in order among words that run from right to left."""
    text = "" if written is None else str(written)
    return f"\u2066{text}\u2069" if text and get_language_bidi() else text


def apart(written: Any) -> str:
    """A name that keeps its own direction, as in `bdi`, where no element can be.

    Among words that all run from left to right it stays as it is, byte for byte.
    """
    text = "" if written is None else str(written)
    mixed = get_language_bidi() or any(bidirectional(letter) in {"R", "AL"} for letter in text)
    return f"\u2068{text}\u2069" if text and mixed else text


def listed(items: Iterable[Any]) -> str:
    """Things of one kind in a row: `Carlton, Fitzroy`, in Chinese `Carlton、Fitzroy`."""
    return pgettext("between items of a list", ", ").join(apart(item) for item in items)
