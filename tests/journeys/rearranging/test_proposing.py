"""Times that stranded sessions could go to: near, free, with the same psychologist first, and cheap to find."""

from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.appointments.models import Appointment, Status
from portal.clinic.models import ClinicSettings, Mode
from portal.common import kept
from portal.journeys.rearranging.proposing import propose
from tests import make
from tests.journeys.rearranging.conftest import DAY, HOUR, NOW

pytestmark = pytest.mark.django_db

# The last hour of Friday.
FRIDAY = NOW + 3 * DAY + 7 * HOUR


@pytest.fixture
def practice(practice):
    """What is proposed today too: the notice is short."""
    make.clinic(notice_hours=1)
    return practice


def proposals(*sessions, **more):
    rows = list(Appointment.objects.filter(pk__in=[s.pk for s in sessions]).for_listing())
    return propose(rows, now=NOW, clinic=ClinicSettings.current(), **more)


def first(session, **more):
    found = proposals(session, **more)[session.pk].first
    return found and (found.starts_at, found.who)


def test_their_own_hour_next_week_and_then_what_is_near_to_it(practice):
    session = practice.book()
    practice.leave()
    # Wednesday, 9 am; away all Wednesday.
    assert first(session) == (NOW + 8 * DAY, practice.mai)
    taken = practice.book(at=NOW + 8 * DAY)
    found = proposals(session)[session.pk].own
    # A day further off weighs as much as an hour from nine o'clock; Tuesday's ten is sooner than it was booked.
    starts = [NOW + 2 * DAY, NOW + 3 * DAY, NOW + HOUR]
    assert [free.starts_at for free in found[:3]] == starts
    assert taken.starts_at not in {free.starts_at for free in found}


def test_a_list_of_times_is_not_all_in_one_half_day(practice):
    session = practice.book(at=NOW + DAY + 3 * HOUR)
    practice.leave(start=NOW + DAY + 2 * HOUR, days=0.1)
    found = proposals(session)[session.pk].own
    halves = [(free.day, free.starts_at.astimezone(free.zone).hour < 12) for free in found]
    assert len(found) == 5
    assert len(set(halves)) == 5


def test_what_a_day_away_strands_is_not_all_proposed_one_half_day(practice):
    """Their own hours of next week are taken: they go to different days and times of day, and never to one time."""
    sessions = [practice.book(at=NOW + DAY + n * HOUR) for n in range(6)]
    for n in range(8):
        practice.book(at=NOW + 8 * DAY + n * HOUR)
    practice.leave()
    found = [proposal.first for proposal in proposals(*sessions).values()]
    assert len({free.starts_at for free in found}) == 6
    halves = Counter((free.day, free.starts_at.astimezone(free.zone).hour < 12) for free in found)
    assert max(halves.values()) <= 2
    # Nobody is sent further than two days, or two hours, from what they are used to.
    for session, free in zip(sessions, found, strict=True):
        days = abs((free.day - session.local_start.date()).days)
        hours = abs(free.starts_at.astimezone(free.zone).hour - session.local_start.hour)
        assert (days <= 2, hours <= 2) == (True, True)


def test_the_same_psychologist_is_proposed_and_a_colleague_only_offered(practice):
    session = practice.book()
    practice.leave()
    found = proposals(session)[session.pk]
    assert {free.who for free in found.own} == {practice.mai}
    # At the very time at which it is booked.
    assert next((free.starts_at, free.who) for free in found.colleagues) == (session.starts_at, practice.ola)


def test_who_has_left_is_not_proposed(practice):
    session = practice.book()
    practice.mai.user.is_active = False
    practice.mai.user.save()
    found = proposals(session)[session.pk]
    assert (found.first, [free.who for free in found.colleagues][:1]) == (None, [practice.ola])


def test_a_time_that_is_taken_is_not_proposed(practice):
    session = practice.book()
    practice.book(at=NOW + 8 * DAY)
    make.hold(psychologist=practice.mai, service=practice.service, location=practice.place, starts_at=NOW + 2 * DAY)
    practice.leave()
    assert first(session) == (NOW + 2 * DAY + HOUR, practice.mai)


