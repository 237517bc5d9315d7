"""Hours that open are offered to those who wait: after a while, one session after the other, and without a storm."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from portal.appointments import opened
from portal.appointments.actions import Shift, outside
from portal.appointments.models import Offer, OutsideCalendar, TimeSlot, Vacancy, Weekday, WorkingHours
from portal.appointments.openings import Span
from portal.appointments.outside.fetching import Fetched
from portal.appointments.outside.reading import Busy
from portal.clinic.models import FreedTimes
from portal.journeys import booking, closing, time_away, weekly
from portal.journeys.waitlist import answering, offered
from portal.journeys.waitlist.offered import BY_LINK
from tests import make
from tests.journeys.waitlist.conftest import DAY, HOUR, NOW, Waiting, mailed

MINUTE = timedelta(minutes=1)
SETTLED = NOW + 10 * MINUTE
# The Friday after, from nine to five in Melbourne.
FRIDAY_NINE = datetime(2026, 6, 4, 23, 0, tzinfo=UTC)
FRIDAY = Span(FRIDAY_NINE, FRIDAY_NINE + 8 * HOUR)


def opened_hours():
    rows = Vacancy.objects.filter(of_hours=True).order_by("starts_at", "pk")
    return [Span(*span) for span in rows.values_list("starts_at", "ends_at")]


def leave(practice, starts_at=FRIDAY_NINE - HOUR, ends_at=FRIDAY_NINE + 12 * HOUR):
    return time_away.add_time_slot(
        psychologist=practice.psychologist,
        kind=TimeSlot.Kind.BLOCKED,
        starts_at=starts_at,
        ends_at=ends_at,
        by=practice.desk,
        now=NOW,
    )


def take_back(practice, slot, now=NOW):
    time_away.remove_time_slot(time_slot=slot, by=practice.desk, now=now)


def accept(offer, now):
    asked = Offer.objects.for_listing().get(pk=offer.pk)
    shown = booking.as_shown(offered.session_of(asked), clinic=make.clinic())
    return answering.accept(offer=asked, instead_of=None, shown=shown, by=BY_LINK, now=now)


def test_leave_that_is_taken_back_is_offered_session_by_session(practice):
    first, second = practice.waits(), practice.waits()
    take_back(practice, leave(practice))
    # In their hours alone, however long the leave was.
    assert opened_hours() == [FRIDAY]
    assert (practice.turn(SETTLED - MINUTE), mailed()) == ([], [])
    (offer,) = practice.turn(SETTLED)
    assert (offer.entry, offer.starts_at) == (first, FRIDAY_NINE)
    # One after the other: nobody else is asked meanwhile.
    assert practice.turn(SETTLED + MINUTE) == []
    accept(offer, SETTLED + MINUTE)
    (following,) = practice.turn(SETTLED + MINUTE)
    assert (following.entry, following.starts_at) == (second, FRIDAY_NINE + HOUR)
    accept(following, SETTLED + 2 * MINUTE)
    assert practice.turn(SETTLED + 2 * MINUTE) == []
    assert not Vacancy.objects.still_open().exists()
    assert set(Vacancy.objects.values_list("closed_why", flat=True)) == {"filled", "nobody"}
    assert len(mailed()) == 2


def test_nobody_is_written_to_about_leave_that_is_added_again(practice):
    practice.waits()
    take_back(practice, leave(practice))
    leave(practice)
    assert practice.turn(SETTLED) == []
    assert ([vacancy.closed_why for vacancy in Vacancy.objects.all()], mailed()) == (["nobody"], [])


def test_what_is_left_of_leave_stays_closed(practice):
    practice.waits()
    take_back(practice, leave(practice))
    leave(practice, FRIDAY_NINE, FRIDAY_NINE + 3 * HOUR)
    (offer,) = practice.turn(SETTLED)
    assert offer.starts_at == FRIDAY_NINE + 3 * HOUR


def test_whoever_declines_is_asked_about_no_other_session_of_the_same_hours(practice):
    practice.waits()
    take_back(practice, leave(practice))
    (offer,) = practice.turn(SETTLED)
    answering.decline(offer=offer, by=BY_LINK, now=SETTLED)
    assert practice.turn(SETTLED + MINUTE) == []
    assert not Vacancy.objects.still_open().exists()


def test_extra_hours_are_offered(practice):
    practice.waits(weekdays=1 << Weekday.SATURDAY)
    saturday = FRIDAY_NINE + DAY
    time_away.add_time_slot(
        psychologist=practice.psychologist,
        kind=TimeSlot.Kind.EXTRA,
        starts_at=saturday,
        ends_at=saturday + 3 * HOUR,
        location=practice.location,
        by=practice.desk,
        now=NOW,
    )
    assert opened_hours() == [Span(saturday, saturday + 3 * HOUR)]
    (offer,) = practice.turn(SETTLED)
    assert offer.starts_at == saturday


def test_a_closure_that_is_lifted_is_offered_where_it_was(practice):
    elsewhere = make.location()
    make.week(psychologist=make.psychologist(), location=elsewhere)
    practice.waits()
    closure = closing.add_closure(
        location=practice.location,
        first_day=date(2026, 6, 5),
        last_day=date(2026, 6, 5),
        label="Painters",
        by=practice.desk,
        now=NOW,
    )
    closing.remove_closure(closure=closure, by=practice.desk, now=NOW)
    assert opened_hours() == [FRIDAY]
    assert [vacancy.location for vacancy in Vacancy.objects.all()] == [practice.location]
    (offer,) = practice.turn(SETTLED)
    assert offer.starts_at == FRIDAY_NINE


def test_new_weekly_hours_open_what_was_not_worked_before(practice):
    practice.waits(weekdays=1 << Weekday.SATURDAY)
    usual = [Shift.of(row) for row in WorkingHours.objects.filter(psychologist=practice.psychologist)]
    saturday = Shift(Weekday.SATURDAY, time(9), time(12), practice.location)
    weekly.set_weekly_hours(psychologist=practice.psychologist, hours=[*usual, saturday], by=practice.desk, now=NOW)
    begins = [span.start for span in opened_hours()]
    assert begins == [FRIDAY_NINE + DAY + n * 7 * DAY for n in range(8)]
    # One mail, although eight Saturdays are free.
    assert [offer.starts_at for offer in practice.turn(SETTLED)] == begins[:1]
    # Said again, it opens nothing new; cut short, neither.
    weekly.set_weekly_hours(
        psychologist=practice.psychologist, hours=[*usual, saturday._replace(ends=time(11))], by=practice.desk, now=NOW
    )
    assert len(opened_hours()) == 8


def test_what_is_gone_elsewhere_is_offered(practice):
    practice.waits()
    calendar = OutsideCalendar(psychologist=practice.psychologist, added_at=NOW, next_try_at=NOW)
    calendar.address = "https://calendar.example/basic.ics"
    calendar.save()
    until, lunch = FRIDAY_NINE + 8 * HOUR, (FRIDAY_NINE + 3 * HOUR, FRIDAY_NINE + 4 * HOUR)

    def read(*spans):
        return outside._keep(calendar, Fetched(b""), Busy(list(spans), 0), end=NOW + 300 * DAY, now=NOW)

    read((FRIDAY_NINE, until))
    assert opened_hours() == []
    # It shrank to the lunch: what lies on either side can be booked.
    read(lunch)
    assert opened_hours() == [Span(FRIDAY_NINE, lunch[0]), Span(lunch[1], until)]
    Vacancy.objects.all().delete()
    read((lunch[0] - HOUR, lunch[1]))
    assert opened_hours() == []


def test_where_nobody_waits_or_the_desk_offers_no_row_is_written(practice):
    take_back(practice, leave(practice))
    assert opened_hours() == []
    practice.waits()
    make.clinic(freed_times=FreedTimes.BY_DESK)
    take_back(practice, leave(practice))
    assert opened_hours() == []


def test_all_are_asked_at_once_where_the_clinic_says_so_and_the_rest_is_offered_on(db):
    practice = Waiting(freed_times=FreedTimes.AT_ONCE)
    first, second = practice.waits(), practice.waits()
    take_back(practice, leave(practice))
    asked = practice.turn(SETTLED)
    assert [(offer.entry, offer.starts_at) for offer in asked] == [(first, FRIDAY_NINE), (second, FRIDAY_NINE)]
    accept(asked[1], SETTLED)
    (again,) = practice.turn(SETTLED + MINUTE)
    assert (again.entry, again.starts_at) == (first, FRIDAY_NINE + HOUR)


def test_nobody_is_asked_more_than_three_times_a_day(practice):
    entry = practice.waits()
    sessions = [practice.session(FRIDAY_NINE + n * HOUR) for n in range(5)]
    for n, session in enumerate(sessions):
        practice.cancel(session, now=NOW + n * MINUTE)
        for offer in practice.turn(NOW + n * MINUTE):
            answering.decline(offer=offer, by=BY_LINK, now=NOW + n * MINUTE)
    assert [offer.starts_at for offer in Offer.objects.order_by("pk")] == [FRIDAY_NINE + n * HOUR for n in range(3)]
    # What is left waits for them until tomorrow.
    (offer,) = practice.turn(NOW + DAY + MINUTE)
    assert (offer.entry, offer.starts_at) == (entry, FRIDAY_NINE + 3 * HOUR)


@pytest.mark.parametrize(
    ("holes", "left"),
    [
        ([], [(0, 10)]),
        ([(0, 10)], []),
        ([(-5, 20)], []),
        ([(3, 5)], [(0, 3), (5, 10)]),
        ([(3, 5), (5, 7)], [(0, 3), (7, 10)]),
        ([(0, 4), (9, 12)], [(4, 9)]),
        ([(10, 12)], [(0, 10)]),
    ],
)
def test_without_takes_out_what_is_taken(holes, left):
    def spans(pairs):
        return [Span(NOW + a * HOUR, NOW + b * HOUR) for a, b in pairs]

    assert opened.without(spans([(0, 10)]), spans(holes)) == spans(left)
