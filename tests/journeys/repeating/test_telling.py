"""No mail about a series tells a time that is no longer so; calendars of another make are right after all of them."""

from __future__ import annotations

import html
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
import vobject
from django.core import mail
from django.utils.translation import override

from portal.accounts.roles import Role
from portal.appointments import terms
from portal.appointments.actions.clashes import Terms
from portal.appointments.actions.repeating import Wish
from portal.appointments.models import Appointment, CancelReason, TimeSlot
from portal.appointments.recurrence import Every, Pattern
from portal.appointments.series_forms import Which
from portal.clinic.models import Mode
from portal.common.languages.times import when
from portal.journeys import booking, moving, time_away
from portal.journeys.repeating.booking import book_series
from portal.journeys.repeating.cancelling import cancel_sessions
from portal.journeys.repeating.moving import move_sessions, propose_move
from portal.journeys.repeating.telling import listed_in, notify
from portal.notifications import tasks
from portal.notifications.models import Notice, State
from tests import make

pytestmark = pytest.mark.django_db

MELBOURNE = ZoneInfo("Australia/Melbourne")
NOW = datetime(2027, 3, 15, 9, 0, tzinfo=MELBOURNE)
# Mondays at nine; the clocks go back on Sunday 4 April 2027, between the second and the third.
MONDAY = datetime(2027, 3, 22, 9, 0, tzinfo=MELBOURNE)
WEEK = timedelta(weeks=1)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk():
    return make.actor(role=Role.RECEPTION)


@pytest.fixture
def booked(desk):
    make.clinic(slot_step_minutes=30, email="desk@banksia.example")
    place, service = make.location(), make.service(minutes=50, buffer_after=10)
    psychologist = make.psychologist()
    make.week(psychologist=psychologist, location=place)
    times = [MONDAY + n * WEEK for n in range(5)]
    return book_series(
        terms=Terms(psychologist, make.patient(user=make.user()), service, Mode.IN_PERSON, place),
        pattern=Pattern(Every.WEEKS, 1, MONDAY.date(), count=5),
        wishes=[Wish(at, at) for at in times],
        by=desk,
        now=NOW,
    )


class Calendar:
    """What somebody's calendar shows after all mails that came, by the rules of RFC 5546, read by vobject."""

    def __init__(self) -> None:
        self.shown: dict[str, datetime] = {}
        self._newest: dict[str, int] = {}

    def takes_all(self) -> list[str]:
        """Sends what is due, takes what it brings and returns the words of each mail."""
        tasks.send_due("email")
        words = []
        for message in mail.outbox:
            words.append(message.body)
            [(_name, content, kind)] = message.attachments
            entries = vobject.readOne(content if isinstance(content, str) else content.decode())
            assert kind == f"text/calendar; method={entries.method.value}"
            for event in entries.vevent_list:
                uid, sequence = event.uid.value, int(event.sequence.value)
                if sequence < self._newest.get(uid, 0):
                    continue
                self._newest[uid] = sequence
                if event.status.value == "CANCELLED":
                    self.shown.pop(uid, None)
                else:
                    self.shown[uid] = event.dtstart.value
        mail.outbox.clear()
        return words


def standing(booked):
    for row in booked:
        row.refresh_from_db()
    return sorted(row.starts_at for row in booked if not row.is_cancelled)


def move_one(session, desk, **by):
    return booking.reschedule_session(
        appointment=session, starts_at=session.starts_at + timedelta(**by), by=desk, now=NOW
    )


def cancel_one(session, desk):
    return booking.cancel_session(appointment=session, reason=CancelReason.PATIENT, by=desk, now=NOW)


def unsent():
    return {notice.template: listed_in(notice) for notice in Notice.objects.filter(state=State.PENDING)}


def codes(rows):
    return frozenset(row.code for row in rows)


