"""Files as the calendars that people have write them, each with what its owner sees on the wall while they are busy.

Clocks in Sydney and Melbourne go back at 03:00 on 4 April 2027 and forward at 02:00 on 3 October 2027.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from portal.appointments.outside.reading import busy_times

APRIL = datetime(2027, 3, 20, tzinfo=UTC), datetime(2027, 5, 1, tzinfo=UTC)
OCTOBER = datetime(2027, 9, 20, tzinfo=UTC), datetime(2027, 10, 31, tzinfo=UTC)


def outlook_zone(name, standard="+1000", daylight="+1100"):
    """A zone by its Windows name, as Outlook and Exchange bring it along: rules since 1601."""
    return f"""BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:{daylight}
TZOFFSETTO:{standard}
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=4
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:{standard}
TZOFFSETTO:{daylight}
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=10
END:DAYLIGHT
END:VTIMEZONE"""


APPLE_ZONE = """BEGIN:VTIMEZONE
TZID:Australia/Melbourne
BEGIN:DAYLIGHT
TZOFFSETFROM:+1000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU
DTSTART:20081005T020000
TZNAME:GMT+11
TZOFFSETTO:+1100
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+1100
RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU
DTSTART:20080406T030000
TZNAME:GMT+10
TZOFFSETTO:+1000
END:STANDARD
END:VTIMEZONE"""

FILES = {
    # A weekly team meeting over the change; one of it moved to the afternoon, one called off, and one that is "free".
    "Outlook, a series with exceptions": (
        APRIL,
        f"""BEGIN:VCALENDAR
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
VERSION:2.0
METHOD:PUBLISH
X-MS-OLK-FORCEINSPECTOROPEN:TRUE
{outlook_zone("AUS Eastern Standard Time")}
BEGIN:VEVENT
CLASS:PUBLIC
DESCRIPTION:\\n
DTEND;TZID="AUS Eastern Standard Time":20270323T100000
DTSTAMP:20270301T000000Z
DTSTART;TZID="AUS Eastern Standard Time":20270323T090000
EXDATE;TZID="AUS Eastern Standard Time":20270413T090000
PRIORITY:5
RRULE:FREQ=WEEKLY;COUNT=6;BYDAY=TU
SEQUENCE:0
SUMMARY;LANGUAGE=en-au:Team meeting
TRANSP:OPAQUE
UID:040000008200E00074C5B7101A82E00800000000
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
X-MICROSOFT-CDO-IMPORTANCE:1
END:VEVENT
BEGIN:VEVENT
DTEND;TZID="AUS Eastern Standard Time":20270406T150000
DTSTAMP:20270301T000000Z
DTSTART;TZID="AUS Eastern Standard Time":20270406T140000
RECURRENCE-ID;TZID="AUS Eastern Standard Time":20270406T090000
SEQUENCE:1
SUMMARY:Team meeting
UID:040000008200E00074C5B7101A82E00800000000
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
END:VEVENT
BEGIN:VEVENT
DTEND;TZID="AUS Eastern Standard Time":20270420T100000
DTSTAMP:20270301T000000Z
DTSTART;TZID="AUS Eastern Standard Time":20270420T090000
RECURRENCE-ID;TZID="AUS Eastern Standard Time":20270420T090000
SEQUENCE:1
UID:040000008200E00074C5B7101A82E00800000000
X-MICROSOFT-CDO-BUSYSTATUS:FREE
END:VEVENT
END:VCALENDAR""",
        ["23 Mar 09:00-10:00", "30 Mar 09:00-10:00", "06 Apr 14:00-15:00", "27 Apr 09:00-10:00"],
    ),
    # The name alone, as the web's Outlook publishes it; Brisbane has one time all year, as the name of its zone says.
    "Outlook on the web, Windows' names without their zones": (
        APRIL,
        """BEGIN:VCALENDAR
