"""Why an action on a patient was refused. Views turn these into words."""

from __future__ import annotations


class Refused(Exception):
    """Nothing was changed."""


class UserHasRecord(Refused):
    """This account belongs to another person in care."""


class AlreadyCarer(Refused):
    """This account cares for this person already."""


class OwnAccount(Refused):
    """Nobody at the desk opens a record to their own account: somebody else there does."""


class NotChecked(Refused):
    """Somebody would open a record of whom the desk did not check with its person that they may."""


class SomebodyElseIsBilled(Refused):
    """Another carer is billed; one at a time."""


class NotInForce(Refused):
    """This carer was ended before."""


class RecordHasAccount(Refused):
    """Another account opens this record."""


class NoAccountYet(Refused):
    """No account opens this record."""


class NoAddress(Refused):
    """There is no e-mail address to send it to."""


class LinkClosed(Refused):
    """The link works no longer, or never did."""
