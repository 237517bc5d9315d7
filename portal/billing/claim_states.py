"""What may become of a claim on Medicare, in one table. The actions ask it, and the database's guard is made of it.

The clinic claims by a channel of its own. These are the steps as somebody at the desk writes them down.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class ClaimStatus(models.TextChoices):
    """How far a claim is. The portal keeps account, it lodges nothing."""

    PENDING = "pending", _("To be claimed")
    SENT = "sent", _("Claimed")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


PENDING, SENT, APPROVED, REJECTED, WITHDRAWN = ClaimStatus

# An approved claim was paid: only a rejection, which says why, takes that back. What was rejected may be claimed again,
# and goes with its invoice when that is voided.
STEPS: Final[Mapping[ClaimStatus, frozenset[ClaimStatus]]] = {
    PENDING: frozenset({SENT, APPROVED, REJECTED, WITHDRAWN}),
    SENT: frozenset({PENDING, APPROVED, REJECTED, WITHDRAWN}),
    APPROVED: frozenset({REJECTED}),
    REJECTED: frozenset({PENDING, WITHDRAWN}),
    WITHDRAWN: frozenset(),
}

# Those nobody has an answer to yet.
OPEN: Final = (PENDING, SENT)
# Medicare pays nothing for them: they use no service up.
PAYS_NOTHING: Final = (REJECTED, WITHDRAWN)
# With its invoice alone: by hand it would only be claimed again, or stay as it is.
ONLY_WITH_ITS_INVOICE: Final = frozenset({(REJECTED, WITHDRAWN)})


def may_become(status: str, to: ClaimStatus) -> bool:
    """Whether a claim that stands so may become `to`."""
    return to in STEPS[ClaimStatus(status)]
