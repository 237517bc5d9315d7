from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.clinic.row_forms import ClinicForm, our_field
from portal.clinic.validators import provider_number_is_right
from portal.common.forms.lines import SearchField
from portal.common.forms.names import validate_persons_name
from portal.common.forms.parts import field_of
from portal.common.forms.shown import ADDRESS
from portal.medicare.models import Referral, Referrer, UsedElsewhere
from portal.medicare.models.referrers import FACTS

if TYPE_CHECKING:
    _ReferralForm = forms.ModelForm[Referral]
    _UsedElsewhereForm = forms.ModelForm[UsedElsewhere]
else:
    _ReferralForm = _UsedElsewhereForm = forms.ModelForm


class ReferralForm(_ReferralForm):
    """A referral letter as the desk types it. `cleaned_data` holds what `add_referral` takes.

    With a `referrer` of the register, who wrote it is not asked.
    """

    one_of = frozenset({"referrer_provider_number", "referrer_practice"})
    OF_REFERRER = ("referrer_name", "referrer_provider_number", "referrer_practice")
    confirm_number = forms.BooleanField(
        label=_("The number is as the letter has it"), required=False, widget=forms.HiddenInput
    )

    class Meta:
        model = Referral
        formfield_callback = our_field
        fields = [
            "referrer_name",
            "referrer_provider_number",
            "referrer_practice",
            "kind",
            "written_on",
            "services",
            "decided",
            "decided_how",
            "decided_note",
            "used_elsewhere",
            "continues_elsewhere",
            "is_for_group",
            "period",
        ]

    def __init__(self, *args: Any, today: date, referrer: Referrer | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today, self.referrer = today, referrer
        if referrer is not None:
            for name in (*self.OF_REFERRER, "confirm_number"):
                del self.fields[name]
            return
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
        if self.referrer is None:
            self._clean_who(data)
        else:
            data |= {
                "referrer": self.referrer,
                "referrer_name": self.referrer.name,
                "referrer_provider_number": self.referrer.provider_number,
                "referrer_practice": self.referrer.address,
            }
        self._clean_number(data)
        data.pop("confirm_number", None)
        return data

    def _clean_who(self, data: dict[str, Any]) -> None:
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

    def _clean_number(self, data: dict[str, Any]) -> None:
        decided, how, note = data.get("decided"), data.get("decided_how"), data.get("decided_note")
        if decided is None and (how or note) and "decided" not in self.errors:
            self.add_error("decided", forms.ValidationError(_("Which number was decided?"), code="decided"))
        elif decided is not None and not how:
            self.add_error("decided_how", forms.ValidationError(_("How was it decided?"), code="how"))
        elif decided is not None and how == Referral.DecidedHow.JUDGEMENT and not note:
            words = _("Say who decided, when, and how you tried to reach the referrer.")
            self.add_error("decided_note", forms.ValidationError(words, code="note"))
        services, elsewhere = data.get("services") if decided is None else decided, data.get("used_elsewhere", 0)
        if services is not None and elsewhere > services:
            self.add_error(
                "used_elsewhere",
                forms.ValidationError(_("The letter is for %(services)d services."), "more", {"services": services}),
            )


class CorrectionForm(ReferralForm):
    """The same, of a letter that is on file: what it says in truth, and why it was not so."""

    why = forms.ChoiceField(label=_("Why is it corrected?"), choices=[("", _("Choose"))])

    def __init__(self, *args: Any, referral: Referral, **kwargs: Any) -> None:
        names = [*self.Meta.fields]
        super().__init__(*args, initial={name: getattr(referral, name) for name in names}, **kwargs)
        why = field_of(self, "why", forms.ChoiceField)
        why.choices = [("", _("Choose")), *((each.value, each.label) for each in Referral.WHY_CORRECTED)]
        self.order_fields(["why"])


class TakeOffForm(forms.Form):
    """Why a letter is taken off file."""

    why = forms.ChoiceField(
        label=_("Why?"), choices=[(each.value, each.label) for each in Referral.WHY_TAKEN_OFF], widget=forms.RadioSelect
    )


class ReferrerForm(ClinicForm[Referrer]):
    """Somebody who refers patients. `values` and `changes` are what the actions take."""

    together = (ADDRESS,)
    one_of = frozenset({"provider_number", "practice", "street"})
    groups = (
        (_("Who"), ["name", "kind", "provider_number"]),
        (_("Where"), ["practice", "street", "suburb", "state", "postcode"]),
        (_("How to reach them"), ["phone", "fax", "is_in_use"]),
    )

    class Meta:
        model = Referrer
        formfield_callback = our_field
        fields = FACTS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = _("As on their letters, such as Dr Alice Wong.")
        if not self.is_edit:
            del self.fields["is_in_use"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        validate_persons_name(name)
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        number = data.get("provider_number", "")
        if not number and not data.get("practice") and not data.get("street") and "provider_number" not in self.errors:
            words = _("Give the provider number, or the practice or its address.")
            self.add_error("provider_number", forms.ValidationError(words, code="where"))
        # Some numbers in use fail the check: it is said, and taken.
        if number and not provider_number_is_right(number):
            self.warn("provider_number", _("Its check letter doesn't fit. Compare it with a letter of theirs."))
        return data


class FindReferrerForm(forms.Form):
    """Whom of the register somebody looks for, has chosen for a letter, or has found to be a double."""

    q = SearchField(required=False)
    referrer = forms.UUIDField(required=False)
    double = forms.UUIDField(required=False)

    @classmethod
    def text_of(cls, data: Mapping[str, Any]) -> str:
        """What was typed to be found; empty for nothing that can be looked for."""
        form = cls(data)
        form.full_clean()
        return str(form.cleaned_data.get("q") or "")

    @classmethod
    def chosen_in(cls, data: Mapping[str, Any]) -> Referrer | None:
        """Whom the data names, or whose double they were found to be."""
        form = cls(data)
        form.full_clean()
        code = form.cleaned_data.get("referrer")
        found = Referrer.objects.select_related("merged_into").filter(code=code).first() if code else None
        return (found.merged_into or found) if found else None


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
