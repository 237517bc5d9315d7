"""Why publishing a policy was refused. Views turn these into words."""

from __future__ import annotations

from datetime import date


class Refused(Exception):
    """Nothing was changed."""


class TooEarly(Refused):
    """A policy takes effect today or later, and not before the version that was published last; says from when on."""

    def __init__(self, earliest: date) -> None:
        super().__init__()
        self.earliest = earliest


class PublishedMeanwhile(Refused):
    """There is a newer version of the policy than the one that was looked at."""