@pytest.mark.parametrize("is_sent_before", [True, False])
def test_one_moved_over_the_change_of_clocks_and_one_cancelled(booked, desk, is_sent_before):
    calendar = Calendar()
    if is_sent_before:
        calendar.takes_all()
        assert sorted(calendar.shown.values()) == [row.starts_at for row in booked]
    old = booked[1].starts_at
    move_one(booked[1], desk, days=8)
    cancel_one(booked[3], desk)
    words = calendar.takes_all()
    assert sorted(calendar.shown.values()) == standing(booked)
    assert len(calendar.shown) == 4
    assert {moment.astimezone(MELBOURNE).hour for moment in calendar.shown.values()} == {9}
    # The old time is told by nothing but the mail that says from where to where it went.
    [tells_it] = [text for text in words if when(old, MELBOURNE) in text]
    assert when(booked[1].starts_at, MELBOURNE) in tells_it


def test_what_was_not_sent_is_told_anew_without_the_one_that_changed(booked, desk):
    move_one(booked[1], desk, hours=1)
    assert unsent() == {
        "series_booked": codes([booked[0], *booked[2:]]),
        "appointment_moved": codes([booked[1]]),
    }
    cancel_one(booked[3], desk)
    assert unsent() == {
        "series_booked": codes([booked[0], booked[2], booked[4]]),
        "appointment_moved": codes([booked[1]]),
        "appointment_cancelled": codes([booked[3]]),
    }
    # Asked again, nothing is told twice.
    before = Notice.objects.count()
    cancel_one(booked[3], desk)
    assert Notice.objects.count() == before


def test_what_was_sent_is_not_told_again(booked, desk):
    tasks.send_due("email")
    move_one(booked[1], desk, hours=1)
    assert unsent() == {"appointment_moved": codes([booked[1]])}


def test_who_has_the_mail_already_gets_no_second_one(booked, desk):
    """Of two who read it, one's went out and the other's did not."""
    child = booked[0].patient
    child.user, child.email = None, ""
    child.save(update_fields=["user", "email"])
    _mother, father = make.carer(patient=child), make.carer(patient=child)
    Notice.objects.all().delete()
    notify(booked, "series_booked", now=NOW)
    assert Notice.objects.count() == 2
    Notice.objects.filter(pk=min(Notice.objects.values_list("pk", flat=True))).update(state=State.SENT, sent_at=NOW)
    move_one(Appointment.objects.get(pk=booked[1].pk), desk, hours=1)
    told = Notice.objects.filter(state=State.PENDING, template="series_booked")
    assert [(notice.to, listed_in(notice)) for notice in told] == [
        (father.user.email, codes([booked[0], *booked[2:]])),
    ]


def test_several_moved_before_their_booking_was_told_are_told_once(booked, desk):
    asked = propose_move(
        booked[2],
        day=booked[2].local_start.date() + timedelta(days=1),
        at=booked[2].local_start.time(),
        which=Which.FOLLOWING,
        data=None,
        by=desk,
        now=NOW,
        clinic=make.clinic(),
    )
    move_sessions(asked, by=desk, now=NOW)
    assert unsent() == {"series_booked": codes(booked[:2]), "series_moved": codes(booked[2:])}
    # One of those moves once more, alone.
    booked[3].refresh_from_db()
    move_one(booked[3], desk, hours=1)
    assert unsent() == {
        "series_booked": codes(booked[:2]),
        "series_moved": codes([booked[2], booked[4]]),
        "appointment_moved": codes([booked[3]]),
    }
    calendar = Calendar()
    calendar.takes_all()
    assert sorted(calendar.shown.values()) == standing(booked)


def test_several_called_off_before_their_booking_was_told(booked, desk):
    cancel_sessions([(row, row.seen_as) for row in booked[1:]], reason=CancelReason.CLINIC, by=desk, now=NOW)
    assert unsent() == {"series_booked": codes(booked[:1]), "series_cancelled": codes(booked[1:])}
    assert Notice.objects.filter(state=State.WITHDRAWN).count() == 1


def test_a_slip_in_the_calendar_that_is_taken_back_leaves_word_of_each_session(booked, desk):
    session = Appointment.objects.get(pk=booked[1].pk)
    moved, was = moving.move(
        appointment=session,
        starts_at=session.starts_at + timedelta(hours=1),
        psychologist=session.psychologist,
        location=session.location,
        by=desk,
        now=NOW,
    )
    assert was is not None
    moving.take_back(appointment=moved, was=was, moved_at=NOW, by=desk, now=NOW + timedelta(minutes=1))
    assert unsent() == {
        "series_booked": codes([booked[0], *booked[2:]]),
        "appointment_booked": codes([booked[1]]),
    }


