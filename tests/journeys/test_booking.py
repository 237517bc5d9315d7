from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, CancelReason, Status
from portal.appointments.refusals import HoldExpired, SlotTaken
from portal.audit.models import Entry
from portal.clinic.models import ClinicSettings
from portal.common import kept
from portal.common.access.actors import Actor
from portal.journeys import booking
from portal.notifications import tasks
from portal.notifications.models import Notice, State
from portal.patients.models import Patient
from tests import make

# A Monday, 9:00 in Melbourne.
NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
NEXT_TUESDAY = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)  # 11:00 there


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def place(clinic):
    return make.location(name="Brunswick", street="12 Banksia Lane")


@pytest.fixture
def mai(place):
    mai = make.psychologist(title="Dr", user=make.user(first_name="Mai", last_name="Nguyễn", role=Role.PSYCHOLOGIST))
    make.week(psychologist=mai, location=place)
    return mai


@pytest.fixture
def service():
    return make.service(name="Session", fee="220.00", buffer_after=10)


def hold(mai, service, place, *, starts_at=NEXT_TUESDAY, others=()):
    return booking.hold_time(
        psychologists=[mai, *others],
        service=service,
        mode="in_person",
        starts_at=starts_at,
        location=place,
        by=Actor.system("online booking"),
        now=NOW,
    )


def book(patient, mai, service, place, **kwargs):
    by = make.actor(patient.user or make.user(), Role.PATIENT)
    return booking.book_session(hold=hold(mai, service, place, **kwargs), patient=patient, by=by, now=NOW)


def notices() -> list[tuple[str, str]]:
    return [(n.template, n.to) for n in Notice.objects.order_by("pk")]


def test_booking_sends_one_confirmation_with_the_time_the_price_and_a_calendar_entry(mai, service, place):
    patient = make.patient(user=make.user(email="jo@example.com"))
    appointment = book(patient, mai, service, place)
    assert appointment.status == Status.BOOKED
    assert notices() == [("appointment_booked", "jo@example.com")]

    tasks.send_due("email")
    (message,) = mail.outbox
    assert message.to == ["jo@example.com"]
    assert "Tuesday 1 December 2026, 11:00 am" in message.subject
    for words in ("Dr Mai Nguyễn", "12 Banksia Lane", "$220.00", "Sunday 29 November 2026, 11:00 am", "$110.00"):
        assert words in message.body
    names = [attachment[0] for attachment in message.attachments]
    assert names == ["appointment.ics"]


def test_a_notice_of_tomorrow_promises_no_free_time_that_has_passed(mai, service, place):
    book(make.patient(user=make.user()), mai, service, place, starts_at=NEXT_TUESDAY - timedelta(days=7))
    tasks.send_due("email")
    (message,) = mail.outbox
    for words in (message.body, unescape(message.alternatives[0].content)):
        assert "free of charge until" not in words
        # True whenever it is read: the quarter of an hour may be over by then.
        assert "free of charge only for 15 minutes after you book. After that it can't be moved online" in words
        assert "cancelling costs $110.00. Not coming costs the same." in words


def test_the_notice_of_a_move_says_from_when_to_when(mai, service, place):
    booked = book(make.patient(user=make.user()), mai, service, place)
    tasks.send_due("email")
    later = NEXT_TUESDAY + timedelta(hours=1)
    booking.reschedule_session(appointment=booked, starts_at=later, by=make.actor(), now=NOW)
    tasks.send_due("email")
    first, message = mail.outbox[0], mail.outbox[-1]
    assert "Before" not in first.body
    assert "When: Tuesday 1 December 2026, 12:00 pm (Melbourne time)\nBefore: Tuesday 1 December 2026, 11:00 am\n" in (
        message.body
    )
    page = unescape(message.alternatives[0].content)
    assert re.search(r">Before</td><td[^>]*>Tuesday 1 December 2026, 11:00 am</td>", page)


