from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.common.privacy import classed


@classed(plain="id valid_from individual_a_year group_a_year carer_a_year initial_course source source_url read_on")
class BetterAccessLimits(models.Model):
    """For how many services Medicare pays at most, for those given from a day on. What changes is a new row."""

    valid_from = models.DateField(_("from"), unique=True)
    individual_a_year = models.PositiveSmallIntegerField(
        _("individual services in a calendar year"), validators=[MinValueValidator(1)]
    )
    group_a_year = models.PositiveSmallIntegerField(
        _("group services in a calendar year"), validators=[MinValueValidator(1)]
    )
    # They are among the individual ones.
    carer_a_year = models.PositiveSmallIntegerField(_("of these, with a family member or carer alone"))
    initial_course = models.PositiveSmallIntegerField(
        _("services of a first course"), validators=[MinValueValidator(1)]
    )
    source = models.CharField(_("source"), max_length=120)
    source_url = models.URLField(_("address of the source"), max_length=200)
    read_on = models.DateField(_("read on"))

    class Meta:
        verbose_name = _("Better Access limits")
        ordering = ["valid_from"]

    def __str__(self) -> str:
        return f"from {self.valid_from:%Y-%m-%d}"
