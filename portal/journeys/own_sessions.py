"""The sessions that people have already, where a time that they would book or move to meets one of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import FilteredRelation, Q

from portal.accounts.models import User
from portal.appointments import eligibility, states
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered, PatientBusy, TooManyBookings
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Service
from portal.patients.models import Patient, PatientQuerySet


class OwnSession(NamedTuple):
    """A session that somebody has, as a link names it."""

    code: UUID
    service: Service
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    # It is booked or asked for, so it counts among those that may be booked online.
    is_ahead: bool


@dataclass(frozen=True, slots=True)
class OwnSessions:
    """What each of the people for whom a time is looked for has already, of each the soonest first."""

    of_each: Collection[Collection[OwnSession]] = ()

    def meeting(self, starts_at: datetime, ends_at: datetime) -> list[OwnSession]:
        """The sessions that keep all of them from a time; empty where it suits any of them, or nobody is known."""
        met: list[OwnSession] = []
        for theirs in self.of_each:
            found = [each for each in theirs if each.starts_at < ends_at and each.ends_at > starts_at]
            if not found:
                return []
            met += found
        return met

    def why_no_more(self, service: Service, *, clinic: ClinicSettings) -> TooManyBookings | None:
        """Why none of them can book one more session of a service online; None where any can, or nobody is known."""
        why = None
        for theirs in self.of_each:
            ahead = [each.service.pk for each in theirs if each.is_ahead]
            why = eligibility.why_no_more(ahead, service, clinic=clinic)
            if why is None:
                return None
        return why


def of_account(user: User, *, now: datetime) -> OwnSessions:
    """Of everybody whom an account books for. One query."""
    return _of(Patient.objects.managed_by(user), now=now)


def besides(session: Appointment, *, now: datetime) -> OwnSessions:
    """What the patient of a session that is to be moved has besides it. One query."""
    return _of(Patient.objects.filter(appointments=session), now=now, but=session.code)


def _of(patients: PatientQuerySet, *, now: datetime, but: UUID | None = None) -> OwnSessions:
    standing = Q(appointments__status__in=states.TAKING_TIME, appointments__ends_at__gt=now)
    rows = patients.annotate(own=FilteredRelation("appointments", condition=standing)).order_by("own__starts_at")
    found: dict[int, list[OwnSession]] = {}
    columns = ("pk", "own__code", "own__service", "own__starts_at", "own__ends_at", "own__location", "own__status")
    for patient, code, service, starts_at, ends_at, place, status in rows.values_list(*columns):
        theirs = found.setdefault(patient, [])
        if code not in {None, but}:
            zone = kept.places()[place].zone
            theirs.append(OwnSession(code, kept.services()[service], starts_at, ends_at, zone, status in states.AHEAD))
    return OwnSessions(tuple(found.values()))


def in_the_way(refusal: Exception, held: Appointment, patient: Patient, *, now: datetime) -> Appointment | None:
    """The session for which this patient was refused a held time; None where it was for something else. One query."""
    own = Appointment.objects.filter(patient=patient).exclude(pk=held.pk).for_listing().order_by("starts_at")
    match refusal:
        case PatientBusy():
            return own.taking_time(now=now).between(held.starts_at, held.ends_at).first()
        case NotOffered(reason=eligibility.FIRST_VISIT_AHEAD | "known_only"):
            return own.ahead(now=now).filter(service__first_visit_only=True).first()
    return None
