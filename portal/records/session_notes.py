"""Which sessions have a note, and which wait for one. Nothing here reads a word of a note."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from portal.appointments import states
from portal.appointments.models import Appointment
from portal.appointments.models.appointment import AppointmentQuerySet
from portal.common.access.actors import Actor
from portal.records.models import ProgressNote, State


def sessions_with_notes(sessions: AppointmentQuerySet) -> AppointmentQuerySet:
    """The same sessions, each with its `note` at hand where it has one, and not one ciphertext read."""
    return sessions.select_related("note").defer("note__body")


def states_of_notes(codes: Collection[UUID]) -> dict[UUID, bool]:
    """Of these sessions, by their codes, those that have a note: whether it is signed. One query."""
    notes = ProgressNote.objects.filter(appointment__code__in=codes).order_by()
    return {code: state == State.SIGNED for code, state in notes.values_list("appointment__code", "state")}


def sessions_to_write_up(actor: Actor, *, now: datetime, since: datetime | None = None) -> AppointmentQuerySet:
    """An actor's own sessions that are over and lack a signed note, oldest first; drafts of any session count."""
    over = Q(ends_at__lte=now, status__in=states.STANDING)
    sessions = Appointment.objects.visible_to(actor).filter(
        Q(note__state=State.DRAFT, starts_at__lte=now) | (over & Q(note__isnull=True))
    )
    if since is not None:
        sessions = sessions.filter(starts_at__gte=since)
    return sessions.order_by("starts_at")


def note_before(session: Appointment, *, actor: Actor, now: datetime) -> ProgressNote | None:
    """The signed note of the patient's session before this one, as far as the actor may read it."""
    return (
        ProgressNote.objects.visible_to(actor, now=now)
        .signed()
        .without_text()
        .filter(patient=session.patient_id, appointment__starts_at__lt=session.starts_at)
        .select_related("appointment__location", "author__user")
        .order_by("-appointment__starts_at")
        .first()
    )
