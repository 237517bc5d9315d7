"""Why an action on the clinic's own data was refused. Views turn these into words."""

from __future__ import annotations


class Refused(Exception):
    """Nothing was changed."""


class HasProfile(Refused):
    """This account has a psychologist's profile already."""


class LastOne(Refused):
    """The clinic would be left without any location in use."""


class InUse(Refused):
    """A profile names it."""
