"""The time that a visitor holds while they book: one at most, remembered by their browser session."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.adapter import get_adapter
from django.http import HttpRequest
from django.utils import timezone

from portal.appointments import actions
from portal.appointments.models import Appointment, Status
from portal.clinic import kept as clinic
from portal.clinic.models import Psychologist, Service
from portal.common.access import limits
from portal.common.access.actors import Actor
from portal.journeys import choosing

VISITOR = Actor.system("online booking")
KEY = "hold"


def keep(request: HttpRequest, held: Appointment) -> None:
    """Remembers a time and the choices that led to it: once it runs out, its row may be cleared away."""
    free = choosing.FreeTime(held.starts_at, held.ends_at, held.location)
    request.session[KEY] = {
        "code": str(held.code),
        "time": free.value,
        "psychologist": held.psychologist.slug,
        "mode": held.mode,
    }


def kept(request: HttpRequest, service: Service) -> Appointment | None:
    """What this visitor holds of a service, or held: its row, or one made again from the choices if that is gone."""
    remembered = request.session.get(KEY)
    if not remembered:
        return None
    held = Appointment.objects.filter(code=remembered["code"], service=service).first()
    if held is not None:
        held.psychologist, held.service = clinic.psychologists()[held.psychologist_id], service
        held.location = clinic.places()[held.location_id]
    return held or _as_it_was(remembered, service)


def _as_it_was(remembered: dict[str, str], service: Service) -> Appointment | None:
    psychologist = (
        Psychologist.objects.taking_bookings()
        .offering(service)
        .select_related("user")
        .filter(slug=remembered["psychologist"])
        .first()
    )
    if psychologist is None or remembered["mode"] not in psychologist.modes_for(service):
        return None
    try:
        starts_at, location = choosing.read_time(remembered["time"])
    except ValueError:  # the location has closed meanwhile
        return None
    return Appointment(
        psychologist=psychologist,
        service=service,
        location=location,
        mode=remembered["mode"],
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=service.minutes),
        fee=psychologist.fee_for(service),
        status=Status.HELD,
        held_until=timezone.now(),
    )


def release(request: HttpRequest) -> None:
    """One visitor holds one time: choosing another gives the first back. What was chosen stays remembered."""
    remembered = request.session.get(KEY)
    if remembered:
        held = Appointment.objects.holds().filter(code=remembered["code"]).first()
        if held:
            actions.release_hold(hold=held, by=VISITOR, now=timezone.now())


def within_limit(request: HttpRequest) -> bool:
    """Whether this address still may hold times: one visitor must not be able to empty the diary."""
    return limits.within("hold", who=get_adapter(request).get_client_ip(request), most=60, seconds=600)
