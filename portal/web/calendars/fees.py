"""Which fee holds once a session is held by somebody else: said before it moves, never left open."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from portal.appointments.actions.clashes import Terms
from portal.appointments.models import Appointment
from portal.billing import charges
from portal.clinic.models import ClinicSettings
from portal.common.money import dollars
from portal.journeys import pricing


def fee_afterwards(sessions: Sequence[Appointment], *, to: Terms, clinic: ClinicSettings) -> str:
    """What was agreed holds with whomever it is, and what the other one asks for is said beside it.

    Empty where none of them gets another psychologist.
    """
    handed = [session for session in sessions if session.psychologist != to.psychologist]
    if not handed:
        return ""
    agreed = sorted({charges.price_of(session, clinic=clinic) for session in handed})
    whom, on = to.psychologist, to.location.day_of(handed[0].starts_at)
    own = pricing.fees_of([whom], service=to.service, mode=to.mode, on=on, clinic=clinic).get(whom.pk)
    said = {
        "agreed": dollars(agreed[0]),
        "most": dollars(agreed[-1]),
        "name": whom.name,
        "own": dollars(own or agreed[0]),
    }
    if len(agreed) > 1:
        kept = _("Each keeps the fee that was agreed with the patient, from %(agreed)s to %(most)s.") % said
    else:
        kept = _("The fee of each stays %(agreed)s, as agreed with the patient.") % said
    if own is None:
        return kept
    if agreed == [own]:
        return f"{kept} " + _("It is %(name)s's own fee too.") % said
    return f"{kept} " + _("%(name)s's own fee is %(own)s.") % said
