import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from portal.common.access.actors import Actor
from portal.worklist import actions
from portal.worklist.kinds import Kind
from portal.worklist.models import ToDo
from portal.worklist.refusals import AlreadyDone, NotByHand, TakenMeanwhile
from tests import make
from tests.common.crypto.sealed.models import Page

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
WORDS = {"title": "Call back", "heading": "Calls", "advice": "Call them.", "action": "Call"}
CALL = Kind(name="call_back", role="reception", outcomes={"reached": "Reached"}, **WORDS)
LOOK = Kind(name="look", role="manager", **WORDS)
JOB = Actor.system("mornings")


def put(kind=CALL, *, key="k", about=None, **options):
    about = about or Page.objects.create()
    return actions.put_on_list(kind, about=about, dedupe_key=key, **{"due_at": NOW, "now": NOW} | options)


@pytest.fixture
def grace():
    return make.actor()


@pytest.fixture
def noor():
    return make.actor()


# ---- Raised once


def test_one_key_is_one_thing_to_do():
    page = Page.objects.create()
    first = put(about=page, escalates_at=LATER, person="7")
    assert (first.kind, first.role, first.person, first.about_label, first.about_code) == (
        *("call_back", "reception", "7", "sealed.Page"),
        str(page.code),
    )
    assert (first.raised_at, first.due_at, first.escalates_at, first.done_at) == (NOW, NOW, LATER, None)
    assert put(about=page, now=LATER, due_at=LATER) is None
    assert ToDo.objects.get().raised_at == NOW


def test_a_key_that_is_done_is_not_raised_again(grace):
    actions.finish(put(), kind=CALL, outcome="reached", by=grace, now=NOW)
    assert put() is None
    assert put(key="another") is not None


@pytest.mark.django_db(transaction=True)
def test_many_at_once_raise_it_once_and_go_on():
    page = Page.objects.create()
    outcomes = race(8, lambda n: (put(about=page), Page.objects.create(title=f"n{n}"))[0])
    assert [outcome for outcome in outcomes if isinstance(outcome, type)] == []
    assert len([outcome for outcome in outcomes if outcome]) == ToDo.objects.count() == 1
    assert Page.objects.count() == 9


def test_it_goes_with_the_transaction_of_its_cause():
    @transaction.atomic
    def deed():
        put()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        deed()
    assert not ToDo.objects.exists()


# ---- Somebody is on it


def test_acknowledge_says_who_and_since_when(grace):
    to_do = put()
    actions.acknowledge(to_do, seen="", by=grace, now=LATER)
    kept = ToDo.objects.get()
    assert (kept.acknowledged_by, kept.acknowledged_at) == (str(grace.user_id), LATER)
    # A second press, with the page of before or of now.
    for seen in ("", str(grace.user_id)):
        actions.acknowledge(to_do, seen=seen, by=grace, now=LATER + timedelta(hours=1))
    assert ToDo.objects.get().acknowledged_at == LATER


def test_acknowledge_by_an_old_page_takes_it_from_nobody(grace, noor):
    to_do = put()
    actions.acknowledge(to_do, seen="", by=grace, now=NOW)
    with pytest.raises(TakenMeanwhile):
        actions.acknowledge(to_do, seen="", by=noor, now=LATER)
    assert ToDo.objects.get().acknowledged_by == str(grace.user_id)
    # Who sees that Grace is on it can take it over.
    actions.acknowledge(to_do, seen=str(grace.user_id), by=noor, now=LATER)
    assert ToDo.objects.get().acknowledged_by == str(noor.user_id)


def test_put_back_is_for_who_holds_it(grace, noor):
    to_do = put()
    actions.acknowledge(to_do, seen="", by=grace, now=NOW)
    actions.put_back(to_do, by=noor)
    assert ToDo.objects.get().acknowledged_by == str(grace.user_id)
    actions.put_back(to_do, by=grace)
    assert (ToDo.objects.get().acknowledged_by, ToDo.objects.get().acknowledged_at) == ("", None)


# ---- Closed by a person, or by its cause


def test_finish_says_who_when_and_how(grace):
    actions.finish(put(), kind=CALL, outcome="reached", by=grace, now=LATER)
    kept = ToDo.objects.get()
    assert (kept.done_by, kept.done_at, kept.outcome) == (str(grace.user_id), LATER, "reached")


@pytest.mark.parametrize(("kind", "outcome"), [(CALL, "anything"), (CALL, ""), (LOOK, "reached")])
def test_finish_takes_only_the_words_of_its_kind(grace, kind, outcome):
    with pytest.raises(NotByHand):
        actions.finish(put(kind), kind=kind, outcome=outcome, by=grace, now=NOW)
    with pytest.raises(NotByHand):
        actions.finish(put(LOOK, key="l"), kind=CALL, outcome="reached", by=grace, now=NOW)
    assert ToDo.objects.still_open().count() == 2


