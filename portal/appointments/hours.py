"""Everybody's weekly hours, kept in the process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from portal.appointments.models import WorkingHours
from portal.appointments.openings import Hours
from portal.clinic.models import Location
from portal.common.kept import kept


@kept(WorkingHours, Location)
def weekly_hours() -> Mapping[int, tuple[Hours, ...]]:
    """The windows of each psychologist's week at places in use, by the psychologist's id; who has none is not in it."""
    found: defaultdict[int, list[Hours]] = defaultdict(list)
    rows = WorkingHours.objects.filter(location__is_active=True).order_by("weekday", "starts", "pk")
    for whose, weekday, starts, ends, zone, location in rows.values_list(
        "psychologist", "weekday", "starts", "ends", "location__time_zone", "location"
    ):
        found[whose].append(Hours(weekday, starts, ends, ZoneInfo(zone), location))
    return {whose: tuple(windows) for whose, windows in found.items()}
