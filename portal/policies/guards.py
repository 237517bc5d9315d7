"""What the database itself refuses: changes of a published policy."""

from __future__ import annotations

from portal.common.guards import frozen

POLICIES = frozen(
    "the policies",
    prefix="policy",
    table="policies_policyversion",
    words="A published policy never changes.",
    keys=(("kind", "number"), ("kind", "day")),
)
