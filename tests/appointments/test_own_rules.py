"""A service's own rules of booking, in the diary and in what is promised with a session."""

from datetime import timedelta

import pytest

from portal.appointments import actions, diary, terms
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered, TooManyBookings
from tests import make

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def own(practice, **rules):
    practice.service = make.service(minutes=50, buffer_after=10, **rules)
    return practice


def book(practice, **fields):
    return actions.book(**practice.ask(patient=practice.patient, **fields))


def times_of(practice, service, *, first_day, days, now, for_staff=False):
    found = diary.openings_of(
        [practice.psychologist],
        service=service,
        first_day=first_day,
        days=days,
        now=now,
        clinic=practice.clinic,
        for_staff=for_staff,
    )
    return [opening.starts_at for opening in found[practice.psychologist.pk]]


def test_its_notice_and_horizon_bound_what_is_offered_and_what_is_taken(practice, now, nine):
    near, far = now + 36 * HOUR, nine + 28 * DAY
    usual = practice.service
    own(practice, notice_hours=72, horizon_days=14)
    there = {"first_day": now.date(), "days": 60, "now": now}
    offered = times_of(practice, practice.service, **there)
    assert min(offered) >= now + 72 * HOUR
    assert max(offered) <= now + 14 * DAY
    of_the_others = times_of(practice, usual, **there)
    assert min(of_the_others) < now + 72 * HOUR
    assert max(of_the_others) > now + 14 * DAY
    for_the_desk = times_of(practice, practice.service, for_staff=True, **there)
    assert min(for_the_desk) < near
    assert max(for_the_desk) >= far
    with pytest.raises(NotOffered):
        book(practice, starts_at=far)
    assert book(practice, starts_at=far, by=practice.desk)


def test_each_in_one_pass_has_the_rules_of_the_service_they_are_asked_for(practice, now):
    colleague = practice.another()
    short = make.service(minutes=50, horizon_days=7)
    found = diary.openings_of(
        [practice.psychologist, colleague],
        service={practice.psychologist.pk: practice.service, colleague.pk: short},
        first_day=now.date(),
        days=60,
        now=now,
        clinic=practice.clinic,
    )
    assert max(o.starts_at for o in found[colleague.pk]) <= now + 7 * DAY
    assert max(o.starts_at for o in found[practice.psychologist.pk]) > now + 50 * DAY


def test_a_time_is_held_as_long_as_its_service_says(practice, now):
    own(practice, hold_minutes=25, cancel_hours=6)
    held = actions.hold(**practice.ask())
    assert held.held_until == now + timedelta(minutes=25)
    assert held.cancel_hours == 6


def test_what_was_promised_stays_when_the_rule_changes(practice, now, nine):
    own(practice, cancel_hours=24)
    booked = book(practice)
    assert terms.free_until(booked) == nine - 24 * HOUR
    practice.service.cancel_hours = 100
    practice.service.save()
    assert terms.free_until(Appointment.objects.get(pk=booked.pk)) == nine - 24 * HOUR
    # One that was promised nothing follows what is in force.
    before = make.appointment(service=practice.service, starts_at=nine + DAY, cancel_hours=None)
    assert terms.free_until(before) == nine + DAY - 100 * HOUR


def test_its_most_sessions_count_its_own_alone_and_not_at_the_desk(practice, nine):
    usual = practice.service
    own(practice, max_open_bookings=1)
    book(practice)
    with pytest.raises(TooManyBookings) as refused:
        book(practice, starts_at=nine + 2 * HOUR)
    assert refused.value.reason == "service"
    assert book(practice, service=usual, starts_at=nine + 2 * HOUR)
    assert book(practice, starts_at=nine + 4 * HOUR, by=practice.desk)


def test_the_clinics_most_counts_all_services_together(practice, nine):
    practice.clinic.max_open_bookings = 2
    practice.clinic.save()
    book(practice)
    own(practice, max_open_bookings=5)
    book(practice, starts_at=nine + 2 * HOUR)
    with pytest.raises(TooManyBookings) as refused:
        book(practice, starts_at=nine + 4 * HOUR)
    assert refused.value.reason == ""


def test_a_patient_moves_within_the_services_own_times(practice, now, nine):
    own(practice, horizon_days=14)
    booked = book(practice)
    with pytest.raises(NotOffered):
        actions.reschedule(appointment=booked, starts_at=nine + 28 * DAY, by=practice.online, now=now)
    assert actions.reschedule(appointment=booked, starts_at=nine + DAY, by=practice.online, now=now)
