"""Claims as a file for whatever channel the clinic claims through. It is no claim by itself: nothing is lodged."""

from __future__ import annotations

from collections.abc import Iterable

from portal.billing.models import MedicareClaim
from portal.common.money import ZERO
from portal.common.text.spreadsheet import Cell, csv_of

HEAD = (
    *("claim", "invoice", "status", "billed", "family_name", "given_name", "name_on_card", "born"),
    *("medicare_number", "irn", "card_valid_to", "item", "date_of_service", "start", "minutes", "charge", "paid"),
    *("expected_benefit", "provider", "provider_number", "place", "referrer", "referrer_provider_number"),
    *("referrer_practice", "referral_date", "referral_services"),
)


def export(claims: Iterable[MedicareClaim]) -> bytes:
    """These claims `for_export`, a row each, with the card as it is on file today."""
    return csv_of(HEAD, map(_row, claims))


def _row(claim: MedicareClaim) -> list[Cell]:
    line, patient, referral = claim.line, claim.patient, claim.referral
    paper = line.invoice.snapshot or {}
    provider = paper.get("provider", {})
    start = claim.starts_at.astimezone(line.invoice.location.zone)
    return [
        str(claim.code),
        line.invoice.number,
        claim.get_status_display(),
        "bulk" if line.invoice.bulk_billed else "patient",
        patient.legal_last_name,
        patient.legal_first_name,
        patient.medicare_name or patient.legal_name,
        patient.date_of_birth,
        patient.medicare_number,
        patient.medicare_irn,
        patient.medicare_expires and f"{patient.medicare_expires:%m/%Y}",
        claim.item_number,
        claim.service_date,
        f"{start:%H:%M}",
        line.minutes,
        claim.charged,
        # By the patient, of this service: what is bulk-billed they pay nothing of.
        ZERO if line.invoice.bulk_billed else min(claim.charged, line.invoice.paid),
        claim.may_bring,
        provider.get("name", ""),
        provider.get("number", ""),
        line.invoice.location.name,
        referral.referrer_name,
        referral.referrer_provider_number,
        referral.referrer_practice,
        referral.written_on,
        referral.services,
    ]