def test_a_time_at_which_the_patient_has_another_session_is_not_proposed(practice):
    session = practice.book()
    practice.book(psychologist=practice.ola, patient=session.patient, at=NOW + 8 * DAY)
    practice.book(psychologist=practice.ola, patient=session.patient, at=NOW + 2 * DAY, status=Status.CANCELLED)
    practice.leave()
    assert first(session) == (NOW + 2 * DAY, practice.mai)


def test_two_sessions_are_not_proposed_one_time(practice):
    # Next Wednesday is away too, and of the days between only an hour is left.
    one, two = practice.book(), practice.book(at=NOW + DAY + HOUR)
    practice.leave()
    practice.leave(start=NOW + 2 * DAY + HOUR, days=30)
    make.clinic(notice_hours=24)
    found = proposals(one, two)
    starts = [found[session.pk].first.starts_at for session in (one, two)]
    assert starts[0] == NOW + 2 * DAY
    assert starts[1] > NOW + 30 * DAY


def test_its_own_place_comes_first_for_who_comes_in_person(practice):
    far = make.location(name="Geelong")
    make.hours(psychologist=practice.mai, location=far, weekday=1, starts="18:00", ends="20:00")
    in_person = practice.book(at=NOW + DAY + 10 * HOUR)
    by_video = practice.book(at=NOW + DAY + 9 * HOUR, mode=Mode.VIDEO)
    practice.leave()
    found = proposals(in_person, by_video)
    assert found[in_person.pk].first.location == practice.place
    assert found[by_video.pk].first.starts_at == NOW + 9 * HOUR


def test_after_a_long_leave_it_is_looked_for_further_away(practice):
    session = practice.book(at=NOW + 40 * DAY)
    practice.leave(start=NOW - HOUR, days=110)
    found = first(session)
    assert found is not None
    assert NOW + 110 * DAY - HOUR <= found[0] <= NOW + 114 * DAY


@pytest.mark.parametrize(("notice", "at"), [(24, FRIDAY), (7, NOW + 7 * HOUR), (8, FRIDAY)])
def test_nothing_is_proposed_inside_the_notice(practice, notice, at):
    """Whoever is moved has to hear of it first, whoever moves them."""
    make.clinic(notice_hours=notice)
    # Wednesday's last hour; Tuesday's is nearer than Friday's.
    session = practice.book(at=NOW + DAY + 7 * HOUR)
    practice.book(at=NOW + 8 * DAY + 7 * HOUR)
    practice.leave(days=2)
    assert {first(session, for_staff=asked) for asked in (True, False)} == {(at, practice.mai)}


def test_a_length_that_was_agreed_before_does_not_overlap_the_patients_next(practice):
    """Booked for two hours, as the service lasted then: the patient's own session an hour later is in the way."""
    session = practice.book(minutes=110)
    practice.book(psychologist=practice.ola, patient=session.patient, at=NOW + 8 * DAY + HOUR)
    practice.leave()
    assert first(session) == (NOW + 2 * DAY, practice.mai)


def test_a_page_of_them_is_read_in_as_many_queries_as_one(practice):
    def counted(sessions):
        proposals(*sessions)
        with kept.one_stamp(), CaptureQueriesContext(connection) as queries:
            proposals(*sessions)
        return len(queries)

    services = [make.service(minutes=length) for length in (50, 25, 80)]
    practice.mai.services.add(*services)
    sessions = [
        practice.book(at=NOW + (1 + n // 6) * DAY + (n % 6) * HOUR, service=services[n % 3], minutes=25)
        for n in range(18)
    ]
    practice.leave(days=3)
    one = counted(sessions[:1])
    # The sessions themselves, the stamp, and three readings.
    assert (counted(sessions), one) == (5, 5)


def test_reach_never_costs_more_than_three_readings(practice):
    sessions = [practice.book(at=NOW + DAY + n * HOUR) for n in range(4)]
    practice.mai.user.is_active = False
    practice.mai.user.save()
    proposals(*sessions)
    rows = list(Appointment.objects.for_listing())
    with kept.one_stamp(), CaptureQueriesContext(connection) as queries:
        found = propose(rows, now=NOW, clinic=ClinicSettings.current())
    assert [proposal.first for proposal in found.values()] == [None] * 4
    # Three stretches, each read once, and the stamp of what is kept.
    assert len(queries) <= 3 * 4 + 1
