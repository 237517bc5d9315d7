"""Random walks through a session's life: nothing but what the clinic says is allowed ever happens.

The rules are said again in `allowed`, from outside and by other means than the table's: what the desk, the psychologist
and the patient would be told at the counter.
"""

from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from portal.accounts.roles import Role
from portal.appointments import actions, freed, states, terms
from portal.appointments.models import Appointment, Status
from portal.appointments.refusals import HoldExpired, Refusal
from portal.appointments.states import Known
from portal.audit.models import Entry
from portal.clinic.models import Location
from portal.common.access.actors import Actor
from tests import make

ZONES = ["Australia/Melbourne", "Australia/Perth", "Australia/Lord_Howe", "UTC"]
# Ordinary days, and around the nights on which clocks change.
STARTS = [
    datetime(2026, 11, 24, 3, 0, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2027, 4, 3, 16, 30, tzinfo=UTC),
    datetime(2026, 12, 31, 12, 45, tzinfo=UTC),
]
# Calling off and moving are for the others: a session that is off has no more life in it.
AT_THE_DESK = ["check_in", "undo_check_in", "complete", "reopen", "no_show", "undo_no_show"]
# Most pages are fresh.
OLD = [False, False, False, False, True]
ROLES = [Role.PATIENT, Role.PSYCHOLOGIST, Role.RECEPTION, Role.MANAGER, "system"]
REASONS = {"undo_check_in": "left", "reopen": "correction", "undo_no_show": "came"}
LEADS_TO = {
    "check_in": "arrived",
    "undo_check_in": "booked",
    "complete": "completed",
    "no_show": "no_show",
    "undo_no_show": "booked",
    "move": "booked",
    "cancel": "cancelled",
}
STAFF, DESK = {Role.PSYCHOLOGIST, Role.RECEPTION, Role.MANAGER}, {Role.RECEPTION, Role.MANAGER}


def allowed(verb, *, status, role, now, session, zone, invoiced, note_signed):
    """What they would be told at the counter."""
    started = session.starts_at <= now
    if verb in {"confirm", "request"}:
        return status == "held" and now < session.held_until
    if verb == "release":
        return status == "held"
    if verb in {"approve", "decline", "withdraw", "lapse"}:
        in_time = now < session.starts_at - timedelta(hours=2)
        who = {"withdraw": {Role.PATIENT}, "lapse": {"system"}}.get(verb, STAFF)
        return status == "requested" and role in who and {"approve": in_time, "lapse": not in_time}.get(verb, True)
    if verb == "check_out":
        return role in DESK and status in {"booked", "arrived", "completed"} and started and not invoiced
    if verb in {"check_in", "undo_check_in", "undo_no_show", "reopen"} and role not in DESK:
        return False
    if verb in {"complete", "no_show"} and role not in STAFF:
        return False
    if verb in {"cancel", "move"} and role == "system":
        return False
    if verb == "check_in":
        days = {session.starts_at.astimezone(zone).date()}
        running = session.starts_at <= now < session.ends_at
        return status == "booked" and (now.astimezone(zone).date() in days or running)
    if verb == "undo_check_in":
        return status == "arrived"
    if verb == "complete":
        return status in {"booked", "arrived"} and started
    if verb == "no_show":
        return status == "booked" and started and not note_signed
    if verb == "undo_no_show":
        return status == "no_show" and not invoiced
    if verb == "reopen":
        return status == "completed" and not invoiced and not note_signed
    if verb == "move":
        if role == Role.PATIENT:
            in_time = now + timedelta(hours=24) <= session.starts_at
            return status == "booked" and in_time and not started and not note_signed
        return status == "booked" and not note_signed
    if verb == "cancel":
        if note_signed:
            return False
        if role == Role.PATIENT:
            return status == "booked" and not started
        return status in {"booked", "arrived"}
    raise AssertionError(verb)


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize(("zone", "minutes"), [("Australia/Melbourne", 50), ("Australia/Perth", 1440)])
def test_every_answer_of_the_table(status, zone, minutes):
    """Each step for each role, a second before, at and after each edge, with and without a bill and a signed note."""
    starts = STARTS[0]
    session = Appointment(
        status=status,
        location=Location(time_zone=zone),
        starts_at=starts,
        ends_at=starts + timedelta(minutes=minutes),
        cancel_hours=24,
        held_until=starts,
        answer_by=starts - timedelta(hours=2),
    )
    midnight = datetime.combine(session.local_start.date(), time(), session.zone)
    edges = [
        starts,
        starts - timedelta(hours=2),
        session.ends_at,
        midnight,
        midnight + timedelta(days=1),
        starts - timedelta(days=1),
    ]
    moments = [(edge + timedelta(seconds=n)).astimezone(UTC) for edge in edges for n in (-1, 0, 1)]
    for role, now, invoiced, note_signed in product(ROLES, moments, (False, True), (False, True)):
        known = Known(invoiced=invoiced, note_signed=note_signed)
        steps = states.steps(session, by=Actor(user=None, role=role), now=now, known=known)
        told = {verb for verb, step in steps.items() if step.allowed}
        asked = {"status": status, "role": role, "now": now, "session": session, "zone": session.zone}
        meant = {verb for verb in steps if allowed(verb, **asked, invoiced=invoiced, note_signed=note_signed)}
        assert told == meant, (role, now, known)


