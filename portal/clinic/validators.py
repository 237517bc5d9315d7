"""Numbers with check digits, as Australian registers print them, and addresses of rooms on the web."""

from __future__ import annotations

import re
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _
from stdnum.au import abn as abn_number
from stdnum.exceptions import ValidationError as NumberError

# The check of a provider number, tried on 4024742F and 2429581T: docs/australia.md.
_LOCATIONS = "0123456789ABCDEFGHJKLMNPQRTUVWXY"
_CHECKS = "YXWTLKJHFBA"
_WEIGHTS = (3, 5, 8, 4, 2, 1)


_IS_WEB_ADDRESS = URLValidator(schemes=["https"])


def validate_video_link(value: str) -> None:
    """Raises ValidationError unless it is a web address that a browser opens safely, with no password in it."""
    try:
        _IS_WEB_ADDRESS(value)
        found = urlsplit(value)
    except (ValidationError, ValueError):
        raise ValidationError(_("Copy the whole address of your room. It begins with https://."), code="link") from None
    if found.username is not None or "@" in found.netloc:
        raise ValidationError(_("Copy the whole address of your room. It begins with https://."), code="link")


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
    """Raises ValidationError unless it is an ABN with the right check digits."""
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
    """Raises ValidationError unless it has the form of Medicare's number; the check letter is another question."""
    if not re.fullmatch(r"\d{5,6}[0-9A-Z][A-Z]", value):
        raise ValidationError(_("A provider number looks like 4024742F."), code="provider_number")


def validate_ahpra(value: str) -> None:
    """Raises ValidationError unless it is a psychologist's number: PSY and ten digits."""
    if not re.fullmatch(r"PSY\d{10}", value):
        raise ValidationError(_("An AHPRA number of a psychologist is PSY and ten digits."), code="ahpra")


def validate_time_zone(value: str) -> None:
    """Raises ValidationError unless the tz database has a zone of this name."""
    if value not in available_timezones():
        raise ValidationError(_("Choose a time zone by its name, such as Australia/Perth."), code="time_zone")


# The states' postcodes (docs/australia.md). Some places beside a border have their neighbour's.
_POSTCODES = {
    "NSW": ((1000, 2599), (2619, 2899), (2921, 2999)),
    "ACT": ((200, 299), (2600, 2618), (2900, 2920)),
    "VIC": ((3000, 3999), (8000, 8999)),
    "QLD": ((4000, 4999), (9000, 9999)),
    "SA": ((5000, 5999),),
    "WA": ((6000, 6999),),
    "TAS": ((7000, 7999),),
    "NT": ((800, 999),),
}


def postcode_fits_state(postcode: str, state: str) -> bool:
    """Whether a postcode is one of the state's; border towns differ, so callers warn and never block."""
    if not postcode or not state:
        return True
    return any(first <= int(postcode) <= last for first, last in _POSTCODES[state])
