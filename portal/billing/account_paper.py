"""A statement of account on paper, in English as all that the clinic prints."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import translation

from portal.billing.paper import METHODS, day, logo_of
from portal.billing.snapshot import clinic_on_paper
from portal.billing.statements import (
    BILLED,
    CORRECTED,
    GIVEN_BACK,
    OF_MONEY,
    PAID,
    TAKEN_OFF,
    WRITTEN_OFF,
    Entry,
    Statement,
)
from portal.clinic.models import ClinicSettings
from portal.common.paper.pdf import render_pdf

_KINDS = {
    BILLED: "Invoice",
    TAKEN_OFF: "Credit note",
    WRITTEN_OFF: "Written off",
    PAID: "Payment",
    GIVEN_BACK: "Refund",
    CORRECTED: "Correction of a payment",
}


def statement_pdf(statement: Statement, *, name: str, address: str, today: date) -> bytes:
    """A statement of account for whoever is named."""
    clinic = clinic_on_paper(ClinicSettings.current())
    context = {
        "paper": {"title": "Statement", "number": "", "clinic": clinic},
        "logo": logo_of(clinic["logo"]),
        "stamp": "",
        "name": name,
        "address": address,
        "printed": day(today),
        "since": day(statement.since),
        "until": day(statement.until),
        # Of days to come nothing is known yet.
        "owing_on": day(min(statement.until, today)),
        "statement": statement,
        "rows": rows_in_words(statement),
    }
    with translation.override("en-au"):
        return render_pdf("pdf/statement.html", context)


def _money_in_words(entry: Entry) -> str:
    how = METHODS.get(entry.about, entry.about)
    if not entry.paid_by:
        return how
    return f"{how}, {'to' if entry.kind == GIVEN_BACK else 'from'} {entry.paid_by}"


def rows_in_words(statement: Statement) -> list[dict[str, Any]]:
    """The rows as the paper says them."""
    return [
        {
            "day": day(entry.day),
            "what": _KINDS[entry.kind],
            "number": entry.number,
            "about": _money_in_words(entry) if entry.kind in OF_MONEY else entry.about,
            "session": f"session of {day(entry.session_on)} with {entry.session_with}" if entry.session_on else "",
            "charged": None if entry.kind in OF_MONEY else entry.amount,
            # What was paid stands without a sign, and what went back with a minus: as their sum does.
            "paid": -entry.amount if entry.kind in OF_MONEY else None,
            "balance": entry.balance,
        }
        for entry in statement.entries
    ]
