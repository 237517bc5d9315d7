"""What is asked for keeps its time and is nothing booked, until somebody answers or the time for an answer is over."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from portal.accounts.roles import Role
from portal.appointments import actions, diary, freed, terms
from portal.appointments.actions.clashes import Terms
from portal.appointments.actions.repeating import Wish
from portal.appointments.answers import ANSWERS
from portal.appointments.models import Appointment, Status
from portal.appointments.recurrence import Every, Pattern
from portal.appointments.refusals import NotOffered, PatientBusy, SlotTaken, TooManyBookings, WrongState
from portal.clinic.booking_rules import rules_of
from portal.clinic.models import ClinicSettings, HowBooked, Mode, Service
from portal.common.access.actors import Actor
from portal.patients.models import Patient
from tests import make

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLOCK = Actor.system("worklist")


@pytest.fixture
def asking(practice):
    practice.service = make.service(minutes=50, buffer_after=10, how_booked=HowBooked.ON_REQUEST, answer_hours=24)
    return practice


def ask_for(practice, **fields):
    asked = practice.ask(**fields)
    held = actions.hold(**asked)
    return actions.confirm_hold(hold=held, patient=practice.patient, by=practice.online, now=asked["now"])


def test_confirming_asks_and_books_nothing(asking, now):
    asked = ask_for(asking)
    assert (asked.status, asked.answer_by, asked.booked_at) == (Status.REQUESTED, now + DAY, None)
    assert (asked.is_request, asked.is_open, asked.is_standing) == (True, False, False)
    assert not Appointment.objects.upcoming(now=now).exists()
    assert not Patient.objects.in_care_of(asking.psychologist.user).exists()
    again = actions.confirm_hold(hold=asked, patient=asking.patient, by=asking.online, now=now)
    assert (again.pk, again.status) == (asked.pk, Status.REQUESTED)


@pytest.mark.parametrize(("grace", "promised"), [(0, 12 * HOUR), (15, 12 * HOUR), (24 * 60, DAY)])
def test_once_confirmed_it_is_free_for_some_hours_but_never_past_its_start(asking, now, nine, grace, promised):
    ClinicSettings.objects.update(grace_minutes=grace)
    asked = ask_for(asking)
    assert terms.grace_of(asked) == promised
    for before, until in ((promised + HOUR, nine - HOUR), (5 * HOUR, nine)):
        asked.booked_at = nine - before
        assert terms.free_until(asked) == until


def test_what_is_booked_at_once_has_the_grace_of_the_clinic_alone(practice, asking):
    ClinicSettings.objects.update(grace_minutes=15)
    booked = actions.book(**asking.ask(patient=asking.patient, by=asking.desk))
    Service.objects.update(how_booked=HowBooked.AT_ONCE)
    held = actions.hold(**asking.ask(starts_at=booked.starts_at + 2 * HOUR))
    assert (booked.grace_minutes, held.grace_minutes) == (15, 15)


def test_what_the_desk_books_is_booked(asking):
    assert actions.book(**asking.ask(patient=asking.patient, by=asking.desk)).status == Status.BOOKED


def test_what_the_clinic_offered_them_is_booked(asking, now):
    held = actions.hold(**asking.ask())
    asked = {"hold": held, "patient": asking.patient, "by": asking.online, "now": now}
    assert actions.confirm_hold(is_offered=True, **asked).status == Status.BOOKED


def test_several_at_once_are_not_asked_for(asking, now, nine):
    terms = Terms(asking.psychologist, asking.patient, asking.service, Mode.IN_PERSON, asking.location)
    weekly = Pattern(Every.WEEKS, 1, asking.location.day_of(nine), count=2)
    wishes = [Wish(nine + week * 7 * DAY, nine + week * 7 * DAY) for week in range(2)]
    with pytest.raises(NotOffered) as refused:
        actions.book_series(terms=terms, pattern=weekly, wishes=wishes, by=asking.online, now=now)
    assert refused.value.reason == "on_request"


def test_the_clinics_rule_is_every_services_that_has_none(practice, now):
    practice.clinic.how_booked, practice.clinic.answer_hours = HowBooked.ON_REQUEST, 5
    practice.clinic.save()
    assert ask_for(practice).answer_by == now + 5 * HOUR


def test_its_time_is_kept_from_everybody(asking, now, nine):
    asked = ask_for(asking)
    with pytest.raises(SlotTaken):
        actions.book(**asking.ask(patient=make.patient(), by=asking.desk))
    with pytest.raises(PatientBusy):
        actions.book(**asking.ask(psychologist=asking.another(), patient=asking.patient, by=asking.desk))
    there = diary.openings_of(
        [asking.psychologist],
        service=asking.service,
        first_day=asked.local_start.date(),
        days=1,
        now=now,
        clinic=asking.clinic,
    )
    assert nine not in {o.starts_at for o in there[asking.psychologist.pk]}


def test_the_database_keeps_its_time_too(asking, nine):
    ask_for(asking)
    for same in ({"psychologist": asking.psychologist}, {"patient": asking.patient}):
        with pytest.raises(IntegrityError), transaction.atomic():
            make.appointment(starts_at=nine, **same)
    room = make.room(location=asking.location)
    make.appointment(starts_at=nine + DAY, room=room, status=Status.REQUESTED)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.appointment(starts_at=nine + DAY, room=room)


@pytest.mark.parametrize(
    ("hours", "answered"),
    [
        # A day, but two hours before it starts at the latest; of what starts sooner, half of the time that is left.
        (72, timedelta(hours=24)),
        (25, timedelta(hours=23)),
        (6, timedelta(hours=4)),
        (3, timedelta(hours=1, minutes=30)),
        (1, timedelta(minutes=30)),
    ],
)
def test_it_is_answered_in_time_for_whoever_has_to_come(hours, answered, now):
    rules = rules_of(Service(), clinic=ClinicSettings(answer_hours=24))
    assert rules.answer_by(now + hours * HOUR, now=now) == now + answered


def test_confirmed_it_is_booked_with_the_terms_that_were_promised(asking, now, nine):
    asked = ask_for(asking)
    asking.service.cancel_hours, asking.service.fee = 100, 500
    asking.service.save()
    booked = actions.approve(appointment=asked, by=asking.desk, now=now + HOUR)
    assert (booked.status, booked.answer_by, booked.booked_at) == (Status.BOOKED, None, now + HOUR)
    assert (booked.fee, booked.booked_by, booked.revision) == (asked.fee, asking.desk.user, asked.revision + 1)
    assert terms.free_until(booked) == nine - asking.clinic.cancel_hours * HOUR


def test_confirming_looks_at_the_time_again(asking, now, nine):
    asked = ask_for(asking)
    make.time_slot(psychologist=asking.psychologist, starts_at=nine - HOUR, minutes=120)
    with pytest.raises(NotOffered) as refused:
        actions.approve(appointment=asked, by=asking.desk, now=now)
    assert refused.value.reason == "time"
    assert Appointment.objects.get().status == Status.REQUESTED


def test_confirming_looks_at_the_room_again(practice, now):
    blue, green = (make.room(location=practice.location, name=name) for name in ("Blue", "Green"))
    practice.service = make.service(minutes=50, how_booked=HowBooked.ON_REQUEST)
    asked = ask_for(practice)
    assert asked.room == blue
    blue.is_active = False
    blue.save()
    assert actions.approve(appointment=asked, by=practice.desk, now=now).room_id == green.pk


def test_confirming_asks_whether_the_service_is_still_given(asking, now):
    asked = ask_for(asking)
    asking.service.is_active = False
    asking.service.save()
    with pytest.raises(NotOffered):
        actions.approve(appointment=asked, by=asking.desk, now=now)


@pytest.mark.parametrize("reason", ANSWERS)
def test_declined_its_time_is_free_again_and_says_why(asking, now, nine, reason, monkeypatch):
    gone = []
    asked = ask_for(asking)
    monkeypatch.setattr(freed, "_hooks", [lambda time, by, at: gone.append((time.because, time.place.starts_at))])
    declined = actions.decline(appointment=asked, reason=reason, by=asking.desk, now=now)
    said = (declined.status, declined.decline_reason, declined.declined_by)
    assert said == (Status.DECLINED, reason, asking.desk.user)
    assert gone == [("declined", nine)]
    assert actions.book(**asking.ask(patient=make.patient(), by=asking.desk))


@pytest.mark.parametrize("reason", ["unanswered", "withdrawn", "", "she is difficult"])
def test_nobody_declines_in_other_words(asking, now, reason):
    with pytest.raises(WrongState):
        actions.decline(appointment=ask_for(asking), reason=reason, by=asking.desk, now=now)


def test_withdrawn_it_is_no_cancellation_and_never_late(asking, nine):
    withdrawn = actions.withdraw(appointment=ask_for(asking), by=asking.online, now=nine - timedelta(minutes=1))
    assert (withdrawn.status, withdrawn.late, withdrawn.cancelled_at) == (Status.DECLINED, False, None)


def test_unanswered_it_ends_by_the_clock_and_not_before(asking, now):
    asked = ask_for(asking)
    with pytest.raises(WrongState):
        actions.lapse(appointment=asked, by=CLOCK, now=now + DAY - timedelta(seconds=1))
    with pytest.raises(WrongState):
        actions.approve(appointment=asked, by=asking.desk, now=now + DAY)
    ended = actions.lapse(appointment=asked, by=CLOCK, now=now + DAY)
    assert (ended.decline_reason, ended.declined_by) == ("unanswered", None)


def test_an_old_page_answers_nothing(asking, now):
    asked = {"appointment": ask_for(asking), "now": now, "seen": "requested.7"}
    for answer in (
        lambda: actions.approve(by=asking.desk, **asked),
        lambda: actions.decline(reason="time", by=asking.desk, **asked),
        lambda: actions.withdraw(by=asking.online, **asked),
    ):
        with pytest.raises(WrongState) as refused:
            answer()
        assert refused.value.reason == "changed"


def test_a_request_counts_as_one_ahead(asking, nine):
    asking.service.max_open_bookings = 1
    asking.service.save()
    ask_for(asking)
    with pytest.raises(TooManyBookings):
        ask_for(asking, starts_at=nine + 2 * HOUR)


def test_a_first_visit_is_asked_for_once(practice, nine):
    practice.service = make.service(minutes=50, first_visit_only=True, how_booked=HowBooked.ON_REQUEST)
    ask_for(practice)
    with pytest.raises(NotOffered) as refused:
        ask_for(practice, starts_at=nine + 2 * HOUR)
    assert refused.value.reason == "first_visit_ahead"


def test_a_psychologist_answers_for_themself(asking, now):
    own = Actor(user=asking.psychologist.user, role=Role.PSYCHOLOGIST)
    assert actions.approve(appointment=ask_for(asking), by=own, now=now).booked_by == own.user


@pytest.mark.parametrize(
    "fields",
    [
        {"status": Status.REQUESTED, "answer_by": None},
        {"status": Status.REQUESTED, "requested_at": None},
        {"status": Status.BOOKED, "answer_by": "then"},
        {"status": Status.DECLINED, "declined_at": None},
        {"status": Status.DECLINED, "decline_reason": ""},
        {"status": Status.BOOKED, "declined_at": "then"},
    ],
)
@pytest.mark.django_db
def test_the_database_keeps_each_state_with_its_marks(fields, now):
    with pytest.raises(IntegrityError), transaction.atomic():
        make.appointment(**{name: now if value == "then" else value for name, value in fields.items()})
