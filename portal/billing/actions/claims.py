"""What of an invoice may be claimed from Medicare. The clinic claims by a channel of its own; here account is kept."""

from __future__ import annotations

from datetime import datetime

from portal.billing.models import ClaimStatus, Invoice, Line, MedicareClaim
from portal.common.access.actors import Actor
from portal.medicare.models import MbsItem, Referral


def claim_lines(invoice: Invoice, *, referral: Referral | None, by: Actor, now: datetime) -> None:
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
    """Takes the claims of these lines back: nothing is charged by them any more. Within the caller's transaction."""
    standing = MedicareClaim.objects.standing().filter(line__in=lines)
    standing.update(status=ClaimStatus.WITHDRAWN, withdrawn_at=now, withdrawn_by=by.user)
