"""What decides the Medicare item besides minutes and mode, and why another one is billed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.common.forms.fields import LineField
from portal.journeys.checking_out import Preview

ROOMS, OUTSIDE = "rooms", "outside"
PATIENT, CARER = "patient", "carer"


class HowHeldForm(forms.Form):
    """Where the session was held and with whom; what isn't sent is as usual."""

    where = forms.ChoiceField(
        label=_("Where"),
        choices=[(ROOMS, _("In our rooms")), (OUTSIDE, _("Somewhere else, such as at home or at school"))],
        required=False,
        help_text=_("For a session in person."),
    )
    who_came = forms.ChoiceField(
        label=_("With whom"),
        choices=[(PATIENT, _("The patient")), (CARER, _("A family member or carer, without the patient"))],
        required=False,
    )
    abroad = forms.BooleanField(label=_("The patient was outside Australia"), required=False)
    item_reason = LineField(
        label=_("Why another item than the proposed one"),
        max_length=200,
        required=False,
        help_text=_("Only where you chose one yourself. It is kept with the invoice: nothing about anybody's health."),
    )

    def how_held(self) -> dict[str, Any]:
        """What was said, as `Held` takes it."""
        data = self.cleaned_data
        return {
            "outside": data.get("where") == OUTSIDE,
            "carer": data.get("who_came") == CARER,
            "abroad": data.get("abroad", False),
            "item_reason": data.get("item_reason", ""),
        }

    def check_item(self, shown: Preview) -> None:
        """Adds that an item of one's own choice needs a reason."""
        if shown.is_overridden and not self.cleaned_data.get("item_reason") and "item_reason" not in self.errors:
            words = _("Say why this is billed, and not what is proposed.")
            self.add_error("item_reason", ValidationError(words, code="required"))
