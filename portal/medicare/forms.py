from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.clinic.row_forms import our_field
from portal.clinic.validators import provider_number_is_right
from portal.common.forms.names import validate_persons_name
from portal.medicare.models import Referral

if TYPE_CHECKING:
    _ReferralForm = forms.ModelForm[Referral]
else:
    _ReferralForm = forms.ModelForm


class ReferralForm(_ReferralForm):
    """A referral letter as the desk types it. `cleaned_data` holds what `add_referral` takes."""

    one_of = frozenset({"referrer_provider_number", "referrer_practice"})
    confirm_number = forms.BooleanField(
        label=_("The number is as the letter has it"), required=False, widget=forms.HiddenInput
    )

    class Meta:
        model = Referral
        formfield_callback = our_field
        fields = [
            "kind",
            "referrer_name",
            "referrer_provider_number",
            "referrer_practice",
            "written_on",
            "services",
            "period",
        ]

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["referrer_provider_number"].widget.attrs |= {"autocapitalize": "characters", "spellcheck": "false"}

    def clean_referrer_name(self) -> str:
        name: str = self.cleaned_data["referrer_name"]
        validate_persons_name(name)
        return name

    def clean_referrer_provider_number(self) -> str:
        number: str = self.cleaned_data["referrer_provider_number"]
        if number:
            Referral._meta.get_field("referrer_provider_number").run_validators(number)
        return number

    def clean_written_on(self) -> date:
        written: date = self.cleaned_data["written_on"]
        if written > self.today:
            raise forms.ValidationError(_("This date is still to come. Type the date on the letter."), code="future")
        return written

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        number = data.get("referrer_provider_number", "")
        if not number and not data.get("referrer_practice") and "referrer_provider_number" not in self.errors:
            self.add_error(
                "referrer_provider_number",
                forms.ValidationError(_("Give the provider number, or the practice's address."), code="where"),
            )
        if number and not provider_number_is_right(number) and not data.get("confirm_number"):
            # Some numbers in use fail the check, so it warns once and then lets through.
            self.fields["confirm_number"].widget = forms.CheckboxInput()
            self.add_error(
                "referrer_provider_number",
                forms.ValidationError(
                    _("The check letter doesn't fit. Compare it with the letter, then confirm below."), code="check"
                ),
            )
        data.pop("confirm_number", None)
        return data
