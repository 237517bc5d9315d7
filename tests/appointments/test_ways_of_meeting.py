"""A session is held in a way in which its psychologist meets people: when it is offered, held, booked and moved."""

from datetime import date, timedelta

import pytest

from portal.appointments import actions, diary
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered, SlotTaken
from portal.clinic.models import Psychologist
from portal.common import kept
from tests import make

HOUR = timedelta(hours=1)
MONDAY = date(2026, 6, 8)


def withdraw(psychologist, *ways):
    Psychologist.objects.filter(pk=psychologist.pk).update(**dict.fromkeys(ways, False))
    psychologist.refresh_from_db()


def free(practice, *people, **fields):
    found = diary.openings_of(
        people,
        **{
            "service": practice.service,
            "first_day": practice.ask()["starts_at"].date(),
            "days": 7,
            "now": practice.ask()["now"],
            "clinic": practice.clinic,
        }
        | fields,
    )
    return [bool(found[person.pk]) for person in people]


def test_who_does_not_give_the_service_that_way_is_not_free_for_it(practice):
    other = practice.another(in_person=False)
    assert free(practice, practice.psychologist, other, mode="in_person") == [True, False]
    assert free(practice, practice.psychologist, other, mode="video") == [True, True]
    assert free(practice, practice.psychologist, other) == [True, True]
    withdraw(practice.psychologist, "in_person", "video")  # the service is not given by phone
    assert free(practice, practice.psychologist, other) == [False, True]


def test_openings_ask_as_often_for_thirty_as_for_one(practice, django_assert_num_queries):
    people = [practice.psychologist]
    for count in (1, 30):
        while len(people) < count:
            people.append(practice.another(in_person=len(people) % 2 == 0))
        free(practice, *people, mode="video")
        with kept.one_stamp(), django_assert_num_queries(3):
            free(practice, *people, mode="video")


def test_a_room_is_needed_by_who_meets_people_in_person_alone(practice, now, nine):
    """Their other colleague may hold the same service by video, where no way was asked for."""
    room = make.room(location=practice.location)
    other = practice.another(video=False, phone=False)
    make.appointment(
        psychologist=practice.another(), service=practice.service, location=practice.location, room=room, starts_at=nine
    )
    found = diary.openings_of(
        [practice.psychologist, other],
        service=practice.service,
        first_day=MONDAY,
        days=2,
        now=now,
        clinic=practice.clinic,
    )
    starts = [{o.starts_at for o in found[p.pk]} for p in (practice.psychologist, other)]
    assert [nine in each for each in starts] == [True, False]


@pytest.mark.parametrize("how", ["hold", "book"])
@pytest.mark.parametrize("who", ["online", "desk"])
def test_a_way_that_the_psychologist_does_not_give_is_refused(practice, how, who):
    withdraw(practice.psychologist, "in_person")
    more = {"patient": practice.patient} if how == "book" else {}
    with pytest.raises(NotOffered) as refused:
        getattr(actions, how)(**practice.ask(by=getattr(practice, who)), **more)
    assert refused.value.reason == "mode"
    assert not Appointment.objects.exists()
    assert getattr(actions, how)(**practice.ask(by=getattr(practice, who), mode="video"), **more).mode == "video"


def test_anybody_is_somebody_who_meets_people_that_way(practice):
    withdraw(practice.psychologist, "in_person")
    other = practice.another()
    choice = practice.ask()
    del choice["psychologist"]
    for _ in range(2):
        try:
            held = actions.hold_any(psychologists=[practice.psychologist, other], **choice)
        except SlotTaken:
            break
        assert held.psychologist == other
    else:
        pytest.fail("the one who meets nobody in person was given the second")


def test_a_way_withdrawn_while_the_time_was_held_is_not_booked(practice, now):
    held = actions.hold(**practice.ask())
    withdraw(practice.psychologist, "in_person")
    with pytest.raises(NotOffered) as refused:
        actions.confirm_hold(hold=held, patient=practice.patient, by=practice.online, now=now)
    assert refused.value.reason == "mode"


def retire_psychologist(practice):
    practice.psychologist.is_active = False
    practice.psychologist.save()


def retire_service(practice):
    practice.service.is_active = False
    practice.service.save()


def take_offline(practice):
    practice.service.online = False
    practice.service.save()


def give_no_more(practice):
    practice.psychologist.services.set([make.service()])


def close_location(practice):
    practice.location.is_active = False
    practice.location.save()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (retire_psychologist, "psychologist"),
        (retire_service, "service"),
        (take_offline, "service"),
        (give_no_more, "service"),
        (close_location, "location"),
    ],
)
def test_what_is_offered_no_more_is_not_booked_from_a_hold(practice, now, change, reason):
    practice.psychologist.services.add(practice.service)
    held = actions.hold(**practice.ask())
    change(practice)
    with pytest.raises(NotOffered) as refused:
        actions.confirm_hold(hold=held, patient=practice.patient, by=practice.online, now=now)
    assert refused.value.reason == reason
    held.refresh_from_db()
    assert (held.status, held.patient) == ("held", None)


