"""Why an action on the clinic's own data was refused. Views turn these into words."""

from __future__ import annotations

from datetime import date


class Refused(Exception):
    """Nothing was changed."""


class HasProfile(Refused):
    """This account has a psychologist's profile already."""


class LastOne(Refused):
    """The clinic would be left without any location in use."""


class TooEarly(Refused):
    """A policy takes effect today or later, and not before the version that was published last; says from when on."""

    def __init__(self, earliest: date) -> None:
        super().__init__()
        self.earliest = earliest


class PublishedMeanwhile(Refused):
    """There is a newer version of the policy than the one that was looked at."""


class InUse(Refused):
    """A profile names it."""
