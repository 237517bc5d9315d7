"""Outcome measures: asked for, answered once, kept by the database, and looked at the same day where they worry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.journeys import alerting
from portal.journeys import measuring as journey
from portal.journeys.to_do import steps
from portal.journeys.to_do.kinds import ALERT
from portal.notifications.models import Notice
from portal.records import alerts, chain, measure_guards, measuring
from portal.records.instruments import CURRENT, scoring
from portal.records.models import Measure, MeasurePlan, RiskAlert
from portal.records.refusals import AlreadyAnswered, AlreadyEnded, NotAsked, NothingWritten, NotTheirs
from portal.worklist.models import ToDo
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LOW = dict.fromkeys(range(1, 10), 0)
WORRYING = LOW | {9: 1}
SYSTEM = Actor.system("worklist")


@pytest.fixture
def who():
    """A psychologist and a patient of theirs who has an account, as they act."""
    make.clinic(alert_minutes=60)
    session = make.appointment(
        patient=make.patient(user=make.user(role=Role.PATIENT)), starts_at=NOW - timedelta(days=7)
    )
    return Actor(session.psychologist.user, Role.PSYCHOLOGIST), Actor(session.patient.user, Role.PATIENT), session


def asked(who, instrument="phq9"):
    by, _patient, session = who
    return journey.ask(patient=session.patient, instrument=instrument, by=by, now=NOW)


def answered(who, given=LOW, instrument="phq9", now=NOW):
    measure = asked(who, instrument)
    journey.answer(measure=measure, given=given, by=who[1], now=now)
    measure.refresh_from_db()
    return measure


def test_one_is_asked_once_and_the_notice_names_no_form(who):
    assert asked(who) == asked(who)
    notice = Notice.objects.get(template="form_waiting")
    assert "PHQ" not in f"{notice.subject}{notice.text}{notice.html}".upper()
    assert Measure.objects.waiting(now=NOW).count() == 1


def test_an_answer_is_kept_whole_scored_and_chained(who):
    measure = answered(who, LOW | {1: 3, 2: 2})
    assert (measure.scores, measure.scorer, measure.given[1]) == ({"total": 5}, scoring.SCORER, 3)
    assert not RiskAlert.objects.exists()
    assert not Notice.objects.filter(template="form_waiting").exclude(state="withdrawn").exists()
    assert chain.verify().broken == ""
    assert chain.verify().links == 1


def test_what_lacks_an_answer_is_refused_and_still_waits(who):
    measure = asked(who)
    with pytest.raises(scoring.Incomplete):
        journey.answer(measure=measure, given={1: 0}, by=who[1], now=NOW)
    with pytest.raises(scoring.NoSuchAnswer):
        journey.answer(measure=measure, given=LOW, unscored=9, by=who[1], now=NOW)
    measure.refresh_from_db()
    assert measure.can_be_answered(now=NOW)


def test_it_is_answered_once_in_its_time_and_by_nobody_else(who):
    by, patient, _session = who
    measure = asked(who)
    stranger = Actor(make.patient(user=make.user(role=Role.PATIENT)).user, Role.PATIENT)
    for other in (stranger, by, Actor(make.staff(Role.MANAGER), Role.MANAGER), Actor(make.staff(), Role.RECEPTION)):
        assert Measure.objects.visible_to(other, now=NOW).exists() is (other is by)
        with pytest.raises(NotTheirs):
            journey.answer(measure=measure, given=LOW, by=other, now=NOW)
    with pytest.raises(NotAsked):
        journey.answer(measure=measure, given=LOW, by=patient, now=measure.open_until)
    journey.answer(measure=measure, given=LOW, by=patient, now=NOW)
    with pytest.raises(AlreadyAnswered):
        journey.answer(measure=measure, given=WORRYING, by=patient, now=NOW)
    with pytest.raises(AlreadyAnswered):
        journey.withdraw(measure=measure, by=by, now=NOW)
    assert not RiskAlert.objects.exists()


def test_what_was_withdrawn_takes_no_answer(who):
    by, patient, _session = who
    measure = asked(who)
    assert journey.withdraw(measure=measure, by=by, now=NOW)
    assert not journey.withdraw(measure=measure, by=by, now=NOW)
    with pytest.raises(NotAsked):
        journey.answer(measure=measure, given=LOW, by=patient, now=NOW)


def test_paper_is_entered_as_of_its_day(who):
    by, _patient, session = who
    then = NOW - timedelta(days=3)
    measure, flags = journey.enter(
        patient=session.patient, instrument="phq9", given=WORRYING, unscored=2, answered_at=then, by=by, now=NOW
    )
    assert (measure.how, measure.answered_at, measure.answered_by) == ("paper", then, by.user)
    assert measure.answers["unscored"] == 2
    assert [flag.key for flag in flags] == ["phq9_item9"]
    with pytest.raises(NotAsked):
        journey.enter(
            *(),
            patient=session.patient,
            instrument="phq9",
            given=LOW,
            answered_at=NOW + timedelta(days=1),
            by=by,
            now=NOW,
        )


def test_the_psychologist_sees_a_result_first(who):
    measure = answered(who)
    by, patient, _session = who
    with pytest.raises(NotTheirs):
        measuring.release(measure=measure, by=patient, now=NOW)
    assert measuring.release(measure=measure, by=by, now=NOW)
    assert not measuring.release(measure=measure, by=by, now=NOW)
    measuring.read(measure=measure, by=by, now=NOW)
    assert Entry.objects.filter(verb="measure.read").count() == 1


# ---- Before sessions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "at", "asks"),
    [(1, [], {1, 2, 3, 4, 5, 6, 10}), (3, [], {1, 4, 10}), (None, [1, 6, 10], {1, 6, 10}), (2, [], {1, 3, 5})],
)
def test_which_sessions_a_plan_asks_before(every, at, asks):
    plan = MeasurePlan(every=every, at_sessions=at)
    assert {number for number in (1, 2, 3, 4, 5, 6, 10) if plan.asks_at(number)} == asks


def test_a_plan_asks_before_the_next_session_and_not_when_it_is_called_off(who):
    by, _patient, session = who
    plan = measuring.plan(patient=session.patient, instrument="k10", every=3, by=by, now=NOW)
    assert measuring.plan(patient=session.patient, instrument="k10", every=3, by=by, now=NOW) == plan
    again = measuring.plan(patient=session.patient, instrument="k10", every=2, by=by, now=NOW)
    plan.refresh_from_db()
    assert plan.ended_at == NOW
    coming = make.appointment(
        patient=session.patient, psychologist=session.psychologist, starts_at=NOW + timedelta(days=5)
    )
    assert journey.go_round(by=SYSTEM, now=NOW)["asked"] == 0
    soon = coming.starts_at - journey.AHEAD
    assert [journey.go_round(by=SYSTEM, now=soon)["asked"] for _ in range(2)] == [1, 0]
    measure = Measure.objects.get()
    assert (measure.plan, measure.appointment) == (again, coming)
    assert measure.open_until == coming.ends_at + measuring.AFTER_SESSION
    type(coming).objects.filter(pk=coming.pk).update(status="cancelled", cancelled_at=soon)
    assert journey.go_round(by=SYSTEM, now=soon)["withdrawn"] == 1
    # The next one is the first of the plan still; the one after is not asked before.
    second = make.appointment(
        patient=session.patient, psychologist=session.psychologist, starts_at=NOW + timedelta(days=6)
    )
    third = make.appointment(
        patient=session.patient, psychologist=session.psychologist, starts_at=NOW + timedelta(days=13)
    )
    assert journey.go_round(by=SYSTEM, now=second.starts_at - timedelta(days=1))["asked"] == 1
    assert journey.go_round(by=SYSTEM, now=third.starts_at - timedelta(days=1))["asked"] == 0
    measuring.end_plan(plan=again, by=by, now=NOW)
    assert not MeasurePlan.objects.filter(ended_at__isnull=True).exists()


# ---- What worries --------------------------------------------------------------------------------------------------


def test_a_worrying_answer_is_told_at_once_and_passed_on_when_nobody_looks(who):
    by, _patient, session = who
    duty = make.psychologist()
    make.clinic(alert_minutes=60, duty_psychologist=duty)
    answered(who, WORRYING)
    alert = RiskAlert.objects.get()
    assert (alert.causes, alert.escalates_at) == (["phq9_item9"], NOW + timedelta(minutes=60))
    to_do = ToDo.objects.of_kind(ALERT.name).get()
    assert (to_do.person, to_do.due_at) == (str(by.user_id), alert.escalates_at)
    assert alerting.go_round(by=SYSTEM, now=NOW + timedelta(minutes=59)) == 0
    late = NOW + timedelta(minutes=60)
    assert [alerting.go_round(by=SYSTEM, now=late) for _ in range(2)] == [1, 0]
    alert.refresh_from_db()
    assert (alert.passed_to, alert.passed_at) == (duty, late)
    on_duty = Actor(duty.user, Role.PSYCHOLOGIST)
    assert RiskAlert.objects.visible_to(on_duty, now=late).get() == alert
    assert {to_do.person for to_do in ToDo.objects.of_kind(ALERT.name)} == {str(by.user_id), str(duty.user_id)}
    mails = Notice.objects.filter(template="alert")
    assert {notice.to for notice in mails} == {by.user.email, duty.user.email}
    for notice in mails:
        words = f"{notice.subject} {notice.text} {notice.html}"
        assert session.patient.name not in words
        assert "PHQ" not in words.upper()
    with pytest.raises(NothingWritten):
        alerting.end(alert=alert, done=" \n", by=on_duty, now=late)
    alerting.end(alert=alert, done="Rang; safe with their sister.", by=on_duty, now=late)
    with pytest.raises(AlreadyEnded):
        alerting.end(alert=alert, done="Again", by=by, now=late)
    alert.refresh_from_db()
    assert (alert.seen_by, alert.ended_by) == (duty.user, duty.user)
    assert not ToDo.objects.still_open().of_kind(ALERT.name).exists()
    verbs = list(Entry.objects.filter(verb__startswith="alert.").order_by("pk").values_list("verb", flat=True))
    assert verbs == ["alert.raised", "alert.passed_on", "alert.ended"]


def test_looked_at_in_time_it_goes_to_nobody_else(who):
    by, *_ = who
    make.clinic(alert_minutes=60, duty_psychologist=make.psychologist())
    answered(who, WORRYING)
    alert = RiskAlert.objects.get()
    assert [alerting.see(alert=alert, by=by, now=NOW) for _ in range(2)] == [True, False]
    assert alerting.go_round(by=SYSTEM, now=NOW + timedelta(days=1)) == 0


def test_who_takes_it_off_the_list_looks_at_it(who):
    by, *_ = who
    manager = Actor(make.staff(Role.MANAGER), Role.MANAGER)
    answered(who, WORRYING)
    to_do = ToDo.objects.of_kind(ALERT.name).get()
    steps.acknowledge(to_do, seen="", by=manager, now=NOW)
    assert RiskAlert.objects.get().seen_at is None
    steps.acknowledge(to_do, seen=str(manager.user_id), by=by, now=NOW + timedelta(minutes=1))
    assert RiskAlert.objects.get().seen_by == by.user
    assert alerting.go_round(by=SYSTEM, now=NOW + timedelta(days=1)) == 0


def test_with_nobody_on_duty_managers_hear_that_something_waits_and_not_what(who):
    manager = make.staff(Role.MANAGER)
    answered(who, WORRYING)
    assert alerting.go_round(by=SYSTEM, now=NOW + timedelta(minutes=61)) == 1
    acting = Actor(manager, Role.MANAGER)
    assert Notice.objects.filter(template="alert").count() == 2
    assert not RiskAlert.objects.visible_to(acting, now=NOW).exists()
    with pytest.raises(NotTheirs):
        alerts.read(alert=RiskAlert.objects.get(), by=acting, now=NOW)


# ---- What the database refuses -------------------------------------------------------------------------------------


def raw(sql, *params):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


@pytest.mark.parametrize(
    "change",
    [
        "instrument = 'k10'",
        "answers = 'v1:other:x'",
        "scores = NULL",
        "state = 'asked'",
        "answered_at = open_until",
        "sequence = 99",
        "hash = 'x'",
        "version = 2",
    ],
)
def test_an_answered_measure_never_changes(who, change):
    measure = answered(who)
    if change.startswith("answers"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT answers FROM records_measure")
            key = cursor.fetchone()[0].split(":")[1]
        change = f"answers = 'v1:{key}:x'"
    with pytest.raises(DatabaseError):
        raw(f"UPDATE records_measure SET {change} WHERE id = %s", measure.pk)
    with pytest.raises(DatabaseError):
        raw("DELETE FROM records_measure WHERE id = %s", measure.pk)
    assert chain.verify().broken == ""


def test_one_that_waits_keeps_whose_it_is(who):
    measure = asked(who)
    with pytest.raises(DatabaseError):
        raw("UPDATE records_measure SET instrument = 'k10' WHERE id = %s", measure.pk)
    with pytest.raises(IntegrityError):
        raw("UPDATE records_measure SET state = 'answered' WHERE id = %s", measure.pk)


@pytest.mark.parametrize("change", ["causes = 'x'", "raised_at = escalates_at", "seen_at = NULL, seen_by_id = NULL"])
def test_an_alert_keeps_what_happened(who, change):
    answered(who, WORRYING)
    alert = RiskAlert.objects.get()
    alerting.see(alert=alert, by=who[0], now=NOW)
    with pytest.raises(DatabaseError):
        raw(f"UPDATE records_riskalert SET {change} WHERE id = %s", alert.pk)
    with pytest.raises(DatabaseError):
        raw("DELETE FROM records_riskalert WHERE id = %s", alert.pk)


def test_guards_know_every_column():
    columns = {field.column for field in Measure._meta.local_concrete_fields}
    assert columns == {*measure_guards.KEPT, *measure_guards.RELEASED, *measure_guards.SEALED}
    columns = {field.column for field in RiskAlert._meta.local_concrete_fields}
    assert columns == {*measure_guards.ALERT_KEPT, *measure_guards.ALERT_ONCE, *measure_guards.ALERT_SEALED}


def test_answers_stand_nowhere_in_clear(who):
    answered(who, LOW | {1: 3}, instrument="phq9")
    with connection.cursor() as cursor:
        cursor.execute("SELECT answers, scores FROM records_measure")
        (row,) = cursor.fetchall()
    assert all(value.startswith("v1:") and "total" not in value for value in row)
    assert "total" not in str(list(Entry.objects.values_list("facts", flat=True)))
    assert len(CURRENT) == 5
