"""When somebody is busy by a calendar of any make, and what a calendar made to hurt gets."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.appointments.outside.expanding import without_words
from portal.appointments.outside.reading import Unreadable, busy_times

MELBOURNE, PERTH = ZoneInfo("Australia/Melbourne"), ZoneInfo("Australia/Perth")
# Clocks in Melbourne go back on Sunday 4 April 2027.
START, END = datetime(2027, 3, 20, tzinfo=UTC), datetime(2027, 5, 1, tzinfo=UTC)

MICROSOFT = """BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+1100
TZOFFSETTO:+1000
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=4
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+1000
TZOFFSETTO:+1100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=10
END:DAYLIGHT
END:VTIMEZONE
"""


def event(*lines, uid="1"):
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}@x", "DTSTAMP:20270101T000000Z", *lines, "END:VEVENT", ""])


def calendar(*parts):
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *parts, "END:VCALENDAR", ""])


def read(*parts, zone=MELBOURNE, start=START, end=END, **limits):
    return busy_times(calendar(*parts).encode(), zone=zone, start=start, end=end, **limits)


def shown(*parts, zone=MELBOURNE):
    """The busy times on the wall of the zone."""
    found = read(*parts, zone=zone)
    return [
        f"{begins.astimezone(zone):%d %b %H:%M}-{ends.astimezone(zone):%d %b %H:%M}" for begins, ends in found.spans
    ]


AT_NINE = ("DTSTART;TZID=Australia/Melbourne:20270330T090000", "DTEND;TZID=Australia/Melbourne:20270330T100000")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["DTSTART:20270330T090000Z", "DTEND:20270330T100000Z"], ["30 Mar 20:00-30 Mar 21:00"]),
        (AT_NINE, ["30 Mar 09:00-30 Mar 10:00"]),
        (["DTSTART:20270330T090000", "DURATION:PT45M"], ["30 Mar 09:00-30 Mar 09:45"]),
        (["DTSTART;TZID=Australia/Perth:20270330T090000", "DURATION:PT1H"], ["30 Mar 12:00-30 Mar 13:00"]),
        (["DTSTART;VALUE=DATE:20270330"], ["30 Mar 00:00-31 Mar 00:00"]),
        # The day on which clocks go back has 25 hours.
        (["DTSTART;VALUE=DATE:20270404", "DTEND;VALUE=DATE:20270405"], ["04 Apr 00:00-05 Apr 00:00"]),
        (["DTSTART;TZID=AUS Eastern Standard Time:20270330T090000", "DURATION:PT1H"], ["30 Mar 09:00-30 Mar 10:00"]),
        (["DTSTART:20270330T090030Z", "DTEND:20270330T100030Z"], ["30 Mar 20:00-30 Mar 21:01"]),
        ([*AT_NINE, "STATUS:CANCELLED"], []),
        ([*AT_NINE, "TRANSP:TRANSPARENT"], []),
        ([*AT_NINE, "X-MICROSOFT-CDO-BUSYSTATUS:FREE"], []),
        ([*AT_NINE, "STATUS:TENTATIVE", "TRANSP:OPAQUE"], ["30 Mar 09:00-30 Mar 10:00"]),
        (["DTSTART:20270330T090000Z", "DTEND:20270330T090000Z"], []),
        (["DTSTART:20250330T090000Z", "DTEND:20250330T100000Z"], []),
        (["DTSTART:20260101T000000Z", "DTEND:20300101T000000Z"], ["20 Mar 11:00-01 May 10:00"]),
    ],
)
def test_single_events(lines, expected):
    assert shown(event(*lines)) == expected


def test_what_comes_again_keeps_its_hour_when_the_clocks_change():
    rule = "RRULE:FREQ=WEEKLY;COUNT=3"
    assert shown(event(*AT_NINE, rule)) == [
        "30 Mar 09:00-30 Mar 10:00",
        "06 Apr 09:00-06 Apr 10:00",
        "13 Apr 09:00-13 Apr 10:00",
    ]
    # Floating ones keep theirs too, wherever the reader is.
    floating = event("DTSTART:20270330T090000", "DURATION:PT1H", rule)
    assert shown(floating) == shown(floating, zone=PERTH) == shown(event(*AT_NINE, rule))


@pytest.mark.parametrize("name", ["AUS Eastern Standard Time", "(UTC+10:00) Canberra, Melbourne, Sydney", "Custom/X"])
def test_a_zone_that_the_file_brings_along(name):
    quoted = f'"{name}"'
    lines = [
        f"DTSTART;TZID={quoted}:20270330T090000",
        f"DTEND;TZID={quoted}:20270330T100000",
        "RRULE:FREQ=WEEKLY;COUNT=2",
    ]
    assert shown(MICROSOFT.format(name=name), event(*lines)) == [
        "30 Mar 09:00-30 Mar 10:00",
        "06 Apr 09:00-06 Apr 10:00",
    ]


def test_google_says_the_zone_once():
    google = event("DTSTART:20270329T220000Z", "DTEND:20270329T230000Z", "RRULE:FREQ=WEEKLY;COUNT=2")
    assert shown("X-WR-TIMEZONE:Australia/Melbourne", google) == [
        "30 Mar 09:00-30 Mar 10:00",
        "06 Apr 09:00-06 Apr 10:00",
    ]
    assert shown("X-WR-TIMEZONE:Nowhere/Else", event(*AT_NINE)) == ["30 Mar 09:00-30 Mar 10:00"]


def test_exceptions_of_a_series():
    zone = ";TZID=Australia/Melbourne:"
    master = event(
        *AT_NINE,
        "RRULE:FREQ=DAILY;COUNT=5",
        f"RDATE{zone}20270410T140000",
        f"EXDATE{zone}20270331T090000",
    )
    moved = event(
        f"RECURRENCE-ID{zone}20270401T090000",
        f"DTSTART{zone}20270401T160000",
        f"DTEND{zone}20270401T170000",
        "SEQUENCE:2",
    )
    cancelled = event(f"RECURRENCE-ID{zone}20270402T090000", *AT_NINE, "STATUS:CANCELLED")
    assert shown(master, moved, cancelled) == [
        "30 Mar 09:00-30 Mar 10:00",
        "01 Apr 16:00-01 Apr 17:00",
        "03 Apr 09:00-03 Apr 10:00",
        "10 Apr 14:00-10 Apr 15:00",
    ]


def test_whole_days_that_come_again():
    lines = ["DTSTART;VALUE=DATE:20270403", "DTEND;VALUE=DATE:20270404", "RRULE:FREQ=DAILY;COUNT=3"]
    assert shown(event(*lines)) == ["03 Apr 00:00-06 Apr 00:00"]


def test_times_that_touch_are_one():
    parts = [
        event("DTSTART:20270330T090000Z", "DURATION:PT1H", uid="1"),
        event("DTSTART:20270330T100000Z", "DURATION:PT1H", uid="2"),
        event("DTSTART:20270330T093000Z", "DURATION:PT10M", uid="3"),
    ]
    assert shown(*parts) == ["30 Mar 20:00-30 Mar 22:00"]


def test_the_portals_own_entries_come_back_as_nothing(settings):
    settings.PORTAL_BASE_URL = "https://portal.example"
    own = event(*AT_NINE).replace("@x", "@portal.example")
    assert shown(own) == []


def test_only_times_are_looked_at():
    """What an event is about is dropped before any parser sees it, however it is written."""
    text = calendar(
        "X-WR-CALNAME:Anna",
        event(
            *AT_NINE,
            "SUMMARY:Oncologist",
            "description;X=1:line",
            " and the rest of it",
            "DTSTART-X:oops",
            "ATTENDEE;CN=Ruth:mailto:a@b",
            "LOCATION:Ward",
            "BEGIN:VALARM",
            "TRIGGER:-PT15M",
            "DESCRIPTION:Ward",
            "END:VALARM",
        ),
        "BEGIN:VTODO",
        "SUMMARY:Call her",
        "DTSTART:20270330T090000Z",
        "END:VTODO",
    )
    kept = list(without_words(text))
    names = {line.partition(":")[0].partition(";")[0] for line in kept}
    assert names == {"BEGIN", "END", "VERSION", "UID", "DTSTART", "DTEND"}
    assert [line for line in kept if "DTSTART" in line] == [AT_NINE[0]]
    assert shown(text.replace("BEGIN:VCALENDAR\n", "", 1).replace("END:VCALENDAR\n", "")) == [
        "30 Mar 09:00-30 Mar 10:00"
    ]


# ---- Made to hurt ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule",
    [
        *("FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=2", "FREQ=HOURLY", "freq=secondly;COUNT=99999999"),
        "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=" + ",".join(map(str, range(60))),
        "FREQ=YEARLY;BYYEARDAY=" + ",".join(str(n) for n in range(1, 367)) + ";BYSETPOS=" + ",".join("1" * 200),
        *("FREQ=NEVER", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;UNTIL=never", "INTERVAL=2"),
    ],
)
def test_a_rule_that_no_appointment_has_is_left_out_and_the_rest_still_counts(rule):
    began = time.monotonic()
    other = event("DTSTART:20270405T000000Z", "DURATION:PT1H", uid="2")
    found = read(event(*AT_NINE, f"RRULE:{rule}", uid="bomb"), other)
    assert datetime(2027, 4, 5, tzinfo=UTC) in [begins for begins, _ends in found.spans]
    assert len(found.spans) <= 2
    assert found.left_out == (1 if len(found.spans) == 1 else 0)
    assert time.monotonic() - began < 10


def test_a_rule_that_never_comes_ends_too():
    began = time.monotonic()
    never = [event(*AT_NINE, "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", uid=str(n)) for n in range(3)]
    found = read(*never, event("DTSTART:20270405T000000Z", "DURATION:PT1H", uid="x"))
    assert datetime(2027, 4, 5, tzinfo=UTC) in [begins for begins, _ends in found.spans]
    assert time.monotonic() - began < 20


def test_one_that_takes_too_long_is_stopped_from_outside():
    never = [event(*AT_NINE, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", uid=str(n)) for n in range(4_000)]
    began = time.monotonic()
    with pytest.raises(Unreadable, match="complex"):
        read(*never, seconds=2)
    assert time.monotonic() - began < 4


def test_too_many_events_or_times_are_no_calendar_of_a_person():
    many = [event(*AT_NINE, uid=str(n)) for n in range(5_001)]
    with pytest.raises(Unreadable, match="complex"):
        read(*many)
    daily = "RRULE:FREQ=DAILY;BYHOUR=" + ",".join(str(n) for n in range(24))
    often = [event("DTSTART:20260101T000000Z", "DURATION:PT5M", daily, uid=str(n)) for n in range(30)]
    with pytest.raises(Unreadable, match="complex"):
        read(*often, end=START + timedelta(days=400))


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>Sign in</html>", b"\x00\xff\xfe", b"BEGIN:VCALENDAR", b"[" * 100_000, b"BEGIN:VEVENT\n" * 5_000),
        b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\n" * 5_000,
    ],
)
def test_what_is_no_calendar(body):
    with pytest.raises(Unreadable, match=r"calendar|complex"):
        busy_times(body, zone=MELBOURNE, start=START, end=END)


@pytest.mark.parametrize(
    "lines",
    [
        *(["DTEND:20270330T090000Z"], ["DTSTART:nonsense"], ["DTSTART:99991231T235959Z", "DURATION:P9999999D"]),
        *(["DTSTART:00010101T000000", "RRULE:FREQ=DAILY"], ["DTSTART;TZID=No/Where:20270330T090000", "RRULE:X"]),
        ["DTSTART:20270330T090000Z", "RDATE:" + ",".join("20270330T090000Z" for _ in range(3_000))],
    ],
)
def test_one_odd_event_costs_nobody_the_others(lines):
    found = read(event(*lines, uid="odd"), event("DTSTART:20270405T000000Z", "DURATION:PT1H", uid="2"))
    assert [begins for begins, _ends in found.spans][-1] == datetime(2027, 4, 5, tzinfo=UTC)


def test_it_knows_none_of_our_secrets(monkeypatch):
    """The child's environment is its own."""
    import subprocess

    seen = {}
    run = subprocess.run

    def watched(command, **options):
        seen.update(options["env"])
        return run(command, **options)

    monkeypatch.setenv("PORTAL_ENCRYPTION_KEYS", "secret")
    monkeypatch.setattr(subprocess, "run", watched)
    read(event(*AT_NINE))
    assert set(seen) == {"PYTHONDONTWRITEBYTECODE"}
