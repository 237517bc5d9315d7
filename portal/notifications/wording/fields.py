"""Merge fields: `{when}` in a manager's words, and what stands in its place for one reader.

No word of a manager is ever read as a template, and no value as words: the words are taken apart once, and each value
is put between the pieces as it is, whatever braces a name may have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.template import Context, Engine, Template
from django.utils.functional import Promise

_PIECE: Final = re.compile(r"\{([^{}]*)\}")
# Braces of other keyboards count as braces: nobody should see one that did nothing.
_BRACES: Final = str.maketrans("｛｝", "{}")


class Unclosed(ValueError):
    """A brace without its other half."""


@dataclass(frozen=True, slots=True)
class Field:
    """A merge field by the name that a manager types. `source` is a template of ours, over what a notice knows.

    Where `is_sentence`, it is a whole sentence, or nothing where there is nothing to say.
    """

    name: str
    meaning: str | Promise
    source: str
    is_sentence: bool = False


def pieces(words: str) -> Iterator[tuple[str, str]]:
    """Plain words, each with the name of the field that follows, which is empty after the last; raises Unclosed."""
    words, at = words.translate(_BRACES), 0
    for found in _PIECE.finditer(words):
        yield _plain(words[at : found.start()]), " ".join(found[1].split()).casefold()
        at = found.end()
    yield _plain(words[at:]), ""


def names_in(words: str) -> list[str]:
    """The fields that are named, in their order; raises Unclosed."""
    return [name for _plain_words, name in pieces(words) if name]


def fill(words: str, fields: Mapping[str, Field], values: Mapping[str, Any]) -> str:
    """The words with what the fields are for this reader, in the language that is active; nothing is escaped."""
    context = Context(dict(values), autoescape=False)
    said = []
    for plain, name in pieces(words):
        said += [plain, _compiled(fields[name].source).render(context).strip()] if name else [plain]
    return "".join(said)


def value(field: Field, values: Mapping[str, Any]) -> str:
    """What one field is for this reader."""
    return _compiled(field.source).render(Context(dict(values), autoescape=False)).strip()


def _plain(words: str) -> str:
    if "{" in words or "}" in words:
        raise Unclosed
    return words


@cache
def _compiled(source: str) -> Template:
    return Engine.get_default().from_string(source)
