"""The day's sheet and tomorrow's for when nothing works, as a PDF to print."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils import timezone

from portal.appointments.listing import room_or_way
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.decorators import ActorRequest
from portal.common.languages.times import clock, date_short, local_day
from portal.common.paper.pdf import render_pdf
from portal.common.text.phones import national
from portal.reports.sheets import Column, day_on_paper
from portal.web.calendars.asked import DAY, Asked


def sheet(
    request: ActorRequest, people: Sequence[Psychologist], *, zone: ZoneInfo, is_for_downtime: bool = False
) -> HttpResponse:
    """The day of an address, or for downtime tomorrow: each session with its patient's phone number.

    The sheet for downtime has room to write: who came, who paid, what was booked by hand.
    """
    now = timezone.now()
    today = local_day(now, zone)
    asked = Asked.read(request.GET, usual=DAY, today=today, psychologists=people, places=())
    day = today + timedelta(days=1) if is_for_downtime else asked.day
    whose = [asked.psychologist] if asked.psychologist else list(people)
    columns = day_on_paper(request.actor, whose, day, zone=zone, now=now)
    context = {
        "clinic": ClinicSettings.current(),
        "day": day,
        "zone": zone,
        "now": now,
        "is_for_downtime": is_for_downtime,
        "columns": [_printed(column, zone) for column in columns],
    }
    name = f"downtime-{day:%Y-%m-%d}.pdf" if is_for_downtime else f"day-{day:%Y-%m-%d}.pdf"
    return HttpResponse(
        render_pdf("pdf/day_sheet.html", context),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


def _printed(column: Column, zone: ZoneInfo) -> dict[str, object]:
    """A psychologist's day in words."""
    return {
        "name": column.psychologist.name,
        "places": ", ".join(column.places),
        "rows": [
            {
                "at": clock(session.starts_at, session.zone),
                "until": clock(session.ends_at, session.zone),
                "patient": session.person.name,
                "born": date_short(session.person.date_of_birth),
                "phone": national(session.person.phone.raw_input) if session.person.phone else "",
                "service": " · ".join(filter(None, (session.service.name, session.of_series))),
                "where": room_or_way(session),
                "status": session.get_status_display(),
            }
            for session in column.sessions
        ],
        "free": ", ".join(clock(at, zone) for at in column.free),
        "gaps": [{"at": clock(at, zone), "minutes": minutes} for at, minutes in column.gaps],
        "away": [
            {"label": label, "from": clock(begins, zone), "until": clock(ends, zone)}
            for begins, ends, label in column.away
        ],
    }
