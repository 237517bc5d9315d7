"""Which fee holds once a session is held by somebody else: said before it moves, never left open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.appointments.actions.clashes import Terms
from portal.appointments.models import Appointment
from portal.billing import charges
from portal.clinic.models import ClinicSettings
from portal.common.money import dollars
from portal.journeys import pricing
from portal.journeys.repeating.proposing import terms_of


def of_one(session: Appointment, moved: Appointment, *, agreed: Decimal, clinic: ClinicSettings) -> str:
    """What stands beside the `agreed` fee of one session; `moved` is a copy of it as it would be.

    Empty where it gets no other psychologist.
    """
    if moved.psychologist == session.psychologist:
        return ""
    return _beside_their_own(
        _("Stays as agreed."),
        _("Stays as agreed with the patient, though %(name)s's own fee is %(own)s."),
        agreed=[agreed],
        to=terms_of(moved),
        starts_at=moved.starts_at,
        clinic=clinic,
    )


def of_several(sessions: Sequence[Appointment], *, to: Terms, clinic: ClinicSettings) -> str:
    """What is said of the fees of sessions that move together, in sentences.

    Empty where none of them gets another psychologist.
    """
    handed = [session for session in sessions if session.psychologist != to.psychologist]
    if not handed:
        return ""
    agreed = sorted({charges.price_of(session, clinic=clinic) for session in handed})
    if len(agreed) > 1:
        stays = _("Each keeps the fee that was agreed with the patient, from %(agreed)s to %(most)s.")
    else:
        stays = _("The fee of each stays %(agreed)s, as agreed with the patient.")
    though = f"{stays} " + _("%(name)s's own fee is %(own)s.")
    return _beside_their_own(stays, though, agreed=agreed, to=to, starts_at=handed[0].starts_at, clinic=clinic)


def _beside_their_own(
    stays: str, though: str, *, agreed: Sequence[Decimal], to: Terms, starts_at: datetime, clinic: ClinicSettings
) -> str:
    """What was agreed holds with whomever it is: `stays` says so, and `though` where they ask for something else.

    `agreed` are the fees, the lowest first, in dollars with GST.
    """
    whom, on = to.psychologist, to.location.day_of(starts_at)
    own = pricing.fees_of([whom], service=to.service, mode=to.mode, on=on, clinic=clinic).get(whom.pk)
    said = {"name": whom.name, "agreed": dollars(agreed[0]), "most": dollars(agreed[-1])}
    if own is None:
        return stays % said
    if list(agreed) == [own]:
        return f"{stays} " % said + _("It is %(name)s's own fee too.") % said
    return though % (said | {"own": dollars(own)})
