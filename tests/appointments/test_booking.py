"""Booking, moving and cancelling: what is kept, and each refusal."""

from datetime import timedelta
from decimal import Decimal

import pytest

from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.models import Appointment, CancelReason, Status, TimeSlot
from portal.appointments.refusals import NotCancellable, NotOffered, NotReschedulable, PatientBusy, SlotTaken
from portal.appointments.refusals import TooManyBookings as TooMany
from portal.appointments.states import nothing_known
from portal.audit.models import Entry
from portal.clinic.models import Mode
from portal.common.access.actors import Actor
from tests import make

HALF_AN_HOUR, HOUR, DAY = timedelta(minutes=30), timedelta(hours=1), timedelta(days=1)


def verbs():
    return list(Entry.objects.order_by("pk").values_list("verb", flat=True))


def book(practice, **fields):
    return actions.book(**{"patient": practice.patient} | practice.ask(**fields))


# ---- Booking ---------------------------------------------------------------------------------------------------------


def test_book_writes_the_session_its_buffers_and_one_line(practice, now, nine):
    booked = book(practice)
    row = Appointment.objects.get()
    assert row == booked
    assert (row.starts_at, row.ends_at) == (nine, nine + timedelta(minutes=50))
    assert (row.occupied_from, row.occupied_until) == (nine, nine + HOUR)
    assert (row.status, row.mode, row.fee, row.room) == (Status.BOOKED, "in_person", Decimal("220.00"), None)
    assert (row.booked_at, row.booked_by, row.revision, row.held_until) == (now, practice.online.user, 0, None)
    entry = Entry.objects.get()
    assert (entry.verb, entry.target_code, entry.at) == ("appointment.booked", str(row.code), now)


def test_fee_is_the_psychologists_own_or_the_one_given(practice, nine):
    make.own_fee(practice.psychologist, practice.service, "250.00")
    make.own_fee(practice.psychologist, make.service(fee="100.00"), "90.00")
    assert book(practice).fee == Decimal("250.00")
    assert book(practice, starts_at=nine + HOUR, by=practice.desk, fee=Decimal("99.995")).fee == Decimal("100.00")


@pytest.mark.parametrize("shift", [timedelta(), HALF_AN_HOUR, -HALF_AN_HOUR, timedelta(minutes=55)])
def test_a_time_that_overlaps_with_buffers_is_taken(practice, nine, shift):
    make.appointment(psychologist=practice.psychologist, service=practice.service, starts_at=nine + HOUR)
    with pytest.raises(SlotTaken) as refused:
        book(practice, starts_at=nine + HOUR + shift, by=practice.desk, outside_hours=True)
    assert refused.value.reason == "psychologist"
    assert verbs() == []


def test_back_to_back_is_free(practice, nine):
    make.appointment(psychologist=practice.psychologist, service=practice.service, starts_at=nine + HOUR)
    assert book(practice).ends_at == nine + timedelta(minutes=50)
    assert book(practice, starts_at=nine + 2 * HOUR)


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.NO_SHOW])
def test_a_cancelled_time_is_free_again(practice, nine, status):
    make.appointment(psychologist=practice.psychologist, service=practice.service, starts_at=nine, status=status)
    assert book(practice).status == Status.BOOKED


def test_a_completed_session_still_stands_in_the_diary(practice, nine):
    make.appointment(
        psychologist=practice.psychologist, service=practice.service, starts_at=nine, status=Status.COMPLETED
    )
    with pytest.raises(SlotTaken):
        book(practice)


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("time", {"shift": -HOUR}),  # before the hours
        ("time", {"shift": timedelta(minutes=10)}),  # off the grid
        ("time", {"shift": timedelta(seconds=30)}),
        ("time", {"shift": timedelta(hours=7, minutes=30)}),  # would run over the end of the day
        ("time", {"shift": -5 * DAY + HOUR}),  # inside the notice
        ("time", {"shift": 84 * DAY}),  # beyond the horizon
        ("time", {"shift": timedelta(days=365 * 7900)}),
        ("service", {"service": {"online": False}}),
        ("service", {"service": {"is_active": False}}),
        ("mode", {"mode": "phone"}),
        ("psychologist", {"psychologist": {"is_active": False}}),
        ("psychologist", {"psychologist": {"accepting_patients": False}}),
        ("location", {"location": {"is_active": False}}),
    ],
)
def test_what_is_not_offered_online(practice, nine, reason, change):
    fields = {}
    for name, value in change.items():
        if name == "shift":
            fields["starts_at"] = nine + value
        elif isinstance(value, dict):
            row = getattr(practice, name)
            type(row).objects.filter(pk=row.pk).update(**value)
            row.refresh_from_db()
        else:
            fields[name] = value
    with pytest.raises(NotOffered) as refused:
        book(practice, **fields)
    assert refused.value.reason == reason
    assert not Appointment.objects.exists()


