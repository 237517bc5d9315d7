"""What is measured: the pages that people wait for, asked as a browser asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle
from random import Random
from time import time
from typing import Any
from urllib.parse import urlencode

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.urls import reverse
from django.utils import timezone

from portal.accounts.middleware import SEEN
from portal.accounts.models import User
from portal.accounts.session_store import SessionStore
from portal.appointments import diary
from portal.billing.models import Invoice, InvoiceStatus
from portal.clinic.models import ClinicSettings, Mode
from portal.journeys.booking import as_shown
from portal.journeys.choosing import FreeTime
from portal.patients.models import Patient
from portal.web.public import held_time
from portal.web.public.held_time import Chosen
from tests.bench.load import Browser, Request, Visit
from tests.bench.report import MOST_GROWTH
from tests.bench.seed import SIGNED_UP, Clinic

HOST = "portal.bench.example"
TOKEN = "t" * 32
# Different ones of each kind, so that nothing answers from having been asked the same a moment ago.
VARIETY = 60
MOST_PER_PATIENT = 6
# What any page of any filter of the invoices, with its totals, may take of a hundred times as many.
INVOICES_GROWTH = 1.5
MOST_STATEMENTS_TURNED = 8


@dataclass(slots=True)
class Target:
    """One line of the results. `bare` marks what the others are compared with."""

    name: str
    visits: Iterator[Visit]
    bare: bool = False
    # What can't be asked for ever, and is followed by mail: asked last in each round.
    leaves_work: bool = False
    # Of a processor, in bare pages, at the most.
    aim: float | None = None
    # Measured from the smallest clinic on.
    from_smallest: bool = False
    # Whether it may take more of the clock where more is stored than `most_growth`.
    may_grow: bool = True
    most_growth: float = MOST_GROWTH
    # Asked of the database by one visit, at the most; and whether a larger clinic may take no more than the smallest.
    most_statements: int | None = None
    same_statements: bool = False


def browser(user: User | None = None, *, address: str = "203.0.113.7") -> Browser:
    """A browser in which `user` has signed in."""
    cookies = {settings.CSRF_COOKIE_NAME: TOKEN}
    if user is not None:
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session[SEEN] = time()
        session.save()
        UserSession.objects.create(user=user, session_key=session.session_key, ip=address)
        cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return Browser(HOST, cookies, address, TOKEN)


def htmx(target: str) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Target": target}


def pages(by: Browser, addresses: list[str], *, fragment: str = "", holds: str) -> Iterator[Visit]:
    headers = htmx(fragment) if fragment else {}
    return cycle([(Request(address, by, headers=headers, holds=holds),) for address in addresses])


def searches(by: Browser, path: str, words: list[str], *, fragment: str, holds: str) -> Iterator[Visit]:
    """Words that people are looked for by, sent as their form sends them: they stand in no address."""
    return cycle([(Request(path, by, form={"q": each}, headers=htmx(fragment), holds=holds),) for each in words])


def _asking(path: str, name: str, values: list[str]) -> list[str]:
    return [f"{path}?{urlencode({name: value})}" for value in values]


def bare() -> list[Target]:
    """What all others are compared with."""
    visitor = browser()
    return [
        Target("hello", pages(visitor, ["/bench/hello/"], holds="hello")),
        Target("bare page of 50 rows", pages(visitor, ["/bench/rows/"], holds="topic-49"), bare=True),
    ]


def targets(clinic: Clinic, booking: Iterator[Visit], series: Iterator[Visit], *, random: Random) -> list[Target]:
    """All but the diary's own lines (tests/bench/diary.py), beside which they stand."""
    desk = browser(clinic.reception)
    return [
        *_search(desk, random),
        *_invoices(desk, random),
        Target("booking: hold and confirm", booking, leaves_work=True, aim=8),
        Target("series of 26, booked", series, leaves_work=True),
    ]


