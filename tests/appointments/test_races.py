"""Many at once, on real threads and real transactions: one wins, the others are told so, and nobody meets an error.

Both databases run all of it. The threads start together at a barrier and share nothing but the database; they stay for
a whole test, each with its own connection, as the threads of a web server do.
"""

import os
import random
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, connections, transaction

from portal.appointments import actions
from portal.appointments.actions.clashes import Clash, Terms
from portal.appointments.actions.locking import lock_diary
from portal.appointments.actions.repeating import SeriesTaken, Wish
from portal.appointments.models import Appointment, Series, Status
from portal.appointments.recurrence import Every, Pattern
from portal.appointments.refusals import HoldExpired, NotOffered, NotReschedulable, SlotTaken
from portal.appointments.states import LIVE, nothing_known
from portal.audit.models import Entry
from portal.clinic.models import Mode, Psychologist, Room
from portal.common.access.actors import Actor
from portal.journeys import closing, time_away
from portal.patients.models import Patient
from portal.worklist.models import ToDo
from tests import make
from tests.appointments.conftest import MONDAY_NINE, NOW, Practice
from tests.waiting import until_it_waits

pytestmark = pytest.mark.django_db(transaction=True)

VISITOR = Actor.system("online booking")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Crowd:
    """As many threads as are asked for, each with its own connection."""

    def __init__(self):
        self.pool, self.most = ThreadPoolExecutor(64), 0

    def __call__(self, calls):
        """Runs every call in a thread of its own, all let go together; gives what each returned or raised."""
        barrier = threading.Barrier(len(calls))
        self.most = max(self.most, len(calls))

        def run(call):
            connection.ensure_connection()
            barrier.wait(timeout=30)
            try:
                return call()
            except Exception as problem:
                return problem

        return [future.result(timeout=60) for future in [self.pool.submit(run, call) for call in calls]]

    def leave(self):
        barrier = threading.Barrier(self.most)

        def close():
            barrier.wait(timeout=30)
            connections.close_all()

        for future in [self.pool.submit(close) for _ in range(self.most)]:
            future.result(timeout=60)
        self.pool.shutdown()


@pytest.fixture
def at_once():
    crowd = Crowd()
    yield crowd
    crowd.leave()


def outcomes(results):
    """How many won, and who was refused how; anything that is not a refusal of ours comes up by its own name."""
    return Counter("won" if not isinstance(r, BaseException) else type(r).__name__ for r in results)


def assert_nobody_overlaps():
    """Looks at every pair of live rows, by nothing but arithmetic."""
    live = list(Appointment.objects.filter(status__in=LIVE).order_by("pk"))
    for i, a in enumerate(live):
        for b in live[i + 1 :]:
            occupied = a.occupied_from < b.occupied_until and b.occupied_from < a.occupied_until
            assert not (occupied and a.psychologist_id == b.psychologist_id)
            assert not (occupied and a.room_id and a.room_id == b.room_id)
            same = a.patient_id and a.patient_id == b.patient_id
            assert not (same and a.starts_at < b.ends_at and b.starts_at < a.ends_at)


def booking(practice, patient, **fields):
    def call():
        return actions.book(**practice.ask(by=practice.desk) | {"patient": patient} | fields)

    return call


