"""Deciding about stranded sessions: each in one press, undone by nobody, and said plainly where it comes too late."""

import pytest
from django.core import mail

from portal.appointments import states
from portal.appointments.models import Appointment, CancelReason, Status
from portal.audit.models import Entry
from portal.clinic.models import Psychologist
from portal.journeys import booking, staffing
from portal.journeys.rearranging.deciding import Came, Decision, What, decide, mails, undecided
from portal.journeys.to_do import tasks
from portal.notifications.models import Notice
from portal.worklist.models import ToDo
from tests import make
from tests.journeys.rearranging.conftest import DAY, HOUR, NOW
from tests.web.forms import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(practice):
    booked = practice.book()
    practice.leave()
    return booked


def fresh(session):
    return Appointment.objects.for_listing().get(pk=session.pk)


def move(practice, session, *, to=NOW + 2 * DAY, who=None):
    return Decision(What.MOVE, states.as_seen(session), to, practice.place, who or practice.mai)


def say(what, session):
    return Decision(what, states.as_seen(session))


def put(practice, session, decision, by=None):
    return decide(fresh(session), decision, by=by or practice.desk, now=NOW)


def notices():
    return sorted(Notice.objects.values_list("template", flat=True))


def test_a_move_is_done_told_and_off_the_list(practice, session):
    assert put(practice, session, move(practice, session)) == Came.MOVED
    session.refresh_from_db()
    assert (session.starts_at, session.status) == (NOW + 2 * DAY, Status.BOOKED)
    assert (notices(), undecided().count()) == (["appointment_moved"], 0)


def test_a_colleague_takes_it_where_somebody_chose_so(practice, session):
    assert put(practice, session, move(practice, session, to=session.starts_at, who=practice.ola)) == Came.MOVED
    session.refresh_from_db()
    assert (session.psychologist, session.starts_at) == (practice.ola, NOW + DAY)


def test_what_is_cancelled_is_the_clinics_doing_and_never_late(practice, session):
    assert put(practice, session, say(What.CANCEL, session)) == Came.CANCELLED
    session.refresh_from_db()
    assert (session.status, session.cancel_reason, session.late) == (
        Status.CANCELLED,
        CancelReason.PSYCHOLOGIST,
        False,
    )
    assert (notices(), undecided().count()) == (["appointment_cancelled"], 0)


def test_at_a_place_that_closed_the_clinic_cancels(practice):
    make.location()
    session = practice.book()
    staffing.close_place(location=practice.place, by=make.actor(role="manager"), now=NOW)
    put(practice, session, say(What.CANCEL, session))
    session.refresh_from_db()
    assert session.cancel_reason == CancelReason.CLINIC


def test_what_is_kept_is_settled_by_name_and_not_asked_again(practice, session):
    assert put(practice, session, say(What.KEEP, session)) == Came.KEPT
    to_do = ToDo.objects.get()
    assert (to_do.outcome, to_do.done_by) == ("stays", str(practice.desk.user_id))
    assert Entry.objects.filter(verb="to_do.done", actor_id=str(practice.desk.user_id)).count() == 1
    assert tasks.look_at_sessions() == {"plans": 0, "settled": 0, "closed": 0, "raised": 0}
    assert (undecided().count(), notices()) == (0, [])


def test_another_leave_asks_again(practice, session):
    put(practice, session, say(What.KEEP, session))
    practice.leave(days=2)
    assert undecided().count() == 1


def test_a_session_whose_psychologist_left_does_not_stay(practice):
    session = practice.book()
    staffing.stop_working_here(user=practice.mai.user, by=make.actor(role="manager"), now=NOW)
    assert put(practice, session, say(What.KEEP, session)) == Came.NOT_KEPT
    assert undecided().count() == 1


def test_a_time_that_was_taken_is_said_and_nothing_is_done(practice, session):
    practice.book(at=NOW + 2 * DAY)
    assert put(practice, session, move(practice, session)) == Came.TAKEN
    session.refresh_from_db()
    assert (session.starts_at, undecided().count(), notices()) == (NOW + DAY, 1, [])


def test_a_time_at_which_the_patient_has_another_session(practice, session):
    practice.book(psychologist=practice.ola, patient=session.patient, at=NOW + 2 * DAY)
    assert put(practice, session, move(practice, session)) == Came.BUSY


def test_a_time_that_nobody_offers(practice, session):
    assert put(practice, session, move(practice, session, to=NOW + DAY + HOUR)) == Came.NOT_OFFERED
    assert put(practice, session, move(practice, session, to=NOW - DAY)) == Came.NOT_OFFERED


