"""One calendar, by day, week, month or agenda: read, told apart from what its page shows already, and drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.appointments import diary, seating
from portal.appointments.calendars import STATUSES, DiaryDay
from portal.clinic import kept
from portal.clinic.models import Mode, Psychologist
from portal.common.access.decorators import ActorRequest
from portal.common.kept import stands_as
from portal.common.languages.times import date_short, day_month, day_no_year, local_day, month, weekday_short
from portal.common.web import polling
from portal.common.web.addresses import each
from portal.common.web.daygrid import STEP, Column, Grid, day_grid
from portal.common.web.htmx import page_or_fragment
from portal.journeys.rearranging.deciding import undecided_codes
from portal.web.calendars import medicare, undoing
from portal.web.calendars.absences import Absence, absences, busy_elsewhere
from portal.web.calendars.asked import DAY, MONTH, VIEWS, WEEK, Asked
from portal.web.calendars.audience import Audience
from portal.web.calendars.drawing import Drawing
from portal.web.calendars.overview import cells_of_month, notes_of_month, notes_of_week, rows_of_week

# An agenda goes on from day to day until it has as many lines as somebody reads at a time.
LINES = 200


def calendar(
    request: ActorRequest,
    audience: Audience,
    people: Sequence[Psychologist],
    *,
    zone: ZoneInfo,
    now: datetime,
    **extra: Any,
) -> HttpResponse:
    """The calendar of these people on the wall clock of `zone`; `extra` is what else their page shows."""
    today = local_day(now, zone)
    places = [place for place in kept.places().values() if place.is_active]
    asked = Asked.read(request.GET, usual=audience.usual, today=today, psychologists=people, places=places)
    found = diary.columns(
        [asked.psychologist] if asked.psychologist else people,
        first_day=asked.first,
        days=asked.days,
        zone=zone,
        now=now,
        only=asked.only,
        also=medicare.HAS_LETTER,
    )
    days = list(_who_practise(found))
    sessions = [s.appointment for one in days for s in one.sessions]
    undecided = _undecided(days)
    # The line of what time it is, and the half hours that are still to come, go on by steps of five minutes.
    clock = now.timestamp() // (STEP * 60) if asked.shows(today) else None
    known = polling.fingerprint(
        request,
        stands_as(),
        today,
        clock,
        [one.trace() for one in days],
        audience.traces(sessions, now),
        sorted(undecided),
    )
    if polling.is_poll(request) and polling.still_shows(request, known):
        return polling.not_modified(known)
    drawing = Drawing(
        zone=zone,
        now=now,
        address=audience.session_url(undecided=undecided),
        asides=audience.asides(sessions, now),
        undecided=undecided,
        is_of_one=audience.of_one,
        books_at=audience.url("book_whom"),
        moves_at=each(f"{audience.namespace}:move_in_calendar"),
    )
    page = _Page(asked, audience, drawing, days, today=today)
    context = {
        "asked": asked,
        "audience": audience,
        "title": _title(asked),
        "views": [(key, label, asked.query(view=key)) for key, label in VIEWS.items()],
        "before": asked.query(day=asked.before),
        "after": asked.query(day=asked.after),
        "this_day": asked.query(day=today),
        "shows_today": asked.shows(today),
        "psychologists": [] if audience.of_one else people,
        "places": places if len(places) > 1 else [],
        "modes": Mode.choices,
        "statuses": STATUSES,
        "columns_by": page.columns_by(),
        "sheet_url": f"{audience.url('day_sheet')}{asked.query()}",
        "downtime_url": f"{audience.url('downtime_sheet')}{asked.query()}",
        "undecided": len(undecided),
        "decide_url": audience.decide_url(asked.psychologist),
        "known": known,
        "poll_url": request.get_full_path(),
        "hours_url": audience.hours_of(asked.psychologist) if asked.psychologist else "",
        "days": days,
        "zone": zone,
        "now": now,
        "moved": undoing.just_moved(request, now=now),
        **page.context(),
        **extra,
    }
    return page_or_fragment(request, "calendar/page.html", context, fragment="calendar")


def _undecided(days: Sequence[DiaryDay]) -> frozenset[str]:
    """The codes of sessions shown that can't be held as they are booked, while nobody has decided about them."""
    if not any(one.sessions for one in days) or not (known := undecided_codes()):
        return frozenset()
    return known.intersection(str(s.appointment.code) for one in days for s in one.sessions)


