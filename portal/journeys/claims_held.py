"""Which claims can't be made as they are: Medicare would refuse them, or the card's number is missing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from portal.billing.models import MedicareClaim
from portal.journeys.claim_checks import checks


def held_back(codes: Collection[UUID], *, now: datetime) -> dict[UUID, list[str]]:
    """Why each of these open claims that can't be made is held back, by its code; the others are not in it.

    As many statements however many they are. What somebody answered for on the invoice goes out all the same.
    """
    claims = list(
        MedicareClaim.objects.open()
        .filter(code__in=codes)
        .select_related(
            "patient",
            "line__invoice__patient",
            "line__invoice__psychologist",
            "line__invoice__location",
            "line__invoice__appointment",
        )
    )
    found = checks({claim.line.invoice_id: claim.line.invoice for claim in claims}.values(), now=now)
    held = dict[UUID, list[str]]()
    for claim in claims:
        check, words = found[claim.line.invoice_id], list[str]()
        if check is not None and not check.is_ready:
            words = [one.words for one in check.red]
        elif not claim.patient.medicare_number or not claim.patient.medicare_irn:
            words = [_("No Medicare card is on file.")]
        if words:
            held[claim.code] = words
    return held
