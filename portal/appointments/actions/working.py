"""When people work: weekly hours, and dated exceptions to them. Sessions already booked stay as they are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from itertools import combinations
from typing import NamedTuple

from portal.appointments import opened
from portal.appointments.actions.locking import lock_diary
from portal.appointments.actions.transactions import in_transaction
from portal.appointments.models import TimeSlot, WorkingHours
from portal.appointments.models.hours import end_minute
from portal.appointments.openings import Hours, Span
from portal.appointments.refusals import AwayAlready, BadTimes, HoursOverlap
from portal.audit import trail
from portal.clinic.models import Location, Mode, Psychologist
from portal.common.access.actors import Actor


class Shift(NamedTuple):
    """One window of a week on the location's wall clock; `weekday` 0 is Monday, and `ends` at 00:00 is 24:00.

    No `modes` are every way of meeting that the psychologist offers. It is worked from the day `valid_from` to the day
    `valid_until`, both inclusive, each perhaps open.
    """

    weekday: int
    starts: time
    ends: time
    location: Location
    modes: frozenset[Mode] = frozenset()
    valid_from: date | None = None
    valid_until: date | None = None

    @property
    def span(self) -> tuple[int, int]:
        """Its minutes of the day: from, and until."""
        return self.starts.hour * 60 + self.starts.minute, end_minute(self.ends)

    @property
    def validity(self) -> tuple[date, date]:
        """Its first and its last day; of an open end, that of the calendar."""
        return self.valid_from or date.min, self.valid_until or date.max

    def overlaps(self, other: Shift) -> bool:
        """Whether some minute of some day is in both."""
        return (
            self.weekday == other.weekday
            and self.span[0] < other.span[1]
            and other.span[0] < self.span[1]
            and self.validity[0] <= other.validity[1]
            and other.validity[0] <= self.validity[1]
        )

    @classmethod
    def of(cls, row: WorkingHours) -> Shift:
        """The window that a row holds."""
        return cls(
            row.weekday, row.starts, row.ends, row.location, frozenset(row.modes), row.valid_from, row.valid_until
        )

    def as_hours(self) -> Hours:
        """The window as openings are asked with it."""
        place = self.location
        ways = frozenset(mode.value for mode in self.modes)
        return Hours(
            self.weekday, self.starts, self.ends, place.zone, place.pk, ways, self.valid_from, self.valid_until
        )

    def as_row(self, psychologist: Psychologist) -> WorkingHours:
        """The window as a row of theirs that is not stored."""
        columns = self._asdict()
        ways = {mode.value: True for mode in columns.pop("modes")}
        return WorkingHours(psychologist=psychologist, **columns, **ways)


@in_transaction
def set_weekly_hours(
    *, psychologist: Psychologist, hours: Iterable[Shift], by: Actor, now: datetime
) -> list[WorkingHours]:
    """Makes `hours` the psychologist's whole week; windows that stay the same keep their rows.

    Raises BadTimes for a window that ends before it starts or is not on whole minutes, HoursOverlap if two of one
    weekday overlap on days on which both are valid; they may touch.
    """
    lock_diary(psychologist)
    wanted = sorted({Shift(*shift) for shift in hours}, key=lambda s: (s.weekday, s.span, s.validity))
    for shift in wanted:
        if not 0 <= shift.weekday <= 6 or shift.span[0] >= shift.span[1] or not _whole(shift.starts, shift.ends):
            raise BadTimes("hours")
        if shift.validity[0] > shift.validity[1]:
            raise BadTimes("validity")
    if any(one.overlaps(other) for one, other in combinations(wanted, 2)):
        raise HoursOverlap("hours")
    kept: dict[Shift, WorkingHours] = {}
    gone: list[int] = []
    before: list[Shift] = []
    for row in WorkingHours.objects.filter(psychologist=psychologist).select_related("location"):
        shift = Shift.of(row)
        before.append(shift)
        if shift in wanted and shift not in kept:
            kept[shift] = row
        else:
            gone.append(row.pk)
    WorkingHours.objects.filter(pk__in=gone).delete()
    is_changed = bool(gone) or len(kept) < len(wanted)
    for shift in wanted:
        if shift not in kept:
            kept[shift] = row = shift.as_row(psychologist)
            row.save()
    if is_changed:
        trail.record("hours.changed", by=by, target=psychologist, at=now, windows=len(wanted))
        opened.open_new_hours(
            psychologist.pk,
            before=[shift.as_hours() for shift in before],
            after=[shift.as_hours() for shift in wanted],
            by=by,
            now=now,
        )
    return [kept[shift] for shift in wanted]


@in_transaction
def add_time_slot(
    *,
    psychologist: Psychologist,
    kind: TimeSlot.Kind | str,
    starts_at: datetime,
    ends_at: datetime,
    location: Location | None = None,
    label: str = "",
    by: Actor,
    now: datetime,
) -> TimeSlot:
    """Adds extra time at a location, or time away from all of them; raises BadTimes, HoursOverlap or AwayAlready.

    Time away may lie over sessions already booked: somebody is ill. `Appointment.objects.live().between(...)` tells
    whom to phone.
    """
    lock_diary(psychologist)
    kind = TimeSlot.Kind(kind)
    if starts_at >= ends_at or not _whole(starts_at, ends_at):
        raise BadTimes("slot")
    if kind == TimeSlot.Kind.EXTRA:
        if location is None:
            raise BadTimes("location")
        same = TimeSlot.objects.filter(psychologist=psychologist, kind=kind)
        if same.between(starts_at, ends_at).exists():
            raise HoursOverlap("slot")
    else:
        location = None
        # Taking one of two off would leave them away, against what the page says.
        standing = TimeSlot.objects.away().filter(psychologist=psychologist)
        if standing.filter(starts_at__lte=starts_at, ends_at__gte=ends_at).exists():
            raise AwayAlready("slot")
    slot = TimeSlot.objects.create(
        psychologist=psychologist, location=location, kind=kind, starts_at=starts_at, ends_at=ends_at, label=label
    )
    trail.record(
        "time_slot.added",
        by=by,
        target=slot,
        at=now,
        psychologist=psychologist.pk,
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    if location is not None:
        opened.open_extra(psychologist.pk, location.pk, Span(starts_at, ends_at), by=by, now=now)
    return slot


@in_transaction
def remove_time_slot(*, time_slot: TimeSlot, by: Actor, now: datetime) -> bool:
    """Removes an exception, and says whether it was still there. Sessions booked in extra time stay.

    Of two that are removed at once, the second sees what the first did: whose work is over because of both is found.
    """
    lock_diary(time_slot.psychologist_id)
    row = TimeSlot.objects.filter(pk=time_slot.pk).first()
    if row is None:
        return False
    trail.record(
        "time_slot.removed",
        by=by,
        target=row,
        at=now,
        psychologist=row.psychologist_id,
        kind=row.kind,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
    )
    TimeSlot.objects.filter(pk=row.pk).delete()
    if row.kind == TimeSlot.Kind.BLOCKED:
        opened.open_again([row.psychologist_id], [Span(row.starts_at, row.ends_at)], by=by, now=now)
    return True


def _whole(*times: time | datetime) -> bool:
    return not any(t.second or t.microsecond for t in times)
