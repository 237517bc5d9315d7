"""The time that a visitor holds while they book: one at most, remembered by their browser session."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypedDict
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest

from portal.accounts.models import User
from portal.appointments import actions
from portal.appointments.models import Appointment, Status
from portal.appointments.refusals import NotOffered
from portal.clinic import kept as clinic
from portal.clinic.booking_rules import rules_of
from portal.clinic.models import ClinicSettings, Location, Psychologist, Service
from portal.common.access import limits
from portal.common.access.actors import Actor
from portal.journeys import booking, choosing, returning, who_books
from portal.journeys.held import KEY, UNTIL

# In the browser session: by what its held time is counted.
COUNTED = "hold_counted"
VISITOR = Actor.system("online booking")


class TooOften(Exception):
    """This address held as many times as one may in a short while."""


class TooManyHeld(Exception):
    """As many times are held from this address, or by this account, as may be at one moment."""


class _Bound(TypedDict):
    who: str
    most: int
    mine: str


class Chosen(NamedTuple):
    """What somebody chose to hold, in the words that forms and the session carry."""

    service: str
    time: str
    psychologist: str
    mode: str

    @classmethod
    def of(cls, held: Appointment) -> Chosen:
        """The choices that led to a held time."""
        free = choosing.FreeTime(held.starts_at, held.ends_at, held.location)
        return cls(held.service.slug, free.value, held.psychologist.slug, held.mode)

    @property
    def word(self) -> str:
        """What a form about this service sends back; read by `read`."""
        return f"{self.time} {self.psychologist} {self.mode}"

    @classmethod
    def read(cls, word: str, *, service: Service) -> Chosen:
        """The choices of a form; a word that no page wrote is a choice that can't be had."""
        match word.split(" "):
            case [at, place, psychologist, mode]:
                return cls(service.slug, f"{at} {place}", psychologist, mode)
        return cls(service.slug, "", "", "")


def take(
    request: HttpRequest,
    *,
    psychologists: Sequence[Psychologist],
    service: Service,
    mode: str,
    starts_at: datetime,
    location: Location,
    now: datetime,
) -> Appointment:
    """Holds a time for this visitor, in place of the one they held.

    Raises TooOften, TooManyHeld, SlotTaken or NotOffered; then what was held stays held.
    """
    if not within_limit(request):
        raise TooOften
    bound = _bound(request)
    if not limits.has_room("hold", **bound):
        raise TooManyHeld
    account = request.user if request.user.is_authenticated else None
    if reason := who_books.barred(service, user=account, clinic=ClinicSettings.current(), now=now):
        raise NotOffered(reason)
    before = _row(request)
    held = booking.hold_time(
        psychologists=psychologists,
        service=service,
        mode=mode,
        starts_at=starts_at,
        location=location,
        by=VISITOR,
        now=now,
        instead_of=before,
    )
    if not limits.claim("hold", **bound, seconds=_seconds(service)):
        # Others of the same address were faster by a moment.
        actions.release_hold(hold=held, by=VISITOR, now=now)
        raise TooManyHeld
    held.psychologist, held.service = clinic.psychologists()[held.psychologist_id], service
    held.location = clinic.places()[held.location_id]
    _remember(request, held)
    _count(request, bound)
    return held


def _seconds(service: Service) -> int:
    return 60 * rules_of(service, clinic=ClinicSettings.current()).hold_minutes


def booked(request: HttpRequest) -> None:
    """A time that is booked, or given back, is held no more: the next of the same address may hold one."""
    if counted := request.session.pop(COUNTED, None):
        limits.give_back("hold", **counted)


def kept_until(request: HttpRequest, until: datetime) -> None:
    """Remembers that what this visitor holds is kept for longer, while they pay for it."""
    if remembered := request.session.get(KEY):
        request.session[KEY] = {**remembered, UNTIL: int(until.timestamp())}


def let_go(request: HttpRequest, *, code: UUID | None, now: datetime) -> bool:
    """Frees the time that this visitor holds, if it is the one of this code; False where they hold it no more."""
    held = _row(request)
    if held is None or held.code != code or not actions.release_hold(hold=held, by=VISITOR, now=now):
        return False
    del request.session[KEY]
    booked(request)
    return True


