"""An outside calendar from its adding to its removal: what it closes, what it never touches, and how old it may be."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.appointments import actions, diary, tasks
from portal.appointments.actions import outside
from portal.appointments.actions.outside import AddedBefore, TooManyCalendars, add_calendar, read_calendar
from portal.appointments.models import Appointment, OutsideBusy, OutsideCalendar
from portal.appointments.models.outside import GIVEN_UP, STALE
from portal.appointments.outside.addresses import BadAddress
from portal.appointments.refusals import NotOffered
from portal.audit.models import Entry
from portal.common import kept
from portal.common.access.actors import Actor
from portal.journeys.rearranging.deciding import undecided_codes
from portal.journeys.to_do import sessions, steps
from portal.worklist.models import ToDo
from tests import make
from tests.appointments.outside.test_reading import calendar, event

pytestmark = pytest.mark.django_db

ADDRESS = "http://calendar.example/private-0123456789/basic.ics"
# Monday 8 June 2026, from nine to ten in Melbourne: the first time of `practice`.
MONDAY = date(2026, 6, 8)
NINE_TO_TEN = event("DTSTART:20260607T230000Z", "DTEND:20260608T000000Z", "SUMMARY:Dentist")


@pytest.fixture
def anna(practice):
    return practice.psychologist


@pytest.fixture
def added(anna, now, settings):
    settings.OUTSIDE_CALENDARS_OVER_HTTP = True
    return add_calendar(psychologist=anna, address=ADDRESS, by=Actor(anna.user, "psychologist"), now=now)


def body(*parts):
    return calendar(*parts).encode()


def openings(practice, now, **fields):
    found = diary.openings_of(
        [practice.psychologist],
        service=practice.service,
        first_day=MONDAY,
        days=1,
        now=now,
        clinic=practice.clinic,
        **fields,
    )
    return [opening.starts_at for opening in found[practice.psychologist.pk]]


def test_what_somebody_has_on_elsewhere_closes_that_time_and_comes_back(practice, added, serve, now, nine):
    before = openings(practice, now)
    assert nine in before
    _server, net = serve(body(NINE_TO_TEN))
    assert read_calendar(added.pk, now=now, net=net) == "read"
    closed = [start for start in before if nine - timedelta(minutes=50) < start < nine + timedelta(hours=1)]
    assert openings(practice, now) == [start for start in before if start not in closed]
    assert nine in closed
    _server, net = serve(body())
    later = now + timedelta(minutes=16)
    assert read_calendar(added.pk, now=later, net=net) == "read"
    assert openings(practice, now) == before


def test_online_it_is_refused_and_staff_book_over_it_once_they_say_so(practice, added, serve, now, nine):
    _server, net = serve(body(NINE_TO_TEN))
    read_calendar(added.pk, now=now, net=net)
    for by in (practice.online, practice.desk):
        with pytest.raises(NotOffered) as refused:
            actions.book(**practice.ask(patient=practice.patient, by=by))
        assert refused.value.reason == "time"
    with pytest.raises(NotOffered):
        actions.hold(**practice.ask())
    booked = actions.book(**practice.ask(patient=practice.patient, by=practice.desk), outside_hours=True)
    assert booked.starts_at == nine


def test_a_booking_stays_whatever_comes_into_the_other_calendar(practice, added, serve, now, nine):
    booked = actions.book(**practice.ask(patient=practice.patient))
    held = actions.hold(**practice.ask(starts_at=nine + timedelta(hours=2)))
    whole_day = event("DTSTART;VALUE=DATE:20260608")
    _server, net = serve(body(whole_day))
    read_calendar(added.pk, now=now, net=net)
    assert openings(practice, now) == []
    confirmed = actions.confirm_hold(hold=held, patient=make.patient(), by=practice.online, now=now)
    for session in (booked, confirmed):
        session.refresh_from_db()
        assert session.is_booked
    # What was agreed there can be held in another way.
    assert Appointment.objects.live().count() == 2


def test_what_cannot_be_read_stays_in_force_and_is_called_old(practice, added, serve, now, nine):
    _server, net = serve(body(NINE_TO_TEN))
    read_calendar(added.pk, now=now, net=net)
    closed = openings(practice, now)
    _server, down = serve(lambda asked, send: send(b"HTTP/1.1 500 Oh\r\n\r\n"))
    at, tries = now, []
    for _try in range(8):
        added.refresh_from_db()
        at = added.next_try_at
        tries.append(at)
        assert read_calendar(added.pk, now=at, net=down) == "unreachable"
    added.refresh_from_db()
    assert (added.problem, added.failures, added.read_at) == ("unreachable", 8, now)
    waits = [after - before for before, after in pairwise(tries)]
    assert waits == sorted(waits)
    assert max(waits) == outside.LONGEST_WAIT
    assert not added.is_stale(now=now + STALE)
    assert added.is_stale(now=now + STALE + timedelta(minutes=1))
    assert openings(practice, now) == closed
    # And it comes right by itself.
    assert read_calendar(added.pk, now=added.next_try_at, net=net) == "read"
    added.refresh_from_db()
    assert (added.problem, added.failures, added.is_stale(now=added.read_at)) == ("", 0, False)


def test_after_two_months_without_an_answer_it_counts_no_longer(practice, added, serve, now):
    before = openings(practice, now)
    _server, net = serve(body(NINE_TO_TEN))
    read_calendar(added.pk, now=now, net=net)
    closed = openings(practice, now)
    assert closed != before
    _server, down = serve(lambda asked, send: send(b"HTTP/1.1 404 No\r\n\r\n"))
    for after, expected in ((GIVEN_UP - timedelta(days=1), closed), (GIVEN_UP + timedelta(days=1), before)):
        assert read_calendar(added.pk, now=now + after, net=down) == "gone"
        assert openings(practice, now) == expected
    added.refresh_from_db()
    assert added.is_given_up(now=now + GIVEN_UP + timedelta(days=1))
    assert Entry.objects.filter(verb="outside_calendar.given_up").count() == 1


def test_it_asks_whether_anything_changed_and_reads_anew_what_comes_further_ahead(added, serve, now):
    def answer(asked, send):
        if 'If-None-Match: "7"' in asked:
            send(b"HTTP/1.1 304 Not Modified\r\n\r\n")
        else:
            send(b'HTTP/1.1 200 OK\r\nETag: "7"\r\n\r\n' + body(NINE_TO_TEN))

    _server, net = serve(answer)
    times = [now, now + timedelta(hours=1), now + timedelta(days=31), now + timedelta(days=31, hours=1)]
    assert [read_calendar(added.pk, now=at, net=net) for at in times] == ["read", "unchanged", "read", "unchanged"]


def test_what_says_the_same_writes_nothing(added, serve, now):
    weekly = event("DTSTART:20260607T230000Z", "DTEND:20260608T000000Z", "RRULE:FREQ=WEEKLY")
    _server, net = serve(body(weekly))
    read_calendar(added.pk, now=now, net=net)
    rows = list(OutsideBusy.objects.values_list("pk", "starts_at"))
    read_calendar(added.pk, now=now + timedelta(minutes=15), net=net)
    assert set(OutsideBusy.objects.values_list("pk", "starts_at")) >= set(rows)
    assert len(rows) > 50


def test_its_turn_comes_once(added, serve, now):
    server, net = serve(body())
    assert [read_calendar(added.pk, now=now, net=net) for _ in range(3)] == ["read", "not due", "not due"]
    assert len(server.requests) == 1


def test_one_that_is_removed_while_it_is_read_leaves_nothing(anna, added, serve, now):
    def answer(asked, send):
        send(b"HTTP/1.1 200 OK\r\n\r\n" + body(NINE_TO_TEN))

    _server, net = serve(answer)
    found = []
    real = outside.busy_times

    def removing(*args, **kwargs):
        busy = real(*args, **kwargs)
        found.append(outside.remove_calendar(calendar=added, by=Actor(anna.user, "psychologist"), now=now))
        return busy

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(outside, "busy_times", removing)
        assert read_calendar(added.pk, now=now, net=net) == "removed"
    assert found == [True]
    assert not OutsideBusy.objects.exists()


def test_removed_it_opens_its_times_and_is_forgotten(practice, anna, added, serve, now):
    before = openings(practice, now)
    _server, net = serve(body(NINE_TO_TEN))
    read_calendar(added.pk, now=now, net=net)
    by = Actor(anna.user, "psychologist")
    assert outside.remove_calendar(calendar=added, by=by, now=now)
    assert not outside.remove_calendar(calendar=added, by=by, now=now)
    assert openings(practice, now) == before
    assert not OutsideCalendar.objects.exists()


def test_the_address_is_kept_encrypted_and_nowhere_else(anna, added, serve, now, caplog):
    _server, down = serve(lambda asked, send: send(b"HTTP/1.1 500 Oh\r\n\r\n"))
    read_calendar(added.pk, now=now, net=down)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM appointments_outsidecalendar")
        row = " ".join(map(str, cursor.fetchone()))
    assert "calendar.example" not in row
    assert OutsideCalendar.objects.get().address == ADDRESS
    lines = list(Entry.objects.filter(verb__startswith="outside_calendar").values_list("verb", "facts"))
    assert lines == [("outside_calendar.added", {})]
    assert "0123456789" not in caplog.text


def test_of_what_it_is_for_nothing_is_kept(added, serve, now):
    _server, net = serve(body(NINE_TO_TEN))
    read_calendar(added.pk, now=now, net=net)
    columns = {field.name for field in OutsideBusy._meta.concrete_fields}
    assert columns == {"id", "calendar", "psychologist", "starts_at", "ends_at"}


def test_addresses_that_are_not_added(anna, added, now):
    by = Actor(anna.user, "psychologist")
    with pytest.raises(AddedBefore):
        add_calendar(psychologist=anna, address=f" {ADDRESS}", by=by, now=now)
    with pytest.raises(BadAddress):
        add_calendar(psychologist=anna, address="file:///etc/passwd", by=by, now=now)
    for n in range(outside.MOST - 1):
        add_calendar(psychologist=anna, address=f"https://calendar.example/{n}", by=by, now=now)
    with pytest.raises(TooManyCalendars):
        add_calendar(psychologist=anna, address="https://calendar.example/more", by=by, now=now)
    assert OutsideCalendar.objects.count() == outside.MOST


def test_the_worker_is_sent_to_what_is_due(added, monkeypatch, time_machine):
    asked = []
    monkeypatch.setattr(tasks, "async_task", lambda path, pk: asked.append((path, pk)))
    time_machine.move_to(added.next_try_at - timedelta(minutes=1), tick=False)
    assert tasks.read_outside_calendars() == 0
    time_machine.move_to(added.next_try_at, tick=False)
    assert tasks.read_outside_calendars() == 1
    assert asked == [("portal.appointments.tasks.read_outside_calendar", added.pk)]


def test_a_week_of_twenty_asks_no_more_than_six_times(practice, now):
    colleagues = [practice.psychologist, *(practice.another() for _ in range(19))]
    for one in colleagues:
        row = OutsideCalendar(psychologist=one, added_at=now, next_try_at=now)
        row.address = ADDRESS
        row.save()
        for n in range(5):
            start = datetime(2026, 6, 8 + n, 1, tzinfo=UTC)
            OutsideBusy.objects.create(
                calendar=row, psychologist=one, starts_at=start, ends_at=start + timedelta(hours=1)
            )
    asked = {
        "service": practice.service,
        "first_day": MONDAY,
        "days": 7,
        "now": now,
        "clinic": practice.clinic,
    }
    diary.openings_of(colleagues, **asked)
    with kept.one_stamp(), CaptureQueriesContext(connection) as queries:
        found = diary.openings_of(colleagues, **asked)
    assert len(found) == 20
    assert len(queries) <= 6


# ---- Over a session that is booked -----------------------------------------------------------------------------------


def clashes():
    return list(ToDo.objects.still_open().of_kind("session_busy_elsewhere").values_list("about_code", "person"))


def test_what_comes_over_a_session_later_is_asked_about_and_costs_no_booking(practice, added, serve, now, nine):
    session = make.appointment(
        psychologist=practice.psychologist, service=practice.service, location=practice.location, starts_at=nine
    )
    _server, net = serve(body())
    assert read_calendar(added.pk, now=now, net=net) == "read"
    _server, net = serve(body(NINE_TO_TEN))
    at = now + timedelta(minutes=16)
    assert read_calendar(added.pk, now=at, net=net) == "read"
    assert clashes() == [(str(session.code), str(practice.psychologist.user_id))]
    session.refresh_from_db()
    assert session.is_open
    # The same again asks nobody anew; let stand, it is asked about no more.
    (to_do,) = ToDo.objects.still_open().of_kind("session_busy_elsewhere")
    assert not undecided_codes()
    steps.finish(to_do, outcome="stays", by=make.actor(), now=at)
    at += timedelta(minutes=16)
    assert read_calendar(added.pk, now=at, net=net) in {"read", "unchanged"}
    assert clashes() == []


def test_a_clash_that_is_gone_goes_off_the_list(practice, added, serve, now, nine):
    make.appointment(
        psychologist=practice.psychologist, service=practice.service, location=practice.location, starts_at=nine
    )
    at = now
    for said in (body(), body(NINE_TO_TEN), body()):
        _server, net = serve(said)
        assert read_calendar(added.pk, now=at, net=net) == "read"
        at += timedelta(minutes=16)
    assert len(clashes()) == 1
    sessions.close_what_is_over(by=Actor.system("tests"), now=at)
    assert clashes() == []


def test_what_stood_in_a_calendar_when_it_was_added_is_its_owners_to_know(practice, added, serve, now, nine):
    make.appointment(
        psychologist=practice.psychologist, service=practice.service, location=practice.location, starts_at=nine
    )
    _server, net = serve(body(NINE_TO_TEN))
    assert read_calendar(added.pk, now=now, net=net) == "read"
    assert clashes() == []
