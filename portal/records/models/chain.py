from __future__ import annotations

from django.db import models
from django.db.models import Q

from portal.common.privacy import classed


@classed(plain="id sequence hash")
class ChainHead(models.Model):
    """The last link of the chain of signed records: its row is locked while the next link is made.

    It also tells when the newest records are missing, which no link that is left can.
    """

    sequence = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="chain_head_is_one_row")]

    def __str__(self) -> str:
        return f"chain of records at {self.sequence}"