def _bound(request: HttpRequest) -> _Bound:
    """By what this visitor's held time is counted: the account, or the address of somebody without one."""
    counted = request.session.get(COUNTED)
    # A word of this browser session's own tells its time from others of the same address.
    mine = counted["mine"] if counted else secrets.token_urlsafe(12)
    if request.user.is_authenticated:
        return {"who": f"account-{request.user.pk}", "most": settings.MOST_HOLDS["account"], "mine": mine}
    address = get_adapter(request).get_client_ip(request)
    return {"who": address, "most": settings.MOST_HOLDS["address"], "mine": mine}


def _count(request: HttpRequest, bound: _Bound) -> None:
    """Remembers by what it is counted from now on: whoever signed in meanwhile is counted by their account alone."""
    before = request.session.get(COUNTED)
    if before and before["who"] != bound["who"]:
        limits.give_back("hold", **before)
    request.session[COUNTED] = bound


def take_up(request: HttpRequest, *, code: UUID | None, chosen: Chosen, now: datetime) -> Appointment | None:
    """The time that this person held in a session that has ended, remembered by their new one; None once it ran out.

    Only a form that is kept for them knows its code.
    """
    held = Appointment.objects.holds().filter(code=code).first() if code else None
    if held is None or not held.is_held(now=now):
        return None
    _with_names(held)
    if Chosen.of(held) != chosen:
        return None
    _remember(request, held)
    return held


def _with_names(held: Appointment) -> None:
    held.psychologist = clinic.psychologists()[held.psychologist_id]
    held.service, held.location = clinic.services()[held.service_id], clinic.places()[held.location_id]


def _remember(request: HttpRequest, held: Appointment) -> None:
    """With the choices that led to it: once it runs out, its row may be cleared away."""
    until = int(held.held_until.timestamp()) if held.held_until else 0
    request.session[KEY] = {"code": str(held.code), UNTIL: until, **Chosen.of(held)._asdict()}


def kept(request: HttpRequest, *, now: datetime) -> Appointment | None:
    """What this visitor holds, or held: its row, or one made again from the choices if that is gone."""
    remembered = _remembered(request)
    if remembered is None:
        return None
    held = Appointment.objects.filter(code=remembered["code"]).first()
    if held is None:
        chosen = Chosen(**{name: remembered[name] for name in Chosen._fields})
        return as_chosen(chosen, user=request.user if request.user.is_authenticated else None, now=now)
    _with_names(held)
    return held


def as_chosen(chosen: Chosen, *, user: User | None, now: datetime) -> Appointment | None:
    """The time that was chosen, as a hold that has run out; None where this account can't book it so any more."""
    service = next((each for each in clinic.services().values() if each.slug == chosen.service), None)
    if service is None:
        return None
    able = returning.taking_bookings(service, user=user)
    psychologist = next((each for each in able if each.slug == chosen.psychologist), None)
    if psychologist is None or chosen.mode not in psychologist.modes_for(service):
        return None
    try:
        starts_at, location = choosing.read_time(chosen.time)
    except ValueError:  # the location has closed meanwhile
        return None
    return Appointment(
        psychologist=psychologist,
        service=service,
        location=location,
        mode=chosen.mode,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=service.minutes),
        fee=psychologist.fee_for(service),
        status=Status.HELD,
        held_until=now,
    )


def within_limit(request: HttpRequest) -> bool:
    """Whether this address still may hold times: one visitor must not be able to empty the diary."""
    return limits.within("hold", who=get_adapter(request).get_client_ip(request), most=60, seconds=600)


def _remembered(request: HttpRequest) -> dict[str, str] | None:
    remembered = request.session.get(KEY)
    # A session from before the service was remembered with it names no time that could be told apart.
    return remembered if remembered and remembered.keys() >= {"code", *Chosen._fields} else None


def _row(request: HttpRequest) -> Appointment | None:
    """The row of what this visitor holds; none once it was booked, or cleared away."""
    remembered = _remembered(request)
    return Appointment.objects.holds().filter(code=remembered["code"]).first() if remembered else None
