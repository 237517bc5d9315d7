"""The demo's manager read a file of the Medicare schedule: the real import, of the fees that are known as published.

The file says what the portal's rows say, and nothing of those whose fee is only inferred: no fee comes from here.
"""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO
from xml.sax.saxutils import escape

from portal.clinic.models import Mode
from portal.common.access.actors import Actor
from portal.medicare import updating
from portal.medicare.catalogue import KNOWN, Known
from portal.medicare.models import MbsItem

WHO = {"clinical": "a clinical psychologist", "general": "a registered psychologist"}


def read(*, by: Actor, today: date, now: datetime) -> None:
    """Has the file compared and applied, as the manager's page does. Nothing is read where no fee is published."""
    rows = MbsItem.objects.in_force(on=today).filter(evidence=MbsItem.Evidence.PUBLISHED, item__in=KNOWN)
    rows = rows.order_by("item")
    if not rows:
        return
    schedule, digest = updating.read_file(file=BytesIO(_file(rows)))
    newest = max(row.valid_from for row in rows)
    name = f"MBS-XML-{newest:%Y%m%d} (demo).XML"
    update = updating.keep(schedule=schedule, digest=digest, name=name, by=by, now=now)
    seen = updating.compare(schedule.items).seen
    updating.ask_to_apply(update=update, seen=seen, by=by, now=now, queue=False)
    updating.apply(update_id=update.pk, today=today, now=now, by=by)


def _file(rows: object) -> bytes:
    found = "".join(_record(row) for row in rows)  # type: ignore[attr-defined]  # a queryset
    return f'<?xml version="1.0" encoding="utf-8"?><MBS_XML>{found}</MBS_XML>'.encode()


def _record(row: MbsItem) -> str:
    values = {
        "ItemNum": row.item,
        "ItemStartDate": "01.11.2006",
        "FeeStartDate": f"{row.valid_from:%d.%m.%Y}",
        "ScheduleFee": str(row.fee),
        "Benefit85": str(row.benefit),
        "Description": _described(KNOWN[row.item]),
    }
    return "<Data>" + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items()) + "</Data>"


def _described(known: Known) -> str:
    """In the schedule's manner, so that the import recognises what the item is for."""
    if known.setting == MbsItem.Setting.OUTSIDE:
        where = "at a place other than consulting rooms"
    else:
        where = {Mode.IN_PERSON: "at consulting rooms", Mode.VIDEO: "by video", Mode.PHONE: "by phone"}[known.mode]
    whom = {
        MbsItem.CountsTowards.CARER: " with a person other than the patient",
        MbsItem.CountsTowards.GROUP: " to a group of 4 to 10 patients",
        MbsItem.CountsTowards.INDIVIDUAL: "",
    }[known.counts_towards]
    length = f"lasting at least {known.least} minutes"
    if known.below is not None:
        length += f" but less than {known.below} minutes"
    return f"Attendance{whom} {where} by {WHO[known.registration]}, {length}."
