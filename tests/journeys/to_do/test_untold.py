"""Whom no e-mail told that staff moved or cancelled their session: on the desk's list until somebody called."""

from datetime import timedelta

import pytest
import time_machine

from portal.appointments import states
from portal.appointments.models import Appointment, CancelReason
from portal.clinic.models import ClinicSettings
from portal.journeys import booking, moving
from portal.journeys.rearranging.deciding import Came, Decision, What, decide
from portal.journeys.repeating import cancelling
from portal.journeys.to_do import lines, steps
from portal.journeys.to_do.kinds import TO_TELL
from portal.worklist.models import ToDo
from portal.worklist.refusals import AlreadyDone
from tests import make
from tests.journeys.rearranging.conftest import DAY, HOUR, NOW, Practice

pytestmark = pytest.mark.django_db


@pytest.fixture
def practice(db):
    with time_machine.travel(NOW, tick=False):
        yield Practice()


@pytest.fixture
def session(practice):
    return practice.book(patient=make.patient(email="", phone="0412 345 678"))


def fresh(session):
    return Appointment.objects.for_listing().get(pk=session.pk)


def untold():
    return ToDo.objects.still_open().of_kind(TO_TELL.name)


def read(practice):
    zone = ClinicSettings.current().zone
    return [line.facts for line in lines.read(untold(), actor=practice.desk, now=NOW, zone=zone)]


def move(practice, session, *, to, by=None):
    return moving.move(
        appointment=fresh(session),
        starts_at=to,
        psychologist=practice.mai,
        location=practice.place,
        by=by or practice.desk,
        now=NOW,
    )


def test_the_earlier_of_both_times_is_when_it_begins(practice, session):
    move(practice, session, to=session.starts_at + 2 * DAY)
    assert untold().get().begins_at == session.starts_at


def cancel(session, *, by, reason=CancelReason.CLINIC):
    booking.cancel_session(appointment=fresh(session), reason=reason, by=by, now=NOW)


def test_a_cancelled_session_says_what_happened_and_where_to_ring_until_they_were_told(practice, session):
    cancel(session, by=practice.desk)
    (facts,) = read(practice)
    assert facts.startswith("Cancelled: ")
    assert facts.endswith(" · 0412 345 678")
    to_do = untold().get()
    assert to_do.due_at <= session.starts_at - 2 * HOUR
    steps.finish(to_do, outcome="told", by=practice.desk, now=NOW)
    assert not untold().exists()


def test_who_cancelled_by_phone_knows(practice, session):
    cancel(session, by=practice.desk, reason=CancelReason.PATIENT)
    assert not untold().exists()


def test_nobody_is_called_whom_an_e_mail_tells_nor_of_what_is_past(practice):
    told = practice.book(patient=make.patient(email="ash@example.com"))
    past = practice.book(at=NOW - DAY, patient=make.patient(email=""))
    for session in (told, past):
        cancel(session, by=practice.desk)
    assert not untold().exists()


def test_a_job_or_the_patient_puts_nothing_on_the_list(practice, session):
    cancel(session, by=make.actor(role="patient"), reason=CancelReason.OTHER)
    assert not untold().exists()


def test_what_was_ticked_on_an_old_page_says_nothing_of_the_next_move(practice, session):
    move(practice, session, to=NOW + 2 * DAY)
    first = untold().get()
    move(practice, session, to=NOW + 3 * DAY)
    with pytest.raises(AlreadyDone):
        steps.finish(first, outcome="told", by=practice.desk, now=NOW)
    (facts,) = read(practice)
    assert facts.startswith("Moved: now Fri 27 Nov")


def test_a_move_that_is_taken_back_at_once_is_no_news(practice, session):
    moved, was = move(practice, session, to=NOW + 2 * DAY)
    moving.take_back(appointment=moved, was=was, moved_at=NOW, by=practice.desk, now=NOW)
    assert not untold().exists()


def test_whom_somebody_called_meanwhile_is_called_again_where_the_move_is_taken_back(practice, session):
    moved, was = move(practice, session, to=NOW + 2 * DAY)
    steps.finish(untold().get(), outcome="told", by=practice.desk, now=NOW)
    moving.take_back(appointment=fresh(moved), was=was, moved_at=NOW, by=practice.desk, now=NOW + timedelta(minutes=1))
    (facts,) = read(practice)
    assert facts.startswith("Moved: now Wed 25 Nov")


@pytest.mark.parametrize("what", [What.MOVE, What.CANCEL])
def test_what_is_decided_of_stranded_sessions_is_listed_too(practice, session, what):
    practice.leave()
    to = (NOW + 2 * DAY, practice.place, practice.mai) if what == What.MOVE else ()
    came = decide(fresh(session), Decision(what, states.as_seen(session), *to), by=practice.desk, now=NOW)
    assert came in {Came.MOVED, Came.CANCELLED}
    assert untold().count() == 1


def test_each_session_of_a_series_that_is_called_off_is_listed(practice, session):
    other = practice.book(at=NOW + 8 * DAY, patient=session.patient)
    chosen = [(fresh(each), states.as_seen(each)) for each in (session, other)]
    cancelling.cancel_sessions(chosen, reason=CancelReason.CLINIC, by=practice.desk, now=NOW)
    assert untold().count() == 2
