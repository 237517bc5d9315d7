"""Turns a stranger's iCalendar file into busy times. Runs alone, in a process of its own with limits, as a script.

It knows neither the portal nor its settings. On standard input come one line of JSON (`zone`, `start` and `end` as
seconds since 1970, `own`, the host of the portal's own entries) and then the file; on standard output goes one JSON
object: `spans` of seconds in order, merged and cut to the time asked for, and `left_out`, how many events could not be
read.

Of the file only times are looked at: the lines that say what an event is about are dropped before anything reads them.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

MOST_EVENTS = 5_000
MOST_SPANS = 20_000
MOST_DATES = 2_000
EARLIEST_YEAR = 1970
CPU_SECONDS = 20
MEMORY = 768 * 1024 * 1024

_OF_EVENTS = {
    *("UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "SEQUENCE", "STATUS"),
    *("TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-INTENDEDSTATUS"),
}
_OF_ZONES = {"TZID", "DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME", "RRULE", "RDATE"}
_ZONE_PARTS = {"VTIMEZONE", "STANDARD", "DAYLIGHT"}
_TOO_OFTEN = {"SECONDLY", "MINUTELY", "HOURLY"}
_NAME = re.compile(r"[A-Za-z0-9-]+")


class TooMuch(Exception):
    """The file says more than anybody's calendar does; its argument is one word."""


def without_words(text: str) -> Iterator[str]:
    """The lines of a file that say when: of events and zones, and of nothing else."""
    within: list[str] = []
    for line in re.sub(r"\r?\n[ \t]", "", text).splitlines():
        name_found = _NAME.match(line)
        name = name_found[0].upper() if name_found else ""
        value = line.partition(":")[2].strip().upper()
        if name == "BEGIN":
            within.append(value)
        kept = (
            (within[:1] == ["VCALENDAR"] and len(within) == 1 and name in {"BEGIN", "END", "VERSION", "X-WR-TIMEZONE"})
            or (within[1:] == ["VEVENT"] and name in _OF_EVENTS | {"BEGIN", "END"})
            or (len(within) > 1 and set(within[1:]) <= _ZONE_PARTS and name in _OF_ZONES | {"BEGIN", "END"})
        )
        if kept:
            yield line
        if name == "END" and within:
            within.pop()


def busy(text: str, *, zone: ZoneInfo, start: datetime, end: datetime, own: str = "") -> tuple[list[list[int]], int]:
    """The merged spans and how many events were left out; raises TooMuch, and ValueError for what is no calendar."""
    # Late: the limits stand before a parser is loaded.
    from icalendar import Calendar

    calendar = Calendar.from_ical("\r\n".join(without_words(text)) + "\r\n")
    events = calendar.walk("VEVENT")
    if len(events) > MOST_EVENTS:
        raise TooMuch("events")
    series: defaultdict[str, list[Any]] = defaultdict(list)
    for n, event in enumerate(events):
        uid = str(event.get("UID", "")) or f"without-{n}"
        if not (own and uid.endswith(f"@{own}")):
            series[uid].append(event)
    home = str(calendar.get("X-WR-TIMEZONE", ""))
    spans: list[tuple[int, int]] = []
    left_out = 0
    for parts in series.values():
        try:
            spans += _of_series(parts, home=home, zone=zone, start=start, end=end)
        except TooMuch:
            raise
        except Exception:
            # Whatever a library makes of one odd event, the others still count.
            left_out += 1
        if len(spans) > MOST_SPANS:
            raise TooMuch("times")
    return merged(spans), left_out


