"""What a file of the Medicare schedule changes, said before it is done, and done line by line.

A fee that is new is a new row from its day on, and the row before it ends the day before. One that was wrong is a new
row for the same days; the wrong one is kept as replaced. No row changes what a session was billed by.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from functools import partial
from typing import Any, TypedDict

from django.db import transaction
from django_q.tasks import async_task

from portal.audit import trail
from portal.common.access.actors import Actor
from portal.medicare import mbs_file
from portal.medicare.catalogue import KNOWN, disagrees
from portal.medicare.mbs_file import FileItem, Readable, Schedule
from portal.medicare.models import MbsItem, ScheduleUpdate
from portal.medicare.models.updates import UpdateStatus
from portal.medicare.refusals import AlreadyApplied, AnotherIsApplied, NothingToApply, ScheduleChanged

SOURCE_URL = "https://www.mbsonline.gov.au/"
BENEFIT, STEP = Decimal("0.85"), Decimal("0.05")
# A fee of the schedule moves by a few per cent a year; more than this is looked at twice.
MUCH = Decimal("0.25")


def benefit_of(fee: Decimal) -> Decimal:
    """Medicare's benefit out of hospital: 85% of the schedule fee, rounded up to the next five cents."""
    return ((fee * BENEFIT / STEP).to_integral_value(rounding=ROUND_CEILING) * STEP).quantize(Decimal("0.01"))


# ---- Comparing -------------------------------------------------------------------------------------------------------


class What(StrEnum):
    """What a file says of an item, beside the rows that are there. The first five change something."""

    FIRST = "first"
    NEW_FEE = "new_fee"
    CORRECTED = "corrected"
    CONFIRMED = "confirmed"
    ENDS = "ends"
    SAME = "same"
    OLDER = "older"
    UNLIKE = "unlike"
    UNREAD = "unread"
    MISSING = "missing"


