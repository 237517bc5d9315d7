from __future__ import annotations

import hashlib
import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal.billing.models.invoice import Invoice
from portal.common.privacy import classed


class BillLinkQuerySet(models.QuerySet["BillLink"]):
    def with_token(self, token: str) -> BillLinkQuerySet:
        """The one whose link has this token."""
        return self.filter(token_hash=BillLink.hash_of(token))

    def in_force(self, *, now: datetime) -> BillLinkQuerySet:
        """Those that still open their bill."""
        return self.filter(revoked_at=None, expires_at__gt=now)


@classed(plain="id code invoice token_hash created_at created_by expires_at revoked_at revoked_by")
class BillLink(models.Model):
    """A link that was mailed with an invoice: whoever has it sees the amount, and may pay it. Only a hash is kept."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="bill_links")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    objects = BillLinkQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="bill_link_ends_after_it_begins"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=False) | Q(revoked_by__isnull=True), name="bill_link_revoked_with_when"
            ),
        ]

    def __str__(self) -> str:
        return str(self.code)

    def is_in_force(self, *, now: datetime) -> bool:
        return self.revoked_at is None and self.expires_at > now

    @staticmethod
    def hash_of(token: str) -> str:
        """What is kept of a token. It is 256 random bits, so a plain hash is enough."""
        return hashlib.sha256(token.encode()).hexdigest()
