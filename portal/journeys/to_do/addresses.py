"""Whom a notice concerns, and where it would go today."""

from __future__ import annotations

from portal.appointments.models import Appointment, Offer
from portal.billing.models import Invoice
from portal.common.labels import labels_of
from portal.journeys import mailing
from portal.messaging.models import Thread
from portal.notifications.models import Notice
from portal.notifications.recipients import ON_PHONES
from portal.patients.models import Patient
from portal.patients.reaching import readers_of
from portal.resources.models import Share


def patient_of(notice: Notice) -> Patient | None:
    """The patient whom a notice is about, or None where it is about no patient."""
    if notice.about_label in labels_of(Offer):
        offer = Offer.objects.for_listing().filter(code=notice.about_code).first()
        return None if offer is None else offer.entry.patient
    thing = _thing_of(notice)
    return None if thing is None else thing.patient


def address_today(notice: Notice) -> str:
    """The address that is on file by now; empty where there is none, or more than one."""
    match _thing_of(notice):
        case Invoice() as invoice if notice.channel not in ON_PHONES:
            return mailing.address_for(invoice)
        case Appointment(patient=Patient() as patient) | Thread(patient=Patient() as patient) | Share(patient=patient):
            known = readers_of(patient)
            if notice.channel in ON_PHONES:
                return patient.phone.as_e164 if patient.phone else ""
            return known[0].address if len(known) == 1 else ""
    return ""


def _thing_of(notice: Notice) -> Appointment | Invoice | Share | Thread | None:
    for model in (Appointment, Invoice, Share, Thread):
        if notice.about_label in labels_of(model):
            rows = model._default_manager.select_related("patient__user")
            found: Appointment | Invoice | Share | Thread | None = rows.filter(code=notice.about_code).first()
            return found
    return None
