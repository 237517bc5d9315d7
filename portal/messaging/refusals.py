"""Why something was not done with a conversation; pages turn these into words."""

from __future__ import annotations


class Refusal(Exception):
    """What all refusals of this app share."""


class NotTheirs(Refusal):
    """Patients write to their psychologists and the desk, psychologists to their patients, the desk to all."""


class NobodyReads(Refusal):
    """Nobody signs in for this patient, so nobody would read it."""


class IsClosed(Refusal):
    """The conversation was closed meanwhile."""


class IsOpen(Refusal):
    """It was opened again meanwhile."""


class ChangedMeanwhile(Refusal):
    """Somebody here answered, took over, closed or opened it since the page was drawn."""


class TooMany(Refusal):
    """More were sent within the hour than anybody writes by hand."""


class CannotText(Refusal):
    """They said stop, the clinic sends no texts, or a file came with it."""


class TooLong(Refusal):
    """A text has no room for so much."""

    def __init__(self, too_many: int) -> None:
        super().__init__()
        # So many letters.
        self.too_many = too_many


class HasLeft(Refusal):
    """The psychologist no longer works here."""