def told(desk, first, **rules):
    """The words of the mail about a series of three that is booked now, as plain text and as HTML."""
    make.clinic(slot_step_minutes=30, cancel_hours=48, late_fee_percent=50, grace_minutes=15, **rules)
    place, service = make.location(), make.service(minutes=50, buffer_after=10)
    psychologist = make.psychologist()
    make.week(psychologist=psychologist, location=place, weekdays=tuple(range(7)))
    times = [first + n * WEEK for n in range(3)]
    booked = book_series(
        terms=Terms(psychologist, make.patient(user=make.user()), service, Mode.IN_PERSON, place),
        pattern=Pattern(Every.WEEKS, 1, first.date(), count=3),
        wishes=[Wish(at, at) for at in times],
        by=desk,
        now=NOW,
    )
    return booked, html.unescape(Notice.objects.get().text)


LATE = "After that it can't be moved online, and cancelling costs $110.00."
MISSED = "Medicare pays nothing towards these fees."


def test_one_that_begins_soon_is_told_by_its_own_terms(desk):
    booked, text = told(desk, NOW + timedelta(days=1))
    first = when(booked[0].starts_at, MELBOURNE)
    own = f"{first}: the session begins soon, so cancel or move it free of charge only for 15 minutes after you book."
    assert f"{own} {LATE} Not coming costs" in text
    assert "Each of the others can be moved or cancelled by itself, free of charge until 48 hours before" in text
    assert "Each of them" not in text
    assert (text.count(LATE), text.count("Not coming costs"), text.count(MISSED)) == (2, 2, 2)


def test_where_all_are_in_good_time_one_sentence_is_for_each(desk):
    _booked, text = told(desk, NOW + timedelta(days=4))
    assert "Each of them can be moved or cancelled by itself, free of charge until 48 hours before it begins." in text
    assert (text.count(LATE), text.count("Not coming costs"), text.count(MISSED)) == (1, 1, 1)
    assert "begins soon" not in text


def test_one_that_was_promised_something_else_keeps_it_in_the_mail_about_a_move(desk):
    booked, _text = told(desk, NOW + timedelta(days=4))
    Appointment.objects.filter(pk=booked[1].pk).update(cancel_hours=24)
    Notice.objects.all().delete()
    sessions = list(Appointment.objects.order_by("starts_at").select_related("series", "patient"))
    notify(sessions, "series_moved", now=NOW)
    text = html.unescape(Notice.objects.get().text)
    until = when(sessions[1].starts_at - timedelta(hours=24), MELBOURNE)
    assert f"{when(sessions[1].starts_at, MELBOURNE)}: cancel or move the session free of charge until {until}" in text
    assert "Each of the others can be moved or cancelled by itself, free of charge until 48 hours before" in text


def moved_a_day_on(booked, desk):
    """The third and those after it go from Monday to Tuesday, at ten."""
    return propose_move(
        booked[2],
        day=booked[2].local_start.date() + timedelta(days=1),
        at=booked[2].local_start.time().replace(hour=10),
        which=Which.FOLLOWING,
        data=None,
        by=desk,
        now=NOW,
        clinic=make.clinic(),
    )


@pytest.mark.parametrize(
    ("language", "before"),
    [("en-au", "Before: "), ("zh-hans", "原定时间："), ("vi", "Giờ cũ: "), ("ar", "الموعد السابق: ")],
)
def test_each_line_of_a_move_says_from_where_to_where(booked, desk, language, before):
    booked[0].patient.user.language = language
    booked[0].patient.user.save(update_fields=["language"])
    tasks.send_due("email")
    old = [row.starts_at for row in booked[2:]]
    moved = move_sessions(moved_a_day_on(booked, desk), by=desk, now=NOW)
    [notice] = Notice.objects.filter(template="series_moved")
    assert notice.language == language
    with override(language):
        pairs = [
            (when(now.starts_at, MELBOURNE), f"{before}{when(was, MELBOURNE)}")
            for now, was in zip(moved, old, strict=True)
        ]
    for words in (notice.text, html.unescape(notice.html)):
        said = [words.index(each) for pair in pairs for each in pair]
        assert said == sorted(said)
        assert words.count(before) == 3


