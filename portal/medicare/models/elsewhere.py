from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.common.privacy import classed
from portal.patients.models import Patient

# More than Medicare ever paid for in a year, and few enough that a year typed by mistake is seen.
MOST = 40


class UsedElsewhereQuerySet(models.QuerySet["UsedElsewhere"]):
    def newest_of(self, year: int) -> UsedElsewhere | None:
        """What counts of a calendar year: what was said last."""
        return self.filter(year=year).order_by("-said_at", "-pk").first()


@classed(plain="id patient year said_at said_by", personal="individual carer group")
class UsedElsewhere(models.Model):
    """How many services a patient said that they had elsewhere in a calendar year: no system but Medicare's knows.

    What is said anew is a new row, and the newest of a year counts.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="used_elsewhere", db_index=False)
    year = models.PositiveSmallIntegerField(_("year"))
    individual = models.PositiveSmallIntegerField(
        _("Individual sessions elsewhere"), default=0, blank=True, validators=[MaxValueValidator(MOST)]
    )
    carer = models.PositiveSmallIntegerField(
        _("Of these, with a family member or carer alone"), default=0, blank=True, validators=[MaxValueValidator(MOST)]
    )
    group = models.PositiveSmallIntegerField(
        _("Group sessions elsewhere"), default=0, blank=True, validators=[MaxValueValidator(MOST)]
    )
    said_at = models.DateTimeField(editable=False)
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    objects = UsedElsewhereQuerySet.as_manager()

    class Meta:
        ordering = ["said_at", "pk"]
        indexes = [models.Index(fields=["patient", "year", "said_at"], name="used_elsewhere_of_patient")]
        constraints = [
            models.CheckConstraint(
                condition=Q(carer__lte=F("individual")), name="used_elsewhere_carers_are_individual"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} in {self.year}"
