"""The database itself keeps sessions apart: every rule, written past our own code, by raw SQL, on insert and update."""

import uuid
from datetime import date, time, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from portal.appointments.answers import DeclineReason
from portal.appointments.models import Appointment, Status, TimeSlot, WorkingHours
from portal.appointments.states import LIVE
from tests import make

pytestmark = pytest.mark.django_db
ON_SQLITE = connection.vendor == "sqlite"
TABLE = Appointment._meta.db_table
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def copied(row, **changes):
    """Inserts a copy of a row with changes, by raw SQL; gives the copy's code."""
    code = uuid.uuid4()
    values = {f.column: getattr(row, f.attname) for f in Appointment._meta.concrete_fields if f.name != "id"}
    values |= changes | {"code": code.hex if ON_SQLITE else code}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))})",
            [raw(value) for value in values.values()],
        )
    return code


def changed(row, **changes):
    """Updates a row by raw SQL."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {TABLE} SET {', '.join(f'{name} = %s' for name in changes)} WHERE id = %s",
            [*(raw(value) for value in changes.values()), row.pk],
        )


def raw(value):
    return f"{value:%Y-%m-%d %H:%M:%S}" if ON_SQLITE and hasattr(value, "tzinfo") else value


def refused(name):
    return pytest.raises(IntegrityError, match=name)


def someone_else(whose):
    """Values that give a copy its own psychologist, patient and room, but for `whose`."""
    others = {
        "psychologist_id": make.psychologist().pk,
        "patient_id": make.patient().pk,
        "room_id": make.room().pk,
    }
    del others[f"{whose}_id"]
    return others


def stamps(row, status):
    """What a row of this status must have beside it."""
    match status:
        case Status.HELD:
            return {"held_until": row.ends_at}
        case Status.REQUESTED:
            return {"requested_at": row.starts_at, "answer_by": row.starts_at}
        case Status.DECLINED:
            return {"declined_at": row.starts_at, "decline_reason": DeclineReason.values[0]}
        case Status.COMPLETED:
            return {"completed_at": row.ends_at}
        case Status.CANCELLED:
            return {"cancelled_at": row.ends_at}
    return {}


@pytest.fixture
def row(nine):
    """Ten to eleven, with a quarter of an hour kept free on either side, in a room."""
    service = make.service(minutes=60, buffer_before=15, buffer_after=15)
    return make.appointment(service=service, room=make.room(), starts_at=nine + HOUR)


def moved(row, by, **more):
    return {
        name: getattr(row, name) + by for name in ("starts_at", "ends_at", "occupied_from", "occupied_until")
    } | more


# The buffers are the psychologist's and the room's; the patient's time is the session.
OVERLAPS = [
    ("psychologist", 0),
    ("psychologist", 89),
    ("psychologist", -89),
    ("room", 0),
    ("room", 89),
    ("room", -89),
    ("patient", 0),
    ("patient", 59),
    ("patient", -59),
]
TOUCHES = [("psychologist", 90), ("psychologist", -90), ("room", 90), ("room", -90), ("patient", 60), ("patient", -60)]


@pytest.mark.parametrize(("whose", "minutes"), OVERLAPS)
def test_raw_insert_that_overlaps(row, whose, minutes):
    with refused(f"appointment_{whose}_no_overlap"):
        copied(row, **moved(row, minutes * MINUTE), **someone_else(whose))
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize(("whose", "minutes"), TOUCHES)
def test_raw_insert_that_touches_is_taken(row, whose, minutes):
    copied(row, **moved(row, minutes * MINUTE), **someone_else(whose))
    assert Appointment.objects.count() == 2


@pytest.mark.parametrize(("whose", "minutes"), OVERLAPS)
def test_raw_update_that_overlaps(row, whose, minutes):
    code = copied(row, **moved(row, DAY), **someone_else(whose))
    other = Appointment.objects.get(code=code)
    with refused(f"appointment_{whose}_no_overlap"):
        changed(other, **moved(row, minutes * MINUTE))
    other.refresh_from_db()
    assert other.starts_at == row.starts_at + DAY


@pytest.mark.parametrize("way", ["INSERT", "INSERT OR IGNORE", "INSERT OR REPLACE"] if ON_SQLITE else ["INSERT"])
def test_no_way_of_inserting_goes_round(row, way):
    """REPLACE and IGNORE change what SQLite does about a broken constraint, but not what a trigger says."""
    copy = Appointment.objects.get()
    copy.pk, copy.code, copy.patient, copy.room = None, uuid.uuid4(), make.patient(), None
    values = {f.column: f.get_db_prep_save(getattr(copy, f.attname), connection) for f in copy._meta.concrete_fields}
    del values["id"]
    with refused("appointment_psychologist_no_overlap"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"{way} INTO {TABLE} ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))})", [*values.values()]
        )
    assert list(Appointment.objects.all()) == [row]


def test_one_statement_cannot_bring_two_rows_together(row):
    other = Appointment.objects.get(code=copied(row, **moved(row, DAY), **someone_else("psychologist")))
    with refused("appointment_psychologist_no_overlap"), transaction.atomic():
        Appointment.objects.update(**moved(row, 2 * DAY))
    with refused("appointment_psychologist_no_overlap"), transaction.atomic():
        Appointment.objects.bulk_create(
            [
                Appointment(
                    psychologist=row.psychologist,
                    patient=make.patient(),
                    service=row.service,
                    location=row.location,
                    status=Status.BOOKED,
                    fee=0,
                    **moved(row, 5 * DAY + n * MINUTE),
                )
                for n in range(2)
            ]
        )
    assert set(Appointment.objects.values_list("starts_at", flat=True)) == {row.starts_at, other.starts_at}


@pytest.mark.parametrize("whose", ["psychologist", "patient", "room"])
def test_raw_update_of_whose_it_is(row, whose):
    code = copied(row, **someone_else(whose), **{f"{whose}_id": getattr(make, whose)().pk})
    with refused(f"appointment_{whose}_no_overlap"):
        changed(Appointment.objects.get(code=code), **{f"{whose}_id": getattr(row, f"{whose}_id")})


@pytest.mark.parametrize("whose", ["psychologist", "patient", "room"])
@pytest.mark.parametrize("status", LIVE)
def test_raw_update_that_brings_a_session_back_to_life(row, whose, status):
    code = copied(
        row, status=Status.CANCELLED, cancelled_at=timezone.now().replace(microsecond=0), **someone_else(whose)
    )
    with refused(f"appointment_{whose}_no_overlap"):
        changed(Appointment.objects.get(code=code), status=status, cancelled_at=None, **stamps(row, status))


@pytest.mark.parametrize("status", LIVE)
def test_every_live_state_keeps_its_time(row, status):
    changed(row, status=status, **stamps(row, status))
    with refused("appointment_psychologist_no_overlap"):
        copied(row, **someone_else("psychologist"))


@pytest.mark.parametrize("status", [status for status in Status if status not in LIVE])
def test_no_other_state_does(row, status):
    changed(row, status=status, **stamps(row, status))
    copied(row, status=Status.BOOKED)
    assert Appointment.objects.filter(psychologist=row.psychologist).count() == 2


def test_a_row_may_change_in_its_own_time(row):
    changed(row, **moved(row, MINUTE))
    changed(row, status=Status.ARRIVED, psychologist_id=row.psychologist_id)
    row.refresh_from_db()
    assert row.status == Status.ARRIVED


def test_holds_without_a_patient_do_not_share_one(row):
    for _ in range(2):
        make.hold(starts_at=row.starts_at)
    assert Appointment.objects.filter(patient=None).count() == 2


def test_a_session_that_contains_another_or_is_contained(row):
    for by, longer in ((-HOUR, 2 * HOUR), (20 * MINUTE, -40 * MINUTE)):
        span = moved(row, by)
        span |= {"ends_at": span["ends_at"] + longer, "occupied_until": span["occupied_until"] + longer}
        with refused("appointment_psychologist_no_overlap"):
            copied(row, **span, **someone_else("psychologist"))


@pytest.mark.parametrize("column", ["starts_at", "ends_at", "occupied_from", "occupied_until"])
@pytest.mark.parametrize("by", [timedelta(seconds=30), timedelta(microseconds=1)])
def test_times_are_whole_minutes(row, column, by):
    value = getattr(row, column) + (by if column in {"occupied_until", "ends_at"} else -by)
    if ON_SQLITE:
        value = f"{value:%Y-%m-%d %H:%M:%S.%f}"
    with refused("appointment_on_whole_minutes"):
        changed(row, **{column: value})
    with refused("appointment_on_whole_minutes"):
        copied(row, **{column: value})


@pytest.mark.skipif(not ON_SQLITE, reason="PostgreSQL compares moments, not text")
@pytest.mark.parametrize(
    "text",
    [
        "2026-06-08T00:00:00",  # a T sorts after every space
        "2026-06-08 00:00",
        "2026-06-08 00:00:00Z",
        "2026-06-08 00:00:00+00:00",
        "2026-06-08 10:00:00+10:00",
        "2026-06-08 00:00:00.000000",
        "2026-6-8 00:00:00",
        " 2026-06-08 00:00:00",
        "2026-02-31 00:00:00",
        "2026-06-08 24:00:00",
        "",
        2461199.5,
        1780876800,
    ],
)
@pytest.mark.parametrize("column", ["starts_at", "ends_at", "occupied_from", "occupied_until"])
def test_sqlite_takes_no_other_text_for_a_time(row, column, text):
    # Not live, so that no other rule refuses it first.
    changed(row, status=Status.NO_SHOW)
    # Some of these are also further than a day away, and SQLite asks its triggers in whatever order it likes.
    rule = "appointment_(on_whole_minutes|within_a_day)"
    with refused(rule):
        changed(row, **{column: text})
    with refused(rule):
        copied(row, **{column: text})


def test_a_session_takes_a_day_at_most(row):
    longest = {"starts_at": row.starts_at, "occupied_from": row.starts_at}
    for end, fits in ((DAY, True), (DAY + MINUTE, False)):
        span = longest | {"ends_at": row.starts_at + end, "occupied_until": row.starts_at + end}
        if fits:
            changed(row, **span)
        else:
            with refused("appointment_within_a_day"):
                changed(row, **span)


def test_the_longest_session_is_still_seen_by_its_neighbour(row):
    """The search for overlaps looks back one day: as far as the longest session reaches."""
    start = row.starts_at
    span = {"starts_at": start, "occupied_from": start, "ends_at": start + DAY, "occupied_until": start + DAY}
    changed(row, **span)
    late = {"starts_at": start + DAY - MINUTE, "occupied_from": start + DAY - MINUTE}
    late |= {"ends_at": start + DAY + HOUR, "occupied_until": start + DAY + HOUR}
    with refused("appointment_psychologist_no_overlap"):
        copied(row, **late, **someone_else("psychologist"))
    copied(row, **{k: v + MINUTE for k, v in late.items()})


def test_hours_of_one_weekday_do_not_overlap():
    hours = make.hours(starts="09:00", ends="12:00")
    mine = {"psychologist": hours.psychologist, "location": hours.location}
    for starts, ends in (("08:00", "09:01"), ("11:59", "13:00"), ("10:00", "11:00"), ("08:00", "13:00")):
        with refused("hours_no_overlap"), transaction.atomic():
            make.hours(**mine, starts=starts, ends=ends)
    afternoon = make.hours(**mine, starts="12:00", ends="17:00")
    make.hours(**mine, starts="08:30", ends="12:00", weekday=1)
    make.hours(starts="09:00", ends="12:00")
    with refused("hours_no_overlap"), transaction.atomic():
        WorkingHours.objects.filter(pk=afternoon.pk).update(starts=time(11, 59))
    with refused("hours_no_overlap"), transaction.atomic():
        WorkingHours.objects.filter(psychologist=hours.psychologist, weekday=1).update(weekday=0)
    WorkingHours.objects.filter(pk=afternoon.pk).update(starts=time(12, 30))


@pytest.mark.django_db
def test_hours_until_midnight_overlap_what_they_reach():
    late = make.hours(starts="18:00", ends="00:00")
    mine = {"psychologist": late.psychologist, "location": late.location}
    for starts, ends in (("17:00", "19:00"), ("23:00", "23:30"), ("20:00", "00:00"), ("00:00", "00:00")):
        with refused("hours_no_overlap"), transaction.atomic():
            make.hours(**mine, starts=starts, ends=ends)
    make.hours(**mine, starts="00:00", ends="06:00")
    make.hours(**mine, starts="12:00", ends="18:00")
    make.hours(**mine, starts="18:00", ends="00:00", weekday=1)
    with refused("hours_end_after_start"), transaction.atomic():
        make.hours(**mine, starts="18:00", ends="17:00", weekday=2)


MAY, JUNE, JULY = (date(2026, month, 1) for month in (5, 6, 7))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("one", "other", "is_apart"),
    [
        ((None, MAY), (JUNE, None), True),
        ((None, MAY), (MAY, None), False),
        ((MAY, JUNE), (JUNE, JULY), False),
        ((MAY, MAY), (JUNE, JUNE), True),
        ((None, None), (JUNE, JUNE), False),
        ((MAY, None), (None, JUNE), False),
        ((JUNE, None), (None, MAY), True),
        ((MAY, JULY), (JUNE, JUNE), False),
    ],
)
def test_hours_overlap_only_on_days_on_which_both_are_valid(one, other, is_apart):
    first = make.hours(starts="09:00", ends="12:00", valid_from=one[0], valid_until=one[1])
    mine = {"psychologist": first.psychologist, "location": first.location, "starts": "09:00", "ends": "10:00"}
    validity = {"valid_from": other[0], "valid_until": other[1]}
    elsewhere = make.hours(**mine, weekday=1, **validity)
    if is_apart:
        make.hours(**mine, **validity)
        return
    with refused("hours_no_overlap"), transaction.atomic():
        make.hours(**mine, **validity)
    with refused("hours_no_overlap"), transaction.atomic():
        WorkingHours.objects.filter(pk=elsewhere.pk).update(weekday=0)


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"valid_until": JUNE}, {"valid_until": None}])
def test_hours_do_not_come_to_overlap_by_their_days(change):
    may = make.hours(valid_until=MAY)
    make.hours(psychologist=may.psychologist, location=may.location, valid_from=JUNE)
    with refused("hours_no_overlap"), transaction.atomic():
        WorkingHours.objects.filter(pk=may.pk).update(**change)


@pytest.mark.skipif(not ON_SQLITE, reason="PostgreSQL takes nothing for a day that is none")
@pytest.mark.django_db
@pytest.mark.parametrize("day", ["2026-02-31", "2026-6-1", "2026-06-01 00:00:00", "someday"])
def test_hours_are_valid_on_days_of_the_calendar(day):
    hours = make.hours()
    with refused("hours_valid_on_days"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE appointments_workinghours SET valid_from = %s WHERE id = %s", [day, hours.pk])


@pytest.mark.parametrize("change", [{"starts": time(9, 0, 1)}, {"ends": time(12, 0, 0, 1)}])
def test_hours_are_on_whole_minutes(change):
    hours = make.hours(starts="09:00", ends="12:00")
    with refused("hours_on_whole_minutes"), transaction.atomic():
        WorkingHours.objects.filter(pk=hours.pk).update(**change)


def broken(name, model, **change):
    return pytest.param(name, model, change, id=name)


@pytest.mark.parametrize(
    ("name", "model", "change"),
    [
        broken("appointment_ends_after_start", Appointment, ends_at="starts_at"),
        broken("appointment_occupies_its_session", Appointment, occupied_from="ends_at"),
        broken("appointment_status_is_known", Appointment, status="maybe"),
        broken("appointment_held_until_iff_held", Appointment, status="held"),
        broken("appointment_has_a_patient", Appointment, patient=None),
        broken("appointment_cancelled_at_iff_cancelled", Appointment, status="cancelled"),
        broken("appointment_completed_at_iff_completed", Appointment, status="completed"),
        broken("appointment_late_only_if_cancelled", Appointment, late=True),
        broken("appointment_fee_not_negative", Appointment, fee="-0.01"),
        broken("hours_end_after_start", WorkingHours, ends=time(9)),
        broken("hours_have_a_weekday", WorkingHours, weekday=7),
        broken("hours_valid_in_order", WorkingHours, valid_from=JULY, valid_until=JUNE),
        broken("time_slot_ends_after_start", TimeSlot, ends_at="starts_at"),
        broken("time_slot_extra_has_a_location", TimeSlot, kind="extra"),
    ],
)
def test_each_check_of_a_row(name, model, change, row):
    one = {Appointment: row, WorkingHours: make.hours(), TimeSlot: make.time_slot()}
    values = {
        column: getattr(one[model], value) if value in ("starts_at", "ends_at") else value
        for column, value in change.items()
    }
    with refused(name), transaction.atomic():
        model.objects.filter(pk=one[model].pk).update(**values)


def test_hours_that_begin_at_once_overlap():
    hours = make.hours()
    with refused("hours_no_overlap"), transaction.atomic():
        WorkingHours.objects.bulk_create(
            [
                WorkingHours(
                    psychologist=hours.psychologist,
                    location=hours.location,
                    weekday=hours.weekday,
                    starts=time(9),
                    ends=time(10),
                )
            ]
        )


@pytest.mark.skipif(not ON_SQLITE, reason="PostgreSQL's exclusion constraints are indexes themselves")
@pytest.mark.parametrize(
    ("whose", "index", "start"),
    [
        ("psychologist_id", "appointment_of_psychologist", "occupied_from"),
        ("patient_id", "appointment_of_patient", "starts_at"),
        ("room_id", "appointment_in_room", "occupied_from"),
    ],
)
def test_the_triggers_search_is_bounded_by_an_index(whose, index, start):
    with connection.cursor() as cursor:
        cursor.execute(
            f"EXPLAIN QUERY PLAN SELECT 1 FROM {TABLE} AS other WHERE other.{whose} = 1 "
            f"AND other.{start} < '2026-06-08 01:00:00' AND other.{start} > datetime('2026-06-08 00:00:00', '-1 day')"
        )
        plan = " ".join(str(column) for line in cursor.fetchall() for column in line)
    assert f"{index} ({whose}=? AND {start}>? AND {start}<?)" in plan