METHOD:PUBLISH
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
X-WR-CALNAME:Calendar
BEGIN:VEVENT
RRULE:FREQ=WEEKLY;UNTIL=20270405T230000Z;INTERVAL=1;BYDAY=TU;WKST=SU
UID:brisbane
SUMMARY:Busy
DTSTART;TZID=E. Australia Standard Time:20270330T090000
DTEND;TZID=E. Australia Standard Time:20270330T093000
CLASS:PUBLIC
TRANSP:OPAQUE
STATUS:CONFIRMED
X-MICROSOFT-CDO-ALLDAYEVENT:FALSE
END:VEVENT
BEGIN:VEVENT
UID:adelaide
DTSTART;TZID=Cen. Australia Standard Time:20270331T090000
DTEND;TZID=Cen. Australia Standard Time:20270331T093000
END:VEVENT
BEGIN:VEVENT
UID:darwin
DTSTART;TZID=AUS Central Standard Time:20270401T090000
DTEND;TZID=AUS Central Standard Time:20270401T093000
END:VEVENT
BEGIN:VEVENT
UID:perth
DTSTART;TZID=W. Australia Standard Time:20270402T090000
DTEND;TZID=W. Australia Standard Time:20270402T093000
END:VEVENT
BEGIN:VEVENT
UID:eucla
DTSTART;TZID=Aus Central W. Standard Time:20270403T090000
DTEND;TZID=Aus Central W. Standard Time:20270403T093000
END:VEVENT
BEGIN:VEVENT
UID:lord-howe
DTSTART;TZID=Lord Howe Standard Time:20270405T090000
DTEND;TZID=Lord Howe Standard Time:20270405T093000
END:VEVENT
BEGIN:VEVENT
UID:hobart
DTSTART;TZID=Tasmania Standard Time:20270407T090000
DTEND;TZID=Tasmania Standard Time:20270407T093000
END:VEVENT
END:VCALENDAR""",
        [
            "30 Mar 10:00-10:30",
            "31 Mar 09:30-10:00",
            "01 Apr 10:30-11:00",
            "02 Apr 12:00-12:30",
            "03 Apr 11:15-11:45",
            "05 Apr 08:30-09:00",
            "06 Apr 09:00-09:30",
            "07 Apr 09:00-09:30",
        ],
    ),
    # A whole day as Outlook writes it in a zone, and leave of three days; a birthday takes nobody's time.
    "Outlook, whole days": (
        APRIL,
        f"""BEGIN:VCALENDAR
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
VERSION:2.0
{outlook_zone("Customized Time Zone")}
BEGIN:VEVENT
UID:day
DTSTART;TZID="Customized Time Zone":20270404T000000
DTEND;TZID="Customized Time Zone":20270405T000000
X-MICROSOFT-CDO-ALLDAYEVENT:TRUE
X-MICROSOFT-CDO-BUSYSTATUS:OOF
END:VEVENT
BEGIN:VEVENT
UID:leave
DTSTART;VALUE=DATE:20270412
DTEND;VALUE=DATE:20270415
X-MICROSOFT-CDO-BUSYSTATUS:OOF
END:VEVENT
BEGIN:VEVENT
UID:birthday
DTSTART;VALUE=DATE:20270420
DTEND;VALUE=DATE:20270421
RRULE:FREQ=YEARLY
TRANSP:TRANSPARENT
X-MICROSOFT-CDO-BUSYSTATUS:FREE
END:VEVENT
END:VCALENDAR""",
        ["04 Apr 00:00-05 Apr 00:00", "12 Apr 00:00-15 Apr 00:00"],
    ),
    # One moved and one deleted of a daily series, as Google's secret address gives it: exceptions before their master.
    "Google, a series with exceptions": (
        APRIL,
        """BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:anna@example.com
