"""Numbers with check digits, as Australian registers print them."""

from __future__ import annotations

import re
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum.au import abn as abn_number
from stdnum.exceptions import ValidationError as NumberError

# Source: Services Australia's provider number check, tried on 4024742F and 2429581T (domain/australia.md 3.3).
_LOCATIONS = "0123456789ABCDEFGHJKLMNPQRTUVWXY"
_CHECKS = "YXWTLKJHFBA"
_WEIGHTS = (3, 5, 8, 4, 2, 1)


def clean_abn(value: str) -> str:
    """The eleven digits of an ABN typed with or without spaces; raises ValidationError."""
    digits = re.sub(r"[\s-]", "", value)
    try:
        abn_number.validate(digits)
    except NumberError:
        raise ValidationError(_("This is not a valid ABN. Check the eleven digits."), code="abn") from None
    if digits.startswith("0"):
        raise ValidationError(_("This is not a valid ABN. Check the eleven digits."), code="abn")
    return digits


def validate_abn(value: str) -> None:
    clean_abn(value)


def provider_number_is_right(value: str) -> bool:
    """Whether a provider number's check letter fits; some real ones don't, so callers warn and never block."""
    match = re.fullmatch(r"(\d{5,6})([0-9A-Z])([A-Z])", value)
    if not match:
        return False
    stem, place, check = match[1].zfill(6), match[2], match[3]
    if place not in _LOCATIONS:
        return False
    total = sum(int(d) * w for d, w in zip(stem, _WEIGHTS, strict=True)) + 6 * _LOCATIONS.index(place)
    return _CHECKS[total % 11] == check


def validate_provider_number(value: str) -> None:
    if not re.fullmatch(r"\d{5,6}[0-9A-Z][A-Z]", value):
        raise ValidationError(_("A provider number looks like 4024742F."), code="provider_number")


def validate_ahpra(value: str) -> None:
    if not re.fullmatch(r"PSY\d{10}", value):
        raise ValidationError(_("An AHPRA number of a psychologist is PSY and ten digits."), code="ahpra")


def validate_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(_("Choose a time zone by its name, such as Australia/Perth."), code="time_zone")
