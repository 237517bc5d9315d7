"""What every channel promises: get ready slowly, send in one short step, and say truly how it went.

A channel's parcel is a context manager. Entering it does the slow work (putting together, dialling); `send()` is the
one step that can't be taken back. It returns the provider's id, or raises one of these.
"""

from __future__ import annotations

from typing import Protocol


class SendingFailed(Exception):
    """How a sending went wrong; `error` is its kind and code, never a server's words."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error[:100]


class TryLater(SendingFailed):
    """It was surely not sent, and may go through later."""


class Unreachable(TryLater):
    """The provider could not be reached at all: other notices need not try now."""


class Refused(SendingFailed):
    """It was surely not sent, and never will be."""


class InDoubt(SendingFailed):
    """It may have been sent: the answer never came."""


class Parcel(Protocol):
    def send(self) -> str: ...