def _of_series(
    parts: list[Any], *, home: str, zone: ZoneInfo, start: datetime, end: datetime
) -> Iterable[tuple[int, int]]:
    from icalendar import Calendar
    from recurring_ical_events import of

    if len(parts) == 1 and not _comes_again(parts[0]):
        # Most events, most of them over.
        return _within(parts, zone=zone, start=start, end=end)
    for part in parts:
        _check(part)
    alone = Calendar()
    with suppress(Exception):
        ZoneInfo(home)
        alone.add("X-WR-TIMEZONE", home)
    for part in parts:
        alone.add_component(part)
    # A time without a zone, or a whole day, is somebody's own: nobody is further than a day from UTC.
    margin = timedelta(days=1)
    return _within(of(alone).between(start - margin, end + margin), zone=zone, start=start, end=end)


def _comes_again(event: Any) -> bool:
    return any(name in event for name in ("RRULE", "RDATE", "RECURRENCE-ID"))


def _check(event: Any) -> None:
    """Raises ValueError for a rule that no appointment has and that would be worked out for ever."""
    begins = event.decoded("DTSTART")
    if begins.year < EARLIEST_YEAR:
        raise ValueError("began too long ago")
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        named = {str(name).upper(): value if isinstance(value, list) else [value] for name, value in rule.items()}
        if {str(freq).upper() for freq in named.get("FREQ", [])} & _TOO_OFTEN:
            raise ValueError("too often")
        if any(not isinstance(value, int) or value < 1 for value in named.get("INTERVAL", [])):
            raise ValueError("never goes on")
        times = 1
        for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
            times *= max(1, len(named.get(name, [])))
        if times > 24 or sum(len(values) for values in named.values()) > 500:
            raise ValueError("too often")
    for name in ("RDATE", "EXDATE"):
        lists = event.get(name, [])
        if sum(len(one.dts) for one in (lists if isinstance(lists, list) else [lists])) > MOST_DATES:
            raise ValueError("too many dates")


def _within(events: Iterable[Any], *, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[int, int]]:
    found = 0
    for event in events:
        if not _is_busy(event):
            continue
        begins, ends = _span(event, zone)
        if begins < end and ends > start and ends > begins:
            found += 1
            if found > MOST_SPANS:
                raise TooMuch("times")
            yield int(max(begins, start).timestamp()), int(min(ends, end).timestamp())


def _is_busy(event: Any) -> bool:
    if str(event.get("STATUS", "")).upper() == "CANCELLED" or str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return False
    return str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() != "FREE"


def _span(event: Any, zone: ZoneInfo) -> tuple[datetime, datetime]:
    begins = event.decoded("DTSTART")
    if "DTEND" in event:
        ends = event.decoded("DTEND")
    elif "DURATION" in event:
        ends = begins + event.decoded("DURATION")
    else:
        ends = begins if isinstance(begins, datetime) else begins + timedelta(days=1)
    return _moment(begins, zone), _moment(ends, zone)


def _moment(value: date | datetime, zone: ZoneInfo) -> datetime:
    """A moment; a day begins, and a time without a zone is read, on the wall clock of the reader's place."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def merged(spans: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Spans in order, those that touch as one, on whole minutes: begun minutes are busy."""
    found: list[list[int]] = []
    for begins, ends in sorted((begins // 60 * 60, -(-ends // 60) * 60) for begins, ends in spans):
        if found and begins <= found[-1][1]:
            found[-1][1] = max(found[-1][1], ends)
        else:
            found.append([begins, ends])
    return found


def _limit() -> None:
    for what, most in ((resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_NOFILE, 64)):
        # A system that knows no such limit still has its parent's patience.
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def main() -> None:
    _limit()
    asked, _newline, body = sys.stdin.buffer.read().partition(b"\n")
    wanted = json.loads(asked)
    said: dict[str, Any]
    try:
        spans, left_out = busy(
            body.decode("utf-8-sig", "replace"),
            zone=ZoneInfo(wanted["zone"]),
            start=datetime.fromtimestamp(wanted["start"], UTC),
            end=datetime.fromtimestamp(wanted["end"], UTC),
            own=wanted["own"],
        )
        said = {"spans": spans, "left_out": left_out}
    except TooMuch as problem:
        said = {"problem": str(problem)}
    except Exception:
        said = {"problem": "calendar"}
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
