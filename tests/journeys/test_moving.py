"""A move from the calendar waits three minutes before anybody is told, and in these it can be taken back."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.appointments.models import Appointment, Status
from portal.appointments.refusals import NotReschedulable, SlotTaken
from portal.journeys import booking, moving
from portal.notifications.models import Notice, State
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
# Wednesday, 10 am in Melbourne.
TEN = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
ONE_HOUR = timedelta(hours=1)


@pytest.fixture
def clinic(time_machine):
    time_machine.move_to(NOW, tick=False)
    make.clinic()
    place = make.location()
    psychologist = make.psychologist()
    make.week(psychologist=psychologist, location=place)
    return place, psychologist


@pytest.fixture
def session(clinic):
    place, psychologist = clinic
    return make.appointment(
        psychologist=psychologist,
        location=place,
        patient=make.patient(email="bo@example.com"),
        starts_at=TEN,
        confirmed_at=NOW - ONE_HOUR,
    )


@pytest.fixture
def by():
    return make.actor()


def moved(session, by, *, hours=1, now=NOW):
    return moving.move(
        appointment=session,
        starts_at=session.starts_at + hours * ONE_HOUR,
        psychologist=session.psychologist,
        location=session.location,
        by=by,
        now=now,
        seen=session.seen_as,
    )


def take_back(session, was, by, *, now):
    return moving.take_back(appointment=session, was=was, moved_at=NOW, by=by, now=now)


def said():
    """What goes out or went out, in order."""
    return list(Notice.objects.exclude(state=State.WITHDRAWN).order_by("pk").values_list("template", flat=True))


def test_the_patient_is_told_after_three_minutes(session, by):
    moved(session, by)
    notice = Notice.objects.get()
    assert (notice.template, notice.state) == ("appointment_moved", State.PENDING)
    assert notice.next_attempt_at == NOW + timedelta(minutes=3)


@pytest.mark.parametrize("seconds", [0, 179, 180])
def test_taken_back_in_time_nobody_is_told_and_what_was_confirmed_is_again(session, by, seconds):
    after, was = moved(session, by)
    assert after.confirmed_at is None
    back = take_back(after, was, by, now=NOW + timedelta(seconds=seconds))
    back.refresh_from_db()
    assert (back.starts_at, back.confirmed_at, back.revision) == (TEN, NOW - ONE_HOUR, 2)
    assert said() == []


def test_taken_back_it_has_its_room_again(clinic, session, by):
    own, other = (make.room(location=clinic[0], name=name) for name in ("Fern", "River"))
    Appointment.objects.update(room=own)
    session.refresh_from_db()
    colleague = make.psychologist()
    make.appointment(psychologist=colleague, location=clinic[0], starts_at=TEN + ONE_HOUR, room=own)
    after, was = moved(session, by)
    assert after.room_id == other.pk
    assert take_back(after, was, by, now=NOW + timedelta(minutes=1)).room_id == own.pk


def test_after_three_minutes_it_stays(session, by):
    after, was = moved(session, by)
    with pytest.raises(moving.TooLate):
        take_back(after, was, by, now=NOW + timedelta(seconds=181))
    after.refresh_from_db()
    assert after.starts_at == TEN + ONE_HOUR
    assert said() == ["appointment_moved"]


@pytest.mark.parametrize("state", [State.SENT, State.SENDING, State.UNKNOWN])
def test_who_was_told_or_perhaps_is_told_that_it_is_back(session, by, state):
    after, was = moved(session, by)
    fields = {"leased_by": "w", "lease_until": NOW + ONE_HOUR} if state == State.SENDING else {}
    Notice.objects.update(state=state, sent_at=NOW if state == State.SENT else None, **fields)
    take_back(after, was, by, now=NOW + timedelta(minutes=1))
    assert said() == ["appointment_moved", "appointment_moved"]


def test_a_confirmation_that_the_move_withdrew_is_sent_after_all(clinic, by):
    place, psychologist = clinic
    session = booking.book_for_patient(
        psychologist=psychologist,
        patient=make.patient(email="bo@example.com"),
        service=make.service(),
        mode="in_person",
        starts_at=TEN,
        location=place,
        by=by,
        now=NOW,
        outside_hours=True,
    )
    after, was = moved(session, by)
    assert said() == ["appointment_moved"]
    take_back(after, was, by, now=NOW + timedelta(minutes=1))
    assert said() == ["appointment_booked"]


def test_of_two_moves_the_last_is_taken_back_and_the_first_is_told(session, by):
    between, _first = moved(session, by)
    after, was = moved(between, by)
    back = take_back(after, was, by, now=NOW + timedelta(minutes=1))
    assert back.starts_at == TEN + ONE_HOUR
    (notice,) = Notice.objects.exclude(state=State.WITHDRAWN)
    assert notice.template in {"appointment_moved", "appointment_booked"}
    assert "11:00" in notice.text


def test_a_time_that_somebody_else_took_meanwhile_stays_theirs(clinic, session, by):
    after, was = moved(session, by)
    other = make.appointment(psychologist=clinic[1], location=clinic[0], starts_at=TEN)
    with pytest.raises(SlotTaken):
        take_back(after, was, by, now=NOW + timedelta(minutes=1))
    assert {one.starts_at for one in Appointment.objects.filter(status=Status.BOOKED)} == {
        other.starts_at,
        TEN + ONE_HOUR,
    }
    assert said() == ["appointment_moved"]


def test_what_was_changed_since_is_not_taken_back(session, by):
    after, was = moved(session, by)
    booking.cancel_session(appointment=after, reason="clinic", by=by, now=NOW)
    with pytest.raises(NotReschedulable):
        take_back(after, was, by, now=NOW + timedelta(minutes=1))
    moved_on = make.appointment(
        psychologist=session.psychologist, location=session.location, starts_at=TEN + 3 * ONE_HOUR
    )
    after, was = moved(moved_on, by)
    moved(after, by)
    with pytest.raises(NotReschedulable):
        take_back(after, was, by, now=NOW + timedelta(minutes=1))


def test_twice_is_once(session, by):
    after, was = moved(session, by)
    first = take_back(after, was, by, now=NOW + timedelta(minutes=1))
    again = take_back(after, was, by, now=NOW + timedelta(minutes=1))
    assert (first.revision, again.revision, again.starts_at) == (2, 2, TEN)


# ---- What the patient last knew -------------------------------------------------------------------------------------

TWO_HOURS = timedelta(hours=2)


def standing_notice():
    (notice,) = Notice.objects.exclude(state=State.WITHDRAWN)
    return notice


def by_video(session, by, *, now):
    return moving.move(
        appointment=session,
        starts_at=session.starts_at,
        psychologist=session.psychologist,
        location=session.location,
        mode="video",
        by=by,
        now=now,
        seen=session.seen_as,
    )


def test_of_two_moves_in_the_three_minutes_the_mail_names_the_time_before_both(session, by):
    between, _was = moved(session, by)
    moved(between, by, now=NOW + timedelta(minutes=1))
    notice = standing_notice()
    assert "Before: Wednesday 25 November 2026, 10:00 am" in notice.text
    assert "12:00 pm" in notice.text
    assert "11:00 am" not in notice.text
    # And of three as well.
    after = Appointment.objects.get()
    moved(after, by, hours=2, now=NOW + timedelta(minutes=2))
    assert "Before: Wednesday 25 November 2026, 10:00 am" in standing_notice().text


def test_moved_back_by_hand_before_anybody_was_told_is_no_news(session, by):
    between, _was = moved(session, by)
    moved(between, by, hours=-1, now=NOW + timedelta(minutes=1))
    assert said() == []


def test_at_its_time_again_but_otherwise_held_it_is_said_to_have_changed(session, by):
    between, _was = moved(session, by)
    again, _was = by_video(between, by, now=NOW + timedelta(minutes=1))
    moved(again, by, hours=-1, now=NOW + timedelta(minutes=2))
    notice = standing_notice()
    assert notice.template == "appointment_changed"
    assert "Before" not in notice.text


@pytest.mark.parametrize("state", [State.SENT, State.SENDING, State.UNKNOWN])
def test_who_heard_of_the_time_between_is_told_from_there(session, by, state):
    between, _was = moved(session, by)
    fields = {"leased_by": "w", "lease_until": NOW + ONE_HOUR} if state == State.SENDING else {}
    Notice.objects.update(state=state, sent_at=NOW if state == State.SENT else None, **fields)
    moved(between, by, now=NOW + timedelta(minutes=1))
    assert "Before: Wednesday 25 November 2026, 11:00 am" in Notice.objects.order_by("pk").last().text


def test_the_first_of_two_moves_is_told_from_where_it_was_once_the_second_is_undone(session, by):
    between, _first = moved(session, by)
    after, was = moved(between, by)
    take_back(after, was, by, now=NOW + timedelta(minutes=1))
    notice = standing_notice()
    assert notice.template == "appointment_moved"
    assert "Before: Wednesday 25 November 2026, 10:00 am" in notice.text
    assert "11:00 am" in notice.text


def test_a_move_to_where_it_was_is_undone_and_the_first_is_told_again(session, by):
    """There and back by hand, and the way back taken back: it stands where its patient never heard of."""
    between, _first = moved(session, by)
    back, was = moved(between, by, hours=-1, now=NOW)
    assert said() == []
    take_back(back, was, by, now=NOW + timedelta(minutes=1))
    notice = standing_notice()
    assert "Before: Wednesday 25 November 2026, 10:00 am" in notice.text
    assert "11:00 am" in notice.text


def test_who_never_heard_of_the_booking_hears_of_it_when_it_is_back(clinic, by):
    place, psychologist = clinic
    session = booking.book_for_patient(
        psychologist=psychologist,
        patient=make.patient(email="bo@example.com"),
        service=make.service(),
        mode="in_person",
        starts_at=TEN,
        location=place,
        by=by,
        now=NOW,
        outside_hours=True,
    )
    between, _was = moved(session, by)
    moved(between, by, hours=-1, now=NOW + timedelta(minutes=1))
    assert said() == ["appointment_booked"]


def test_a_patient_who_moves_it_on_saw_where_it_stood(session, by):
    between, _was = moved(session, by)
    user = make.user()
    make.carer(user=user, patient=session.patient)
    booking.reschedule_session(
        appointment=between,
        starts_at=TEN + TWO_HOURS,
        by=make.actor(user, "patient"),
        now=NOW + timedelta(minutes=1),
        on_offer=True,
    )
    assert all("Before: Wednesday 25 November 2026, 11:00 am" in notice.text for notice in live())


def live():
    return Notice.objects.exclude(state=State.WITHDRAWN)


def test_called_off_within_the_minutes_the_mail_names_the_time_they_know(session, by):
    between, _was = moved(session, by)
    booking.cancel_session(appointment=between, reason="psychologist", by=by, now=NOW + timedelta(minutes=1))
    notice = standing_notice()
    assert notice.template == "appointment_cancelled"
    assert "Before: Wednesday 25 November 2026, 10:00 am" in notice.text
