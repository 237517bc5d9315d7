"""A psychologist's lists of sessions, each with the way to its note: filled, not drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.appointments.listing import room_or_way
from portal.appointments.models import Appointment
from portal.appointments.states import Steps, Verb
from portal.common.languages.times import clock, date_short, day_short, iso, local_day
from portal.common.web.addresses import each
from portal.common.web.stencils import Stencil
from portal.medicare.ledger import Standing
from portal.medicare.telling import on_a_line
from portal.records.models import ProgressNote

_NOTE = Stencil("psychologist/_note_row.html", holes="day ago patient_page name service at state changed code note_url")
_PAST = Stencil("psychologist/_past_row.html", holes="day service at way code note_url")
_COMING = Stencil("psychologist/_coming_row.html", holes="day at service of_series repeat_url series_url code note_url")
_OF_A_DAY = Stencil(
    "psychologist/_day_row.html",
    holes="iso at minutes patient_page name service room place since of_series code note_url seen token complete_url "
    "no_show_url move_url cancel_url answer_url medicare",
)


def _label(steps: Steps | None, verb: Verb) -> str:
    """The words of a step that may be taken now; empty otherwise."""
    return str(steps[verb].label) if steps is not None and steps[verb].allowed else ""


def _note_of(session: Appointment) -> ProgressNote | None:
    """The note of a session read by `sessions_with_notes`."""
    note: ProgressNote | None = getattr(session, "note", None)
    return note


def _step(session: Appointment, *, now: datetime) -> str:
    """What there is to do about its note, as `psychologist/_note_state.html` names it."""
    if note := _note_of(session):
        return "signed" if note.is_signed else "draft"
    if session.is_hold:
        return ""
    if not session.is_standing:
        return "add"
    return "write" if session.starts_at <= now or not session.is_booked else "prepare"


def _day(session: Appointment) -> str:
    return date_short(local_day(session.starts_at, session.zone))


def note_rows(rows: Iterable[tuple[Appointment, int]], *, now: datetime) -> SafeString:
    """Sessions whose note waits, each with how many days ago it was."""
    patient_page, note_page = each("psychologist:patient"), each("psychologist:note")
    return _NOTE.rows(
        (
            {"is_begun": _note_of(session) is not None, "step": _step(session, now=now), "where": "note"},
            (
                _day(session),
                ngettext("yesterday", "%(n)s days ago", days) % {"n": days} if days else _("today"),
                patient_page(session.patient.code) if session.patient else "",
                session.patient.name if session.patient else "",
                session.service.name,
                clock(session.starts_at, session.zone),
                session.get_status_display(),
                date_short(local_day(note.updated_at, session.zone)) if (note := _note_of(session)) else "",
                session.code,
                note_page(session.code),
            ),
        )
        for session, days in rows
    )


def past_rows(sessions: Iterable[Appointment], *, now: datetime) -> SafeString:
    """Sessions that are over, each with the state of its note."""
    note_page = each("psychologist:note")
    return _PAST.rows(
        (
            {
                "status": session.status,
                "confirmed": bool(session.confirmed_at),
                "step": _step(session, now=now),
                "where": "past",
            },
            (
                _day(session),
                session.service.name,
                clock(session.starts_at, session.zone),
                " · ".join(filter(None, (session.get_mode_display(), session.of_series))),
                session.code,
                note_page(session.code),
            ),
        )
        for session in sessions
    )


def coming_rows(sessions: Iterable[Appointment], *, now: datetime) -> SafeString:
    """Sessions to come; only of the next one, and where there is one, the note is offered."""
    note_page, repeat, series = each("psychologist:note"), each("psychologist:repeat"), each("psychologist:move_series")
    return _COMING.rows(
        (
            {
                "status": session.status,
                "confirmed": bool(session.confirmed_at),
                "mode": session.mode,
                "in_series": session.series_id is not None,
                "is_held": session.is_hold,
                "step": _step(session, now=now) if n == 0 or _note_of(session) else "",
                "where": "up",
            },
            (
                day_short(session.starts_at, session.zone),
                clock(session.starts_at, session.zone),
                session.service.name,
                session.of_series,
                repeat(session.code),
                series(session.code),
                session.code,
                note_page(session.code),
            ),
        )
        for n, session in enumerate(sessions)
    )


def day_rows(
    sessions: Iterable[Appointment],
    *,
    steps: Mapping[int, Steps],
    medicare: Mapping[int, Standing],
    zone: ZoneInfo,
    now: datetime,
    token: str,
) -> SafeString:
    """The sessions of a day; one on another clock than `zone` says where it is.

    `steps` are what may be done with those still open, and `medicare` where each stands there, by id; `token` is what
    the forms send back against forgery.
    """
    patient_page, note_page = each("psychologist:patient"), each("psychologist:note")
    complete, no_show = each("psychologist:complete"), each("psychologist:no_show")
    move, cancel = each("psychologist:move_in_calendar"), each("psychologist:cancel")
    answer = each("psychologist:answer")
    return _OF_A_DAY.rows(
        (
            {
                "status": session.status,
                "confirmed": bool(session.confirmed_at),
                "mode": session.mode,
                "is_hold": session.is_hold,
                "is_here": session.is_here,
                "is_elsewhere": session.zone != zone,
                "in_series": session.series_id is not None,
                "step": _step(session, now=now),
                "where": "note",
                "complete": _label(steps.get(session.pk), Verb.COMPLETE),
                "no_show": _label(steps.get(session.pk), Verb.NO_SHOW),
                "move": _label(steps.get(session.pk), Verb.MOVE),
                "cancel": _label(steps.get(session.pk), Verb.CANCEL),
                "is_request": session.is_request,
                "has_medicare": session.pk in medicare,
            },
            (
                iso(session.starts_at),
                clock(session.starts_at, session.zone),
                session.minutes,
                patient_page(session.patient.code) if session.patient else "",
                session.patient.name if session.patient else "",
                session.service.name,
                room_or_way(session),
                session.location.name,
                clock(session.arrived_at, session.zone) if session.arrived_at else "",
                session.of_series,
                session.code,
                note_page(session.code),
                session.seen_as,
                token,
                complete(session.code),
                no_show(session.code),
                move(session.code),
                cancel(session.code),
                answer(session.code),
                on_a_line(medicare[session.pk]) if session.pk in medicare else "",
            ),
        )
        for session in sessions
    )
