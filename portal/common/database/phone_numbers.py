"""Phone numbers as they are kept, E.164, read without the parser where they are Australian.

The parser takes any way of writing a number from any country, at 50 microseconds each; a session with its patient, its
place and its room has four, and a list reads a hundred sessions.
"""

from __future__ import annotations

import re
from typing import Any

from phonenumber_field import modelfields
from phonenumber_field.phonenumber import PhoneNumber
from phonenumbers import CountryCodeSource

# Landlines and mobiles. The parser reads what begins otherwise: it may be a prefix that is dialled before a number.
_AUSTRALIAN = re.compile(r"\+61[2-478][0-9]{8}")


class PhoneNumberField(modelfields.PhoneNumberField):
    """The library's own column, and to migrations no other."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> PhoneNumber | str | None:
        if isinstance(value, str) and _AUSTRALIAN.fullmatch(value):
            return PhoneNumber(
                country_code=61,
                national_number=int(value[3:]),
                raw_input=value,
                country_code_source=CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN,
            )
        read: PhoneNumber | str | None
        read = super().from_db_value(value, expression, connection)  # type: ignore[no-untyped-call]
        return read

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _, args, kwargs = super().deconstruct()  # type: ignore[no-untyped-call]
        return name, f"{modelfields.__name__}.PhoneNumberField", args, kwargs