X-WR-TIMEZONE:Australia/Sydney
BEGIN:VTIMEZONE
TZID:Australia/Sydney
X-LIC-LOCATION:Australia/Sydney
BEGIN:STANDARD
TZOFFSETFROM:+1100
TZOFFSETTO:+1000
TZNAME:AEST
DTSTART:19700405T030000
RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU
END:STANDARD
BEGIN:DAYLIGHT
TZOFFSETFROM:+1000
TZOFFSETTO:+1100
TZNAME:AEDT
DTSTART:19701004T020000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;TZID=Australia/Sydney:20270405T173000
DTEND;TZID=Australia/Sydney:20270405T180000
DTSTAMP:20270301T000000Z
UID:abc123@google.com
RECURRENCE-ID;TZID=Australia/Sydney:20270405T080000
SEQUENCE:1
STATUS:CONFIRMED
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Australia/Sydney:20270402T080000
DTEND;TZID=Australia/Sydney:20270402T083000
RRULE:FREQ=DAILY;UNTIL=20270407T135959Z
EXDATE;TZID=Australia/Sydney:20270403T080000
EXDATE;TZID=Australia/Sydney:20270406T080000
DTSTAMP:20270301T000000Z
UID:abc123@google.com
SEQUENCE:0
STATUS:CONFIRMED
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
DTSTART:20270408T230000Z
DTEND:20270409T000000Z
UID:cancelled@google.com
STATUS:CANCELLED
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
DTSTART:20270411T230000Z
DTEND:20270412T000000Z
UID:free@google.com
STATUS:CONFIRMED
TRANSP:TRANSPARENT
END:VEVENT
END:VCALENDAR""",
        ["02 Apr 08:00-08:30", "04 Apr 08:00-08:30", "05 Apr 17:30-18:00", "07 Apr 08:00-08:30"],
    ),
    # Of a series in one zone, an exception that names its time in UTC; the series ends by a local time without a zone.
    "Google, an exception named in UTC and an end in local time": (
        APRIL,
        """BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
X-WR-TIMEZONE:Australia/Melbourne
BEGIN:VEVENT
DTSTART;TZID=Australia/Melbourne:20270329T190000
DTEND;TZID=Australia/Melbourne:20270329T200000
RRULE:FREQ=WEEKLY;UNTIL=20270412T190000
UID:choir@google.com
END:VEVENT
BEGIN:VEVENT
DTSTART:20270406T080000Z
DTEND:20270406T090000Z
RECURRENCE-ID:20270405T090000Z
UID:choir@google.com
END:VEVENT
END:VCALENDAR""",
        ["29 Mar 19:00-20:00", "06 Apr 18:00-19:00", "12 Apr 19:00-20:00"],
    ),
    # A series that is changed from one day on is two of them, the first of which ends by a day.
    "Google, this and those after it": (
        APRIL,
        """BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
BEGIN:VEVENT
DTSTART;TZID=Australia/Melbourne:20270401T090000
DTEND;TZID=Australia/Melbourne:20270401T100000
RRULE:FREQ=WEEKLY;WKST=SU;UNTIL=20270414;BYDAY=TH
UID:group@google.com
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Australia/Melbourne:20270415T110000
DTEND;TZID=Australia/Melbourne:20270415T120000
RRULE:FREQ=WEEKLY;COUNT=2;BYDAY=TH
UID:group_R20270415T090000@google.com
END:VEVENT
END:VCALENDAR""",
        ["01 Apr 09:00-10:00", "08 Apr 09:00-10:00", "15 Apr 11:00-12:00", "22 Apr 11:00-12:00"],
    ),
    # From before the clocks go back until after: eleven hours on the wall, twelve that pass. The other is a length.
    "Apple, over midnight and the clocks that go back": (
        APRIL,
        f"""BEGIN:VCALENDAR
