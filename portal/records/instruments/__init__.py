"""Outcome measures as data: their words, how they are scored, what the scores mean, and who allows their use.

A version of an instrument never changes, since answers keep its key and version: a new wording or new cut-offs are a
new version beside the old one.
"""

from __future__ import annotations

from typing import Final

from portal.records.instruments.dass21 import DASS21
from portal.records.instruments.gad7 import GAD7
from portal.records.instruments.k10 import K10
from portal.records.instruments.phq9 import PHQ9
from portal.records.instruments.shape import Instrument
from portal.records.instruments.who5 import WHO5

CURRENT: Final[dict[str, Instrument]] = {one.key: one for one in (K10, DASS21, PHQ9, GAD7, WHO5)}
_EVERY: Final[dict[tuple[str, int], Instrument]] = {(one.key, one.version): one for one in CURRENT.values()}


def instrument(key: str, version: int) -> Instrument:
    """The instrument as it was when it was answered; raises KeyError on one that never was."""
    return _EVERY[key, version]
