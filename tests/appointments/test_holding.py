"""A time is held for ten minutes, becomes a booking once, and is anybody's again when it runs out."""

from datetime import timedelta

import pytest

from portal.appointments import actions
from portal.appointments.models import Appointment, Status
from portal.appointments.refusals import HoldExpired, NotOffered, PatientBusy, SlotTaken, TooManyBookings
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from tests import make

VISITOR = Actor.system("online booking")
DAY = timedelta(days=1)


@pytest.fixture
def held(practice):
    return actions.hold(**practice.ask(by=VISITOR))


def confirm(practice, held, **fields):
    defaults = {"hold": held, "patient": practice.patient, "by": practice.online, "now": practice.ask()["now"]}
    return actions.confirm_hold(**defaults | fields)


def test_hold_is_nobodys_and_leaves_no_line(practice, held, now, nine):
    row = Appointment.objects.get()
    assert row == held
    assert (row.status, row.patient, row.booked_at, row.fee) == (Status.HELD, None, None, practice.service.fee)
    assert row.held_until == now + timedelta(minutes=10)
    assert not Entry.objects.exists()
    with pytest.raises(ValueError, match="nobody's session yet"):
        _ = held.person


def test_a_confirmed_hold_is_a_persons_session(practice, held):
    assert confirm(practice, held).person == practice.patient


def test_a_held_time_is_taken_until_it_runs_out(practice, held, now):
    with pytest.raises(SlotTaken):
        actions.hold(**practice.ask(by=VISITOR, now=now + timedelta(minutes=9, seconds=59)))
    again = actions.hold(**practice.ask(by=VISITOR, now=now + timedelta(minutes=10)))
    assert list(Appointment.objects.all()) == [again]


def test_only_the_expired_hold_in_the_way_is_removed(practice, held, now, nine):
    elsewhere = make.hold(psychologist=practice.psychologist, starts_at=nine + DAY, held_until=now - DAY)
    colleagues = make.hold(psychologist=practice.another(), starts_at=nine, held_until=now - DAY)
    after = now + timedelta(minutes=10)
    booked = actions.book(**practice.ask(now=after), patient=practice.patient)
    assert set(Appointment.objects.all()) == {booked, elsewhere, colleagues}


def test_confirm_makes_the_hold_a_booking(practice, held, now):
    booked = confirm(practice, held, now=now + timedelta(minutes=9))
    row = Appointment.objects.get()
    assert (row, row.code) == (booked, held.code)
    assert (row.status, row.patient, row.held_until) == (Status.BOOKED, practice.patient, None)
    assert (row.booked_by, row.booked_at) == (practice.online.user, now + timedelta(minutes=9))
    assert list(Entry.objects.values_list("verb", flat=True)) == ["appointment.booked"]


def test_confirming_twice_is_one_booking(practice, held, now):
    first = confirm(practice, held)
    assert confirm(practice, held, now=now + DAY) == first
    assert Entry.objects.count() == 1


def test_what_another_patient_confirmed_is_gone(practice, held):
    confirm(practice, held)
    with pytest.raises(HoldExpired):
        confirm(practice, held, patient=make.patient())
    assert Appointment.objects.get().patient == practice.patient


def test_confirming_after_it_ran_out(practice, held, now):
    with pytest.raises(HoldExpired):
        confirm(practice, held, now=now + timedelta(minutes=10))
    actions.release_hold(hold=held, by=VISITOR, now=now)
    with pytest.raises(HoldExpired):
        confirm(practice, held)


def test_confirming_what_was_cancelled_meanwhile(practice, held, now):
    actions.cancel(appointment=confirm(practice, held), reason="patient", by=practice.online, now=now)
    with pytest.raises(HoldExpired):
        confirm(practice, held)


def test_a_hold_that_could_not_be_booked_stays_held(practice, held, now, nine):
    make.appointment(patient=practice.patient, starts_at=nine)
    with pytest.raises(PatientBusy):
        confirm(practice, held)
    practice.clinic.max_open_bookings = 1
    practice.clinic.save()
    other = make.patient()
    make.appointment(patient=other, starts_at=nine + DAY)
    with pytest.raises(TooManyBookings):
        confirm(practice, held, patient=other)
    held.refresh_from_db()
    assert (held.status, held.patient) == (Status.HELD, None)


def test_release_gives_the_time_back_once(practice, held, now):
    for _ in range(2):
        actions.release_hold(hold=held, by=VISITOR, now=now)
    assert not Appointment.objects.exists()


def test_release_leaves_a_booking_alone(practice, held, now):
    confirm(practice, held)
    actions.release_hold(hold=held, by=VISITOR, now=now)
    assert Appointment.objects.get().status == Status.BOOKED


def test_hold_refuses_what_is_not_offered(practice, nine):
    with pytest.raises(NotOffered):
        actions.hold(**practice.ask(by=VISITOR, starts_at=nine + timedelta(minutes=1)))
    with pytest.raises(NotOffered):
        actions.hold(**practice.ask(by=VISITOR, mode="phone"))


def test_hold_any_chooses_whoever_has_the_least_work(practice, nine):
    busy, away, free = practice.psychologist, make.psychologist(), practice.another()
    for n in range(2):
        make.appointment(psychologist=busy, starts_at=nine + (n + 1) * DAY)
    make.appointment(psychologist=free, starts_at=nine + DAY)
    # Neither what was called off nor what is long ago counts.
    for n in range(5):
        make.appointment(psychologist=free, starts_at=nine + n * DAY, status=Status.CANCELLED)
        make.appointment(psychologist=free, starts_at=nine - (20 + n) * DAY, status=Status.COMPLETED)
    ask = practice.ask(by=VISITOR, psychologists=[busy, away, free])
    del ask["psychologist"]
    assert actions.hold_any(**ask).psychologist == free
    assert actions.hold_any(**ask).psychologist == busy
    with pytest.raises(SlotTaken):
        actions.hold_any(**ask)


def test_hold_any_spreads_the_work(practice, nine):
    everybody = [practice.psychologist, practice.another(), practice.another()]
    ask = practice.ask(by=VISITOR, psychologists=everybody)
    del ask["psychologist"]
    chosen = []
    for n in range(6):
        held = actions.hold_any(**ask | {"starts_at": nine + n * timedelta(hours=1)})
        chosen.append(confirm(practice, held).psychologist)
    assert sorted(p.pk for p in chosen) == sorted(p.pk for p in everybody * 2)
