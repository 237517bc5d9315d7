"""Work about sessions comes when its cause comes and goes when it goes, whoever looks, however often."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.models import CancelReason, Status, TimeSlot
from portal.appointments.refusals import BadTimes
from portal.audit.models import Entry
from portal.billing.refusals import ReasonMissing
from portal.common.access.actors import Actor
from portal.journeys import booking, checking_out, mailing, time_away, voiding
from portal.journeys.checking_out import Held
from portal.journeys.sessions import mark_no_show
from portal.journeys.to_do import sessions, steps, tasks
from portal.notifications.models import Notice, State
from portal.worklist.models import ToDo
from tests import make

pytestmark = pytest.mark.django_db

# A Tuesday, 9:00 in Melbourne; in Perth it is 6:00.
NOW = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
DAY = timedelta(days=1)
JOB = Actor.system("tests")


@pytest.fixture(autouse=True)
def _clinic():
    make.mbs_items()
    make.clinic()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk():
    return make.actor(role=Role.RECEPTION)


def session(*, starts_at=NOW - DAY, status=Status.BOOKED, **fields):
    return make.appointment(starts_at=starts_at, status=status, **fields)


def listed(kind=None):
    rows = ToDo.objects.still_open()
    return sorted(
        rows.of_kind(kind).values_list("about_code", flat=True) if kind else rows.values_list("kind", flat=True)
    )


def outcomes():
    return list(ToDo.objects.exclude(done_at=None).order_by("pk").values_list("kind", "outcome", "done_by"))


def codes(*rows):
    return sorted(str(row.code) for row in rows)


def look(now=NOW):
    return sessions.raise_open_sessions(by=JOB, now=now)


# ---- Left open


def test_a_past_session_that_nobody_settled_comes_on_the_list():
    booked, arrived = session(), session(status=Status.ARRIVED, starts_at=NOW - 2 * DAY)
    for status in (Status.COMPLETED, Status.NO_SHOW, Status.CANCELLED):
        session(status=status)
    session(starts_at=NOW + DAY)
    session(starts_at=NOW + timedelta(minutes=10))
    make.hold(starts_at=NOW - DAY)
    assert look() == 2
    assert listed("session_open") == codes(booked, arrived)
    # Again, and by the job: nothing new.
    assert (look(), tasks.look_at_sessions()) == (0, {"plans": 0, "settled": 0, "closed": 0, "raised": 0})
    to_do = ToDo.objects.get(about_code=str(booked.code))
    assert (to_do.role, to_do.person) == ("reception", str(booked.psychologist.user_id))
    # Noon there, and the same time on the day after.
    assert (to_do.due_at, to_do.escalates_at) == (
        datetime(2026, 11, 24, 1, 0, tzinfo=UTC),
        datetime(2026, 11, 25, 1, 0, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("zone", "at", "found"),
    [
        # Tuesday, 5:59 and 6:00 in Melbourne; in Perth it is 2:59 and 3:00 then, and still too early at 5:59 there.
        ("Australia/Melbourne", datetime(2026, 11, 23, 18, 59, tzinfo=UTC), 0),
        ("Australia/Melbourne", datetime(2026, 11, 23, 19, 0, tzinfo=UTC), 1),
        ("Australia/Perth", datetime(2026, 11, 23, 19, 0, tzinfo=UTC), 0),
        ("Australia/Perth", datetime(2026, 11, 23, 21, 59, tzinfo=UTC), 0),
        ("Australia/Perth", datetime(2026, 11, 23, 22, 0, tzinfo=UTC), 1),
    ],
)
def test_it_comes_in_the_morning_of_its_own_place(zone, at, found):
    place = make.location(time_zone=zone)
    # Monday, 20:00 in Melbourne and 17:00 in Perth.
    session(location=place, starts_at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    assert look(at) == found


def test_a_session_of_this_day_is_not_of_a_past_one():
    """Perth, Tuesday 9:30: one of 7:00 there is over and open; it is dealt with today."""
    place = make.location(time_zone="Australia/Perth")
    session(location=place, starts_at=datetime(2026, 11, 23, 23, 0, tzinfo=UTC))
    assert look(datetime(2026, 11, 24, 1, 30, tzinfo=UTC)) == 0


def test_one_that_runs_over_midnight_is_not_over():
    place = make.location()
    session(location=place, starts_at=datetime(2026, 11, 23, 12, 30, tzinfo=UTC), minutes=8 * 60)
    assert look(datetime(2026, 11, 23, 20, 0, tzinfo=UTC)) == 0
    assert look(datetime(2026, 11, 23, 20, 30, tzinfo=UTC)) == 1


def test_what_is_older_than_two_months_is_history():
    session(starts_at=NOW - timedelta(days=61))
    recent = session(starts_at=NOW - timedelta(days=59))
    look()
    assert listed("session_open") == codes(recent)


@pytest.mark.parametrize(
    ("deed", "outcome"),
    [("check_out", "completed"), ("cancel", "cancelled"), ("move", "moved"), ("no_show", "no_show")],
)
def test_it_closes_in_the_transaction_that_settles_it(desk, deed, outcome):
    late = session()
    look()
    match deed:
        case "check_out":
            held = Held(minutes=50, mode="in_person", fee=Decimal(220))
            checking_out.check_out(appointment=late, held=held, key="k", by=desk, now=NOW)
        case "cancel":
            booking.cancel_session(appointment=late, reason=CancelReason.OTHER, by=desk, now=NOW)
        case "no_show":
            mark_no_show(appointment=late, by=desk, now=NOW)
        case "move":
            booking.reschedule_session(appointment=late, starts_at=NOW + 3 * DAY, by=desk, now=NOW, outside_hours=True)
    assert listed("session_open") == []
    assert outcomes() == [("session_open", outcome, str(desk.user_id))]
    assert look() == 0


def test_what_was_done_past_the_journeys_is_closed_by_the_next_round(desk):
    held = session()
    look()
    actions.complete(appointment=held, by=desk, now=NOW)
    assert tasks.look_at_sessions() == {"plans": 0, "settled": 0, "closed": 1, "raised": 0}
    assert outcomes() == [("session_open", "completed", "worklist")]
    assert tasks.look_at_sessions() == {"plans": 0, "settled": 0, "closed": 0, "raised": 0}


def test_a_past_session_that_a_colleague_held_comes_to_the_colleague(desk):
    late, colleague = session(), make.psychologist()
    look()
    booking.reschedule_session(
        appointment=late, starts_at=late.starts_at, psychologist=colleague, by=desk, now=NOW, outside_hours=True
    )
    assert (listed(), outcomes()) == ([], [("session_open", "moved", str(desk.user_id))])
    assert look() == 1
    assert ToDo.objects.still_open().get().person == str(colleague.user_id)
    assert tasks.look_at_sessions() == {"plans": 0, "settled": 0, "closed": 0, "raised": 0}


def test_a_session_that_is_open_again_comes_again(desk):
    undone = session()
    look()
    undone.__class__.objects.filter(pk=undone.pk).update(status=Status.NO_SHOW)
    sessions.close_what_is_over(by=JOB, now=NOW)
    undone.__class__.objects.filter(pk=undone.pk).update(status=Status.BOOKED)
    assert look(NOW + DAY) == 1
    assert listed("session_open") == codes(undone)
    assert ToDo.objects.count() == 2


def test_a_round_reads_as_much_for_thirty_as_for_one():
    place = make.location()

    def read():
        look()
        with CaptureQueriesContext(connection) as queries:
            tasks.look_at_sessions()
        return len(queries)

    session(location=place)
    one = read()
    for _ in range(29):
        session(location=place)
    assert read() == one


# ---- Voided


def invoiced(desk, **fields):
    held = session(starts_at=NOW - timedelta(hours=2), status=Status.ARRIVED, **fields)
    how = Held(minutes=50, mode="in_person", fee=Decimal(220))
    return held, checking_out.check_out(appointment=held, held=how, key=f"k{held.pk}", by=desk, now=NOW)


def void(invoice, desk):
    return voiding.void_invoice(invoice=invoice, reason="Wrong fee", by=desk, now=NOW)


def test_a_voided_session_is_billed_again_or_stands_on_the_list(desk):
    held, invoice = invoiced(desk)
    void(invoice, desk)
    assert listed("session_not_billed") == codes(held)
    again = Held(minutes=50, mode="in_person", fee=Decimal(200))
    checking_out.check_out(appointment=held, held=again, key="again", by=desk, now=NOW)
    assert (listed(), outcomes()) == ([], [("session_not_billed", "billed", str(desk.user_id))])


def test_one_that_is_voided_twice_comes_twice(desk):
    held, invoice = invoiced(desk)
    void(invoice, desk)
    how = Held(minutes=50, mode="in_person", fee=Decimal(200))
    void(checking_out.check_out(appointment=held, held=how, key="again", by=desk, now=NOW), desk)
    assert listed("session_not_billed") == codes(held)
    assert ToDo.objects.of_kind("session_not_billed").count() == 2


def test_an_invoice_that_was_not_sent_is_not_sent_once_it_is_void(desk):
    """Nobody is asked to pay what is void, and nobody at the desk is asked to send it again."""
    _held, invoice = invoiced(desk, patient=make.patient(email="mina@patient.example"))
    for key in ("first", "second"):
        mailing.send_invoice(invoice=invoice, key=key, by=desk, now=NOW)
    first, second = Notice.objects.order_by("pk")
    Notice.objects.filter(pk=second.pk).update(state=State.FAILED)
    tasks.look_at_notices()
    assert listed("notice_undelivered") == codes(second)
    void(invoice, desk)
    assert listed() == ["session_not_billed"]
    assert outcomes() == [("notice_undelivered", "withdrawn", str(desk.user_id))]
    assert set(Notice.objects.values_list("pk", "state", "withdrawn_why")) == {
        (first.pk, State.WITHDRAWN, "voided"),
        (second.pk, State.WITHDRAWN, "voided"),
    }


def test_it_may_stay_unbilled_for_a_reason(desk):
    _held, invoice = invoiced(desk)
    void(invoice, desk)
    steps.finish(ToDo.objects.get(), outcome="no_charge", by=desk, now=NOW)
    assert (listed(), outcomes()) == ([], [("session_not_billed", "no_charge", str(desk.user_id))])
    assert tasks.look_at_sessions() == {"plans": 0, "settled": 0, "closed": 0, "raised": 0}


def test_a_void_that_is_refused_raises_nothing(desk):
    _held, invoice = invoiced(desk)
    with pytest.raises(ReasonMissing):
        voiding.void_invoice(invoice=invoice, reason=" ", by=desk, now=NOW)
    assert not ToDo.objects.exists()


def test_only_a_session_that_was_held_is_to_be_billed_again(desk):
    held, invoice = invoiced(desk)
    held.__class__.objects.filter(pk=held.pk).update(status=Status.BOOKED, completed_at=None)
    void(invoice, desk)
    assert listed() == []


# ---- Away


@pytest.fixture
def mai():
    person = make.psychologist()
    make.week(psychologist=person)
    return person


def away(mai, *, start=NOW + 2 * DAY, days=1, kind=TimeSlot.Kind.BLOCKED, **fields):
    by = make.actor(mai.user, Role.PSYCHOLOGIST)
    return time_away.add_time_slot(
        psychologist=mai, kind=kind, starts_at=start, ends_at=start + days * DAY, by=by, now=NOW, **fields
    )


def booked(mai, *, hours=1, **fields):
    return session(psychologist=mai, starts_at=NOW + 2 * DAY + timedelta(hours=hours), **fields)


def test_sessions_in_time_away_come_to_the_desk(mai):
    inside, touching = booked(mai), booked(mai, hours=-0.5)
    booked(mai, hours=30)
    booked(mai, hours=3, status=Status.CANCELLED)
    session(starts_at=inside.starts_at)
    make.hold(psychologist=mai, starts_at=NOW + 2 * DAY + timedelta(hours=5))
    away(mai)
    assert listed("session_stranded") == codes(inside, touching)
    to_do = ToDo.objects.get(about_code=str(inside.code))
    assert (to_do.role, to_do.person) == ("reception", "")
    assert NOW < to_do.due_at <= to_do.escalates_at <= inside.starts_at


def test_it_is_due_before_the_patient_is_on_the_way(mai):
    soon = session(psychologist=mai, starts_at=NOW + timedelta(hours=1))
    running = session(psychologist=mai, starts_at=NOW - timedelta(minutes=10))
    away(mai, start=NOW - timedelta(hours=1))
    assert listed("session_stranded") == codes(soon, running)
    assert set(ToDo.objects.values_list("due_at", flat=True)) == {NOW}


def test_time_away_that_is_over_strands_nobody(mai):
    session(psychologist=mai, starts_at=NOW - 2 * DAY)
    away(mai, start=NOW - 3 * DAY, days=2)
    assert listed() == []


def test_extra_hours_strand_nobody(mai):
    booked(mai)
    away(mai, kind=TimeSlot.Kind.EXTRA, location=make.location())
    assert listed() == []


def test_it_closes_when_the_session_is_cancelled_or_moved_away(mai, desk):
    first, second = booked(mai), booked(mai, hours=3)
    away(mai)
    booking.cancel_session(appointment=first, reason=CancelReason.PSYCHOLOGIST, by=desk, now=NOW)
    assert listed("session_stranded") == codes(second)
    # Within the same leave it is no better.
    booking.reschedule_session(
        appointment=second, starts_at=second.starts_at + timedelta(hours=2), by=desk, now=NOW, outside_hours=True
    )
    assert listed("session_stranded") == codes(second)
    booking.reschedule_session(
        appointment=second, starts_at=second.starts_at + 7 * DAY, by=desk, now=NOW, outside_hours=True
    )
    assert listed() == []
    assert [outcome for _kind, outcome, _by in outcomes()] == ["cancelled", "not_away"]


def test_it_closes_when_the_leave_is_taken_back_and_no_other_covers_it(mai, desk):
    booked(mai)
    first, second = away(mai), away(mai, start=NOW + DAY, days=3)
    assert len(listed("session_stranded")) == 1
    by = make.actor(mai.user, Role.PSYCHOLOGIST)
    time_away.remove_time_slot(time_slot=first, by=by, now=NOW)
    assert len(listed("session_stranded")) == 1
    for _press in range(2):
        time_away.remove_time_slot(time_slot=second, by=by, now=NOW)
    assert (listed(), outcomes()) == ([], [("session_stranded", "not_away", str(by.user_id))])
    # And away again.
    away(mai)
    assert len(listed("session_stranded")) == 1


@pytest.mark.django_db(transaction=True)
def test_two_leaves_that_are_taken_back_at_once_leave_nothing():
    """Each sees the other's leave until it is gone: whoever is second closes the work."""
    mai = make.psychologist()
    by = make.actor(mai.user, Role.PSYCHOLOGIST)
    for n in range(4):
        start = NOW + (2 + n) * DAY
        session(psychologist=mai, starts_at=start + timedelta(hours=1))
        slots = [away(mai, start=start), away(mai, start=start - timedelta(minutes=30))]
        assert len(listed("session_stranded")) == 1
        gate = threading.Barrier(2)

        def take_back(slot, gate=gate):
            try:
                gate.wait()
                time_away.remove_time_slot(time_slot=slot, by=by, now=NOW)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(take_back, slots))
        assert (listed(), TimeSlot.objects.count()) == ([], 0)


