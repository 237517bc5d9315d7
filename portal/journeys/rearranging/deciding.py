"""What somebody decides about sessions that can't be held as they are booked, each in a transaction of its own.

A decision counts while the session stands as the page showed it and while it is undecided: of two people who decide
about one session, the first is done and the second is told so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from portal.accounts.roles import Role
from portal.appointments import actions, states
from portal.appointments.actions.locking import lock_appointment
from portal.appointments.models import Appointment, CancelReason, MoveOffer
from portal.appointments.models.appointment import AppointmentQuerySet
from portal.appointments.refusals import (
    HeldByNote,
    NotCancellable,
    NotOffered,
    NotReschedulable,
    PatientBusy,
    Refusal,
    SlotTaken,
)
from portal.clinic.models import Location, Mode, Psychologist
from portal.common.access.actors import Actor
from portal.common.database.compiled import compiled
from portal.common.labels import labels_of
from portal.journeys import booking, stranded
from portal.journeys.choosing import FreeTime
from portal.journeys.rearranging import offering
from portal.journeys.to_do import steps
from portal.journeys.to_do.kinds import KINDS, OF_STRANDED, PLACE_CLOSED
from portal.patients.reaching import Reader
from portal.worklist.models import ToDo, ToDoQuerySet


class What(StrEnum):
    """What can be decided; what is left undecided stays on the desk's list."""

    MOVE = "move"
    # At its own time, by video.
    VIDEO = "video"
    OFFER = "offer"
    KEEP = "keep"
    CANCEL = "cancel"


class Came(StrEnum):
    """What came of a decision, as one word."""

    MOVED = "moved"
    BY_VIDEO = "by_video"
    OFFERED = "offered"
    KEPT = "kept"
    CANCELLED = "cancelled"
    # Somebody was faster.
    CHANGED = "changed"
    OFFERED_MEANWHILE = "offered_meanwhile"
    SETTLED = "settled"
    # The time that was chosen is not to be had.
    TAKEN = "taken"
    BUSY = "busy"
    NOT_OFFERED = "not_offered"
    # It can't be done with this session.
    NOTE = "note"
    NOT_KEPT = "not_kept"
    NO_ADDRESS = "no_address"
    TOO_NEAR = "too_near"
    REFUSED = "refused"

    @property
    def is_done(self) -> bool:
        """Whether it was done as it was decided."""
        return self in {Came.MOVED, Came.BY_VIDEO, Came.OFFERED, Came.KEPT, Came.CANCELLED}


class Decision(NamedTuple):
    """About one session, by whoever saw it as `seen` (`states.as_seen`). Where to, only of a move.

    `offer` is the code of the offer that they saw its patient choosing from; empty where there was none.
    """

    what: What
    seen: str
    starts_at: datetime | None = None
    location: Location | None = None
    psychologist: Psychologist | None = None
    offer: str = ""


STAYS: Final = "stays"


class _Overtaken(Refusal):
    """Somebody decided about it since the page was drawn."""


class _OfferedMeanwhile(Refusal):
    """Its patient was asked to choose since the page was drawn."""


_CANCELLED_BECAUSE: Final = {PLACE_CLOSED.name: CancelReason.CLINIC}


def undecided() -> ToDoQuerySet:
    """The work about sessions that can't be held as they are booked, and that nobody decided about."""
    return ToDo.objects.still_open().of_kind(*(kind.name for kind in OF_STRANDED))


def undecided_codes() -> frozenset[str]:
    """The codes of all those sessions: hundreds at most. One query."""
    return frozenset(_undecided_codes())


@compiled
def _undecided_codes() -> QuerySet[ToDo, str]:
    return undecided().values_list("about_code", flat=True)


def undecided_sessions(actor: Actor) -> AppointmentQuerySet:
    """Those of them that `actor` may see, soonest first. One query, and another when it is read."""
    waiting = Appointment.objects.visible_to(actor).filter(code__in=undecided_codes(), patient__isnull=False)
    return waiting.order_by("starts_at", "pk")


