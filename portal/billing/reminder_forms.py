"""What the manager says about reminders of overdue invoices."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from portal.billing.models import REMINDED_EVERY, ReminderStages
from portal.clinic.row_forms import ClinicForm, Group, names_in

_GROUPS: list[Group] = [
    (_("Whether"), ["is_on"]),
    (_("When"), ["friendly_days", "firm_days", "last_days"]),
]
STAGES: Final = ("friendly_days", "firm_days", "last_days")


class StagesForm(ClinicForm[ReminderStages]):
    """On or off, and after how many days each of the three is written: a week apart, and one at least."""

    groups = _GROUPS

    class Meta(ClinicForm.Meta):
        model = ReminderStages
        fields = names_in(_GROUPS)

    def locked_row(self) -> ReminderStages:
        """The one row, made where nothing was said yet: two first saves wait for one another."""
        return ReminderStages.objects.select_for_update(no_key=True).get_or_create(pk=1)[0]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("is_on") and not self.errors and not any(cleaned.get(name) for name in STAGES):
            self.add_error("friendly_days", _("Say when at least one of the three is sent, or switch reminding off."))
        before = None
        for name in STAGES:
            days = cleaned.get(name)
            if days and before and days < before + REMINDED_EVERY.days:
                self.add_error(name, _("At least seven days after the one before: nobody is reminded more often."))
            before = days or before
        return cleaned
