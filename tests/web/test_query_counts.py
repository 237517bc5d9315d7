"""No page reads more when there is more to show: every page without a parameter, as each role, at 1 row and at 30."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, get_resolver, reverse

from portal.accounts.roles import Role
from portal.appointments.actions import subscribing
from portal.appointments.actions.clashes import Terms
from portal.appointments.actions.repeating import Wish, book_series
from portal.appointments.models import Closure, Status, TimeSlot
from portal.appointments.recurrence import Every, Pattern
from portal.clinic.models import Mode
from portal.common.access.actors import Actor
from portal.journeys import time_away
from tests import make
from tests.billing.conftest import NOW, Books

ROOMS = {
    Role.RECEPTION: "reception",
    Role.MANAGER: "manager",
    Role.PSYCHOLOGIST: "psychologist",
    Role.PATIENT: "patient",
}
MANY = 30


def addresses(namespace):
    """Of every page of a room that needs nothing but its name."""
    _, room = get_resolver().namespace_dict[namespace]
    for name in {name for name in room.reverse_dict if isinstance(name, str)}:
        with suppress(NoReverseMatch):
            yield reverse(f"{namespace}:{name}")


class World:
    """A clinic in which everything that a list could show grows by one with each `row`."""

    def __init__(self, role):
        self.books = Books()
        self.location = make.location()
        self.service = make.service(phone=True)
        self.psychologist = make.psychologist(user=make.user(roles=(Role.PSYCHOLOGIST,)))
        make.week(psychologist=self.psychologist, location=self.location)
        self.own = make.patient(user=make.user())
        who = {Role.PSYCHOLOGIST: self.psychologist.user, Role.PATIENT: self.own.user}
        self.client = make.client_for(who.get(role) or make.user(role=role))
        self.own_of = role == Role.PATIENT
        self.rows = 0

    def row(self):
        self.rows += 1
        n = self.rows
        patient = self.own if self.own_of else make.patient(legal_last_name=f"Person{n:02d}", phone="+61491570006")
        here = {"patient": patient, "psychologist": self.psychologist, "location": self.location}
        today = NOW.replace(hour=22, minute=0) - timedelta(days=1)
        past = self.books.session(service=self.service, starts_at=today - timedelta(days=7 * n), **here)
        coming = {"service": self.service, "status": Status.BOOKED, "mode": "phone"}
        make.appointment(starts_at=NOW + timedelta(days=7 * n), **coming, **here)
        invoice = self.books.invoice_of_session(past)
        self.books.pay(invoice, "20.00")
        make.user(roles=(Role.RECEPTION,))
        make.service()
        make.location()
        resource = make.resource()
        make.share(resource=resource, patient=patient, shared_at=NOW)
        make.post(author=self.psychologist.user)
        make.carer(patient=patient, user=make.user())

    def counted(self):
        """How many queries each page ran that answered with a page, at its second visit."""
        counts = {path: self.asked(path) and self.asked(path) for path in self.pages}
        return {path: count for path, count in counts.items() if count is not None}

    def grown(self, one):
        """The pages of `one` that run more queries than its counts, at their second visit too."""

        def costs_more(path):
            count = self.asked(path)
            return count is None or count > one[path]

        return [path for path in one if costs_more(path) and costs_more(path)]

    def asked(self, path):
        """How many queries a page runs, or None where it doesn't answer with a page."""
        with CaptureQueriesContext(connection) as run:
            answer = self.client.get(path)
        return len(run) if answer.status_code == 200 else None


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROOMS)
def test_pages_read_as_often_for_thirty_as_for_one(role, time_machine, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    time_machine.move_to(NOW, tick=False)
    make.clinic(horizon_days=90)
    world = World(role)
    world.pages = sorted(addresses(ROOMS[role]))
    world.row()
    one = world.counted()
    for _ in range(MANY - 1):
        world.row()
    assert len(one) > 5
    assert world.grown(one) == []


# ---- What the diary shows --------------------------------------------------------------------------------------------

TOMORROW = datetime(2026, 11, 25, tzinfo=UTC).date()
VIEWS = [f"?view={view}&day={TOMORROW}" for view in ("day", "week", "month", "agenda")]
OF_THE_DIARY = {
    Role.RECEPTION: [
        *(f"/reception/calendar/{view}" for view in (*VIEWS, f"?view=day&by=room&day={TOMORROW}")),
        f"/reception/calendar/sheet/?day={TOMORROW}",
        "/reception/calendar/downtime/",
        f"/reception/?day={TOMORROW}",
        "/reception/to-do/",
        "/reception/stranded/",
        "/reception/time-off/",
        "/reception/waitlist/",
        "/reception/waitlist/offers/",
        "/reception/waitlist/fits/?time={time}",
        "/reception/appointments/{session}/reschedule/",
        "/reception/patients/{patient}/book/?service={service}",
        "/reception/waitlist/join/{patient}/",
    ],
    Role.PSYCHOLOGIST: [
        *(f"/practice/calendar/{view}" for view in VIEWS),
        f"/practice/calendar/sheet/?day={TOMORROW}",
        "/practice/calendar/downtime/",
        "/practice/calendar/address/",
        "/practice/hours/",
        "/practice/stranded/",
        "/practice/hours/elsewhere/",
        "/practice/to-do/",
        "{feed}",
    ],
    Role.PATIENT: [
        "/my/",
        "/my/appointments/",
        "/my/appointments/{session}/",
        "/my/appointments/{session}/reschedule/",
        "/my/waitlist/",
        "/my/waitlist/join/",
        "/my/calendar/",
        "/offer/{offer}/",
        "{feed}",
    ],
    None: ["/book/{service}/?psychologist=any", "/book/{service}/?psychologist=any&part=morning&zone=Australia/Perth"],
}


class Diary(World):
    """A clinic in which each `row` adds what a schedule can show: who works, is booked, asked for, waits, is away."""

    def __init__(self, role):
        super().__init__(role)
        self.role = role
        if role is None:
            self.client = make.client_for(None)
        self.seen = make.appointment(
            psychologist=self.psychologist, patient=self.own, service=self.service, location=self.location,
            starts_at=NOW + timedelta(days=6), mode="phone",
        )  # fmt: skip
        reader = {Role.PSYCHOLOGIST: None, Role.PATIENT: self.own}
        self.feed = ""
        if role in reader:
            by = Actor(self.psychologist.user if role == Role.PSYCHOLOGIST else self.own.user, role)
            _, token = subscribing.make_feed(patient=reader[role], titles="neutral", by=by, now=NOW)
            self.feed = reverse("machines:calendar_feed", args=[token])
        self.offer = make.offer(entry=make.waiting(patient=self.own, service=make.service()), token="mailed")
        self.client.get(reverse("public:offered", args=["mailed"]))

    def row(self):
        self.rows += 1
        n = self.rows
        carer, is_own = self.own.user, self.role in {Role.PSYCHOLOGIST, Role.PATIENT}
        patient = make.patient(legal_last_name=f"Person{n:02d}", phone="+61491570006")
        make.carer(patient=patient, user=carer)
        whose = self.psychologist if is_own else make.psychologist(services=(self.service,))
        if not is_own:
            make.week(psychologist=whose, location=self.location)
        here = {"psychologist": whose, "service": self.service, "location": self.location, "mode": "phone"}
        # Of one psychologist one after the other, six a day; else all at once.
        day, hour = divmod(n, 6) if is_own else (0, 0)
        begins = NOW.replace(hour=22) + timedelta(days=day, hours=hour)
        make.appointment(patient=patient, starts_at=begins, **here)
        make.appointment(patient=patient, starts_at=begins + timedelta(days=7), status=Status.REQUESTED, **here)
        away = make.appointment(patient=patient, starts_at=begins + timedelta(days=14), **here)
        time_away.add_time_slot(
            psychologist=whose, kind=TimeSlot.Kind.BLOCKED, starts_at=away.starts_at, ends_at=away.ends_at,
            by=make.actor(role=Role.RECEPTION), now=NOW,
        )  # fmt: skip
        make.offer(entry=make.waiting(patient=patient, service=self.service, psychologists=[whose]))
        later = TOMORROW + timedelta(days=100 + n)
        Closure.objects.create(location=self.location, first_day=later, last_day=later, label=f"Day {n}")

    @property
    def pages(self):
        free = NOW.replace(hour=23) + timedelta(days=2)
        fills = {
            "time": quote(f"{free:%Y-%m-%dT%H:%MZ} {self.location.slug} {self.psychologist.slug}"),
            "session": self.seen.code,
            "patient": self.own.code,
            "service": self.service.slug,
            "offer": self.offer.code,
            "feed": self.feed,
        }
        return [path.format(**fills) for path in OF_THE_DIARY[self.role]]


@pytest.mark.django_db
@pytest.mark.parametrize("role", OF_THE_DIARY, ids=str)
def test_schedules_read_as_often_for_thirty_as_for_one(role, time_machine):
    time_machine.move_to(NOW, tick=False)
    make.clinic(horizon_days=90)
    world = Diary(role)
    world.row()
    one = world.counted()
    assert set(one) == set(world.pages)
    for _ in range(MANY - 1):
        world.row()
    assert world.grown(one) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.RECEPTION, "/reception/appointments/{code}/"),
        (Role.RECEPTION, "/reception/appointments/{code}/repeat/?repeat=weekly&count={count}"),
        (Role.RECEPTION, "/reception/appointments/{code}/series/move/"),
        (Role.RECEPTION, "/reception/appointments/{code}/series/cancel/"),
        (Role.PSYCHOLOGIST, "/practice/sessions/{code}/repeat/?repeat=weekly&count={count}"),
        (Role.PATIENT, "/my/appointments/{code}/"),
        (Role.PATIENT, "/my/appointments/{code}/repeat/?repeat=weekly&count={count}"),
        (Role.PATIENT, "/my/appointments/{code}/series/cancel/"),
    ],
)
def test_pages_of_a_series_read_as_often_for_thirty_sessions_as_for_two(role, path, time_machine):
    time_machine.move_to(NOW, tick=False)
    make.clinic(horizon_days=400, max_open_bookings=100)
    place, service = make.location(), make.service()
    psychologist = make.psychologist(user=make.user(roles=(Role.PSYCHOLOGIST,)))
    make.week(psychologist=psychologist, location=place)
    patient = make.patient(user=make.user())
    who = {Role.PSYCHOLOGIST: psychologist.user, Role.PATIENT: patient.user}
    client = make.client_for(who.get(role) or make.user(role=role))
    terms = Terms(psychologist, patient, service, Mode.IN_PERSON, place)
    counts = []
    for count, hour in ((2, 22), (MANY, 0)):
        first = NOW.replace(hour=hour) + timedelta(days=1 if hour == 22 else 2)
        starts = [first + timedelta(weeks=n) for n in range(count)]
        pattern = Pattern(Every.WEEKS, 1, place.day_of(first), count=count)
        wishes = [Wish(at, at, outside_hours=True) for at in starts]
        booked = book_series(terms=terms, pattern=pattern, wishes=wishes, by=make.actor(role=Role.RECEPTION), now=NOW)
        address = path.format(code=booked[0].code, count=count)
        client.get(address)
        with CaptureQueriesContext(connection) as run:
            answer = client.get(address)
        assert answer.status_code == 200
        counts.append(len(run))
    assert counts[1] <= counts[0]
