"""Why an action on a patient was refused. Views turn these into words."""

from __future__ import annotations


class Refused(Exception):
    """Nothing was changed."""


class UserHasRecord(Refused):
    """This account belongs to another person in care."""


class AlreadyCarer(Refused):
    """This account cares for this person already."""


class SomebodyElseIsBilled(Refused):
    """Another carer is billed; one at a time."""


class NotInForce(Refused):
    """This carer was ended before."""
