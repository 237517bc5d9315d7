"""Where a patient stands under Better Access, and what check-out bills by it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.billing import actions as billing
from portal.billing.models import MedicareClaim
from portal.clinic.models import Registration
from portal.journeys import better_access, checking_out
from portal.medicare.actions import say_used_elsewhere
from portal.medicare.ledger import Why
from portal.medicare.refusals import ChangedMeanwhile
from portal.medicare.telling import standing_in_words, year_in_words
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clinic():
    make.mbs_items()
    return make.clinic()


@pytest.fixture
def by():
    return make.actor(role=Role.RECEPTION)


@pytest.fixture
def patient():
    return make.patient()


def session(patient, *, days=0, **fields):
    """One that was held, so many days before now."""
    start = NOW - timedelta(days=days, hours=1)
    defaults = {"starts_at": start, "status": Status.ARRIVED, "fee": "220.00", "patient": patient}
    return make.appointment(**defaults | fields)


def check_out(appointment, by):
    held = checking_out.as_booked(appointment)
    return checking_out.check_out(appointment=appointment, held=held, key=str(appointment.code), by=by, now=NOW)


def had(patient, by, number, *, first=70):
    return [check_out(session(patient, days=first - 7 * n), by) for n in range(number)]


def standing(appointment):
    return better_access.standing_of(appointment, now=NOW)


def items(invoice):
    return [line.item_number for line in invoice.lines.all()]


def test_the_seventh_session_of_a_first_course_has_no_item_and_says_why(patient, by):
    make.referral(patient=patient, services=6)
    six = had(patient, by, 6)
    assert [items(one) for one in six] == [["80010"]] * 6
    seventh = session(patient)
    assert standing(seventh).why is Why.USED_UP
    assert "new referral" in standing_in_words(standing(seventh))
    invoice = check_out(seventh, by)
    # It stops the claim, never the session.
    assert (items(invoice), invoice.total, invoice.rebate) == ([""], Decimal(220), 0)
    assert MedicareClaim.objects.count() == 6


def test_a_new_referral_goes_on_and_the_year_ends_it(patient, by):
    make.referral(patient=patient, services=6)
    had(patient, by, 6)
    make.referral(patient=patient, services=6, written_on=date(2026, 11, 1))
    four = had(patient, by, 4, first=21)
    assert [items(one) for one in four] == [["80010"]] * 4
    eleventh = session(patient)
    assert standing(eleventh).why is Why.YEAR_IS_USED_UP
    assert standing_in_words(standing(eleventh)) == (
        "The year's services are used (10 of 10 in 2026). Medicare pays again for sessions from 1 Jan 2027 on."
    )
    assert items(check_out(eleventh, by)) == [""]
    ledger = better_access.ledger_of(patient.pk, now=NOW)
    assert [(one.used, one.left) for one in ledger.courses] == [(6, 0), (4, 2)]


def test_the_oldest_referral_is_printed_as_long_as_it_has_one_left(patient, by):
    make.referral(patient=patient, services=2, referrer_name="Dr Old")
    make.referral(patient=patient, services=6, referrer_name="Dr New", written_on=date(2026, 9, 1))
    names = [one.snapshot["referral"]["name"] for one in had(patient, by, 3)]
    assert names == ["Dr Old", "Dr Old", "Dr New"]


def test_what_was_had_elsewhere_counts_and_the_newest_word_of_it(patient, by):
    make.referral(patient=patient, services=6)
    first = say_used_elsewhere(patient=patient, year=2026, individual=10, carer=0, group=0, by=by, now=NOW)
    assert standing(session(patient)).why is Why.YEAR_IS_USED_UP
    said = {"patient": patient, "individual": 8, "carer": 0, "group": 0, "by": by}
    with pytest.raises(ChangedMeanwhile):
        say_used_elsewhere(year=2026, now=NOW, **said)
    say_used_elsewhere(year=2026, now=NOW + timedelta(minutes=1), seen=first.pk, **said)
    found = standing(session(patient, days=1))
    assert (found.why, found.in_year, found.elsewhere) == (None, 9, 8)
    assert standing_in_words(found) == "Service 1 of 6 on this referral · 9 of 10 in 2026, 8 of them elsewhere"
    ledger = better_access.ledger_of(patient.pk, now=NOW)
    assert year_in_words(2026, ledger.year(2026)) == ["8 of 10 in 2026, 8 of them elsewhere"]


def test_a_voided_invoice_frees_its_service(patient, by):
    make.referral(patient=patient, services=1)
    invoice = check_out(session(patient, days=7), by)
    later = session(patient)
    assert standing(later).why is Why.USED_UP
    billing.void_invoice(invoice=invoice, reason="Billed twice", by=by, now=NOW)
    # The one that was voided is to be billed again, and came first.
    assert standing(later).why is Why.USED_UP
    make.referral(patient=patient, services=1, written_on=date(2026, 2, 1))
    assert standing(later).why is None


def test_nothing_is_counted_that_can_have_no_item(patient, by):
    provisional = make.psychologist(registration=Registration.PROVISIONAL)
    assert standing(session(patient, psychologist=provisional)) is None
    assert standing(session(patient, days=2, service=make.service(medicare=False))) is None


def test_what_was_cancelled_missed_or_never_closed_takes_no_place(patient, by):
    make.referral(patient=patient, services=1)
    session(patient, days=21, status=Status.NO_SHOW)
    session(patient, days=14, status=Status.BOOKED)
    assert standing(session(patient)).number == 1
    # One that was held takes its place, billed or not.
    session(patient, days=7, status=Status.COMPLETED, completed_at=NOW - timedelta(days=7))
    assert standing(session(patient, days=1)).why is Why.USED_UP


def test_many_patients_cost_as_much_as_one(by):
    def count(patients):
        better_access.ledgers(patients, now=NOW)
        with CaptureQueriesContext(connection) as run:
            better_access.ledgers(patients, now=NOW)
        return len(run)

    patients = []
    for _ in range(4):
        who = make.patient()
        make.referral(patient=who)
        had(who, by, 1)
        session(who)
        patients.append(who.pk)
    assert count(patients) == count(patients[:1]) <= 6