def undecided_about(sessions: Iterable[Appointment]) -> dict[str, list[ToDo]]:
    """That work by the codes of these sessions. One query."""
    found: dict[str, list[ToDo]] = {}
    codes = [str(session.code) for session in sessions]
    for to_do in undecided().filter(about_label__in=labels_of(Appointment), about_code__in=codes).order_by("pk"):
        found.setdefault(to_do.about_code, []).append(to_do)
    return found


def decide(session: Appointment, decision: Decision, *, by: Actor, now: datetime) -> Came:
    """Does what was decided about one session, or says why not: it never raises a refusal of the diary's.

    Needs its location, psychologist and service. Call it outside a transaction: each decision is one of its own.
    """
    try:
        return _decide(session, decision, by=by, now=now)
    except _Overtaken:
        return Came.SETTLED
    except _OfferedMeanwhile:
        return Came.OFFERED_MEANWHILE
    except offering.NobodyToWriteTo:
        return Came.NO_ADDRESS
    except offering.TooNear:
        return Came.TOO_NEAR
    except HeldByNote:
        return Came.NOTE
    except PatientBusy:
        return Came.BUSY
    except SlotTaken:
        return Came.TAKEN
    except NotOffered:
        return Came.NOT_OFFERED
    except (NotReschedulable, NotCancellable) as refused:
        if refused.reason == states.Why.NOTE_SIGNED:
            return Came.NOTE
        return Came.CHANGED if refused.reason in {states.Why.CHANGED, states.Why.STATE} else Came.REFUSED


@actions.in_transaction
def _decide(session: Appointment, decision: Decision, *, by: Actor, now: datetime) -> Came:
    asked = undecided_about([session]).get(str(session.code), [])
    if not asked:
        raise _Overtaken
    if by.role == Role.PSYCHOLOGIST and decision.psychologist not in {None, session.psychologist}:
        # Their own diary is theirs to decide about; a colleague's is the desk's.
        raise NotOffered("psychologist")
    revision = session.revision
    match decision.what:
        case What.MOVE if decision.starts_at is not None:
            booking.reschedule_session(
                appointment=session,
                starts_at=decision.starts_at,
                psychologist=decision.psychologist,
                location=decision.location,
                by=by,
                now=now,
                seen=decision.seen,
                keeps_free_time=True,
            )
            came = Came.MOVED
        case What.VIDEO:
            _hold_by_video(session, decision, by=by, now=now)
            came = Came.BY_VIDEO
        case What.CANCEL:
            booking.cancel_session(appointment=session, reason=reason_of(asked), by=by, now=now, seen=decision.seen)
            came = Came.CANCELLED
        case What.OFFER:
            # It stays undecided, and on the list, until they choose.
            offering.offer_times(session, seen=decision.seen, by=by, now=now)
            came = Came.OFFERED
        case What.KEEP:
            return _keep(session, asked, decision, by=by, now=now)
        case _:
            return Came.REFUSED
    # Under the session's lock by now: whoever decided to keep it while this waited was first.
    if ToDo.objects.filter(pk__in=[to_do.pk for to_do in asked], outcome=STAYS).exists():
        raise _Overtaken
    if came != Came.OFFERED:
        _refuse_offered_meanwhile(session, decision, revision=revision, now=now)
        offering.end_offers(session, why=MoveOffer.Outcome.DECIDED, by=by, now=now)
    return came


def _hold_by_video(session: Appointment, decision: Decision, *, by: Actor, now: datetime) -> None:
    """Where only the place is in the way: at its own time, free to cancel as long as before."""
    if not stranded.can_be_by_video([session]):
        raise NotOffered("mode")
    moved = booking.reschedule_session(
        appointment=session,
        starts_at=session.starts_at,
        mode=Mode.VIDEO,
        by=by,
        now=now,
        seen=decision.seen,
        keeps_free_time=True,
    )
    # Under its lock by now: somebody may have taken leave since it was asked.
    if stranded.away([moved]):
        raise NotOffered("time")


