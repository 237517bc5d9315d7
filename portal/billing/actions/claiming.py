"""What the desk writes down of a claim: that it was made, what Medicare answered, and the money that came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from portal.audit import trail
from portal.billing.actions.amounts import check_amount
from portal.billing.actions.claims import step
from portal.billing.actions.locking import lock_invoice, lock_invoices
from portal.billing.actions.payments import record_payment
from portal.billing.actions.refunds import refund_payment
from portal.billing.actions.rows import refundable
from portal.billing.claim_states import ClaimStatus, may_become
from portal.billing.models import Invoice, MedicareClaim, Method
from portal.billing.refusals import ClaimChanged, OverClaim, ReasonMissing
from portal.common.access.actors import Actor


@transaction.atomic
def send_claims(
    *, claims: Sequence[MedicareClaim], channel: str, reference: str, sent_on: date, by: Actor, now: datetime
) -> int:
    """Writes down that these were claimed, by which channel and when; returns how many. Those further on stay."""
    lock_invoices(*Invoice.objects.filter(lines__claim__in=claims).only("pk"))
    fresh = MedicareClaim.objects.filter(pk__in=[claim.pk for claim in claims], status=ClaimStatus.PENDING)
    count = 0
    for claim in fresh.order_by("pk"):
        values = {"channel": channel, "reference": reference.strip(), "sent_on": sent_on}
        step(claim, ClaimStatus.SENT, by=by, now=now, values=values, day=sent_on, reference=reference.strip())
        count += 1
    return count


@transaction.atomic
def approve_claim(
    *,
    claim: MedicareClaim,
    amount: Decimal,
    decided_on: date,
    to_clinic: bool,
    seen: int | None = None,
    by: Actor,
    now: datetime,
) -> MedicareClaim:
    """Writes down what Medicare paid, in dollars. With `to_clinic` the money came here: it is a payment, taken once.

    Raises ClaimChanged for an old page or a claim that can't be approved, WrongAmount, OverClaim above what the line
    charges, and what `record_payment` raises.
    """
    claim = _locked(claim, ClaimStatus.APPROVED, seen)
    check_amount(amount)
    if amount > claim.charged:
        raise OverClaim(claim.charged)
    payment = None
    # What is bulk-billed was assigned to the clinic.
    if to_clinic or claim.line.invoice.bulk_billed:
        payment = record_payment(
            invoice=claim.line.invoice,
            amount=amount,
            method=Method.MEDICARE,
            key=f"claim:{claim.code}:{claim.revision + 1}",
            reference=claim.reference,
            received_on=decided_on,
            by=by,
            now=now,
        )
    values = {"amount": amount, "decided_on": decided_on}
    step(claim, ClaimStatus.APPROVED, by=by, now=now, values=values, day=decided_on, amount=amount, payment=payment)
    return claim


@transaction.atomic
def reject_claim(
    *, claim: MedicareClaim, reason: str, decided_on: date, seen: int | None = None, by: Actor, now: datetime
) -> MedicareClaim:
    """Writes down that Medicare pays nothing, and why. What it had paid to the clinic goes back to it.

    Raises ReasonMissing, and ClaimChanged for an old page or a claim that can't be rejected.
    """
    claim = _locked(claim, ClaimStatus.REJECTED, seen)
    if not reason.strip():
        raise ReasonMissing
    approved = claim.steps.filter(status=ClaimStatus.APPROVED).select_related("payment").last()
    was_approved = claim.status == ClaimStatus.APPROVED
    values = {"amount": None, "decided_on": decided_on, "reason": reason.strip()}
    step(claim, ClaimStatus.REJECTED, by=by, now=now, values=values, day=decided_on, reason=reason.strip())
    # The database lets Medicare's money go only once its claim no longer stands.
    if was_approved and approved is not None and approved.payment is not None:
        left = refundable(payment=approved.payment, invoice=claim.line.invoice)
        if left:
            refund_payment(
                payment=approved.payment,
                invoice=claim.line.invoice,
                amount=left,
                reason=reason,
                key=f"claim-back:{claim.code}:{claim.revision}",
                received_on=decided_on,
                by=by,
                now=now,
            )
    return claim


@transaction.atomic
def claim_again(*, claim: MedicareClaim, seen: int | None = None, by: Actor, now: datetime) -> MedicareClaim:
    """Puts one that was rejected, or marked as claimed by mistake, back among those to be claimed."""
    claim = _locked(claim, ClaimStatus.PENDING, seen)
    values = {"channel": "", "reference": "", "sent_on": None, "decided_on": None, "reason": ""}
    step(claim, ClaimStatus.PENDING, by=by, now=now, values=values)
    return claim


@transaction.atomic
def withdraw_claim(
    *, claim: MedicareClaim, reason: str, seen: int | None = None, by: Actor, now: datetime
) -> MedicareClaim:
    """Takes a claim back that nobody is going to make, and says why: its service is free again.

    Raises ReasonMissing, and ClaimChanged for an old page or one that Medicare has answered.
    """
    claim = _locked(claim, ClaimStatus.WITHDRAWN, seen)
    if not claim.may_be_withdrawn:
        raise ClaimChanged(claim)
    if not reason.strip():
        raise ReasonMissing
    values = {"withdrawn_at": now, "withdrawn_by": by.user}
    step(claim, ClaimStatus.WITHDRAWN, by=by, now=now, values=values, reason=reason.strip())
    return claim


@transaction.atomic
def mark_exported(*, claims: Sequence[MedicareClaim], by: Actor, now: datetime) -> None:
    """Writes down that these went into a file just now."""
    codes = [str(claim.code) for claim in claims]
    MedicareClaim.objects.filter(pk__in=[claim.pk for claim in claims]).update(exported_at=now, exported_by=by.user)
    trail.record("claims.exported", by=by, at=now, count=len(codes))


def _locked(claim: MedicareClaim, to: ClaimStatus, seen: int | None) -> MedicareClaim:
    """The claim as it stands now, with its invoice held; raises ClaimChanged where it can't become `to` any more."""
    lock_invoice(claim.line.invoice)
    fresh = (
        MedicareClaim.objects.select_for_update(of=("self",))
        .select_related("line__invoice", "patient")
        .prefetch_related("line__credit_notes")
        .get(pk=claim.pk)
    )
    if (seen is not None and seen != fresh.revision) or not may_become(fresh.status, to):
        raise ClaimChanged(fresh)
    return fresh
