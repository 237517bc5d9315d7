"""Who money is from: whoever the invoice is made out to, unless somebody says otherwise."""

from __future__ import annotations

from portal.billing.actions.payers import links_of
from portal.billing.models import Invoice, Method
from portal.patients.models import Carer, Patient

MEDICARE = "Medicare"


def usual_for(invoice: Invoice, method: str) -> str:
    """Whose money it is by itself: Medicare's, or theirs whom the bill names."""
    return MEDICARE if method == Method.MEDICARE else invoice.bill_to_name


def likely_payers(patient: Patient, *invoices: Invoice) -> list[str]:
    """Who may pay for a patient, to choose among: those billed, the patient, who cares for them, their payers."""
    carers = Carer.objects.in_force().filter(patient=patient).select_related("user")
    names = [
        *(invoice.bill_to_name for invoice in invoices),
        patient.legal_name,
        *(carer.user.name for carer in carers),
        *(link.payer.bill_to for link in links_of(patient)),
    ]
    return list(dict.fromkeys(name for name in names if name))
