"""Small templates that are drawn once and then filled for every row of a long list.

Django works out each tag and each variable of a template again for every row; filling a drawn row costs a hundredth.
So `{% if %}` and the rest are worked out once for each of a stencil's *looks*, and only words are put in its *holes*:

    SLOT = Stencil("components/_slot.html", holes="row span title")

    fill = SLOT.look(kind=block.kind)
    slots = joined(fill((b.row, b.span, b.title)) for b in blocks)

or, where the looks change from row to row, `SLOT.rows(({"kind": b.kind}, (b.row, b.span, b.title)) for b in blocks)`.

A look is everything that decides between the template's branches, with the language. What differs from row to row goes
in holes, and a hole can only be printed: asked (`{% if %}`), filtered, looped over or given to a tag that wants its
words, it is an error when the look is drawn for the first time. Words are escaped in a hole as a template escapes them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, NoReturn

from django.conf import settings
from django.template.loader import get_template
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

Fill = Callable[[Sequence[object]], SafeString]
# What decides between the branches of a row's template, always with the same names, and the words for its holes.
Row = tuple[Mapping[str, object], Sequence[object]]

# No template holds a NUL, and no page may.
_MARK = re.compile("\0([0-9]+)\0")
# What stands in a hole, for whoever comes past its methods.
_TAKEN_APART = "hole-taken-apart"
# What a string must have to be one. Every other question to a hole is a misuse.
_OF_ANY_OBJECT = {"__class__", "__new__", "__init__", "__getattribute__", "__setattr__", "__delattr__", "__doc__"}
_OF_ANY_OBJECT |= {"__init_subclass__", "__subclasshook__"}


class MisusedHole(TypeError):
    """A template did more with a hole than print it."""


class Stencil:
    """A template with `holes`, named in the order in which their words are given."""

    def __init__(self, template: str, *, holes: str) -> None:
        self.template, self.holes = template, tuple(holes.split())

    def look(self, **look: object) -> Fill:
        """Makes the function that draws one row of this look, in the language in use.

        It takes a word for each hole: text, a whole number or anything that says itself in words. Dates, times and
        fractions are written differently from place to place, so it raises TypeError for one.
        """
        # While somebody works on templates, they are read anew.
        if settings.DEBUG:
            return self.drawn_for(**look)
        # Words that are translated late count as what they say now. The kind counts too: 1, 1.0 and True are one key.
        known = tuple(
            (name, str(value) if isinstance(value, (str, Promise)) else value, type(value))
            for name, value in look.items()
        )
        return _remembered(self, known, get_language())

    def rows(self, rows: Iterable[Row]) -> SafeString:
        """Draws rows one after the other, each in its own look."""
        row = self.row()
        return joined([row(look, words) for look, words in rows])

    def row(self) -> Callable[[Mapping[str, object], Sequence[object]], SafeString]:
        """The same row by row, for who puts others in between. Made for one page: each look is asked for once."""
        fills = dict[tuple[object, ...], Fill]()

        def draw(look: Mapping[str, object], words: Sequence[object]) -> SafeString:
            key = (*look.values(), *map(type, look.values()))
            if (fill := fills.get(key)) is None:
                fill = fills[key] = self.look(**look)
            return fill(words)

        return draw

    def drawn_for(self, **look: object) -> Fill:
        """The same of a look that whoever asks keeps themselves (`kept.drawn`): of rows, which change unseen."""
        return _draw(self, look)


def joined(rows: Iterable[SafeString]) -> SafeString:
    """Puts filled rows one after the other."""
    return mark_safe("".join(rows))  # noqa: S308  stencils escape what they are filled with


@lru_cache(maxsize=1024)
def _remembered(stencil: Stencil, look: tuple[tuple[str, object, type], ...], language: str | None) -> Fill:
    return _draw(stencil, {name: value for name, value, _kind in look})


def _draw(stencil: Stencil, look: Mapping[str, object]) -> Fill:
    holes = {name: _Hole(place) for place, name in enumerate(stencil.holes)}
    if holes.keys() & look.keys():
        raise ValueError(f"a name is both a hole and a look of {stencil.template}")
    try:
        drawn = get_template(stencil.template).render(_Given(look, **holes))
    except Exception as error:
        _refuse_misuse(stencil, holes, cause=error)
        raise
    # Templates swallow most of what a value raises when it is asked.
    _refuse_misuse(stencil, holes)
    order = [int(place) for place in _MARK.findall(drawn)]
    row = _MARK.sub("%s", drawn.replace("%", "%%"))
    if _TAKEN_APART in row:
        raise MisusedHole(f"{stencil.template} takes a hole apart")

    def fill(words: Sequence[object]) -> SafeString:
        if len(words) != len(holes):
            raise ValueError(f"{stencil.template} has {len(holes)} holes and got {len(words)} words")
        return SafeString(row % tuple([_written(words[place]) for place in order]))

    return fill


def _refuse_misuse(stencil: Stencil, holes: dict[str, _Hole], *, cause: Exception | None = None) -> None:
    for name, hole in holes.items():
        if hole.is_misused or hole.looked_up > hole.printed:
            raise MisusedHole(f"{stencil.template} may print its hole {name}, and do nothing else with it") from cause


def _written(value: object) -> object:
    """A word as a template writes it, and as `%s` then prints it."""
    kind = type(value)
    if kind is str:
        return html.escape(value)  # type: ignore[arg-type]
    if kind is int or kind is SafeString:
        return value
    if isinstance(value, (Decimal, float, date, time)):
        raise TypeError(f"{value!r} can be written in many ways: put it into words first")
    return conditional_escape(value if isinstance(value, str) else str(value))


class _Given(dict[str, Any]):
    """What the template is drawn with; counts how often it looks up each hole."""

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        if isinstance(value, _Hole):
            value.looked_up += 1
        return value


class _Hole(str):
    """Stands in for a word while a look is drawn. Printing asks a string for its HTML, and for nothing else."""

    place: int
    looked_up: int
    printed: int
    is_misused: bool

    def __new__(cls, place: int) -> _Hole:
        hole = super().__new__(cls, _TAKEN_APART)
        hole.place, hole.looked_up, hole.printed, hole.is_misused = place, 0, 0, False
        return hole

    def __html__(self) -> SafeString:
        self.printed += 1
        return SafeString(f"\0{self.place}\0")


def _misuse(hole: _Hole, *_given: object, **_named: object) -> NoReturn:
    hole.is_misused = True
    raise MisusedHole("a hole can only be printed")


for _name in {*dir(str), "__bool__", "__radd__"} - _OF_ANY_OBJECT:
    setattr(_Hole, _name, _misuse)
