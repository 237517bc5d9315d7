"""Work about sessions: left open, not billed again, paid ahead, a fee open, booked with who is away or has left.

A cause is asked of the session as it stands. So whatever is done to it, `look_again` closes what no longer holds; and a
round that was missed, or killed in the middle, is made up by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from portal.appointments import states
from portal.appointments.models import Appointment
from portal.appointments.openings import Span
from portal.billing.models import Invoice, Purpose
from portal.clinic import kept
from portal.clinic.models import Location, Mode
from portal.common.access.actors import Actor
from portal.common.labels import labels_of
from portal.journeys import stranded
from portal.journeys.to_do import reasons, steps
from portal.journeys.to_do.due import NOON, noon_or_five
from portal.journeys.to_do.kinds import (
    AHEAD_HELD,
    BULK_REJECTED,
    BUSY_THEN,
    FEE_UNDECIDED,
    LEFT,
    NOT_BILLED_AGAIN,
    OF_SESSIONS,
    OUTSIDE_HOURS,
    PLACE_CLOSED,
    REQUESTED,
    ROOM_CLOSED,
    SESSION_OPEN,
    STRANDED,
    TO_TELL,
)
from portal.journeys.to_do.untold import OVERTAKEN, is_overtaken
from portal.worklist import actions as worklist
from portal.worklist.kinds import Kind
from portal.worklist.models import ToDo

# On the location's clock. Whoever opens the desk finds yesterday's on the list.
MORNING = time(6)
# What is older is history: the first round on a database with years in it does not bury the desk.
LOOK_BACK: Final = timedelta(days=60)
DAY, A_WHILE = timedelta(days=1), timedelta(hours=3)
# Before they are on their way.
BEFORE: Final = timedelta(hours=2)
MANY: Final = 200
# Which of some sessions have something in their way, by their ids, and how the work ends where that is over.
CAUSES: Final[Mapping[str, Callable[[Sequence[Appointment]], set[int]]]] = {
    STRANDED.name: stranded.away,
    LEFT.name: stranded.with_who_left,
    PLACE_CLOSED.name: stranded.at_closed_places,
    ROOM_CLOSED.name: stranded.in_closed_rooms,
    OUTSIDE_HOURS.name: stranded.outside_hours,
    BUSY_THEN.name: stranded.busy_then,
}
ENDS: Final = {**dict.fromkeys(CAUSES, "not_needed"), STRANDED.name: "not_away"}


# ---- A past day -----------------------------------------------------------------------------------------------------


def raise_open_sessions(*, by: Actor, now: datetime) -> int:
    """Puts every session of a past day that is still open on the list, from six in the morning where it took place.

    The psychologist sees it too: who was there knows whether it was held. Returns how many are new.
    """
    count = 0
    for place in Location.objects.all():
        here = now.astimezone(place.zone)
        if here.time() < MORNING:
            continue
        midnight = datetime.combine(here.date(), time(), place.zone)
        due_at = noon_or_five(max(now, datetime.combine(here.date(), NOON, place.zone)), place.zone)
        left = Appointment.objects.left_open(now=now).filter(
            location=place, starts_at__gte=midnight - LOOK_BACK, starts_at__lt=midnight
        )
        for session in without_one(SESSION_OPEN, left.order_by("starts_at", "pk")):
            with transaction.atomic():
                # Held while it is written, so that nobody closes the session beside it.
                fresh = _locked(session)
                if fresh is None or not states.is_left_open(fresh, now=now):
                    continue
                person = str(fresh.psychologist.user_id)
                count += put(
                    SESSION_OPEN, fresh, due_at=due_at, escalates_at=due_at + DAY, person=person, by=by, now=now
                )
    return count


# ---- Voided ---------------------------------------------------------------------------------------------------------


def raise_not_billed(session: Appointment, *, by: Actor, now: datetime) -> None:
    """After an invoice was voided: a session that was held is to be billed again, or somebody says why not."""
    live = Invoice.objects.live().for_purpose(Purpose.SESSION).filter(appointment=session)
    if session.is_completed and not live.exists():
        due_at = noon_or_five(now + A_WHILE, session.zone)
        put(NOT_BILLED_AGAIN, session, due_at=due_at, escalates_at=due_at + 2 * DAY, by=by, now=now)


# ---- Time away, and who or what is gone ----------------------------------------------------------------------------


def raise_stranded(sessions: Iterable[Appointment], *, by: Actor, now: datetime) -> int:
    """Puts those of these booked sessions on the list that lie in their psychologist's time away; returns how many."""
    return _raise(STRANDED, sessions, by=by, now=now)


