"""What `manage.py doctor` finds: well, to mind, or wrong, with the cure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    WELL = "well"
    MIND = "mind"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    state: State
    what: str
    cure: str = ""


def well(what: str) -> Finding:
    return Finding(State.WELL, what)


def mind(what: str, cure: str) -> Finding:
    return Finding(State.MIND, what, cure)


def wrong(what: str, cure: str) -> Finding:
    return Finding(State.WRONG, what, cure)


Look = Callable[[], Iterator[Finding]]
