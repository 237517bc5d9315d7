"""What the database does of itself: it says when what processes keep of the website's words no longer stands."""

from __future__ import annotations

from portal.common.kept import watched

KEPT = watched("what is kept of the website's words", "website_sitetext", "website_crisisline")
