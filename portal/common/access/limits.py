"""How often one visitor may do a thing. Counts live in the shared cache, so that every process sees the same ones."""

from __future__ import annotations

import time

from django.core.cache import cache


def within(name: str, *, who: str, most: int, seconds: int) -> bool:
    """Counts one use of `name` by `who`, and tells whether that is at most `most` in this window of `seconds`.

    Windows are fixed, not sliding: somebody may use two windows' worth around an edge, which is harmless here.
    """
    key = f"limit:{name}:{who}:{int(time.time() // seconds)}"
    if cache.add(key, 1, timeout=seconds):
        return most >= 1
    try:
        return cache.incr(key) <= most
    except ValueError:  # it ran out between the two calls
        return True
