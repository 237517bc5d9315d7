"""What is said of a claim before it is invoiced is what the check says of the invoice afterwards."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.common.kept.readings import one_stamp
from portal.journeys import checking_out, claim_checks, claims_ahead, issuing
from tests import make
from tests.billing.conftest import Books

pytestmark = pytest.mark.django_db


@pytest.fixture
def books():
    make.clinic()
    make.mbs_items()
    return Books()


def held(books, *, patient=None, minutes=50, written_on=date(2026, 1, 15), numbered=True, **fields):
    if patient is None:
        patient = make.patient(medicare_number="2951873125", medicare_irn="1")
        make.referral(patient=patient, written_on=written_on)
    made = books.session(patient=patient, minutes=minutes, **fields)
    if numbered:
        make.provider_number(psychologist=made.psychologist, location=made.location)
    return Appointment.objects.for_listing().get(pk=made.pk)


def ahead(session, *, now, **typed):
    claim = checking_out.claim_for(session, now=now)
    booked = checking_out.as_booked(session)
    as_held = checking_out.Held(**{"minutes": booked.minutes, "mode": booked.mode, "fee": booked.fee} | typed)
    shown = checking_out.preview(session, as_held, claim=claim, clinic=make.clinic())
    return as_held, claims_ahead.check_ahead(session, as_held, claim, shown, now=now)


def codes(check):
    return {one.code for one in (*check.red, *check.amber)} if check else None


@pytest.mark.parametrize(
    ("how", "typed", "red"),
    [
        ({}, {}, set()),
        ({}, {"item": "80000", "item_reason": "Asked for"}, {"too_long"}),
        ({}, {"item": "91167", "item_reason": "Asked for"}, {"wrong_mode"}),
        ({"minutes": 35}, {"item": "80010", "item_reason": "Asked for"}, {"too_short"}),
        ({}, {"fee": 0}, {"nothing_charged"}),
        ({"numbered": False}, {}, set()),
    ],
)
def test_it_says_before_what_is_said_after(books, how, typed, red):
    session = held(books, **how)
    as_held, check = ahead(session, now=books.now, **typed)
    assert {one.code for one in check.red} == red
    by = make.actor(role=Role.RECEPTION)
    invoice = checking_out.check_out(appointment=session, held=as_held, key="k", by=by, now=books.now)
    after = claim_checks.check(invoice, now=books.now)
    assert codes(check) == codes(after)
    assert check.is_ready is after.is_ready


def test_before_the_invoice_nobody_is_told_to_bill_again(books):
    session = held(books, numbered=False)
    session.location.street = session.location.suburb = session.location.state = session.location.postcode = ""
    session.location.save(update_fields=["street", "suburb", "state", "postcode"])
    _as_held, check = ahead(session, now=books.now)
    assert [one.words for one in check.red] == [
        "Neither a provider number nor the practice's address is printed. Put them on file before you finish."
    ]


def test_nothing_is_said_where_nothing_is_claimed(books):
    session = held(books, patient=make.patient())
    assert ahead(session, now=books.now)[1] is None
    assert issuing.proposals_of([session], now=books.now)[0].check is None


def test_what_a_run_proposes_is_what_each_check_out_proposes(books):
    patient = make.patient(medicare_number="2951873125", medicare_irn="1")
    make.referral(patient=patient, written_on=date(2026, 1, 15), services=2)
    psychologist = make.psychologist()
    sessions = [
        held(
            books,
            patient=patient,
            psychologist=psychologist,
            starts_at=books.now - timedelta(days=n, hours=3),
            numbered=False,
        )
        for n in (5, 3, 1)
    ]
    sessions.append(held(books))
    found = issuing.proposals_of(sessions, now=books.now)
    assert [each.claim.is_covered for each in found] == [True, True, False, True]
    for each in found:
        claim = checking_out.claim_for(each.session, now=books.now)
        booked = checking_out.as_booked(each.session)
        alone = checking_out.preview(each.session, booked, claim=claim, clinic=make.clinic())
        assert (each.claim, each.held, each.shown) == (claim, booked, alone)
        assert each.seen == checking_out.as_shown(each.session, claim=claim, clinic=make.clinic())
        assert codes(each.check) == codes(claims_ahead.check_ahead(each.session, booked, claim, alone, now=books.now))


def test_a_run_asks_as_much_of_one_as_of_thirty(books):
    def asked(sessions):
        with one_stamp(), CaptureQueriesContext(connection) as queries:
            issuing.proposals_of(sessions, now=books.now)
        return len(queries)

    psychologist = make.psychologist()
    one = [held(books, psychologist=psychologist, starts_at=books.now - timedelta(days=1))]
    few = asked(one)
    many = one + [
        held(books, psychologist=psychologist, starts_at=books.now - timedelta(days=n + 2), numbered=False)
        for n in range(29)
    ]
    assert asked(many) == few
