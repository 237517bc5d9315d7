"""How a session is joined, in the words of whoever reads: `{% how_to_join appointment as how %}`."""

from __future__ import annotations

from django import template
from django.template.context import Context

from portal.accounts.roles import STAFF
from portal.appointments import joining, joining_for_staff
from portal.appointments.joining import Joining
from portal.appointments.models import Appointment
from portal.clinic.models import ClinicSettings

register = template.Library()


@register.simple_tag(takes_context=True)
def how_to_join(context: Context, session: Appointment) -> Joining | None:
    """Staff read who does what; a patient what they do; whoever is not signed in, and a mail, show no whole number."""
    actor = getattr(context.get("request"), "actor", None)
    if actor is not None and actor.role in STAFF:
        return joining_for_staff.for_staff(session, role=actor.role)
    return joining.for_patient(session, clinic=ClinicSettings.current(), is_mailed=actor is None)