def test_of_a_series_that_is_moved_what_the_clinic_cant_hold_is_free_for_half_a_day(booked, desk):
    """The third falls in a leave. It was promised so many hours that they were over for each before the move."""
    Appointment.objects.update(cancel_hours=2000, grace_minutes=15, booked_at=NOW - WEEK)
    time_away.add_time_slot(
        psychologist=booked[2].psychologist,
        kind=TimeSlot.Kind.BLOCKED,
        starts_at=booked[2].starts_at,
        ends_at=booked[2].ends_at,
        by=desk,
        now=NOW,
    )
    moved = move_sessions(moved_a_day_on(booked, desk), by=desk, now=NOW)
    stored = [Appointment.objects.get(pk=session.pk) for session in moved]
    assert terms.free_until(stored[0]) == NOW + timedelta(hours=12)
    assert all(terms.free_until(session) < NOW for session in stored[1:])


def test_told_anew_the_others_still_say_where_they_were(booked, desk):
    old = [row.starts_at for row in booked]
    move_sessions(moved_a_day_on(booked, desk), by=desk, now=NOW)
    booked[3].refresh_from_db()
    move_one(booked[3], desk, hours=1)
    [notice] = Notice.objects.filter(template="series_moved", state=State.PENDING)
    assert [f"Before: {when(at, MELBOURNE)}" in notice.text for at in old] == [False, False, True, False, True]


def test_what_is_held_another_way_at_its_time_has_no_time_before(booked, desk):
    tasks.send_due("email")
    asked = propose_move(
        booked[2],
        day=booked[2].local_start.date(),
        at=booked[2].local_start.time(),
        which=Which.ALL,
        to=Terms(booked[2].psychologist, booked[2].patient, booked[2].service, Mode.VIDEO, booked[2].location),
        data=None,
        by=desk,
        now=NOW,
        clinic=make.clinic(),
    )
    assert len(move_sessions(asked, by=desk, now=NOW)) == 5
    assert "Before" not in Notice.objects.get(template="series_moved").text


def test_what_was_moved_alone_a_moment_before_is_told_from_where_its_patient_has_it(booked, desk):
    """And one that is back where it was is no news, though the others are."""
    tasks.send_due("email")
    old = [row.starts_at for row in booked]
    move_one(booked[2], desk, hours=2)
    booked[2].refresh_from_db()
    moved = move_sessions(moved_a_day_on(booked, desk), by=desk, now=NOW + timedelta(minutes=1))
    assert moved[0].pk == booked[2].pk
    [notice] = Notice.objects.filter(template="series_moved")
    assert f"Before: {when(old[2], MELBOURNE)}" in notice.text
    assert when(old[2] + timedelta(hours=2), MELBOURNE) not in notice.text


def test_one_of_a_series_that_is_moved_on_before_the_mail_went_is_told_from_where_it_was(booked, desk):
    tasks.send_due("email")
    old = [row.starts_at for row in booked]
    move_sessions(moved_a_day_on(booked, desk), by=desk, now=NOW)
    booked[3].refresh_from_db()
    between = booked[3].starts_at
    move_one(booked[3], desk, hours=1)
    [alone] = Notice.objects.filter(template="appointment_moved", state=State.PENDING)
    assert f"Before: {when(old[3], MELBOURNE)}" in alone.text
    assert when(between, MELBOURNE) not in alone.text


def test_one_of_a_series_that_is_moved_back_before_the_mail_went_is_no_news(booked, desk):
    tasks.send_due("email")
    old = booked[3].starts_at
    move_sessions(moved_a_day_on(booked, desk), by=desk, now=NOW)
    booked[3].refresh_from_db()
    booking.reschedule_session(appointment=booked[3], starts_at=old, by=desk, now=NOW)
    [notice] = Notice.objects.filter(state=State.PENDING)
    assert notice.template == "series_moved"
    assert str(when(old, MELBOURNE)) not in notice.text
