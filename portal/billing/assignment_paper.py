"""The patient's copy of an agreement that assigns a benefit, in English as invoices are: Medicare may ask for it."""

from __future__ import annotations

from datetime import date

from django.utils import translation

from portal.billing.models import AssignmentOfBenefit, Way
from portal.billing.paper import day
from portal.common.paper.pdf import render_pdf

_WAYS = {Way.ELECTRONIC: "Signed on the screen", Way.VERBAL: "Said it"}


def assignment_pdf(assignment: AssignmentOfBenefit) -> bytes:
    """An A4 page with all that was agreed. Drawing takes a tenth of a second: never within a transaction."""
    facts = assignment.facts
    context = {
        "facts": facts | {name: day(date.fromisoformat(facts[name])) for name in ("born", "day")},
        "agreed": {
            "by": assignment.agreed_by,
            "on": day(assignment.agreed_on),
            "how": _WAYS[Way(assignment.way)],
            "reason": assignment.reason.rstrip("."),
        },
        "kept": day(assignment.keep_until),
    }
    with translation.override("en-au"):
        return render_pdf("pdf/assignment.html", context)
