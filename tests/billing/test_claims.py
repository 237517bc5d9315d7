"""What of an invoice uses a Medicare service up, and when it no longer does."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from portal.billing.claimed import services_claimed
from portal.billing.guards import words
from portal.billing.models import ClaimStatus, MedicareClaim
from portal.medicare.ledger import CountsTowards
from portal.medicare.models import MbsItem
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def items():
    make.mbs_items()


@pytest.fixture
def referral(books):
    return make.referral()


def session_of(books, referral, **fields):
    return books.session(patient=referral.patient, **fields)


def test_what_is_billed_with_an_item_is_claimed_under_its_referral(books, referral):
    session = session_of(books, referral)
    invoice = books.invoice_of_session(session)
    claim = MedicareClaim.objects.get()
    assert (claim.line.invoice, claim.referral, claim.patient) == (invoice, referral, referral.patient)
    assert (claim.item_number, claim.counts_towards) == ("80010", CountsTowards.INDIVIDUAL)
    assert (claim.service_date, claim.starts_at) == (session.local_start.date(), session.starts_at)
    assert claim.status == ClaimStatus.PENDING
    (service,) = services_claimed([referral.patient_id])[referral.patient_id]
    assert (service.course, service.day) == (str(referral.course), claim.service_date)


def test_what_has_no_item_is_not_claimed(books):
    books.invoice_of_session()
    books.issued("50.00", referral=make.referral())
    assert not MedicareClaim.objects.exists()


def test_a_voided_invoice_gives_its_service_back(books, referral):
    books.void(books.invoice_of_session(session_of(books, referral)))
    claim = MedicareClaim.objects.get()
    assert (claim.status, claim.withdrawn_at, claim.withdrawn_by) == (ClaimStatus.WITHDRAWN, books.now, books.by.user)
    assert services_claimed([referral.patient_id]) == {}


def test_a_line_that_was_all_taken_off_gives_its_service_back(books, referral):
    invoice = books.invoice_of_session(session_of(books, referral))
    books.credit(invoice, "120.00")
    assert MedicareClaim.objects.get().status == ClaimStatus.PENDING
    books.credit(invoice, "100.00")
    assert MedicareClaim.objects.get().status == ClaimStatus.WITHDRAWN


def test_everybodys_in_one_statement(books, django_assert_num_queries):
    patients = []
    for _ in range(3):
        referral = make.referral()
        books.invoice_of_session(session_of(books, referral))
        patients.append(referral.patient_id)
    with django_assert_num_queries(1):
        assert set(services_claimed(patients)) == set(patients)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE billing_medicareclaim SET item_number = '80000'",
        "UPDATE billing_medicareclaim SET service_date = '2026-01-01'",
        "UPDATE billing_medicareclaim SET patient_id = patient_id",
        "DELETE FROM billing_medicareclaim",
        "UPDATE billing_medicareclaim SET status = 'withdrawn', withdrawn_at = created_at, item_number = '80000'",
        "UPDATE billing_medicareclaim SET status = 'withdrawn', withdrawn_at = created_at",
        "UPDATE billing_medicareclaim SET status = 'rejected', reason = 'x', decided_on = '2026-11-24'",
        "UPDATE billing_medicareclaim SET amount = 1",
        "UPDATE billing_medicareclaim SET exported_at = created_at, channel = 'hpos'",
    ],
)
def test_a_claim_never_changes_by_any_road(books, referral, sql):
    books.invoice_of_session(session_of(books, referral))
    with pytest.raises(DatabaseError, match=words.CLAIM_NEVER), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_what_was_withdrawn_stays_so(books, referral):
    books.void(books.invoice_of_session(session_of(books, referral)))
    with pytest.raises(DatabaseError, match=words.CLAIM_NEVER), transaction.atomic():
        MedicareClaim.objects.update(status=ClaimStatus.PENDING, withdrawn_at=None, withdrawn_by=None)
    again = books.invoice_of_session(session_of(books, referral, starts_at=books.now - timedelta(hours=5)))
    assert MedicareClaim.objects.standing().get().line.invoice == again


@pytest.mark.parametrize("change", [{"fee": Decimal(2), "benefit": Decimal(1)}, {"valid_from": date(2026, 7, 2)}, None])
def test_row_of_the_schedule_that_was_billed_by_never_changes(books, referral, change):
    books.invoice_of_session(session_of(books, referral))
    claim = MedicareClaim.objects.get()
    used = MbsItem.objects.in_force(on=claim.service_date).filter(item=claim.item_number)
    assert used.count() == 1
    with pytest.raises(DatabaseError, match="billed by never changes"), transaction.atomic():
        used.update(**change) if change else used.delete()
    # It may end on a later day, or be replaced: what was billed by it stands on paper.
    used.update(replaced_on=claim.service_date)
    MbsItem.objects.exclude(item=claim.item_number).update(fee=Decimal(900))
