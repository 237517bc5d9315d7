"""Weekly hours and exceptions to them."""

from datetime import date, time, timedelta

import pytest

from portal.accounts.roles import Role
from portal.appointments.actions import Shift, add_time_slot, remove_time_slot, set_weekly_hours
from portal.appointments.models import Appointment, TimeSlot, WorkingHours
from portal.appointments.refusals import BadTimes, HoursOverlap
from portal.audit.models import Entry
from portal.clinic.models import Mode
from portal.common.access.actors import Actor
from tests import make

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def shift(location, weekday=0, starts="09:00", ends="12:00"):
    return Shift(weekday, time.fromisoformat(starts), time.fromisoformat(ends), location)


def test_hours_become_the_whole_week_and_unchanged_windows_keep_their_rows(practice, now):
    kept = practice.psychologist.hours.get(weekday=2)
    wanted = [
        Shift(2, kept.starts, kept.ends, practice.location),
        shift(practice.location, 0, "13:00", "17:00"),
        shift(practice.location, 0, "09:00", "12:00"),
    ]
    rows = set_weekly_hours(psychologist=practice.psychologist, hours=wanted, by=practice.desk, now=now)
    assert rows == list(WorkingHours.objects.filter(psychologist=practice.psychologist))
    assert [(r.weekday, r.starts.hour, r.ends.hour) for r in rows] == [(0, 9, 12), (0, 13, 17), (2, 9, 17)]
    assert rows[2] == kept
    entry = Entry.objects.get()
    assert (entry.verb, entry.facts) == ("hours.changed", {"windows": 3})
    assert set_weekly_hours(psychologist=practice.psychologist, hours=[], by=practice.desk, now=now) == []


def test_hours_may_be_swapped_and_may_touch(practice, now):
    """New windows go in only when the old ones are gone, or the database would see them overlap for a moment."""
    other = make.location()
    for hours in (
        [shift(practice.location, 0, "09:00", "12:00"), shift(other, 0, "12:00", "15:00")],
        [shift(other, 0, "09:00", "12:00"), shift(practice.location, 0, "12:00", "15:00")],
    ):
        rows = set_weekly_hours(psychologist=practice.psychologist, hours=hours, by=practice.desk, now=now)
        assert [row.location for row in rows] == [s.location for s in hours]


def test_hours_of_different_seasons_and_ways_stand_side_by_side(practice, now):
    until, since = date(2026, 12, 31), date(2027, 1, 1)
    nine = shift(practice.location, 4)
    wanted = [
        nine._replace(valid_until=until),
        nine._replace(modes=frozenset({Mode.VIDEO}), valid_from=since),
    ]
    rows = set_weekly_hours(psychologist=practice.psychologist, hours=wanted, by=practice.desk, now=now)
    assert [(row.modes, row.valid_from, row.valid_until) for row in rows] == [
        ([], None, until),
        ([Mode.VIDEO], since, None),
    ]
    # As they are, they are kept; what is said of one makes it another.
    again = [wanted[0], wanted[1]._replace(modes=frozenset({Mode.PHONE}))]
    assert set_weekly_hours(psychologist=practice.psychologist, hours=again, by=practice.desk, now=now)[0] == rows[0]
    assert [row.modes for row in practice.psychologist.hours.order_by("valid_from")] in (
        [[], [Mode.PHONE]],
        [[Mode.PHONE], []],
    )


@pytest.mark.parametrize(
    ("first", "second", "refusal"),
    [
        ((None, None), (date(2027, 1, 1), None), HoursOverlap),
        ((None, date(2027, 1, 1)), (date(2027, 1, 1), None), HoursOverlap),
        ((date(2027, 1, 2), date(2027, 1, 1)), (None, date(2026, 1, 1)), BadTimes),
    ],
)
def test_hours_whose_days_make_no_sense_change_nothing(practice, now, first, second, refusal):
    nine = shift(practice.location, 4)
    wanted = [nine._replace(valid_from=one[0], valid_until=one[1]) for one in (first, second)]
    before = list(practice.psychologist.hours.values())
    with pytest.raises(refusal):
        set_weekly_hours(psychologist=practice.psychologist, hours=wanted, by=practice.desk, now=now)
    assert list(practice.psychologist.hours.values()) == before


