"""A notice that did not arrive comes to the desk, and goes when it is sent again, arrived, withdrawn or given up."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from icalendar import Calendar

from portal.accounts.roles import Role
from portal.appointments.models import CancelReason
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.journeys import booking
from portal.journeys.to_do import notices, steps, tasks
from portal.notifications import outbox
from portal.notifications.models import Notice, State
from portal.notifications.recipients import Recipient
from portal.worklist.models import ToDo
from portal.worklist.refusals import AlreadyDone
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
JOB = Actor.system("tests")


@pytest.fixture(autouse=True)
def _clinic():
    make.clinic()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk():
    return make.actor(role=Role.RECEPTION)


def notice(
    *, state=State.FAILED, about=None, secret=False, to="mina@patient.example", template="account/password_changed"
):
    made = outbox.queue(
        template=template,
        to=Recipient.by_email(to),
        about=about or make.appointment(),
        context={"at": NOW},
        secret=secret,
        dedupe_key=f"n:{Notice.objects.count()}",
    )
    Notice.objects.filter(pk=made.pk).update(state=state, **({"sent_at": NOW} if state == State.SENT else {}))
    return Notice.objects.get(pk=made.pk)


def listed():
    return sorted(ToDo.objects.still_open().values_list("about_code", flat=True))


def outcomes():
    return list(ToDo.objects.exclude(done_at=None).order_by("pk").values_list("outcome", "done_by"))


def test_what_needs_eyes_comes_on_the_list_once():
    failed, doubtful = notice(), notice(state=State.UNKNOWN)
    notice(state=State.SENT)
    notice(state=State.PENDING)
    assert tasks.look_at_notices() == {"closed": 0, "raised": 2}
    assert tasks.look_at_notices() == {"closed": 0, "raised": 0}
    assert listed() == sorted([str(failed.code), str(doubtful.code)])
    to_do = ToDo.objects.get(about_code=str(failed.code))
    assert (to_do.kind, to_do.role, to_do.about_label) == ("notice_undelivered", "reception", "notifications.Notice")
    # It is nine in the morning: noon, and noon on the day after.
    assert (to_do.due_at, to_do.escalates_at) == (NOW + timedelta(hours=3), NOW + timedelta(hours=27))


def test_sending_it_again_closes_it(desk):
    failed = notice()
    tasks.look_at_notices()
    again = notices.send_again(failed, address="mina@right.example", by=desk, now=NOW)
    assert (again.to, again.state, listed()) == ("mina@right.example", State.PENDING, [])
    assert outcomes() == [("sent_again", str(desk.user_id))]
    line = Entry.objects.get(verb="notice.sent_again")
    assert (line.target_code, line.facts) == (str(failed.code), {"address_changed": True})
    # The new one fails too: that is new work.
    Notice.objects.filter(pk=again.pk).update(state=State.FAILED)
    assert tasks.look_at_notices() == {"closed": 0, "raised": 1}
    assert listed() == [str(again.code)]


@pytest.mark.django_db(transaction=True)
def test_two_clerks_who_press_at_once_send_it_once():
    failed = notice()
    tasks.look_at_notices()
    clerks, outcomes, start = [make.actor() for _ in range(4)], [], threading.Barrier(4)

    def press(clerk):
        try:
            start.wait()
            mine = Notice.objects.get(pk=failed.pk)
            outcomes.append(notices.send_again(mine, address=mine.to, by=clerk, now=NOW).pk)
        except Exception as problem:
            outcomes.append(type(problem))
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=[clerk]) for clerk in clerks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(outbox.CannotSettle) == 3
    assert (Notice.objects.count(), listed()) == (2, [])
    assert Entry.objects.filter(verb="notice.sent_again").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("other", ["again", "arrived"])
def test_two_clerks_who_settle_it_in_two_ways_at_once_settle_it_once(other):
    """Whoever holds the notice goes on to its work, and nobody the other way round: two would wait for each other."""
    found = notice(state=State.UNKNOWN)
    tasks.look_at_notices()
    clerks, outcomes, start = [make.actor() for _ in range(6)], [], threading.Barrier(6)

    def press(number, clerk):
        try:
            to_do, mine = ToDo.objects.get(), Notice.objects.get(pk=found.pk)
            start.wait()
            if number % 2:
                steps.finish(to_do, outcome="told", by=clerk, now=NOW)
            elif other == "again":
                notices.send_again(mine, address=mine.to, by=clerk, now=NOW)
            else:
                notices.mark_arrived(mine, by=clerk, now=NOW)
            outcomes.append("done")
        except Exception as problem:
            outcomes.append(type(problem))
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=pair) for pair in enumerate(clerks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("done") == 1
    assert set(outcomes) <= {"done", AlreadyDone, outbox.CannotSettle}
    assert (listed(), Notice.objects.needing_eyes().count()) == ([], 0)


def test_it_arrived_after_all(desk):
    doubtful = notice(state=State.UNKNOWN)
    tasks.look_at_notices()
    notices.mark_arrived(doubtful, by=desk, now=NOW)
    assert (listed(), outcomes()) == ([], [("arrived", str(desk.user_id))])
    with pytest.raises(outbox.CannotSettle):
        notices.mark_arrived(doubtful, by=desk, now=NOW)


def test_somebody_told_them_another_way(desk):
    failed = notice()
    tasks.look_at_notices()
    steps.finish(ToDo.objects.get(), outcome="told", by=desk, now=NOW)
    assert (listed(), outcomes()) == ([], [("told", str(desk.user_id))])
    assert not Notice.objects.needing_eyes().exists()
    assert tasks.look_at_notices() == {"closed": 0, "raised": 0}
    # A page of before sends nothing.
    with pytest.raises(outbox.CannotSettle):
        notices.send_again(failed, address=failed.to, by=desk, now=NOW)
    with pytest.raises(AlreadyDone):
        steps.finish(ToDo.objects.get(), outcome="told", by=desk, now=NOW)


def test_what_was_settled_elsewhere_goes_off_the_list():
    failed = notice()
    tasks.look_at_notices()
    outbox.resend(failed, by=JOB, now=NOW)
    assert tasks.look_at_notices() == {"closed": 1, "raised": 0}
    assert outcomes() == [("settled", "worklist")]


def test_a_doubt_that_is_cleared_up_and_fails_later_comes_again():
    """Its worker slept past its lease, then said that nothing was sent; a day of tries later it was given up."""
    doubtful = notice(state=State.UNKNOWN)
    assert tasks.look_at_notices() == {"closed": 0, "raised": 1}
    Notice.objects.filter(pk=doubtful.pk).update(state=State.PENDING)
    assert tasks.look_at_notices() == {"closed": 1, "raised": 0}
    Notice.objects.filter(pk=doubtful.pk).update(state=State.FAILED)
    assert tasks.look_at_notices() == {"closed": 0, "raised": 1}
    assert tasks.look_at_notices() == {"closed": 0, "raised": 0}
    assert (listed(), ToDo.objects.count()) == ([str(doubtful.code)], 2)


def test_a_confirmation_that_failed_is_nobodys_work_once_the_session_is_cancelled(desk):
    session = make.appointment()
    notice(about=session)
    tasks.look_at_notices()
    booking.cancel_session(appointment=session, reason=CancelReason.OTHER, by=desk, now=NOW)
    assert (listed(), outcomes()) == ([], [("withdrawn", str(desk.user_id))])
    assert [n.template for n in Notice.objects.filter(state=State.PENDING)] == ["appointment_cancelled"]


@pytest.mark.django_db(transaction=True)
def test_a_confirmation_that_is_sent_again_while_the_session_is_cancelled_is_withdrawn():
    """Whoever is first: once it is cancelled, no confirmation of it waits to be sent."""
    for _round in range(5):
        session, clerks, start = make.appointment(), [make.actor() for _ in range(2)], threading.Barrier(2)
        failed = notice(about=session)

        def run(step, start=start):
            try:
                start.wait()
                step()
            except outbox.CannotSettle:
                pass
            finally:
                connection.close()

        steps_at_once = [
            lambda failed=failed, by=clerks[0]: notices.send_again(failed, address=failed.to, by=by, now=NOW),
            lambda session=session, by=clerks[1]: booking.cancel_session(
                appointment=session, reason=CancelReason.OTHER, by=by, now=NOW
            ),
        ]
        threads = [threading.Thread(target=run, args=[step]) for step in steps_at_once]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        waiting = Notice.objects.about(session).filter(state=State.PENDING)
        assert [each.template for each in waiting] == ["appointment_cancelled"]


def test_the_calendar_entry_names_whoever_gets_it(desk):
    """Some mail programs show an invitation only to the address that it names."""
    session = make.appointment(patient=make.patient(email="mina.with.quite.a.long.address@wrong.example"))
    booking.notify(session, "appointment_booked", now=NOW)
    Notice.objects.update(state=State.FAILED)
    first = Notice.objects.get()
    again = notices.send_again(first, address="mina@right.example", by=desk, now=NOW)
    ((name, kind, old),) = outbox.attachments_of(first)
    ((same_name, same_kind, new),) = outbox.attachments_of(again)
    assert (same_name, same_kind) == (name, kind)
    (was,), (now_is,) = (Calendar.from_ical(entry).walk("VEVENT") for entry in (old, new))
    assert str(was["attendee"]) == "mailto:mina.with.quite.a.long.address@wrong.example"
    assert str(now_is["attendee"]) == "mailto:mina@right.example"
    assert now_is["attendee"].params == was["attendee"].params
    for field in ("uid", "sequence", "dtstart", "dtend", "summary", "organizer"):
        assert now_is[field] == was[field], field
    assert b"wrong.example" not in new


# ---- Where it may go


def test_a_notice_about_an_account_goes_to_its_own_address_or_nowhere(desk):
    account = notice(about=make.user())
    assert not notices.may_go_elsewhere(account)
    with pytest.raises(outbox.CannotSettle):
        notices.send_again(account, address="clerk@clinic.example", by=desk, now=NOW)
    assert list(Notice.objects.needing_eyes()) == [account]
    assert notices.send_again(account, address=account.to, by=desk, now=NOW).to == account.to


def test_a_secret_goes_nowhere_else(desk):
    secret = notice(state=State.UNKNOWN, secret=True)
    assert not notices.may_go_elsewhere(secret)
    with pytest.raises(outbox.CannotSettle):
        notices.send_again(secret, address="clerk@clinic.example", by=desk, now=NOW)


def test_a_word_that_is_no_address_sends_nothing(desk):
    failed = notice()
    tasks.look_at_notices()
    with pytest.raises(ValueError, match="one e-mail address"):
        notices.send_again(failed, address="not an address", by=desk, now=NOW)
    assert (listed(), Notice.objects.count()) == ([str(failed.code)], 1)


# ---- Killed in the middle


def test_a_round_that_is_killed_in_the_middle_is_made_up_by_the_next(monkeypatch):
    for _ in range(3):
        notice()
    put, calls = steps.put_on_list, []

    def dies(*args, **options):
        calls.append(options)
        if len(calls) == 2:
            raise SystemExit
        return put(*args, **options)

    monkeypatch.setattr(steps, "put_on_list", dies)
    with pytest.raises(SystemExit):
        tasks.look_at_notices()
    assert len(listed()) == 1
    monkeypatch.setattr(steps, "put_on_list", put)
    assert tasks.look_at_notices() == {"closed": 0, "raised": 2}
    assert len(listed()) == 3
