"""What an outcome measure is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the answers that an item takes, with what it counts."""

    value: int
    words: str


@dataclass(frozen=True, slots=True)
class Band:
    """A range of scores, both ends in it, with the name its source gives it; `level` is 0 for the mildest."""

    least: int
    most: int
    name: str
    level: int


@dataclass(frozen=True, slots=True)
class BandSet:
    """The bands of one source, without a gap from the lowest score to the highest. `source` is shown beside them."""

    source: str
    bands: tuple[Band, ...]

    def of(self, score: int) -> Band:
        """The band of a score; raises ValueError on a score that no answers give."""
        for band in self.bands:
            if band.least <= score <= band.most:
                return band
        raise ValueError(score)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """One score of an instrument: the sum of its items, counted from 1, times `factor`."""

    key: str
    name: str
    items: tuple[int, ...]
    factor: int = 1
    least: int
    most: int
    # The first set is the one that is named in short; the others stand beside it.
    bands: tuple[BandSet, ...]
    # The smallest difference that is more than chance, where its source gives one.
    reliable_change: int | None = None
    reliable_source: str = ""
    higher_is_better: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Answers that somebody must look at the same day: one item or one scale at or above a value."""

    key: str
    at_least: int
    item: int | None = None
    scale: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A questionnaire as its authors published it. The words are theirs, in the language they were tested in."""

    key: str
    version: int
    name: str
    full_name: str
    # What stands above the items.
    lead: str
    items: tuple[str, ...]
    answers: tuple[Answer, ...]
    # An item that is answered and shown, and counts nothing: asked once any other was answered above the lowest.
    unscored: str = ""
    unscored_answers: tuple[Answer, ...] = ()
    scales: tuple[Scale, ...]
    flags: tuple[Flag, ...] = ()
    minutes: int = 2
    notice: str
    # Which source says so, with its address, for whoever checks.
    source: str
    # Which language the items are in.
    language: str = "en-au"

    @property
    def values(self) -> frozenset[int]:
        return frozenset(answer.value for answer in self.answers)

    def scale(self, key: str) -> Scale:
        """The scale of this key; raises StopIteration on none."""
        return next(scale for scale in self.scales if scale.key == key)


def bands(source: str, *ranges: tuple[int, int, str], worst_first: bool = False) -> BandSet:
    """A set of bands from the ranges as their source prints them; `worst_first` where low scores are the worse."""
    last = len(ranges) - 1
    return BandSet(
        source,
        tuple(
            Band(least, most, name, last - place if worst_first else place)
            for place, (least, most, name) in enumerate(ranges)
        ),
    )


def answers(words: Sequence[str], *, first: int = 0, step: int = 1) -> tuple[Answer, ...]:
    """Answers in the order they are printed, the first counting `first`."""
    return tuple(Answer(first + step * place, one) for place, one in enumerate(words))
