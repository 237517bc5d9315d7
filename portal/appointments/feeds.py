"""What a calendar program reads at a private address: somebody's sessions, some past and those to come.

A program asks every few minutes to every few hours, for ever. So the answer is first made of plain words, three queries
whatever their number, and its fingerprint is that of these words: while it is the same, nothing is drawn. Codes and
times are written by the database: to make objects of thousands and words of these takes longer than all the rest.

Times are UTC and no zone is brought along, as in mails (`ics.py` says why), so each entry stands right on both sides of
a change of the clocks. The UID is the mailed entry's, or where titles are neutral its first part, which names no host;
SEQUENCE rises with each move. A session that is cancelled is gone, and a program removes what it finds there no longer.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, time, timedelta
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from icalendar import vText

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.ics import uid_of
from portal.appointments.models import Appointment, CalendarFeed
from portal.appointments.models.feeds import USE_KEPT_EVERY
from portal.clinic.kept import places, psychologists
from portal.clinic.models import ClinicSettings, Location, Mode
from portal.common.access.actors import Actor
from portal.common.database.compiled import Given, compiled
from portal.common.database.written import WrittenCode, WrittenUtc

# What it shows, in days around today, and at the most. Who looks further has the portal.
PAST, AHEAD, MOST = timedelta(days=90), timedelta(days=400), 4_000
# How often programs are asked to come back; most ask as they please.
COME_BACK = "PT1H"
LONGEST_LINE = 75
_PLACEHOLDER = uuid.UUID(int=0)


class Entry(NamedTuple):
    """One session in words, as it is drawn; moments as a calendar writes them, in UTC."""

    code: str
    sequence: int
    stamped: str
    starts_at: str
    ends_at: str
    title: str
    place: str


class Contents(NamedTuple):
    """All that an answer is made of; `url` has a place for a session's code, and is empty where nothing may say whose
    calendar it is: a program shows an entry's address, and its host is the clinic's."""

    name: str
    url: str
    entries: list[Entry]

    @property
    def fingerprint(self) -> str:
        """The same for the same words drawn by the same code: a strong validator."""
        # As plain tuples: a named one writes its fields' names each time.
        said = (_code(), settings.PORTAL_BASE_URL, self.name, self.url, [tuple(entry) for entry in self.entries])
        return sha256(repr(said).encode()).hexdigest()[:32]


def open_feed(token: str) -> CalendarFeed | None:
    """Whose address this is; None for every other word, whatever is wrong with it. One query."""
    return next(iter(_open_feeds(Given(CalendarFeed.hash_of(token)))), None)


def note_use(feed: CalendarFeed, *, now: datetime) -> None:
    """Keeps that a program asked, by the hour."""
    if feed.last_used_at is None or feed.last_used_at <= now - USE_KEPT_EVERY:
        CalendarFeed.objects.filter(pk=feed.pk).update(last_used_at=now)


def contents(feed: CalendarFeed, *, now: datetime) -> Contents:
    """What stands at the address now, in its reader's language."""
    clinic = ClinicSettings.current()
    with override(feed.user.language or settings.LANGUAGE_CODE):
        return Contents(_name(feed, clinic), _url(feed), list(_entries(feed, clinic, now=now)))


def drawn(found: Contents) -> bytes:
    """The contents as an iCalendar file (RFC 5545)."""
    return "".join(f"{line}\r\n" for line in _lines(found)).encode()


def _url(feed: CalendarFeed) -> str:
    if feed.titles != CalendarFeed.Titles.NAMED:
        return ""
    page = "psychologist:session" if feed.role == Role.PSYCHOLOGIST else "patient:appointment"
    return settings.PORTAL_BASE_URL + reverse(page, args=[_PLACEHOLDER])


# ---- What is read ----------------------------------------------------------------------------------------------------


def _entries(feed: CalendarFeed, clinic: ClinicSettings, *, now: datetime) -> Iterator[Entry]:
    """Each session with its title and its place. One query; names and places are kept."""
    known, title_of = places(), _titles(feed, clinic)
    is_named = feed.titles == CalendarFeed.Titles.NAMED
    hiding = feed.role == Role.PATIENT and not is_named
    where: dict[tuple[str, int], str] = {}
    names = ("patient__preferred_name", "patient__legal_first_name", "patient__legal_last_name") if is_named else ()
    today = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    found = _sessions(names, feed.user_id, feed.role, feed.patient_id, today)
    for code, revision, stamped, starts_at, ends_at, mode, location, psychologist, *called in found:
        if (there := where.get((mode, location))) is None:
            there = where[mode, location] = _place(mode, known[location], hiding=hiding)
        yield Entry(code, revision, stamped or starts_at, starts_at, ends_at, title_of(psychologist, *called), there)


@compiled
def _open_feeds(token_hash: Given) -> QuerySet[CalendarFeed]:
    return CalendarFeed.objects.in_force().rightful().filter(token_hash=token_hash).select_related("user", "patient")


