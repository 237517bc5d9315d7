"""What a signed note keeps as it is: what would deny that the session took place, at its time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.appointments.refusals import NotReschedulable, WrongState
from portal.common.access.actors import Actor
from portal.journeys import booking, sessions
from portal.records import actions as records
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
BEGAN = NOW - timedelta(hours=2)


@pytest.fixture
def desk():
    make.clinic()
    return make.actor(role=Role.RECEPTION)


def written_up(status, *, signed=True):
    session = make.appointment(starts_at=BEGAN, status=status)
    by = Actor(user=session.psychologist.user, role=Role.PSYCHOLOGIST)
    note = records.save_draft(appointment=session, body="Words", version=0, by=by, now=NOW)
    if signed:
        records.sign(appointment=session, version=note.version, by=by, now=NOW)
    return session


def why(session, verb, by):
    [one] = sessions.steps_of([session], by=by, now=NOW).values()
    assert one[verb].why == sessions.steps(session, by=by, now=NOW)[verb].why
    return one[verb].why


def test_what_was_written_up_is_not_said_to_be_still_open(desk):
    session = written_up(Status.COMPLETED)
    assert why(session, "reopen", desk) == "note_signed"
    with pytest.raises(WrongState) as refused:
        sessions.reopen(appointment=session, reason="mistake", by=desk, now=NOW)
    assert refused.value.reason == "note_signed"
    assert Appointment.objects.get().status == Status.COMPLETED
    assert why(session, "check_out", desk) is None, "it is billed as it is"


def test_what_was_written_up_stays_at_its_time(desk):
    session = written_up(Status.BOOKED)
    assert why(session, "move", desk) == "note_signed"
    with pytest.raises(NotReschedulable) as refused:
        booking.reschedule_session(
            appointment=session, starts_at=NOW + timedelta(days=7), by=desk, now=NOW, outside_hours=True
        )
    assert refused.value.reason == "note_signed"
    assert Appointment.objects.get().starts_at == BEGAN


def test_a_draft_keeps_nothing(desk):
    session = written_up(Status.COMPLETED, signed=False)
    assert why(session, "reopen", desk) is None
    sessions.reopen(appointment=session, reason="mistake", by=desk, now=NOW)
    assert why(Appointment.objects.get(), "cancel", desk) is None


def test_a_no_show_that_was_written_up_can_be_undone(desk):
    """Whoever wrote a note knows that they came: it could never be billed else."""
    session = written_up(Status.NO_SHOW)
    assert why(session, "undo_no_show", desk) is None
    sessions.undo_no_show(appointment=session, reason="came", by=desk, now=NOW)
    again = Appointment.objects.get()
    assert {verb: why(again, verb, desk) for verb in ("no_show", "cancel", "move", "check_out")} == {
        "no_show": "note_signed",
        "cancel": "note_signed",
        "move": "note_signed",
        "check_out": None,
    }


def test_the_desk_reads_why():
    make.clinic()
    desk = make.signed_in_client(role=Role.RECEPTION)
    held = written_up(Status.COMPLETED)
    page = desk.get(reverse("reception:reopen", args=[held.code]), follow=True)
    assert [str(m) for m in page.context["messages"]] == [
        "The psychologist has signed a note of this session, so it was held. It can be billed as it is."
    ]
    booked = written_up(Status.BOOKED)
    body = desk.get(reverse("reception:appointment", args=[booked.code])).content.decode()
    assert reverse("reception:reschedule", args=[booked.code]) not in body
    page = desk.get(reverse("reception:reschedule", args=[booked.code]), follow=True)
    assert [str(m) for m in page.context["messages"]] == [
        "The psychologist has signed a note of this session, so it stays at its time."
    ]
