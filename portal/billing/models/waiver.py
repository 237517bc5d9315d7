from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.appointments.models import Appointment
from portal.billing.models.invoice import Purpose
from portal.common.privacy import classed
from portal.patients.models import Patient

# What the clinic may do without: the fees for a session that was not held.
FEES = (Purpose.LATE_FEE, Purpose.NO_SHOW)


class WaiverQuerySet(models.QuerySet["Waiver"]):
    def in_force(self) -> WaiverQuerySet:
        """Those whose session is still what it was when the fee was waived."""
        return self.filter(taken_back_at__isnull=True)


@classed(plain="id appointment patient year purpose waived_at waived_by taken_back_at taken_back_by", personal="reason")
class Waiver(models.Model):
    """That somebody at the clinic did without the fee for a session cancelled late or missed, and why.

    A row never changes, but that it is taken back once: with the no-show that it was for.
    """

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="waivers", db_index=False)
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    # Of the one that the clinic's rule gives each patient in a calendar year: whose and of which year it is.
    patient = models.ForeignKey(
        Patient, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    year = models.PositiveSmallIntegerField(null=True, editable=False)
    reason = models.CharField(max_length=200)
    waived_at = models.DateTimeField(editable=False)
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    taken_back_at = models.DateTimeField(null=True, editable=False)
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    objects = WaiverQuerySet.as_manager()

    class Meta:
        ordering = ["waived_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "purpose"],
                condition=Q(taken_back_at__isnull=True),
                name="waiver_once_per_session_and_fee",
            ),
            models.UniqueConstraint(
                fields=["patient", "year"], condition=Q(taken_back_at__isnull=True), name="waiver_by_rule_once_a_year"
            ),
            models.CheckConstraint(
                condition=Q(patient__isnull=True, year__isnull=True) | Q(patient__isnull=False, year__isnull=False),
                name="waiver_by_rule_says_whose_and_when",
            ),
            models.CheckConstraint(
                condition=Q(taken_back_at__isnull=False) | Q(taken_back_by__isnull=True),
                name="waiver_taken_back_with_when",
            ),
            models.CheckConstraint(condition=Q(purpose__in=["late_fee", "no_show"]), name="waiver_is_of_a_fee"),
            models.CheckConstraint(condition=~Q(reason=""), name="waiver_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of {self.appointment_id}"
