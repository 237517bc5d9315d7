"""Reading what is free: the same answers as looking by hand, in a fixed number of queries."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.appointments import actions, diary
from portal.appointments.models import Status, TimeSlot
from portal.appointments.refusals import NotOffered, SlotTaken
from portal.common import kept
from portal.common.access.actors import Actor
from tests import make

pytestmark = pytest.mark.django_db
MELBOURNE = ZoneInfo("Australia/Melbourne")
MONDAY = date(2026, 6, 8)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def ask(practice, psychologists=None, *, first_day=MONDAY, days=7, **fields):
    defaults = {"service": practice.service, "now": practice.ask()["now"], "clinic": practice.clinic}
    return diary.openings_of(
        psychologists or [practice.psychologist], first_day=first_day, days=days, **defaults | fields
    )


def wall(listed, zone=MELBOURNE):
    return [f"{o.starts_at.astimezone(zone):%a %H:%M}" for o in listed]


def free(practice, **fields):
    """Monday's free times of the practice's psychologist."""
    return wall(ask(practice, days=1, **fields)[practice.psychologist.pk])


WHOLE_DAY = [f"Mon {9 + n // 2:02}:{n % 2 * 30:02}" for n in range(15)]


def test_a_week_of_usual_hours(practice):
    listed = ask(practice)[practice.psychologist.pk]
    assert wall(listed)[:15] == WHOLE_DAY
    assert len(listed) == 5 * 15
    assert {o.location_id for o in listed} == {practice.location.pk}


def test_what_stands_in_the_diary_is_not_free(practice, nine):
    make.appointment(psychologist=practice.psychologist, service=practice.service, starts_at=nine + HOUR)
    assert free(practice) == ["Mon 09:00", *WHOLE_DAY[4:]]


def test_breaks_reach_over_midnight_on_both_sides_of_what_is_asked_about(practice, nine):
    """What stands on the day before and the day after is read as far as a break of either may reach."""
    anna, service = make.psychologist(), make.service(minutes=30, buffer_before=30, buffer_after=30)
    make.week(psychologist=anna, location=practice.location, starts="00:00", ends="00:00", weekdays=(0,))
    midnight = nine - 9 * HOUR
    for starts_at in (midnight - HOUR, midnight + DAY + timedelta(minutes=20)):
        make.appointment(psychologist=anna, service=make.service(minutes=40), starts_at=starts_at)
    listed = wall(ask(practice, [anna], days=1, service=service)[anna.pk])
    # Until 23:40 and from 00:20 they have somebody else: half an hour is kept free from either.
    assert (listed[0], listed[-1]) == ("Mon 00:30", "Mon 23:00")


@pytest.mark.parametrize(
    ("status", "takes"),
    [
        (Status.BOOKED, True),
        (Status.ARRIVED, True),
        (Status.COMPLETED, True),
        (Status.CANCELLED, False),
        (Status.NO_SHOW, False),
    ],
)
def test_which_states_take_time(practice, nine, status, takes):
    make.appointment(psychologist=practice.psychologist, service=practice.service, starts_at=nine, status=status)
    assert ("Mon 09:00" in free(practice)) is not takes


def test_a_hold_takes_time_until_it_runs_out(practice, nine, now):
    make.hold(
        psychologist=practice.psychologist,
        service=practice.service,
        starts_at=nine,
        held_until=now + timedelta(minutes=1),
    )
    assert "Mon 09:00" not in free(practice)
    assert "Mon 09:00" in free(practice, now=now + timedelta(minutes=1))


def test_the_appointment_being_moved_is_ignored(practice, nine):
    moving = make.appointment(psychologist=practice.psychologist, service=practice.service, starts_at=nine)
    assert "Mon 09:00" not in free(practice)
    assert free(practice, ignore=moving) == WHOLE_DAY


def test_exceptions(practice, nine):
    make.time_slot(psychologist=practice.psychologist, starts_at=nine, minutes=6 * 60)
    make.time_slot(
        psychologist=practice.psychologist,
        location=practice.location,
        kind=TimeSlot.Kind.EXTRA,
        starts_at=nine + 9 * HOUR,
        minutes=60,
    )
    assert free(practice) == ["Mon 15:00", "Mon 15:30", "Mon 16:00", "Mon 18:00"]


def test_closed_locations_and_people_who_left_offer_nothing(practice):
    closed, gone = practice.another(), practice.another(is_active=False)
    elsewhere = make.location(is_active=False)
    closed.hours.update(location=elsewhere)
    found = ask(practice, [closed, gone, practice.psychologist])
    assert {pk: len(listed) for pk, listed in found.items()} == {closed.pk: 0, gone.pk: 0, practice.psychologist.pk: 75}
    practice.service.is_active = False
    assert ask(practice) == {practice.psychologist.pk: []}


def test_notice_and_horizon_are_for_patients(practice, now):
    practice.clinic.notice_hours, practice.clinic.horizon_days = 24 * 5, 6
    # Five days from now is Monday ten at night, six days is Tuesday's.
    assert wall(ask(practice)[practice.psychologist.pk]) == [t.replace("Mon", "Tue") for t in WHOLE_DAY]
    assert len(ask(practice, for_staff=True)[practice.psychologist.pk]) == 75
    # Nobody books what has begun.
    wednesday_noon = now - 10 * HOUR
    today = ask(practice, first_day=date(2026, 6, 3), days=1, now=wednesday_noon, for_staff=True)
    assert wall(today[practice.psychologist.pk])[0] == "Wed 12:00"


@pytest.mark.parametrize("first_day", [date.min, date.max, date(1970, 1, 1), date(9999, 12, 27)])
def test_days_out_of_reach_are_answered(practice, django_assert_num_queries, first_day):
    with django_assert_num_queries(0):
        assert ask(practice, first_day=first_day) == {practice.psychologist.pk: []}


def test_an_absurd_number_of_days_ends_at_the_horizon(practice):
    # From Monday 8 June to Wednesday 26 August: 58 working days.
    assert len(ask(practice, days=10**6)[practice.psychologist.pk]) == 58 * 15


def test_each_location_in_its_own_zone(practice):
    perth = make.location(time_zone="Australia/Perth")
    away = make.psychologist()
    make.hours(psychologist=away, location=perth, weekday=0, starts="09:00", ends="10:00")
    (opening,) = ask(practice, [away], days=1)[away.pk]
    assert opening.starts_at == datetime(2026, 6, 8, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("people", [1, 20])
def test_one_query_count_for_one_and_for_twenty(practice, django_assert_num_queries, nine, people):
    everybody = [practice.psychologist] + [practice.another() for _ in range(people - 1)]
    for n, one in enumerate(everybody):
        make.appointment(psychologist=one, starts_at=nine + n * HOUR)
        make.time_slot(psychologist=one, starts_at=nine + DAY)
    make.room(location=practice.location)
    ask(practice, everybody, mode="in_person")
    # The stamp of what is kept, the sessions, the dated slots and what people have elsewhere.
    with kept.one_stamp(), django_assert_num_queries(3):
        found = ask(practice, everybody)
    assert len(found) == people
    assert all(found.values())
    with kept.one_stamp(), django_assert_num_queries(3):
        ask(practice, everybody, mode="in_person")


# ---- Rooms -----------------------------------------------------------------------------------------------------------


def test_what_no_room_can_hold_is_not_offered_in_person(practice, nine):
    blue, green = make.room(location=practice.location), make.room(location=practice.location)
    make.room(location=practice.location, is_active=False)
    for room, start, minutes in ((blue, nine, 120), (green, nine + HOUR, 60), (green, nine + 3 * HOUR, 60)):
        make.appointment(room=room, starts_at=start, service=make.service(minutes=minutes))
    # Blue is taken from nine to eleven, Green from ten to eleven and from twelve to one; a session takes an hour.
    assert free(practice, mode="in_person") == ["Mon 09:00", *WHOLE_DAY[4:]]
    assert free(practice, mode="video") == WHOLE_DAY
    assert free(practice) == WHOLE_DAY
    practice.service.video = False
    assert free(practice) == ["Mon 09:00", *WHOLE_DAY[4:]]


def test_what_is_offered_in_person_can_be_held(practice, nine):
    """Every time shown can be booked, every other time can't: the page and the action decide alike."""
    rooms = [make.room(location=practice.location) for _ in range(2)]
    for i, room in enumerate(rooms):
        for n in range(3):
            make.appointment(room=room, starts_at=nine + n * 2 * HOUR + i * 30 * timedelta(minutes=1))
    make.appointment(psychologist=practice.psychologist, service=practice.service, starts_at=nine + 7 * HOUR)
    offered = {o.starts_at for o in ask(practice, days=1, mode="in_person")[practice.psychologist.pk]}
    for n in range(16):
        starts_at = nine + n * timedelta(minutes=30)
        try:
            held = actions.hold(**practice.ask(starts_at=starts_at, by=Actor.system("online booking")))
        except (SlotTaken, NotOffered):
            assert starts_at not in offered
        else:
            assert starts_at in offered
            actions.release_hold(hold=held, by=practice.desk, now=practice.ask()["now"])
    assert 0 < len(offered) < 15


