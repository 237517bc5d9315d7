"""A series: booked as a whole or not at all, at the same time by the clock of its place, each session its own."""

from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.appointments import actions
from portal.appointments.actions.clashes import Clash, Outlook, Terms
from portal.appointments.actions.repeating import SeriesTaken, Wish
from portal.appointments.models import Appointment, Closure, Series, Status
from portal.appointments.recurrence import Every, Pattern, on_the_clock
from portal.appointments.refusals import NotOffered, TooManyBookings
from portal.audit.models import Entry
from portal.clinic.models import ClinicSettings, Location, Mode
from portal.common.kept import one_stamp
from tests import make
from tests.appointments.conftest import MONDAY_NINE, NOW

WEEK, HOUR = timedelta(weeks=1), timedelta(hours=1)
TUESDAY = date(2026, 6, 9)


def terms_of(practice, **fields):
    usual = {
        "psychologist": practice.psychologist,
        "patient": practice.patient,
        "service": practice.service,
        "mode": Mode.IN_PERSON,
        "location": practice.location,
    }
    return Terms(**usual | fields)


def weekly(times, first=TUESDAY):
    return Pattern(Every.WEEKS, 1, first, count=times)


def wishes(*times):
    return [Wish(at, at) for at in times]


def mondays(count, start=MONDAY_NINE):
    return [start + n * WEEK for n in range(count)]


def book(practice, times, *, by=None, first=None, **fields):
    asked = times if times and isinstance(times[0], Wish) else wishes(*times)
    return actions.book_series(
        terms=terms_of(practice, **fields),
        pattern=weekly(len(times)),
        wishes=asked,
        first=first,
        by=by or practice.desk,
        now=NOW,
    )


# ---- Booking ---------------------------------------------------------------------------------------------------------


def test_a_series_is_one_row_and_a_session_of_its_own_for_each_time(practice):
    make.own_fee(practice.psychologist, practice.service, "250.00")
    booked = book(practice, mondays(3))
    series = Series.objects.get()
    assert (series.patient, series.every, series.interval, series.sessions) == (practice.patient, "weeks", 1, 3)
    rows = list(Appointment.objects.order_by("starts_at"))
    assert rows == booked
    assert [row.starts_at for row in rows] == mondays(3)
    assert [(row.series, row.position, row.planned_at) for row in rows] == [
        (series, n + 1, at) for n, at in enumerate(mondays(3))
    ]
    one = rows[2]
    assert (one.fee, one.status, one.booked_at, one.booked_by) == (
        Decimal("250.00"),
        Status.BOOKED,
        NOW,
        practice.desk.user,
    )
    assert (one.occupied_from, one.occupied_until) == (one.starts_at, one.starts_at + HOUR)
    clinic = ClinicSettings.current()
    assert (one.cancel_hours, one.grace_minutes) == (clinic.cancel_hours, clinic.grace_minutes)
    assert [row.of_series for row in Appointment.objects.for_lists()] == ["1 of 3", "2 of 3", "3 of 3"]
    told = list(Entry.objects.order_by("pk").values_list("verb", "target_code"))
    assert told == [("series.booked", str(series.code)), *(("appointment.booked", str(row.code)) for row in rows)]


def test_every_tuesday_at_five_stays_at_five_over_both_changes_of_the_clocks(practice):
    days = Pattern(Every.WEEKS, 1, date(2026, 9, 29), until=date(2027, 4, 13)).days()
    zone = practice.location.zone
    times = [on_the_clock(day, time(16), zone) for day in days]
    booked = book(practice, times)
    assert len(booked) == 29
    assert {row.local_start.time() for row in booked} == {time(16)}
    assert {row.starts_at.hour for row in booked} == {5, 6}


def test_a_series_takes_as_many_statements_however_long_it_is(practice):
    make.room(location=practice.location)
    # What a process keeps is read now.
    book(practice, mondays(2, MONDAY_NINE + timedelta(days=1)))
    counted = []
    for sessions, start in ((2, MONDAY_NINE), (26, MONDAY_NINE + HOUR)):
        with CaptureQueriesContext(connection) as asked:
            booked = book(practice, mondays(sessions, start))
        assert len(booked) == sessions
        counted.append(len(asked))
    assert counted[0] == counted[1] <= 32


