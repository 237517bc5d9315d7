"""The polite letter that asks a referrer to add what their letter lacks. It says nothing of why anybody comes."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import translation

from portal.clinic.models import ClinicSettings
from portal.common.paper.pdf import render_pdf
from portal.medicare.contents import needed
from portal.medicare.models import LetterCheck


def facts_of(found: LetterCheck, *, clinic: ClinicSettings, today: date) -> dict[str, Any]:
    """What `pdf/please_add.html` and the text read."""
    referral, patient = found.referral, found.referral.patient
    missing = set(found.missing)
    ways = [
        f"phone {clinic.phone.as_national}" if clinic.phone else "",
        f"e-mail {clinic.email}" if clinic.email else "",
        ", ".join(part for part in (clinic.name, clinic.street, _place(clinic)) if part),
    ]
    return {
        "clinic": clinic,
        "place": _place(clinic),
        "today": _day(today),
        "to": [referral.referrer_name, *referral.referrer_practice.split(", ")],
        "dear": referral.referrer_name,
        "patient": patient.legal_name,
        "born": _day(patient.date_of_birth),
        "written_on": _day(referral.written_on),
        "lacks": [content.asked for content in needed(referral) if content.name in missing],
        "ways": [way for way in ways if way],
    }


def as_text(facts: dict[str, Any]) -> str:
    """The letter for an e-mail or a fax, in English."""
    points = "\n".join(f"- {one}" for one in facts["lacks"])
    return (
        f"Dear {facts['dear']},\n\n"
        f"Thank you for referring {facts['patient']}, born {facts['born']}. "
        f"Your letter is dated {facts['written_on']}.\n\n"
        "For Medicare to pay a benefit, a referral has to say a few things. We could not find these in the letter:\n\n"
        f"{points}\n\n"
        "Could you please send us an amended letter, or a short addition, signed and dated?\n\n"
        f"You can reach us here: {'; '.join(facts['ways'])}.\n\n"
        f"With kind regards,\n{facts['clinic'].name}\n"
    )


def as_pdf(facts: dict[str, Any]) -> bytes:
    """The same on paper, as an A4 PDF."""
    with translation.override("en-au"):
        return render_pdf("pdf/please_add.html", facts)


def _place(clinic: ClinicSettings) -> str:
    return " ".join(part for part in (clinic.suburb, clinic.state, clinic.postcode) if part)


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
