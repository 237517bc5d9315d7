from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor
from portal.common.crypto.fields import EncryptedTextField
from portal.common.privacy import classed
from portal.patients.models import Patient
from portal.records.models.handovers import Handover

# About forty printed pages.
MOST_CHARACTERS = 100_000


class State(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SIGNED = "signed", _("Signed")


class Template(models.TextChoices):
    """Which headings a note began with. They are plain text in its body; nothing enforces them."""

    FREE = "free", _("Free text")
    SOAP = "soap", _("SOAP")
    DAP = "dap", _("DAP")
    BIRP = "birp", _("BIRP")


class ProgressNoteQuerySet(models.QuerySet["ProgressNote"]):
    def visible_to(self, actor: Actor, *, now: datetime) -> ProgressNoteQuerySet:
        """A psychologist's own notes, and signed ones: of people they treat, or that a colleague handed over to them.

        Nobody else's, whatever their role.
        """
        if actor.role != Role.PSYCHOLOGIST:
            return self.none()
        treated = Patient.objects.treated_by(actor.person, now=now)
        handed = Handover.objects.in_force().filter(
            reader__user=actor.user, patient=OuterRef("patient"), author=OuterRef("author")
        )
        readable = Q(patient__in=treated) | Q(Exists(handed))
        return self.filter(Q(author__user=actor.user) | Q(readable, state=State.SIGNED))

    def signed(self) -> ProgressNoteQuerySet:
        return self.filter(state=State.SIGNED)

    def drafts(self) -> ProgressNoteQuerySet:
        return self.filter(state=State.DRAFT)

    def without_text(self) -> ProgressNoteQuerySet:
        """For lists: who, when and how far, and not one ciphertext read."""
        return self.defer("body")


@classed(
    plain="id code appointment patient author template state version created_at updated_at signed_at signed_by "
    "sequence previous_hash hash",
    clinical="body",
)
class ProgressNote(models.Model):
    """What a psychologist writes of one session. The database itself keeps a signed one (portal/records/guards.py)."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    appointment = models.OneToOneField(Appointment, on_delete=models.PROTECT, related_name="note")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="notes")
    template = models.CharField(_("headings"), max_length=8, choices=Template.choices, default=Template.FREE)
    body = EncryptedTextField(_("note"), bound_to="code", max_length=MOST_CHARACTERS)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DRAFT)
    # Goes up by one with each saved change, so that two windows can't undo each other's words.
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True, editable=False)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    sequence = models.PositiveBigIntegerField(null=True, blank=True, unique=True, editable=False)
    previous_hash = models.CharField(max_length=64, blank=True, editable=False)
    hash = models.CharField(max_length=64, blank=True, editable=False)

    objects = ProgressNoteQuerySet.as_manager()

    class Meta:
        ordering = ["-appointment__starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(template__in=Template.values), name="note_template_is_known"),
            models.CheckConstraint(condition=Q(version__gte=1), name="note_version_counts_from_one"),
            models.CheckConstraint(
                condition=Q(
                    state="draft",
                    signed_at__isnull=True,
                    signed_by__isnull=True,
                    sequence__isnull=True,
                    previous_hash="",
                    hash="",
                )
                | (
                    Q(state="signed", signed_at__isnull=False, signed_by__isnull=False, sequence__isnull=False)
                    & ~Q(hash="")
                ),
                name="note_signed_wholly_or_not_at_all",
            ),
        ]

    def __str__(self) -> str:
        return f"note {self.code}, {self.state}"

    @property
    def is_signed(self) -> bool:
        return self.state == State.SIGNED


class AddendumQuerySet(models.QuerySet["Addendum"]):
    def visible_to(self, actor: Actor, *, now: datetime) -> AddendumQuerySet:
        return self.filter(note__in=ProgressNote.objects.visible_to(actor, now=now))


@classed(
    plain="id code note author signed_at signed_by sequence previous_hash hash",
    clinical="body",
)
class Addendum(models.Model):
    """What is added to a signed note: dated, signed as it is written, and never changed either."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    note = models.ForeignKey(ProgressNote, on_delete=models.PROTECT, related_name="addenda")
    author = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="addenda")
    body = EncryptedTextField(_("addendum"), bound_to="code", max_length=MOST_CHARACTERS)
    signed_at = models.DateTimeField(_("signed"), editable=False)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False)
    sequence = models.PositiveBigIntegerField(unique=True, editable=False)
    previous_hash = models.CharField(max_length=64, blank=True, editable=False)
    hash = models.CharField(max_length=64, editable=False)

    objects = AddendumQuerySet.as_manager()

    class Meta:
        ordering = ["sequence"]
        verbose_name_plural = "addenda"
        constraints = [models.CheckConstraint(condition=~Q(hash=""), name="addendum_is_chained")]

    def __str__(self) -> str:
        return f"addendum {self.code}"
