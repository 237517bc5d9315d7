"""What is asked about those who pay for others, and about whom they pay for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.billing.models.payer import PatientPayer, Payer
from portal.clinic.models import Service
from portal.clinic.row_forms import ClinicForm, names_in
from portal.common.forms.parts import field_of
from portal.common.forms.shown import ADDRESS
from portal.common.web.search_words import SearchWords

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_PAYER: list[tuple[StrOrPromise, list[str]]] = [
    (_("Who pays"), ["kind", "name", "contact", "abn"]),
    (_("Where bills go"), ["email", "phone", "street", "suburb", "state", "postcode"]),
    (_("Terms"), ["terms_days"]),
]


class PayerForm(ClinicForm[Payer]):
    """Somebody who pays for others."""

    groups = _PAYER
    together = (ADDRESS,)
    one_of = frozenset({"email", "street"})

    class Meta(ClinicForm.Meta):
        model = Payer
        fields = names_in(_PAYER)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("email") and not cleaned.get("street") and not {"email", "street"} & self.errors.keys():
            words = _("Give an e-mail address or a street address: a bill has to go somewhere.")
            self.add_error("email", ValidationError(words, code="nowhere"))
        return cleaned


_LINK: list[tuple[StrOrPromise, list[str]]] = [
    (_("What they pay for"), ["pays", "services"]),
    (_("Their numbers for this patient"), ["purchase_order", "claim_number"]),
]


class LinkForm(ClinicForm[PatientPayer]):
    """What a payer pays for a patient, and under which numbers."""

    groups = _LINK

    class Meta(ClinicForm.Meta):
        model = PatientPayer
        fields = names_in(_LINK)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field_of(self, "services", forms.ModelMultipleChoiceField).queryset = Service.objects.filter(is_active=True)
        self.fields["services"].required = False


class PayerField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django gives it none
    """Somebody of the register, by name."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class NewLinkForm(LinkForm):
    """The same for a new one, with who it is."""

    payer = PayerField(label=_("Who pays"), queryset=Payer.objects.none(), to_field_name="code")
    field_order = ["payer"]
    groups = [(_("Who pays"), ["payer"]), *_LINK]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = field_of(self, "payer", forms.ModelChoiceField)
        chosen.queryset = Payer.objects.in_use()
        chosen.empty_label = str(_("Choose"))


class PayerSearch(forms.Form):
    """What is looked for in the register."""

    q = SearchWords(required=False)

    @property
    def text(self) -> str:
        return str(self.cleaned_data.get("q", "")) if self.is_valid() else ""