CALSCALE:GREGORIAN
PRODID:-//Apple Inc.//macOS 14.4//EN
VERSION:2.0
X-APPLE-CALENDAR-COLOR:#1BADF8
X-WR-CALNAME:Home
{APPLE_ZONE}
BEGIN:VEVENT
CREATED:20270301T000000Z
DTEND;TZID=Australia/Melbourne:20270404T080000
DTSTAMP:20270301T000000Z
DTSTART;TZID=Australia/Melbourne:20270403T210000
SEQUENCE:1
SUMMARY:On call
TRANSP:OPAQUE
UID:AAAA
X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Reminder
TRIGGER:-PT15M
END:VALARM
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Australia/Melbourne:20270410T230000
DURATION:PT3H
RRULE:FREQ=WEEKLY;COUNT=2;BYDAY=SA
UID:BBBB
END:VEVENT
END:VCALENDAR""",
        ["03 Apr 21:00-04 Apr 08:00", "10 Apr 23:00-11 Apr 02:00", "17 Apr 23:00-18 Apr 02:00"],
    ),
    # Nine in the morning stays so; a night on which an hour is missing ends when its clock says so.
    "Apple, the clocks that go forward": (
        OCTOBER,
        f"""BEGIN:VCALENDAR
PRODID:-//Apple Inc.//iOS 18.0//EN
VERSION:2.0
{APPLE_ZONE}
BEGIN:VEVENT
DTSTART;TZID=Australia/Melbourne:20271001T090000
DTEND;TZID=Australia/Melbourne:20271001T093000
EXDATE;TZID=Australia/Melbourne:20271002T090000,20271005T090000
RRULE:FREQ=DAILY;UNTIL=20271005T220000Z
UID:CCCC
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Australia/Melbourne:20271002T230000
DTEND;TZID=Australia/Melbourne:20271003T050000
UID:DDDD
END:VEVENT
END:VCALENDAR""",
        [
            "01 Oct 09:00-09:30",
            "02 Oct 23:00-03 Oct 05:00",
            "03 Oct 09:00-09:30",
            "04 Oct 09:00-09:30",
            "06 Oct 09:00-09:30",
        ],
    ),
    # Floating times are those of the wall where the reader is; whole days that come again skip the one left out.
    "Apple, floating times and whole days": (
        OCTOBER,
        """BEGIN:VCALENDAR
PRODID:-//Apple Inc.//macOS 14.4//EN
VERSION:2.0
BEGIN:VEVENT
DTSTART:20271001T120000
DTEND:20271001T124500
RRULE:FREQ=DAILY;COUNT=3
EXDATE:20271002T120000
UID:lunch
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20271010
DTEND;VALUE=DATE:20271011
RRULE:FREQ=WEEKLY;UNTIL=20271024
EXDATE;VALUE=DATE:20271017
UID:sunday
END:VEVENT
END:VCALENDAR""",
        ["01 Oct 12:00-12:45", "03 Oct 12:00-12:45", "10 Oct 00:00-11 Oct 00:00", "24 Oct 00:00-25 Oct 00:00"],
    ),
    # As CalDAV servers answer, with a change to all after one, and days that are added.
    "Fastmail, all after one are an hour later": (
        APRIL,
        """BEGIN:VCALENDAR
PRODID:-//Cyrus IMAP 3.11//EN
VERSION:2.0
BEGIN:VEVENT
DTSTART;TZID=Australia/Melbourne:20270401T090000
DURATION:PT30M
RRULE:FREQ=WEEKLY;COUNT=4
RDATE;TZID=Australia/Melbourne:20270419T090000
UID:run
END:VEVENT
BEGIN:VEVENT
RECURRENCE-ID;TZID=Australia/Melbourne;RANGE=THISANDFUTURE:20270415T090000
DTSTART;TZID=Australia/Melbourne:20270415T100000
DURATION:PT30M
UID:run
END:VEVENT
END:VCALENDAR""",
        [
            "01 Apr 09:00-09:30",
            "08 Apr 09:00-09:30",
            "15 Apr 10:00-10:30",
            "19 Apr 10:00-10:30",
            "22 Apr 10:00-10:30",
        ],
    ),
    # The last Friday, and the first weekday of a month; folded in the middle of a word as long lines are.
    "Nextcloud, by months, with folded lines": (
        APRIL,
        """BEGIN:VCALENDAR
