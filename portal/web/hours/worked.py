"""What somebody works, as windows on a wall clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from portal.appointments.models import WorkingHours
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor

MIDNIGHT = time()

# From when until when, on the wall clock.
Window = tuple[datetime, datetime]


def weekly_hours_of(actor: Actor, psychologist: int | None = None) -> list[WorkingHours]:
    """The weekly hours of one psychologist, at places out of use too, in order; one's own where none is named."""
    rows = WorkingHours.objects.visible_to(actor)
    if psychologist is not None:
        rows = rows.filter(psychologist=psychologist)
    return list(rows.select_related("location").order_by("weekday", "starts"))


def home_zone(hours: list[WorkingHours], *, clinic: ClinicSettings) -> ZoneInfo:
    """The wall clock of the place where they work most; the clinic's own before they have hours."""
    worked: dict[ZoneInfo, int] = {}
    for window in hours:
        worked[window.location.zone] = worked.get(window.location.zone, 0) + window.minutes
    return max(worked, key=worked.__getitem__) if worked else clinic.zone


def window_on(hours: WorkingHours, day: date) -> Window:
    """A window of the week on one of its days."""
    starts = datetime.combine(day, hours.starts)
    return starts, starts + timedelta(minutes=hours.minutes)


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks of a zone show, without it."""
    return timezone.localtime(moment, zone).replace(tzinfo=None)


def joined(windows: list[Window]) -> list[Window]:
    """The same in order, those that touch or overlap as one."""
    found: list[Window] = []
    for start, end in sorted(windows):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found