def test_a_service_that_the_psychologist_does_not_give(practice):
    practice.psychologist.services.set([make.service()])
    with pytest.raises(NotOffered) as refused:
        book(practice)
    assert refused.value.reason == "service"


def test_hours_at_another_location_are_not_hours_here(practice):
    with pytest.raises(NotOffered):
        book(practice, location=make.location())


def test_blocked_time_is_not_offered_and_extra_time_is(practice, nine):
    make.time_slot(psychologist=practice.psychologist, starts_at=nine, minutes=60)
    with pytest.raises(NotOffered):
        book(practice)
    evening = nine + 10 * HOUR
    make.time_slot(
        psychologist=practice.psychologist,
        location=practice.location,
        kind=TimeSlot.Kind.EXTRA,
        starts_at=evening,
        minutes=50,
    )
    assert book(practice, starts_at=evening).starts_at == evening


def test_staff_book_inside_the_notice_and_beyond_the_horizon(practice, now, nine):
    soon = nine - 4 * DAY + HOUR  # Thursday at ten: less than a day away
    practice.clinic.notice_hours = 48
    practice.clinic.save()
    with pytest.raises(NotOffered):
        book(practice, starts_at=soon)
    assert book(practice, starts_at=soon, by=practice.desk)
    assert book(practice, starts_at=nine + 26 * 7 * DAY, by=practice.desk)


def test_outside_hours_is_for_staff_only(practice, nine):
    early = nine - 2 * HOUR
    with pytest.raises(NotOffered):
        book(practice, starts_at=early, outside_hours=True)
    with pytest.raises(NotOffered):
        book(practice, starts_at=early, by=practice.desk)
    assert book(practice, starts_at=early + timedelta(minutes=5), by=practice.desk, outside_hours=True)


def test_system_actors_follow_the_rules_of_booking_online(practice, nine):
    with pytest.raises(NotOffered):
        book(practice, starts_at=nine - HOUR, by=Actor.system("online booking"), outside_hours=True)


def test_a_patient_is_in_one_place_at_a_time(practice, nine):
    make.appointment(patient=practice.patient, starts_at=nine + timedelta(minutes=49), minutes=30)
    with pytest.raises(PatientBusy):
        book(practice)
    with pytest.raises(PatientBusy):
        book(practice, by=practice.desk, outside_hours=True)
    # The patient's time is the session alone; the psychologist's buffer is not theirs.
    assert book(practice, starts_at=nine + 2 * HOUR)


def test_most_open_bookings_count_online_and_not_at_the_desk(practice, now, nine):
    practice.clinic.max_open_bookings = 2
    practice.clinic.save()
    make.appointment(patient=practice.patient, starts_at=now - DAY)
    make.appointment(patient=practice.patient, starts_at=now + DAY, status=Status.CANCELLED)
    for week in (1, 2):
        book(practice, starts_at=nine + week * 7 * DAY)
    with pytest.raises(TooMany):
        book(practice)
    assert book(practice, by=practice.desk)


def test_a_first_visit_is_for_people_who_never_had_one(practice, now, nine):
    first = make.service(minutes=50, first_visit_only=True)
    make.appointment(patient=practice.patient, starts_at=now - DAY, status=Status.CANCELLED)
    booked = book(practice, service=first)
    with pytest.raises(NotOffered) as refused:
        book(practice, service=first, starts_at=nine + 2 * HOUR)
    assert refused.value.reason == "first_visit_ahead"
    assert book(practice, service=first, starts_at=nine + 2 * HOUR, by=practice.desk)
    assert book(practice, starts_at=nine + 4 * HOUR).service != booked.service


