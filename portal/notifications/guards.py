"""What the database itself refuses: changes of what somebody texted, and of words that a manager wrote."""

from __future__ import annotations

from portal.common.guards import frozen
from portal.common.kept import watched

# They go with what they were about.
INBOUND = frozen(
    "the texts that came in",
    prefix="inbound_text",
    table="notifications_inboundtext",
    words="A text that came in never changes.",
    keys=(("code",), ("sid",)),
    may_go=True,
)

WORDINGS = frozen(
    "the clinic's own words for notices",
    prefix="wording",
    table="notifications_noticewording",
    words="A wording never changes; another one is written.",
    keys=(("code",), ("template", "language", "number")),
)

KEPT = watched("what is kept of the words for notices", "notifications_noticewording")
