"""Medicare card numbers, checked as Services Australia prints them."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9)


def clean_medicare_number(value: str) -> str:
    """The ten digits of a card number typed with or without spaces; raises ValidationError.

    First digit 2 to 6; the ninth is the sum of the first eight, weighted 1 3 7 9 1 3 7 9, modulo 10; the tenth, the
    card's issue, is not 0 (docs/australia.md).
    """
    digits = re.sub(r"[\s-]", "", value)
    if not re.fullmatch(r"[0-9]{10}", digits):
        raise ValidationError(_("A Medicare card number has ten digits."), code="medicare_length")
    check = sum(int(d) * w for d, w in zip(digits, _WEIGHTS, strict=False)) % 10
    if digits[0] not in "23456" or int(digits[8]) != check or digits[9] == "0":
        raise ValidationError(
            _("This Medicare number doesn't add up. Check it against the card."), code="medicare_check"
        )
    return digits


def card_written(number: str, irn: str = "") -> str:
    """A card's ten digits as it prints them, with the digit beside the name: 2951 87312 5 / 1; empty for no card."""
    if not number:
        return ""
    grouped = f"{number[:4]} {number[4:9]} {number[9:]}"
    return f"{grouped} / {irn}" if irn else grouped


def split_card(value: str) -> tuple[str, str] | None:
    """The number and the digit beside the name of a card written with both: 2951 87312 5 / 1; None of anything else."""
    written = re.fullmatch(r"\s*([0-9]{4}[\s-]*[0-9]{5}[\s-]*[0-9])[\s/-]+([1-9])\s*", value)
    return (written[1], written[2]) if written else None


def validate_medicare_number(value: str) -> None:
    clean_medicare_number(value)


def validate_irn(value: str) -> None:
    if not re.fullmatch(r"[1-9]", value):
        raise ValidationError(_("The number beside the name on the card is 1 to 9."), code="irn")
