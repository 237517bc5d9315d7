from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.appointments.recurrence import Every
from portal.common.privacy import classed
from portal.patients.models import Patient


@classed(plain="id code patient every interval sessions created_at created_by")
class Series(models.Model):
    """Sessions of one patient that were booked together, or one after another as the same series.

    Each is an appointment of its own, with its own fee and terms; `Appointment.position` says which of how many.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="series")
    # How it recurs; a session may have been placed, or moved, off it.
    every = models.CharField(max_length=16, choices=Every.choices)
    interval = models.PositiveSmallIntegerField()
    # How many there are or were: one that is cancelled keeps its place.
    sessions = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name_plural = "series"
        constraints = [
            models.CheckConstraint(condition=Q(every__in=Every.values), name="series_every_is_known"),
            models.CheckConstraint(condition=Q(interval__gte=1), name="series_goes_on"),
            models.CheckConstraint(condition=Q(sessions__gte=2), name="series_of_two_at_least"),
        ]