CHANGES = (What.FIRST, What.NEW_FEE, What.CORRECTED, What.ENDS, What.CONFIRMED)
# Nothing is done about these, and somebody should look.
ODD = (What.UNLIKE, What.UNREAD, What.OLDER, What.MISSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item of a comparison. `before` is the fee in force on the day `starts`; dollars.

    `said_benefit` is the file's own where it is not 85% rounded up; `detail` the element that nobody can read, or what
    the description does not say.
    """

    what: What
    item: str
    fee: Decimal | None = None
    benefit: Decimal | None = None
    starts: date | None = None
    ends: date | None = None
    before: Decimal | None = None
    before_from: date | None = None
    said_benefit: Decimal | None = None
    detail: str = ""

    @property
    def changes(self) -> bool:
        return self.what in CHANGES

    @property
    def is_odd(self) -> bool:
        return self.what in ODD

    @property
    def jumps(self) -> bool:
        """Whether the fee moves by more than an indexation does."""
        return bool(self.fee and self.before and abs(self.fee - self.before) > self.before * MUCH)

    @property
    def description(self) -> str:
        return KNOWN[self.item].description if self.item in KNOWN else ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A file beside the rows: `seen` stands for both, so that what was looked at is what is applied."""

    lines: tuple[Line, ...]
    seen: str

    @property
    def changes(self) -> list[Line]:
        """What would be written."""
        return [line for line in self.lines if line.changes]

    @property
    def odd(self) -> list[Line]:
        """What is left as it is, and should be looked at."""
        return [line for line in self.lines if line.is_odd]

    @property
    def same(self) -> list[Line]:
        return [line for line in self.lines if line.what == What.SAME]


def compare(said: Sequence[FileItem]) -> Comparison:
    """Puts what a file says beside the rows that stand."""
    rows: dict[str, list[MbsItem]] = defaultdict(list)
    for row in MbsItem.objects.standing().order_by("item", "valid_from"):
        rows[row.item].append(row)
    lines = [_line(each, rows[each.item]) for each in said]
    named = {each.item for each in said}
    lines += [
        Line(what=What.MISSING, item=item, before=own[-1].fee, before_from=own[-1].valid_from)
        for item, own in rows.items()
        if item not in named and own and own[-1].valid_until is None
    ]
    order = [*CHANGES, *ODD, What.SAME]
    lines.sort(key=lambda line: (order.index(line.what), line.item))
    return Comparison(tuple(lines), _seen(said, rows))


def _seen(said: Sequence[FileItem], rows: Mapping[str, Iterable[MbsItem]]) -> str:
    stands = [(r.pk, str(r.fee), r.valid_from, r.valid_until, r.evidence) for own in rows.values() for r in own]
    told = [(f.item, str(f.fee), f.starts, f.benefit and str(f.benefit), f.ends, f.unread) for f in said]
    return hashlib.sha256(repr((told, sorted(stands))).encode()).hexdigest()[:32]


def _line(said: FileItem, rows: Sequence[MbsItem]) -> Line:
    if said.unread:
        return Line(what=What.UNREAD, item=said.item, detail=said.unread)
    benefit = benefit_of(said.fee)
    own = said.benefit if said.benefit is not None and said.benefit != benefit else None
    covering = next((r for r in reversed(rows) if r.valid_from <= said.starts and _covers(r, said.starts)), None)
    told: _Told = {
        "item": said.item,
        "fee": said.fee,
        "benefit": benefit,
        "starts": said.starts,
        "before": covering.fee if covering else None,
        "before_from": covering.valid_from if covering else None,
        "said_benefit": own,
    }
    if not rows and (detail := disagrees(KNOWN[said.item], said.description)):
        return Line(what=What.UNLIKE, detail=detail, **told)
    if covering is None:
        is_older = bool(rows) and said.starts < rows[-1].valid_from
        return Line(what=What.OLDER if is_older else What.FIRST, ends=said.ends, **told)
    if covering.fee != said.fee or covering.benefit != benefit:
        what = What.CORRECTED if covering.valid_from == said.starts else What.NEW_FEE
        return Line(what=what, ends=said.ends, **told)
    if said.ends is not None and covering.valid_until is None:
        return Line(what=What.ENDS, ends=said.ends, **told)
    return Line(what=What.SAME if covering.evidence == MbsItem.Evidence.PUBLISHED else What.CONFIRMED, **told)


def _covers(row: MbsItem, day: date) -> bool:
    return row.valid_until is None or row.valid_until >= day


class _Told(TypedDict):
    item: str
    fee: Decimal
    benefit: Decimal
    starts: date
    before: Decimal | None
    before_from: date | None
    said_benefit: Decimal | None


# ---- Reading a file in -----------------------------------------------------------------------------------------------


def read_file(*, file: Readable) -> tuple[Schedule, str]:
    """Reads a file, and its digest; raises FileRefused. Call it before a transaction: ten megabytes take a second."""
    digest = hashlib.sha256()
    schedule = mbs_file.read(file, heard=digest.update)
    return schedule, digest.hexdigest()


@transaction.atomic
def keep(*, schedule: Schedule, digest: str, name: str, by: Actor, now: datetime) -> ScheduleUpdate:
    """Writes down what a file says, for somebody to look at before anything is changed."""
    update = ScheduleUpdate.objects.create(
        file_name=_file_name(name),
        digest=digest,
        records=schedule.records,
        items=[_as_json(each) for each in schedule.items],
        read_at=now,
        read_by=by.user,
    )
    trail.record("schedule.read", target=update, by=by, at=now, items=len(schedule.items), digest=digest)
    return update


def _file_name(name: str) -> str:
    """The last part of a path, printable and short."""
    own = "".join(letter for letter in name.replace("\\", "/").rpartition("/")[2] if letter.isprintable())
    return own.strip()[:120] or "MBS-XML"


def said_by(update: ScheduleUpdate) -> list[FileItem]:
    """What the file of an update says."""
    return [_from_json(each) for each in update.items]


def comparison_of(update: ScheduleUpdate) -> Comparison:
    """An update that is not applied yet beside the rows as they are now."""
    return compare(said_by(update))


def lines_of(update: ScheduleUpdate) -> list[Line]:
    """What of an update is, or will be, written."""
    return [_line_from_json(each) for each in update.lines]


# ---- Applying --------------------------------------------------------------------------------------------------------


@transaction.atomic
def ask_to_apply(
    *,
    update: ScheduleUpdate,
    seen: str,
    by: Actor,
    now: datetime,
    queue: bool = True,
    leaves_out: Collection[str] = (),
) -> ScheduleUpdate:
    """Has the queue write what was looked at, or the caller without `queue`; `seen` stands for the comparison.

    The items that it `leaves_out` stay as they are; the next file says them again.
    Raises AlreadyApplied for one that is applied or about to be, AnotherIsApplied while another is, ScheduleChanged
    where the rows changed since it was compared, and NothingToApply.
    """
    # All of them, in one order: two managers who apply two files stand in a queue.
    updates = {each.pk: each for each in ScheduleUpdate.objects.select_for_update().order_by("pk")}
    update = updates[update.pk]
    if update.status != UpdateStatus.READ:
        raise AlreadyApplied
    if any(each.is_applying for each in updates.values()):
        raise AnotherIsApplied
    comparison = comparison_of(update)
    if comparison.seen != seen:
        raise ScheduleChanged
    wanted = [line for line in comparison.changes if line.item not in leaves_out]
    if not wanted and not comparison.same:
        raise NothingToApply
    update.lines = [_line_as_json(line) for line in wanted]
    update.status, update.asked_at, update.asked_by = UpdateStatus.APPLYING, now, by.user
    update.save(update_fields=["lines", "status", "asked_at", "asked_by"])
    trail.record("schedule.asked", target=update, by=by, at=now, items=len(wanted))
    if queue:
        apply_soon(update)
    return update


def apply_soon(update: ScheduleUpdate) -> None:
    """Hands an update to the queue once the transaction is through; handing it over twice does no harm."""
    transaction.on_commit(partial(async_task, "portal.medicare.tasks.apply_update", update.pk), robust=True)


def apply(*, update_id: int, today: date, now: datetime, by: Actor) -> bool:
    """Writes what is left of an update, a line a transaction; whether there was anything to do.

    Two that are about it at once take turns: each line is written once.
    """
    worked = False
    while _apply_next(update_id, today=today, now=now, by=by):
        worked = True
    return worked


@transaction.atomic
def _apply_next(update_id: int, *, today: date, now: datetime, by: Actor) -> bool:
    update = ScheduleUpdate.objects.select_for_update().get(pk=update_id)
    if not update.is_applying:
        return False
    lines = lines_of(update)
    if update.done < len(lines):
        _write(lines[update.done], source=f"Medicare Benefits Schedule, {update.file_name}"[:120], today=today)
        update.done += 1
        update.save(update_fields=["done"])
        return True
    _confirm_same(update, today=today)
    update.status, update.applied_at = UpdateStatus.APPLIED, now
    update.save(update_fields=["status", "applied_at"])
    trail.record("schedule.applied", target=update, by=by, at=now, items=update.done)
    return True


def _write(line: Line, *, source: str, today: date) -> None:
    if line.starts is None or line.fee is None or line.benefit is None:
        raise ValueError("a line that changes something has its fee and its day")
    rows = list(MbsItem.objects.standing().filter(item=line.item).order_by("valid_from").select_for_update())
    covering = next((r for r in reversed(rows) if r.valid_from <= line.starts and _covers(r, line.starts)), None)
    until = line.ends
    if covering is not None:
        until = line.ends or covering.valid_until
        if line.what == What.CONFIRMED:
            covering.evidence, covering.evidence_note = MbsItem.Evidence.PUBLISHED, ""
            covering.source, covering.source_url, covering.read_on = source, SOURCE_URL, today
            covering.save(update_fields=["evidence", "evidence_note", "source", "source_url", "read_on"])
            return
        if line.what == What.ENDS:
            covering.valid_until, covering.read_on = max(line.ends or today, covering.valid_from), today
            covering.save(update_fields=["valid_until", "read_on"])
            return
        if covering.valid_from == line.starts:
            covering.replaced_on = today
            covering.save(update_fields=["replaced_on"])
        else:
            covering.valid_until = line.starts - timedelta(days=1)
            covering.save(update_fields=["valid_until"])
    known = KNOWN[line.item]
    MbsItem.objects.create(
        item=line.item,
        valid_from=line.starts,
        valid_until=until,
        registration=known.registration,
        mode=known.mode,
        setting=known.setting,
        min_minutes=known.least,
        max_minutes=known.below,
        fee=line.fee,
        benefit=line.benefit,
        description=known.description,
        counts_towards=known.counts_towards,
        evidence=MbsItem.Evidence.PUBLISHED,
        source=source,
        source_url=SOURCE_URL,
        read_on=today,
    )


def _confirm_same(update: ScheduleUpdate, *, today: date) -> None:
    """Writes down that a file said the same of these rows on this day: they are as new as its word."""
    for line in comparison_of(update).same:
        same = MbsItem.objects.standing().filter(item=line.item)
        same.filter(valid_from=line.before_from or today).update(read_on=today)


# ---- As it is kept ---------------------------------------------------------------------------------------------------


def _as_json(item: FileItem) -> dict[str, Any]:
    plain = {
        "item": item.item,
        "fee": item.fee,
        "starts": item.starts,
        "benefit": item.benefit,
        "ends": item.ends,
        # What tells whether an item is what it is taken for stands in its first sentences.
        "description": item.description[:2000],
        "unread": item.unread,
    }
    return {name: value if value is None else str(value) for name, value in plain.items()}


def _from_json(kept: Mapping[str, Any]) -> FileItem:
    return FileItem(
        item=kept["item"],
        fee=Decimal(kept["fee"]),
        starts=date.fromisoformat(kept["starts"]),
        benefit=Decimal(kept["benefit"]) if kept["benefit"] else None,
        ends=date.fromisoformat(kept["ends"]) if kept["ends"] else None,
        description=kept["description"],
        unread=kept["unread"],
    )


_MONEY, _DAYS = ("fee", "benefit", "before", "said_benefit"), ("starts", "ends", "before_from")


def _line_as_json(line: Line) -> dict[str, str | None]:
    names = ("what", "item", "detail", *_MONEY, *_DAYS)
    return {name: None if (value := getattr(line, name)) is None else str(value) for name in names}


def _line_from_json(kept: Mapping[str, Any]) -> Line:
    told: dict[str, Any] = {name: kept[name] and Decimal(kept[name]) for name in _MONEY}
    told |= {name: kept[name] and date.fromisoformat(kept[name]) for name in _DAYS}
    return Line(what=What(kept["what"]), item=kept["item"], detail=kept["detail"] or "", **told)
