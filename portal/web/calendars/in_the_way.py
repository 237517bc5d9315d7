"""What stands in a time that the desk wants: whose session, with whom, from when until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from portal.accounts.roles import Role
from portal.appointments.actions import rules
from portal.appointments.actions.rules import Slot
from portal.appointments.closed import closed_on, holiday_on
from portal.appointments.models import Appointment, AppointmentQuerySet, Offer, TimeSlot
from portal.appointments.refusals import PatientBusy, Refusal, SlotTaken
from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist
from portal.common.access.actors import Actor
from portal.common.languages.times import clock
from portal.patients.models import Patient


class InTheWay(NamedTuple):
    """Why a time is not free, in words; `code` is the session that stands there, None where there is not just one.

    `is_offered`: it is kept for somebody on the waitlist, whose offers the reader may see and withdraw.
    """

    words: str
    code: object = None
    is_offered: bool = False


def in_the_way(
    refused: SlotTaken,
    slot: Slot,
    *,
    patient: Patient,
    psychologists: Sequence[Psychologist],
    location: Location,
    by: Actor,
    now: datetime,
    ignore: Appointment | None = None,
) -> InTheWay:
    """Says what `slot` was refused for; by now that may be gone, then it says no more than that.

    One statement, a second one for a time that is held, none for a room or for several psychologists.
    """
    there = Appointment.objects.visible_to(by).taking_time(now=now).for_listing().order_by("starts_at")
    if ignore is not None:
        there = there.exclude(pk=ignore.pk)
    if isinstance(refused, PatientBusy):
        return _of_patient(there.filter(patient=patient).between(slot.starts_at, slot.ends_at), patient)
    if refused.reason == "room":
        return InTheWay(_("No room is free at %(place)s then.") % {"place": location.name})
    if len(psychologists) != 1:
        return InTheWay(_("Nobody who gives this service is free then."))
    (psychologist,) = psychologists
    found = there.filter(psychologist=psychologist).occupying(slot.occupied_from, slot.occupied_until)
    return _of_psychologist(found, psychologist, slot, by=by)


def not_worked_because(
    psychologist: Psychologist, location: Location, *, starts_at: datetime, ends_at: datetime, mode: Mode | str
) -> str:
    """Why nobody works then, where that has a name: a closure, a public holiday or time away; empty for plain hours.

    One statement at most.
    """
    if why := closed_on(location.pk, starts_at, ends_at, mode=mode):
        return _("%(place)s is closed then: %(why)s.") % {"place": location.name, "why": why}
    away = TimeSlot.objects.away().filter(psychologist=psychologist).between(starts_at, ends_at).first()
    if away is not None:
        said = {"name": psychologist.name, "why": away.label}
        return _("%(name)s is away then: %(why)s.") % said if away.label else _("%(name)s is away then.") % said
    if why := holiday_on(location.pk, starts_at):
        return _("%(place)s is closed on that day: %(why)s.") % {"place": location.name, "why": why}
    return ""


def can_keep_its_time(
    session: Appointment, *, mode: Mode | str, by: Actor, now: datetime, clinic: ClinicSettings
) -> bool:
    """Whether a session may be held in another way at the time it has: where rooms alone are shut, or nothing is."""
    if not_worked_because(
        session.psychologist, session.location, starts_at=session.starts_at, ends_at=session.ends_at, mode=mode
    ):
        return False
    try:
        rules.check_move(
            session,
            session.starts_at,
            psychologist=session.psychologist,
            location=session.location,
            mode=mode,
            by=by,
            now=now,
            clinic=clinic,
        )
    except Refusal:
        return False
    return True


def _of_patient(found: AppointmentQuerySet, patient: Patient) -> InTheWay:
    session = found.first()
    if session is None:
        return InTheWay(_("%(patient)s has another session at that time.") % {"patient": patient.name})
    words = _("%(patient)s has a session with %(psychologist)s then, from %(start)s to %(end)s.")
    return InTheWay(words % _said(session), session.code)


def _of_psychologist(found: AppointmentQuerySet, psychologist: Psychologist, slot: Slot, *, by: Actor) -> InTheWay:
    session = found.first()
    if session is None:
        return InTheWay(_("%(name)s is not free then.") % {"name": psychologist.name})
    if session.is_hold:
        offer = Offer.objects.still_open().filter(hold_code=session.code).first()
        if offer is not None:
            words = _("This time is kept for somebody on the waitlist until %(until)s.")
            is_seen = by.role in {Role.RECEPTION, Role.MANAGER}
            return InTheWay(words % {"until": clock(offer.expires_at, session.zone)}, is_offered=is_seen)
        words = _("Somebody is booking online with %(psychologist)s, from %(start)s to %(end)s.")
        return InTheWay(words % _said(session))
    if session.starts_at < slot.ends_at and session.ends_at > slot.starts_at:
        words = _("%(psychologist)s has %(patient)s from %(start)s to %(end)s.")
    else:
        words = _("%(psychologist)s has %(patient)s from %(start)s to %(end)s, and needs the break beside it.")
    return InTheWay(words % _said(session), session.code)


def _said(session: Appointment) -> dict[str, str]:
    return {
        "psychologist": session.psychologist.name,
        "patient": session.patient.name if session.patient else "",
        "start": clock(session.starts_at, session.zone),
        "end": clock(session.ends_at, session.zone),
    }