def raise_without_psychologist(sessions: Iterable[Appointment], *, by: Actor, now: datetime) -> int:
    """The same of those whose psychologist's account is closed."""
    return _raise(LEFT, sessions, by=by, now=now)


def raise_without_place(sessions: Iterable[Appointment], *, by: Actor, now: datetime) -> int:
    """The same of those for which people would go to a place that is out of use."""
    return _raise(PLACE_CLOSED, sessions, by=by, now=now)


def raise_without_room(sessions: Iterable[Appointment], *, by: Actor, now: datetime) -> int:
    """The same of those whose room is out of use, where no other is free."""
    return _raise(ROOM_CLOSED, sessions, by=by, now=now)


def raise_outside_hours(sessions: Iterable[Appointment], *, by: Actor, now: datetime) -> int:
    """The same of those that a change of their psychologist's hours left outside of them."""
    return _raise(OUTSIDE_HOURS, sessions, by=by, now=now)


def raise_busy_then(psychologist: int, spans: Sequence[Span], by: Actor, now: datetime) -> int:
    """The same of those that stand in times at which their psychologist turned out to be busy elsewhere.

    The psychologist sees it too: they know what it is. Where staff were warned and booked all the same, nobody asks.
    """
    own = Appointment.objects.filter(psychologist=psychologist, patient__isnull=False).upcoming(now=now)
    touched = own.between(min(span.start for span in spans), max(span.end for span in spans)).for_listing()
    sessions = [s for s in touched if any(span.start < s.ends_at and span.end > s.starts_at for span in spans)]
    return _raise(BUSY_THEN, sessions, person=str(kept.psychologists()[psychologist].user_id), by=by, now=now)


def raise_all_left_behind(*, by: Actor, now: datetime) -> int:
    """The same for every such session, for what was closed past the journeys; returns how many are new.

    What somebody said stays as booked is not asked about again.
    """
    coming = Appointment.objects.filter(patient__isnull=False).upcoming(now=now).select_related("location")
    there = coming.filter(mode=Mode.IN_PERSON, location__is_active=False)
    settled = ToDo.objects.of_kind(PLACE_CLOSED.name).exclude(done_at=None).filter(outcome="stays")
    stays = set(settled.values_list("about_code", flat=True))
    off = list(coming.filter(Q(psychologist__user__is_active=False) | Q(psychologist__is_active=False)))
    without = stranded.with_who_left(off)
    count = 0
    for kind, sessions in (
        (LEFT, [session for session in off if session.pk in without]),
        (PLACE_CLOSED, [session for session in there if str(session.code) not in stays]),
    ):
        for session in without_one(kind, sessions):
            with transaction.atomic():
                # Held while it is written, so that nobody moves the session beside it.
                if fresh := _locked(session):
                    count += _raise(kind, [fresh], by=by, now=now)
    return count


def _raise(kind: Kind, sessions: Iterable[Appointment], *, person: str = "", by: Actor, now: datetime) -> int:
    to_come = [session for session in sessions if states.is_to_come(session, now=now)]
    held = CAUSES[kind.name](to_come)
    count = 0
    for session in without_one(kind, [session for session in to_come if session.pk in held]):
        due_at = max(now, min(noon_or_five(now + A_WHILE, session.zone), session.starts_at - BEFORE))
        escalates_at = max(due_at, min(due_at + DAY, session.starts_at))
        count += put(
            kind,
            session,
            due_at=due_at,
            begins_at=session.starts_at,
            escalates_at=escalates_at,
            person=person,
            by=by,
            now=now,
        )
    return count


# ---- Paid ahead -----------------------------------------------------------------------------------------------------


def raise_ahead_held(session: Appointment, *, by: Actor, now: datetime) -> int:
    """Puts a session on the list that was paid ahead and uses that money no more; returns 1 if it is new."""
    if not reasons.ahead_held([session]):
        return 0
    due_at = noon_or_five(now + A_WHILE, session.zone)
    return put(AHEAD_HELD, session, due_at=due_at, escalates_at=due_at + 2 * DAY, by=by, now=now)


