"""What is proposed before a change is saved: times that are free once it is, in a steady number of queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.roles import Role
from portal.appointments.actions import Shift
from portal.appointments.models import Appointment, Closure, Status, TimeSlot, WorkingHours
from portal.appointments.refusals import NotOffered, SlotTaken
from portal.clinic import actions as clinic
from portal.clinic.models import ClinicSettings, Room
from portal.common import kept
from portal.journeys import closing, requests, staffing, time_away, weekly
from portal.journeys.rearranging.deciding import undecided
from portal.journeys.rearranging.proposing import nearest
from portal.journeys.stranded import (
    StillBooked,
    Stranded,
    asked_of_closing,
    asked_of_leaving,
    digest_of,
    requests_in_the_way,
)
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


def _new_week(practice, knowing):
    windows = WorkingHours.objects.filter(psychologist=practice.mai, weekday=0)
    hours = [Shift(location=practice.place, weekday=0, starts=each.starts, ends=each.ends) for each in windows]
    weekly.set_weekly_hours(psychologist=practice.mai, hours=hours, knowing=knowing, by=practice.desk, now=NOW)


def _no_extra_hours(practice, knowing):
    slot = TimeSlot.objects.get(psychologist=practice.mai)
    time_away.remove_time_slot(time_slot=slot, knowing=knowing, by=practice.desk, now=NOW)


def _nobody_there(practice, knowing):
    staffing.stop_working_here(user=practice.mai.user, knowing=knowing, by=practice.desk, now=NOW)


def _no_place(practice, knowing):
    staffing.close_place(location=practice.place, knowing=knowing, by=practice.desk, now=NOW)


def _no_room(practice, knowing):
    staffing.close_room(room=Room.objects.earliest("pk"), knowing=knowing, by=practice.desk, now=NOW)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_new_week, Stranded.HOURS),
        (_no_extra_hours, Stranded.HOURS),
        (_nobody_there, Stranded.LEFT),
        (_no_place, Stranded.CLOSED),
        (_no_room, Stranded.ROOM),
    ],
)
def test_what_is_asked_for_is_asked_about_too_and_then_cant_be_confirmed(practice, change, why):
    make.actor(role=Role.MANAGER)
    make.location(name="Geelong")
    at = NOW + DAY
    if change is _no_extra_hours:
        at += 8 * HOUR
        make.time_slot(
            psychologist=practice.mai,
            kind=TimeSlot.Kind.EXTRA,
            location=practice.place,
            starts_at=at,
            minutes=120,
        )
    room = None
    if change is _no_room:
        room, other = (make.room(location=practice.place) for _n in range(2))
        practice.book(psychologist=practice.ola, at=at, room=other)
    request = practice.book(at=at, room=room, status=Status.REQUESTED, answer_by=NOW + 5 * HOUR)
    assert requests_in_the_way([request]) == {}
    question = asked(lambda: change(practice, ""))
    assert ([s.pk for s in question.sessions], question.asked_for, question.booked) == ([request.pk], 1, 0)
    change(practice, digest_of(question.sessions))
    request.refresh_from_db()
    with kept.one_stamp():
        assert requests_in_the_way([request]) == {request.pk: why}
    # It is asked for, and no work about a booking.
    assert undecided().count() == 0
    with pytest.raises((NotOffered, SlotTaken)):
        requests.approve_request(appointment=request, by=practice.desk, now=NOW)


def test_what_is_not_offered_any_more_cant_be_confirmed(practice):
    request = practice.book(status=Status.REQUESTED, answer_by=NOW + 5 * HOUR)
    clinic.retire_service(service=practice.service, by=practice.desk, now=NOW)
    assert requests_in_the_way([request]) == {request.pk: Stranded.OFF}
    with pytest.raises(NotOffered):
        requests.approve_request(appointment=request, by=practice.desk, now=NOW)


def test_what_is_asked_for_gets_another_room_too(practice):
    first, second = (make.room(location=practice.place) for _n in range(2))
    request = practice.book(room=first, status=Status.REQUESTED, answer_by=NOW + 5 * HOUR)
    assert staffing.close_room(room=first, by=practice.desk, now=NOW) == (1, 0)
    request.refresh_from_db()
    assert (request.room, requests_in_the_way([request])) == (second, {})


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
