from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.appointments.models import Appointment
from portal.billing.models.online import PaymentAttempt
from portal.clinic.models import Location, Mode, Psychologist, Service
from portal.common.privacy import classed
from portal.patients.models import Patient


@classed(plain="id attempt hold_code patient psychologist service location mode starts_at agreed appointment lost_at")
class PaidBooking(models.Model):
    """What somebody books by paying ahead: the time that is held meanwhile, for whom, and what came of it.

    The held time itself is named by its code: its row goes when it is given back.
    """

    attempt = models.OneToOneField(PaymentAttempt, on_delete=models.PROTECT, related_name="booking")
    hold_code = models.UUIDField(default=uuid.uuid4, editable=False, db_index=True)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    psychologist = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="+", db_index=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+", db_index=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+", db_index=False)
    mode = models.CharField(_("how"), max_length=10, choices=Mode.choices)
    starts_at = models.DateTimeField()
    # The policies' versions that were agreed to on the page, by their ids.
    agreed = models.JSONField(default=list)
    # One of the two once the money is here: what was booked, or that the time was gone.
    appointment = models.OneToOneField(Appointment, null=True, on_delete=models.PROTECT, related_name="paid_booking")
    lost_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(appointment__isnull=True) | models.Q(lost_at__isnull=True),
                name="paid_booking_booked_or_lost",
            )
        ]

    def __str__(self) -> str:
        return str(self.hold_code)
