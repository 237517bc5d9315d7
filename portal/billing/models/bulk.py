from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.common.crypto.binary import EncryptedBytesField
from portal.common.privacy import classed


class BulkRunQuerySet(models.QuerySet["BulkRun"]):
    def visible_to(self, actor: Actor) -> BulkRunQuerySet:
        """The desk's and the manager's own."""
        if actor.role in (Role.RECEPTION, Role.MANAGER):
            return self.filter(created_by=actor.user)
        return self.none()


@classed(
    plain="id code kind invoices done skipped held_back sessions refused created_at created_by finished_at",
    # Many people's invoices in one.
    personal="pdf",
)
class BulkRun(models.Model):
    """Many invoices printed as one PDF, e-mailed one by one or reminded of, by the worker.

    `skipped` have nobody to be sent to, `held_back` are the ids of those that Medicare would refuse, which nobody
    answered for.

    `invoices` are ids, in the order in which they were listed; `done` counts those that were dealt with. A run that
    issues has `sessions`, each by its id and what the page knew of it: `invoices` are those that it made, and `refused`
    each session that was left, with why. One that reminds has in `refused` each invoice that it left out, with why.
    """

    class Kind(models.TextChoices):
        PRINT = "print", _("Print")
        SEND = "send", _("E-mail")
        REMIND = "remind", _("Remind")
        ISSUE = "issue", _("Invoice sessions")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    invoices = models.JSONField()
    done = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    held_back = models.JSONField(default=list)
    sessions = models.JSONField(default=list)
    refused = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", editable=False)
    finished_at = models.DateTimeField(null=True)
    pdf = EncryptedBytesField(bound_to="code", null=True)

    objects = BulkRunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=("print", "send", "remind", "issue")), name="bulk_run_kind_is_known"
            ),
            models.CheckConstraint(condition=Q(skipped__lte=F("done")), name="bulk_run_skips_what_it_did"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.count}"

    @property
    def count(self) -> int:
        return len(self.sessions if self.kind == self.Kind.ISSUE else self.invoices)

    @property
    def sent(self) -> int:
        """How many went out."""
        return self.done - self.skipped - len(self.held_back)