def raise_all_ahead_held(*, by: Actor, now: datetime) -> int:
    """The same for every such session, however old: the money is somebody's. Returns how many are new."""
    paid = Appointment.objects.filter(pk__in=reasons.deposits_held().values("appointment")).over()
    count = 0
    for session in without_one(AHEAD_HELD, paid.select_related("location").order_by("starts_at", "pk")):
        with transaction.atomic():
            # Held while it is written, so that nobody gives the money back beside it.
            if fresh := _locked(session):
                count += raise_ahead_held(fresh, by=by, now=now)
    return count


# ---- Bulk-billed, and rejected ---------------------------------------------------------------------------------------


def raise_bulk_rejected(session: Appointment, *, by: Actor, now: datetime) -> int:
    """Puts a session on the list whose bulk-billed claim Medicare rejected; returns 1 if it is new."""
    if not reasons.bulk_rejected([session]):
        return 0
    due_at = noon_or_five(now + A_WHILE, session.zone)
    return put(BULK_REJECTED, session, due_at=due_at, escalates_at=due_at + 2 * DAY, by=by, now=now)


# ---- A fee that nobody decided on ------------------------------------------------------------------------------------


def raise_fee_undecided(session: Appointment, *, by: Actor, now: datetime) -> int:
    """Puts a session that was cancelled late or missed on the list, until its fee is asked for or waived; 1 if new."""
    if not reasons.fee_undecided([session]):
        return 0
    due_at = noon_or_five(now + A_WHILE, session.zone)
    return put(FEE_UNDECIDED, session, due_at=due_at, escalates_at=due_at + 2 * DAY, by=by, now=now)


# ---- Asked for -------------------------------------------------------------------------------------------------------


def raise_request(session: Appointment, *, by: Actor, now: datetime) -> int:
    """Puts a request on the list, of its psychologist too, until it is answered; returns 1 if it is new."""
    if session.answer_by is None:
        return 0
    # Half of the time there is: what is left then is for whoever has to ask somebody else.
    due_at = now + (session.answer_by - now) / 2
    person = str(kept.psychologists()[session.psychologist_id].user_id)
    return put(
        REQUESTED,
        session,
        due_at=due_at,
        begins_at=session.starts_at,
        escalates_at=session.answer_by,
        person=person,
        by=by,
        now=now,
    )


# ---- Closing --------------------------------------------------------------------------------------------------------


def look_again(sessions: Iterable[Appointment], *, by: Actor, now: datetime) -> list[ToDo]:
    """Closes the work about these sessions whose cause is gone, whatever became of them, and returns it."""
    by_code = {str(session.code): session for session in sessions}
    listed = ToDo.objects.still_open().of_kind(*(kind.name for kind in OF_SESSIONS))
    to_dos = list(listed.filter(about_label__in=labels_of(Appointment), about_code__in=by_code))
    return _close(to_dos, by_code, by=by, now=now)


def close_what_is_over(*, by: Actor, now: datetime) -> int:
    """The same for everything on the list, for what was done past the journeys; returns how many were closed."""
    to_dos = list(ToDo.objects.still_open().of_kind(*(kind.name for kind in OF_SESSIONS)).order_by("pk"))
    closed = 0
    for start in range(0, len(to_dos), MANY):
        some = to_dos[start : start + MANY]
        sessions = Appointment.objects.filter(code__in={to_do.about_code for to_do in some})
        closed += len(_close(some, {str(session.code): session for session in sessions}, by=by, now=now))
    return closed


def _close(to_dos: list[ToDo], sessions: dict[str, Appointment], *, by: Actor, now: datetime) -> list[ToDo]:
    if not to_dos:
        return []
    hindered = {
        kind: find([session for code, session in sessions.items() if code in _about(to_dos, kind)])
        for kind, find in CAUSES.items()
    }
    voided, ahead = _about(to_dos, NOT_BILLED_AGAIN.name), _about(to_dos, AHEAD_HELD.name)
    billed = reasons.billed([session for code, session in sessions.items() if code in voided])
    held = reasons.ahead_held([session for code, session in sessions.items() if code in ahead])
    of_bulk = _about(to_dos, BULK_REJECTED.name)
    rejected = reasons.bulk_rejected([session for code, session in sessions.items() if code in of_bulk])
    open_fees = _about(to_dos, FEE_UNDECIDED.name)
    undecided = reasons.fee_undecided([session for code, session in sessions.items() if code in open_fees])
    people = kept.psychologists()
    closed: list[ToDo] = []
    for to_do in to_dos:
        session = sessions.get(to_do.about_code)
        if session is None:
            outcome = "gone"
        else:
            theirs = to_do.person == str(people[session.psychologist_id].user_id)
            outcome = _outcome(
                to_do,
                session,
                theirs=theirs,
                hindered=hindered,
                billed=billed,
                held=held,
                rejected=rejected,
                undecided=undecided,
                now=now,
            )
        if outcome:
            if done := steps.close(to_do, outcome=outcome, by=by, now=now):
                closed.append(done)
        elif session is not None and _is_of_another_time(to_do, session):
            due_at = max(now, session.starts_at - BEFORE)
            worklist.put_off(to_do, begins_at=session.starts_at, due_at=due_at)
    return closed


