"""A reminder of what is overdue on paper, for whoever has no e-mail address; in English as all our papers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils import translation

from portal.billing.paper import day, logo_of
from portal.billing.snapshot import clinic_on_paper
from portal.billing.transfers import PayTo
from portal.clinic.models import ClinicSettings
from portal.common.money import ZERO
from portal.common.paper.pdf import render_pdf


def reminder_pdf(
    owed: Sequence[dict[str, Any]], *, name: str, address: str, pay_to: PayTo | None, today: date
) -> bytes:
    """The letter to whoever is billed: `number`, `issued_on`, `due_on`, `days` and `amount` of each invoice."""
    clinic = clinic_on_paper(ClinicSettings.current())
    context = {
        "paper": {"title": "Reminder", "number": "", "clinic": clinic},
        "logo": logo_of(clinic["logo"]),
        "stamp": "",
        "name": name,
        "address": address,
        "printed": day(today),
        "owed": [row | {"issued_on": day(row["issued_on"]), "due_on": day(row["due_on"])} for row in owed],
        "total": sum((row["amount"] for row in owed), ZERO),
        "pay_to": pay_to,
    }
    with translation.override("en-au"):
        return render_pdf("pdf/reminder.html", context)
