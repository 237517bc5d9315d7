"""The rows of a week of working hours: filled, for a week has some fifteen of them with five controls each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.forms import BoundField
from django.template.loader import render_to_string
from django.utils.formats import localize
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.common.forms.shown import Conflict
from portal.common.web.stencils import Row, Stencil
from portal.web.hours.forms import ShiftForm, WeekForm

_SHIFT = Stencil(
    "hours/_shift.html",
    holes="name weekday starts starts_label ends ends_label place place_label remove since errors "
    "terms ways first first_label last last_label",
)


class Day(NamedTuple):
    """A weekday on the page: its windows, and the row to add one, where that is still empty."""

    number: int
    name: str
    rows: SafeString
    empty: SafeString
    conflict: Conflict | None

    @property
    def anchor(self) -> str:
        """Where the page says what was saved meanwhile."""
        return f"day-{self.number}"


def drawn_days(week: WeekForm, *, in_several_places: bool) -> Iterator[Day]:
    """The days of the page, with what was saved meanwhile where another page changed one too."""
    for number, name, rows, empty in week.days():
        windows = _SHIFT.rows(_row(form, name, in_several_places=in_several_places) for form in rows)
        to_add = [_row(empty, name, in_several_places=in_several_places, is_new=True)] if empty else []
        yield Day(number, name, windows, _SHIFT.rows(to_add), week.conflicts.get(number))


def _row(form: ShiftForm, name: str, *, in_several_places: bool, is_new: bool = False) -> Row:
    in_several_ways = len(form.ways) > 1
    starts, ends, place = form["starts"], form["ends"], form["location"]
    has_errors = bool(form.errors)
    since = starts.value()
    return (
        {
            "has_errors": has_errors,
            "in_several_places": in_several_places,
            "is_new": is_new,
            "in_several_ways": in_several_ways,
            "is_open": any(name in form.errors for name in ("modes", "valid_from", "valid_until")),
        },
        (
            name,
            _control(form["weekday"]),
            _control(starts),
            starts.label,
            _control(ends),
            ends.label,
            _control(place) if in_several_places else place.as_hidden(),
            place.label,
            "" if is_new else _control(form["remove"]),
            str(localize(since)) if since else "",
            SafeString(render_to_string("hours/_shift_errors.html", {"row": form})) if has_errors else "",
            form.terms or str(_("Always, every way") if in_several_ways else _("Always")),
            _control(form["modes"]) if in_several_ways else SafeString(),
            _control(form["valid_from"]),
            form["valid_from"].label,
            _control(form["valid_until"]),
            form["valid_until"].label,
        ),
    )


def _control(field: BoundField) -> SafeString:
    return SafeString(field)
