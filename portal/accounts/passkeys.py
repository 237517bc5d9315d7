"""The forms that take a passkey's answer. It is JSON written by whoever sends it: at the sign-in, by anybody.

allauth and its library read it by the letter, and trip over what has another shape.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput

from portal.accounts.forms import OurFields

# A browser's answer has a few thousand characters, with the certificates of its maker.
LONGEST = 50_000
# What reading an answer of another shape raises: missing parts, parts of other kinds, bytes that end too soon.
UNREADABLE = (AttributeError, LookupError, TypeError, ValueError, struct.error)


@contextmanager
def _wrong_if_unreadable() -> Iterator[None]:
    try:
        yield
    except UNREADABLE as unreadable:
        raise get_adapter().validation_error("incorrect_code") from unreadable


class CredentialField(forms.JSONField):
    """JSON, where brackets within brackets without end and numbers of thousands of digits are none."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > LONGEST:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": ""})
        try:
            return super().to_python(value)
        except (RecursionError, ValueError) as unreadable:
            raise ValidationError(
                self.error_messages["invalid"], code="invalid", params={"value": value}
            ) from unreadable

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except (RecursionError, ValueError):
            return InvalidJSONInput(data)


class _Checked(AuthenticateWebAuthnForm):
    credential = CredentialField(widget=forms.HiddenInput)

    def clean_credential(self) -> Authenticator:
        with _wrong_if_unreadable():
            return super().clean_credential()


class PasskeySignInForm(_Checked, LoginWebAuthnForm):
    pass


class PasskeySecondFactorForm(_Checked):
    pass


class PasskeyItsYouForm(_Checked, ReauthenticateWebAuthnForm):
    pass


class RenamedPasskeyForm(OurFields, EditWebAuthnForm):
    pass


class NewPasskeyForm(OurFields, AddWebAuthnForm):
    credential = CredentialField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        with _wrong_if_unreadable():
            return super().clean()
