"""Of which invoices nobody is reminded, since something was agreed: a payment plan that is kept, or a person's word."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from django.db.models import Q

from portal.billing.models import Invoice, Payer, PaymentPlan, ReminderHold
from portal.billing.plans import Planned, planned
from portal.patients.models import Patient

# The desk rings first: only a plan that nobody kept up for so long is none.
GRACE: Final = timedelta(days=7)


class Alone(StrEnum):
    """Why an invoice is left alone."""

    HELD = "held"
    PLANNED = "planned"


def plans_of(rows: Iterable[PaymentPlan], *, today: date) -> list[Planned]:
    """These plans as they stand. Two statements more than the rows."""
    if not (plans := list(rows)):
        return []
    found = PaymentPlan.objects.filter(pk__in=[plan.pk for plan in plans])
    return planned(list(found.prefetch_related("parts__invoice", "instalments").order_by("-pk")), today=today)


def left_alone(invoices: Collection[Invoice], *, today: date) -> dict[int, Alone]:
    """Those of these invoices of which nobody is reminded, by their ids, with why. At most four statements."""
    ids = {invoice.pk for invoice in invoices}
    if not ids:
        return {}
    found: dict[int, Alone] = {}
    standing = PaymentPlan.objects.standing().filter(parts__invoice__in=ids).distinct()
    for each in plans_of(standing, today=today - GRACE):
        if each.progress.is_kept:
            found |= {part.invoice_id: Alone.PLANNED for part in each.plan.parts.all() if part.invoice_id in ids}
    of = Q(invoice__in=ids)
    of |= Q(payer__in={invoice.payer_id for invoice in invoices if invoice.payer_id})
    of |= Q(patient__in={invoice.patient_id for invoice in invoices if not invoice.payer_id})
    holds = ReminderHold.objects.in_force(today=today).filter(of).values_list("invoice", "patient", "payer")
    for held_invoice, patient, payer in holds:
        for one in invoices:
            if one.pk == held_invoice or (one.payer_id == payer if one.payer_id else one.patient_id == patient):
                found[one.pk] = Alone.HELD
    return found


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed, for a page: plans that stand, and words that nobody is reminded."""

    plans: list[Planned]
    holds: list[ReminderHold]


def agreed_on(of: Invoice | Patient | Payer, *, today: date) -> Agreed:
    """What was agreed about an invoice, or with a patient's family or a payer. At most four statements."""
    match of:
        case Invoice():
            theirs = Q(payer=of.payer_id) if of.payer_id else Q(patient=of.patient_id)
            plans, holds = Q(parts__invoice=of), Q(invoice=of) | theirs
        case Payer():
            plans = holds = Q(payer=of)
        case _:
            plans = holds = Q(patient=of)
    said = ReminderHold.objects.in_force(today=today).filter(holds).select_related("made_by")
    return Agreed(plans_of(PaymentPlan.objects.standing().filter(plans).distinct(), today=today), list(said))


def agreed_with(codes: Collection[str], *, by_payer: bool, today: date) -> dict[str, Alone]:
    """With which of these patients or payers, by their codes, something was agreed. Two statements."""
    column = "payer__code" if by_payer else "patient__code"
    plans = PaymentPlan.objects.standing().filter(**{f"{column}__in": codes}).order_by()
    holds = ReminderHold.objects.in_force(today=today).filter(**{f"{column}__in": codes}).order_by()
    found = {str(code): Alone.PLANNED for code in plans.values_list(column, flat=True)}
    return found | {str(code): Alone.HELD for code in holds.values_list(column, flat=True)}
