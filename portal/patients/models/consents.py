from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.common.privacy import classed
from portal.patients.models.people import Patient


class ConsentQuerySet(models.QuerySet["Consent"]):
    def visible_to(self, actor: Actor) -> ConsentQuerySet:
        match actor.role:
            case Role.PATIENT | Role.RECEPTION | Role.MANAGER:
                return self.filter(patient__in=Patient.objects.visible_to(actor))
        return self.none()

    def newest_first(self) -> ConsentQuerySet:
        return (
            self.select_related("patient", "version", "agreed_by")
            .defer("version__documents", "version__facts")
            .order_by("-agreed_at", "-pk")
        )


@classed(plain="id code patient version agreed_by role agreed_at language")
class Consent(models.Model):
    """That a patient, or whoever cares for them, agreed to one version of a policy. Never changes."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consents")
    version = models.ForeignKey("policies.PolicyVersion", on_delete=models.PROTECT, related_name="consents")
    # Who pressed the button, and as what: the front desk writes down what somebody said there.
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20)
    agreed_at = models.DateTimeField()
    language = models.CharField(max_length=10)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "version"], name="consent_once_per_version")]

    def __str__(self) -> str:
        return f"{self.patient_id} to {self.version_id}"
