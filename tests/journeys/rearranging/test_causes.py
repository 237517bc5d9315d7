"""Every change that strands sessions asks first, and brings them to the desk; what takes the change back takes them."""

from datetime import time

import pytest

from portal.accounts.roles import Role
from portal.appointments.actions import Shift
from portal.appointments.models import TimeSlot
from portal.audit.models import Entry
from portal.clinic.models import Mode
from portal.journeys import booking, staffing, time_away, weekly
from portal.journeys.rearranging.deciding import Came, Decision, What, decide, undecided
from portal.journeys.stranded import StillBooked, digest_of
from portal.journeys.to_do import tasks
from portal.worklist.models import ToDo
from tests import make
from tests.journeys.rearranging.conftest import DAY, HOUR, NOW
from tests.web.forms import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(db):
    return make.actor(role=Role.MANAGER)


def listed():
    return sorted(undecided().values_list("kind", "about_code"))


def settled():
    return sorted(ToDo.objects.exclude(done_at=None).values_list("kind", "outcome"))


# ---- The role


def test_who_loses_the_role_leaves_their_sessions_to_the_desk(practice, boss):
    session = practice.book()
    user = practice.mai.user
    with pytest.raises(StillBooked) as asked:
        staffing.set_roles(user=user, roles=[Role.RECEPTION], knowing="", by=boss, now=NOW)
    user.__dict__.pop("roles", None)
    practice.mai.refresh_from_db()
    # Nothing was done: neither the role nor the profile nor the list.
    assert (Role.PSYCHOLOGIST in user.roles, practice.mai.is_active, listed()) == (True, True, [])
    known = digest_of(asked.value.sessions)
    staffing.set_roles(user=user, roles=[Role.RECEPTION], knowing=known, by=boss, now=NOW)
    practice.mai.refresh_from_db()
    assert (practice.mai.is_active, listed()) == (False, [("session_without_psychologist", str(session.code))])
    # The rounds neither close it nor raise it twice.
    assert tasks.look_at_sessions() == {"plans": 0, "settled": 0, "closed": 0, "raised": 0}
    staffing.set_roles(user=user, roles=[Role.RECEPTION, Role.PSYCHOLOGIST], by=boss, now=NOW)
    assert (listed(), settled()) == ([], [("session_without_psychologist", "not_needed")])


def test_another_role_asks_nothing(practice, boss):
    practice.book()
    staffing.set_roles(user=practice.mai.user, roles=[Role.PSYCHOLOGIST, Role.RECEPTION], knowing="", by=boss, now=NOW)
    assert listed() == []


def test_who_is_only_off_the_website_keeps_their_sessions(practice):
    practice.book()
    practice.mai.is_active = False
    practice.mai.save()
    assert (tasks.look_at_sessions()["raised"], listed()) == (0, [])


def test_what_was_withdrawn_past_the_journeys_is_found_by_the_round(practice):
    session = practice.book()
    practice.mai.is_active = False
    practice.mai.save()
    practice.mai.user.grants.update(ended_at=NOW)
    assert tasks.look_at_sessions()["raised"] == 1
    assert listed() == [("session_without_psychologist", str(session.code))]


# ---- A room


@pytest.fixture
def rooms(practice):
    return make.room(location=practice.place, name="Banksia"), make.room(location=practice.place, name="Wattle")


def test_sessions_get_another_room_that_is_free_and_the_rest_comes_to_the_desk(practice, boss, rooms):
    banksia, wattle = rooms
    free, taken = practice.book(room=banksia), practice.book(room=banksia, at=NOW + DAY + HOUR)
    practice.book(psychologist=practice.ola, room=wattle, at=NOW + DAY + HOUR)
    by_video = practice.book(mode=Mode.VIDEO, at=NOW + 2 * DAY)
    with pytest.raises(StillBooked) as asked:
        staffing.close_room(room=banksia, knowing="", by=boss, now=NOW)
    banksia.refresh_from_db()
    assert (banksia.is_active, asked.value.sessions) == (True, [free, taken])
    came = staffing.close_room(room=banksia, knowing=digest_of(asked.value.sessions), by=boss, now=NOW)
    for session in (free, taken, by_video):
        session.refresh_from_db()
    assert (came, free.room, taken.room, free.revision) == ((1, 1), wattle, banksia, 0)
    assert listed() == [("session_without_room", str(taken.code))]
    assert Entry.objects.filter(verb="appointment.room_changed").count() == 1
    assert tasks.look_at_sessions() == {"plans": 0, "settled": 0, "closed": 0, "raised": 0}
    staffing.open_room_again(room=banksia, by=boss, now=NOW)
    assert (listed(), settled()) == ([], [("session_without_room", "not_needed")])


def test_with_the_last_room_gone_a_place_takes_any_number(practice, boss):
    room = make.room(location=practice.place)
    session = practice.book(room=room)
    assert staffing.close_room(room=room, by=boss, now=NOW) == (1, 0)
    session.refresh_from_db()
    assert (session.room, listed()) == (None, [])