@compiled
def _sessions(
    names: Collection[str], user: int, role: str, patient: int | None, today: datetime
) -> QuerySet[Appointment, tuple[Any, ...]]:
    """What takes place, took place or was missed; nothing that was called off or is only held."""
    seen = Appointment.objects.visible_to(Actor(user=User(pk=user), role=role)).with_a_person()
    own = seen if patient is None else seen.filter(patient=patient)
    times = (WrittenUtc(name) for name in ("booked_at", "starts_at", "ends_at"))
    found = own.between(today - PAST, today + AHEAD).order_by("starts_at", "pk")
    return found.values_list(
        WrittenCode("code"), "revision", *times, "mode", "location", "psychologist", *names
    )[:MOST]  # fmt: skip


def _titles(feed: CalendarFeed, clinic: ClinicSettings) -> Callable[..., str]:
    """What a session is called: asked with its psychologist's id and, for names, with those of its patient."""
    is_named = feed.titles == CalendarFeed.Titles.NAMED
    if feed.role == Role.PSYCHOLOGIST:
        neutral = _("Session")

        def of_patient(psychologist: int, preferred: str = "", first: str = "", last: str = "") -> str:
            # A family name of one character would be written out whole.
            letter = last[:1] if len(last) > 1 else ""
            return f"{preferred or first} {letter}".strip() if is_named else neutral

        return of_patient
    if not is_named:
        return partial(_always, _("Appointment"))
    whose = f"{_else_than(feed)}: " if _else_than(feed) else ""
    words = _("Appointment with %(who)s, %(clinic)s")
    with_whom = {pk: whose + words % {"who": one.name, "clinic": clinic.name} for pk, one in psychologists().items()}

    def of_psychologist(psychologist: int, *called: str) -> str:
        return with_whom[psychologist]

    return of_psychologist


def _always(words: str, *asked: object) -> str:
    return words


def _else_than(feed: CalendarFeed) -> str:
    """What the patient is called whom somebody else looks after; empty for one's own sessions."""
    return feed.patient.called if feed.patient and feed.patient.user_id != feed.user_id else ""


def _place(mode: str, place: Location, *, hiding: bool) -> str:
    """Where a session is; a place's own name, which may say whose it is, only where names are wanted."""
    match mode:
        case Mode.VIDEO:
            return _("By video")
        case Mode.PHONE:
            return _("By phone")
    return place.address if hiding else ", ".join(part for part in (place.name, place.address) if part)


def _name(feed: CalendarFeed, clinic: ClinicSettings) -> str:
    """What a program may call the calendar in its list."""
    if feed.titles != CalendarFeed.Titles.NAMED:
        return _("Sessions") if feed.role == Role.PSYCHOLOGIST else _("Appointments")
    whose = _else_than(feed)
    return f"{whose}, {clinic.name}" if whose else clinic.name


# ---- How it is written -----------------------------------------------------------------------------------------------


def _lines(found: Contents) -> Iterator[str]:
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield "PRODID:-//Portal//Calendar//EN"
    yield "CALSCALE:GREGORIAN"
    yield "METHOD:PUBLISH"
    for name in ("NAME", "X-WR-CALNAME"):
        yield _line(name, found.name)
    yield f"REFRESH-INTERVAL;VALUE=DURATION:{COME_BACK}"
    yield f"X-PUBLISHED-TTL:{COME_BACK}"
    before, _code_there, after = found.url.partition(str(_PLACEHOLDER))
    # Few titles and places, many sessions: what each says of them, and how it ends.
    ends: dict[tuple[str, str], str] = {}
    for code, sequence, stamped, starts_at, ends_at, title, place in found.entries:
        if (end := ends.get((title, place))) is None:
            said = [_line("SUMMARY", title), *([_line("LOCATION", place)] if place else [])]
            end = ends[title, place] = "\r\n".join((*said, "STATUS:CONFIRMED", "CLASS:PRIVATE", "END:VEVENT"))
        uid = f"UID:{code}"
        if found.url:
            uid = f"{_folded(f'UID:{uid_of(code)}')}\r\n{_folded(f'URL:{before}{code}{after}')}"
        yield (
            f"BEGIN:VEVENT\r\n{uid}\r\nSEQUENCE:{sequence}\r\n"
            f"DTSTAMP:{stamped}\r\nDTSTART:{starts_at}\r\nDTEND:{ends_at}\r\n{end}"
        )
    yield "END:VCALENDAR"


def _line(name: str, words: str) -> str:
    return _folded(f"{name}:{vText(words).to_ical().decode()}")


def _folded(line: str) -> str:
    """At most 75 bytes a line, with no letter cut through (RFC 5545, 3.1)."""
    if len(line.encode()) <= LONGEST_LINE:
        return line
    if line.isascii():
        rest = range(LONGEST_LINE, len(line), LONGEST_LINE - 1)
        return "\r\n ".join((line[:LONGEST_LINE], *(line[at : at + LONGEST_LINE - 1] for at in rest)))
    parts, size = [""], 0
    for letter in line:
        size += len(letter.encode())
        if size > LONGEST_LINE:
            parts.append(" ")
            size = 1 + len(letter.encode())
        parts[-1] += letter
    return "\r\n".join(parts)


@cache
def _code() -> str:
    """Of what draws: a new version of the portal may draw the same words in another way."""
    return sha256(Path(__file__).read_bytes()).hexdigest()