def test_what_stays_as_booked_stays(mai, desk):
    booked(mai)
    away(mai)
    steps.finish(ToDo.objects.get(), outcome="stays", by=desk, now=NOW)
    assert (tasks.look_at_sessions(), listed()) == ({"plans": 0, "settled": 0, "closed": 0, "raised": 0}, [])


def test_leave_taken_while_somebody_books_is_seen(mai):
    patient = make.patient(user=make.user())
    service = make.service()
    mai.services.add(service)
    held = make.hold(psychologist=mai, service=service, starts_at=NOW + 2 * DAY + timedelta(hours=1))
    away(mai)
    assert listed() == []
    made = booking.book_session(hold=held, patient=patient, by=make.actor(patient.user, Role.PATIENT), now=NOW)
    assert listed("session_stranded") == codes(made)


def test_leave_that_can_not_be_added_strands_nobody(mai):
    booked(mai)
    with pytest.raises(BadTimes):
        away(mai, days=-1)
    assert not ToDo.objects.exists()


# ---- When it begins


def test_work_about_a_session_of_today_is_due_before_it(mai):
    at = NOW + timedelta(hours=4)
    session(psychologist=mai, starts_at=at)
    away(mai, start=NOW + timedelta(hours=1))
    to_do = ToDo.objects.get()
    assert (to_do.begins_at, to_do.due_at) == (at, at - timedelta(hours=2))


