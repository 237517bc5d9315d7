"""What the desk says before somebody comes to open a record because a second one is the same person's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.common.forms.fields import MarkField
from portal.patients.ages import last_birthday_of_adults
from portal.patients.forms import CarerForm
from portal.patients.models import Patient
from portal.patients.signing_in import Reader
from portal.web.reception.account_forms import LinkForm


class OpenOtherForm(forms.Form):
    """The ticks without which nobody comes to open a record because it is of the same person as one that they made.

    The same as where an account is linked or a carer added. `seen` are the accounts that the page named.
    """

    seen = MarkField(required=False, max_length=2000, widget=forms.HiddenInput)
    own_checked = forms.BooleanField(
        label=LinkForm.base_fields["checked"].label,
        error_messages={"required": _("Check it with the person first.")},
    )
    carer_checked = forms.BooleanField(
        label=CarerForm.base_fields["checked"].label,
        error_messages=CarerForm.base_fields["checked"].error_messages,
    )
    is_billed = forms.BooleanField(label=CarerForm.base_fields["is_billed"].label, required=False)

    def __init__(self, data: QueryDict | None = None, *, opening: Sequence[Reader], to: Patient, today: date) -> None:
        """`opening` are those who would come to open the record `to`."""
        initial = {
            "seen": " ".join(str(reader.user.code) for reader in opening),
            # A child's invoices go to somebody; an adult's go elsewhere only once that is said.
            "is_billed": to.date_of_birth > last_birthday_of_adults(today),
        }
        super().__init__(data, initial=initial, auto_id=f"id_{to.code}_%s")
        self.opening = opening
        carers = [reader.carer for reader in opening if reader.carer is not None]
        if len(carers) == len(opening):
            del self.fields["own_checked"]
        if not carers:
            del self.fields["carer_checked"]
        if not any(each.is_billed for each in carers) or to.carers.in_force().filter(is_billed=True).exists():
            del self.fields["is_billed"]

    @property
    def checked(self) -> list[User]:
        """The accounts that were ticked: those that the page named, and no one who came later."""
        seen = set(self.cleaned_data["seen"].split())
        return [reader.user for reader in self.opening if str(reader.user.code) in seen]

    @property
    def bills(self) -> bool:
        return bool(self.cleaned_data.get("is_billed"))
