from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.common.crypto.fields import EncryptedTextField
from portal.common.documents import Kind
from portal.common.privacy import classed
from portal.medicare.models.referrals import Referral
from portal.patients.models import Patient


class ReferralLetterQuerySet(models.QuerySet["ReferralLetter"]):
    def readable_by(self, actor: Actor, *, now: datetime) -> ReferralLetterQuerySet:
        """Those that may be opened: by a psychologist who treats the patient, and nobody else, whatever their role."""
        if actor.role != Role.PSYCHOLOGIST:
            return self.none()
        return self.filter(referral__patient__in=Patient.objects.treated_by(actor.person, now=now))

    def standing(self) -> ReferralLetterQuerySet:
        return self.filter(replaced_at__isnull=True)

    def of(self, referral: Referral) -> ReferralLetter | None:
        """The letter of a course, if it is on file; who put it there comes along."""
        return self.standing().filter(course=referral.course).select_related("added_by").first()


@classed(
    plain="id code referral course kind size sha256 path added_at added_by replaced_at replaced_by replaced_why",
    clinical="name key",
)
class ReferralLetter(models.Model):
    """The letter itself, encrypted. The desk puts it on file and sees that it is there; who treats them reads it."""

    class Why(models.TextChoices):
        AMENDED = "amended", _("The referrer sent an amended letter")
        BETTER_COPY = "better_copy", _("This is a better copy")
        WRONG_FILE = "wrong_file", _("The wrong file was put here")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="letters")
    course = models.UUIDField(editable=False)
    name = EncryptedTextField(bound_to="code", max_length=140)
    kind = models.CharField(max_length=4, choices=Kind.choices)
    # Bytes, and their digest, in clear.
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    # Where it lies in the private storage, under a random name, and its own key.
    path = models.CharField(max_length=80)
    key = EncryptedTextField(bound_to="code")
    added_at = models.DateTimeField(editable=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    replaced_at = models.DateTimeField(null=True, editable=False)
    replaced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    replaced_why = models.CharField(max_length=11, choices=Why.choices, blank=True, editable=False)

    objects = ReferralLetterQuerySet.as_manager()

    class Meta:
        ordering = ["-added_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["course"], condition=Q(replaced_at__isnull=True), name="referral_letter_one_of_a_course"
            ),
            models.CheckConstraint(
                condition=Q(replaced_at__isnull=True, replaced_by__isnull=True, replaced_why="")
                | Q(replaced_at__isnull=False, replaced_why__in=["amended", "better_copy", "wrong_file"]),
                name="referral_letter_replaced_with_why",
            ),
        ]

    def __str__(self) -> str:
        return f"letter {self.code}"

    @property
    def what(self) -> Kind:
        return Kind(self.kind)
