"""One day of everybody, a psychologist a column; on a phone a list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.appointments import diary
from portal.appointments.calendars import DiaryDay, Session
from portal.clinic.models import ClinicSettings, Mode, Psychologist
from portal.common.access.decorators import allow
from portal.common.web.daygrid import Block, Column, Grid, day_grid
from portal.common.web.htmx import page_or_fragment
from portal.reports.days import today_of
from portal.web.reception.forms import day_in


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """A day by `?day=`. `?all=1` shows those too who don't work that day and have nobody booked."""
    now, clinic = timezone.now(), ClinicSettings.current()
    this_day = today_of(clinic, now=now)
    day = day_in(request.GET) or this_day
    zone = ZoneInfo(clinic.time_zone)
    people = list(Psychologist.objects.practising().select_related("user"))
    days = diary.day(people, day, zone=zone, now=now)
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
        "hidden": len(days) - len(working),
        "show_all": show_all,
        "people": people,
        "zone": zone,
        "now": now,
    }
    return page_or_fragment(request, "reception/calendar.html", context, fragment="day")


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


def _where(one: DiaryDay) -> str:
    return ", ".join(dict.fromkeys(work.location.name for work in one.work)) or _("Not working")


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
        blocks.append(Block(edge, end, "off", "" if one.work else _("Not working")))
    for away in one.away:
        blocks.append(Block(away.starts_at, away.ends_at, "off", away.slot.label or _("Away")))
    return blocks


def _block(session: Session) -> Block:
    a = session.appointment
    kind, shape, spoken = a.status.replace("_", "-"), a.status, a.get_status_display()
    if a.is_booked and a.confirmed_at:
        kind, shape, spoken = "confirmed", "confirmed", _("Confirmed")
    if a.is_booked and a.mode == Mode.VIDEO:
        kind, shape, spoken = "video", "video", _("%(status)s, by video") % {"status": spoken}
    if a.is_hold:
        return Block(session.starts_at, session.ends_at, kind, _("Held"), _("somebody is booking"), "", shape, spoken)
    place = a.room.name if a.room else a.get_mode_display()
    return Block(
        session.starts_at,
        session.ends_at,
        kind,
        a.patient.name,
        f"{a.service.name} · {place}",
        reverse("reception:appointment", args=[a.code]),
        shape,
        spoken,
    )