def _who_practise(days: Iterable[DiaryDay]) -> Iterable[DiaryDay]:
    """Everybody who practises here, and who is not bookable any more as long as sessions are left: without hours."""
    for one in days:
        if not one.psychologist.why_not_bookable:
            yield one
        elif one.sessions:
            yield replace(one, work=[])


def _title(asked: Asked) -> str:
    """The days shown, as the heading says them."""
    if asked.view == DAY:
        return day_no_year(asked.day)
    if asked.view == MONTH:
        return f"{month(asked.day)} {asked.day.year}"
    last = asked.first + timedelta(days=asked.days - 1)
    first = str(asked.first.day) if (asked.first.month == last.month) else day_month(asked.first)
    return f"{first} – {date_short(last)}"


class _Page:
    """What the page shows of the days in the view that was asked for."""

    def __init__(
        self, asked: Asked, audience: Audience, drawing: Drawing, days: list[DiaryDay], *, today: date
    ) -> None:
        self.asked, self.audience, self.drawing, self.days, self.today = asked, audience, drawing, days, today
        self.is_of_one = audience.of_one or asked.psychologist is not None
        self.has_rooms = asked.view == DAY and not audience.of_one and bool(kept.rooms())
        self.shows_rooms = self.has_rooms and asked.by_room

    def context(self) -> dict[str, Any]:
        zone, undecided = self.drawing.zone, self.drawing.undecided
        if self.asked.view == DAY:
            return self._rooms() if self.shows_rooms else self._day()
        if self.asked.view == MONTH:
            weeks = cells_of_month(
                self.asked, self.days, self.today, is_of_one=self.is_of_one, zone=zone, undecided=undecided
            )
            return {"month": weeks, "notes": notes_of_month(weeks)}
        if self.asked.view == WEEK and not self.is_of_one:
            rows = rows_of_week(self.asked, self.days, self.today, zone=zone, undecided=undecided)
            return {"overview": rows, "notes": notes_of_week(rows)}
        return self._week() if self.asked.view == WEEK else self._agenda()

    def columns_by(self) -> list[tuple[str, str, bool]]:
        """What the columns of a day can be: the words, the address, and whether they are."""
        if not self.has_rooms:
            return []
        return [
            (_("Psychologists"), self.asked.query(by_room=False), not self.shows_rooms),
            (_("Rooms"), self.asked.query(by_room=True), self.shows_rooms),
        ]

    def _day(self) -> dict[str, Any]:
        """A psychologist a column."""
        working = [one for one in self.days if one.is_worked or one.away]
        shown = self.days if self.asked.everybody or self.is_of_one else working
        columns = [
            Column(
                title=one.psychologist.name,
                subtitle=self._where(one),
                day=one.day,
                url="" if self.is_of_one else self.asked.query(view=WEEK, psychologist=one.psychologist),
                hours_url=self.audience.hours_of(one.psychologist),
                to=self._to(one),
                blocks=self.drawing.blocks(one),
                now=self._now,
            )
            for one in shown
        ]
        return {
            "grid": self._grid(shown, columns),
            "lists": [
                (
                    one.psychologist.name,
                    "",
                    self._where(one),
                    self._closed(one),
                    self.drawing.lines_of_one(one),
                )
                for one in shown
            ],
            "hidden": 0 if self.is_of_one else len(self.days) - len(working),
            "all_query": self.asked.query(everybody=not self.asked.everybody),
        }

    def _rooms(self) -> dict[str, Any]:
        """A room a column: who sits where."""
        zone = self.drawing.zone
        rooms = seating.by_room(self.days, self.asked.day, zone=zone, only_at=self.asked.location)
        drawn = [(one, one.room.name if one.room else _("No room")) for one in rooms]
        columns = [
            Column(
                title=title,
                subtitle=one.location.name,
                day=one.day,
                blocks=self.drawing.room_blocks(one),
                now=self._now,
            )
            for one, title in drawn
        ]
        return {
            "grid": self._grid(self.days, columns),
            "lists": [
                (
                    title,
                    "",
                    one.location.name,
                    absences([one], zone=zone, names_who=False),
                    self.drawing.lines([one], names_psychologist=True, says_where=False),
                )
                for one, title in drawn
            ],
            "shows_rooms": True,
            "roomless": seating.roomless(self.days),
        }

    def _week(self) -> dict[str, Any]:
        """A day a column: Monday to Friday, and of the weekend what is worked."""
        shown = [one for one in self.days if one.day.weekday() < 5 or one.is_worked or one.day == self.today]
        columns = [
            Column(
                title=f"{weekday_short(one.day)} {one.day.day}",
                subtitle=self._where(one),
                day=one.day,
                url=self._day_url(one.day),
                to=self._to(one),
                blocks=self.drawing.blocks(one),
                now=self._now,
            )
            for one in shown
        ]
        return {
            "grid": self._grid(shown, columns),
            "lists": [
                (
                    day_no_year(one.day),
                    self._day_url(one.day),
                    self._where(one),
                    self._closed(one),
                    self.drawing.lines_of_one(one),
                )
                for one in shown
            ],
        }

    def _agenda(self) -> dict[str, Any]:
        """Lists of a week, a day after the other: fewer days of a large clinic."""
        by_day: dict[date, list[DiaryDay]] = {}
        for one in self.days:
            by_day.setdefault(one.day, []).append(one)
        groups, lines = [], 0
        for day, ones in by_day.items():
            if lines and lines + sum(len(one.sessions) for one in ones) > LINES:
                break
            lines += sum(len(one.sessions) for one in ones)
            away = self._closed(ones[0]) if self.is_of_one else absences(ones, zone=self.drawing.zone, names_who=True)
            drawn = (
                self.drawing.lines_of_one(ones[0])
                if self.is_of_one
                else self.drawing.lines(ones, names_psychologist=True)
            )
            groups.append((day, self._day_url(day), away, drawn))
        goes_on = self.asked.first + timedelta(days=len(groups))
        return {"groups": groups, "after": self.asked.query(day=goes_on), "today": self.today}

    def _closed(self, one: DiaryDay) -> list[Absence]:
        """What closes time of somebody's day, as a list says it beside the sessions."""
        zone = self.drawing.zone
        return [*absences([one], zone=zone, names_who=False), *busy_elsewhere(one, zone=zone)]

    def _to(self, one: DiaryDay) -> str:
        """What is said of a column when a session is moved into it."""
        return urlencode({"day": f"{one.day:%Y-%m-%d}", "psychologist": one.psychologist.slug})

    def _day_url(self, day: date) -> str:
        """Who sees one diary alone has a page of their own for the day."""
        return self.audience.day_list(day) if self.audience.of_one else self.asked.query(view=DAY, day=day)

    @property
    def _now(self) -> datetime:
        return timezone.localtime(self.drawing.now, self.drawing.zone)

    def _grid(self, days: list[DiaryDay], columns: list[Column]) -> Grid:
        starts = [work.starts_at.hour for one in days for work in one.work]
        ends = [(work.minute + work.minutes + 59) // 60 for one in days for work in one.work]
        return day_grid(columns, first_hour=min([9, *starts]), last_hour=min(24, max([17, *ends])))

    def _where(self, one: DiaryDay) -> str:
        """Where they work; of who sees people on a day without hours, that it is outside of them.

        Of who is not bookable any more, why. Of a day that is past, where its sessions were: its hours may have been
        others than today's.
        """
        if why := one.psychologist.why_not_bookable:
            return why
        if one.day < self.today:
            return ", ".join(dict.fromkeys(session.appointment.location.name for session in one.sessions))
        where = ", ".join(dict.fromkeys(work.location.name for work in one.work)) or self.drawing.not_worked(one)
        return " · ".join([where, *self.drawing.covered_names(one)])
