"""What of an invoice may be claimed from Medicare. The clinic claims by a channel of its own; here account is kept."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portal.audit import trail
from portal.billing.claim_states import ClaimStatus
from portal.billing.models import AssignmentOfBenefit, ClaimStep, Invoice, InvoiceStatus, Line, MedicareClaim, Payment
from portal.billing.refusals import ClaimApproved
from portal.common.access.actors import Actor
from portal.common.money import in_cents
from portal.medicare.models import MbsItem, Referral


def claim_lines(
    invoice: Invoice,
    *,
    referral: Referral | None,
    assignment: AssignmentOfBenefit | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Writes down a claim for each line with an item of an invoice just issued. Within the caller's transaction."""
    if referral is None:
        return
    lines = list(invoice.lines.exclude(item_number=""))
    kinds = dict(
        MbsItem.objects.filter(item__in={line.item_number for line in lines})
        .order_by("valid_from")
        .values_list("item", "counts_towards")
    )
    MedicareClaim.objects.bulk_create(
        MedicareClaim(
            line=line,
            patient_id=invoice.patient_id,
            referral=referral,
            assignment=assignment,
            item_number=line.item_number,
            counts_towards=kinds.get(line.item_number, MbsItem.CountsTowards.INDIVIDUAL),
            service_date=line.service_date,
            starts_at=line.starts_at,
            created_at=now,
            created_by=by.user,
        )
        for line in lines
        if line.service_date and line.starts_at
    )


def withdraw_claims(lines: list[Line], *, by: Actor, now: datetime) -> None:
    """Takes the claims of these lines back: nothing is charged by them any more. Within the caller's transaction.

    What was rejected goes only with a void invoice; what was approved is rejected first, by `reject_claim`.
    """
    for claim in MedicareClaim.objects.filter(line__in=lines).select_related("line__invoice").order_by("pk"):
        is_void = claim.line.invoice.status == InvoiceStatus.VOID
        if claim.is_open or (is_void and claim.status == ClaimStatus.REJECTED):
            step(
                claim,
                ClaimStatus.WITHDRAWN,
                by=by,
                now=now,
                values={"withdrawn_at": now, "withdrawn_by": by.user, "reason": ""},
            )


def check_not_paid(line: Line, *, charged: Decimal) -> None:
    """Raises ClaimApproved where Medicare paid more for a line than it would then charge, in dollars."""
    paid = MedicareClaim.objects.filter(line=line, status=ClaimStatus.APPROVED).first()
    if paid is not None and paid.amount is not None and paid.amount > charged:
        raise ClaimApproved(paid)


def step(
    claim: MedicareClaim,
    to: ClaimStatus,
    *,
    by: Actor,
    now: datetime,
    values: dict[str, Any],
    day: date | None = None,
    amount: Decimal | None = None,
    reference: str = "",
    reason: str = "",
    payment: Payment | None = None,
) -> None:
    """One step along the table, with its row and its line in the trail; the claim is held by the caller."""
    before = claim.status
    claim.status, claim.revision = to, claim.revision + 1
    claim.changed_at, claim.changed_by = now, by.user
    for name, value in values.items():
        setattr(claim, name, value)
    claim.save(update_fields=["status", "revision", "changed_at", "changed_by", *values])
    ClaimStep.objects.create(
        claim=claim,
        number=claim.revision,
        status=to,
        at=now,
        by=by.user,
        day=day,
        amount=amount,
        reference=reference,
        reason=reason,
        payment=payment,
    )
    facts = {"was": before, "became": to} | ({"amount_cents": in_cents(amount)} if amount is not None else {})
    trail.record("claim.moved", by=by, target=claim, at=now, **facts)