@pytest.mark.parametrize(
    ("windows", "refusal"),
    [
        ([("09:00", "12:00"), ("11:59", "13:00")], HoursOverlap),
        ([("09:00", "12:00"), ("10:00", "11:00")], HoursOverlap),
        ([("12:00", "09:00")], BadTimes),
        ([("09:00", "09:00")], BadTimes),
        ([("09:00:30", "10:00")], BadTimes),
    ],
)
def test_hours_that_make_no_sense_change_nothing(practice, now, windows, refusal):
    before = set(WorkingHours.objects.values_list("pk", flat=True))
    hours = [shift(practice.location, 0, starts, ends) for starts, ends in windows]
    with pytest.raises(refusal):
        set_weekly_hours(psychologist=practice.psychologist, hours=hours, by=practice.desk, now=now)
    assert set(WorkingHours.objects.values_list("pk", flat=True)) == before
    assert not Entry.objects.exists()


def slot(practice, **fields):
    defaults = {
        "psychologist": practice.psychologist,
        "kind": "blocked",
        "by": practice.desk,
        "now": practice.ask()["now"],
    }
    return add_time_slot(**defaults | fields)


def test_time_away_is_away_everywhere_even_over_a_session(practice, nine):
    booked = make.appointment(psychologist=practice.psychologist, starts_at=nine)
    away = slot(practice, starts_at=nine, ends_at=nine + HOUR, location=practice.location, label="Training")
    assert (away.location, away.label) == (None, "Training")
    assert list(Appointment.objects.live().between(away.starts_at, away.ends_at)) == [booked]
    entry = Entry.objects.get()
    assert entry.verb == "time_slot.added"
    # What somebody calls their absence is nobody else's business.
    assert "Training" not in str(entry.facts)


def test_extra_time_is_worked_somewhere_and_once(practice, nine):
    evening = nine + 10 * HOUR
    with pytest.raises(BadTimes):
        slot(practice, kind="extra", starts_at=evening, ends_at=evening + HOUR)
    slot(practice, kind="extra", starts_at=evening, ends_at=evening + HOUR, location=practice.location)
    with pytest.raises(HoursOverlap):
        slot(practice, kind="extra", starts_at=evening, ends_at=evening + 2 * HOUR, location=practice.location)
    assert slot(practice, kind="extra", starts_at=evening + HOUR, ends_at=evening + 2 * HOUR, location=make.location())


@pytest.mark.parametrize(("start", "end"), [(0, 0), (60, 0), (0, 0.5), (0.5, 60)])
def test_times_that_make_no_sense(practice, nine, start, end):
    with pytest.raises(BadTimes):
        slot(practice, starts_at=nine + timedelta(minutes=start), ends_at=nine + timedelta(minutes=end))
    assert not TimeSlot.objects.exists()


def test_removing_twice_is_removing_once(practice, nine, now):
    away = slot(practice, starts_at=nine, ends_at=nine + HOUR)
    for _ in range(2):
        remove_time_slot(time_slot=away, by=practice.desk, now=now)
    assert not TimeSlot.objects.exists()
    assert list(Entry.objects.order_by("pk").values_list("verb", flat=True)) == [
        "time_slot.added",
        "time_slot.removed",
    ]


def test_who_sees_whose_hours(practice, nine):
    colleague = practice.another()
    make.time_slot(psychologist=practice.psychologist, starts_at=nine)
    own = Actor(user=practice.psychologist.user, role=Role.PSYCHOLOGIST)
    assert set(WorkingHours.objects.visible_to(own)) == set(practice.psychologist.hours.all())
    assert TimeSlot.objects.visible_to(own).count() == 1
    assert TimeSlot.objects.visible_to(Actor(user=colleague.user, role=Role.PSYCHOLOGIST)).count() == 0
    assert WorkingHours.objects.visible_to(practice.desk).count() == 10
    assert not WorkingHours.objects.visible_to(practice.online).exists()
    assert not TimeSlot.objects.visible_to(practice.online).exists()