class Life(RuleBasedStateMachine):
    """One session; the clock runs, people press, bills and notes come and go."""

    def __init__(self):
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.freed, self.hooks = [], freed._hooks
        freed._hooks = [lambda gone, by, now: self.freed.append((gone.because, gone.place.starts_at))]
        self.invoiced = self.note_signed = False
        self.gone = []

    def teardown(self):
        freed._hooks = self.hooks
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(
        zone=st.sampled_from(ZONES),
        starts=st.sampled_from(STARTS),
        minutes=st.sampled_from([50, 1440]),
        hours=st.sampled_from([-72, -2, 0, 1]),
    )
    def begins(self, zone, starts, minutes, hours):
        self.zone = ZoneInfo(zone)
        self.now = starts + timedelta(hours=hours)
        psychologist = make.psychologist()
        place = make.location(time_zone=zone)
        make.clinic(notice_hours=0, horizon_days=365)
        make.week(psychologist=psychologist, location=place, starts="00:00", ends="23:59", weekdays=tuple(range(7)))
        self.session = make.appointment(
            psychologist=psychologist, location=place, starts_at=starts, minutes=minutes, cancel_hours=24
        )
        self.people = {role: make.actor(role=role) for role in ROLES if role != "system"}
        self.people["system"] = Actor.system("a job")
        self.status, self.was_here, self.lines = "booked", False, 0

    @rule(by=st.sampled_from([timedelta(seconds=1), timedelta(minutes=20), timedelta(hours=1), timedelta(hours=7)]))
    def time_passes(self, by):
        self.now += by

    @rule(edge=st.sampled_from(["start", "end", "midnight", "free"]), before=st.booleans())
    def the_clock_stands_at_an_edge(self, edge, before):
        day = self.session.starts_at.astimezone(self.zone).date() + timedelta(days=1)
        self.now = {
            "start": self.session.starts_at,
            "end": self.session.ends_at,
            "midnight": datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC),
            "free": self.session.starts_at - timedelta(hours=24),
        }[edge] - timedelta(seconds=before)

    @precondition(lambda self: self.status in {"completed", "no_show"})
    @rule(invoiced=st.booleans())
    def a_bill_comes_or_goes(self, invoiced):
        self.invoiced = invoiced

    @precondition(lambda self: self.session.starts_at <= self.now)
    @rule(signed=st.booleans())
    def a_note_is_signed(self, signed):
        self.note_signed = signed

    @rule(verb=st.sampled_from([*LEADS_TO, "reopen"]), role=st.sampled_from(ROLES), old=st.sampled_from(OLD))
    def somebody_else_presses(self, verb, role, old):
        self.somebody_presses(verb, role, old)

    @rule(verb=st.sampled_from(AT_THE_DESK), old=st.sampled_from(OLD))
    def the_desk_presses(self, verb, old):
        self.somebody_presses(verb, Role.RECEPTION, old)

    def somebody_presses(self, verb, role, old):
        by, known = self.people[role], Known(invoiced=self.invoiced, note_signed=self.note_signed)
        expected = allowed(
            verb,
            status=self.status,
            role=role,
            now=self.now,
            session=self.session,
            zone=self.zone,
            invoiced=self.invoiced,
            note_signed=self.note_signed,
        )
        step = states.steps(self.session, by=by, now=self.now, known=known)[verb]
        assert step.allowed == expected, (verb, role, self.status, step.why)
        seen = f"{self.status}.{self.session.revision + old}"
        refused = self.do(verb, by=by, known=lambda session: known, seen=seen)
        if refused is not None:
            # A move may be refused for the time it goes to as well.
            assert not expected or old or verb == "move", (verb, refused.reason)
            assert not (old and expected and verb != "move") or refused.reason == "changed"
            return
        if verb == "cancel" and self.status == "cancelled":
            return  # twice is once
        assert (expected, old) == (True, False), (verb, role, self.status)
        was = self.session.starts_at
        self.status = LEADS_TO.get(verb) or ("arrived" if self.was_here else "booked")
        # Who came and was called off all the same was here.
        self.was_here = self.status == "arrived" or (self.status in {"completed", "cancelled"} and self.was_here)
        if frees := {"no_show": "missed", "cancel": "cancelled", "move": "moved"}.get(verb):
            self.gone.append((frees, was))
        self.lines += 1

    def do(self, verb, **asked):
        """The refusal, or None when it was done."""
        try:
            self.press(verb, **asked)
        except Refusal as refused:
            return refused
        return None

    def press(self, verb, *, by, known, seen):
        common = {"appointment": self.session, "by": by, "now": self.now, "seen": seen}
        match verb:
            case "check_in":
                actions.check_in(**common)
            case "undo_check_in":
                actions.undo_check_in(reason=REASONS[verb], **common)
            case "complete":
                actions.complete(**common)
            case "no_show":
                actions.mark_no_show(known=known, **common)
            case "undo_no_show":
                actions.undo_no_show(reason=REASONS[verb], known=known, **common)
            case "reopen":
                actions.reopen(reason=REASONS[verb], known=known, **common)
            case "cancel":
                actions.cancel(reason="other", known=known, **common)
            case "move":
                to = max(self.now, self.session.starts_at).replace(minute=0, second=0) + timedelta(days=2)
                actions.reschedule(starts_at=to, outside_hours=True, known=known, **common)

    @invariant()
    def the_row_is_what_was_done_and_no_more(self):
        if not hasattr(self, "session"):
            return
        self.session = Appointment.objects.select_related("location", "psychologist").get()
        assert self.session.status == self.status
        assert (self.session.completed_at is not None) == (self.status == "completed")
        assert (self.session.arrived_at is not None) == self.was_here
        assert (self.session.cancelled_at is not None) == (self.status == "cancelled")
        assert self.freed == self.gone
        assert Entry.objects.filter(verb__startswith="appointment.").count() == self.lines


