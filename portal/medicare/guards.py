"""What the database does of itself: it says when what processes keep of the Medicare schedule no longer stands."""

from __future__ import annotations

from portal.common.kept import watched

KEPT = watched("what is kept of the Medicare schedule", "medicare_mbsitem", "medicare_betteraccesslimits")
