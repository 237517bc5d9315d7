from __future__ import annotations

import uuid
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Round
from django.utils import timezone

from portal.accounts.roles import Role
from portal.clinic.models import Location
from portal.common.access.actors import Actor
from portal.common.privacy import classed
from portal.patients.models import Patient


class TakingQuerySet(models.QuerySet["Taking"]):
    def visible_to(self, actor: Actor) -> TakingQuerySet:
        """The desk's and the manager's; nobody else asks for them."""
        match actor.role:
            case Role.RECEPTION | Role.MANAGER:
                return self.all()
        return self.none()


@classed(plain="id code number patient location received_on recorded_at received_by handed key replaces")
class Taking(models.Model):
    """Money taken over the desk at one time: one receipt, its parts by as many methods, for as many invoices.

    The parts are its `Payment` rows. `handed` is the cash that was put on the desk, in dollars: what is more than the
    cash part was given back as change. A row never changes: where a part was written down wrong, another taking
    `replaces` it, whose receipt states all of it as it stands (`actions.parts_of`).
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=12, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="takings")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+", db_index=False)
    received_on = models.DateField()
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    handed = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    # A page that is sent twice takes once.
    key = models.CharField(max_length=100, unique=True, editable=False)
    replaces = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="replaced_by", editable=False
    )

    objects = TakingQuerySet.as_manager()

    class Meta:
        ordering = ["recorded_at", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(key=""), name="taking_has_a_key"),
            models.CheckConstraint(condition=Q(handed__isnull=True) | Q(handed__gt=0), name="taking_handed_above_zero"),
            models.CheckConstraint(
                condition=Q(handed__isnull=True) | Q(handed=Round("handed", 2)), name="taking_in_whole_cents"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def newest(self) -> Taking:
        """What says it by now: itself, or the last of those that replace it."""
        newest = self
        while following := Taking.objects.filter(replaces=newest).first():
            newest = following
        return newest

    @property
    def cash(self) -> Decimal:
        """What of it is cash and stayed in the drawer, in dollars."""
        return sum((part.amount for part in self.parts.all() if part.method == "cash"), Decimal("0.00"))

    @property
    def change(self) -> Decimal:
        """What was given out of the drawer again, in dollars."""
        return self.handed - self.cash if self.handed is not None else Decimal("0.00")
