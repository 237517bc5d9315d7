"""Who may book a service online, asked before anybody fills in a form; `rules.check_patient` says it of one patient.

What a visitor reads tells nobody who is known here: it depends on the service alone until they sign in, and then on
their own people.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from portal.accounts.models import User
from portal.appointments.actions import rules
from portal.appointments.models import Appointment
from portal.clinic import kept
from portal.clinic.booking_rules import rules_of
from portal.clinic.models import ClinicSettings, Service, WhoBooks
from portal.patients.models import Patient


def barred(service: Service, *, user: User | None, clinic: ClinicSettings) -> str:
    """Why nobody whom this account books for may book it, as NotOffered says it; empty where somebody may.

    Asks the database only where the service is not for everybody.
    """
    who = rules_of(service, clinic=clinic).who
    if who == WhoBooks.ANYONE:
        return ""
    if user is not None:
        sessions = Appointment.objects.with_a_person().filter(patient=OuterRef("pk")).order_by()
        may = Q(approved_at__isnull=False)
        if who == WhoBooks.KNOWN:
            may |= Q(Exists(sessions))
        if Patient.objects.managed_by(user).order_by().filter(may).exists():
            return ""
    return rules.barred_by(who)


def takes_somebody_new(service: Service, *, clinic: ClinicSettings) -> bool:
    """Whether it can be booked online for somebody who has no record yet."""
    return rules_of(service, clinic=clinic).who == WhoBooks.ANYONE


def for_somebody_new(*, clinic: ClinicSettings) -> list[Service]:
    """What somebody new books online; what is for first visits alone, if there is any."""
    welcoming = [each for each in kept.services_online() if takes_somebody_new(each, clinic=clinic)]
    return [each for each in welcoming if each.first_visit_only] or welcoming


def approval_counts(*, clinic: ClinicSettings) -> bool:
    """Whether anything can be booked online by approved people that others can't."""
    return any(not takes_somebody_new(each, clinic=clinic) for each in kept.services_online())