@pytest.mark.django_db
def test_random_walks_keep_to_the_rules():
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=min(40, settings.default.max_examples),
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            # A life of forty steps can be read as it is; making it shorter takes minutes.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
def test_a_hold_is_confirmed_until_it_runs_out_and_no_longer(practice, now):
    hold = actions.hold(**practice.ask())
    minutes = practice.clinic.hold_minutes
    steps = {
        after: states.steps(hold, by=practice.online, now=now + after)
        for after in (timedelta(minutes=minutes) - timedelta(seconds=1), timedelta(minutes=minutes))
    }
    assert [(s["confirm"].why, s["release"].why) for s in steps.values()] == [(None, None), ("ran_out", None)]
    assert {step.verb.value for step in next(iter(steps.values())).allowed} == {"confirm", "request", "release"}
    with pytest.raises(HoldExpired):
        actions.confirm_hold(
            hold=hold, patient=practice.patient, by=practice.online, now=now + timedelta(minutes=minutes)
        )
    assert Appointment.objects.get().status == Status.HELD


@pytest.mark.django_db
def test_who_is_told_no_is_told_why(nine):
    """One word for each case, from which every page makes its sentence."""
    desk, patient = make.actor(), make.actor(role=Role.PATIENT)
    session = make.appointment(starts_at=nine, cancel_hours=24)

    def why(verb, by=desk, at=nine, known=states.NOTHING_KNOWN):
        return states.steps(session, by=by, now=at, known=known)[verb].why

    day = timedelta(days=1)
    assert (why("check_in", at=nine - day), why("check_in", at=nine + day)) == ("day_to_come", "day_past")
    early = nine - timedelta(minutes=1)
    assert {verb: why(verb, at=early) for verb in ("check_out", "complete", "no_show")} == dict.fromkeys(
        ("check_out", "complete", "no_show"), "not_started"
    )
    assert (why("move", patient, nine - day), why("move", patient, early)) == (None, "late")
    assert (why("cancel", patient, early), why("cancel", patient), why("move", patient)) == (None, "started", "started")
    assert (why("check_in", patient), why("reopen"), why("undo_no_show")) == ("role", "state", "state")
    assert (why("cancel", known=Known(note_signed=True)), why("no_show", known=Known(note_signed=True))) == (
        "note_signed",
        "note_signed",
    )
    assert (why("check_out"), why("check_out", known=Known(invoiced=True))) == (None, "invoiced")
    with pytest.raises(KeyError):
        states.steps(session, by=desk, now=nine)["teleport"]


