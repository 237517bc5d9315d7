"""How many reports to referrers are owed: a count for the desk and the manager, who never see whose or what."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.records.models import Report

LATE = timedelta(days=21)


def reports_owed(*, now: datetime, late: bool = False) -> int:
    """Those that no referrer has got yet; with `late`, those that are owed for three weeks."""
    owed = Report.objects.owed()
    return (owed.filter(owed_at__lte=now - LATE) if late else owed).count()
