from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.billing.models.invoice import Line
from portal.common.privacy import classed
from portal.medicare.models import MbsItem, Referral
from portal.patients.models import Patient


class ClaimStatus(models.TextChoices):
    """How far a claim is. The clinic claims by a channel of its own: the portal keeps account, it lodges nothing."""

    PENDING = "pending", _("Pending")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class MedicareClaimQuerySet(models.QuerySet["MedicareClaim"]):
    def standing(self) -> MedicareClaimQuerySet:
        """Those that use up a service: all but what was withdrawn with its invoice."""
        return self.exclude(status=ClaimStatus.WITHDRAWN)


@classed(
    plain="id code line patient referral item_number counts_towards service_date starts_at status "
    "created_at created_by withdrawn_at withdrawn_by"
)
class MedicareClaim(models.Model):
    """That a line of an issued invoice may be claimed from Medicare, and under which referral: it uses a service up.

    A row never changes, but that it is withdrawn once: with its invoice, or when all of its line was taken off.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    line = models.OneToOneField(Line, on_delete=models.PROTECT, related_name="claim")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="medicare_claims", db_index=False)
    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="claims")
    item_number = models.CharField(_("item"), max_length=5)
    counts_towards = models.CharField(max_length=10, choices=MbsItem.CountsTowards.choices)
    service_date = models.DateField(_("date of service"))
    starts_at = models.DateTimeField()
    status = models.CharField(
        _("status"), max_length=10, choices=ClaimStatus.choices, default=ClaimStatus.PENDING, editable=False
    )
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    objects = MedicareClaimQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "pk"]
        indexes = [models.Index(fields=["patient", "starts_at"], name="claim_of_patient")]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ClaimStatus.values), name="claim_status_is_known"),
            models.CheckConstraint(
                condition=Q(counts_towards__in=MbsItem.CountsTowards.values), name="claim_counts_towards_is_known"
            ),
            models.CheckConstraint(
                condition=Q(status="withdrawn", withdrawn_at__isnull=False)
                | (~Q(status="withdrawn") & Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)),
                name="claim_withdrawn_with_when",
            ),
        ]

    def __str__(self) -> str:
        return f"claim {self.code}"