def test_the_clinics_number_in_a_notice_is_dialled_from_anywhere_and_reads_as_it_is_printed(mai, service, place):
    """A number with brackets in its link is not dialled from a phone abroad, and some clients drop it."""
    make.clinic(phone="+61390101234")
    for language in ("en-au", "ar"):
        book(make.patient(user=make.user(language=language)), mai, service, place)
        Appointment.objects.update(status=Status.CANCELLED, cancelled_at=NOW)
    tasks.send_due("email")
    english, arabic = mail.outbox
    for message in (english, arabic):
        page = message.alternatives[0].content
        assert re.search(r'href="tel:\+61390101234"[^>]*><bdi dir="ltr">\(03\) 9010 1234</bdi>', page)
    assert "\n(03) 9010 1234\n" in english.body
    # The groups of the number would change places among words that run from right to left.
    assert "\n\u2066(03) 9010 1234\u2069\n" in arabic.body


@pytest.mark.parametrize("grace", [0, 15])
def test_a_notice_of_a_session_that_is_moved_close_to_its_time_speaks_of_no_grace_that_is_over(
    mai, service, place, grace
):
    ClinicSettings.objects.update(grace_minutes=grace)
    patient = make.patient(user=make.user())
    booked = book(patient, mai, service, place)
    later = NEXT_TUESDAY - timedelta(hours=20)
    with time_machine.travel(later, tick=False):
        booking.reschedule_session(
            appointment=booked,
            starts_at=NEXT_TUESDAY + timedelta(hours=1),
            by=make.actor(),
            now=later,
        )
        tasks.send_due("email")
    message = mail.outbox[-1]
    assert "after you book" not in message.body
    assert "free of charge until" not in message.body
    assert "cancelling costs $110.00" in message.body


def test_where_there_is_no_grace_a_late_booking_is_told_that_cancelling_is_not_free(mai, service, place):
    ClinicSettings.objects.update(grace_minutes=0)
    book(make.patient(user=make.user()), mai, service, place, starts_at=NEXT_TUESDAY - timedelta(days=7))
    tasks.send_due("email")
    assert "cancelling costs $110.00" in mail.outbox[0].body


def test_where_cancelling_late_costs_nothing_no_time_that_has_passed_is_named(mai, service, place):
    ClinicSettings.objects.update(late_fee_percent=0)
    book(make.patient(user=make.user()), mai, service, place, starts_at=NEXT_TUESDAY - timedelta(days=7))
    tasks.send_due("email")
    (message,) = mail.outbox
    assert "free of charge until" not in message.body
    assert "After that it can't be moved online. Cancelling stays free of charge." in message.body


def test_confirming_twice_books_and_tells_once(mai, service, place):
    patient = make.patient(user=make.user())
    held = hold(mai, service, place)
    by = make.actor(patient.user, Role.PATIENT)
    first = booking.book_session(hold=held, patient=patient, by=by, now=NOW)
    again = booking.book_session(hold=held, patient=patient, by=by, now=NOW)
    assert first == again
    assert len(notices()) == 1
    assert Entry.objects.filter(verb="appointment.booked").count() == 1


def test_a_hold_that_ran_out_books_nothing_and_tells_nobody(mai, service, place):
    patient = make.patient(user=make.user())
    held = hold(mai, service, place)
    with pytest.raises(HoldExpired):
        booking.book_session(
            hold=held, patient=patient, by=make.actor(patient.user, Role.PATIENT), now=NOW + timedelta(minutes=11)
        )
    assert notices() == []
    assert not Appointment.objects.filter(status=Status.BOOKED).exists()


def test_any_psychologist_takes_the_next_who_is_free(mai, service, place):
    tom = make.psychologist()
    make.week(psychologist=tom, location=place)
    first = hold(mai, service, place, others=[tom])
    second = hold(mai, service, place, others=[tom])
    assert [first.psychologist, second.psychologist] == [mai, tom]
    with pytest.raises(SlotTaken):
        hold(mai, service, place, others=[tom])


