"""Draws days of the diary: as columns of a calendar, and as lines of a list."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.appointments import joining_for_staff, states
from portal.appointments.calendars import Booked, DiaryDay, Free, Session, stretches_of
from portal.appointments.seating import RoomDay
from portal.clinic import kept
from portal.clinic.models import Mode
from portal.common.languages.times import are_apart, clock, clock_there
from portal.common.web.daygrid import Block
from portal.common.web.stencils import Row, Stencil, joined
from portal.journeys import choosing
from portal.web.calendars.absences import elsewhere_in_words

_LINE = Stencil("calendar/_line.html", holes="at until url patient psychologist detail moves")
# How the line of a free stretch looks, by the names that a session's has.
_FREE: Mapping[str, object] = {
    "is_free": True,
    "is_short": False,
    "status": "",
    "confirmed": False,
    "mode": "",
    "is_hold": False,
    "names_psychologist": False,
    "can_move": False,
}
# And that of one in which no session fits.
_GAP = {**_FREE, "is_short": True}


class _Said(NamedTuple):
    """What a column and a list both say of a session; empty addresses for what is opened or moved nowhere."""

    page: str
    moves: str
    is_undecided: bool
    # Before and after where it is held, which a room's column does not say.
    before: str
    after: str


class Drawing:
    """Draws what stands in days of the diary, on one wall clock.

    `address` fills the address of a session's page, which depends on whether it is still to come; `asides` has
    what is said of one beside the rest, by its code.
    `undecided` are the codes of those that can't be held as they are booked: they are outlined until somebody decides.
    `books_at` is the page that books a free half hour, `moves_at` fills the address of the page that moves a session.
    """

    def __init__(
        self,
        *,
        zone: ZoneInfo,
        now: datetime,
        address: Callable[[object, bool], str],
        asides: Mapping[UUID, str],
        undecided: Collection[str] = (),
        is_of_one: bool = False,
        books_at: str = "",
        moves_at: Callable[[object], str] | None = None,
    ) -> None:
        self.zone, self.now, self.address, self.asides = zone, now, address, asides
        self.undecided = undecided
        self.is_of_one, self.books_at, self.moves_at = is_of_one, books_at, moves_at
        self.language = get_language()
        # A page says most of it twice: in columns, and in a list for who reads none.
        self._said_of: dict[UUID, _Said] = {}
        self._free_of: dict[tuple[int, date], list[Free]] = {}
        self._clocks: dict[datetime, str] = {}
        self._row = _LINE.row()

    # ---- Columns ----------------------------------------------------------------------------------------------------

    def blocks(self, one: DiaryDay) -> list[Block]:
        """All that stands in a column: what is not worked and what is free lie behind the sessions."""
        off = self._off(one, gap=_("Break"), without_hours=self.not_worked(one))
        busy = [
            Block(e.starts_at, e.ends_at, "off", elsewhere_in_words(e, self.zone), tone="elsewhere")
            for e in one.elsewhere
        ]
        return [*off, *busy, *self._free(one), *(self._block(session) for session in one.sessions)]

    def room_blocks(self, one: RoomDay) -> list[Block]:
        """All that stands in a room's column: who sits there, and behind them when nobody works at its place."""
        off = self._off(one, gap="", without_hours=_("Nobody works here"))
        return [*off, *(self._seat(session) for session in one.sessions)]

    def _off(self, one: DiaryDay | RoomDay, *, gap: str, without_hours: str) -> Iterator[Block]:
        """The hours not worked, and time away by its label.

        Which weekly hours were worked on a day that is past is stored nowhere: only what is dated is known of it.
        """
        midnight = datetime.combine(one.day, datetime.min.time(), self.zone)
        end = datetime.combine(one.day + timedelta(days=1), datetime.min.time(), self.zone)
        if end.astimezone(UTC) > self.now:
            edge = midnight
            for work in one.work:
                if work.starts_at.astimezone(UTC) > edge.astimezone(UTC):
                    yield Block(edge, work.starts_at, "off", gap if edge is not midnight else "")
                edge = max(edge, work.ends_at, key=lambda moment: moment.astimezone(UTC))
            if edge.astimezone(UTC) < end.astimezone(UTC):
                yield Block(edge, end, "off", "" if one.work else without_hours)
        for away in one.away:
            yield Block(away.starts_at, away.ends_at, "off", away.slot.label or _("Away"), tone="leave")

    def covered_names(self, one: DiaryDay) -> list[str]:
        """The names of leave and closed days in which a session stands, which may lie over them in a column."""
        covered = (
            away.slot.label or _("Away")
            for away in one.away
            if any(s.starts_at < away.ends_at and away.starts_at < s.ends_at for s in one.sessions)
        )
        return list(dict.fromkeys(covered))

    def not_worked(self, one: DiaryDay) -> str:
        """What is said of a day without hours."""
        if not one.sessions:
            return _("Not working")
        return _("Outside your hours") if self.is_of_one else _("Outside the usual hours")

    def _free(self, one: DiaryDay) -> Iterator[Block]:
        """Each half hour from which a session fits, as a link that books it; and gaps that are too short for any."""
        if not self.books_at:
            return
        title = _("book with %(name)s") % {"name": one.psychologist.name}
        halves = self._halves(one)
        for free in halves:
            if free.books_at:
                yield Block(free.starts_at, free.ends_at, "free", title, url=self._booking(one, free.books_at, free))
        for gap in stretches_of(halves):
            if gap.books_at is None:
                yield Block(gap.starts_at, gap.ends_at, "gap", _too_short(gap))

    def _booking(self, one: DiaryDay, starts_at: datetime, free: Free) -> str:
        time = choosing.whose_time(starts_at, free.location, one.psychologist)
        return f"{self.books_at}?{urlencode({'time': time})}"

    def _halves(self, one: DiaryDay) -> list[Free]:
        found = self._free_of.get(key := (one.psychologist.pk, one.day))
        if found is None:
            found = self._free_of[key] = list(one.free(zone=self.zone, now=self.now))
        return found

    def _block(self, session: Session, *, says_where: bool = True) -> Block:
        a = session.appointment
        said = self._said(a)
        state = _state(a.status, a.is_booked and a.is_confirmed, a.mode, language=self.language)
        kind = f"{state.kind} undecided" if said.is_undecided else state.kind
        when = (session.starts_at, session.ends_at, kind)
        if a.is_hold:
            what = (_("Held"), _("somebody is booking"), "")
        else:
            what = (a.patient, self._detail(a, said, says_where=says_where), said.page)
        return Block(*when, *what, shape=state.shape, spoken=state.spoken, mark=state.mark, moves=said.moves)

    def _seat(self, session: Session) -> Block:
        """A session as its room's column shows it: by who sits there. Its room is not chosen by moving it."""
        a, block = session.appointment, self._block(session, says_where=False)
        return replace(block, title=_whose(a), detail=f"{block.title} · {block.detail}", moves="")

    def _said(self, a: Booked) -> _Said:
        found = self._said_of.get(a.code)
        if found is None:
            code = str(a.code)
            is_undecided = code in self.undecided
            before = (_("To be rearranged") if is_undecided else "", self._other_clock(a))
            after = (self.asides.get(a.code, ""), a.service, a.of_series)
            found = self._said_of[a.code] = _Said(
                self.address(code, a.is_standing and a.starts_at > self.now),
                self.moves_at(code) if a.can_move and self.moves_at else "",
                is_undecided,
                " · ".join(filter(None, before)),
                " · ".join(filter(None, after)),
            )
        return found

    def _detail(self, a: Booked, said: _Said, *, says_where: bool) -> str:
        """What else is said of a session: its other clock, where, how far it is written up, and what it is."""
        where = (
            (a.room or joining_for_staff.in_a_tile(a, kept.psychologists()[a.psychologist_id])) if says_where else ""
        )
        return " · ".join(filter(None, (said.before, where, said.after)))

    def _other_clock(self, a: Booked) -> str:
        """When it is by the clock of its place, where that shows another time than the calendar's."""
        there = a.location.zone
        return clock_there(a.starts_at, there) if are_apart(there, self.zone, at=a.starts_at) else ""

    # ---- Lines ------------------------------------------------------------------------------------------------------

    def lines(
        self, days: Iterable[DiaryDay | RoomDay], *, names_psychologist: bool, says_where: bool = True
    ) -> SafeString:
        """The sessions of some days as lines, in order of time."""
        found = sorted((s.appointment for one in days for s in one.sessions), key=lambda a: a.starts_at)
        return joined([self._row(*self._line(a, _whose(a) if names_psychologist else "", says_where)) for a in found])

    def lines_of_one(self, one: DiaryDay) -> SafeString:
        """One diary's sessions as lines, and between them what is free, to book where no column is drawn."""
        found = [(s.appointment.starts_at, self._line(s.appointment, "", says_where=True)) for s in one.sessions]
        if self.books_at:
            stretches = stretches_of(self._halves(one))
            found += [(free.starts_at.astimezone(UTC), self._free_line(one, free)) for free in stretches]
        return joined([self._row(*row) for _starts_at, row in sorted(found, key=lambda line: line[0])])

    def _clock(self, moment: datetime) -> str:
        """The time of day on the calendar's wall clock: a page names the same few again and again."""
        if (written := self._clocks.get(moment)) is None:
            written = self._clocks[moment] = clock(moment, self.zone)
        return written

    def _free_line(self, one: DiaryDay, free: Free) -> Row:
        at, until = self._clock(free.starts_at), self._clock(free.ends_at)
        if free.books_at is None:
            return _GAP, (at, until, "", "", one.psychologist.name, _too_short(free), "")
        return _FREE, (at, until, self._booking(one, free.books_at, free), "", one.psychologist.name, "", "")

    def _line(self, a: Booked, psychologist: str, says_where: bool) -> Row:
        said = self._said(a)
        return (
            {
                "is_free": False,
                "is_short": False,
                "status": a.status,
                "confirmed": a.is_confirmed,
                "mode": a.mode,
                "is_hold": a.is_hold,
                "names_psychologist": bool(psychologist),
                "can_move": bool(said.moves),
            },
            (
                self._clock(a.starts_at),
                self._clock(a.ends_at),
                "" if a.is_hold else said.page,
                a.patient,
                psychologist,
                "" if a.is_hold else self._detail(a, said, says_where=says_where),
                said.moves,
            ),
        )


def _too_short(gap: Free) -> str:
    """What is said of a gap in which none of their sessions fits."""
    return _("%(minutes)s min, too short") % {"minutes": gap.minutes}


def _whose(a: Booked) -> str:
    return kept.psychologists()[a.psychologist_id].name


class _State(NamedTuple):
    """How a block looks, and what a screen reader hears of it."""

    kind: str
    shape: str
    mark: str
    spoken: str


@cache
def _state(status: str, is_confirmed: bool, mode: str, *, language: str | None) -> _State:
    """Put into words once for each of the few there are, in the language in use."""
    kind, shape, spoken = status.replace("_", "-"), status, states.label_of(status)
    if is_confirmed:
        kind, shape, spoken = "confirmed", "confirmed", _("Confirmed")
    mark = "" if mode == Mode.IN_PERSON else mode
    if mark == Mode.VIDEO:
        spoken = _("%(status)s, by video") % {"status": spoken}
    elif mark:
        spoken = _("%(status)s, by phone") % {"status": spoken}
    return _State(kind, shape, mark, spoken)
