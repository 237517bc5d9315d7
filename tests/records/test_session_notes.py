"""What waits for a note is found by walking one's own diary, and not by reading all of it."""

import pytest
from django.db import connection
from django.utils import timezone

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.records.session_notes import sessions_to_write_up
from tests import make

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="plans are PostgreSQL's"),
]


def plan(queryset):
    """How a large clinic's database would do it: a small one reads its tables whole."""
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    return queryset.explain()


@pytest.fixture
def by():
    psychologist = make.psychologist()
    return make.actor(psychologist.user, Role.PSYCHOLOGIST)


def test_newest_sessions_without_a_note_are_read_in_the_order_of_the_diary(by):
    newest = sessions_to_write_up(by, now=timezone.now()).order_by("-starts_at")[:25]
    said = plan(newest)
    assert "Backward using appointment_" in said
    assert "Sort" not in said


def test_who_is_in_care_is_counted_without_reading_a_session(by):
    assert "Index Only Scan using appointment_in_diary" in plan(
        Appointment.objects.in_care_of(by.user).values("patient")
    )
