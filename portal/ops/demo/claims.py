"""What came of the invented clinic's claims: the oldest are answered, the next were made, the newest wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.billing import actions as billing
from portal.billing.models import Channel, MedicareClaim
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor

# Days after the session.
MADE, ANSWERED = 3, 12
# Of the answered, every so many was rejected.
REJECTED = 7


def follow(*, by: Actor, now: datetime) -> None:
    """Takes each claim as far as it would be by `now`, a step on its own day."""
    today = ClinicSettings.current().today(now)
    for n, claim in enumerate(MedicareClaim.objects.order_by("starts_at", "pk").select_related("line__invoice")):
        made, answered = claim.service_date + timedelta(days=MADE), claim.service_date + timedelta(days=ANSWERED)
        if made >= today:
            continue
        at = claim.starts_at + timedelta(days=MADE)
        billing.send_claims(claims=[claim], channel=Channel.HPOS, reference=f"T{n + 4107}", sent_on=made, by=by, now=at)
        if answered >= today:
            continue
        at = claim.starts_at + timedelta(days=ANSWERED)
        if n % REJECTED == REJECTED - 1:
            why = "The number beside the name does not match the card"
            billing.reject_claim(claim=claim, reason=why, decided_on=answered, by=by, now=at)
        else:
            billing.approve_claim(
                claim=claim, amount=claim.may_bring, decided_on=answered, to_clinic=False, by=by, now=at
            )