def test_a_booked_session_becomes_the_first_of_the_series_that_follows_it(practice):
    first = make.appointment(
        psychologist=practice.psychologist,
        patient=practice.patient,
        service=practice.service,
        location=practice.location,
        starts_at=MONDAY_NINE,
    )
    booked = book(practice, mondays(3)[1:], first=first)
    assert booked[0].pk == first.pk
    first.refresh_from_db()
    assert (first.position, first.planned_at, first.of_series) == (1, MONDAY_NINE, "1 of 3")
    # Carried on: the same series, which is longer now.
    more = book(practice, [MONDAY_NINE + 5 * WEEK], first=booked[-1])
    assert [(row.position, row.series.sessions) for row in more] == [(3, 4), (4, 4)]
    assert Series.objects.count() == 1


def test_a_session_of_somebody_else_or_one_that_is_cancelled_is_not_followed(practice):
    others = make.appointment(psychologist=practice.psychologist)
    cancelled = make.appointment(patient=practice.patient, status=Status.CANCELLED)
    for first in (others, cancelled):
        with pytest.raises(NotOffered):
            book(practice, mondays(2), first=first)
    assert not Series.objects.exists()


# ---- What stands in the way ------------------------------------------------------------------------------------------


def outlook(practice, times, *, by=None, **fields):
    return Outlook(
        terms_of(practice, **fields), times, by=by or practice.desk, now=NOW, clinic=ClinicSettings.current()
    )


def test_each_clash_is_named(practice, nine):
    colleague = practice.another()
    room = make.room(location=practice.location)
    free, busy, patients, away, rooms = mondays(5)
    make.appointment(psychologist=practice.psychologist, service=practice.service, starts_at=busy)
    make.appointment(patient=practice.patient, starts_at=patients)
    make.time_slot(psychologist=practice.psychologist, starts_at=away)
    make.appointment(psychologist=colleague, room=room, location=practice.location, starts_at=rooms)
    early = free - 3 * HOUR
    asked = [free, busy, patients, away, rooms, early]
    found = outlook(practice, asked)
    assert [found.clash(at) for at in asked] == [
        None,
        Clash.PSYCHOLOGIST,
        Clash.PATIENT,
        Clash.AWAY,
        Clash.ROOM,
        Clash.HOURS,
    ]
    assert found.clash(early, outside_hours=True) is None
    assert found.clash(busy, outside_hours=True) is Clash.PSYCHOLOGIST
    assert found.clash(free, beside=[free + timedelta(minutes=30)]) is Clash.SERIES
    # Other people's holds and rooms elsewhere stand in nobody's way here.
    make.appointment(starts_at=free)
    assert outlook(practice, asked).clash(free) is None


def test_a_public_holiday_and_a_closed_day_are_told_apart(practice):
    # The King's Birthday in Victoria.
    Location.objects.update(works_on_holidays=False)
    holiday = MONDAY_NINE
    closed = MONDAY_NINE + WEEK
    Closure.objects.create(
        first_day=closed.date() + timedelta(days=1), last_day=closed.date() + timedelta(days=1), label="Stocktaking"
    )
    found = outlook(practice, [holiday, closed])
    assert (found.clash(holiday), found.clash(closed)) == (Clash.HOLIDAY, Clash.CLOSED)


def test_every_reason_is_named_the_weightiest_first(practice):
    Location.objects.update(works_on_holidays=False)
    holiday = MONDAY_NINE
    early = MONDAY_NINE + WEEK - 3 * HOUR
    between = MONDAY_NINE + 2 * WEEK + timedelta(minutes=1)
    found = outlook(practice, [holiday, holiday - 3 * HOUR, early, between])
    assert found.clashes(holiday) == [Clash.HOLIDAY]
    assert found.clashes(holiday - 3 * HOUR) == [Clash.HOLIDAY, Clash.HOURS]
    assert found.clashes(holiday, outside_hours=True) == []
    assert found.clashes(between) == [Clash.HOURS]
    make.appointment(psychologist=practice.psychologist, service=practice.service, starts_at=early)
    make.time_slot(psychologist=practice.psychologist, starts_at=early)
    make.busy_elsewhere(psychologist=practice.psychologist, starts_at=early, added_at=NOW, read_at=NOW)
    found = outlook(practice, [holiday, early])
    assert found.clashes(early) == [Clash.PSYCHOLOGIST, Clash.AWAY, Clash.HOURS, Clash.ELSEWHERE]
    assert found.clash(early) is Clash.PSYCHOLOGIST
    assert found.clashes(early, outside_hours=True) == [Clash.PSYCHOLOGIST]


