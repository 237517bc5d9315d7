"""The steps of the day: from which state each begins, and what it leaves."""

from datetime import timedelta

import pytest

from portal.appointments import actions
from portal.appointments.models import Appointment, Status
from portal.appointments.refusals import WrongState
from portal.audit.models import Entry
from tests import make

STEPS = {
    "mark_arrived": ({Status.BOOKED}, Status.ARRIVED, "appointment.arrived"),
    "undo_arrival": ({Status.ARRIVED}, Status.BOOKED, "appointment.arrival_undone"),
    "complete": ({Status.BOOKED, Status.ARRIVED}, Status.COMPLETED, "appointment.completed"),
    "mark_no_show": ({Status.BOOKED}, Status.NO_SHOW, "appointment.no_show"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("step", STEPS)
def test_each_step_from_each_state(step, status, nine):
    frm, to, verb = STEPS[step]
    appointment = make.appointment(status=status, starts_at=nine)
    by, now = make.actor(), nine + timedelta(minutes=5)
    take = getattr(actions, step)
    if status in frm:
        done = take(appointment=appointment, by=by, now=now)
        row = Appointment.objects.get()
        assert (row.status, done.status) == (to, to)
        assert (row.arrived_at == now) is (step == "mark_arrived")
        assert (row.completed_at == now) is (step == "complete")
        entry = Entry.objects.get()
        assert (entry.verb, entry.target_code, entry.actor_id) == (verb, str(row.code), str(by.user.pk))
    else:
        with pytest.raises(WrongState):
            take(appointment=appointment, by=by, now=now)
        assert Appointment.objects.get().status == status
        assert not Entry.objects.exists()


@pytest.mark.django_db
def test_a_stale_page_does_not_step_twice(nine):
    appointment = make.appointment(starts_at=nine)
    stale = Appointment.objects.get()
    actions.complete(appointment=appointment, by=make.actor(), now=nine)
    with pytest.raises(WrongState):
        actions.mark_arrived(appointment=stale, by=make.actor(), now=nine)


@pytest.mark.django_db
def test_nobody_is_missed_before_the_session_starts(nine):
    appointment = make.appointment(starts_at=nine)
    with pytest.raises(WrongState) as refused:
        actions.mark_no_show(appointment=appointment, by=make.actor(), now=nine - timedelta(seconds=1))
    assert refused.value.reason == "not_started"
    assert actions.mark_no_show(appointment=appointment, by=make.actor(), now=nine).status == Status.NO_SHOW
