"""Why a held time can't become somebody's booking, as they read it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered, PatientBusy, TooManyBookings
from portal.journeys import who_books
from portal.patients.models import Patient


def in_words(refusal: Exception, patient: Patient | None, own: Appointment | None) -> str:
    """What to tell a person whose held time can't become their booking; `own` is a session of theirs in its way."""
    match refusal:
        case PatientBusy():
            return _("There is already a session at that time. Please choose another time, or move the other one.")
        case TooManyBookings(reason="service"):
            return _("You have as many of these sessions booked as can be booked online. Please phone us for more.")
        case TooManyBookings():
            return _("You have as many sessions booked as can be booked online. Please phone us for more.")
        case NotOffered(reason="mode"):
            return _("This way of meeting is no longer offered. Please choose another time.")
        case NotOffered(reason="known_only") if own:
            called = {"name": patient.called} if patient else {}
            return _("This is for people who have been here. %(name)s can book it after the first visit.") % called
        case NotOffered(
            reason="service" | "first_visit_only" | "first_visit_ahead" | "known_only" | "approved_only" as reason
        ):
            return who_books.in_words(reason, patient)
    return _("This time can't be booked any more. Please choose another one.")