def _refuse_offered_meanwhile(session: Appointment, decision: Decision, *, revision: int, now: datetime) -> None:
    """Call it under the session's lock: what the patient is choosing from is ended by nobody who didn't know of it."""
    out = MoveOffer.objects.still_open().filter(session=session, revision=revision, expires_at__gt=now)
    if any(str(offer.code) != decision.offer for offer in out):
        raise _OfferedMeanwhile


def may_stay(asked: Iterable[ToDo]) -> bool:
    """Whether a session can stay as it is booked, for all that this work says."""
    return all(STAYS in KINDS[to_do.kind].outcomes for to_do in asked)


def reason_of(asked: Iterable[ToDo]) -> CancelReason:
    """Why the clinic calls off a session about which this work stands on the list."""
    kinds = {to_do.kind for to_do in asked}
    return next((why for kind, why in _CANCELLED_BECAUSE.items() if kind in kinds), CancelReason.PSYCHOLOGIST)


def _keep(session: Appointment, asked: list[ToDo], decision: Decision, *, by: Actor, now: datetime) -> Came:
    if not may_stay(asked):
        return Came.NOT_KEPT
    held = lock_appointment(session)
    if held is None or states.as_seen(held) != decision.seen:
        return Came.CHANGED
    _refuse_offered_meanwhile(held, decision, revision=held.revision, now=now)
    # Asked again under the lock: what was closed while this waited is no longer to be decided.
    still = list(undecided().filter(pk__in=[to_do.pk for to_do in asked]).order_by("pk"))
    if len(still) < len(asked):
        raise _Overtaken
    for to_do in still:
        steps.finish(to_do, outcome=STAYS, by=by, now=now)
    offering.say_that_it_stays(session, by=by, now=now)
    return Came.KEPT


def end_needless_offers(*, by: Actor, now: datetime) -> int:
    """Ends the offers about sessions of which nothing is to be decided any more, and returns how many.

    Where the leave was taken back, those who were asked to choose are told that the session takes place.
    """
    count = 0
    for offer in MoveOffer.objects.still_open().filter(expires_at__gt=now).select_related("session"):
        if undecided_about([offer.session]):
            continue
        with transaction.atomic():
            held = lock_appointment(offer.session)
            # Asked again under the lock: whoever chose, or decided, while this waited was first.
            is_out = MoveOffer.objects.still_open().filter(pk=offer.pk).exists()
            if held is None or not is_out or undecided_about([held]):
                continue
            if offer.is_answerable(held, now=now):
                offering.say_that_it_stays(held, by=by, now=now)
            else:
                offering.end_offers(held, why=MoveOffer.Outcome.DECIDED, by=by, now=now)
            count += 1
    return count


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail that a decision would send."""

    to: Reader
    subject: str
    text: str


def mails(session: Appointment, decision: Decision, *, now: datetime, times: Sequence[FreeTime] = ()) -> list[Mail]:
    """What would go out, and to whom, if this were decided now; `times` are those that would be offered.

    Of what is kept only who was offered times is told. Nothing is queued.
    """
    match decision.what:
        case What.MOVE if decision.starts_at is not None:
            moved = booking.as_moved(
                session,
                starts_at=decision.starts_at,
                location=decision.location or session.location,
                now=now,
                keeps_free_time=True,
            )
            moved.psychologist = decision.psychologist or session.psychologist
            previews = booking.preview(moved, "appointment_moved", before=session, now=now)
        case What.VIDEO:
            held = booking.as_moved(
                session, starts_at=session.starts_at, location=session.location, now=now, keeps_free_time=True
            )
            held.mode, held.room = Mode.VIDEO, None
            previews = booking.preview(held, "appointment_changed", before=session, now=now)
        case What.CANCEL:
            previews = booking.preview(session, "appointment_cancelled", now=now)
        case What.OFFER:
            previews = offering.preview(session, times, now=now)
        case What.KEEP if offering.were_offered(session):
            previews = booking.preview(session, offering.STAYS, now=now)
        case _:
            return []
    return [Mail(reader, words.subject, words.text) for reader, words in previews]
