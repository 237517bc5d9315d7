"""How often one visitor may do a thing. Counts live in the shared cache, so that every process sees the same ones."""

from __future__ import annotations

import time
from ipaddress import IPv4Address, IPv6Network, ip_address

from django.core.cache import cache

# What a provider hands to one household: within it anybody takes as many addresses as they like.
HOUSEHOLD = 64


def within(name: str, *, who: str, most: int, seconds: int) -> bool:
    """Counts one use of `name` by `who`, and tells whether that is at most `most` in this window of `seconds`.

    An address counts for its whole household. Windows are fixed, not sliding: somebody may use two windows' worth
    around an edge, which is harmless here.
    """
    key = f"limit:{name}:{household_of(who)}:{int(time.time() // seconds)}"
    if cache.add(key, 1, timeout=seconds):
        return most >= 1
    try:
        return cache.incr(key) <= most
    except ValueError:  # it ran out between the two calls
        return True


def household_of(who: str) -> str:
    """An IPv6 address as its /64, an IPv4 address also where it is written as IPv6; anything else as it is."""
    try:
        address = ip_address(who)
    except ValueError:
        return who
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), HOUSEHOLD), strict=False).network_address)