@pytest.mark.django_db
def test_without_a_promise_the_clinics_present_rule_counts(nine):
    make.clinic(cancel_hours=48)
    old = make.appointment(starts_at=nine, cancel_hours=None)
    promised = make.appointment(starts_at=nine, cancel_hours=0)
    assert (terms.free_until(old), terms.free_until(promised)) == (nine - timedelta(hours=48), nine)
    # Promised to the last minute, it still can't be moved once it has started.
    patient = make.actor(role=Role.PATIENT)
    assert states.steps(promised, by=patient, now=nine)["move"].why == "started"


# ---- What a state counts as -----------------------------------------------------------------------------------------

EVERY = set(Status.values)


@pytest.fixture
def one_of_each(nine):
    """A session in each state, each with people and a room of its own; the hold lasts two hours."""
    return {
        state: make.appointment(status=state, starts_at=nine, room=make.room(), **fields)
        for state in Status.values
        for fields in [{"held_until": nine + timedelta(hours=2)} if state == "held" else {}]
    }


def found(rows):
    return {row.status for row in rows}


@pytest.mark.django_db
def test_what_each_state_counts_as(one_of_each, nine):
    """As the clinic would sort its cards."""
    rows = Appointment.objects.all()
    later = nine + timedelta(hours=1)
    assert found(rows.live()) == {"held", "requested", "booked", "arrived"}
    assert found(rows.taking_time(now=later)) == {"held", "requested", "booked", "arrived", "completed"}
    assert found(rows.taking_time(now=nine + timedelta(hours=2))) == {"requested", "booked", "arrived", "completed"}
    assert found(rows.without_holds()) == EVERY - {"held"}
    assert found(rows.without_cancelled()) == EVERY - {"cancelled", "declined"}
    assert found(rows.with_a_person()) == {"booked", "arrived", "completed", "no_show"}
    assert found(rows.seen(now=later)) == {"arrived", "completed"}
    assert found(rows.upcoming(now=nine)) == {"booked", "arrived"}
    assert found(rows.left_open(now=later)) == {"booked", "arrived"}
    assert found(rows.past(now=nine)) == {"completed", "no_show", "cancelled", "declined"}
    assert found(rows.past(now=later)) == EVERY - {"held"}
    assert {row.status for row in rows if row.is_standing} == {"booked", "arrived", "completed"}
    assert {row.status for row in rows if row.is_open} == {"booked", "arrived"}


