from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.common.privacy import classed


class UpdateStatus(models.TextChoices):
    """How far a file of the schedule is: compared, waiting for the queue or being written, or written."""

    READ = "read", _("Compared, not applied")
    APPLYING = "applying", _("Being applied")
    APPLIED = "applied", _("Applied")


@classed(
    plain="id code file_name digest records items status lines done read_at read_by asked_at asked_by applied_at",
)
class ScheduleUpdate(models.Model):
    """A file of the Medicare schedule that somebody had read, and what of it was written to the portal's rows.

    `items` is what it says of the items that the portal knows; `lines` what is to be changed, and `done` how many of
    those are. One is applied at a time, line by line, so that it goes on where it was interrupted.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    file_name = models.CharField(_("file"), max_length=120)
    digest = models.CharField(max_length=64)
    records = models.PositiveIntegerField()
    items = models.JSONField()
    status = models.CharField(_("status"), max_length=10, choices=UpdateStatus.choices, default=UpdateStatus.READ)
    lines = models.JSONField(default=list)
    done = models.PositiveSmallIntegerField(default=0)
    read_at = models.DateTimeField()
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    applied_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-read_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=UpdateStatus.values), name="schedule_update_status_is_known"),
            models.UniqueConstraint(
                fields=["status"], condition=Q(status="applying"), name="schedule_update_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(status="read", asked_at__isnull=True) | (~Q(status="read") & Q(asked_at__isnull=False)),
                name="schedule_update_asked_iff_not_only_read",
            ),
            models.CheckConstraint(
                condition=Q(status="applied", applied_at__isnull=False)
                | (~Q(status="applied") & Q(applied_at__isnull=True)),
                name="schedule_update_applied_at_iff_applied",
            ),
            models.CheckConstraint(
                condition=Q(asked_at__isnull=True) | Q(asked_at__gte=F("read_at")), name="schedule_update_read_first"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def total(self) -> int:
        """How many lines there are to write."""
        return len(self.lines)

    @property
    def is_applying(self) -> bool:
        return self.status == UpdateStatus.APPLYING

    @property
    def is_applied(self) -> bool:
        return self.status == UpdateStatus.APPLIED