@pytest.mark.django_db(transaction=True)
def test_a_room_that_closes_against_a_booking_in_it(practice, boss):
    """Whoever books beside it has the other room, or is asked about: nobody is left in a closed room unseen."""
    rooms = [make.room(location=practice.place), make.room(location=practice.place)]
    patients = [make.patient() for _ in range(5)]
    for n, patient in enumerate(patients):
        at = NOW + (n + 1) * DAY
        if at.weekday() >= 4:
            continue

        def close():
            try:
                return staffing.close_room(room=rooms[0], knowing="", by=boss, now=NOW)
            except StillBooked:
                return "asked"

        def book(at=at, patient=patient):
            return booking.book_for_patient(
                psychologist=practice.mai,
                patient=patient,
                service=practice.service,
                mode="in_person",
                starts_at=at,
                location=practice.place,
                by=practice.desk,
                now=NOW,
            )

        came, session = at_once([close, book])
        assert (came, session.room) in {("asked", rooms[0]), ((0, 0), rooms[1])}
        staffing.close_room(room=rooms[0], by=boss, now=NOW)
        session.refresh_from_db()
        assert (session.room, listed()) == (rooms[1], [])
        staffing.open_room_again(room=rooms[0], by=boss, now=NOW)


# ---- Hours


def shifts(practice, *days, ends="17:00", **more):
    return [Shift(day, time(9), time.fromisoformat(ends), practice.place, **more) for day in days]


def test_hours_that_end_leave_what_stands_in_them_to_the_desk(practice):
    wednesday, agreed = practice.book(), practice.book(at=NOW + DAY - 2 * HOUR)
    thursday = practice.book(at=NOW + 2 * DAY)
    own = make.actor(practice.mai.user, Role.PSYCHOLOGIST)
    hours = shifts(practice, 0, 1, 3, 4)
    with pytest.raises(StillBooked) as asked:
        weekly.set_weekly_hours(psychologist=practice.mai, hours=hours, knowing="", by=own, now=NOW)
    # Not the one that stood outside before: somebody agreed to that.
    assert (asked.value.sessions, practice.mai.hours.count()) == ([wednesday], 5)
    known = digest_of(asked.value.sessions)
    assert weekly.set_weekly_hours(psychologist=practice.mai, hours=hours, knowing=known, by=own, now=NOW) == 1
    assert listed() == [("session_outside_hours", str(wednesday.code))]
    assert tasks.look_at_sessions() == {"plans": 0, "settled": 0, "closed": 0, "raised": 0}
    weekly.set_weekly_hours(psychologist=practice.mai, hours=shifts(practice, 0, 1, 2, 3, 4), by=own, now=NOW)
    assert (listed(), settled()) == ([], [("session_outside_hours", "not_needed")])
    assert {agreed.status, thursday.status} == {"booked"}


def test_hours_for_another_way_of_meeting_or_another_time_strand_too(practice):
    in_person, by_video = practice.book(), practice.book(at=NOW + 2 * DAY, mode=Mode.VIDEO)
    own = make.actor(practice.mai.user, Role.PSYCHOLOGIST)
    only_video = shifts(practice, 0, 1, 2, 3, 4, modes=frozenset({Mode.VIDEO}))
    weekly.set_weekly_hours(psychologist=practice.mai, hours=only_video, by=own, now=NOW)
    assert listed() == [("session_outside_hours", str(in_person.code))]
    until = shifts(practice, 0, 1, 2, 3, 4, valid_until=(NOW + 2 * DAY).date())
    weekly.set_weekly_hours(psychologist=practice.mai, hours=until, by=own, now=NOW)
    # Melbourne is ahead: its Thursday is past that last day.
    assert listed() == [("session_outside_hours", str(by_video.code))]


def test_extra_hours_that_are_taken_back_and_given_again(practice):
    saturday = NOW + 4 * DAY
    own = make.actor(practice.mai.user, Role.PSYCHOLOGIST)

    def extra():
        return time_away.add_time_slot(
            psychologist=practice.mai,
            kind=TimeSlot.Kind.EXTRA,
            location=practice.place,
            starts_at=saturday,
            ends_at=saturday + 3 * HOUR,
            by=own,
            now=NOW,
        )

    slot = extra()
    session = practice.book(at=saturday + HOUR)
    time_away.remove_time_slot(time_slot=slot, by=own, now=NOW)
    assert listed() == [("session_outside_hours", str(session.code))]
    extra()
    assert listed() == []


def test_a_session_across_hours_that_adjoin_is_within_them(practice):
    long = practice.book(at=NOW + DAY + 3 * HOUR, minutes=120)
    own = make.actor(practice.mai.user, Role.PSYCHOLOGIST)
    halves = [
        Shift(2, time(9), time(13), practice.place),
        Shift(2, time(13), time(17), practice.place),
    ]
    assert weekly.set_weekly_hours(psychologist=practice.mai, hours=halves, knowing="", by=own, now=NOW) == 0
    halves[1] = Shift(2, time(13, 30), time(17), practice.place)
    assert weekly.set_weekly_hours(psychologist=practice.mai, hours=halves, by=own, now=NOW) == 1
    assert listed() == [("session_outside_hours", str(long.code))]


def test_what_stays_outside_the_hours_is_not_asked_about_again(practice):
    session = practice.book()
    own = make.actor(practice.mai.user, Role.PSYCHOLOGIST)
    weekly.set_weekly_hours(psychologist=practice.mai, hours=shifts(practice, 0, 1), by=own, now=NOW)
    assert decide(session, Decision(What.KEEP, session.seen_as), by=practice.desk, now=NOW) == Came.KEPT
    hours = shifts(practice, 0, 1, ends="16:00")
    weekly.set_weekly_hours(psychologist=practice.mai, hours=hours, knowing="", by=own, now=NOW)
    assert (listed(), tasks.look_at_sessions()) == ([], {"plans": 0, "settled": 0, "closed": 0, "raised": 0})
