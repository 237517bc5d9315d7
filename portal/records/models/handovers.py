from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from portal.clinic.models import Psychologist
from portal.common.privacy import classed
from portal.patients.models import Patient


class HandoverQuerySet(models.QuerySet["Handover"]):
    def in_force(self) -> HandoverQuerySet:
        return self.filter(ended_at__isnull=True)


@classed(plain="id code patient author reader given_at ended_at")
class Handover(models.Model):
    """A psychologist lets a colleague read what they signed about somebody, before the colleague's first session."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="handovers")
    author = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="handed_over")
    reader = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="taken_over")
    given_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = HandoverQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "author", "reader"],
                condition=Q(ended_at__isnull=True),
                name="handover_once_in_force",
            ),
            models.CheckConstraint(condition=~Q(author=F("reader")), name="handover_to_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"handover {self.code}"