def test_work_goes_along_with_a_session_that_is_still_in_the_way(mai):
    at = NOW + timedelta(hours=4)
    session(psychologist=mai, starts_at=at)
    away(mai, start=NOW + timedelta(hours=1), days=5)
    # As it would have been raised of the same session three days later.
    ToDo.objects.update(begins_at=at + 3 * DAY, due_at=NOW + timedelta(hours=3))
    assert sessions.close_what_is_over(by=JOB, now=NOW) == 0
    after = ToDo.objects.get()
    assert (after.begins_at, after.due_at, after.done_at) == (at, at - timedelta(hours=2), None)


# ---- The trail


def test_each_step_has_its_line(mai, desk):
    booked(mai)
    away(mai)
    to_do = ToDo.objects.get()
    for _press in range(2):
        steps.acknowledge(to_do, seen="", by=desk, now=NOW)
    for _press in range(2):
        steps.put_back(to_do, by=desk, now=NOW)
    steps.finish(to_do, outcome="stays", by=desk, now=NOW)
    lines = Entry.objects.filter(verb__startswith="to_do.").order_by("pk")
    facts = {"kind": "session_stranded", "about": to_do.about_code}
    assert [(line.verb, line.target_code, line.facts) for line in lines] == [
        ("to_do.raised", str(to_do.code), facts),
        ("to_do.acknowledged", str(to_do.code), facts),
        ("to_do.put_back", str(to_do.code), facts),
        ("to_do.done", str(to_do.code), {**facts, "outcome": "stays"}),
    ]
