"""Which account opens a patient's record, as the desk says it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.common.forms.fields import (
    EmailLineField,
    MarkField,
)


class LinkForm(forms.Form):
    """Which account is to open a record. `account` is the one that the page showed, once it did."""

    email = EmailLineField(
        label=_("E-mail address they sign in with"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    account = MarkField(required=False, max_length=40, widget=forms.HiddenInput)
    checked = forms.BooleanField(
        label=_("I have checked with the person that this is their account: name, birth date and address."),
        required=False,
    )


class UnlinkForm(forms.Form):
    """Why an account is to open a record no longer: one word, which the trail keeps. `seen` is the page's account."""

    REASONS = [
        ("wrong_person", _("It is another person's account")),
        ("asked", _("The patient asks for it")),
        ("twice", _("They have another account, or another record")),
        ("ended", _("Care has ended")),
    ]

    reason = forms.ChoiceField(label=_("Reason"), choices=[("", _("Choose one")), *REASONS])
    seen = MarkField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, account: User, **kwargs: Any) -> None:
        kwargs["initial"] = {"seen": str(account.code)}
        super().__init__(*args, **kwargs)
        self.account = account

    def clean_seen(self) -> str:
        seen: str = self.cleaned_data["seen"]
        if seen != str(self.account.code):
            raise ValidationError(_("Another account opens this record by now. Look again."), code="changed")
        return seen