def test_what_is_done_is_over(grace, noor):
    to_do = put()
    actions.finish(to_do, kind=CALL, outcome="reached", by=grace, now=NOW)
    for late in (
        lambda: actions.finish(to_do, kind=CALL, outcome="reached", by=noor, now=LATER),
        lambda: actions.acknowledge(to_do, seen="", by=noor, now=LATER),
        lambda: actions.put_back(to_do, by=noor),
    ):
        with pytest.raises(AlreadyDone):
            late()
    assert (ToDo.objects.get().done_by, ToDo.objects.get().done_at) == (str(grace.user_id), NOW)


@pytest.mark.django_db(transaction=True)
def test_two_who_finish_at_once_are_one():
    to_do, people = put(), [make.actor() for _ in range(5)]
    outcomes = race(
        5, lambda n: actions.finish(ToDo.objects.get(), kind=CALL, outcome="reached", by=people[n], now=NOW).done_by
    )
    assert outcomes.count(AlreadyDone) == 4
    to_do.refresh_from_db()
    assert to_do.done_by in outcomes


def test_close_says_what_its_cause_came_to(grace):
    to_do = put()
    assert actions.close(to_do, outcome="called", by=JOB, now=LATER) is True
    kept = ToDo.objects.get()
    assert (kept.done_by, kept.done_at, kept.outcome) == ("mornings", LATER, "called")
    # Somebody was quicker, or it comes twice: what was said first stands.
    assert actions.close(to_do, outcome="again", by=grace, now=LATER + timedelta(hours=1)) is False
    assert ToDo.objects.get().outcome == "called"


# ---- Who sees it


def test_visible_to():
    mai, tom = make.actor(role="psychologist"), make.actor(role="psychologist")
    desk = put(key="desk", person=str(mai.user_id))
    boss = put(LOOK, key="boss")
    write = Kind(name="write", role="psychologist", **WORDS)
    own = put(write, key="own", person=str(mai.user_id))
    seen = {
        "desk": set(ToDo.objects.visible_to(make.actor())),
        "manager": set(ToDo.objects.visible_to(make.actor(role="manager"))),
        "mai": set(ToDo.objects.visible_to(mai)),
        "tom": set(ToDo.objects.visible_to(tom)),
        "patient": set(ToDo.objects.visible_to(make.actor(make.user(), role="patient"))),
        "job": set(ToDo.objects.visible_to(JOB)),
    }
    assert seen == {
        "desk": {desk},
        "manager": {desk, boss, own},
        "mai": {desk, own},
        "tom": set(),
        "patient": set(),
        "job": set(),
    }


def test_what_was_not_done_by_its_time_is_the_managers_too():
    late, _soon = put(key="late", escalates_at=LATER), put(key="soon", escalates_at=LATER + timedelta(hours=1))
    never, boss = put(key="never"), put(LOOK, key="boss")
    assert set(ToDo.objects.with_the_manager(now=NOW)) == {boss}
    assert set(ToDo.objects.with_the_manager(now=LATER)) == {boss, late}
    assert late.is_escalated(now=LATER)
    assert not never.is_escalated(now=LATER)


# ---- What the database holds


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("to_do_role_is_known", {"role": "patient"}),
        ("to_do_of_a_psychologist_by_name", {"role": "psychologist"}),
        ("to_do_is_about_something", {"about_label": ""}),
        ("to_do_is_about_something", {"about_code": ""}),
        ("to_do_escalates_once_due", {"escalates_at": NOW - timedelta(minutes=1)}),
        ("to_do_acknowledged_with_who_and_when", {"acknowledged_at": NOW}),
        ("to_do_acknowledged_with_who_and_when", {"acknowledged_by": "7"}),
        ("to_do_done_with_who_when_and_how", {"done_at": NOW, "done_by": "7"}),
        ("to_do_done_with_who_when_and_how", {"done_by": "7", "outcome": "x"}),
        ("to_do_done_with_who_when_and_how", {"done_at": NOW, "outcome": "x"}),
    ],
)
def test_database_refuses(constraint, changes):
    put()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ToDo.objects.update(**changes)


def test_database_keeps_one_row_a_key():
    put(key="a")
    put(key="b")
    # SQLite names the column, PostgreSQL the constraint.
    with pytest.raises(IntegrityError, match=r"dedupe_key|to_do_once_per_key"), transaction.atomic():
        ToDo.objects.update(dedupe_key="a")


def test_no_column_has_room_for_a_sentence_about_anybody():
    """Ids, codes, times and machine words: nothing clinical, and no name, can be written down here."""
    roomy = {
        field.name
        for field in ToDo._meta.local_concrete_fields
        if field.get_internal_type() not in {"BigAutoField", "UUIDField", "DateTimeField"}
        and (field.max_length or 1000) > 80
    }
    assert roomy == {"dedupe_key"}
    assert ToDo.privacy.personal == ToDo.privacy.clinical == frozenset()


def race(threads, deed):
    """What `deed(n)` answered in each of so many threads that start at once, or the kind of error that it raised."""
    start, outcomes = threading.Barrier(threads), []

    def run(n):
        try:
            start.wait()
            with transaction.atomic():
                outcome = deed(n)
            outcomes.append(outcome)
        except Exception as problem:
            outcomes.append(type(problem))
        finally:
            connection.close()

    runners = [threading.Thread(target=run, args=[n]) for n in range(threads)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    return outcomes
