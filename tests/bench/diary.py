"""The diary's lines: free times, the calendar, its polls, series and feeds. None may grow with what is stored."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import cycle

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.appointments import feeds
from portal.appointments.actions import subscribing
from portal.appointments.models import Appointment, CalendarFeed, Status
from portal.clinic.models import ClinicSettings, Mode
from portal.common.access.actors import Actor
from portal.common.web.polling import POLLING
from portal.journeys.repeating import asking
from portal.patients.models import Patient
from tests.bench.load import Browser, Request, Visit
from tests.bench.seed import HOURS, WEEKS_AHEAD, ZONE, Clinic
from tests.bench.targets import Target, browser, htmx, pages

SERIES = {"repeat": "weekly", "count": "26"}
# What a page of twenty people may ask of the database.
MOST_STATEMENTS = 6
# So many different ones are looked at where a larger clinic may take no more.
VISITS = 2


def targets(clinic: Clinic) -> list[Target]:
    visitor, desk = browser(), browser(clinic.reception)
    return [*_openings(visitor, clinic), *_calendar(desk, clinic), *_previews(desk, clinic), *_feeds(clinic)]


def _openings(visitor: Browser, clinic: Clinic) -> Iterator[Target]:
    path, monday = reverse("public:times", args=[clinic.service.slug]), clinic.full_day - timedelta(days=1)
    weeks = [monday + timedelta(weeks=n) for n in range(1, 9)]
    one = [f"{path}?psychologist={p.slug}&week={week}" for p in clinic.psychologists for week in weeks]
    everybody = [f"{path}?psychologist=any&week={week}" for week in weeks]
    offered = 'class="time"'
    yield _line("week of one psychologist, by htmx", pages(visitor, one, fragment="times", holds=offered), aim=3)
    yield _line("week of one psychologist, page", pages(visitor, one, holds=offered))
    yield _line(
        "week of 20 psychologists, by htmx",
        pages(visitor, everybody, fragment="times", holds=offered),
        aim=6,
        most_statements=MOST_STATEMENTS,
    )
    yield _line("week of 20 psychologists, page", pages(visitor, everybody, holds=offered))


def _calendar(desk: Browser, clinic: Clinic) -> Iterator[Target]:
    full = [f"{reverse('reception:calendar')}?day={clinic.full_day}"]
    shown = clinic.psychologists[-1].name
    yield _line(
        "day of 20, all 160 hours taken, by htmx",
        pages(desk, full, fragment="calendar", holds=shown),
        aim=8,
        most_statements=MOST_STATEMENTS,
    )
    yield _line("day of 20, all 160 hours taken, page", pages(desk, full, holds=shown))
    poll = Request(full[0], desk, headers={**htmx("calendar"), POLLING: "1"})
    yield _line("day of 20, asked again: nothing new", _nothing_new(poll), aim=4)


def _nothing_new(poll: Request) -> Iterator[Visit]:
    """What the calendar asks by itself, with the fingerprint of the page as it stands: nobody changes the full day."""
    page = inside(Request(poll.path, poll.by, headers=htmx("calendar"))).content.decode()
    found = re.search(r'"If-None-Match": "\\"(\w+)\\""', html.unescape(page))
    if found is None:
        raise RuntimeError("the calendar does not ask for news")
    while True:
        yield (Request(poll.path, poll.by, headers={**poll.headers, "If-None-Match": f'"{found[1]}"'}, status=304),)


def _previews(desk: Browser, clinic: Clinic) -> Iterator[Target]:
    """Each session of the full day as a series: half a year of one hour a week, most of it taken at first."""
    begin = datetime.combine(clinic.full_day, time(), ZONE)
    sessions = Appointment.objects.filter(starts_at__range=(begin, begin + timedelta(days=1))).order_by("pk")
    asked = [f"{reverse('reception:repeat', args=[one.code])}?repeat=weekly&count=26" for one in sessions]
    yield _line("series of 26, proposed", pages(desk, asked, fragment="series", holds="series-time"), aim=13)


def series(clinic: Clinic) -> Iterator[Visit]:
    """Books one after the other, in half a year behind all other bookings. Ends when that is full."""
    desk, by = browser(clinic.reception), Actor(clinic.reception, Role.RECEPTION)
    for session in _to_be_repeated(clinic):
        now = timezone.now()
        asked = asking.read(session, SERIES, is_sent=False, by=by, now=now, clinic=ClinicSettings.current())
        if asked.proposal is None or asked.proposal.clashes:
            continue  # A public holiday among its days.
        path = reverse("reception:repeat", args=[session.code])
        leads_to = reverse("reception:appointment", args=[session.code])
        yield (Request(path, desk, form=SERIES | {"drawn_for": asked.drawn_for}, status=302, holds=leads_to),)


def _to_be_repeated(clinic: Clinic) -> list[Appointment]:
    """One session for each hour of a Wednesday and a Thursday of everybody's: no two of their series meet."""
    patients = list(Patient.objects.filter(user=None).order_by("pk").values_list("pk", flat=True)[:500])
    wednesday = clinic.full_day + timedelta(days=1, weeks=WEEKS_AHEAD)
    hours = [(wednesday + timedelta(days=day), hour) for day in (0, 1) for hour in HOURS]
    rows = []
    for day, hour in hours:
        starts_at = datetime.combine(day, time(hour), ZONE).astimezone(UTC)
        for n, psychologist in enumerate(clinic.psychologists):
            rows.append(
                Appointment(
                    psychologist=psychologist,
                    patient_id=patients[len(rows) % len(patients)],
                    service=clinic.service,
                    location=clinic.locations[n % len(clinic.locations)],
                    mode=Mode.VIDEO,
                    starts_at=starts_at,
                    ends_at=starts_at + timedelta(minutes=50),
                    occupied_from=starts_at,
                    occupied_until=starts_at + timedelta(minutes=60),
                    status=Status.BOOKED,
                    fee=clinic.service.fee,
                    booked_at=timezone.now(),
                )
            )
    Appointment.objects.bulk_create(rows, batch_size=500)
    codes = [row.code for row in rows]
    return list(Appointment.objects.filter(code__in=codes).for_listing().order_by("pk"))


