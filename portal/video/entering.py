"""Who may come into a session's room, and when: pages draw from it, and actions ask the same again under lock."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.clinic.models import Mode
from portal.common.access.actors import Actor
from portal.patients.models import Patient
from portal.video import providers
from portal.video.models import Side

OPENS_BEFORE: Final = timedelta(minutes=15)
CLOSES_AFTER: Final = timedelta(minutes=30)


class Why(StrEnum):
    """Why nobody comes in; empty where they may."""

    OFF = "off"
    OTHERWISE = "otherwise"  # not by video, or by the psychologist's own link
    CALLED_OFF = "called_off"
    TOO_EARLY = "too_early"
    OVER = "over"
    NOTHING = ""


def side_of(session: Appointment, by: Actor) -> Side | None:
    """Which place somebody takes: the patient or who cares for them by rule, or the psychologist; None of others."""
    match by.role:
        case Role.PATIENT if by.user is not None and session.patient_id is not None:
            is_theirs = Patient.objects.managed_by(by.person).filter(pk=session.patient_id).exists()
            return Side.PATIENT if is_theirs else None
        case Role.PSYCHOLOGIST if by.user is not None and session.psychologist.user_id == by.user.pk:
            return Side.PSYCHOLOGIST
    return None


def opens_at(session: Appointment) -> datetime:
    return session.starts_at - OPENS_BEFORE


def closes_at(session: Appointment) -> datetime:
    return session.ends_at + CLOSES_AFTER


def why_not(session: Appointment, *, now: datetime) -> Why:
    """Why nobody comes in now."""
    if session.mode != Mode.VIDEO or session.psychologist.video_link:
        return Why.OTHERWISE
    if providers.current() is None:
        return Why.OFF
    if not session.is_standing or session.patient_id is None:
        return Why.CALLED_OFF
    if now < opens_at(session):
        return Why.TOO_EARLY
    return Why.OVER if now >= closes_at(session) else Why.NOTHING
