from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.common.privacy import classed
from portal.patients.models.people import Patient


class ReadingQuerySet(models.QuerySet["Reading"]):
    def visible_to(self, actor: Actor) -> ReadingQuerySet:
        """The author of what was read, and the people whom it is about. Nobody else: the trail is the manager's."""
        match actor.role:
            case Role.PATIENT:
                return self.filter(patient__in=Patient.objects.managed_by(actor.person))
            case Role.PSYCHOLOGIST:
                return self.filter(author=actor.person)
        return self.none()

    def newest_first(self) -> ReadingQuerySet:
        return self.order_by("-last_at", "-pk")


@classed(plain="id code patient kind reader author day first_at last_at times")
class Reading(models.Model):
    """Somebody opened what a colleague wrote about a patient: one row a day, for the colleague and the patient.

    The trail keeps each opening, and is the proof; this is what people are told. `day` is the clinic's.
    """

    class Kind(models.TextChoices):
        NOTE = "note", _("notes")
        FILE = "file", _("files")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="readings")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    objects = ReadingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "kind", "reader", "author", "day"], name="reading_once_a_day"),
            models.CheckConstraint(condition=~Q(reader=models.F("author")), name="reading_of_a_colleagues_words"),
            models.CheckConstraint(condition=Q(times__gte=1), name="reading_counts_from_one"),
        ]
        indexes = [models.Index(fields=["author", "last_at"], name="reading_by_author")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.day}"
