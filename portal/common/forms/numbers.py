"""Amounts and whole numbers, read from what people type; what could mean two things is refused in words."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.common.forms.lines import has_control_characters
from portal.common.text.typed import plain

# Longer than any amount, and short enough to read at once.
_LONGEST = 40
# The separators of Arabic, and the comma and the full stop that other keyboards have in their place.
_SEPARATORS = str.maketrans({"\u066b": ".", "\u066c": ",", "\u060c": ",", "\u3001": ",", "\u3002": ".", "\u2019": "'"})
# Thousands apart by one kind of mark, each before exactly three digits: 1,234,567 or 1 234 567 or 1'234'567.
_WHOLE = r"[0-9]+|[1-9][0-9]{0,2}(?P<mark>[, '])[0-9]{3}(?:(?P=mark)[0-9]{3})*"
_AMOUNT = re.compile(rf"(?P<whole>{_WHOLE})?(?P<cents>\.[0-9]*)?")
# Where the point was typed apart from the dollars, from the cents or from both: 220 .50
_SPACED = re.compile(rf"(?:{_WHOLE})(?: +\. *|\. +)[0-9]{{1,2}}")
_NUMBER = re.compile(rf"(?P<sign>-?)(?P<whole>{_WHOLE})(?:\.0*)?")
_DOLLARS = re.compile(r"(?:(?:AUD|AU\$|A\$|\$) ?)?(?P<amount>.*?)(?: ?(?:AUD|\$))?", re.IGNORECASE)


class PartsField(forms.DecimalField):
    """A number that may have parts: hours, per cent. It is read as an amount of money is, and never called one."""

    default_error_messages = {
        "invalid": _("Write a number in digits, such as 2 or 2.5."),
        "grouping": _("Write parts after a point, such as 2.5, and a comma only before three digits, as in 1,234."),
        "spaced": _("Write the number without a space beside the point, such as 2.5."),
        "max_decimal_places": _("Write no more than two digits after the point."),
    }

    def __init__(self, *, max_value: Decimal | None = None, min_value: Decimal | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(
            max_digits=8,
            decimal_places=2,
            max_value=max_value,
            min_value=Decimal(0) if min_value is None else min_value,
            **kwargs,
        )

    # The stubs have it from whole numbers.
    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        return super().to_python(self._read(value) if isinstance(value, str) else value)

    def bare(self, unsigned: str) -> str:
        """What stands in what was typed, without the sign of its kind."""
        return unsigned

    def _read(self, typed: str) -> str:
        """The number as Decimal reads it; empty if nothing was typed."""
        if len(typed) > _LONGEST or has_control_characters(typed):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        text = plain(typed.translate(_SEPARATORS))
        if not text:
            return ""
        sign, unsigned = ("-", text[1:].strip()) if text.startswith("-") else ("", text)
        said = self.bare(unsigned)
        amount = _AMOUNT.fullmatch(said)
        if amount is None or not any(c.isdigit() for c in said):
            kind = "grouping" if re.fullmatch(r"[0-9]+(?:[,.' ]+[0-9]+)+\.?", said) else "invalid"
            kind = "spaced" if _SPACED.fullmatch(said) else kind
            raise ValidationError(self.error_messages[kind], code=kind)
        whole = re.sub(r"[, ']", "", amount["whole"] or "0")
        return f"{sign}{whole}{amount['cents'] or ''}"


class MoneyField(PartsField):
    """Dollars as people type them: `220`, `$1,234.50`, `١٬٢٣٤٫٥٠`.

    A comma stands before three digits or is refused: who types `220,50` may come from where it divides dollars and
    cents, and must not be billed 22,050.
    """

    default_error_messages = {
        "invalid": _("Write an amount in dollars, such as 220 or 220.50."),
        "grouping": _("Write cents after a point, such as 220.50, and a comma only before three digits, as in 1,234."),
        "spaced": _("Write the amount without a space beside the point, such as 220.50."),
        "min_value": _("This amount can't be below zero."),
        "max_decimal_places": _("Write dollars and cents, such as 220.50."),
    }

    def bare(self, unsigned: str) -> str:
        dollars = _DOLLARS.fullmatch(unsigned)
        return dollars["amount"] if dollars else ""


class WholeNumberField(forms.IntegerField):
    """A count, minutes, per cent: digits of any script, without a browser's spinner, which drops what it can't read."""

    default_error_messages = {"invalid": _("Write a whole number, such as 50.")}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> int | None:
        if not isinstance(value, str):
            return super().to_python(value)
        text = plain(value.translate(_SEPARATORS)) if len(value) <= _LONGEST else value
        if not text:
            return None
        number = _NUMBER.fullmatch(text)
        if number is None or len(value) > _LONGEST or has_control_characters(value):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return int(number["sign"] + re.sub(r"[, ']", "", number["whole"]))
