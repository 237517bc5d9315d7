"""Reminders of sessions: at the right time, once, and never of what is cancelled, moved or past."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from portal.appointments.models import Reminder
from portal.journeys import booking, session_reminders
from portal.journeys.templatetags.two_clocks import when_short_on_both
from portal.notifications import delivery, outbox
from portal.notifications.models import Notice, State
from portal.notifications.rendering import render
from tests import make

# A Wednesday, 10:00 am in Melbourne.
STARTS = datetime(2026, 11, 17, 23, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MELBOURNE = ZoneInfo("Australia/Melbourne")


@pytest.fixture
def session(db):
    make.clinic(remind_hours=24, remind_again_hours=None)
    return make.appointment(
        patient=make.patient(user=make.user()), starts_at=STARTS, booked_at=STARTS - timedelta(days=9)
    )


def go(now):
    return session_reminders.go_round(now=now)


def reminders():
    return Notice.objects.filter(template="appointment_reminder").order_by("pk")


def test_the_day_before_and_once(session):
    go(STARTS - DAY - timedelta(minutes=1))
    assert not reminders().exists()
    assert go(STARTS - DAY) == {"written": 1, "none needed": 0}
    assert go(STARTS - DAY + timedelta(minutes=1)) == {"written": 0, "none needed": 0}
    notice = reminders().get()
    assert notice.to == session.patient.user.email
    assert "Wednesday 18 November 2026, 10:00" in notice.text
    assert notice.useless_after == STARTS - timedelta(hours=6)
    # Its policy stands in it.
    assert "If your plans change" in notice.text


def test_a_second_one_near_the_session(session):
    make.clinic(remind_hours=24, remind_again_hours=2)
    go(STARTS - DAY)
    go(STARTS - timedelta(hours=2))
    assert [row.went for row in Reminder.objects.order_by("which")] == [1, 1]
    assert reminders().count() == 2


def test_a_clinic_may_send_none(session):
    make.clinic(remind_hours=None, remind_again_hours=None)
    go(STARTS - DAY)
    assert not reminders().exists()


def test_after_downtime_nothing_stale_goes_out(session):
    go(STARTS - DAY)
    notice = reminders().get()
    # No worker ran; the session is in five hours.
    late = STARTS - timedelta(hours=5)
    assert delivery.deliver(notice.pk, clock=lambda: late) == delivery.NOT_DUE
    delivery.withdraw_stale(late)
    assert reminders().get().state == State.WITHDRAWN


def test_after_downtime_of_the_round_itself_it_is_written_late_or_never(session):
    go(STARTS - timedelta(hours=14))
    assert reminders().count() == 1
    other = make.appointment(starts_at=STARTS + timedelta(hours=3), patient=make.patient(user=make.user()))
    go(other.starts_at - timedelta(hours=1))
    # It is kept as written, and never sent: it is of no use any more.
    assert not Notice.objects.due(other.starts_at - timedelta(hours=1)).filter(about_code=str(other.code)).exists()


@pytest.mark.parametrize(("starts", "sent_at"), [(STARTS + timedelta(hours=6), "21:00"), (STARTS, None)])
def test_written_late_in_their_night_it_waits_for_the_morning_or_is_of_no_use(db, starts, sent_at):
    make.clinic(remind_hours=24, remind_again_hours=None)
    make.appointment(patient=make.patient(user=make.user()), starts_at=starts, booked_at=STARTS - timedelta(days=9))
    # 2 am in Melbourne, after hours without a worker; people may be written to from 8 am on.
    go(STARTS - timedelta(hours=8))
    assert [f"{notice.next_attempt_at:%H:%M}" for notice in reminders()] == ([sent_at] if sent_at else [])
    assert Reminder.objects.count() == 1


def test_many_are_the_sweeps_and_no_tasks_of_their_own(session, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as later:
        go(STARTS - DAY)
    assert (later, [one.task["func"] for one in OrmQ.objects.all()]) == ([], ["portal.notifications.tasks.send_due"])


def test_booked_inside_the_reminders_time_the_confirmation_says_it_all(session):
    now = STARTS - timedelta(hours=20)
    booking.notify(session, "appointment_booked", now=now)
    Notice.objects.update(created_at=now)
    assert go(now + timedelta(minutes=1)) == {"written": 0, "none needed": 1}
    assert not reminders().exists()


def test_told_earlier_they_are_reminded(session):
    booking.notify(session, "appointment_booked", now=STARTS - 5 * DAY)
    Notice.objects.update(created_at=STARTS - 5 * DAY)
    assert go(STARTS - DAY)["written"] == 1


def test_a_cancelled_session_takes_its_reminder_with_it(session):
    go(STARTS - DAY)
    by = make.actor(make.staff())
    booking.cancel_session(appointment=session, reason="clinic", by=by, now=STARTS - DAY + timedelta(minutes=1))
    assert reminders().get().state == State.WITHDRAWN
    assert go(STARTS - DAY + timedelta(minutes=2)) == {"written": 0, "none needed": 0}


def test_a_moved_session_is_reminded_of_at_its_new_time(session):
    go(STARTS - DAY)
    type(session).objects.filter(pk=session.pk).update(
        starts_at=STARTS + 3 * DAY,
        ends_at=session.ends_at + 3 * DAY,
        occupied_from=session.occupied_from + 3 * DAY,
        occupied_until=session.occupied_until + 3 * DAY,
        revision=session.revision + 1,
    )
    assert go(STARTS + 2 * DAY)["written"] == 1
    assert "Saturday 21 November" in reminders().last().text


def test_cancelled_while_the_round_looks_it_is_not_reminded_of(session):
    stale = type(session).objects.select_related("patient__user", "location").get(pk=session.pk)
    by = make.actor(make.staff())
    booking.cancel_session(appointment=session, reason="clinic", by=by, now=STARTS - DAY)
    assert session_reminders.remind(stale, which=1, hours=24, needs_it=True, now=STARTS - DAY) == 0
    assert not reminders().exists()


@pytest.mark.parametrize("status", ["held", "requested", "arrived", "cancelled", "no_show", "declined"])
def test_only_what_is_booked(db, status):
    make.clinic(remind_hours=24)
    make.appointment(patient=make.patient(user=make.user()), starts_at=STARTS, status=status)
    assert go(STARTS - DAY) == {"written": 0, "none needed": 0}
    assert not reminders().exists()


def test_somebody_whom_nobody_reaches_is_looked_at_once(db):
    make.clinic(remind_hours=24)
    make.appointment(patient=make.patient(email=""), starts_at=STARTS)
    assert go(STARTS - DAY) == {"written": 0, "none needed": 1}
    assert go(STARTS - DAY) == {"written": 0, "none needed": 0}


def test_in_their_night_it_comes_in_the_morning(db):
    make.clinic(remind_hours=24)
    # 9:00 am in Melbourne is 6:00 am in Perth.
    starts = datetime(2026, 11, 17, 22, 0, tzinfo=UTC)
    make.appointment(patient=make.patient(user=make.user(), state="WA", postcode="6000"), starts_at=starts)
    go(starts - DAY)
    assert not reminders().exists()
    go(starts - DAY + timedelta(hours=2))
    assert reminders().count() == 1


def test_the_round_asks_as_often_for_thirty_as_for_one_until_something_is_due(db):
    make.clinic(remind_hours=24)

    def asked():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            go(STARTS - DAY - timedelta(hours=1))
        return len(queries)

    who = make.psychologist()
    make.appointment(psychologist=who, starts_at=STARTS)
    one = asked()
    for n in range(1, 30):
        make.appointment(psychologist=who, starts_at=STARTS + n * timedelta(hours=1))
    assert asked() == one


def test_its_words_hold_no_more_than_time_and_place(session):
    go(STARTS - DAY)
    notice = reminders().get()
    assert session.service.name not in f"{notice.subject} {notice.text} {notice.html}"
    assert outbox.attachments_of(notice) == []


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ({"state": "WA", "postcode": "6000"}, "7:00 am (Perth time)"),
        ({"state": "QLD", "postcode": "4000"}, "9:00 am (Brisbane time)"),
        ({"state": "SA", "postcode": "5000"}, "9:30 am (Adelaide time)"),
        # The same as Melbourne's in summer.
        ({"state": "NSW", "postcode": "2898"}, ""),
        # An address that says nothing of a clock, such as one in London.
        ({"state": "", "postcode": "SW1A"}, ""),
    ],
    ids=lambda value: value["state"] if isinstance(value, dict) else "",
)
def test_a_patient_elsewhere_reads_both_clocks(db, address, own):
    make.clinic(remind_hours=24, remind_again_hours=None)
    patient = make.patient(phone="+61491570156", **address)
    make.ways(patient=patient, by_sms=True, prefers="sms", by_email=True)
    made = make.appointment(patient=patient, starts_at=STARTS, booked_at=STARTS - timedelta(days=9))
    for mode in ("video", "in_person"):
        made.mode = mode
        letter, text = words_of(made)
        line = "Wednesday 18 November 2026, 10:00 am"
        # On pages and in letters wherever it is held; on a phone where nobody goes there.
        assert (f"{line} (Melbourne time), {own}" in letter.text) == bool(own)
        both = f"Wed 18 Nov, 10:00 am (Melbourne time), {own}"
        assert (both in text) == bool(own and mode == "video")
        assert ("Melbourne" in text) == bool(own and mode == "video")
        assert letter.subject.endswith(f"{line} (Melbourne time), {own}" if own and mode == "video" else line)


def words_of(session):
    [letter] = booking.letters_of(session, "appointment_reminder", now=STARTS - DAY)
    context = {**letter.context, "answer_url": "https://x.example/", "takes_answers": True}
    mailed, texted = (
        render("appointment_reminder", context, language="en-au", channel=channel) for channel in ("email", "sms")
    )
    return mailed, texted.text


def test_over_the_changes_of_the_clock_both_clocks_are_right(db):
    make.clinic(remind_hours=24, remind_again_hours=None)
    found = {}
    for state, postcode in (("WA", ""), ("QLD", ""), ("SA", ""), ("NSW", "2898")):
        patient = make.patient(state=state, postcode=postcode)
        for day in ("2026-10-03", "2026-10-04", "2027-04-03", "2027-04-04"):
            starts = datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=MELBOURNE)
            session = make.appointment(
                patient=patient, mode="phone", starts_at=starts, psychologist=make.psychologist()
            )
            found.setdefault(postcode or state, []).append(when_short_on_both(starts, session).partition("time), ")[2])
    assert found == {
        "WA": ["7:00 am (Perth time)", "6:00 am (Perth time)", "6:00 am (Perth time)", "7:00 am (Perth time)"],
        "QLD": ["", "8:00 am (Brisbane time)", "8:00 am (Brisbane time)", ""],
        "SA": ["8:30 am (Adelaide time)"] * 4,
        # Half an hour ahead in winter, and none in summer.
        "2898": ["9:30 am (Lord Howe time)", "", "", "9:30 am (Lord Howe time)"],
    }
