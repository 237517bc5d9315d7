"""Where a claim may go, what Medicare's answer does to the money, and what the database refuses."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from portal.billing import actions
from portal.billing.claimed import services_claimed
from portal.billing.guards import claims as guards
from portal.billing.guards import words
from portal.billing.models import ClaimStatus, ClaimStep, MedicareClaim, Payment
from portal.billing.refusals import ClaimApproved, ClaimChanged, OverClaim, Overpayment, ReasonMissing
from tests import make

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)
MANY = [f"{before}>{after}" for before in ClaimStatus for after in ClaimStatus if before != after]
# Said from outside: what somebody at the desk may do to a claim, and nothing else.
ALLOWED = {
    *("pending>sent", "pending>approved", "pending>rejected", "pending>withdrawn"),
    *("sent>pending", "sent>approved", "sent>rejected", "sent>withdrawn"),
    *("approved>rejected", "rejected>pending"),
}


@pytest.fixture
def claim(books):
    make.mbs_items()
    referral = make.referral()
    books.invoice_of_session(books.session(patient=referral.patient))
    return MedicareClaim.objects.get()


class Desk:
    def __init__(self, books):
        self.said = {"by": books.by, "now": books.now}

    def send(self, claim):
        claims = [claim]
        return actions.send_claims(claims=claims, channel="hpos", reference="T1", sent_on=TODAY, **self.said)

    def approve(self, claim, amount="149.05", *, to_clinic=False, **more):
        amount = Decimal(amount)
        said = {"amount": amount, "decided_on": TODAY, "to_clinic": to_clinic} | self.said | more
        return actions.approve_claim(claim=claim, **said)

    def reject(self, claim, reason="Card number not known", **more):
        return actions.reject_claim(claim=claim, reason=reason, decided_on=TODAY, **self.said | more)

    def again(self, claim):
        return actions.claim_again(claim=claim, **self.said)


@pytest.fixture
def desk(books):
    return Desk(books)


def bring(claim, to, desk, books):
    """The claim, brought to where a test begins."""
    match to:
        case ClaimStatus.SENT:
            desk.send(claim)
        case ClaimStatus.APPROVED:
            desk.approve(claim)
        case ClaimStatus.REJECTED:
            desk.reject(claim)
        case ClaimStatus.WITHDRAWN:
            books.void(claim.line.invoice)
    return MedicareClaim.objects.get()


@pytest.mark.parametrize("step", MANY)
def test_the_database_moves_a_claim_along_the_table_alone(claim, desk, books, step):
    before, after = step.split(">")
    bring(claim, ClaimStatus(before), desk, books)
    values = {
        "sent": "sent_on = '2026-11-24', channel = 'hpos', amount = NULL, reason = ''",
        "approved": "amount = 100, decided_on = '2026-11-24', reason = ''",
        "rejected": "reason = 'x', decided_on = '2026-11-24', amount = NULL",
        "withdrawn": "withdrawn_at = created_at, amount = NULL, reason = ''",
        "pending": "amount = NULL, reason = '', withdrawn_at = NULL, withdrawn_by_id = NULL",
    }[after]
    sql = f"UPDATE billing_medicareclaim SET status = '{after}', revision = revision + 1, {values}"
    if step in ALLOWED:
        with connection.cursor() as cursor:
            cursor.execute(sql)
        assert MedicareClaim.objects.get().status == after
        return
    with pytest.raises(DatabaseError, match=words.CLAIM_NEVER), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_step_counts_itself(claim):
    sql = "UPDATE billing_medicareclaim SET status = 'approved', amount = 1, decided_on = '2026-11-24'"
    with pytest.raises(DatabaseError, match=words.CLAIM_NEVER), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_every_column_is_guarded():
    columns = {field.column for field in MedicareClaim._meta.concrete_fields}
    assert columns == {*guards.KEPT, *guards.OF_A_STEP, *guards.OF_AN_EXPORT}


@pytest.mark.parametrize("sql", ["UPDATE billing_claimstep SET amount = 1", "DELETE FROM billing_claimstep"])
def test_a_step_never_changes(claim, desk, sql):
    desk.approve(claim)
    refused = pytest.raises(DatabaseError, match=words.CLAIM_STEP_NEVER)
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_claim_begins_as_one_to_be_claimed(claim, books):
    line, code = books.issued("50.00").lines.get(), uuid.uuid4()
    fields = {f.attname: getattr(claim, f.attname) for f in MedicareClaim._meta.concrete_fields if f.name != "id"}
    sent = {"status": "sent", "channel": "hpos", "sent_on": TODAY, "line_id": line.pk, "code": code}
    with pytest.raises(DatabaseError, match=words.CLAIM_BEGINS), transaction.atomic():
        MedicareClaim.objects.bulk_create([MedicareClaim(**fields | sent)])


def test_each_step_says_who_when_and_what(claim, desk, books):
    desk.send(claim)
    desk.reject(claim)
    desk.again(claim)
    found = [(s.number, s.status, s.day, s.reference, s.reason) for s in ClaimStep.objects.all()]
    assert found == [
        (1, "sent", TODAY, "T1", ""),
        (2, "rejected", TODAY, "", "Card number not known"),
        (3, "pending", None, "", ""),
    ]
    assert set(ClaimStep.objects.values_list("by", "at")) == {(books.by.user.pk, books.now)}
    claim.refresh_from_db()
    assert (claim.revision, claim.channel, claim.reason, claim.sent_on) == (3, "", "", None)


def test_what_medicare_paid_the_patient_is_no_payment(claim, desk):
    desk.approve(claim)
    claim.refresh_from_db()
    assert (claim.status, claim.amount, claim.decided_on) == (ClaimStatus.APPROVED, Decimal("149.05"), TODAY)
    assert not Payment.objects.exists()
    assert claim.line.invoice.balance == 220


def test_what_medicare_paid_the_clinic_is_one_payment_once(claim, desk):
    desk.approve(claim, to_clinic=True)
    with pytest.raises(ClaimChanged):
        desk.approve(claim, to_clinic=True)
    payment = Payment.objects.get()
    assert (payment.method, payment.amount, payment.received_on) == ("medicare", Decimal("149.05"), TODAY)
    assert ClaimStep.objects.get().payment == payment
    claim.line.invoice.refresh_from_db()
    assert claim.line.invoice.balance == Decimal("70.95")


def test_what_the_clinic_got_goes_back_when_it_is_rejected_after_all(claim, desk):
    desk.approve(claim, to_clinic=True)
    desk.reject(claim, "Paid twice")
    assert [p.amount for p in Payment.objects.all()] == [Decimal("149.05"), Decimal("-149.05")]
    desk.again(claim)
    desk.approve(claim, "100.00", to_clinic=True)
    claim.line.invoice.refresh_from_db()
    assert claim.line.invoice.paid == 100


def test_an_old_page_does_nothing(claim, desk):
    desk.send(claim)
    with pytest.raises(ClaimChanged):
        desk.approve(claim, seen=0)
    with pytest.raises(ClaimChanged):
        desk.reject(claim, seen=0)
    assert MedicareClaim.objects.get().status == ClaimStatus.SENT


def test_what_is_refused(claim, desk, books):
    with pytest.raises(OverClaim) as refused:
        desk.approve(claim, "220.01")
    assert refused.value.charged == 220
    with pytest.raises(ReasonMissing):
        desk.reject(claim, " ")
    books.pay(claim.line.invoice, "200.00")
    with pytest.raises(Overpayment):
        desk.approve(claim, to_clinic=True)
    assert MedicareClaim.objects.get().status == ClaimStatus.PENDING


def test_what_is_credited_lowers_what_it_may_bring(claim, desk, books):
    assert claim.may_bring == Decimal("149.05")
    books.credit(claim.line.invoice, "100.00")
    claim = MedicareClaim.objects.get()
    assert (claim.charged, claim.may_bring) == (120, 120)
    with pytest.raises(OverClaim):
        desk.approve(claim)


def test_while_medicares_money_stands_its_invoice_does(claim, desk, books):
    desk.approve(claim)
    invoice = claim.line.invoice
    with pytest.raises(ClaimApproved):
        books.void(invoice)
    books.credit(invoice, "70.95")
    with pytest.raises(ClaimApproved):
        books.credit(invoice, "0.01")
    sql = "UPDATE billing_invoice SET status = 'void', voided_at = created_at, void_reason = 'x'"
    with pytest.raises(DatabaseError, match=words.CLAIM_PAID), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    desk.reject(claim)
    books.void(invoice)
    assert MedicareClaim.objects.get().status == ClaimStatus.WITHDRAWN


def test_no_note_takes_off_what_medicare_paid_for_by_any_road(claim, desk, books):
    books.credit(claim.line.invoice, "1.00")
    desk.approve(claim)
    sql = (
        "INSERT INTO billing_creditnote (code, number, invoice_id, line_id, issued_on, amount, gst, reason, key, "
        "snapshot, created_at, created_by_id) SELECT '00000000000000000000000000000001', 'CRN-1', invoice_id, line_id, "
        "issued_on, 100, 0, reason, 'k', snapshot, created_at, created_by_id FROM billing_creditnote"
    )
    with pytest.raises(DatabaseError, match=words.CLAIM_PAID), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("status", ClaimStatus)
def test_what_medicare_pays_nothing_for_uses_no_service_up(claim, desk, books, status):
    bring(claim, status, desk, books)
    counts = status not in {ClaimStatus.REJECTED, ClaimStatus.WITHDRAWN}
    assert bool(services_claimed([claim.patient_id])) is counts


def test_being_exported_is_no_step(claim, desk, books):
    actions.mark_exported(claims=[claim], by=books.by, now=books.now)
    desk.approve(claim, seen=0)
    claim.refresh_from_db()
    assert (claim.exported_at, claim.exported_by, claim.revision) == (books.now, books.by.user, 1)
