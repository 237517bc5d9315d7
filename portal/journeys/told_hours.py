"""Telling a psychologist that somebody else changed when they work."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

from portal.accounts.models import User
from portal.appointments.hours import main_zone
from portal.appointments.models import TimeSlot
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.actors import Actor
from portal.common.languages.times import stretch
from portal.notifications import outbox
from portal.notifications.recipients import Recipient

TEMPLATE = "hours_changed"


def of_week(psychologist: Psychologist, *, by: Actor, now: datetime) -> None:
    """Their weekly hours are others now."""
    _tell(psychologist.pk, "week", key=f"{psychologist.code}:{now.isoformat()}", by=by)


def of_slot(slot: TimeSlot, *, is_removed: bool, by: Actor) -> None:
    """A day of theirs is different, or is no longer."""
    what = f"{slot.kind}_removed" if is_removed else str(slot.kind)
    _tell(slot.psychologist_id, what, key=f"{slot.code}:{what}", slot=slot, by=by)


def _tell(psychologist_id: int, what: str, *, key: str, slot: TimeSlot | None = None, by: Actor) -> None:
    """Nobody is told of what they did themself, nor whoever can't sign in any more."""
    psychologist = kept.psychologists()[psychologist_id]
    if by.user is None or by.user_id == psychologist.user_id:
        return
    # What is kept of people has neither address nor language.
    them = User.objects.get(pk=psychologist.user_id)
    if not them.is_active:
        return
    # The staff's rooms speak English.
    with override(settings.LANGUAGE_CODE):
        outbox.queue(
            template=TEMPLATE,
            to=Recipient.by_email(them.email),
            context={
                "name": them.called,
                "who": by.user.name,
                "what": what,
                "when": _in_words(slot) if slot else "",
                "label": slot.label if slot else "",
                "path": reverse("psychologist:hours"),
            },
            dedupe_key=f"{TEMPLATE}:{key}",
            language=settings.LANGUAGE_CODE,
            about=psychologist,
        )


def _in_words(slot: TimeSlot) -> str:
    if slot.location_id is not None:
        zone = kept.places()[slot.location_id].zone
    else:
        zone = main_zone(slot.psychologist_id, clinic=ClinicSettings.current())
    return stretch(slot.starts_at, slot.ends_at, zone)
