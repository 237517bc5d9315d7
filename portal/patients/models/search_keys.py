from __future__ import annotations

from django.db import models

from portal.common.privacy import classed
from portal.patients.fields import ByteOrderedCharField
from portal.patients.models.people import Patient


@classed(plain="id patient", personal="key")
class SearchKey(models.Model):
    """One folded word by which a patient is found: a name, a phone number's digits, an e-mail address, a birth date.

    A prefix of an indexed word answers in a few reads on both engines, in ten patients or in a million.
    """

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="search_keys")
    key = ByteOrderedCharField(max_length=254)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "key"], name="search_key_once_per_patient")]
        indexes = [
            models.Index(fields=["key", "patient"], name="search_key_by_key"),
        ]

    def __str__(self) -> str:
        return f"key of {self.patient_id}"