@pytest.mark.parametrize(
    ("email", "own", "carers", "told"),
    [
        ("child@example.com", False, 1, ["child@example.com"]),
        ("", True, 0, ["own@example.com"]),
        ("", False, 2, ["carer0@example.com", "carer1@example.com"]),
        ("", False, 0, []),
    ],
)
def test_notices_go_to_the_person_or_else_to_their_carers(mai, service, place, email, own, carers, told):
    patient = make.patient(user=make.user(email="own@example.com") if own else None, email=email)
    patient.email = email
    patient.save(update_fields=["email"])
    for n in range(carers):
        make.carer(patient=patient, user=make.user(email=f"carer{n}@example.com"))
    book(patient, mai, service, place)
    assert [to for _template, to in notices()] == told


def test_moving_twice_tells_twice_and_keeps_the_appointment(mai, service, place):
    patient = make.patient(user=make.user())
    appointment = book(patient, mai, service, place)
    by = make.actor(patient.user, Role.PATIENT)
    for hours in (1, 2):
        moved = booking.reschedule_session(
            appointment=appointment, starts_at=NEXT_TUESDAY + timedelta(hours=hours), by=by, now=NOW
        )
    assert (moved.pk, moved.starts_at) == (appointment.pk, NEXT_TUESDAY + timedelta(hours=2))
    assert [template for template, _to in notices()] == [
        "appointment_booked",
        "appointment_moved",
        "appointment_moved",
    ]


def test_cancelling_late_says_the_fee_and_takes_it_off_the_calendar(mai, service, place):
    patient = make.patient(user=make.user())
    appointment = book(patient, mai, service, place)
    booking.cancel_session(
        appointment=appointment,
        reason=CancelReason.PATIENT,
        by=make.actor(patient.user, Role.PATIENT),
        now=NEXT_TUESDAY - timedelta(hours=3),
    )
    appointment.refresh_from_db()
    assert (appointment.status, appointment.late) == (Status.CANCELLED, True)
    tasks.send_due("email")
    message = mail.outbox[-1]
    assert "$110.00" in message.body
    entry = message.attachments[0][1]
    assert "METHOD:CANCEL" in (entry if isinstance(entry, str) else entry.decode())


def test_a_confirmation_that_can_not_be_queued_undoes_the_booking(mai, service, place, monkeypatch):
    """The notice is written in the transaction of its cause: both, or neither."""

    def broken(**kwargs):
        raise RuntimeError("the outbox is full")

    monkeypatch.setattr(booking.outbox, "queue", broken)
    held = hold(mai, service, place)
    patient = make.patient(user=make.user())
    with pytest.raises(RuntimeError):
        booking.book_session(hold=held, patient=patient, by=make.actor(patient.user, Role.PATIENT), now=NOW)
    held.refresh_from_db()
    assert (held.status, held.patient) == (Status.HELD, None)
    assert not Entry.objects.filter(verb="appointment.booked").exists()


def test_a_notice_names_nothing_clinical(mai, place):
    """Not the service either: its name may say what somebody comes for."""
    service = make.service(name="Trauma-focused therapy")
    patient = make.patient(user=make.user())
    book(patient, mai, service, place)
    tasks.send_due("email")
    (message,) = mail.outbox
    everything = message.subject + message.body + str(message.alternatives) + str(message.attachments)
    assert "Trauma" not in everything


# ---- What waits about a session that is no longer so


def waiting() -> list[str]:
    return list(Notice.objects.filter(state=State.PENDING).order_by("pk").values_list("template", flat=True))


def withdrawn() -> list[tuple[str, str]]:
    rows = Notice.objects.filter(state=State.WITHDRAWN).order_by("pk")
    return [(notice.template, notice.withdrawn_why) for notice in rows]


def test_cancelling_withdraws_what_waits_and_tells_of_the_cancellation(mai, service, place):
    patient = make.patient(user=make.user())
    appointment = book(patient, mai, service, place)
    by = make.actor(patient.user, Role.PATIENT)
    for _press in range(2):
        booking.cancel_session(appointment=appointment, reason=CancelReason.PATIENT, by=by, now=NOW)
    assert withdrawn() == [("appointment_booked", "cancelled")]
    assert waiting() == ["appointment_cancelled"]
    tasks.send_due("email")
    assert [message.subject for message in mail.outbox] == [Notice.objects.get(state=State.SENT).subject]