@pytest.mark.django_db
def test_what_the_desk_looks_out_for(one_of_each, nine):
    second, minute = timedelta(seconds=1), timedelta(minutes=1)

    def those(question, **asked):
        return {state for state, session in one_of_each.items() if question(session, **asked)}

    assert (those(states.is_late, now=nine), those(states.is_late, now=nine + second)) == (set(), {"booked"})
    assert those(states.is_due, now=nine - 45 * minute) == set()
    assert those(states.is_due, now=nine - 45 * minute + second) == {"booked"}
    hour = timedelta(hours=1)
    assert those(states.is_expected, now=nine, before=nine + hour) == {"booked"}
    assert those(states.is_expected, now=nine + second, before=nine + hour) == set()
    assert those(states.is_expected, now=nine - hour, before=nine) == set()
    end = one_of_each["booked"].ends_at
    coming = {"booked", "arrived"}
    assert (those(states.is_to_come, now=end - second), those(states.is_to_come, now=end)) == (coming, set())
    assert (those(states.is_left_open, now=end - second), those(states.is_left_open, now=end)) == (set(), coming)
    here = one_of_each["arrived"]
    waits = [states.minutes_waiting(here, now=nine + wait) for wait in (-minute, 59 * second, minute, 9.5 * minute)]
    assert waits == [0, 0, 1, 9]
    assert {states.minutes_waiting(one_of_each[state], now=nine) for state in EVERY - {"arrived"}} == {None}


# ---- The exit -------------------------------------------------------------------------------------------------------


@pytest.fixture
def told(monkeypatch):
    """What hangs on freed time, here: a list of what was told."""
    heard = []
    monkeypatch.setattr(freed, "_hooks", [])
    freed.whenever_time_is_freed(hook := lambda gone, by, now: heard.append((gone, by, now)))
    freed.whenever_time_is_freed(hook)
    return heard


def heard(told):
    return [(gone.because.value, gone.place.starts_at) for gone, _by, _now in told]


@pytest.mark.django_db
def test_time_that_is_freed_is_told_once(practice, nine, now, told):
    hold = actions.hold(**practice.ask())
    actions.release_hold(hold=hold, by=practice.online, now=now)
    actions.release_hold(hold=hold, by=practice.online, now=now)
    assert heard(told) == [("released", nine)]
    [(gone, by, at)] = told
    assert (gone.place.psychologist_id, gone.place.location_id) == (practice.psychologist.pk, practice.location.pk)
    assert (gone.place.ends_at, gone.place.occupied_until) == (hold.ends_at, hold.occupied_until)
    assert (by, at) == (practice.online, now)


@pytest.mark.django_db
def test_a_hold_that_ran_out_is_told_when_it_is_cleared_away(practice, nine, now, told):
    actions.hold(**practice.ask())
    late = now + timedelta(hours=1)
    system = Actor.system("holds")
    assert actions.clear_run_out_holds(by=system, now=now) == 0
    assert actions.clear_run_out_holds(by=system, now=late) == 1
    assert actions.clear_run_out_holds(by=system, now=late) == 0
    assert heard(told) == [("ran_out", nine)]


@pytest.mark.django_db
def test_a_hold_that_stands_in_the_way_is_told_as_it_goes(practice, nine, now, told):
    actions.hold(**practice.ask())
    late = now + timedelta(hours=1)
    actions.book(**practice.ask(patient=practice.patient, now=late))
    assert heard(told) == [("ran_out", nine)]
    assert Appointment.objects.get().status == Status.BOOKED


@pytest.mark.django_db
def test_another_way_of_meeting_frees_nobodys_time(practice, nine, now, told):
    session = actions.book(**practice.ask(patient=practice.patient))
    session = actions.reschedule(appointment=session, starts_at=nine, mode="video", by=practice.desk, now=now)
    assert told == []
    actions.reschedule(appointment=session, starts_at=nine + timedelta(hours=2), by=practice.desk, now=now)
    assert heard(told) == [("moved", nine)]
    assert told[0][0].session.starts_at == nine + timedelta(hours=2)


@pytest.mark.django_db
def test_cancelling_twice_frees_once(practice, nine, now, told):
    session = actions.book(**practice.ask(patient=practice.patient))
    for _ in range(2):
        actions.cancel(appointment=session, reason="other", by=practice.desk, now=now)
    assert heard(told) == [("cancelled", nine)]


@pytest.mark.django_db
def test_what_hangs_on_it_and_fails_undoes_the_step(practice, nine, now, monkeypatch):
    session = actions.book(**practice.ask(patient=practice.patient))

    def fail(gone, by, now):
        raise RuntimeError("the waitlist is broken")

    monkeypatch.setattr(freed, "_hooks", [fail])
    with suppress(RuntimeError):
        actions.cancel(appointment=session, reason="other", by=practice.desk, now=now)
    assert Appointment.objects.get().status == Status.BOOKED
