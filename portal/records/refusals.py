"""Why an action on a record was refused. None of them shows a word of a note: they turn up in logs and tracebacks."""

from __future__ import annotations

from portal.records.models import ProgressNote, Report


class Refusal(Exception):
    """What all refusals of records share."""


class StaleDraft(Refusal):
    """The draft was changed elsewhere meanwhile. `stored` is what stands now; what was sent is still the caller's."""

    def __init__(self, stored: ProgressNote) -> None:
        super().__init__("The draft was changed in another window.")
        self.stored = stored


class AlreadySigned(Refusal):
    """A signed note is only added to."""

    def __init__(self, note: ProgressNote) -> None:
        super().__init__("The note is signed.")
        self.note = note


class NotSigned(Refusal):
    """An addendum belongs to a signed note."""


class NotTheirs(Refusal):
    """Only the psychologist who holds the session writes and signs its note."""


class NothingWritten(Refusal):
    """An empty note, or one with nothing under its headings, can't be signed."""


class NotYet(Refusal):
    """A note can't be signed before its session has begun."""


class NoSession(Refusal):
    """A time that is only held has nobody to write about."""


class StaleReport(Refusal):
    """The draft of a report was changed elsewhere meanwhile. `stored` is what stands now."""

    def __init__(self, stored: Report) -> None:
        super().__init__("The report was changed in another window.")
        self.stored = stored


class ReportSigned(Refusal):
    """A signed report never changes."""


class AlreadyAnswered(Refusal):
    """A measure is answered once."""


class NotAsked(Refusal):
    """A measure that was withdrawn, or whose time is over, takes no answers."""


class AlreadyEnded(Refusal):
    """An alert ends once, with what was done."""
