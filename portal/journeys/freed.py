"""What hangs on time that is freed. One list, in the order in which it is done, each inside the transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from portal.appointments.freed import FreedTime, whenever_hours_open, whenever_time_is_freed
from portal.appointments.models import Appointment
from portal.appointments.openings import Span
from portal.appointments.outside.busier import whenever_busier
from portal.appointments.states import Because
from portal.billing import actions as billing
from portal.common.access.actors import Actor
from portal.journeys import to_do
from portal.journeys.repeating.telling import tell_without
from portal.journeys.waitlist.vacancies import offer_hours, offer_on
from portal.notifications import outbox

BOOKS = Actor.system("books")


def tell_no_more(freed: FreedTime, by: Actor, now: datetime) -> None:
    """What waits to be told of a session that was called off or missed is no longer true, and work about it is over.

    Of a move `booking.reschedule_session` takes care: it also withdraws what told of another way of meeting.
    """
    if freed.because in {Because.CANCELLED, Because.MISSED}:
        withdraw_notices(freed.session, why=freed.because, by=by, now=now)


def withdraw_notices(session: Appointment, *, why: str, by: Actor, now: datetime) -> None:
    """Withdraws what tells of the session as it was, and closes the work about what of that had failed."""
    # A session that was missed keeps its revision: all that told of it is meant. Any other was told of again since.
    before = None if session.is_missed else session.revision
    gone = outbox.withdraw(about=session, why=why, before=before, now=now)
    to_do.notices.close(gone, outcome="withdrawn", by=by, now=now)
    withdraw_series_notices([session], why=why, by=by, now=now)
    to_do.sessions.look_again([session], by=by, now=now)


def withdraw_series_notices(sessions: Sequence[Appointment], *, why: str, by: Actor, now: datetime) -> None:
    """Withdraws what tells of these sessions together with others of their series, of which it is told anew."""
    gone = tell_without(sessions, why=why, now=now)
    to_do.notices.close(gone, outcome="withdrawn", by=by, now=now)


def settle_ahead(freed: FreedTime, by: Actor, now: datetime) -> None:
    """Nothing is asked ahead of a session that does not take place; the desk is told of money that is held for it."""
    if freed.because not in {Because.CANCELLED, Because.MISSED}:
        return
    if deposit := billing.deposit_of(freed.session):
        # Whoever called off may be the patient: they make no credit note.
        billing.ask_no_more_ahead(deposit=deposit, by=BOOKS, now=now)
        to_do.sessions.raise_ahead_held(freed.session, by=by, now=now)


def ask_about_fee(freed: FreedTime, by: Actor, now: datetime) -> None:
    """Whoever cancels late or doesn't come may owe a fee: the desk asks for it or does without, and forgets neither."""
    if freed.because in {Because.CANCELLED, Because.MISSED}:
        to_do.sessions.raise_fee_undecided(freed.session, by=by, now=now)


def ask_about_clashes(psychologist: int, spans: Sequence[Span], by: Actor, now: datetime) -> None:
    """What comes into somebody's other calendar over a session that is booked is asked about, and costs no booking."""
    to_do.sessions.raise_busy_then(psychologist, spans, by=by, now=now)


def register() -> None:
    for hook in (tell_no_more, settle_ahead, ask_about_fee, offer_on):
        whenever_time_is_freed(hook)
    whenever_hours_open(offer_hours)
    whenever_busier(ask_about_clashes)