def _feeds(clinic: Clinic) -> Iterator[Target]:
    """What calendar programs ask for, each from a place of its own: a whole diary, and the same while it is so."""
    known, whole = [], []
    for n, psychologist in enumerate(clinic.psychologists, start=1):
        psychologist.user.grants.get_or_create(role=Role.PSYCHOLOGIST, ended_at=None)
        by, now = Actor(psychologist.user, Role.PSYCHOLOGIST), timezone.now()
        feed, token = subscribing.make_feed(patient=None, titles="neutral", by=by, now=now)
        asked = Request(
            reverse("machines:calendar_feed", args=[token]),
            browser(address=f"198.51.100.{n}"),
            holds="BEGIN:VEVENT",
        )
        known.append((feed, asked))
        whole.append((asked,))
    # The smallest clinic has hardly a month behind it, and a feed shows three.
    yield _line("calendar feed of a diary", cycle(whole), aim=8, may_grow=True)
    yield _line("calendar feed, unchanged", _unchanged(known), aim=5, may_grow=True)


def _unchanged(known: list[tuple[CalendarFeed, Request]]) -> Iterator[Visit]:
    """Asks whether it is as it stands now: between two rounds of this, others book in it."""
    for feed, asked in cycle(known):
        etag = f'"{feeds.contents(feed, now=timezone.now()).fingerprint}"'
        yield (Request(asked.path, asked.by, headers={"If-None-Match": etag}, status=304),)


def _line(
    name: str,
    visits: Iterator[Visit],
    *,
    aim: float | None = None,
    most_statements: int | None = None,
    may_grow: bool = False,
) -> Target:
    return Target(name, visits, aim=aim, from_smallest=True, most_statements=most_statements, may_grow=may_grow)


# ---- Within this process ---------------------------------------------------------------------------------------------


def inside(request: Request) -> HttpResponse:
    """The answer as the server gives it, from this process."""
    headers = request.by.headers() | dict(request.headers)
    return Client(headers=headers).get(request.path, secure=True)


def statements(target: Target) -> int:
    """How many statements a visit takes at the most, at the second time: the first and the last page ask for less."""
    most = 0
    for _ in range(VISITS if target.same_statements else 1):
        [request] = next(target.visits)
        inside(request)
        with CaptureQueriesContext(connection) as run:
            inside(request)
        most = max(most, len(run))
    return most
