"""Whose name stands on a notice. settings.NOTICE_CONTEXT names the functions that say it: this app knows no clinic."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string
from phonenumber_field.phonenumber import PhoneNumber


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The clinic as its letters name it; `email` is where answers go.

    `phone` is the number as people here write it, `dialled` the same in E.164, as a phone dials it from anywhere.
    """

    name: str
    phone: str = ""
    dialled: str = ""
    email: str = ""
    address: str = ""

    @property
    def sender(self) -> str:
        """The From line: the clinic's name on the portal's own address."""
        return formataddr((self.name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))


def context() -> dict[str, Any]:
    """What a notice's templates may name: `letterhead`, `base_url`, and what the settings add, such as `clinic`."""
    values: dict[str, Any] = {"base_url": settings.PORTAL_BASE_URL}
    for path in settings.NOTICE_CONTEXT:
        values |= import_string(path)()
    return {**values, "letterhead": _of(values.get("clinic"))}


def current() -> Letterhead:
    """The letterhead of a notice that is written now."""
    letterhead: Letterhead = context()["letterhead"]
    return letterhead


class _Clinic(Protocol):
    """What a letterhead is made of, wherever the settings keep it."""

    @property
    def neutral_name(self) -> str: ...
    @property
    def phone(self) -> PhoneNumber | str: ...
    @property
    def email(self) -> str: ...
    @property
    def street(self) -> str: ...
    @property
    def suburb(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def postcode(self) -> str: ...


def _of(clinic: _Clinic | None) -> Letterhead:
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    if clinic is None:
        return Letterhead(name=name or address)
    town = " ".join(filter(None, (clinic.suburb, clinic.state, clinic.postcode)))
    return Letterhead(
        name=clinic.neutral_name or name or address,
        phone=str(clinic.phone.as_national) if isinstance(clinic.phone, PhoneNumber) else "",
        dialled=clinic.phone.as_e164 if isinstance(clinic.phone, PhoneNumber) else "",
        email=clinic.email,
        address=", ".join(filter(None, (clinic.street, town))),
    )