def test_closed_books_stay_open_to_ones_own_patients(practice, now):
    practice.psychologist.accepting_patients = False
    practice.psychologist.save()
    make.appointment(
        patient=practice.patient,
        psychologist=practice.psychologist,
        starts_at=now - 30 * DAY,
        status=Status.COMPLETED,
    )
    assert book(practice).status == Status.BOOKED


# ---- Rooms -----------------------------------------------------------------------------------------------------------


def test_a_session_in_person_gets_a_free_room(practice, nine):
    blue, green = (
        make.room(location=practice.location, name="Blue"),
        make.room(location=practice.location, name="Green"),
    )
    make.room(location=practice.location, name="Attic", is_active=False)
    make.room(name="Elsewhere")
    assert book(practice).room == blue
    assert book(practice, psychologist=practice.another(), patient=make.patient()).room == green
    with pytest.raises(SlotTaken) as refused:
        book(practice, psychologist=practice.another(), patient=make.patient())
    assert refused.value.reason == "room"
    assert book(practice, psychologist=practice.another(), patient=make.patient(), mode="video").room is None


def test_a_room_that_is_asked_for(practice):
    make.room(location=practice.location, name="Blue")
    green = make.room(location=practice.location, name="Green")
    assert book(practice, room=green).room == green
    with pytest.raises(SlotTaken):
        book(practice, psychologist=practice.another(), patient=make.patient(), room=green)
    for wrong in (make.room(), make.room(location=practice.location, is_active=False)):
        with pytest.raises(NotOffered) as refused:
            book(practice, psychologist=practice.another(), patient=make.patient(), room=wrong)
        assert refused.value.reason == "room"


def test_a_room_held_and_let_go_is_free(practice, now, nine):
    blue = make.room(location=practice.location)
    make.hold(room=blue, service=practice.service, starts_at=nine, held_until=now, psychologist=practice.another())
    assert book(practice).room == blue
    assert Appointment.objects.count() == 1


# ---- What was held ---------------------------------------------------------------------------------------------------


def test_a_patient_is_not_in_two_sessions_of_which_one_was_held(practice, now, nine):
    """Completed early, a session still takes its time: the patient's as the psychologist's."""
    make.appointment(patient=practice.patient, starts_at=nine, status=Status.COMPLETED)
    with pytest.raises(PatientBusy):
        book(practice, starts_at=nine + HALF_AN_HOUR)
    hold = actions.hold(**practice.ask(starts_at=nine + HALF_AN_HOUR))
    with pytest.raises(PatientBusy):
        actions.confirm_hold(hold=hold, patient=practice.patient, by=practice.online, now=now)
    actions.release_hold(hold=hold, by=practice.online, now=now)
    booked = book(practice, starts_at=nine + HOUR)
    with pytest.raises(PatientBusy):
        move(practice, booked, starts_at=nine + HALF_AN_HOUR)
    missed = make.appointment(patient=practice.patient, starts_at=nine + HALF_AN_HOUR, status=Status.NO_SHOW)
    with pytest.raises(PatientBusy):
        actions.undo_no_show(
            appointment=missed, reason="came", known=nothing_known, by=practice.desk, now=nine + 2 * HOUR
        )


# ---- Moving ----------------------------------------------------------------------------------------------------------


def move(practice, appointment, **fields):
    return actions.reschedule(
        **{"appointment": appointment, "by": practice.online, "now": practice.ask()["now"]} | fields
    )


def test_reschedule_keeps_the_code_the_fee_and_the_length(practice, now, nine):
    booked = book(practice)
    Appointment.objects.filter(pk=booked.pk).update(confirmed_at=now)
    type(practice.service).objects.update(minutes=80, fee=Decimal("300.00"))
    moved = move(practice, booked, starts_at=nine + DAY)
    row = Appointment.objects.get()
    assert row == moved
    assert (row.code, row.fee, row.minutes, row.revision) == (booked.code, Decimal("220.00"), 50, 1)
    assert (row.starts_at, row.occupied_until) == (nine + DAY, nine + DAY + HOUR)
    assert row.confirmed_at is None
    assert verbs() == ["appointment.booked", "appointment.rescheduled"]


