"""Where a message goes that did not arrive."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from phonenumber_field.phonenumber import PhoneNumber

from portal.common.forms.fields import EmailLineField, PhoneField


class SendAgainForm(forms.Form):
    """Where a message goes that did not arrive: an address, or the number of a phone."""

    address = EmailLineField(label=_("Send it to"))

    def __init__(self, *args: Any, is_to_phone: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_to_phone:
            self.fields["address"] = PhoneField(label=_("Send it to"))
            if known := self.initial.get("address"):
                self.initial["address"] = PhoneNumber.from_string(known)

    @property
    def where(self) -> str:
        """The address, or the number as numbers are kept; only of a valid form."""
        typed = self.cleaned_data["address"]
        return typed.as_e164 if isinstance(typed, PhoneNumber) else str(typed)
