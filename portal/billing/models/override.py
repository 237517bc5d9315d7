from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.billing.models.invoice import Invoice
from portal.common.privacy import classed


@classed(plain="id invoice findings made_at made_by", personal="reason")
class ClaimOverride(models.Model):
    """That somebody let a Medicare invoice out with what the check found red on it, and why. A row never changes.

    `findings` are the codes that they saw. What is found later is answered for by another row.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="claim_overrides")
    findings = models.JSONField()
    reason = models.CharField(max_length=200)
    made_at = models.DateTimeField(editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="claim_override_says_why")]

    def __str__(self) -> str:
        return f"override of {self.invoice_id}"
