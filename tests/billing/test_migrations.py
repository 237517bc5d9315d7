"""Books that were kept before there were purposes and credit notes."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection

from portal.billing.models import Invoice, MedicareClaim, Purpose
from portal.common import guards
from tests import make, older

LONG_AGO = datetime(2026, 6, 2, 0, 0, tzinfo=UTC)


@pytest.mark.older
@pytest.mark.django_db(transaction=True)
def test_what_was_issued_before_is_payable_in_full_and_guarded_again(books):
    issued, paid, draft = books.issued("220.10"), books.issued("100.00"), books.draft("50.00")
    books.pay(paid, "40.00")
    void = books.void(books.issued("30.00"))
    before = {row["id"]: row for row in Invoice.objects.values()}
    try:
        older.go_back("billing", "0003")
    finally:
        call_command("migrate", verbosity=0)
    assert {row["id"]: row for row in Invoice.objects.values()} == before
    assert {i.pk: i.payable for i in Invoice.objects.all()} == {
        issued.pk: Decimal("220.10"),
        paid.pk: Decimal("100.00"),
        draft.pk: Decimal("50.00"),
        void.pk: Decimal("30.00"),
    }
    assert set(Invoice.objects.values_list("purpose", flat=True)) == {Purpose.SESSION}
    assert guards.problems(connection) == []
    paid.refresh_from_db()
    books.pay(paid, "60.00")
    books.credit(issued, "20.10")
    assert (paid.balance, issued.balance) == (0, 200)


@pytest.mark.older
@pytest.mark.django_db(transaction=True)
def test_what_was_billed_with_an_item_before_claims_were_kept_is_claimed_under_what_it_prints(books):
    make.mbs_items()
    referral = make.referral(referrer_name="Dr Old")
    make.referral(patient=referral.patient, referrer_name="Dr New", written_on=date(2026, 2, 1))
    session = books.session(patient=referral.patient)
    invoice = books.invoice_of_session(session, referral=referral)
    books.void(books.invoice_of_session(books.session(patient=referral.patient, starts_at=LONG_AGO), referral=referral))
    books.invoice_of_session(books.session())
    try:
        older.go_back("billing", "0009")
    finally:
        call_command("migrate", verbosity=0)
    claim = MedicareClaim.objects.get()
    assert (claim.line.invoice, claim.referral, claim.item_number) == (invoice, referral, "80010")
    assert (claim.service_date, claim.counts_towards) == (session.local_start.date(), "individual")
    assert guards.problems(connection) == []
