"""Why an action on what the clinic publishes was refused."""

from __future__ import annotations

from portal.resources.models import BlogPost, Share


class Refusal(Exception):
    """What all refusals of this app share."""


class ChangedMeanwhile(Refusal):
    """The article was changed elsewhere. `stored` is what stands now; what was sent is still the caller's."""

    def __init__(self, stored: BlogPost) -> None:
        super().__init__("The article was changed in another window.")
        self.stored = stored


class NotTheirs(Refusal):
    """Psychologists write their own articles; managers write any."""


class NotWhole(Refusal):
    """Something is missing that readers need. `missing` names the fields: title, body, category."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(f"An article for readers needs: {', '.join(missing)}.")
        self.missing = missing


class NotADraft(Refusal):
    """What readers can see, or soon will, is not changed by itself."""


class IsADraft(Refusal):
    """This is done to published articles only."""


class InThePast(Refusal):
    """An article is scheduled for a time to come, and looked over on a day to come."""


class AddressTaken(Refusal):
    """Another article has, or had, this address."""


class NoAddress(Refusal):
    """Nothing that can stand in an address is left of what was typed."""


class WasPublished(Refusal):
    """People may have kept its address: it is taken back, never deleted."""


class NameTaken(Refusal):
    """Another category or tag has this name."""


class InUse(Refusal):
    """Articles or files stand in it."""


# ---- Files -----------------------------------------------------------------------------------------------------------


class NotInTheirCare(Refusal):
    """Psychologists share files with people they treat, and take back what those were given."""


class IsTakenDown(Refusal):
    """This file is not offered any more."""


class AlreadyShared(Refusal):
    """The patient has this file. `share` is the one that stands."""

    def __init__(self, share: Share) -> None:
        super().__init__("This file is shared with this patient already.")
        self.share = share