# ---- What was booked before ------------------------------------------------------------------------------------------


@pytest.fixture
def agreed(practice):
    booked = actions.book(patient=practice.patient, **practice.ask())
    withdraw(practice.psychologist, "in_person")
    return booked


def move(practice, booked, **fields):
    return actions.reschedule(**{"appointment": booked, "by": practice.online, "now": practice.ask()["now"]} | fields)


def test_what_was_agreed_can_still_be_moved_with_the_same_psychologist(practice, agreed, nine):
    assert free(practice, practice.psychologist, mode="in_person") == [False]
    assert free(practice, practice.psychologist, mode="in_person", ignore=agreed) == [True]
    moved = move(practice, agreed, starts_at=nine + HOUR)
    assert (moved.starts_at, moved.mode, moved.psychologist) == (nine + HOUR, "in_person", practice.psychologist)


def test_it_can_be_moved_to_another_place_of_theirs_too(practice, agreed, nine):
    place = make.location()
    make.hours(psychologist=practice.psychologist, location=place, weekday=5)
    saturday = nine + timedelta(days=5)
    moved = move(practice, agreed, starts_at=saturday, location=place)
    assert (moved.location, moved.mode) == (place, "in_person")


def test_it_goes_to_nobody_else_who_does_not_meet_people_that_way(practice, agreed, nine):
    with pytest.raises(NotOffered) as refused:
        move(practice, agreed, psychologist=practice.another(in_person=False), starts_at=nine, by=practice.desk)
    assert refused.value.reason == "mode"
    other = practice.another()
    assert move(practice, agreed, psychologist=other, starts_at=nine, by=practice.desk).psychologist == other


# ---- Hours for some ways only ----------------------------------------------------------------------------------------


@pytest.fixture
def by_video(practice, nine):
    """Their Mondays, on one of which `nine` falls, are by video alone."""
    monday = practice.psychologist.hours.filter(weekday=MONDAY.weekday())
    assert monday.update(video=True) == 1
    return practice


def test_hours_by_video_are_offered_by_video_alone(by_video, nine):
    times = {
        mode: [
            each.starts_at
            for each in diary.openings_of(
                [by_video.psychologist],
                service=by_video.service,
                first_day=MONDAY,
                days=1,
                now=by_video.ask()["now"],
                clinic=by_video.clinic,
                mode=mode,
            )[by_video.psychologist.pk]
        ]
        for mode in ("in_person", "video", None)
    }
    assert nine in times["video"]
    assert times["in_person"] == []
    assert times[None] == times["video"]


def test_a_time_says_in_which_ways_it_can_be_held(by_video, nine):
    found = diary.openings_of(
        [by_video.psychologist],
        service=by_video.service,
        first_day=MONDAY,
        days=7,
        now=by_video.ask()["now"],
        clinic=by_video.clinic,
    )[by_video.psychologist.pk]
    days = {by_video.location.day_of(each.starts_at): each.modes for each in found}
    assert days.pop(MONDAY) == ("video",)
    assert set(days.values()) == {("in_person", "video")}


@pytest.mark.parametrize("how", ["hold", "book"])
def test_hours_by_video_are_booked_by_video_alone(by_video, how):
    what = getattr(actions, how)
    patient = {"patient": make.patient()} if how == "book" else {}
    asked = by_video.ask() | {"by": by_video.desk} | patient
    with pytest.raises(NotOffered, match="time"):
        what(**asked | {"mode": "in_person"})
    assert what(**asked | {"mode": "video"}).mode == "video"


def test_a_session_by_video_stays_so_in_hours_that_are_by_video_alone(by_video, now, nine):
    """The time stays as it was agreed, and only how it is held is asked for anew."""
    session = make.appointment(
        psychologist=by_video.psychologist,
        location=by_video.location,
        service=by_video.service,
        starts_at=nine,
        mode="video",
    )
    as_they_wish = {"appointment": session, "starts_at": nine, "mode": "in_person", "now": now}
    with pytest.raises(NotOffered, match="mode"):
        actions.reschedule(**as_they_wish, by=by_video.desk)
    assert actions.reschedule(**as_they_wish, by=by_video.desk, outside_hours=True).mode == "in_person"


def test_in_hours_for_some_ways_a_room_is_needed_where_they_are_in_person_alone(practice, now, nine):
    """No way is asked for, and they have others; in these hours they have not."""
    room = make.room(location=practice.location)
    make.appointment(location=practice.location, room=room, starts_at=nine, minutes=50)
    monday = practice.psychologist.hours.filter(weekday=MONDAY.weekday())

    def is_free():
        found = diary.openings_of(
            [practice.psychologist],
            service=practice.service,
            first_day=MONDAY,
            days=1,
            now=now,
            clinic=practice.clinic,
        )
        return nine in [each.starts_at for each in found[practice.psychologist.pk]]

    assert is_free()
    monday.update(in_person=True)
    assert not is_free()
