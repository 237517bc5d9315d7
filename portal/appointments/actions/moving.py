"""Moving several sessions of one series: all of them in one transaction, or none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from portal.appointments import states
from portal.appointments import terms as promises
from portal.appointments.actions import rules
from portal.appointments.actions.clashes import Clash, Outlook, Terms
from portal.appointments.actions.locking import clear_holds, lock_appointment, lock_diary
from portal.appointments.actions.repeating import SeriesTaken
from portal.appointments.actions.transactions import in_transaction
from portal.appointments.freed import Place, time_freed
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered, NotReschedulable
from portal.appointments.states import AskAbove, Because, Verb, Why, nothing_known
from portal.audit import trail
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor


class Move(NamedTuple):
    """Where one session is to go, where the series would have it from now on, and how the page saw it."""

    session: Appointment
    starts_at: datetime
    planned_at: datetime
    seen: str
    outside_hours: bool = False
    # The clinic can't hold it where it is (`terms.keep_free_time`).
    keeps_free_time: bool = False
    # It was so once, and this move is somebody's wish (`terms.end_kept_time`).
    ends_kept_time: bool = False


@in_transaction
def move_series(
    *,
    terms: Terms,
    moves: Sequence[Move],
    to: Terms | None = None,
    by: Actor,
    now: datetime,
    known: AskAbove = nothing_known,
) -> list[Appointment]:
    """Moves each session, which keeps its code, its length and its fee, or none; returns them in order of time.

    All are held as `terms` says, and as `to` says from now on: with somebody else, another way or elsewhere. Raises
    SeriesTaken, NotOffered where `to` is not given so, or NotReschedulable where one was changed meanwhile, or stays.
    """
    to = terms if to is None else to
    for move in moves:
        rules.check_time(move.starts_at, now=now)
    locked = lock_diary(
        terms.psychologist,
        to.psychologist,
        patient=terms.patient,
        rooms_of=to.location if rules.takes_room(to.service, to.mode) else None,
    )
    terms = terms._replace(psychologist=locked[terms.psychologist.pk])
    to = to._replace(psychologist=locked[to.psychologist.pk])
    if to.psychologist.has_left:
        raise NotOffered("psychologist")
    if to != terms:
        # Who agreed to see them in this way still does, whatever they offer to others by now.
        is_agreed = (to.psychologist, to.mode) == (terms.psychologist, terms.mode)
        rules.check_service(to.psychologist, to.service, to.mode, to.location, by=by, is_agreed=is_agreed)
    rows = {}
    for move in sorted(moves, key=lambda each: each.session.pk):
        rows[move.session.pk] = _locked(move, terms, by=by, now=now, known=known)
    clinic, ids = ClinicSettings.current(), list(rows)
    outlook = Outlook(to, [move.starts_at for move in moves], by=by, now=now, clinic=clinic, without=ids)
    if taken := _clashes(outlook, moves, stays=to == terms, by=by):
        raise SeriesTaken(taken)
    clear_holds(outlook.run_out, by=by, now=now)
    moved = []
    for move in _in_turn(moves, rows):
        moved.append(_moved(rows[move.session.pk], move, outlook, by=by, now=now, clinic=clinic))
    return sorted(moved, key=lambda session: session.starts_at)


def _locked(move: Move, terms: Terms, *, by: Actor, now: datetime, known: AskAbove) -> Appointment:
    row = lock_appointment(move.session)
    if row is None or states.as_seen(row) != move.seen:
        raise NotReschedulable(Why.CHANGED)
    if (row.psychologist_id, row.patient_id, row.mode, row.location_id) != (
        terms.psychologist.pk,
        terms.patient.pk,
        terms.mode,
        terms.location.pk,
    ):
        raise NotReschedulable(Why.CHANGED)
    if why := states.why_not(row, Verb.MOVE, by=by, now=now, known=known(row)):
        raise NotReschedulable(why)
    return row


def _clashes(outlook: Outlook, moves: Sequence[Move], *, stays: bool, by: Actor) -> dict[datetime, Clash]:
    times = [move.starts_at for move in moves]
    found = {}
    for n, move in enumerate(moves):
        clash = outlook.clash(
            move.starts_at,
            beside=times[:n] + times[n + 1 :],
            outside_hours=move.outside_hours and rules.is_staff(by),
        )
        # The time that it has with them was agreed once, also outside the hours.
        is_agreed = stays and move.starts_at == move.session.starts_at and clash in {Clash.HOURS, Clash.AWAY}
        if clash is not None and not is_agreed:
            found[move.starts_at] = clash
    return found


def _in_turn(moves: Sequence[Move], rows: dict[int, Appointment]) -> list[Move]:
    """In an order in which none comes to stand where another still is: the database looks at each row by itself.

    Raises SeriesTaken where two would change places, which no order allows.
    """
    waiting, ordered = list(moves), []
    while waiting:
        free = next((move for move in waiting if not _stands_on(move, waiting, rows)), None)
        if free is None:
            raise SeriesTaken({move.starts_at: Clash.SERIES for move in waiting})
        waiting.remove(free)
        ordered.append(free)
    return ordered


def _stands_on(move: Move, waiting: Sequence[Move], rows: dict[int, Appointment]) -> bool:
    slot = rules.moved(rows[move.session.pk], move.starts_at)
    others = (rows[other.session.pk] for other in waiting if other is not move)
    return any(
        other.occupied_from < slot.occupied_until and other.occupied_until > slot.occupied_from for other in others
    )


def _moved(
    row: Appointment, move: Move, outlook: Outlook, *, by: Actor, now: datetime, clinic: ClinicSettings
) -> Appointment:
    was, to = Place.of(row), outlook.terms
    if move.keeps_free_time:
        promises.keep_free_time(row, move.starts_at, clinic=clinic, now=now)
    elif move.ends_kept_time and move.starts_at != row.starts_at:
        promises.end_kept_time(row, move.starts_at, clinic=clinic)
    row.psychologist_id, row.location_id, row.mode = to.psychologist.pk, to.location.pk, to.mode
    row.room_id = outlook.room_at(move.starts_at, preferred=row.room_id)
    row.starts_at, row.ends_at, row.occupied_from, row.occupied_until = rules.moved(row, move.starts_at)
    row.planned_at = move.planned_at
    row.revision += 1
    # They said yes to the old time.
    row.confirmed_at = None
    held = ("psychologist", "location", "mode", "room")
    promised = ("cancel_hours", "grace_minutes", "booked_at")
    row.save(update_fields=[*held, *promised, "revision", "confirmed_at", "planned_at", *rules.Slot._fields])
    trail.record(
        "appointment.rescheduled",
        target=row,
        by=by,
        at=now,
        patient=row.patient_id,
        psychologist=row.psychologist_id,
        was=was.starts_at,
        starts_at=row.starts_at,
        mode=row.mode,
        outside_hours=move.outside_hours,
    )
    if (was.starts_at, was.psychologist_id, was.location_id) != (row.starts_at, row.psychologist_id, row.location_id):
        time_freed(Because.MOVED, place=was, session=row, by=by, now=now)
    return row
