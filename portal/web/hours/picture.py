"""A picture of what a week comes to, beside the form that changes it: bars, and the same in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.utils.dateformat import time_format
from django.utils.timezone import make_naive
from django.utils.translation import gettext as _

from portal.appointments import closed
from portal.appointments.closed import Shut
from portal.appointments.models import TimeSlot, WorkingHours
from portal.appointments.models.hours import DAY_MINUTES
from portal.appointments.worked_week import Piece, Why, WorkedDay, days_of
from portal.clinic.models import Location, Mode
from portal.common.languages.times import clock_of, day_month, day_short, weekday_short
from portal.web.hours.forms import terms_in_words

AHEAD = timedelta(days=365)
# No year of somebody's has more weeks that are worth a look.
MOST_WEEKS = 60
LOOKS = 3


class Bar(NamedTuple):
    """A piece of a day as it is drawn: where, in percent of the breadth, and how it looks."""

    x: str
    width: str
    look: str
    # Laid over it where it is for some ways of meeting alone, or nobody can be booked in it.
    pattern: str


class Row(NamedTuple):
    """A day: its bars, and what they say in words."""

    title: str
    is_today: bool
    bars: Sequence[Bar]
    words: Sequence[str]


class Mark(NamedTuple):
    """What a look of bars stands for."""

    look: str
    pattern: str
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A week, the weeks beside it, and those in which something is different."""

    monday: date
    rows: Sequence[Row]
    hours: Sequence[str]
    marks: Sequence[Mark]
    total: float
    weeks: Sequence[tuple[date, str]]

    @property
    def title(self) -> str:
        return f"{day_short(self.monday)} – {day_short(self.monday + timedelta(days=6))}"

    @property
    def before(self) -> date:
        return self.monday - timedelta(days=7)

    @property
    def after(self) -> date:
        return self.monday + timedelta(days=7)


def asked_week(said: str | None, *, today: date) -> date:
    """The Monday of the week that an address or a form names by any of its days; of no such day, of today."""
    try:
        day = date.fromisoformat(said or "")
    except ValueError:
        day = today
    day = day if 2000 <= day.year <= 2100 else today
    return day - timedelta(days=day.weekday())


