"""The rule for cancelling is the one that was promised when somebody booked."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.models import CancelReason
from portal.billing import charges
from portal.clinic.models import ClinicSettings
from portal.journeys import booking
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
    make.week(psychologist=mai, location=place, starts="00:00", ends="23:55", weekdays=(0, 1, 2, 3, 4, 5, 6))
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


def test_one_from_before_such_rules_were_kept_follows_the_settings():
    make.clinic(cancel_hours=72, late_fee_percent=100)
    old = make.appointment(fee="200.00")
    assert booking.free_until(old, clinic=ClinicSettings.current()) == old.starts_at - timedelta(hours=72)
    assert late_fee(old) == Decimal("200.00")