def test_extra_hours_are_hours(practice):
    early = MONDAY_NINE + WEEK - 3 * HOUR
    make.time_slot(
        psychologist=practice.psychologist,
        location=practice.location,
        kind="extra",
        starts_at=early,
        minutes=120,
    )
    make.time_slot(psychologist=practice.psychologist, starts_at=early)
    assert outlook(practice, [early]).clashes(early) == [Clash.AWAY]


def test_notice_and_horizon_are_the_patients_alone(practice):
    soon, far = NOW + timedelta(hours=11), MONDAY_NINE + 52 * WEEK
    online = outlook(practice, [soon, far], by=practice.online)
    assert (online.clash(soon), online.clash(far)) == (Clash.NOTICE, Clash.HORIZON)
    assert outlook(practice, [soon, far]).clash(far) is None


def test_the_nearest_free_time_is_free_for_both(practice, nine):
    make.appointment(psychologist=practice.psychologist, service=practice.service, starts_at=nine)
    make.appointment(patient=practice.patient, starts_at=nine + HOUR, service=practice.service)
    found = outlook(practice, [nine])
    assert found.nearest(nine) == nine + 2 * HOUR
    assert found.nearest(nine, beside=[nine + 2 * HOUR]) == nine + 3 * HOUR
    make.time_slot(psychologist=practice.psychologist, starts_at=nine - timedelta(days=4), minutes=9 * 24 * 60)
    assert outlook(practice, [nine]).nearest(nine) is None


def test_the_nearest_free_time_has_a_room_and_no_other_session_of_the_series(practice, nine):
    room, colleague = make.room(location=practice.location), practice.another()
    for at in (nine, nine + HOUR):
        make.appointment(psychologist=colleague, location=practice.location, room=room, starts_at=at)
    asked = [nine, nine + WEEK]
    found = outlook(practice, asked)
    assert [found.clash(at) for at in asked] == [Clash.ROOM, None]
    assert found.nearest(nine) == nine + 2 * HOUR
    # Only what stands near the times that can't be had was looked at: this one can, but for another of the series.
    make.appointment(patient=practice.patient, starts_at=nine + WEEK + HOUR)
    assert found.clashes(nine + WEEK, beside=[nine + WEEK]) == [Clash.SERIES]
    assert found.nearest(nine + WEEK, beside=[nine + WEEK]) == nine + WEEK + 2 * HOUR


def test_a_time_that_nobody_asked_about_is_not_called_free(practice, nine):
    found = outlook(practice, [nine])
    with pytest.raises(ValueError, match="ask about it first"):
        found.clash(nine + WEEK)
    with pytest.raises(ValueError, match="ask about it first"):
        found.room_at(nine + HOUR)


