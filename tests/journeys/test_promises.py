"""The rule for cancelling is the one that was promised when somebody booked."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from portal.accounts.roles import Role
from portal.appointments import actions, states
from portal.appointments.models import CancelReason
from portal.appointments.states import Verb, Why
from portal.billing import charges
from portal.clinic.models import ClinicSettings
from portal.journeys import booking
from portal.policies.models import PolicySettings
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def booked():
    """For in two days, while cancelling is free until a day before."""
    make.mbs_items()
    make.clinic(cancel_hours=24, late_fee_percent=50, notice_hours=1)
    now = timezone.now()
    place = make.location()
    mai = make.psychologist()
    make.week(psychologist=mai, location=place, starts="00:00", ends="00:00", weekdays=(0, 1, 2, 3, 4, 5, 6))
    starts_at = (now + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    return booking.book_for_patient(
        psychologist=mai,
        patient=make.patient(),
        service=make.service(fee="200.00"),
        mode="video",
        starts_at=starts_at,
        location=place,
        by=make.actor(),
        now=now,
        outside_hours=True,
    )


def late_fee(appointment):
    return charges.late_fee(appointment, clinic=ClinicSettings.current()).amounts.total


def test_a_booking_keeps_the_rule_it_was_made_under(booked):
    make.clinic(cancel_hours=72, late_fee_percent=100)
    assert booking.free_until(booked, clinic=ClinicSettings.current()) == booked.starts_at - timedelta(hours=24)
    assert late_fee(booked) == Decimal("100.00")
    by = make.actor(make.user(), Role.PATIENT)
    cancelled = actions.cancel(appointment=booked, reason=CancelReason.PATIENT, by=by, now=timezone.now())
    assert cancelled.late is False


def test_moving_it_keeps_the_rule(booked):
    make.clinic(cancel_hours=72, late_fee_percent=100)
    moved = actions.reschedule(
        appointment=booked,
        starts_at=booked.starts_at + timedelta(days=1),
        by=make.actor(),
        now=timezone.now(),
        outside_hours=True,
    )
    assert (moved.cancel_hours, moved.late_fee_percent) == (24, 50)


# ---- Grace after a late booking --------------------------------------------------------------------------------------

SECOND = timedelta(seconds=1)


def book_late(*, ahead=timedelta(hours=20), grace=15, hours=24, **settings):
    """Booked by its patient so long before the session; the clock's hour is full."""
    make.mbs_items()
    make.clinic(cancel_hours=hours, late_fee_percent=50, notice_hours=0, grace_minutes=grace, **settings)
    now = (timezone.now() + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    place, mai, user = make.location(), make.psychologist(), make.user()
    make.week(psychologist=mai, location=place, starts="00:00", ends="00:00", weekdays=(0, 1, 2, 3, 4, 5, 6))
    by = make.actor(user, Role.PATIENT)
    choice = {"service": make.service(fee="200.00"), "mode": "video", "starts_at": now + ahead, "location": place}
    held = booking.hold_time(psychologists=[mai], by=by, now=now - timedelta(minutes=5), **choice)
    booked = booking.book_session(hold=held, patient=make.patient(user=user), by=by, now=now)
    return booked, by, now


def cancel(booked, by, now):
    return actions.cancel(appointment=booked, reason=CancelReason.PATIENT, by=by, now=now)


@pytest.mark.parametrize(("after", "is_late"), [(timedelta(minutes=15), False), (timedelta(minutes=15) + SECOND, True)])
def test_who_books_inside_the_window_cancels_for_nothing_for_a_quarter_of_an_hour(after, is_late):
    booked, by, now = book_late()
    assert cancel(booked, by, now + after).late is is_late
    fee = charges.fee_due(
        booked.__class__.objects.get(), clinic=ClinicSettings.current(), policy=PolicySettings.current()
    )
    assert (fee is not None) is is_late


@pytest.mark.parametrize(("after", "why"), [(timedelta(minutes=15), None), (timedelta(minutes=15) + SECOND, Why.LATE)])
def test_who_books_inside_the_window_moves_it_for_as_long(after, why):
    booked, by, now = book_late()
    assert states.why_not(booked, Verb.MOVE, by=by, now=now + after) == why


def test_the_grace_is_the_one_that_was_promised():
    booked, by, now = book_late(grace=30)
    make.clinic(grace_minutes=0)
    assert booking.free_until(booked, clinic=ClinicSettings.current()) == now + timedelta(minutes=30)
    assert cancel(booked, by, now + timedelta(minutes=30)).late is False


def test_without_a_grace_a_late_booking_is_late_at_once():
    booked, by, now = book_late(grace=0)
    assert cancel(booked, by, now).late is True


def test_the_grace_ends_when_the_session_starts():
    booked, _by, _now = book_late(ahead=timedelta(minutes=30), grace=60)
    assert booking.free_until(booked, clinic=ClinicSettings.current()) == booked.starts_at


def test_who_books_just_before_the_free_time_ends_has_the_grace_too():
    booked, _by, now = book_late(ahead=timedelta(hours=24, minutes=30), grace=60)
    assert booking.free_until(booked, clinic=ClinicSettings.current()) == now + timedelta(minutes=60)


def test_the_grace_takes_nothing_from_who_books_early():
    booked, _by, _now = book_late(ahead=timedelta(days=9))
    assert booking.free_until(booked, clinic=ClinicSettings.current()) == booked.starts_at - timedelta(hours=24)


def test_one_from_before_such_rules_were_kept_follows_the_settings():
    make.clinic(cancel_hours=72, late_fee_percent=100)
    old = make.appointment(fee="200.00")
    assert booking.free_until(old, clinic=ClinicSettings.current()) == old.starts_at - timedelta(hours=72)
    assert late_fee(old) == Decimal("200.00")
