"""The calendar entry that goes with a notice: when, and where. It names nothing of why.

Calendars are shared, and lie open on desks: an entry says “Appointment” alone, and an address without the place's name,
unless its reader chose names for the private calendar of these sessions (`named_for`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parseaddr
from functools import cache
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vText, vUri

from portal.accounts.roles import Role
from portal.appointments import joining, terms
from portal.appointments.models import Appointment, CalendarFeed
from portal.clinic.models import ClinicSettings, Mode
from portal.common.languages.times import when_there
from portal.patients.models import Patient

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]


def named_for(patient: Patient | int | None) -> set[str]:
    """The addresses of those who chose that a patient's sessions stand in their calendar with names. One query."""
    chosen = CalendarFeed.objects.in_force().rightful().filter(role=Role.PATIENT, titles=CalendarFeed.Titles.NAMED)
    return {email.lower() for email in chosen.filter(patient=patient).values_list("user__email", flat=True)}


def invitation(
    appointment: Appointment,
    *,
    method: Method = "REQUEST",
    clinic: ClinicSettings,
    now: datetime,
    to: str = "",
    is_named: bool = False,
) -> bytes:
    """Writes an iCalendar file (RFC 5545, 5546) with one event.

    Its times are UTC: every calendar shows them on its reader's own clock. A zone that the file brings along is worked
    out by each program itself, and one of the well-known ones reads a zone made of a list of dates an hour off.

    The UID never changes and SEQUENCE rises with each change, so calendars move or remove the entry they have. `to` is
    the address that the file is mailed to: named as an attendee who has accepted, so that no program asks or answers.
    Many mail programs show a REQUEST as an invitation only to whom it names.
    """
    before, after = _around(method)
    event = _event(appointment, method=method, clinic=clinic, now=now, to=to, is_named=is_named)
    return before + bytes(event.to_ical()) + after


def published(
    sessions: Iterable[Appointment], *, clinic: ClinicSettings, now: datetime, is_named: bool = False
) -> bytes:
    """Writes one file with an event for each of several sessions, those that are called off marked so.

    By RFC 5546 a request, or a cancellation, is about one UID: several are published, which names nobody as invited.
    Each has the UID and the SEQUENCE that `invitation` gives it, so what is told of one later changes that one entry.
    """
    before, after = _around("PUBLISH")
    events = (
        _event(
            session, method="CANCEL" if session.is_cancelled else "PUBLISH", clinic=clinic, now=now, is_named=is_named
        )
        for session in sessions
    )
    return before + b"".join(bytes(event.to_ical()) for event in events) + after


def _event(
    appointment: Appointment,
    *,
    method: Method,
    clinic: ClinicSettings,
    now: datetime,
    to: str = "",
    is_named: bool = False,
) -> Event:
    event = Event()
    event.add("uid", uid_of(appointment.code))
    event.add("sequence", appointment.revision)
    event.add("dtstamp", now)
    event.add("dtstart", appointment.starts_at.astimezone(UTC))
    event.add("dtend", appointment.ends_at.astimezone(UTC))
    title = _("Appointment, %(clinic)s") % {"clinic": clinic.neutral_name} if is_named else _("Appointment")
    event.add("summary", title)
    event.add("location", _where(appointment, is_named=is_named))
    if method != "CANCEL" and (said := _said(appointment, clinic=clinic, now=now, is_named=is_named)):
        event.add("description", said)
    if is_named:
        # A program shows it, and its host is the clinic's.
        event.add("url", vUri(settings.PORTAL_BASE_URL + reverse("patient:appointments")))
    event.add("status", _status(appointment, method))
    event.add("class", "PRIVATE")
    # RFC 5546 asks for one: without it programs take a change for another event, or for none.
    organizer = vCalAddress(f"mailto:{clinic.email or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    if is_named:
        organizer.params["cn"] = vText(clinic.neutral_name)
    event.add("organizer", organizer)
    if to:
        attendee = vCalAddress(f"mailto:{to}")
        attendee.params["partstat"], attendee.params["rsvp"] = vText("ACCEPTED"), vText("FALSE")
        event.add("attendee", attendee)
    return event


def uid_of(code: UUID | str) -> str:
    """What an entry is known by, in mails and at private addresses, as long as its session is there."""
    return f"{code}@{urlsplit(settings.PORTAL_BASE_URL).hostname}"


def codes_in(entries: bytes) -> list[UUID]:
    """The codes of the sessions that a file of ours has an event for."""
    return [UUID(str(event["uid"]).partition("@")[0]) for event in Calendar.from_ical(entries).walk("VEVENT")]


def _status(appointment: Appointment, method: Method) -> str:
    if method == "CANCEL":
        return "CANCELLED"
    return "TENTATIVE" if appointment.is_request else "CONFIRMED"


@cache
def _around(method: Method) -> tuple[bytes, bytes]:
    """The file before and after its event."""
    calendar = Calendar()
    calendar.add("prodid", "-//Clinic portal//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    before, end, after = bytes(calendar.to_ical()).rpartition(b"END:VCALENDAR")
    return before, end + after


def readdressed(entry: bytes, *, to: str) -> bytes:
    """The same calendar file for another address: it names whom it is mailed to."""
    calendar = Calendar.from_ical(entry)
    for event in calendar.walk("VEVENT"):
        if "attendee" in event:
            attendee = vCalAddress(f"mailto:{to}")
            attendee.params = event.pop("attendee").params
            event.add("attendee", attendee)
    return bytes(calendar.to_ical())


def _said(appointment: Appointment, *, clinic: ClinicSettings, now: datetime, is_named: bool) -> str:
    """How it is joined, and until when it is cancelled for nothing. A link tells whose room it is: not to everybody."""
    how = joining.for_patient(appointment, clinic=clinic, is_mailed=True)
    if how and how.link and not is_named:
        joins = _("How to join stands in our e-mail about it, and on its page.")
    else:
        joins = how.in_one_line if how else ""
    return "\n".join(filter(None, (joins, _free_until(appointment, clinic=clinic, now=now))))


def _free_until(appointment: Appointment, *, clinic: ClinicSettings, now: datetime) -> str:
    """Until when it is cancelled for nothing; empty where that is over, or in minutes after booking."""
    until = terms.free_until(appointment, clinic=clinic)
    if now > until or terms.is_by_grace(appointment, clinic=clinic):
        return ""
    if until >= appointment.starts_at:
        return _("Free to cancel until it begins.")
    return _("Free to cancel until %(when)s.") % {"when": when_there(until, appointment.zone)}


def _where(appointment: Appointment, *, is_named: bool) -> str:
    match appointment.mode:
        case Mode.VIDEO:
            return _("By video")
        case Mode.PHONE:
            return _("By phone")
    place = appointment.location
    return ", ".join(part for part in (is_named and place.name, place.address) if part)
