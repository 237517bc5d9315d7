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


def has_room(name: str, *, who: str, most: int, mine: str = "") -> bool:
    """Whether `who` may have one more of what `claim` counts, or `mine` is had already."""
    found = cache.get_many(_places(name, who, most))
    return len(found) < most or bool(mine and mine in found.values())


def claim(name: str, *, who: str, most: int, mine: str, seconds: int) -> bool:
    """Takes one of `most` places that `who` may have at once, for so many seconds; False where all are taken.

    `mine` is a word of the claimer's own: whoever has a place by it keeps that one, from now on for as long. Places are
    taken one by one by `add`, so of many who come at once no more than `most` get one.
    """
    places = _places(name, who, most)
    found = cache.get_many(places)
    for place, word in found.items():
        if word == mine:
            cache.set(place, mine, timeout=seconds)
            return True
    return any(cache.add(place, mine, timeout=seconds) for place in places if place not in found)


def give_back(name: str, *, who: str, most: int, mine: str) -> None:
    """Gives the place back that was taken by this word, before its time."""
    cache.delete_many([place for place, word in cache.get_many(_places(name, who, most)).items() if word == mine])


def _places(name: str, who: str, most: int) -> list[str]:
    return [f"place:{name}:{household_of(who)}:{n}" for n in range(most)]


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
