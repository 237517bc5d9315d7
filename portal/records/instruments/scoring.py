"""Scores of an instrument's answers, and how they changed. Pure functions; nothing is scored that is not complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from portal.records.instruments.shape import Band, Flag, Instrument, Scale

# The scorer that made stored scores: it goes up when one of these functions counts otherwise.
SCORER = 1


class Incomplete(ValueError):
    """Some items have no answer; `missing` are their numbers, from 1."""

    def __init__(self, missing: Sequence[int]) -> None:
        super().__init__(f"{len(missing)} items have no answer")
        self.missing = tuple(missing)


class NoSuchAnswer(ValueError):
    """A value that none of the instrument's answers has, or an item too many."""


class Direction(StrEnum):
    """How a score stands to an earlier one, where the difference is more than chance."""

    IMPROVED = "improved"
    WORSE = "worse"
    NOT_MORE_THAN_CHANCE = "chance"
    # The source of the scale gives no such difference.
    UNKNOWN = "unknown"


def score(one: Instrument, given: Mapping[int, int]) -> dict[str, int]:
    """The score of each scale by its key; `given` are the answers' values by the items' numbers, from 1.

    Raises Incomplete if an item has no answer, NoSuchAnswer on a value or an item that the instrument does not have.
    """
    items = range(1, len(one.items) + 1)
    if any(item not in items or value not in one.values for item, value in given.items()):
        raise NoSuchAnswer
    if missing := [item for item in items if item not in given]:
        raise Incomplete(missing)
    return {scale.key: scale.factor * sum(given[item] for item in scale.items) for scale in one.scales}


def band(scale: Scale, value: int) -> Band:
    """What the first of the scale's sources calls this score."""
    return scale.bands[0].of(value)


def flags(one: Instrument, given: Mapping[int, int], scores: Mapping[str, int]) -> list[Flag]:
    """Which of the instrument's warnings these answers set off."""
    return [
        flag
        for flag in one.flags
        if (given[flag.item] if flag.item is not None else scores[flag.scale]) >= flag.at_least
    ]


@dataclass(frozen=True, slots=True)
class Change:
    """A difference to an earlier score, and whether it is more than chance."""

    by: int
    direction: Direction


def change(scale: Scale, *, before: int, now: int) -> Change:
    """How far a score moved, by the scale's own smallest reliable difference."""
    by = now - before
    if scale.reliable_change is None:
        return Change(by, Direction.UNKNOWN)
    if abs(by) < scale.reliable_change:
        return Change(by, Direction.NOT_MORE_THAN_CHANCE)
    return Change(by, Direction.IMPROVED if (by > 0) is scale.higher_is_better else Direction.WORSE)
