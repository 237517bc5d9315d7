from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """As what a person acts. One person can hold several: a solo psychologist is all three kinds of staff."""

    PATIENT = "patient", _("Patient")
    PSYCHOLOGIST = "psychologist", _("Psychologist")
    RECEPTION = "reception", _("Reception")
    MANAGER = "manager", _("Practice manager")


STAFF = frozenset({Role.PSYCHOLOGIST, Role.RECEPTION, Role.MANAGER})

# What one manager gives and a second confirms: the role that reads records, and the one that could confirm it.
GUARDED = frozenset({Role.PSYCHOLOGIST, Role.MANAGER})
