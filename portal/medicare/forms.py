from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.clinic.row_forms import our_field
from portal.clinic.validators import provider_number_is_right
from portal.common.forms.names import validate_persons_name
from portal.medicare.models import Referral, UsedElsewhere

if TYPE_CHECKING:
    _ReferralForm = forms.ModelForm[Referral]
    _UsedElsewhereForm = forms.ModelForm[UsedElsewhere]
else:
    _ReferralForm = _UsedElsewhereForm = forms.ModelForm


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
            "used_elsewhere",
            "continues_elsewhere",
            "is_for_group",
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

    def clean_used_elsewhere(self) -> int:
        return self.cleaned_data["used_elsewhere"] or 0

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
        services, elsewhere = data.get("services"), data.get("used_elsewhere", 0)
        if services is not None and elsewhere > services:
            self.add_error(
                "used_elsewhere",
                forms.ValidationError(_("The letter is for %(services)d services."), "more", {"services": services}),
            )
        data.pop("confirm_number", None)
        return data


class UsedElsewhereForm(_UsedElsewhereForm):
    """How many services somebody had elsewhere in a year, in all. `cleaned_data` holds what `say_used_elsewhere` takes.

    It begins with what counts by now, and carries in `seen` which word that was: empty for none.
    """

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput())

    class Meta:
        model = UsedElsewhere
        formfield_callback = our_field
        fields = ["individual", "carer", "group"]

    def __init__(self, data: Mapping[str, Any] | None = None, *, newest: UsedElsewhere | None) -> None:
        numbers = {name: getattr(newest, name) for name in self.Meta.fields} if newest else {}
        super().__init__(data, initial=numbers | {"seen": newest.pk if newest else None})

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        # What is left empty is none.
        data |= {name: data.get(name) or 0 for name in self.Meta.fields if name not in self.errors}
        if data.get("carer", 0) > data.get("individual", 0):
            words = _("These are among the individual sessions: there can't be more of them.")
            self.add_error("carer", forms.ValidationError(words, code="more"))
        return data
