"""What is proposed before a change is saved: times that are free once it is, in a steady number of queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.roles import Role
from portal.appointments.actions import Shift
from portal.appointments.models import Appointment, Closure, TimeSlot, WorkingHours
from portal.clinic.models import ClinicSettings
from portal.common import kept
from portal.journeys import closing, staffing, time_away, weekly
from portal.journeys.rearranging.deciding import undecided
from portal.journeys.rearranging.proposing import nearest
from portal.journeys.stranded import StillBooked, asked_of_closing, asked_of_leaving
from tests import make
from tests.journeys.rearranging.conftest import DAY, HOUR, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def practice(practice):
    """What is proposed today too: the notice is short."""
    make.clinic(notice_hours=1)
    return practice


def asked(call):
    with pytest.raises(StillBooked) as caught:
        call()
    return caught.value


def proposed(question, session):
    free = question.proposed.get(session.pk)
    return free and (free.starts_at, free.who)


def test_leave_proposes_times_outside_of_it_and_nothing_is_written(practice):
    session = practice.book()
    # Away from Tuesday evening to Thursday evening: the same hour of next Wednesday.
    said = {"kind": TimeSlot.Kind.BLOCKED, "starts_at": NOW + 9 * HOUR, "ends_at": NOW + 9 * HOUR + 2 * DAY}
    question = asked(
        lambda: time_away.add_time_slot(psychologist=practice.mai, knowing="", by=practice.desk, now=NOW, **said)
    )
    assert proposed(question, session) == (NOW + 8 * DAY, practice.mai)
    assert (TimeSlot.objects.count(), undecided().count()) == (0, 0)


def test_hours_propose_times_within_the_new_ones(practice):
    session = practice.book()
    monday = WorkingHours.objects.filter(psychologist=practice.mai, weekday=0).get()
    kept_day = Shift(location=practice.place, weekday=0, starts=monday.starts, ends=monday.ends)
    question = asked(
        lambda: weekly.set_weekly_hours(
            psychologist=practice.mai, hours=[kept_day], knowing="", by=practice.desk, now=NOW
        )
    )
    # On Mondays alone: the next one, at its first hour of the day.
    assert proposed(question, session) == (NOW + 6 * DAY, practice.mai)


def test_a_closed_day_proposes_another_one(practice):
    session = practice.book()
    day = practice.place.day_of(session.starts_at)
    question = asked(
        lambda: closing.add_closure(
            knowing="",
            location=None,
            first_day=day,
            last_day=day + 30 * DAY,
            from_time=None,
            until_time=None,
            label="Fire",
            by=practice.desk,
            now=NOW,
        )
    )
    assert (proposed(question, session), Closure.objects.count()) == ((NOW + HOUR, practice.mai), 0)


def test_of_who_leaves_only_colleagues_are_proposed(practice):
    session = practice.book()
    make.actor(role=Role.MANAGER)
    question = asked(lambda: staffing.stop_working_here(user=practice.mai.user, knowing="", by=practice.desk, now=NOW))
    ahead = asked_of_leaving(practice.mai, now=NOW)
    assert proposed(question, session) == proposed(ahead, session) == (session.starts_at, practice.ola)
    assert [s.pk for s in ahead.sessions] == [session.pk]


def test_of_a_place_that_closes_times_elsewhere_are_proposed(practice):
    session, elsewhere = practice.book(), make.location(name="Geelong")
    WorkingHours.objects.filter(psychologist=practice.mai, weekday=4).update(location=elsewhere)
    question = asked(lambda: staffing.close_place(location=practice.place, knowing="", by=practice.desk, now=NOW))
    ahead = asked_of_closing(practice.place, now=NOW)
    assert proposed(question, session) == proposed(ahead, session) == (NOW + 3 * DAY, practice.mai)
    assert question.proposed[session.pk].location == elsewhere


def test_what_gets_another_room_is_proposed_nothing(practice):
    first, second = (make.room(location=practice.place) for _n in range(2))
    fits = practice.book(room=first)
    full = practice.book(room=first, at=NOW + 2 * DAY)
    practice.book(psychologist=practice.ola, room=second, at=NOW + 2 * DAY)
    question = asked(lambda: staffing.close_room(room=first, knowing="", by=practice.desk, now=NOW))
    assert [s.pk for s in question.sessions] == [fits.pk, full.pk]
    assert list(question.proposed) == [full.pk]


def test_many_cost_no_more_queries_than_one(practice):
    rows = [practice.book(at=NOW + day * DAY + hour * HOUR) for day in (1, 2, 3) for hour in range(7)]
    practice.leave(days=3)
    found = Appointment.objects.filter(pk__in=[row.pk for row in rows]).for_listing()
    counted = []
    nearest(list(found), now=NOW, clinic=ClinicSettings.current())
    for some in (list(found[:1]), list(found)):
        with kept.one_stamp(), CaptureQueriesContext(connection) as caught:
            times = nearest(some, now=NOW, clinic=ClinicSettings.current())
        counted.append(len(caught))
        assert set(times) == {session.pk for session in some}
    assert counted[0] == counted[1]
