"""One day of everybody, a psychologist a column; on a phone a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.appointments import diary, states
from portal.appointments.calendars import DiaryDay, Session
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Mode
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.times import clock
from portal.common.web import addresses
from portal.common.web.daygrid import Block, Column, Grid, day_grid
from portal.common.web.htmx import page_or_fragment
from portal.common.web.stencils import Stencil, joined
from portal.web.reception.forms import day_in

_LINE = Stencil("reception/_calendar_line.html", holes="at url patient")


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def calendar(request: ActorRequest) -> HttpResponse:
    """A day by `?day=`. `?all=1` shows those too who don't work that day and have nobody booked.

    Who is not bookable any more has a column on the days that still have a session of theirs.
    """
    now, clinic = timezone.now(), ClinicSettings.current()
    this_day = clinic.today(now)
    day = day_in(request.GET) or this_day
    zone = clinic.zone
    days = list(_in_turn(diary.day(kept.psychologists().values(), day, zone=zone, now=now)))
    working = [column for column in days if column.work or column.sessions]
    show_all = request.GET.get("all") == "1"
    shown = days if show_all else working
    context = {
        "day": day,
        "is_today": day == this_day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "grid": _grid(shown, zone=zone, now=now),
        "days": shown,
        "lists": [(one.psychologist, _where(one), _lines(one, zone)) for one in shown],
        "hidden": len(days) - len(working),
        "show_all": show_all,
        "zone": zone,
        "now": now,
    }
    return page_or_fragment(request, "reception/calendar.html", context, fragment="day")


def _in_turn(days: Iterable[DiaryDay]) -> Iterator[DiaryDay]:
    """Everybody who practises here, and who is not bookable any more as long as sessions are left: without hours."""
    for one in days:
        if not one.psychologist.why_not_bookable:
            yield one
        elif one.sessions:
            yield replace(one, work=[])


def _grid(days: list[DiaryDay], *, zone: ZoneInfo, now: datetime) -> Grid:
    starts = [work.starts_at.hour for one in days for work in one.work]
    ends = [(work.minute + work.minutes + 59) // 60 for one in days for work in one.work]
    return day_grid(
        [
            Column(
                title=one.psychologist.name,
                subtitle=_where(one),
                day=one.day,
                blocks=[*_off(one, zone), *(_block(session) for session in one.sessions)],
                now=timezone.localtime(now, zone),
            )
            for one in days
        ],
        first_hour=min([9, *starts]),
        last_hour=min(24, max([17, *ends])),
    )


def _lines(one: DiaryDay, zone: ZoneInfo) -> SafeString:
    """The same as a list, for a phone."""
    address = addresses.each("reception:appointment")
    return joined(
        _LINE.look(status=a.status, confirmed=a.is_confirmed, mode=a.mode, is_hold=a.is_hold)(
            (clock(a.starts_at, zone), "" if a.is_hold else address(a.code), a.patient)
        )
        for a in (session.appointment for session in one.sessions)
    )


def _where(one: DiaryDay) -> str:
    """Where they work; of who sees people on a day without hours, that it is outside of them.

    Of who is not bookable any more, why.
    """
    if why := one.psychologist.why_not_bookable:
        return why
    if one.work:
        return ", ".join(dict.fromkeys(work.location.name for work in one.work))
    return _("Outside the usual hours") if one.sessions else _("Not working")


def _off(one: DiaryDay, zone: ZoneInfo) -> list[Block]:
    """The hours not worked, and time away by its label."""
    midnight = datetime.combine(one.day, datetime.min.time(), zone)
    end = datetime.combine(one.day + timedelta(days=1), datetime.min.time(), zone)
    edge, blocks = midnight, []
    for work in sorted(one.work, key=lambda work: work.starts_at.astimezone(UTC)):
        if work.starts_at.astimezone(UTC) > edge.astimezone(UTC):
            title = _("Break") if edge is not midnight else ""
            blocks.append(Block(edge, work.starts_at, "off", title))
        edge = max(edge, work.ends_at, key=lambda moment: moment.astimezone(UTC))
    if edge.astimezone(UTC) < end.astimezone(UTC):
        blocks.append(Block(edge, end, "off", "" if one.work or one.sessions else _("Not working")))
    for away in one.away:
        blocks.append(Block(away.starts_at, away.ends_at, "off", away.slot.label or _("Away")))
    return blocks


def _block(session: Session) -> Block:
    a = session.appointment
    state = _state(
        a.status, a.is_booked and a.is_confirmed, a.is_booked and a.mode == Mode.VIDEO, language=get_language()
    )
    when = (session.starts_at, session.ends_at, state.kind)
    if a.is_hold:
        return Block(*when, _("Held"), _("somebody is booking"), "", state.shape, state.spoken)
    return Block(
        *when,
        a.patient,
        f"{a.service} · {a.room or _mode(a.mode, language=get_language())}",
        addresses.each("reception:appointment")(a.code),
        state.shape,
        state.spoken,
    )


class _State(NamedTuple):
    """How a block looks, and what a screen reader hears of it."""

    kind: str
    shape: str
    spoken: str


@cache
def _state(status: str, is_confirmed: bool, is_by_video: bool, *, language: str | None) -> _State:
    """Put into words once for each of the few there are, in the language in use."""
    kind, shape, spoken = status.replace("_", "-"), status, states.label_of(status)
    if is_confirmed:
        kind, shape, spoken = "confirmed", "confirmed", _("Confirmed")
    if is_by_video:
        kind, shape, spoken = "video", "video", _("%(status)s, by video") % {"status": spoken}
    return _State(kind, shape, spoken)


@cache
def _mode(mode: str, *, language: str | None) -> str:
    return str(Mode(mode).label)
