"""A week of everybody with who comes when, and a month in figures, as tables: each cell leads to its day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from portal.appointments.calendars import Booked, DiaryDay
from portal.clinic.models import Psychologist
from portal.common.languages.times import clock, day_short
from portal.common.web.stencils import Stencil, joined
from portal.web.calendars.absences import absences
from portal.web.calendars.asked import DAY, WEEK, Asked

_LINE = Stencil("calendar/_overview_line.html", holes="at patient")
# A longer day says how many more there are, and leads to all of them.
LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class Cell:
    """One day, of one person or of all: how many sessions, who is away and why, and whether anybody works.

    `is_shut` says that nobody of them is there, by leave or because it is closed.
    `undecided` is how many of the sessions can't be held as they are booked, while nobody has decided about them.
    """

    day: date
    url: str
    sessions: int
    away: tuple[str, ...]
    is_worked: bool
    is_shut: bool
    is_today: bool
    # Of a month: whether the day is one of its own, not of a week that it shares.
    is_within: bool = True
    undecided: int = 0
    # Of a week: the first sessions of the day with their starts and whose they are, and how many more there are.
    listed: str = ""
    more: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """A line of the week of everybody."""

    psychologist: Psychologist
    url: str
    cells: tuple[Cell, ...]

    @property
    def sessions(self) -> int:
        return sum(cell.sessions for cell in self.cells)


def rows_of_week(
    asked: Asked, days: Iterable[DiaryDay], today: date, *, zone: ZoneInfo, undecided: Collection[str]
) -> list[Person]:
    """A line for each who works, is away or has sessions in the week, in the clinic's order."""
    of_people: dict[Psychologist, list[DiaryDay]] = {}
    clocks: dict[datetime, str] = {}
    for one in days:
        of_people.setdefault(one.psychologist, []).append(one)
    return [
        Person(
            who,
            asked.query(view=WEEK, psychologist=who),
            tuple(
                _cell(
                    [one],
                    asked.query(view=DAY, day=one.day, psychologist=who),
                    today,
                    zone=zone,
                    undecided=undecided,
                    clocks=clocks,
                )
                for one in ones
            ),
        )
        for who, ones in of_people.items()
        if asked.everybody or any(one.is_worked or one.away for one in ones)
    ]


def cells_of_month(
    asked: Asked,
    days: Iterable[DiaryDay],
    today: date,
    *,
    zone: ZoneInfo,
    undecided: Collection[str],
    is_of_one: bool,
) -> list[list[Cell]]:
    """The weeks of a month, each of seven days."""
    cells = [
        _cell(
            list(ones),
            asked.query(view=DAY, day=day),
            today,
            zone=zone,
            undecided=undecided,
            is_within=(day.year, day.month) == (asked.day.year, asked.day.month),
            names_who=not is_of_one,
        )
        for day, ones in groupby(days, key=lambda one: one.day)
    ]
    return [cells[n : n + 7] for n in range(0, len(cells), 7)]


def _cell(
    ones: list[DiaryDay],
    url: str,
    today: date,
    *,
    zone: ZoneInfo,
    undecided: Collection[str],
    is_within: bool = True,
    names_who: bool = False,
    clocks: dict[datetime, str] | None = None,
) -> Cell:
    standing = [s.appointment for one in ones for s in one.sessions if s.appointment.is_standing]
    away = (absence.in_short for absence in absences(ones, zone=zone, names_who=names_who))
    return Cell(
        day=ones[0].day,
        url=url,
        sessions=sum(one.counted for one in ones),
        away=tuple(dict.fromkeys(away)),
        is_worked=any(one.is_worked for one in ones),
        is_shut=_is_shut(ones),
        is_today=ones[0].day == today,
        is_within=is_within,
        listed="" if clocks is None else _listed(standing[:LISTED], zone=zone, clocks=clocks),
        more=max(0, len(standing) - LISTED),
        undecided=sum(str(session.appointment.code) in undecided for one in ones for session in one.sessions),
    )


def _listed(sessions: Iterable[Booked], *, zone: ZoneInfo, clocks: dict[datetime, str]) -> SafeString:
    """When each begins and whose it is; a week names the same few times of day again and again."""
    fill = _LINE.look()
    lines = []
    for session in sessions:
        if (at := clocks.get(session.starts_at)) is None:
            at = clocks[session.starts_at] = clock(session.starts_at, zone)
        lines.append(fill((at, session.patient)))
    return joined(lines)


def _is_shut(ones: Sequence[DiaryDay]) -> bool:
    """Whether leave or what is closed takes all that would be worked; of several, leave on a free day takes nothing."""
    if any(one.is_open for one in ones):
        return False
    return any(away.location or one.work or len(ones) == 1 for one in ones for away in one.away)


class Note(NamedTuple):
    """What a narrow page says below its cells: on which days, and the page of the first of them."""

    day: date
    days: str
    url: str
    words: str


def notes_of_month(weeks: Iterable[Iterable[Cell]]) -> list[Note]:
    """Who is away, what is closed and what is to be rearranged, each run of days once, in order of time."""
    return sorted(_notes([cell for week in weeks for cell in week if cell.is_within], ""))


def notes_of_week(people: Iterable[Person]) -> list[Note]:
    """The same of everybody's week, by whose day it is."""
    return sorted(note for person in people for note in _notes(person.cells, person.psychologist.name))


def _notes(cells: Sequence[Cell], who: str) -> Iterator[Note]:
    runs: dict[str, list[list[Cell]]] = {}
    for cell in cells:
        said = list(cell.away)
        if cell.undecided:
            said.append(
                ngettext("%(n)s to be rearranged", "%(n)s to be rearranged", cell.undecided) % {"n": cell.undecided}
            )
        for words in said:
            known = runs.setdefault(words, [])
            if known and known[-1][-1].day + timedelta(days=1) == cell.day:
                known[-1].append(cell)
            else:
                known.append([cell])
    for words, found in runs.items():
        for run in found:
            first, last = run[0], run[-1]
            days = day_short(first.day) if first is last else f"{day_short(first.day)} – {day_short(last.day)}"
            yield Note(first.day, days, first.url, f"{who}: {words}" if who else words)