def test_an_old_page_changes_nothing(practice, session):
    old = [move(practice, session, to=NOW + 3 * DAY), say(What.KEEP, session), say(What.CANCEL, session)]
    booking.reschedule_session(
        appointment=session, starts_at=NOW + DAY + HOUR, by=practice.desk, now=NOW, outside_hours=True
    )
    assert undecided().count() == 1
    assert [put(practice, session, decision) for decision in old] == [Came.CHANGED] * 3
    session.refresh_from_db()
    assert (session.starts_at, session.status) == (NOW + DAY + HOUR, Status.BOOKED)


def test_whoever_is_second_is_told_that_it_is_settled(practice, session):
    second = [move(practice, session), say(What.CANCEL, session), say(What.KEEP, session)]
    put(practice, session, say(What.KEEP, session))
    assert [put(practice, session, decision) for decision in second] == [Came.SETTLED] * 3
    assert notices() == []


def test_what_nobody_asks_about_is_not_decided_here(practice):
    session = practice.book()
    assert put(practice, session, say(What.CANCEL, session)) == Came.SETTLED
    session.refresh_from_db()
    assert session.status == Status.BOOKED


def test_the_mails_are_shown_and_not_sent(practice, session):
    session.patient.language = "vi"
    session.patient.save()
    row = fresh(session)
    moved = mails(row, move(practice, session), now=NOW)
    cancelled = mails(row, say(What.CANCEL, session), now=NOW)
    assert mails(row, say(What.KEEP, session), now=NOW) == []
    assert ([one.to.address for one in moved], Notice.objects.count(), mail.outbox) == ([session.patient.email], 0, [])
    # The very words that go out then.
    put(practice, session, move(practice, session))
    assert [(one.subject, one.text) for one in moved] == [(n.subject, n.text) for n in Notice.objects.all()]
    assert cancelled[0].subject != moved[0].subject


# ---- At once


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("other", [What.KEEP, What.CANCEL, What.MOVE])
def test_two_who_decide_about_one_session(practice, other):
    """One is done, the other is told so; what was told is what was done."""
    for n in range(5):
        at = NOW + (7 * n + 1) * DAY
        session = practice.book(at=at)
        practice.leave(start=at - HOUR)
        here = [move(practice, session, to=at + DAY)]
        here.append(move(practice, session, to=at + 2 * DAY) if other == What.MOVE else say(other, session))
        Notice.objects.all().delete()
        rows = [fresh(session) for _ in here]
        came = at_once(
            [lambda d=d, row=row: decide(row, d, by=make.actor(), now=NOW) for d, row in zip(here, rows, strict=True)]
        )
        session.refresh_from_db()
        assert len([one for one in came if one.is_done]) == 1, came
        assert {one for one in came if not one.is_done} <= {Came.SETTLED, Came.CHANGED}
        told = {Came.MOVED: ["appointment_moved"], Came.CANCELLED: ["appointment_cancelled"], Came.KEPT: []}
        [done] = [one for one in came if one.is_done]
        assert notices() == told[done]
        assert (session.starts_at == at) is (done != Came.MOVED)


@pytest.mark.django_db(transaction=True)
def test_a_decision_against_a_public_booking_of_the_time(practice):
    for n in range(5):
        at = NOW + (7 * n + 1) * DAY
        session = practice.book(at=at)
        practice.leave(start=at - HOUR)
        patient = make.patient(user=make.user())
        row = fresh(session)

        def book(at=at, patient=patient):
            return booking.book_for_patient(
                psychologist=Psychologist.objects.get(pk=practice.mai.pk),
                patient=patient,
                service=practice.service,
                mode="in_person",
                starts_at=at + DAY,
                location=practice.place,
                by=practice.desk,
                now=NOW,
            )

        def refused(call):
            try:
                return call()
            except Exception as problem:
                return type(problem).__name__

        came = at_once(
            [
                lambda row=row, at=at: decide(row, move(practice, row, to=at + DAY), by=practice.desk, now=NOW),
                lambda book=book: refused(book),
            ]
        )
        booked = not isinstance(came[1], str)
        assert (came[0], booked) in {(Came.MOVED, False), (Came.TAKEN, True)}, came
        assert came[1] == "SlotTaken" or booked
        assert Appointment.objects.live().filter(starts_at=at + DAY).count() == 1
        assert undecided().filter(about_code=str(session.code)).count() == (1 if booked else 0)
