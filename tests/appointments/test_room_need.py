"""When a service takes a room: never, when it is in person, or always."""

from datetime import timedelta

import pytest

from portal.appointments import actions, diary
from portal.appointments.refusals import SlotTaken
from portal.clinic.models import Mode, RoomNeed
from tests import make

DAY = timedelta(days=1)
NEEDS = [(need, mode) for need in RoomNeed for mode in (Mode.IN_PERSON, Mode.VIDEO)]


def takes(need, mode):
    """As the desk would say it."""
    return need == "always" or (need == "in_person" and mode == "in_person")


@pytest.fixture
def only_room(practice):
    practice.clinic.max_open_bookings = 8
    return make.room(location=practice.location)


def offered(practice, service, mode, *, nine, now):
    there = diary.openings_of(
        [practice.psychologist],
        service=service,
        first_day=practice.location.day_of(nine),
        days=1,
        now=now,
        clinic=practice.clinic,
        mode=mode,
    )
    return nine in {opening.starts_at for opening in there[practice.psychologist.pk]}


@pytest.mark.parametrize(("need", "mode"), NEEDS)
def test_a_booking_takes_a_room_where_its_service_says_so(practice, only_room, need, mode):
    practice.service = make.service(minutes=50, room_need=need)
    booked = actions.book(**practice.ask(patient=practice.patient, mode=mode))
    assert booked.room_id == (only_room.pk if takes(need, mode) else None)


@pytest.mark.parametrize(("need", "mode"), NEEDS)
def test_a_held_time_does_too(practice, only_room, need, mode):
    practice.service = make.service(minutes=50, room_need=need)
    held = actions.hold(**practice.ask(mode=mode))
    assert held.room_id == (only_room.pk if takes(need, mode) else None)


@pytest.mark.parametrize(("need", "mode"), NEEDS)
def test_what_is_offered_is_what_can_be_booked_while_the_only_room_is_in_use(
    practice, only_room, need, mode, nine, now
):
    make.appointment(room=only_room, starts_at=nine, minutes=50)
    practice.service = make.service(minutes=50, room_need=need)
    assert offered(practice, practice.service, mode, nine=nine, now=now) is not takes(need, mode)
    ask = practice.ask(patient=practice.patient, mode=mode)
    if takes(need, mode):
        with pytest.raises(SlotTaken) as refused:
            actions.book(**ask)
        assert refused.value.reason == "room"
    else:
        assert actions.book(**ask).room_id is None


def test_a_session_that_changes_how_it_is_held_gives_its_room_back_or_keeps_it(practice, only_room, now):
    for need, room in ((RoomNeed.IN_PERSON, None), (RoomNeed.ALWAYS, only_room.pk)):
        practice.service = make.service(minutes=50, room_need=need)
        booked = actions.book(**practice.ask(patient=practice.patient))
        moved = actions.reschedule(
            appointment=booked, starts_at=booked.starts_at, mode=Mode.VIDEO, by=practice.desk, now=now
        )
        assert moved.room_id == room
        actions.cancel(appointment=moved, reason="other", by=practice.desk, now=now)
