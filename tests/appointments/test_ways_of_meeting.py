"""A session is held in a way in which its psychologist meets people: when it is offered, held, booked and moved."""

from datetime import timedelta

import pytest

from portal.appointments import actions, diary
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered, SlotTaken
from portal.clinic.models import Psychologist
from portal.common import kept
from tests import make

HOUR = timedelta(hours=1)


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
        first_day=nine.date(),
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
