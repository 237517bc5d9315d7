"""What may be read over a shoulder says nothing of care and names no service: the one rule for every notice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import Final

# By language; English is looked for in all of them.
WORDS: Final = {
    "en-au": r"psycholog|therap|counsel|mental|clinical|treatment|diagnos|depress|anxi|\bgp\b|referral",
    "vi": r"tâm lý|trị liệu|tham vấn|điều trị|bác sĩ|chẩn đoán",
    "zh-hans": r"心理|咨询|治疗|诊断|转介",
    "ar": r"نفسي|علاج|تشخيص|إحالة",
}
_ANY: Final = re.compile("|".join(WORDS.values()), re.IGNORECASE)
# Letters of scripts that put nothing between words: whatever contains the name says it.
_WITHOUT_SPACES: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]")


def clinical(text: str, language: str | None = None) -> list[str]:
    """The words of care in a text; of any of the languages where none is named."""
    text = _plain(text)
    if language is None:
        return [found.group() for found in _ANY.finditer(text)]
    patterns = dict.fromkeys((WORDS["en-au"], WORDS[language]))
    return [found.group() for pattern in patterns for found in re.finditer(pattern, text, re.IGNORECASE)]


def named(text: str, names: Iterable[str]) -> list[str]:
    """Which of these names a text says, whatever their capitals and spaces."""
    said = _words(text)
    return [name for name in names if (words := _words(name)) and _is_in(words, said)]


def cleared(text: str, names: Collection[str]) -> bool:
    """Whether a text says neither a word of care nor one of these names."""
    return not clinical(text) and not named(text, names)


def _is_in(name: str, said: str) -> bool:
    if _WITHOUT_SPACES.search(name):
        return name in said
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said) is not None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _words(text: str) -> str:
    return " ".join(_plain(text).casefold().split())
