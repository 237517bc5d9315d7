"""Whose name stands on a notice. The clinic's own app says it, from above:

letterhead.provide(lambda: Letterhead(name=..., phone=..., email=..., address=...))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formataddr, parseaddr

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The clinic as its letters name it; `email` is where answers go."""

    name: str
    phone: str = ""
    email: str = ""
    address: str = ""
    website: str = ""

    @property
    def sender(self) -> str:
        """The From line: the clinic's name on the portal's own address."""
        name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
        return formataddr((self.name or name, address))


def _of_settings() -> Letterhead:
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return Letterhead(name=name or address, website=settings.PORTAL_BASE_URL)


_provider: Callable[[], Letterhead] = _of_settings


def provide(provider: Callable[[], Letterhead]) -> None:
    global _provider
    _provider = provider


def current() -> Letterhead:
    return _provider()