PRODID:-//IDN nextcloud.com//Calendar app 4.6//EN
VERSION:2.0
BEGIN:VEVENT
DTSTART;TZID=Australia/Melb
 ourne:20270129T150000
DTEND;TZID=Australia/Melbourne:20270129T160000
RRULE:FREQ=MONTHLY;BYDAY=-
 1FR
SUMMARY:Supervision, with a name that is long enough to be
\t folded
UID:last-friday
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Australia/Melbourne:20270101T080000
DTEND;TZID=Australia/Melbourne:20270101T083000
RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1
UID:first-weekday
END:VEVENT
END:VCALENDAR""",
        ["26 Mar 15:00-16:00", "01 Apr 08:00-08:30", "30 Apr 15:00-16:00"],
    ),
    # An invitation that was declined is cancelled in the copy; one that is only pencilled in takes the time.
    "Proton, cancelled and tentative": (
        APRIL,
        """BEGIN:VCALENDAR
PRODID:-//Proton AG//WebCalendar 5.0//EN
VERSION:2.0
BEGIN:VEVENT
DTSTART;TZID=Australia/Melbourne:20270405T090000
DTEND;TZID=Australia/Melbourne:20270405T100000
RRULE:FREQ=DAILY;COUNT=3
STATUS:CONFIRMED
UID:proton
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Australia/Melbourne:20270406T090000
DTEND;TZID=Australia/Melbourne:20270406T100000
RECURRENCE-ID;TZID=Australia/Melbourne:20270406T090000
STATUS:CANCELLED
UID:proton
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/London:20270408T000000
DTEND;TZID=Europe/London:20270408T010000
STATUS:TENTATIVE
UID:london
END:VEVENT
END:VCALENDAR""",
        ["05 Apr 09:00-10:00", "07 Apr 09:00-10:00", "08 Apr 09:00-10:00"],
    ),
}


def on_the_wall(begins, ends, zone):
    begins, ends = begins.astimezone(zone), ends.astimezone(zone)
    until = f"{ends:%H:%M}" if begins.date() == ends.date() else f"{ends:%d %b %H:%M}"
    return f"{begins:%d %b %H:%M}-{until}"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_busy_as_its_owner_sees_it(name, newline):
    (start, end), text, expected = FILES[name]
    zone = ZoneInfo("Australia/Melbourne")
    body = newline.join([*text.split("\n"), ""]).encode()
    found = busy_times(body, zone=zone, start=start, end=end)
    assert [on_the_wall(begins, ends, zone) for begins, ends in found.spans] == expected
    assert found.left_out == 0


def test_a_night_with_a_change_takes_the_hours_that_pass():
    hours = {}
    for name in ("Apple, over midnight and the clocks that go back", "Apple, the clocks that go forward"):
        (start, end), text, _expected = FILES[name]
        found = busy_times(text.encode(), zone=ZoneInfo("Australia/Melbourne"), start=start, end=end)
        hours |= {begins: (ends - begins).total_seconds() / 3600 for begins, ends in found.spans}
    # Nine at night until eight, and eleven at night until five.
    assert hours[datetime(2027, 4, 3, 10, tzinfo=UTC)] == 12
    assert hours[datetime(2027, 10, 2, 13, tzinfo=UTC)] == 5


def test_floating_times_are_read_where_their_owner_works():
    (start, end), text, _expected = FILES["Apple, floating times and whole days"]
    found = busy_times(text.encode(), zone=ZoneInfo("Australia/Perth"), start=start, end=end)
    assert found.spans[0] == (datetime(2027, 10, 1, 4, tzinfo=UTC), datetime(2027, 10, 1, 4, 45, tzinfo=UTC))