@pytest.mark.parametrize("threads", [2, 8, 32])
def test_one_time_is_sold_once(at_once, threads):
    """Fifty times over: of all who press at once exactly one gets it, and the rest hear that it is taken."""
    practice = Practice()
    patients = [make.patient() for _ in range(threads)]
    rounds = 50 if threads == 32 else 10
    slowest = 0.0
    for n in range(rounds):
        starts_at = MONDAY_NINE + (n // 5) * 7 * DAY + (n % 5) * DAY
        began = time.perf_counter()
        results = at_once([booking(practice, patient, starts_at=starts_at) for patient in patients])
        slowest = max(slowest, time.perf_counter() - began)
        assert outcomes(results) == Counter(won=1, SlotTaken=threads - 1)
        winner = next(r for r in results if isinstance(r, Appointment))
        assert list(Appointment.objects.filter(starts_at=starts_at)) == [winner]
    assert Appointment.objects.count() == rounds
    # With the constraints alone, deadlocks make a round take many seconds.
    assert slowest < 15


def test_times_that_overlap_without_being_equal(at_once):
    practice = Practice()
    patients = [make.patient() for _ in range(24)]
    for n in range(4):
        start = MONDAY_NINE + n * DAY
        calls = [
            booking(practice, patient, starts_at=start + random.Random(n * 100 + i).randrange(0, 24) * 5 * MINUTE)
            for i, patient in enumerate(patients)
        ]
        results = at_once([lambda call=call: call() for call in calls])
        assert set(outcomes(results)) <= {"won", "SlotTaken", "NotOffered"}
    outside = [
        booking(practice, patient, starts_at=MONDAY_NINE + 5 * HOUR + i * 7 * MINUTE, outside_hours=True)
        for i, patient in enumerate(patients)
    ]
    counted = outcomes(at_once(outside))
    assert set(counted) == {"won", "SlotTaken"}
    # 24 starts over 161 minutes, an hour each with its buffer: two or three fit, whoever comes first.
    assert counted["won"] in {2, 3}
    assert_nobody_overlaps()


def test_holding_against_booking(at_once):
    practice = Practice()
    patients = [make.patient() for _ in range(8)]
    for n in range(6):
        starts_at = MONDAY_NINE + n * 7 * DAY

        def holding(starts_at=starts_at):
            return actions.hold(**practice.ask(by=VISITOR, starts_at=starts_at))

        calls = [booking(practice, patient, starts_at=starts_at) for patient in patients] + [holding] * 8
        assert outcomes(at_once(calls)) == Counter(won=1, SlotTaken=15)
        assert Appointment.objects.filter(starts_at=starts_at).count() == 1


def test_an_expired_hold_is_taken_over_by_one(at_once):
    practice = Practice()
    for n in range(6):
        starts_at = MONDAY_NINE + n * 7 * DAY
        make.hold(psychologist=practice.psychologist, service=practice.service, starts_at=starts_at, held_until=NOW)
        results = at_once([lambda s=starts_at: actions.hold(**practice.ask(by=VISITOR, starts_at=s))] * 12)
        assert outcomes(results) == Counter(won=1, SlotTaken=11)
        assert Appointment.objects.filter(starts_at=starts_at).count() == 1


def test_confirming_against_the_clock(at_once):
    """The same moment is too late for the one who waits and not for the one who is confirmed: never both."""
    practice = Practice()
    practice.another()
    for n in range(6):
        starts_at = MONDAY_NINE + n * 7 * DAY
        held = actions.hold(**practice.ask(by=VISITOR, starts_at=starts_at))
        patient = make.patient()

        def confirming(held=held, patient=patient):
            return actions.confirm_hold(
                hold=held, patient=patient, by=practice.desk, now=held.held_until - timedelta(milliseconds=1)
            )

        def taking(held=held, starts_at=starts_at):
            return actions.hold(**practice.ask(by=VISITOR, starts_at=starts_at, now=held.held_until))

        results = at_once([confirming, *[taking] * 5, confirming])
        row = Appointment.objects.get(starts_at=starts_at)
        if row.pk == held.pk:
            assert row.status == Status.BOOKED
            assert outcomes(results) == Counter(won=2, SlotTaken=5)
            assert results[0] == results[-1] == row
        else:
            assert row.status == Status.HELD
            assert outcomes(results) == Counter(won=1, SlotTaken=4, HoldExpired=2)


def test_a_double_click_on_confirm_is_one_booking(at_once):
    practice = Practice()
    for n in range(6):
        held = actions.hold(**practice.ask(by=VISITOR, starts_at=MONDAY_NINE + n * 7 * DAY))
        mine, other = make.patient(), make.patient()
        calls = [
            lambda held=held, patient=patient: actions.confirm_hold(
                hold=held, patient=patient, by=practice.desk, now=NOW
            )
            for patient in [mine, other] * 6
        ]
        results = at_once(calls)
        row = Appointment.objects.get(pk=held.pk)
        assert outcomes(results) == Counter(won=6, HoldExpired=6)
        assert {r.patient_id for r in results if isinstance(r, Appointment)} == {row.patient_id}
        assert all(isinstance(r, HoldExpired) for r in results if not isinstance(r, Appointment))


def test_one_patient_with_two_psychologists(at_once):
    """Different psychologists, so nobody waits for the other's row: the patient's is what they meet at."""
    practice = Practice()
    colleagues = [practice.psychologist, practice.another(), practice.another(), practice.another()]
    for n in range(6):
        calls = [
            booking(
                practice,
                practice.patient,
                psychologist=colleagues[i % 4],
                starts_at=MONDAY_NINE + n * 7 * DAY + (i % 2) * 30 * MINUTE,
            )
            for i in range(16)
        ]
        counted = outcomes(at_once(calls))
        assert counted["won"] == 1
        assert set(counted) <= {"won", "SlotTaken", "PatientBusy"}
    assert_nobody_overlaps()


def test_a_patient_books_no_more_than_the_policy_at_once(at_once):
    practice = Practice(max_open_bookings=3)
    calls = [
        booking(practice, practice.patient, by=practice.online, starts_at=MONDAY_NINE + n * 7 * DAY) for n in range(12)
    ]
    assert outcomes(at_once(calls)) == Counter(won=3, TooManyBookings=9)


def test_rooms_are_shared_out_and_never_shared(at_once):
    practice = Practice()
    rooms = [make.room(location=practice.location) for _ in range(3)]
    everybody = [practice.psychologist] + [practice.another() for _ in range(9)]
    for n in range(6):
        starts_at = MONDAY_NINE + n * 7 * DAY
        results = at_once(
            [booking(practice, make.patient(), psychologist=one, starts_at=starts_at) for one in everybody]
        )
        assert outcomes(results) == Counter(won=3, SlotTaken=7)
        assert {r.room_id for r in results if isinstance(r, Appointment)} == {room.pk for room in rooms}
    assert_nobody_overlaps()


def test_moving_into_the_same_time(at_once):
    practice = Practice()
    for n in range(5):
        monday = MONDAY_NINE + n * 7 * DAY
        booked = [
            actions.book(**practice.ask(by=practice.desk, starts_at=monday + i * HOUR), patient=make.patient())
            for i in range(8)
        ]
        target = monday + DAY
        calls = [
            lambda one=one, target=target: actions.reschedule(
                appointment=one, starts_at=target, by=practice.desk, now=NOW
            )
            for one in booked
        ]
        assert outcomes(at_once(calls)) == Counter(won=1, SlotTaken=7)
        assert Appointment.objects.filter(starts_at=target).count() == 1


@pytest.mark.parametrize("what", ["leave", "closure"])
def test_who_is_booked_while_the_time_is_closed_is_on_the_desks_list(at_once, what):
    """Either the booking hears that the time is not offered, or whoever closes it finds it for the desk."""
    practice = Practice()
    seen = Counter()
    for n in range(12):
        nine = MONDAY_NINE + (n // 5) * 7 * DAY + (n % 5) * DAY
        said = {"label": "Painters", "by": practice.desk, "now": NOW}
        if what == "leave":
            shut = partial(
                time_away.add_time_slot,
                psychologist=practice.psychologist,
                kind="blocked",
                starts_at=nine,
                ends_at=nine + 8 * HOUR,
                **said,
            )
        else:
            day = practice.location.day_of(nine)
            shut = partial(closing.add_closure, location=None, first_day=day, last_day=day, **said)
        results = at_once([shut, booking(practice, make.patient(), starts_at=nine)])
        assert set(outcomes(results)) <= {"won", "NotOffered"}
        booked = Appointment.objects.filter(starts_at=nine)
        listed = ToDo.objects.still_open().of_kind("session_stranded").values_list("about_code", flat=True)
        assert set(listed) >= {str(session.code) for session in booked}
        seen[booked.count()] += 1
    assert sum(seen.values()) == 12


def test_swapping_times_between_two_psychologists_does_not_deadlock(at_once):
    """Each move takes two psychologists' rows; taken in order of id, both directions queue and neither hangs."""
    practice = Practice()
    other = practice.another()
    for n in range(6):
        monday = MONDAY_NINE + n * 7 * DAY
        ours = actions.book(**practice.ask(by=practice.desk, starts_at=monday), patient=make.patient())
        theirs = actions.book(
            **practice.ask(by=practice.desk, starts_at=monday, psychologist=other), patient=make.patient()
        )

        def to(one, psychologist, start):
            return lambda: actions.reschedule(
                appointment=one, starts_at=start, psychologist=psychologist, by=practice.desk, now=NOW
            )

        calls = [to(ours, other, monday + 2 * HOUR), to(theirs, practice.psychologist, monday + 2 * HOUR)]
        assert outcomes(at_once(calls)) == Counter(won=2)


def test_moving_and_cancelling_one_session(at_once):
    practice = Practice()
    for n in range(6):
        monday = MONDAY_NINE + n * 7 * DAY
        one = actions.book(**practice.ask(by=practice.desk, starts_at=monday), patient=make.patient())
        results = at_once(
            [
                lambda one=one: actions.cancel(appointment=one, reason="clinic", by=practice.desk, now=NOW),
                lambda one=one, to=monday + HOUR: actions.reschedule(
                    appointment=one, starts_at=to, by=practice.desk, now=NOW
                ),
            ]
        )
        assert not isinstance(results[0], BaseException)
        assert isinstance(results[1], (Appointment, NotReschedulable))
        row = Appointment.objects.get(pk=one.pk)
        assert row.status == Status.CANCELLED
        assert row.revision == (2 if isinstance(results[1], Appointment) else 1)


def test_the_database_holds_without_any_lock(at_once):
    """Rows written straight to the table from many threads: the rules alone still let one through."""
    practice = Practice()
    patients = [make.patient() for _ in range(8)]

    def written(patient, starts_at):
        return lambda: make.appointment(
            psychologist=practice.psychologist,
            service=practice.service,
            location=practice.location,
            patient=patient,
            starts_at=starts_at,
        )

    for n in range(3):
        results = at_once(
            [written(patient, MONDAY_NINE + n * DAY + i * 5 * MINUTE) for i, patient in enumerate(patients)]
        )
        counted = outcomes(results)
        assert counted["won"] == 1
        # This is what the locks are for: unlocked writers may also meet a deadlock.
        assert set(counted) <= {"won", "IntegrityError", "OperationalError"}
    assert_nobody_overlaps()


def test_killed_in_the_middle_leaves_nothing_behind(tmp_path):
    """A process that has written a booking dies before it commits: the time is free, and nobody waits for its locks."""
    practice = Practice()
    written = tmp_path / "written"
    script = textwrap.dedent(
        f"""
        import django, pathlib, time
        django.setup()
        from datetime import datetime
        from django.db import connection, transaction
        connection.settings_dict["NAME"] = {str(connection.settings_dict["NAME"])!r}
        from portal.accounts.roles import Role
        from portal.appointments import actions
        from portal.clinic.models import Location, Psychologist, Service
        from portal.common.access.decorators import Actor
        from portal.patients.models import Patient
        with transaction.atomic():
            actions.book(
                psychologist=Psychologist.objects.get(), patient=Patient.objects.get(), service=Service.objects.get(),
                mode="in_person", location=Location.objects.get(), by=Actor(None, Role.RECEPTION),
                starts_at=datetime.fromisoformat({MONDAY_NINE.isoformat()!r}),
                now=datetime.fromisoformat({NOW.isoformat()!r}),
            )
            pathlib.Path({str(written)!r}).touch()
            time.sleep(60)
        """
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    process = subprocess.Popen([sys.executable, "-c", script], env=environment, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 40
        while not written.exists():
            assert process.poll() is None, process.stderr.read().decode()
            assert time.monotonic() < deadline, "the other process never got to its booking"
            time.sleep(0.05)
        assert not Appointment.objects.exists()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    began = time.perf_counter()
    booked = booking(practice, practice.patient)()
    assert time.perf_counter() - began < 10
    assert list(Appointment.objects.all()) == [booked]


def test_a_deadlock_is_tried_again_by_whoever_is_outermost(at_once):
    """Two transactions take two rows in opposite order; PostgreSQL ends one of them, which then begins again."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time, and so no deadlock")
    from portal.clinic.models import Psychologist

    first, second = make.psychologist(), make.psychologist()
    met = threading.Barrier(2)
    tries = Counter()

    def crossing(name, one, other):
        @actions.in_transaction
        def run():
            tries[name] += 1
            list(Psychologist.objects.select_for_update().filter(pk=one.pk))
            if tries[name] == 1:
                met.wait(timeout=20)
            list(Psychologist.objects.select_for_update().filter(pk=other.pk))
            return name

        return run

    assert at_once([crossing("a", first, second), crossing("b", second, first)]) == ["a", "b"]
    assert sorted(tries.values()) == [1, 2]


def test_slot_taken_is_what_every_loser_hears():
    """PatientBusy is a SlotTaken, so a page that knows only the latter still answers."""
    practice = Practice()
    booking(practice, practice.patient)()
    with pytest.raises(SlotTaken):
        booking(practice, practice.patient, psychologist=practice.another())()


@pytest.mark.parametrize(
    "rivals", [("check_in", "check_in"), ("check_in", "mark_no_show", "cancel"), ("complete",) * 8]
)
def test_of_those_who_press_at_once_one_does_it(at_once, rivals):
    """Each page showed the session as booked; one of them is right, and the trail has one line of it."""
    practice = Practice()
    for n in range(5):
        starts_at = MONDAY_NINE + n * DAY
        session = actions.book(**practice.ask(by=practice.desk, patient=practice.patient, starts_at=starts_at))
        also = {"cancel": {"reason": "other"}}
        results = at_once(
            [
                partial(
                    getattr(actions, step),
                    appointment=session,
                    by=practice.desk,
                    now=starts_at + MINUTE,
                    seen=session.seen_as,
                    **also.get(step, {}),
                )
                for step in rivals
            ]
        )
        counted = outcomes(results)
        assert counted.pop("won") == 1
        assert set(counted) <= {"WrongState", "NotCancellable"}
        steps = Entry.objects.filter(verb__startswith="appointment.").exclude(verb="appointment.booked")
        assert steps.count() == n + 1


def test_a_no_show_that_comes_back_and_a_booking_of_its_time(at_once):
    """Whoever is first has the time; the other hears that it is taken, and no lock is taken in another order."""
    practice = Practice()
    for n in range(10):
        starts_at = MONDAY_NINE + (n // 5) * 7 * DAY + (n % 5) * DAY
        missed = actions.book(**practice.ask(by=practice.desk, patient=practice.patient, starts_at=starts_at))
        now = starts_at + MINUTE
        actions.mark_no_show(appointment=missed, by=practice.desk, now=now)
        back = partial(
            actions.undo_no_show, appointment=missed, reason="came", known=nothing_known, by=practice.desk, now=now
        )
        walk_in = booking(practice, make.patient(), starts_at=starts_at + 5 * MINUTE, now=now, outside_hours=True)
        counted = outcomes(at_once([back, walk_in]))
        assert counted == {"won": 1, "SlotTaken": 1}
        assert_nobody_overlaps()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no row locks")
def test_who_waits_for_a_psychologist_holds_no_room_and_no_patient():
    """One statement locks all three, in the one order: whoever waits for the first keeps nobody from the others."""
    practice, room = Practice(), make.room()
    practice.location, patient = room.location, practice.patient
    done = []

    def other():
        with transaction.atomic():
            done.append(lock_diary(practice.psychologist, patient=patient, rooms_of=room.location))
        connections.close_all()

    def is_free(model, pk):
        return bool(list(model.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=pk)))

    thread = threading.Thread(target=other)
    with transaction.atomic():
        lock_diary(practice.psychologist)
        thread.start()
        until_it_waits(thread)
        assert done == []
        assert (is_free(Patient, patient.pk), is_free(Room, room.pk)) == (True, True)
    thread.join(timeout=20)
    assert [list(locked) for locked in done] == [[practice.psychologist.pk]]


def test_all_that_a_session_needs_is_held_until_the_end():
    practice, room = Practice(), make.room()
    with transaction.atomic():
        lock_diary(practice.psychologist, patient=practice.patient, rooms_of=room.location)
        if connection.vendor == "postgresql":
            held = []

            def look():
                for model in (Psychologist, Patient, Room):
                    with transaction.atomic():
                        held.append(not model.objects.select_for_update(skip_locked=True, no_key=True).first())
                connections.close_all()

            thread = threading.Thread(target=look)
            thread.start()
            thread.join(timeout=20)
            assert held == [True, True, True]
    with pytest.raises(NotOffered), transaction.atomic():
        lock_diary(practice.psychologist.pk + 1000)


# ---- Series ----------------------------------------------------------------------------------------------------------


def series(practice, patient, times, **fields):
    terms = Terms(practice.psychologist, patient, practice.service, Mode.IN_PERSON, practice.location)
    pattern = Pattern(Every.WEEKS, 1, terms.location.day_of(times[0]), count=len(times))

    def call():
        return actions.book_series(
            terms=terms, pattern=pattern, wishes=[Wish(at, at) for at in times], by=practice.desk, now=NOW, **fields
        )

    return call


def test_two_series_that_share_one_time_leave_one_whole_series(at_once):
    practice = Practice()
    for n in range(5):
        start = MONDAY_NINE + n * DAY
        first = [start + k * 7 * DAY for k in range(6)]
        # It shares nothing but the last time of the first, and asks for it first of all.
        second = [first[-1] + k * 7 * DAY for k in range(6)]
        results = at_once([series(practice, make.patient(), first), series(practice, make.patient(), second)])
        assert outcomes(results) == Counter(won=1, SeriesTaken=1)
        [lost] = [result for result in results if isinstance(result, SeriesTaken)]
        assert lost.clashes == {first[-1]: Clash.PSYCHOLOGIST}
    assert (Series.objects.count(), Appointment.objects.count()) == (5, 30)
    assert_nobody_overlaps()


def test_a_series_against_single_bookings_of_its_times(at_once):
    """Each of its times is asked for by somebody else too: the series is whole or none of it is there."""
    practice = Practice()
    times = [MONDAY_NINE + k * 7 * DAY for k in range(4)]
    patients = [make.patient() for _ in times]
    wanted = [booking(practice, patient, starts_at=at) for patient, at in zip(patients, times, strict=True)]
    results = at_once([series(practice, make.patient(), times), *wanted])
    told = outcomes(results)
    assert told in (Counter(won=1, SlotTaken=4), Counter(won=4, SeriesTaken=1))
    assert Appointment.objects.filter(status__in=LIVE).count() == 4
    assert Series.objects.count() == (told["won"] == 1)
    assert_nobody_overlaps()


def test_one_patient_in_two_series_with_two_psychologists(at_once):
    practice, patient = Practice(), make.patient()
    colleague = practice.another()
    times = [MONDAY_NINE + k * 7 * DAY for k in range(4)]
    terms = Terms(colleague, patient, practice.service, Mode.IN_PERSON, practice.location)
    pattern = Pattern(Every.WEEKS, 1, practice.location.day_of(times[0]), count=4)

    def theirs():
        return actions.book_series(
            terms=terms, pattern=pattern, wishes=[Wish(at, at) for at in times], by=practice.desk, now=NOW
        )

    results = at_once([series(practice, patient, times), theirs])
    assert outcomes(results) == Counter(won=1, SeriesTaken=1)
    [lost] = [result for result in results if isinstance(result, SeriesTaken)]
    assert set(lost.clashes.values()) == {Clash.PATIENT}


def test_two_who_carry_one_series_on_count_one_after_the_other(at_once):
    practice, patient = Practice(), make.patient()
    booked = series(practice, patient, [MONDAY_NINE, MONDAY_NINE + 7 * DAY])()
    later = [[MONDAY_NINE + (2 + n) * 7 * DAY + k * HOUR for k in range(1)] for n in range(4)]
    results = at_once([series(practice, patient, times, first=booked[0]) for times in later])
    assert outcomes(results) == Counter(won=4)
    positions = list(Appointment.objects.order_by("position").values_list("position", flat=True))
    assert positions == [1, 2, 3, 4, 5, 6]
    assert Series.objects.get().sessions == 6
