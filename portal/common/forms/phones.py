"""Phone numbers, kept whole or refused: no digit that somebody typed is left out without a word."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField
from phonenumber_field.phonenumber import PhoneNumber
from phonenumbers import national_significant_number

from portal.common.forms.lines import has_control_characters
from portal.common.text.typed import plain

# No number is this long; the parser need not look at a novel.
_LONGEST = 60
# What stands before a number on cards and in pasted links.
_BEFORE = re.compile(r"(?:tel|telephone|phone|ph|mobile|mob|m|t)(?:[.:] ?| )(?=[+(0-9])", re.IGNORECASE)
_NUMBER = re.compile(r"\+?[0-9() ./-]*[0-9][0-9() ./-]*")
# 1300 FLOWER: the letters of the keys, after the prefixes under which Australia sells such names.
_BY_LETTERS = re.compile(r"1(?:3|[38]00)[ -]?[A-Z][A-Z -]{3,9}", re.IGNORECASE)
# A number, then anything but a number, then a few digits more: ext 5, x5, ;ext=5, #5, 分机 5.
_WITH_EXTENSION = re.compile(r"(?P<number>\+?[0-9() ./-]*[0-9)])(?P<mark>[^0-9+]+)(?P<extension>[0-9]{1,7})\W*")


class PhoneField(PhoneNumberField):
    """A phone number as people type it: 0491 570 006, (03) 9010 1234, +61 491 570 006. Kept as E.164."""

    default_error_messages = {
        "invalid": _(
            "This isn't a phone number we can call. Write it as 0491 570 006 or (03) 9010 1234; "
            "a number from abroad begins with + and its country."
        ),
        "extension": _("We can only keep the number itself. Leave out what comes after it: “%(extension)s”."),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}))
        super().__init__(region="AU", **kwargs)  # type: ignore[no-untyped-call]
        self.error_messages["invalid"] = self.default_error_messages["invalid"]

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, PhoneNumber):
            return value.as_national if value.country_code == 61 else value.as_international
        return value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        return attrs

    # A number is no text, though the library's field is one of Django's for text.
    def to_python(self, value: Any) -> PhoneNumber | str:  # type: ignore[override]
        """The number; no number is the empty text."""
        if not isinstance(value, str):
            number: PhoneNumber | str = super().to_python(value)  # type: ignore[no-untyped-call]
            return number
        if len(value) > _LONGEST or has_control_characters(value):
            raise self._refused("invalid")
        text = _BEFORE.sub("", plain(value), count=1) if _BEFORE.match(plain(value)) else plain(value)
        if not text:
            return ""
        if _NUMBER.fullmatch(text) or _BY_LETTERS.fullmatch(text):
            return self._number(text)
        if (parts := _WITH_EXTENSION.fullmatch(text)) and self._number(parts["number"]).is_valid():
            raise self._refused("extension", extension=text[parts.start("mark") :].strip())
        raise self._refused("invalid")

    def _number(self, text: str) -> PhoneNumber:
        """The number that is all of the text; raises ValidationError if some of its digits are not in it."""
        # Dialled from elsewhere in Europe or Asia: 0061 491 570 006.
        text = re.sub(r"^00 ?61", "+61", text)
        number = super().to_python(text)  # type: ignore[no-untyped-call]
        if not isinstance(number, PhoneNumber) or number.extension:
            raise self._refused("invalid")
        typed, own = re.sub(r"[^0-9]", "", text), national_significant_number(number)
        if typed.isascii() and not re.search("[A-Za-z]", text):
            before = typed.removesuffix(own) if typed.endswith(own) else typed
            country = str(number.country_code)
            # 0 at home, 61 or 61 0 from abroad, 0011 61 from here; other countries have prefixes of their own.
            known = before in {"", "0", country, f"{country}0", f"0011{country}", f"0011{country}0"}
            if not known and not (country != "61" and before.startswith(country) and len(before) <= len(country) + 2):
                raise self._refused("invalid")
        return number

    def _refused(self, code: str, **params: str) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code, params=params)
