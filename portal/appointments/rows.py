"""The rows that openings and calendars are made of. Every page of them asks for these, so the SQL is built once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import BigIntegerField, CharField, Count, Q, QuerySet, Value
from django.db.models.expressions import Combinable

from portal.accounts.models import User
from portal.appointments.models import Appointment, OutsideBusy, TimeSlot
from portal.appointments.states import TAKING_TIME
from portal.common.access.actors import Actor
from portal.common.database.compiled import compiled
from portal.common.database.epoch import Epoch

# What stands for a kind of time slot where somebody's own calendar, kept elsewhere, says that they are busy.
ELSEWHERE = "elsewhere"
_OF_SLOT = [column.attname for column in TimeSlot._meta.concrete_fields]


@compiled
def loads(psychologists: Collection[int], start: datetime, end: datetime) -> QuerySet[Appointment, tuple[int, int]]:
    """How many sessions with people each has that start then; who has none is left out."""
    sessions = Appointment.objects.filter(psychologist__in=psychologists, starts_at__gte=start, starts_at__lt=end)
    return sessions.with_a_person().order_by().values_list("psychologist").annotate(Count("pk"))


@compiled
def dated(
    psychologists: Collection[int], start: datetime, end: datetime, *, by_hours_alone: bool
) -> QuerySet[Any, tuple[int, str, datetime, datetime, Any]]:
    """Extra time, time away, and unless `by_hours_alone` what people have elsewhere, in order, in one statement.

    Whose, of which kind or `ELSEWHERE`, from when until when, and where.
    """
    slots = TimeSlot.objects.filter(psychologist__in=psychologists).between(start, end).order_by()
    own = slots.values_list("psychologist", "kind", "starts_at", "ends_at", "location")
    if by_hours_alone:
        return own.order_by("starts_at", "pk")
    away = OutsideBusy.objects.filter(psychologist__in=psychologists, starts_at__lt=end, ends_at__gt=start).order_by()
    kind, nowhere = Value(ELSEWHERE, CharField()), Value(None, BigIntegerField())
    others = away.values_list("psychologist", kind, "starts_at", "ends_at", nowhere)
    return own.union(others, all=True).order_by("starts_at", "ends_at")


@compiled
def whole_slots(psychologists: Collection[int], start: datetime, end: datetime) -> QuerySet[TimeSlot, tuple[Any, ...]]:
    """Extra time and time away with all that is known of them, in order, for `as_slot`."""
    touching = TimeSlot.objects.filter(psychologist__in=psychologists).between(start, end)
    return touching.order_by("starts_at", "pk").values_list(*_OF_SLOT)


def as_slot(row: tuple[Any, ...]) -> TimeSlot:
    return TimeSlot.from_db(DEFAULT_DB_ALIAS, _OF_SLOT, row)


@compiled
def taken(
    psychologists: Collection[int],
    rooms: Collection[int],
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    without: Collection[int],
) -> QuerySet[Appointment, tuple[int, int | None, int, int]]:
    """What takes time of these people or rooms, buffers included: whose, in which room, from when until when."""
    concerned = Q(psychologist__in=psychologists)
    if rooms:
        concerned |= Q(room__in=rooms)
    taking = Appointment.objects.filter(concerned).taking_time(now=now).occupying(start, end)
    if without:
        taking = taking.exclude(pk__in=without)
    return taking.order_by().values_list("psychologist", "room", Epoch("occupied_from"), Epoch("occupied_until"))


@compiled
def taken_at(
    spans: Collection[tuple[datetime, datetime]], *, patient: int, rooms: Collection[int], psychologist: int | None
) -> QuerySet[Appointment, tuple[Any, ...]]:
    """What takes time of any of these within any of the spans, which are in order: by what, and of whom."""
    concerned = Q(patient=patient)
    if psychologist is not None:
        concerned |= Q(psychologist=psychologist)
    if rooms:
        concerned |= Q(room__in=rooms)
    taking = Appointment.objects.filter(concerned, status__in=TAKING_TIME).occupying_any(spans).order_by()
    times = [Epoch(name) for name in ("starts_at", "ends_at", "occupied_from", "occupied_until")]
    return taking.values_list("pk", "status", "held_until", *times, "psychologist", "patient", "room")


@compiled
def sessions(
    psychologists: Collection[int],
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    cancelled: bool,
    also: Combinable | None,
) -> QuerySet[Appointment, tuple[Any, ...]]:
    """What a calendar says of its sessions, and `also` of each."""
    found = Appointment.objects.filter(psychologist__in=psychologists).between(start, end)
    if not cancelled:
        found = found.without_cancelled()
    return found.without_expired_holds(now=now).order_by("starts_at", "pk").values_list(
        "code", "psychologist", "status", "mode", "starts_at", "ends_at", "confirmed_at", "service", "room", "location",
        "patient__preferred_name", "patient__legal_first_name", "patient__legal_last_name",
        "position", "series__sessions", "occupied_from", "occupied_until", "patient",
        Value(False) if also is None else also,
    )  # fmt: skip


@compiled
def one_visible(code: UUID, user: int, role: str, *, of_series: bool) -> QuerySet[Appointment]:
    """The session of this code, if somebody in one of their roles may see it; held times are nobody's."""
    seen = Appointment.objects.visible_to(Actor(user=User(pk=user), role=role)).without_holds()
    if of_series:
        seen = seen.filter(series__isnull=False)
    return seen.filter(code=code).for_listing()
