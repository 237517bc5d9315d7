"""A benefit that a patient assigns to the clinic: without it nothing is bulk-billed."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from portal.appointments.models import Appointment
from portal.audit import trail
from portal.billing.bulk import Agreement, terms_on
from portal.billing.charges import day_of
from portal.billing.models import AssignmentOfBenefit, Way
from portal.billing.refusals import NotBulkBillable, ReasonMissing
from portal.clinic.models import ClinicSettings, ProviderNumber
from portal.common.access.actors import Actor
from portal.medicare.models import MbsItem


@transaction.atomic
def assign_benefit(
    *, appointment: Appointment, item: MbsItem, agreement: Agreement, by: Actor, now: datetime
) -> AssignmentOfBenefit:
    """Writes down the agreement with all that it names; raises NotBulkBillable, and ReasonMissing.

    Said and not signed is enough only as long as the law says so, and with a reason.
    """
    clinic, patient = ClinicSettings.current(), appointment.person
    today = clinic.today(now)
    terms = terms_on(today)
    if terms is None or (agreement.way == Way.VERBAL and not terms.verbal) or not agreement.agreed_by.strip():
        raise NotBulkBillable
    if agreement.way == Way.VERBAL and not agreement.reason.strip():
        raise ReasonMissing
    provider = ProviderNumber.objects.filter(
        psychologist=appointment.psychologist, location=appointment.location
    ).first()
    assignment = AssignmentOfBenefit.objects.create(
        patient=patient,
        appointment=appointment,
        item_number=item.item,
        service_date=day_of(appointment),
        benefit=item.benefit,
        way=agreement.way,
        reason=agreement.reason.strip() if agreement.way == Way.VERBAL else "",
        agreed_by=agreement.agreed_by.strip(),
        agreed_on=today,
        agreed_at=now,
        keep_until=_years_on(today, terms.kept_years),
        facts={
            "clinic": clinic.name,
            "patient": patient.legal_name,
            "born": patient.date_of_birth.isoformat(),
            "card": patient.medicare_card,
            "psychologist": appointment.psychologist.name,
            "provider_number": provider.number if provider else "",
            "practice": f"{appointment.location.name}, {appointment.location.address}",
            "item": item.item,
            "description": item.description,
            "day": day_of(appointment).isoformat(),
            "benefit": str(item.benefit),
        },
        recorded_by=by.user,
    )
    trail.record("benefit.assigned", by=by, target=assignment, at=now, way=agreement.way)
    return assignment


def _years_on(day: date, years: int) -> date:
    """The same day so many years on; of 29 February the day after."""
    if (day.month, day.day) == (2, 29):
        return date(day.year + years, 3, 1)
    return day.replace(year=day.year + years)
