"""What the database itself refuses: changes of what somebody texted. It goes with what it was about."""

from __future__ import annotations

from portal.common.guards import frozen

INBOUND = frozen(
    "the texts that came in",
    prefix="inbound_text",
    table="notifications_inboundtext",
    words="A text that came in never changes.",
    keys=(("code",), ("sid",)),
    may_go=True,
)
