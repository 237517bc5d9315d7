from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.common.access.actors import Actor
from portal.common.privacy import classed
from portal.patients.models import Patient


class Way(models.TextChoices):
    """How somebody agreed that Medicare pays the clinic."""

    ELECTRONIC = "electronic", _("Signed on the screen")
    VERBAL = "verbal", _("Said it")


@classed(plain="id valid_from verbal kept_years source source_url read_on")
class AssignmentTerms(models.Model):
    """How a benefit may be assigned to the clinic, for agreements from a day on. What changes is a new row."""

    valid_from = models.DateField(unique=True)
    # Whether it is enough to say so.
    verbal = models.BooleanField()
    kept_years = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=120)
    source_url = models.URLField(max_length=200)
    read_on = models.DateField()

    class Meta:
        ordering = ["valid_from"]

    def __str__(self) -> str:
        return f"from {self.valid_from:%Y-%m-%d}"


class AssignmentQuerySet(models.QuerySet["AssignmentOfBenefit"]):
    def visible_to(self, actor: Actor) -> AssignmentQuerySet:
        """Those of the people whom they may see; a psychologist those of own sessions."""
        if actor.role == Role.PSYCHOLOGIST:
            return self.filter(appointment__psychologist__user=actor.user)
        return self.filter(patient__in=Patient.objects.visible_to(actor))


@classed(
    plain="id code patient appointment item_number service_date benefit way agreed_at agreed_on keep_until recorded_by",
    personal="reason agreed_by facts",
)
class AssignmentOfBenefit(models.Model):
    """That a patient, or who acts for them, assigned Medicare's benefit for one service to the clinic: bulk billing.

    `facts` is what the agreement names, as the patient's copy prints it. A row never changes and is never deleted: it
    is kept for two years at least (docs/australia.md).
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="assignments")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="assignments")
    item_number = models.CharField(_("item"), max_length=5)
    service_date = models.DateField(_("date of service"))
    benefit = models.DecimalField(_("benefit"), max_digits=8, decimal_places=2)
    way = models.CharField(_("how"), max_length=10, choices=Way.choices)
    reason = models.CharField(_("why it was not signed"), max_length=200, blank=True)
    agreed_by = models.CharField(_("who agreed"), max_length=120)
    agreed_on = models.DateField()
    agreed_at = models.DateTimeField()
    keep_until = models.DateField()
    facts = models.JSONField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["-agreed_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(way__in=Way.values), name="assignment_way_is_known"),
            models.CheckConstraint(
                condition=(Q(way="verbal") & ~Q(reason="")) | (Q(way="electronic") & Q(reason="")),
                name="assignment_verbal_says_why",
            ),
            models.CheckConstraint(condition=~Q(agreed_by=""), name="assignment_says_who"),
            models.CheckConstraint(condition=Q(benefit__gt=0), name="assignment_of_something"),
            models.CheckConstraint(condition=Q(keep_until__gt=F("agreed_on")), name="assignment_is_kept"),
        ]

    def __str__(self) -> str:
        return f"assignment {self.code}"
