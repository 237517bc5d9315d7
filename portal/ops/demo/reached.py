"""How the invented people want to be reached: most of those with a mobile phone by text."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from portal.common.access.actors import Actor
from portal.patients import actions, ways
from portal.patients.models import Patient

# What a few of them said besides, by their first names.
MORE: dict[str, dict[str, Any]] = {
    "Kiri": {"not_told": "Dean, her former partner"},
    "Amira": {"safe_from": time(9), "safe_until": time(15)},
    "Hannah": {"nobody_writes": True},
}
# Two who have one phone between them: a text from it is asked whom it is about.
SHARED = ("Despina", "Grażyna")


def say(*, by: Actor, now: datetime) -> None:
    """Writes it down at the desk, once their sessions are booked: of those nobody is told anew."""
    people = {patient.legal_first_name: patient for patient in Patient.objects.order_by("-pk")}
    first, second = (people[name] for name in SHARED)
    actions.update_patient(patient=second, values={"phone": first.phone}, by=by, now=now)
    for patient in people.values():
        # Of the range that is kept for fiction, these are mobile phones.
        is_mobile = patient.phone and patient.phone.as_e164.startswith("+614")
        wanted: dict[str, Any] = {"by_sms": True, "prefers": "sms"} if is_mobile else {}
        if values := wanted | MORE.get(patient.legal_first_name, {}):
            ways.change(patient=patient, values=values, by=by, now=now)