def test_moving_withdraws_the_old_time_and_tells_the_new_one(mai, service, place):
    patient = make.patient(user=make.user())
    appointment = book(patient, mai, service, place)
    by = make.actor(patient.user, Role.PATIENT)
    for hours in (1, 2, 2):
        booking.reschedule_session(
            appointment=appointment, starts_at=NEXT_TUESDAY + timedelta(hours=hours), by=by, now=NOW
        )
    assert withdrawn() == [("appointment_booked", "moved"), ("appointment_moved", "moved")]
    assert waiting() == ["appointment_moved"]
    assert "1:00 pm" in Notice.objects.get(state=State.PENDING).subject + Notice.objects.get(state=State.PENDING).text


def test_what_was_sent_stays_sent(mai, service, place):
    patient = make.patient(user=make.user())
    appointment = book(patient, mai, service, place)
    tasks.send_due("email")
    by = make.actor(patient.user, Role.PATIENT)
    booking.cancel_session(appointment=appointment, reason=CancelReason.PATIENT, by=by, now=NOW)
    assert (withdrawn(), waiting()) == ([], ["appointment_cancelled"])


def test_a_cancellation_that_is_undone_withdraws_nothing(mai, service, place, monkeypatch):
    patient = make.patient(user=make.user())
    appointment = book(patient, mai, service, place)
    monkeypatch.setattr(booking, "notify", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        booking.cancel_session(
            appointment=appointment,
            reason=CancelReason.PATIENT,
            by=make.actor(patient.user, Role.PATIENT),
            now=NOW,
        )
    assert (withdrawn(), waiting()) == ([], ["appointment_booked"])


def test_a_booking_asks_the_database_little(mai, service, place):
    """What stands for the slowest thing a visitor does: a second reading of the same row would be seen here."""
    make.room(location=place)
    patient = make.patient(user=make.user(email="jo@example.com"))
    by = make.actor(patient.user, Role.PATIENT)

    def asked(call):
        with kept.one_stamp(), CaptureQueriesContext(connection) as run:
            call()
        words = [query["sql"].split()[0] for query in run]
        return [word for word in words if word not in {"SAVEPOINT", "RELEASE"}], words.count("SAVEPOINT")

    # What changes once a month is read by the first of all.
    book(make.patient(), mai, service, place, starts_at=NEXT_TUESDAY + timedelta(hours=2))
    # Here a test's own transaction makes a savepoint of the one that is its own; none is made within it.
    lock = ["WITH"] if connection.vendor == "postgresql" else []
    assert asked(lambda: hold(mai, service, place)) == (
        # The stamp; the locks; the stamp again, what stands in the way, exceptions, other calendars; the hold.
        ["SELECT", *lock, *["SELECT"] * 4, "INSERT"],
        1,
    )
    held = Appointment.objects.holds().get(starts_at=NEXT_TUESDAY)
    assert asked(lambda: booking.book_session(hold=held, patient=patient, by=by, now=NOW)) == (
        # The locks; the stamp, the hold, the patient's sessions; booking and its line; whether they waited for it;
        # time away; how they are reached; the notice.
        [*lock, *["SELECT"] * 3, "UPDATE", "INSERT", *["SELECT"] * 4, "INSERT"],
        1,
    )


def test_what_an_inner_action_refuses_undoes_all_of_the_outer_one(mai, service, place):
    """Nested actions share one transaction, and no savepoint: nothing of the first half stays."""
    book(make.patient(), mai, service, place)
    held = hold(mai, service, place, starts_at=NEXT_TUESDAY + timedelta(hours=1))
    user = make.user(email="new@example.com")
    values = {"legal_first_name": "Mina", "legal_last_name": "Tran", "date_of_birth": date(1990, 5, 17)}
    with pytest.raises(HoldExpired):
        booking.book_first_session(
            hold=held,
            user=user,
            values=values,
            relationship=None,
            by=make.actor(user, Role.PATIENT),
            now=NOW + timedelta(hours=1),
        )
    assert not Patient.objects.filter(user=user).exists()
    assert Appointment.objects.get(pk=held.pk).is_hold
