"""Who pays for others at the invented clinic: a plan manager with terms of its own, who pays by transfer, later."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from portal.billing import actions as billing
from portal.billing.models import Invoice, Method, PatientPayer, Payer
from portal.common.access.actors import Actor
from portal.patients.models import Patient

WHOSE = "Karimi"
TERMS_DAYS = 14
# Days after the session.
PAYS = 9
MANAGER = {
    "kind": Payer.Kind.PLAN_MANAGER,
    "name": "Wattle Plan Management",
    "contact": "Accounts",
    "email": "accounts@wattleplans.example",
    "phone": "(03) 5550 4418",
    "street": "210 Station Street",
    "suburb": "Fairfield",
    "state": "VIC",
    "postcode": "3078",
    "terms_days": TERMS_DAYS,
}


def begin(circle: Iterable[Patient], *, by: Actor, now: datetime) -> None:
    """Somebody's sessions are billed to their plan manager, under their participant number."""
    for patient in circle:
        if patient.legal_last_name == WHOSE:
            payer = billing.add_payer(values=MANAGER, by=by, now=now)
            values = {"pays": PatientPayer.Pays.SESSIONS, "claim_number": "430 118 269", "purchase_order": "WPM-2207"}
            billing.let_pay(patient=patient, payer=payer, values=values, by=by, now=now)


def pay(invoice: Invoice, *, by: Actor, now: datetime) -> None:
    """The plan manager's transfer came, if it would have by `now`; else the invoice is owing."""
    at = invoice.created_at + timedelta(days=PAYS)
    if at < now:
        billing.record_payment(
            invoice=invoice,
            amount=invoice.total,
            method=Method.TRANSFER,
            reference="WPM remittance",
            key=f"demo:{invoice.number}",
            by=by,
            now=at,
        )