def test_reschedule_onto_its_own_time_is_free(practice, nine):
    moved = move(practice, book(practice), starts_at=nine + HALF_AN_HOUR)
    assert (moved.starts_at, moved.revision) == (nine + HALF_AN_HOUR, 1)


def test_reschedule_twice_to_one_time_is_one_move(practice, nine):
    booked = book(practice)
    for _ in range(2):
        moved = move(practice, booked, starts_at=nine + DAY)
    assert moved.revision == 1
    assert verbs().count("appointment.rescheduled") == 1


def test_reschedule_into_a_taken_time(practice, nine):
    booked = book(practice)
    make.appointment(psychologist=practice.psychologist, service=practice.service, starts_at=nine + DAY)
    with pytest.raises(SlotTaken):
        move(practice, booked, starts_at=nine + DAY)
    with pytest.raises(SlotTaken):
        move(practice, booked, starts_at=nine + DAY, by=practice.desk, outside_hours=True)
    make.appointment(patient=practice.patient, starts_at=nine + 2 * DAY)
    with pytest.raises(PatientBusy):
        move(practice, booked, starts_at=nine + 2 * DAY)
    booked.refresh_from_db()
    assert (booked.starts_at, booked.revision) == (nine, 0)


def test_reschedule_to_a_colleague(practice, nine):
    booked, colleague = book(practice), practice.another()
    make.own_fee(colleague, practice.service, "400.00")
    moved = move(practice, booked, starts_at=nine, psychologist=colleague, by=practice.desk)
    assert (moved.psychologist, moved.starts_at, moved.fee) == (colleague, nine, Decimal("220.00"))
    colleague.services.set([make.service()])
    other = book(practice, starts_at=nine + DAY)
    with pytest.raises(NotOffered):
        move(practice, other, starts_at=nine + DAY, psychologist=colleague, by=practice.desk)


def test_reschedule_changes_how_it_is_held(practice, nine):
    room = make.room(location=practice.location)
    booked = book(practice)
    assert booked.room == room
    by_video = move(practice, booked, starts_at=nine, mode=Mode.VIDEO, by=practice.desk)
    assert (by_video.starts_at, by_video.mode, by_video.room, by_video.revision) == (nine, Mode.VIDEO, None, 1)
    assert move(practice, by_video, starts_at=nine, mode=Mode.VIDEO, by=practice.desk).revision == 1
    # Whoever asks for no way, and has not seen that it changed, is told so.
    with pytest.raises(NotReschedulable) as refused:
        move(practice, booked, starts_at=nine + DAY, by=practice.desk)
    assert refused.value.reason == "state"
    make.appointment(room=room, service=practice.service, starts_at=nine)
    with pytest.raises(SlotTaken):
        move(practice, by_video, starts_at=nine, mode=Mode.IN_PERSON, by=practice.desk)
    assert move(practice, by_video, starts_at=nine + DAY, mode=Mode.IN_PERSON, by=practice.desk).room == room


def test_reschedule_asks_about_a_new_way_and_not_about_the_old(practice, nine):
    booked = book(practice)
    type(practice.psychologist).objects.update(in_person=False, phone=False)
    assert move(practice, booked, starts_at=nine + DAY, by=practice.desk).mode == Mode.IN_PERSON
    with pytest.raises(NotOffered) as refused:
        move(practice, booked, starts_at=nine + DAY, mode=Mode.PHONE, by=practice.desk)
    assert refused.value.reason == "mode"


def test_reschedule_keeps_the_room_if_it_can(practice, nine):
    blue, green = (make.room(location=practice.location, name=name) for name in ("Blue", "Green"))
    booked = book(practice, room=green)
    assert move(practice, booked, starts_at=nine + HALF_AN_HOUR).room == green
    make.appointment(room=green, service=practice.service, starts_at=nine + DAY)
    assert move(practice, booked, starts_at=nine + DAY).room == blue