def picture_of(
    monday: date,
    *,
    hours: Sequence[WorkingHours],
    slots: Sequence[TimeSlot],
    ways: Sequence[Mode],
    usual: Location | None,
    today: date,
) -> Picture:
    """Draws the week from `monday` as these hours make it, stored or not. No query."""
    days = days_of(monday, hours=hours, slots=slots, ways=ways, usual=usual)
    places = list(dict.fromkeys(window.location for window in hours))
    places += [piece.place for day in days for piece in day.pieces if piece.place not in places]
    first, last, parts = _bounds(days)
    looks = {place.pk: f"place-{n % LOOKS}" for n, place in enumerate(places)}
    several = len(looks) > 1
    return Picture(
        monday,
        rows=[_row(day, looks, several, first=first * 60, last=last * 60, today=today) for day in days],
        hours=[_on_scale(hour) for hour in range(first, last + 1, (last - first) // parts)],
        marks=list(_marks(days, looks, several)),
        total=sum(day.minutes for day in days) / 60,
        weeks=_different_weeks(monday, hours=hours, slots=slots, today=today),
    )


def _bounds(days: Iterable[WorkedDay]) -> tuple[int, int, int]:
    """From which hour to which the picture goes, and into how many parts of whole hours its scale falls."""
    pieces = [piece for day in days for piece in day.pieces]
    first = min([8, *(piece.starts // 60 for piece in pieces)])
    last = max([20, *(-(-piece.ends // 60) for piece in pieces)])
    while True:
        if parts := next((parts for parts in (4, 5, 3) if (last - first) % parts == 0), 0):
            return first, last, parts
        first, last = (first, last + 1) if last < 24 else (first - 1, last)


def _row(day: WorkedDay, looks: Mapping[int, str], several: bool, *, first: int, last: int, today: date) -> Row:
    breadth = last - first
    bars = [
        Bar(
            f"{(piece.starts - first) / breadth:.3%}",
            f"{(piece.ends - piece.starts) / breadth:.3%}",
            looks[piece.place.pk] if piece.is_open else "out",
            _pattern(piece),
        )
        for piece in day.pieces
    ]
    words = [_in_words(piece, names_place=several) for piece in day.pieces if piece.is_open]
    words += [_("Closed: %(why)s") % {"why": label} for label in day.closed]
    words += [_("Away: %(why)s") % {"why": label} if label else _("Away") for label in day.away]
    return Row(f"{weekday_short(day.day)} {day_month(day.day)}", day.day == today, bars, words or [_("Not working")])


def _pattern(piece: Piece) -> str:
    if not piece.is_open:
        return "out"
    return piece.modes[0] if len(piece.modes) == 1 else ("some" if piece.modes else "")


def _in_words(piece: Piece, *, names_place: bool) -> str:
    """`9:00 am – 12:00 pm, Brunswick, Video only`."""
    ends = _("midnight") if piece.ends == DAY_MINUTES else _clock(piece.ends)
    extra = _("extra hours") if piece.why == Why.EXTRA else ""
    terms = terms_in_words([mode.label for mode in piece.modes], None, None)
    said = (f"{_clock(piece.starts)} – {ends}", piece.place.name if names_place else "", terms, extra)
    return ", ".join(part for part in said if part)


def _on_scale(hour: int) -> str:
    """`8 am`: five of them stand in a line on a phone."""
    at = time(hour % 24)
    return f"{time_format(at, 'g')} {time_format(at, 'A').lower()}"


def _clock(minute: int) -> str:
    return clock_of(time(*divmod(minute, 60)))


def _marks(days: Iterable[WorkedDay], looks: Mapping[int, str], several: bool) -> Iterable[Mark]:
    """What the looks that are in the picture mean; a week of one look needs no explaining."""
    found: dict[tuple[str, str], Mark] = {}
    for piece in (piece for day in days for piece in day.pieces):
        if piece.is_open:
            terms = terms_in_words([mode.label for mode in piece.modes], None, None)
            words = ", ".join(filter(None, (piece.place.name if several else "", terms))) or _("Open")
            mark = Mark(looks[piece.place.pk], _pattern(piece), words)
        else:
            mark = Mark("out", "out", _("Away or closed"))
        found.setdefault((mark.look, mark.words), mark)
    return found.values() if len(found) > 1 else ()


def _different_weeks(
    shown: date, *, hours: Sequence[WorkingHours], slots: Sequence[TimeSlot], today: date
) -> list[tuple[date, str]]:
    """The Mondays of weeks in the year to come in which something changes or is different, with what; and `shown`."""
    this_week = today - timedelta(days=today.weekday())
    reasons: defaultdict[date, dict[str, None]] = defaultdict(dict)

    def say(day: date, words: str) -> None:
        if this_week <= day <= today + AHEAD:
            reasons[day - timedelta(days=day.weekday())][words] = None

    for window in hours:
        if window.valid_from:
            say(window.valid_from, _("hours begin"))
        if window.valid_until:
            say(window.valid_until, _("hours end"))
    for slot in slots:
        zone = (slot.location or hours[0].location).zone if slot.location or hours else None
        if zone is not None:
            extra = slot.kind == TimeSlot.Kind.EXTRA
            say(make_naive(slot.starts_at, zone).date(), _("extra hours") if extra else slot.label or _("away"))
    for one in closed_days_of(hours, slots, today=today):
        say(one.day, one.label)
    say(today, _("this week"))
    weeks = [(monday, ", ".join(reasons[monday])) for monday in sorted(reasons)[:MOST_WEEKS]]
    if shown not in reasons:
        weeks = sorted([*weeks, (shown, "")])
    return [(monday, f"{day_short(monday)}: {why}" if why else day_short(monday)) for monday, why in weeks]


class ClosedDay(NamedTuple):
    """A day on which somebody would work, and what closes it there."""

    day: date
    label: str
    places: Sequence[Location]
    # Whether it is a public holiday, on which dated extra hours are open, and whether there are some.
    is_holiday: bool
    is_worked: bool


def closed_days_of(hours: Sequence[WorkingHours], slots: Iterable[TimeSlot], *, today: date) -> list[ClosedDay]:
    """The days in the year to come on which these hours would be worked and a place of them is closed. No query."""
    found: defaultdict[tuple[date, str, bool], dict[int, Location]] = defaultdict(dict)
    last = today + AHEAD
    off = closed.holidays(today, last)
    for window in hours:
        for day, label in off[window.location_id].items():
            if today <= day <= last and window.is_worked_on(day):
                found[day, label, True][window.location_id] = window.location
        for closure in closed.closures():
            if not closure.is_of(window.location_id):
                continue
            begins, ends = closure.between(window.location.zone)
            label = Shut(begins, ends, closure.label, tuple(closure.modes)).words
            day = max(closure.first_day, today)
            while day <= min(closure.last_day, last):
                starts = datetime.combine(day, window.starts, window.location.zone)
                if window.is_worked_on(day) and starts < ends and starts + timedelta(minutes=window.minutes) > begins:
                    found[day, label, False][window.location_id] = window.location
                day += timedelta(days=1)
    extra = {
        slot.location.day_of(slot.starts_at) for slot in slots if slot.kind == TimeSlot.Kind.EXTRA and slot.location
    }
    return [
        ClosedDay(day, label, list(found[day, label, is_holiday].values()), is_holiday, is_holiday and day in extra)
        for day, label, is_holiday in sorted(found)
    ]
