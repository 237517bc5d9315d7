"""A clinic to measure: twenty psychologists in practice, twenty who have left, and as many years as are asked for.

Rows go in past the actions, as they would have come to stand; all constraints hold (rows.py says how the books do).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice
from random import Random
from unittest import mock
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from django.utils.text import slugify

from portal.accounts.models import Grant, User
from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status, WorkingHours
from portal.clinic.models import Location, Mode, Psychologist, Registration, Service, Specialisation
from portal.patients import search
from portal.patients.models import Patient, SearchKey
from tests import make
from tests.bench.names import people
from tests.bench.rows import code, in_chunks, next_id, write

PRACTISING, LEFT = 20, 20
LOCATIONS = ("Brunswick", "Footscray")
ZONE = ZoneInfo("Australia/Melbourne")
HOURS = range(9, 17)
WEEKS_AHEAD = 12
BUSY = 0.6
# Whose books closed a year ago.
GONE_FOR = 260
# Patients who sign in, and book.
SIGNED_UP = 400
CHUNK = 25_000
Say = Callable[[str], None]


@dataclass(frozen=True)
class Clinic:
    psychologists: list[Psychologist]
    gone: list[Psychologist]
    locations: list[Location]
    service: Service
    reception: User
    manager: User
    full_day: date

    @property
    def everybody(self) -> list[Psychologist]:
        return [*self.psychologists, *self.gone]


def monday_after(today: date) -> date:
    return today + timedelta(days=7 - today.weekday())


def open_clinic(random: Random) -> Clinic:
    """Everything but patients: places, people, services, hours."""
    make.clinic(
        legal_name="Banksia Lane Psychology Pty Ltd",
        abn="45617204583",
        gst_registered=True,
        street="12 Banksia Lane",
        suburb="Brunswick",
        state="VIC",
        postcode="3056",
        phone="+61370105500",
        bank_name="Banksia Lane Psychology",
        bank_bsb="000-000",
        bank_account="12345678",
        horizon_days=7 * WEEKS_AHEAD,
    )
    locations = [
        make.location(name=name, slug=slugify(name), suburb=name, phone="+61370105500", position=place)
        for place, name in enumerate(LOCATIONS)
    ]
    service = make.service(name="Session", slug="session", minutes=50, buffer_after=10, fee="220.00")
    make.service(name="Long session", slug="long-session", minutes=80, buffer_after=10, fee="330.00")
    Specialisation.objects.bulk_create(
        Specialisation(name=f"Topic {n:02d}", slug=f"topic-{n:02d}", position=n) for n in range(50)
    )
    named = list(islice(people(random), PRACTISING + LEFT))
    users = _accounts([(first, last, f"psychologist{n}@bench.example") for n, (first, last) in enumerate(named)])
    Grant.objects.bulk_create(Grant(user=user, role=Role.PSYCHOLOGIST) for user in users)
    psychologists = Psychologist.objects.bulk_create(
        Psychologist(
            user=user,
            slug=f"psychologist-{n}",
            title="Dr" if n % 3 == 0 else "",
            headline="Anxiety, low mood, and the year after a baby",
            bio="I have worked with adults and new parents for fourteen years. " * 8,
            registration=Registration.CLINICAL if n % 2 == 0 else Registration.GENERAL,
            is_active=n < PRACTISING,
            position=n,
        )
        for n, user in enumerate(users)
    )
    practising, gone = psychologists[:PRACTISING], psychologists[PRACTISING:]
    for n, psychologist in enumerate(practising):
        place = locations[n % len(locations)]
        make.room(location=place, name=f"Room {n // len(locations) + 1:02d}")
        make.provider_number(psychologist=psychologist, location=place)
    WorkingHours.objects.bulk_create(
        WorkingHours(
            psychologist=psychologist,
            location=locations[n % len(locations)],
            weekday=weekday,
            starts=time(HOURS.start),
            ends=time(HOURS.stop),
        )
        for n, psychologist in enumerate(practising)
        for weekday in range(5)
    )
    desk, manager = _accounts([("Grace", "Okafor", "desk@bench.example"), ("Mona", "Reid", "manager@bench.example")])
    Grant.objects.create(user=desk, role=Role.RECEPTION)
    Grant.objects.create(user=manager, role=Role.MANAGER)
    for user in (desk, manager, practising[0].user):
        make.second_factor(user)
    today = timezone.localdate(timezone.now(), ZONE)
    return Clinic(practising, gone, locations, service, desk, manager, monday_after(today) + timedelta(days=1))


def _accounts(named: list[tuple[str, str, str]]) -> list[User]:
    # One password for all, that nobody knows: to work one out for each would take a minute.
    password = make_password(None)
    users = User.objects.bulk_create(
        User(first_name=first, last_name=last, email=email, password=password) for first, last, email in named
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
    )
    return users


_keys_of_name = cache(search.keys_of_name)


# ---- Patients -------------------------------------------------------------------------------------------------------


def add_patients(count: int, *, random: Random, say: Say) -> None:
    """As many patients as make it `count`; the first of them can sign in."""
    first = next_id(Patient)
    if first > count:
        return
    say(f"{count:,} patients")
    names = people(random)
    accounts = []
    if first == 1:
        own = list(islice(names, min(SIGNED_UP, count // 2)))
        accounts = _accounts([(one, last, f"patient{n}@bench.example") for n, (one, last) in enumerate(own)])
        names = (name for source in (own, names) for name in source)
    key = next_id(SearchKey)
    for chunk in in_chunks(range(first, count + 1), CHUNK):
        found = []
        for pk in chunk:
            one, last = next(names)
            found.append(
                Patient(
                    pk=pk,
                    user_id=accounts[pk - first].pk if pk - first < len(accounts) else None,
                    legal_first_name=one,
                    legal_last_name=last,
                    date_of_birth=date(1940, 1, 1) + timedelta(days=random.randrange(28_000)),
                    phone=f"+614{random.randrange(10**8):08d}",
                    email=f"{slugify(one) or 'ming'}.{slugify(last) or 'wang'}{pk}@example.com",
                    suburb="Brunswick",
                )
            )
        write(
            Patient,
            ("id", "code", "user_id", "legal_first_name", "legal_last_name", "date_of_birth", "phone", "email"),
            (
                (
                    p.pk,
                    code(random),
                    p.user_id,
                    p.legal_first_name,
                    p.legal_last_name,
                    p.date_of_birth.isoformat(),
                    p.phone.as_e164,
                    p.email,
                )
                for p in found
            ),
            street="3 Wattle Street",
            suburb="Brunswick",
            state="VIC",
            postcode="3056",
        )
        # Few names have many people: what each is found by is worked out once.
        with mock.patch.object(search, "keys_of_name", _keys_of_name):
            keys = [(p.pk, word) for p in found for word in sorted(search.keys_of(p))]
        write(SearchKey, ("id", "patient_id", "key"), ((key + n, *pair) for n, pair in enumerate(keys)))
        key += len(keys)


# ---- What is to come ------------------------------------------------------------------------------------------------


def fill_diary(clinic: Clinic, *, random: Random) -> None:
    """The weeks to come, more than half full, and one day with every hour of everybody taken."""
    # Those who will book have nothing booked yet.
    patients = list(Patient.objects.filter(user=None).order_by("pk").values_list("pk", flat=True))
    rooms = {place.pk: list(place.rooms.order_by("name")) for place in clinic.locations}
    begin, turn, rows = clinic.full_day - timedelta(days=1), 0, []
    for day in (begin + timedelta(days=n) for n in range(7 * (WEEKS_AHEAD - 1)) if n % 7 < 5):
        for hour in HOURS:
            starts_at = datetime.combine(day, time(hour), ZONE).astimezone(UTC)
            for n, psychologist in enumerate(clinic.psychologists):
                # Nobody is in two rooms at once: the next hour's patients are the next in line.
                turn += 1
                if day != clinic.full_day and random.random() > BUSY:
                    continue
                place, by_video = clinic.locations[n % len(LOCATIONS)], random.random() < 0.25
                ends_at = starts_at + timedelta(minutes=50)
                rows.append(
                    Appointment(
                        psychologist=psychologist,
                        patient_id=patients[turn % len(patients)],
                        service=clinic.service,
                        location=place,
                        room=None if by_video else rooms[place.pk][n // len(LOCATIONS)],
                        mode=Mode.VIDEO if by_video else Mode.IN_PERSON,
                        starts_at=starts_at,
                        ends_at=ends_at,
                        occupied_from=starts_at,
                        occupied_until=ends_at + timedelta(minutes=10),
                        status=Status.BOOKED,
                        fee=clinic.service.fee,
                        booked_at=timezone.now(),
                        confirmed_at=timezone.now() if random.random() < 0.3 else None,
                    )
                )
    Appointment.objects.bulk_create(rows, batch_size=500)
