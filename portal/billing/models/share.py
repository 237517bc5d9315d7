from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.clinic.models import Psychologist
from portal.common.privacy import classed


@classed(plain="id code psychologist percent from_day said_at said_by")
class PayShare(models.Model):
    """What part of the money that came in for their work a psychologist is paid, from a day on.

    A row never changes: what is said later counts from the day that it names. Of two for one day the later one counts.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    psychologist = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="pay_shares")
    percent = models.DecimalField(_("part in percent"), max_digits=5, decimal_places=2)
    from_day = models.DateField(_("from"))
    said_at = models.DateTimeField(default=timezone.now, editable=False)
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    class Meta:
        ordering = ["psychologist", "-from_day", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(percent__gte=0, percent__lte=100), name="share_is_a_part"),
        ]

    def __str__(self) -> str:
        return f"{self.psychologist_id}: {self.percent}%"


def share_on(shares: list[PayShare], day: date) -> Decimal | None:
    """What counts on a day, of one psychologist's rows in their order; None before the first one."""
    return next((share.percent for share in shares if share.from_day <= day), None)
