"""Phone numbers as people here write them, from how they are kept: `+61491570006` as `0491 570 006`."""

from __future__ import annotations

import re

from phonenumber_field.phonenumber import PhoneNumber

_MOBILE = re.compile(r"\+61(4[0-9]{2})([0-9]{3})([0-9]{3})")
_LANDLINE = re.compile(r"\+61([2378])([0-9]{4})([0-9]{4})")


def national(kept: str) -> str:
    """Australian mobiles and landlines by two patterns, all others by the library: for a list it is slow."""
    if found := _MOBILE.fullmatch(kept):
        return "0{} {} {}".format(*found.groups())
    if found := _LANDLINE.fullmatch(kept):
        return "(0{}) {} {}".format(*found.groups())
    return str(PhoneNumber.from_string(kept).as_national)