def rows_of(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return len(cursor.fetchall())


def test_of_what_others_have_in_the_rooms_only_what_may_clash_is_read(practice):
    """Beside half a year of a full house, as many rows as beside an empty one: those at the times themselves."""
    room, colleague = make.room(location=practice.location), practice.another()
    asked = mondays(26)
    for at in asked[1:]:
        for hours in (2, 4, 26, 28):
            make.appointment(
                psychologist=colleague,
                location=practice.location,
                room=room,
                service=practice.service,
                starts_at=at + hours * HOUR,
            )
    make.appointment(
        psychologist=colleague, location=practice.location, room=room, service=practice.service, starts_at=asked[0]
    )
    with one_stamp():
        # What a process keeps is read now.
        outlook(practice, asked)
        with CaptureQueriesContext(connection) as run:
            found = outlook(practice, asked)
            assert [at for at in asked if found.clash(at)] == asked[:1]
        assert len(run) == 3
        assert rows_of(run.captured_queries[-1]["sql"]) == 1
        with CaptureQueriesContext(connection) as run:
            assert found.nearest(asked[0]) == asked[0] + HOUR
            assert found.nearest(asked[0]) == asked[0] + HOUR
        assert len(run) == 1


def test_a_hold_that_ran_out_is_in_nobodys_way(practice, nine):
    make.hold(
        psychologist=practice.psychologist,
        service=practice.service,
        starts_at=nine,
        held_until=NOW - timedelta(minutes=1),
    )
    assert len(book(practice, mondays(2))) == 2
    assert not Appointment.objects.holds().exists()


def test_one_taken_time_leaves_all_of_them_unbooked_and_says_which(practice):
    first, second, third = mondays(3)
    make.appointment(psychologist=practice.psychologist, service=practice.service, starts_at=second)
    before = Entry.objects.count()
    with pytest.raises(SeriesTaken) as refused:
        book(practice, [first, second, third])
    assert refused.value.clashes == {second: Clash.PSYCHOLOGIST}
    assert (Appointment.objects.count(), Series.objects.count(), Entry.objects.count()) == (1, 0, before)


def test_a_series_does_not_overlap_itself(practice, nine):
    with pytest.raises(SeriesTaken) as refused:
        book(practice, [nine, nine + timedelta(minutes=30)])
    assert set(refused.value.clashes.values()) == {Clash.SERIES}


def test_outside_the_hours_only_where_staff_say_so(practice, nine):
    early = nine - 3 * HOUR
    with pytest.raises(SeriesTaken):
        book(practice, [early, nine])
    with pytest.raises(SeriesTaken):
        book(practice, [Wish(early, early, True), Wish(nine, nine)], by=practice.online)
    assert len(book(practice, [Wish(early, early, True), Wish(nine, nine)])) == 2


# ---- What a patient may --------------------------------------------------------------------------------------------


def test_a_patient_books_no_more_than_they_may_have_ahead(practice):
    practice.clinic = make.clinic(max_open_bookings=3)
    make.appointment(patient=practice.patient, starts_at=MONDAY_NINE + 3 * HOUR)
    with pytest.raises(TooManyBookings):
        book(practice, mondays(3), by=practice.online)
    assert len(book(practice, mondays(2), by=practice.online)) == 2


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("first_visit_only", {"first_visit_only": True}),
        ("service", {"online": False}),
        ("on_request", {"how_booked": "on_request"}),
    ],
)
def test_a_patient_repeats_only_what_they_may_book(practice, reason, change):
    type(practice.service).objects.filter(pk=practice.service.pk).update(**change)
    practice.service.refresh_from_db()
    # They have been here.
    make.appointment(patient=practice.patient, starts_at=NOW - WEEK, status=Status.COMPLETED)
    with pytest.raises(NotOffered) as refused:
        book(practice, mondays(2), by=practice.online)
    assert refused.value.reason == reason


# ---- What the database holds -----------------------------------------------------------------------------------------


def refused(change):
    with pytest.raises(IntegrityError), transaction.atomic():
        change()


def test_a_series_is_of_one_patient_and_counts_right(practice):
    booked = book(practice, mondays(2))
    one, series = Appointment.objects.filter(pk=booked[0].pk), Series.objects.filter(pk=booked[0].series_id)
    refused(lambda: one.update(position=2))
    refused(lambda: one.update(position=3))
    refused(lambda: one.update(position=0))
    refused(lambda: one.update(planned_at=None))
    refused(lambda: one.update(series=None))
    refused(lambda: one.update(patient=make.patient()))
    refused(lambda: series.update(sessions=1))
    refused(lambda: series.update(patient=make.patient()))
    refused(lambda: series.update(interval=0))
    refused(lambda: series.update(every="days"))
    other = make.appointment()
    refused(
        lambda: Appointment.objects.filter(pk=other.pk).update(
            series=booked[0].series, position=1, planned_at=other.starts_at
        )
    )
    assert series.update(sessions=3) == 1
    assert one.update(position=3) == 1
