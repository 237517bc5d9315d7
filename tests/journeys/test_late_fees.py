"""Fees that nobody decided on: settled by the clinic's rules, where the manager turned that on; and several at once."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.audit.models import Entry
from portal.billing.models import Invoice, Waiver
from portal.billing.refusals import AlreadyInvoiced, Waived, WaivedThisYear
from portal.common.access.actors import Actor
from portal.journeys import late_fees, paying, to_do
from portal.journeys.late_fees import Proposal
from portal.notifications.models import Notice
from portal.policies.models import PolicySettings
from portal.worklist.models import ToDo
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULE = Actor.system("late fees")


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def lost(*, patient=None, starts_at=NOW - 3 * HOUR, raised_at=NOW, **fields):
    """Somebody who did not come; the desk was asked at `raised_at`."""
    said = {"status": Status.NO_SHOW, "fee": "200.00", "no_show_percent": 100, "starts_at": starts_at}
    session = make.appointment(patient=patient or make.patient(email="odile@post.example"), **said | fields)
    assert to_do.sessions.raise_fee_undecided(session, by=RULE, now=raised_at) == 1
    return session


def settle(now):
    return late_fees.settle_by_rule(by=RULE, now=now)


def test_nothing_is_settled_by_itself_until_the_manager_says_so():
    lost()
    assert settle(NOW + 1000 * HOUR) == 0
    assert ToDo.objects.still_open().count() == 1


@pytest.mark.parametrize(("after", "done"), [(24 * HOUR - timedelta(seconds=1), 0), (24 * HOUR, 1)])
def test_after_the_hours_the_fee_is_invoiced_and_mailed(after, done):
    make.policy_settings(charge_after_hours=24)
    session = lost()
    assert settle(NOW + after) == done
    assert (Invoice.objects.count(), Notice.objects.filter(template="invoice").count()) == (done, done)
    assert ToDo.objects.still_open().count() == 1 - done
    if done:
        assert settle(NOW + after) == 0
        entry = Entry.objects.get(verb="invoice.issued")
        assert (entry.actor_name, Invoice.objects.get().appointment) == ("late fees", session)


def test_what_somebody_is_on_is_left_to_them():
    make.policy_settings(charge_after_hours=1)
    lost()
    ToDo.objects.update(acknowledged_at=NOW, acknowledged_by="1")
    assert settle(NOW + 2 * HOUR) == 0


def test_the_first_of_a_year_and_what_was_refilled_are_waived_and_the_rest_is_charged():
    make.policy_settings(charge_after_hours=1, waive_first=True)
    patient = make.patient(email="odile@post.example")
    first = lost(patient=patient, starts_at=NOW - 30 * HOUR)
    second = lost(patient=patient)
    gone = {"status": Status.CANCELLED, "late": True, "late_fee_percent": 50, "starts_at": NOW + HOUR}
    refilled = lost(patient=patient, **gone)
    make.appointment(
        psychologist=refilled.psychologist, location=refilled.location, service=refilled.service, starts_at=NOW + HOUR
    )
    found = late_fees.proposed([refilled, second, first], policy=PolicySettings.current())
    assert found == {
        first.pk: Proposal.FIRST, second.pk: Proposal.CHARGE, refilled.pk: Proposal.REFILLED,
    }  # fmt: skip
    assert settle(NOW + 2 * HOUR) == 3
    assert {(w.appointment, w.reason, w.year) for w in Waiver.objects.all()} == {
        (first, "The first of the calendar year.", 2026),
        (refilled, "Its time was filled again.", None),
    }
    assert [invoice.appointment for invoice in Invoice.objects.all()] == [second]


# ---- At once ---------------------------------------------------------------------------------------------------------


def at_once(*jobs):
    gate = threading.Barrier(len(jobs))

    def run(job):
        gate.wait()
        try:
            job()
            return "done"
        except (AlreadyInvoiced, Waived, WaivedThisYear) as refusal:
            return type(refusal).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return Counter(pool.map(run, jobs))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_charge_and_waive_one_is_first():
    session, by = lost(), make.actor(role=Role.RECEPTION)
    came = at_once(
        lambda: paying.bill_fee(appointment=session, by=by, now=NOW),
        lambda: paying.waive_fee(appointment=session, reason="Was unwell", by=by, now=NOW),
    )
    assert came["done"] == 1
    assert Invoice.objects.count() + Waiver.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_one_of_a_year_goes_to_one_of_two_sessions():
    make.policy_settings(waive_first=True)
    patient, by = make.patient(), make.actor(role=Role.RECEPTION)
    sessions = [lost(patient=patient, starts_at=NOW - n * 30 * HOUR) for n in (1, 2)]
    came = at_once(
        *(
            lambda one=one: paying.waive_fee(appointment=one, reason="By rule", of_year=True, by=by, now=NOW)
            for one in sessions
        )
    )
    assert came == {"done": 1, "WaivedThisYear": 1}
    assert Waiver.objects.get().year == 2026


@pytest.mark.django_db(transaction=True)
def test_the_rule_and_a_person_at_once_charge_one_fee():
    make.policy_settings(charge_after_hours=1)
    session, by = lost(), make.actor(role=Role.RECEPTION)
    at_once(
        lambda: settle(NOW + 2 * HOUR),
        lambda: paying.bill_fee(appointment=session, by=by, now=NOW + 2 * HOUR),
    )
    assert Invoice.objects.count() == 1