def _search(desk: Browser, random: Random) -> Iterator[Target]:
    path, finder, people = reverse("reception:patients"), reverse("reception:find"), _some(Patient, random)
    kinds = {
        "two letters": ["ng", "sm", "le", "wi", "ma", "jo", "ch", "an", "ha", "br"],
        "first name, one letter of the last": ["jack s", "olivia n", "thomas w", "minh t", "sarah j", "maria l"],
        "two beginnings": ["ma sm", "an ng", "li ch", "jo wi", "ha le", "sa jo"],
        "first and last name": [f"{p.legal_first_name} {p.legal_last_name}" for p in people],
        "first digits of a phone": [p.phone.as_national[:8] for p in people],
        "date of birth": [f"{p.date_of_birth.day}/{p.date_of_birth.month}/{p.date_of_birth.year}" for p in people],
    }
    for name, typed in kinds.items():
        visits = searches(desk, path, typed, fragment="results", holds='id="results"')
        yield Target(f"patient search: {name}", visits, aim=3)
    for name in ("two letters", "first and last name"):
        found = "born " if name == "first and last name" else 'id="found-patients"'
        visits = searches(desk, finder, kinds[name], fragment="found-patients", holds=found)
        yield Target(f"search from the head: {name}", visits, aim=3)


def invoice_lists(desk: Browser, random: Random) -> Iterator[Target]:
    """The table with what it counts and adds up: at once of a thousand, and of more that they are more."""
    path = reverse("reception:invoices")
    some = _some(Invoice, random, status=InvoiceStatus.ISSUED)
    newest = list(Invoice.objects.order_by("-issued_on", "-id").values_list("number", flat=True)[:1000:25])
    days = [(i.psychologist.slug, i.issued_on) for i in some]
    lists = {
        "first page": [path],
        "next pages": _asking(path, "page", [f"after-{number}" for number in newest]),
        "anywhere in the middle": _asking(path, "page", [f"after-{i.number}" for i in some]),
        "owing": [f"{path}?standing=owing"],
        "overdue, by due date": [f"{path}?standing=overdue&sort=due_on"],
        "largest first": [f"{path}?sort=-total"],
        "of one psychologist, paid": [f"{path}?psychologist=psychologist-{n}&standing=paid" for n in range(8)],
    }
    summed_up = {
        "of a day, summed up": [f"{path}?since={day}&until={day}" for _, day in days],
        "of a psychologist's month, summed up": [
            f"{path}?psychologist={who}&since={day - timedelta(days=30)}&until={day}" for who, day in days
        ],
        "of a day, largest first, summed up": [f"{path}?since={day}&until={day}&sort=-total" for _, day in days],
    }
    for name, addresses in lists.items():
        yield _list(name, pages(desk, addresses, fragment="results", holds="INV-"), turned="page=" in addresses[0])
    for name, addresses in summed_up.items():
        yield _list(name, pages(desk, addresses, fragment="results", holds=" to pay, "))
    looked_for = {
        "first and last name": [f"{i.patient.legal_first_name} {i.patient.legal_last_name}" for i in some],
        "commonest last names": ["smith", "nguyen", "jones", "williams"],
    }
    for name, words in looked_for.items():
        yield Target(f"invoices: {name}", searches(desk, path, words, fragment="results", holds="INV-"), aim=4)


def _list(name: str, visits: Iterator[Visit], *, turned: bool = False) -> Target:
    """A line of the table. A page that was `turned` to asks twice where a day ends on it, however much is stored."""
    return Target(
        f"invoices: {name}",
        visits,
        aim=4,
        from_smallest=True,
        may_grow=False,
        most_growth=INVOICES_GROWTH,
        most_statements=MOST_STATEMENTS_TURNED if turned else None,
        same_statements=not turned,
    )


def _invoices(desk: Browser, random: Random) -> Iterator[Target]:
    yield from invoice_lists(desk, random)
    path = reverse("reception:invoices")
    yield Target("invoices: first page, whole page", pages(desk, [path], holds="INV-"), aim=6)
    known = fresh().values_list("number", flat=True)[:200:20]
    papers = [Request(reverse("reception:invoice_pdf", args=[number]), desk, holds="%PDF-") for number in known]
    yield Target("invoice PDF, drawn before", cycle([(paper,) for paper in papers]), aim=3)
    yield Target("invoice PDF, drawn now", _undrawn(desk), aim=25)