def _is_of_another_time(to_do: ToDo, session: Appointment) -> bool:
    """Whether it waits for a session that begins at another time than it says; of one to tell of, the older counts."""
    if to_do.kind in CAUSES or to_do.kind == REQUESTED.name:
        return to_do.begins_at != session.starts_at
    return to_do.kind == TO_TELL.name and to_do.begins_at is None


def _about(to_dos: Iterable[ToDo], kind: str) -> set[str]:
    """The codes of what the work of one kind is about."""
    return {to_do.about_code for to_do in to_dos if to_do.kind == kind}


def _outcome(
    to_do: ToDo,
    session: Appointment,
    *,
    theirs: bool,
    hindered: Mapping[str, set[int]],
    billed: set[int],
    held: set[int],
    rejected: set[int],
    undecided: set[int],
    now: datetime,
) -> str:
    """What its cause came to, as one word; empty as long as it holds. `theirs`: it waits for who holds the session."""
    match to_do.kind:
        case SESSION_OPEN.name:
            if not session.is_open:
                return str(session.status)
            # Of a session that is a colleague's now, the next round asks the colleague.
            return "" if theirs and session.ends_at <= now else "moved"
        case NOT_BILLED_AGAIN.name:
            if not session.is_completed:
                return "reopened"
            return "billed" if session.pk in billed else ""
        case kind if kind in CAUSES:
            if not session.is_open:
                return str(session.status)
            if session.ends_at <= now:
                return "over"
            return "" if session.pk in hindered[to_do.kind] else ENDS[to_do.kind]
        case AHEAD_HELD.name:
            if session.is_open:
                return "reopened"
            return "" if session.pk in held else "settled"
        case BULK_REJECTED.name:
            return "" if session.pk in rejected else "settled"
        case REQUESTED.name:
            return "" if session.is_request and theirs else str(session.status)
        case FEE_UNDECIDED.name:
            if session.is_open:
                return "reopened"
            return "" if session.pk in undecided else "settled"
        case TO_TELL.name:
            # Who was there, or not, is past being told.
            is_over = not session.is_open and not session.is_cancelled
            return str(session.status) if is_over else OVERTAKEN if is_overtaken(to_do, session) else ""
    return ""


# ---- What they share ------------------------------------------------------------------------------------------------


def put(
    kind: Kind,
    session: Appointment,
    *,
    due_at: datetime,
    escalates_at: datetime,
    by: Actor,
    now: datetime,
    person: str = "",
    begins_at: datetime | None = None,
) -> int:
    """Raises work about a session, unless it stands on the list; returns 1 if it is new."""
    # What was closed before can come again: the key counts the times. Two at once count to the same number.
    times = ToDo.objects.about(session).of_kind(kind.name).exclude(done_at__isnull=True).count()
    to_do = steps.put_on_list(
        kind,
        about=session,
        dedupe_key=f"{kind.name}:{session.code}:{times}",
        due_at=due_at,
        begins_at=begins_at,
        escalates_at=escalates_at,
        person=person,
        by=by,
        now=now,
    )
    return 0 if to_do is None else 1


def without_one(kind: Kind, sessions: Iterable[Appointment]) -> list[Appointment]:
    """Those of the sessions that have no open work of this kind."""
    rows = list(sessions)
    listed: set[str] = set()
    for start in range(0, len(rows), MANY):
        codes = [str(session.code) for session in rows[start : start + MANY]]
        same = ToDo.objects.still_open().of_kind(kind.name).filter(about_label__in=labels_of(Appointment))
        listed |= set(same.filter(about_code__in=codes).values_list("about_code", flat=True))
    return [session for session in rows if str(session.code) not in listed]


def _locked(session: Appointment) -> Appointment | None:
    return (
        Appointment.objects.select_for_update(of=("self",))
        .select_related("psychologist", "location")
        .filter(pk=session.pk)
        .first()
    )
