"""What the database itself refuses: changes of what an article said before. A revision goes with its draft."""

from __future__ import annotations

from portal.common.guards import frozen

REVISIONS = frozen(
    "the articles' revisions",
    prefix="revision",
    table="resources_revision",
    words="A revision never changes.",
    keys=(("post_id", "number"),),
    may_go=True,
)
