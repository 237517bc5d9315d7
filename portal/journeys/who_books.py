"""Who may book a service online, asked before anybody fills in a form; `rules.check_patient` says it of one patient.

What a visitor reads tells nobody who is known here: it depends on the service alone until they sign in, and then on
their own people.
"""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.appointments import eligibility
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Service
from portal.patients.models import Patient


def barred(service: Service, *, user: User | None, clinic: ClinicSettings, now: datetime) -> str:
    """Why nobody whom this account books for may book it, as NotOffered says it; empty where somebody may.

    Asks the database only where the service is not for everybody.
    """
    reason = eligibility.why_not(service, eligibility.NEW, clinic=clinic)
    if reason and user is not None:
        own = eligibility.standings_of(Patient.objects.managed_by(user), now=now)
        if any(eligibility.why_not(service, each, clinic=clinic) != reason for each in own.values()):
            return ""
    return reason


def takes_somebody_new(service: Service, *, clinic: ClinicSettings) -> bool:
    """Whether it can be booked online for somebody who has no record yet."""
    return not eligibility.why_not(service, eligibility.NEW, clinic=clinic)


def for_somebody_new(*, clinic: ClinicSettings) -> list[Service]:
    """What somebody new books online; what is for first visits alone, if there is any."""
    welcoming = [each for each in kept.services_online() if takes_somebody_new(each, clinic=clinic)]
    return [each for each in welcoming if each.first_visit_only] or welcoming


def approval_counts(*, clinic: ClinicSettings) -> bool:
    """Whether anything can be booked online by approved people that others can't."""
    return any(not takes_somebody_new(each, clinic=clinic) for each in kept.services_online())


def in_words(reason: str, patient: Patient | None) -> str:
    """Why somebody can't have a service online, by NotOffered's reason; no patient is somebody new."""
    called = {"name": patient.called} if patient else {}
    match reason:
        case eligibility.FIRST_VISIT_ONLY if patient:
            return _("This is for people who are new here, and %(name)s has been here.") % called
        case eligibility.FIRST_VISIT_AHEAD if patient:
            return _("%(name)s has a first visit ahead already. If another time suits better, move that one.") % called
        case "known_only":
            return _("This is for people who have been here before. Somebody new begins with a first visit.")
        case "approved_only":
            return _("This is booked online only by people with whom we have agreed it. Please phone us to ask for it.")
    return _("This service can't be booked online any more. Please choose another one, or phone us.")
