"""The SQL of a question is built once for each shape of what it is asked with, and answers as the ORM would."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import F, Q, Value
from django.test.utils import CaptureQueriesContext

from portal.clinic.models import Psychologist
from portal.common.database import compiled as module
from portal.common.database.compiled import CannotCompile, Given, compiled
from portal.worklist.models import ToDo
from tests import make

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ask(build):
    """The question, and how often it was built."""
    calls = []

    def counted(*args, **kwargs):
        calls.append(args)
        return build(*args, **kwargs)

    return compiled(counted), calls


@pytest.fixture
def sessions(db):
    psychologist = make.psychologist()
    return [make.appointment(psychologist=psychologist, starts_at=NOON + n * HOUR) for n in range(4)]


def of(appointments, **fields):
    return appointments[0].__class__.objects.filter(**fields).order_by("starts_at")


def test_answers_as_the_orm_does_with_other_values_each_time(sessions):
    def build(pks, start, *, until, status):
        found = of(sessions, pk__in=pks, starts_at__gt=start - HOUR, starts_at__lt=until, status=status)
        return found.values_list("code", "pk", "starts_at", "fee")

    question, calls = ask(build)
    for start in (NOON, NOON + HOUR, NOON + 2 * HOUR):
        for pks in ([one.pk for one in sessions[:2]], {one.pk for one in sessions[2:]}):
            for until in (NOON + HOUR, NOON + 9 * HOUR):
                asked = {"until": until, "status": "booked"}
                with CaptureQueriesContext(connection) as queries:
                    answered = question(pks, start, **asked)
                assert len(queries) == 1
                assert answered == list(build(pks, start, **asked))
    # Two ids each time, so one shape, built twice to be sure.
    assert len(calls) == 2
    assert question([one.pk for one in sessions], NOON, until=NOON + 9 * HOUR, status="booked")
    assert len(calls) == 4
    assert question([one.pk for one in sessions], NOON, until=NOON + 9 * HOUR, status="cancelled") == []
    assert len(calls) == 6


def test_about_nobody_asks_nothing(sessions):
    question = compiled(lambda pks: of(sessions, pk__in=pks).values_list("pk"))
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert question([]) == []
        assert len(queries) == 0
    assert question([sessions[0].pk]) == [(sessions[0].pk,)]


def test_expression_is_part_of_the_question(sessions):
    question = compiled(lambda also: of(sessions).values_list("pk", also))
    assert {also for _pk, also in question(Value("a"))} == {"a"}
    assert {also for _pk, also in question(Value("b"))} == {"b"}
    assert {also for _pk, also in question(F("mode"))} == {sessions[0].mode}


def test_none_and_yes_or_no_are_part_of_the_question(sessions):
    question = compiled(
        lambda room, *, is_booked: of(sessions, room=room, cancelled_at__isnull=is_booked).values_list("pk")
    )
    assert len(question(None, is_booked=True)) == 4
    assert question(None, is_booked=False) == []
    assert question(7, is_booked=True) == []


def test_times_of_several_spans(sessions):
    def build(spans):
        wanted = [Q(starts_at__gte=start, starts_at__lt=end) for start, end in spans]
        return of(sessions).filter(Q(*wanted, _connector=Q.OR)).values_list("starts_at")

    question = compiled(build)
    spans = [(NOON, NOON + HOUR), (NOON + 3 * HOUR, NOON + 4 * HOUR)]
    assert question(spans) == [(NOON,), (NOON + 3 * HOUR,)]
    later = [(NOON + HOUR, NOON + 2 * HOUR), (NOON + 2 * HOUR, NOON + 3 * HOUR)]
    assert question(later) == [(NOON + HOUR,), (NOON + 2 * HOUR,)]


def test_codes_and_given_text_are_values(sessions):
    question, calls = ask(lambda code, mode: of(sessions, code=code, mode=mode).values_list("pk", flat=True))
    for one in sessions:
        assert question(one.code, Given(one.mode)) == [one.pk]
        assert question(one.code, Given("elsewhere")) == []
    assert len(calls) == 2


def test_answers_models_and_single_values_too(sessions):
    question = compiled(lambda pks: of(sessions, pk__in=pks).select_related("patient").defer("fee"))
    pks = [one.pk for one in sessions[:2]]
    assert question([sessions[3].pk, sessions[2].pk]) == sessions[2:]
    found = question(pks)
    with CaptureQueriesContext(connection) as queries:
        assert [(one.pk, one.patient.pk) for one in found] == [(one.pk, one.patient_id) for one in sessions[:2]]
    assert len(queries) == 0
    assert found[0].get_deferred_fields() == {"fee"}
    assert compiled(lambda pks: of(sessions, pk__in=pks).values_list("pk", flat=True))(pks) == pks
    named = compiled(lambda pks: of(sessions, pk__in=pks).values_list("pk", "patient__user_id", named=True))
    assert [(one.pk, one.patient__user_id) for one in named(pks)] == [(one.pk, one.patient.user_id) for one in found]


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(lambda at: Psychologist.objects.filter(pk=at.year).values_list("pk"), id="asks a moment"),
        pytest.param(
            lambda at: ToDo.objects.filter(done_at__gt=at + 300 * timedelta(days=at.day)).values_list("pk"),
            id="multiplies",
        ),
        pytest.param(lambda at: ToDo.objects.filter(done_at__gt=at).prefetch_related("done_by"), id="asks again"),
    ],
)
def test_what_does_more_than_hand_on_its_values_is_refused(build):
    with pytest.raises(CannotCompile):
        compiled(build)(NOON)


def test_unknown_kind_of_value_is_refused(sessions):
    with pytest.raises(CannotCompile):
        compiled(lambda whose: of(sessions, psychologist=whose).values_list("pk"))(sessions[0].psychologist)


def test_shapes_do_not_grow_for_ever(sessions, monkeypatch):
    monkeypatch.setattr(module, "MOST_SHAPES", 3)
    question, calls = ask(lambda pks: of(sessions, pk__in=pks).values_list("pk"))
    for most in range(1, 9):
        assert len(question(range_of(most))) == 0
    assert len(connection.compiled_statements[question]) <= 3
    assert len(calls) == 16


def range_of(most):
    return [10**6 + n for n in range(most)]
