"""Addresses of the portal's own pages as e-mails carry them."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse


def absolute(name: str, *args: object) -> str:
    """An address for e-mails. It starts at the portal's own address, never at the Host header that somebody sent."""
    return settings.PORTAL_BASE_URL + reverse(name, args=args)
