"""What a psychologist is paid of what came in for their work."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from portal.audit import trail
from portal.billing.models import PayShare
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor


@transaction.atomic
def set_share(*, psychologist: Psychologist, percent: Decimal, from_day: date, by: Actor, now: datetime) -> PayShare:
    """Says a psychologist's part from a day on; what was said before stays in the books."""
    share = PayShare.objects.create(
        psychologist=psychologist, percent=percent, from_day=from_day, said_at=now, said_by=by.person
    )
    trail.record(
        "pay_share.set", by=by, target=share, at=now, psychologist=psychologist.pk, percent=percent, from_day=from_day
    )
    return share
