"""What the database itself refuses, changes of a published policy, and says: that what is kept no longer stands."""

from __future__ import annotations

from portal.common.guards import frozen
from portal.common.kept import watched

POLICIES = frozen(
    "the policies",
    prefix="policy",
    table="policies_policyversion",
    words="A published policy never changes.",
    keys=(("kind", "number"), ("kind", "day")),
)

KEPT = watched("what is kept of the policies", "policies_policyversion", "policies_policysettings")
