from __future__ import annotations

from typing import NamedTuple

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.common.privacy import classed

_DAYS = [MinValueValidator(1), MaxValueValidator(365)]


class Stage(NamedTuple):
    """One reminder: which of the three, and how many days after an invoice was due it is written."""

    number: int
    days: int


@classed(plain="id is_on friendly_days firm_days last_days")
class ReminderStages(models.Model):
    """The one row of when the portal reminds of overdue invoices by itself; off until the manager says otherwise."""

    is_on = models.BooleanField(
        _("remind of overdue invoices by itself"),
        default=False,
        help_text=_(
            "On working days, in the morning: one message to whoever is billed, for all of theirs that is overdue."
        ),
    )
    friendly_days = models.PositiveSmallIntegerField(
        _("a friendly reminder, days after the day to pay by"),
        null=True,
        blank=True,
        default=3,
        validators=_DAYS,
        help_text=_("Perhaps it slipped their mind. Leave any of the three empty to do without it."),
    )
    firm_days = models.PositiveSmallIntegerField(
        _("a firmer one, days after"),
        null=True,
        blank=True,
        default=14,
        validators=_DAYS,
        help_text=_("It asks for the money, or for a word, in plain words."),
    )
    last_days = models.PositiveSmallIntegerField(
        _("the last one, days after"),
        null=True,
        blank=True,
        default=30,
        validators=_DAYS,
        help_text=_("It says that we would like to talk about it. After a week somebody rings them."),
    )

    class Meta:
        verbose_name = _("payment reminders")
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="reminder_stages_is_one_row"),
            # Nobody is reminded twice within seven days.
            models.CheckConstraint(
                condition=(
                    Q(friendly_days__isnull=True) | Q(firm_days__isnull=True) | Q(firm_days__gte=F("friendly_days") + 7)
                )
                & (Q(firm_days__isnull=True) | Q(last_days__isnull=True) | Q(last_days__gte=F("firm_days") + 7))
                & (
                    Q(friendly_days__isnull=True) | Q(last_days__isnull=True) | Q(last_days__gte=F("friendly_days") + 7)
                ),
                name="reminder_stages_are_a_week_apart",
            ),
            models.CheckConstraint(
                condition=(Q(friendly_days__isnull=True) | Q(friendly_days__gte=1))
                & (Q(firm_days__isnull=True) | Q(firm_days__gte=1))
                & (Q(last_days__isnull=True) | Q(last_days__gte=1)),
                name="reminder_stages_come_after_the_day",
            ),
        ]

    def __str__(self) -> str:
        return "payment reminders"

    @classmethod
    def current(cls) -> ReminderStages:
        """What holds now; until somebody says otherwise, the defaults."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)

    @property
    def stages(self) -> list[Stage]:
        """Those that are written, the first first; none while it is off."""
        each = enumerate((self.friendly_days, self.firm_days, self.last_days), 1)
        return [Stage(number, days) for number, days in each if days] if self.is_on else []
