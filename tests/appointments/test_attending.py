"""The steps of the day: who came, what was held, who did not come; and taking it back. Rules: test_states."""

from datetime import timedelta

import pytest

from portal.appointments import actions
from portal.appointments.models import Appointment, Status
from portal.appointments.refusals import PatientBusy, SlotTaken, WrongState
from portal.appointments.states import Known, UndoReason, nothing_known
from portal.audit.models import Entry
from tests import make

pytestmark = pytest.mark.django_db
FIVE = timedelta(minutes=5)


def row(appointment):
    return Appointment.objects.get(pk=appointment.pk)


def lines():
    return list(
        Entry.objects.filter(verb__startswith="appointment.").order_by("pk").values_list("verb", "facts__reason")
    )


def test_checking_in_and_taking_it_back(nine):
    appointment, by = make.appointment(starts_at=nine), make.actor()
    here = actions.check_in(appointment=appointment, by=by, now=nine - FIVE)
    assert (here.status, here.arrived_at) == (Status.ARRIVED, nine - FIVE)
    back = actions.undo_check_in(appointment=appointment, reason="other_session", by=by, now=nine)
    assert (back.status, row(back).status, row(back).arrived_at) == (Status.BOOKED, Status.BOOKED, None)
    assert lines() == [("appointment.arrived", None), ("appointment.arrival_undone", "other_session")]
    [entry] = Entry.objects.filter(verb="appointment.arrival_undone")
    assert (entry.target_code, entry.actor_id, entry.at) == (str(back.code), str(by.user.pk), nine)


@pytest.mark.parametrize("arrived", [True, False])
def test_a_session_that_is_reopened_is_what_it_was_before(nine, arrived):
    appointment, by = make.appointment(starts_at=nine), make.actor()
    if arrived:
        actions.check_in(appointment=appointment, by=by, now=nine - FIVE)
    actions.complete(appointment=appointment, by=by, now=nine + FIVE)
    assert (row(appointment).status, row(appointment).completed_at) == (Status.COMPLETED, nine + FIVE)
    actions.reopen(appointment=appointment, reason="mistake", known=nothing_known, by=by, now=nine + FIVE)
    now = row(appointment)
    assert (now.status, now.completed_at) == ((Status.ARRIVED if arrived else Status.BOOKED), None)
    assert (now.arrived_at == nine - FIVE) is arrived
    assert lines()[-1] == ("appointment.reopened", "mistake")


def test_a_no_show_and_taking_it_back(nine):
    appointment, by = make.appointment(starts_at=nine), make.actor()
    assert actions.mark_no_show(appointment=appointment, by=by, now=nine).status == Status.NO_SHOW
    actions.undo_no_show(appointment=appointment, reason="came", known=nothing_known, by=by, now=nine + FIVE)
    assert row(appointment).status == Status.BOOKED
    assert lines() == [("appointment.no_show", None), ("appointment.no_show_undone", "came")]


UNDOS = {
    "undo_check_in": (Status.ARRIVED, "left", {}),
    "reopen": (Status.COMPLETED, "correction", {"known": nothing_known}),
    "undo_no_show": (Status.NO_SHOW, "came", {"known": nothing_known}),
}


@pytest.mark.parametrize("reason", ["", "  ", "because", *UndoReason.values])
@pytest.mark.parametrize("undo", UNDOS)
def test_nothing_is_taken_back_without_a_reason_that_fits(nine, undo, reason):
    before, fits, known = UNDOS[undo]
    also = {"undo_check_in": {"other_session", "mistake"}, "reopen": {"mistake", "other_session"}}
    fitting = {fits} | also.get(undo, {"other_session", "mistake"})
    appointment = make.appointment(starts_at=nine, status=before)
    take_back = getattr(actions, undo)
    if reason in fitting:
        assert take_back(appointment=appointment, reason=reason, by=make.actor(), now=nine + FIVE, **known)
        assert Entry.objects.get().facts["reason"] == reason
        return
    with pytest.raises(WrongState) as refused:
        take_back(appointment=appointment, reason=reason, by=make.actor(), now=nine + FIVE, **known)
    assert refused.value.reason == "no_reason"
    assert row(appointment).status == before
    assert not Entry.objects.exists()


@pytest.mark.parametrize("undo", ["reopen", "undo_no_show"])
def test_what_is_invoiced_is_not_taken_back(nine, undo):
    before, reason, _known = UNDOS[undo]
    appointment = make.appointment(starts_at=nine, status=before)
    with pytest.raises(WrongState) as refused:
        getattr(actions, undo)(
            appointment=appointment,
            reason=reason,
            known=lambda session: Known(invoiced=session.pk == appointment.pk),
            by=make.actor(),
            now=nine + FIVE,
        )
    assert refused.value.reason == "invoiced"
    assert row(appointment).status == before


@pytest.mark.parametrize(
    ("whose", "refusal"), [("psychologist", SlotTaken), ("patient", PatientBusy), ("room", SlotTaken)]
)
def test_a_missed_session_does_not_come_back_over_another_one(nine, whose, refusal):
    missed = make.appointment(starts_at=nine, status=Status.NO_SHOW, room=make.room())
    other = {
        "psychologist": {"psychologist": missed.psychologist},
        "patient": {"patient": missed.patient},
        "room": {"room": missed.room},
    }[whose]
    make.appointment(starts_at=nine + timedelta(minutes=20), **other)
    with pytest.raises(refusal):
        actions.undo_no_show(
            appointment=missed, reason="came", known=nothing_known, by=make.actor(), now=nine + timedelta(minutes=19)
        )
    assert row(missed).status == Status.NO_SHOW
    assert not Entry.objects.exists()


def test_a_missed_session_comes_back_over_a_hold_that_ran_out(nine):
    missed = make.appointment(starts_at=nine, status=Status.NO_SHOW)
    now = nine + timedelta(minutes=30)
    make.hold(psychologist=missed.psychologist, starts_at=nine + timedelta(minutes=10), held_until=now)
    actions.undo_no_show(appointment=missed, reason="came", known=nothing_known, by=make.actor(), now=now)
    assert list(Appointment.objects.values_list("status", flat=True)) == ["booked"]


def test_a_stale_page_does_not_step_twice(nine):
    appointment = make.appointment(starts_at=nine)
    stale = row(appointment)
    actions.complete(appointment=appointment, by=make.actor(), now=nine)
    with pytest.raises(WrongState) as refused:
        actions.check_in(appointment=stale, by=make.actor(), now=nine)
    assert refused.value.reason == "state"


@pytest.mark.parametrize("step", ["check_in", "mark_no_show", "complete"])
def test_what_a_page_showed_is_what_is_changed(nine, step):
    """It was moved, to another time of the same day, after the page was drawn."""
    appointment = make.appointment(starts_at=nine)
    seen = appointment.seen_as
    Appointment.objects.update(revision=1)
    with pytest.raises(WrongState) as refused:
        getattr(actions, step)(appointment=appointment, by=make.actor(), now=nine, seen=seen)
    assert refused.value.reason == "changed"
    assert row(appointment).status == Status.BOOKED
    getattr(actions, step)(appointment=appointment, by=make.actor(), now=nine, seen=row(appointment).seen_as)
    assert row(appointment).status != Status.BOOKED


def test_a_session_that_is_gone_takes_no_step(nine):
    held = make.hold(starts_at=nine)
    gone = row(held)
    held.delete()
    with pytest.raises(WrongState):
        actions.check_in(appointment=gone, by=make.actor(), now=nine)