# ---- The next and the nearest ----------------------------------------------------------------------------------------


def everything(practice, people, **fields):
    """All free times to the horizon, by hand: each time once, with the first of `people` who has it."""
    found = {}
    by_id = ask(practice, people, first_day=date(2026, 6, 1), days=120, **fields)
    for one in people:
        for opening in by_id[one.pk]:
            found.setdefault(opening.starts_at, (one, opening))
    return found


def test_next_openings_look_as_far_as_they_must(practice, nine, django_assert_max_num_queries):
    colleague = practice.another()
    people = [practice.psychologist, colleague]
    make.time_slot(psychologist=practice.psychologist, starts_at=nine - 6 * DAY, minutes=60 * 24 * 40)
    make.time_slot(psychologist=colleague, starts_at=nine - 6 * DAY, minutes=60 * 24 * 27 + 7 * 60)
    by_hand = everything(practice, people)
    defaults = {"service": practice.service, "now": practice.ask()["now"], "clinic": practice.clinic}
    with kept.one_stamp(), django_assert_max_num_queries(3 * 4):
        found = diary.next_openings(people, **defaults, count=5)
    assert found == [by_hand[at] for at in sorted(by_hand)[:5]]
    firsts = diary.first_openings(people, **defaults)
    assert firsts == {one.pk: min(o for p, o in everything(practice, [one]).values()) for one in people}
    assert firsts[colleague.pk] < firsts[practice.psychologist.pk]