def test_patients_move_until_the_rules_hour_and_staff_after_it(practice, nine):
    booked = book(practice)
    limit = nine - timedelta(hours=48)
    with pytest.raises(NotReschedulable) as refused:
        move(practice, booked, starts_at=nine + 7 * DAY, now=limit + timedelta(seconds=1))
    assert refused.value.reason == "late"
    assert move(practice, booked, starts_at=nine + 7 * DAY, now=limit).revision == 1
    assert move(practice, booked, starts_at=nine + 8 * DAY, now=nine + 7 * DAY - HOUR, by=practice.desk).revision == 2


@pytest.mark.parametrize("status", [Status.ARRIVED, Status.COMPLETED, Status.NO_SHOW, Status.CANCELLED])
def test_only_what_is_booked_can_be_moved(practice, nine, status):
    over = make.appointment(patient=practice.patient, status=status, starts_at=nine, location=practice.location)
    with pytest.raises(NotReschedulable) as refused:
        move(practice, over, starts_at=nine + DAY, by=practice.desk, outside_hours=True)
    assert refused.value.reason == "state"


# ---- Cancelling ------------------------------------------------------------------------------------------------------


def cancel(practice, appointment, **fields):
    defaults = {"appointment": appointment, "reason": "patient", "by": practice.online, "now": practice.ask()["now"]}
    return actions.cancel(**defaults | fields)


def test_cancel_frees_the_time_and_says_who(practice, now):
    booked = book(practice)
    cancelled = cancel(practice, booked)
    row = Appointment.objects.get()
    assert row == cancelled
    assert (row.status, row.cancelled_at, row.cancelled_by) == (Status.CANCELLED, now, practice.online.user)
    assert (row.cancel_reason, row.late, row.revision) == (CancelReason.PATIENT, False, 1)
    assert verbs() == ["appointment.booked", "appointment.cancelled"]
    assert book(practice, patient=make.patient()).status == Status.BOOKED


def test_cancelling_twice_is_cancelling_once(practice, now):
    booked = book(practice)
    for _ in range(2):
        cancelled = cancel(practice, booked)
    assert cancelled.revision == 1
    assert verbs().count("appointment.cancelled") == 1


@pytest.mark.parametrize(
    ("role", "reason", "hours", "late"),
    [
        (Role.PATIENT, "patient", 48, False),
        (Role.PATIENT, "patient", 47, True),
        # What a patient ticks doesn't change who called off.
        (Role.PATIENT, "clinic", 47, True),
        (Role.RECEPTION, "patient", 47, True),
        (Role.RECEPTION, "psychologist", 1, False),
        (Role.RECEPTION, "clinic", -1, False),
    ],
)
def test_late_is_what_the_patient_calls_off_inside_the_rule(practice, nine, role, reason, hours, late):
    by = practice.online if role == Role.PATIENT else practice.desk
    assert cancel(practice, book(practice), by=by, reason=reason, now=nine - hours * HOUR).late is late


def test_patients_cancel_until_it_starts(practice, nine):
    booked = book(practice)
    with pytest.raises(NotCancellable) as refused:
        cancel(practice, booked, now=nine)
    assert refused.value.reason == "started"
    assert cancel(practice, booked, now=nine - timedelta(minutes=1)).late


@pytest.mark.parametrize("status", [Status.HELD, Status.COMPLETED, Status.NO_SHOW])
def test_what_is_over_cannot_be_cancelled(practice, nine, status):
    over = make.appointment(patient=practice.patient, status=status, starts_at=nine)
    with pytest.raises(NotCancellable) as refused:
        cancel(practice, over, by=practice.desk)
    assert refused.value.reason == "state"


def test_somebody_who_arrived_is_cancelled_at_the_desk_only(practice, nine):
    booked = make.appointment(patient=practice.patient, status=Status.ARRIVED, starts_at=nine)
    with pytest.raises(NotCancellable):
        cancel(practice, booked)
    assert cancel(practice, booked, by=practice.desk, reason="psychologist").status == Status.CANCELLED
