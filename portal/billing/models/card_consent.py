from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from portal.billing.models.saved_card import SavedCard
from portal.common.privacy import classed
from portal.policies.models import PolicyVersion


@classed(plain="id code card agreed_at language consent consent_hash policy")
class CardConsent(models.Model):
    """That whoever gave a card agreed anew that fees are charged to it, as another fees policy is in force by now.

    The first consent stands with the card itself. Never changes.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    card = models.ForeignKey(SavedCard, on_delete=models.PROTECT, related_name="consents")
    agreed_at = models.DateTimeField(editable=False)
    language = models.CharField(max_length=10)
    # Word for word as it was read, its SHA-256, and the fees policy that was read with it.
    consent = models.TextField()
    consent_hash = models.CharField(max_length=64)
    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        ordering = ["agreed_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["card", "policy"], name="card_consent_once_per_policy"),
            models.CheckConstraint(condition=~Q(consent="") & ~Q(consent_hash=""), name="card_consent_in_words"),
        ]

    def __str__(self) -> str:
        return str(self.code)