def test_nothing_free_before_the_horizon(practice, nine):
    make.time_slot(psychologist=practice.psychologist, starts_at=nine - 6 * DAY, minutes=60 * 24 * 100)
    defaults = {"service": practice.service, "now": practice.ask()["now"], "clinic": practice.clinic}
    people = [practice.psychologist]
    assert diary.next_openings(people, **defaults) == []
    assert diary.first_openings(people, **defaults) == {}
    assert diary.nearest_openings(people, around=nine, **defaults) == []
    assert diary.next_openings([], **defaults) == []


@pytest.mark.parametrize("hours", [0, 3.5, -20, 24 * 5 + 2, 24 * 40, 24 * 365, -24 * 365, 24 * 365 * 7900])
@pytest.mark.parametrize("count", [3, 30])
def test_nearest_openings_are_the_nearest(practice, nine, hours, count):
    colleague = practice.another()
    people = [practice.psychologist, colleague]
    colleague.hours.exclude(weekday=2).delete()
    make.time_slot(psychologist=practice.psychologist, starts_at=nine + DAY, minutes=60 * 24 * 12)
    around = nine + hours * HOUR
    by_hand = everything(practice, people)
    by_hand.pop(around, None)
    expected = sorted(by_hand, key=lambda at: (abs(at - around), at))[:count]
    found = diary.nearest_openings(
        people,
        service=practice.service,
        around=around,
        now=practice.ask()["now"],
        clinic=practice.clinic,
        count=count,
    )
    assert found == [by_hand[at] for at in expected]


def test_anybody_is_whoever_asks_the_least_and_of_those_the_least_busy(practice, nine, django_assert_num_queries):
    people = [practice.psychologist, practice.another(), practice.another()]
    for one, sessions in zip(people, (2, 0, 1), strict=True):
        for n in range(sessions):
            make.appointment(psychologist=one, starts_at=nine + n * DAY)
    diary.for_anybody(people, service=practice.service, around=nine)  # reads again what is kept of them
    with django_assert_num_queries(2):  # the sessions of all, and the stamp of what is kept
        in_turn = diary.for_anybody(people, service=practice.service, around=nine)
    assert in_turn == [people[1], people[2], people[0]]
    # However busy, whoever asks less comes first; whoever asks more comes last.
    make.own_fee(people[0], practice.service, "180.00")
    make.own_fee(people[1], practice.service, "260.00")
    assert diary.for_anybody(people, service=practice.service, around=nine) == [people[0], people[2], people[1]]
