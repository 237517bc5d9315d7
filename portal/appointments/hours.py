"""Everybody's weekly hours, kept in the process."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from portal.appointments.models import WorkingHours
from portal.appointments.models.hours import end_minute
from portal.appointments.openings import Hours
from portal.clinic.models import ClinicSettings, Location, Mode
from portal.common.kept import kept

# The ways of meeting, which are the columns that name them too.
_WAYS = tuple(str(mode.value) for mode in Mode)


@kept(WorkingHours, Location)
def weekly_hours() -> Mapping[int, tuple[Hours, ...]]:
    """The windows of each psychologist's week at places in use, by the psychologist's id; who has none is not in it."""
    found: defaultdict[int, list[Hours]] = defaultdict(list)
    rows = WorkingHours.objects.filter(location__is_active=True).order_by("weekday", "starts", "pk")
    columns = ("psychologist", "weekday", "starts", "ends", "location__time_zone", "location")
    rows_and_ways = rows.values_list(*columns, "valid_from", "valid_until", *_WAYS)
    for whose, weekday, starts, ends, zone, location, since, until, *named in rows_and_ways:
        modes = frozenset(way for way, is_named in zip(_WAYS, named, strict=True) if is_named)
        found[whose].append(Hours(weekday, starts, ends, ZoneInfo(zone), location, modes, since, until))
    return {whose: tuple(windows) for whose, windows in found.items()}


def main_zone(psychologist: int, *, clinic: ClinicSettings) -> ZoneInfo:
    """The wall clock of the place where somebody works most; the clinic's own where they have no hours."""
    worked: Counter[str] = Counter()
    for window in weekly_hours().get(psychologist, ()):
        worked[str(window.zone)] += end_minute(window.ends) - window.starts.hour * 60 - window.starts.minute
    return ZoneInfo(worked.most_common(1)[0][0]) if worked else clinic.zone
