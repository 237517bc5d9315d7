"""What accounts refuse, named by what happened."""

from __future__ import annotations


class Refusal(Exception):
    pass


class LastManager(Refusal):
    """Without a manager who may sign in, nobody could let anybody in again."""


class NotYourOwn(Refusal):
    """A manager does this for others, never for themselves."""


class NotOutstanding(Refusal):
    """Somebody confirmed it, or withdrew it, meanwhile."""


class AlreadyStaff(Refusal):
    """The address belongs to somebody who already is staff: their roles are on their own page."""


class InvitationClosed(Refusal):
    """The link can't be used, or not any more; `why` is `unknown`, `expired`, `used` or `withdrawn`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class AddressTaken(Refusal):
    """Another account signs in with this address."""


class NotTheInvited(Refusal):
    """An invitation is for the account of the address it was sent to."""