def fresh() -> Any:
    """Of the last year: what Medicare would refuse, as it does after two, is held back until somebody says why."""
    since = timezone.localdate() - timedelta(days=365)
    return Invoice.objects.filter(status=InvoiceStatus.ISSUED, issued_on__gte=since).order_by("-pk")


def _undrawn(desk: Browser) -> Iterator[Visit]:
    """Invoices whose paper nobody has asked for yet, one after the other."""
    while True:
        waiting = fresh().filter(drawn=None, paid__gt=0)
        numbers = list(waiting.values_list("number", flat=True)[:500])
        yield from ((Request(reverse("reception:invoice_pdf", args=[n]), desk, holds="%PDF-"),) for n in numbers)


def _some(model: Any, random: Random, **fields: Any) -> list[Any]:
    """Rows from anywhere in the table."""
    first, last = (model.objects.order_by(order).values_list("pk", flat=True)[0] for order in ("pk", "-pk"))
    asked = random.sample(range(first, last + 1), min(VARIETY * 3, last - first + 1))
    return list(model.objects.filter(pk__in=asked, **fields).order_by("code")[:VARIETY])


def bookings(clinic: Clinic, times: Iterator[tuple[str, str, FreeTime]]) -> Iterator[Visit]:
    """A patient each, a free hour each: the time is held, then confirmed. Ends when the diary is full."""
    users = User.objects.filter(patient__isnull=False).select_related("patient").order_by("pk")[:SIGNED_UP]
    known = [(browser(u, address=f"198.51.{n // 250}.{n % 250 + 1}"), u.patient) for n, u in enumerate(users)]
    path = reverse("public:times", args=[clinic.service.slug])
    confirm = reverse("public:confirm", args=[clinic.service.slug])
    booked: dict[int, set[Any]] = {patient.pk: set() for _, patient in known}
    turns = cycle(known)
    for slug, mode, free in times:
        person = next((one for one, _ in zip(turns, known, strict=False) if _may_take(booked[one[1].pk], free)), None)
        if person is None:
            return
        by, patient = person
        booked[patient.pk].add(free.starts_at)
        time_form = {"psychologist": slug, "mode": mode, "time": free.value}
        details = _shown(Chosen(clinic.service.slug, free.value, slug, mode)) | {"who": str(patient.code)}
        yield (
            Request(path, by, form=time_form, status=302, holds=confirm),
            Request(confirm, by, form=details, status=302, holds="/my/appointments/"),
        )


def _shown(chosen: Chosen) -> dict[str, str]:
    """What the page between the two steps, which is not asked for here, would send back."""
    held = held_time.as_chosen(chosen, user=None, now=timezone.now())
    if held is None:
        raise RuntimeError(f"{chosen} is not offered")
    return {"chosen": chosen.word, "shown": as_shown(held, clinic=ClinicSettings.current())}


def _may_take(taken: set[Any], free: FreeTime) -> bool:
    return len(taken) < MOST_PER_PATIENT and free.starts_at not in taken


def free_hours(clinic: Clinic, *, random: Random) -> Iterator[tuple[str, str, FreeTime]]:
    """Whose, how and when, in no order. Whole hours only, so that no two of them overlap."""
    places = {place.pk: place for place in clinic.locations}
    first: date = clinic.full_day + timedelta(weeks=1)
    by_id = diary.openings_of(
        clinic.psychologists,
        service=clinic.service,
        first_day=first,
        days=7 * 9,
        now=timezone.now(),
        clinic=ClinicSettings.current(),
        mode=Mode.IN_PERSON,
    )
    found = [
        (p.slug, Mode.IN_PERSON.value, FreeTime(o.starts_at, o.ends_at, places[o.location_id]))
        for p in clinic.psychologists
        for o in by_id[p.pk]
        if o.starts_at.minute == 0
    ]
    random.shuffle(found)
    return iter(found)
