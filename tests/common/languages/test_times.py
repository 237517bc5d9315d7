import re
from datetime import UTC, date, datetime
from zoneinfo import available_timezones

import pytest
import time_machine
from django.conf import settings
from django.utils import translation

from portal.common.languages import times
from portal.common.templatetags import portal
from portal.ops import gather_messages

# 2:30 in the afternoon in Melbourne.
AT = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
ZONE = "Australia/Melbourne"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(AT, tick=False):
        yield


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en-au", ["Tuesday 24 November 2026", "Tuesday 24 November", "Tue 24 Nov", "24 Nov 2026", "2:30 pm"]),
        ("zh-hans", ["2026年11月24日星期二", "11月24日星期二", "11月24日周二", "2026年11月24日", "下午2:30"]),
        ("vi", ["Thứ Ba, 24 tháng 11, 2026", "Thứ Ba, 24 tháng 11", "Th 3, 24 thg 11", "24 thg 11, 2026", "14:30"]),
        (
            "ar",
            ["الثلاثاء، 24 نوفمبر 2026", "الثلاثاء، 24 نوفمبر", "الثلاثاء، 24 نوفمبر", "24 نوفمبر 2026", "2:30\u00a0م"],
        ),
    ],
)
def test_times_are_written_as_the_language_writes_them(language, written):
    with translation.override(language):
        filters = [times.day, times.day_no_year, times.day_short, times.date_short, times.clock]
        assert [draw(AT, ZONE) for draw in filters] == written


def test_noon_and_evening_have_words_of_their_own_in_chinese():
    hours = {0: "上午11:00", 1: "中午12:00", 2: "下午1:00", 8: "晚上7:00"}
    with translation.override("zh-hans"):
        assert {hour: times.clock(datetime(2026, 11, 24, hour, tzinfo=UTC), ZONE) for hour in hours} == hours


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en-au", ["Tuesday", "Tuesday 24 November 2026", "February"]),
        ("zh-hans", ["星期二", "2026年11月24日星期二", "2月"]),
        ("vi", ["thứ Ba", "thứ Ba, 24 tháng 11, 2026", "tháng 2"]),
        ("ar", ["الثلاثاء", "الثلاثاء، 24 نوفمبر 2026", "فبراير"]),
    ],
)
def test_days_and_months_within_a_sentence(language, written):
    with translation.override(language):
        within = [times.weekday(date(2026, 11, 24)), times.within(times.day(AT, ZONE)), times.month(date(2026, 2, 1))]
    assert within == written


@pytest.mark.parametrize(("language", "letters"), [("zh-hans", "[\u4e00-\u9fff]+"), ("ar", "[\u0621-\u064a ]+")])
def test_every_place_of_an_australian_time_zone_has_a_name_in_the_language(language, letters):
    zones = [zone for zone in available_timezones() if zone.startswith("Australia/")]
    assert "Australia/Melbourne" in zones
    with translation.override(language):
        assert [zone for zone in zones if not re.fullmatch(letters, times.place_of_zone(zone))] == []


def test_places_of_time_zones():
    def names():
        return [times.place_of_zone(f"Australia/{zone}") for zone in ("Melbourne", "Lord_Howe", "Canberra")]

    assert names() == ["Melbourne", "Lord Howe", "Canberra"]
    assert times.place_of_zone("Indian/Christmas") == "Christmas"
    with translation.override("ar"):
        assert names() == ["ملبورن", "لورد هاو", "كانبرا"]
    with translation.override("zh-hans"):
        assert [*names(), times.place_of_zone("Pacific/Auckland")] == ["墨尔本", "豪勋爵岛", "堪培拉", "奥克兰"]


@pytest.mark.parametrize(
    ("language", "weekday", "month"),
    [
        ("en-au", "Tue", "24 Nov"),
        ("zh-hans", "周二", "11月24日"),
        ("vi", "Th 3", "24 thg 11"),
        ("ar", "الثلاثاء", "24 نوفمبر"),
    ],
)
def test_days_of_a_calendar(language, weekday, month):
    with translation.override(language):
        assert (times.weekday_short(date(2026, 11, 24)), times.day_month(date(2026, 11, 24))) == (weekday, month)


@pytest.mark.parametrize(
    "draw", [times.day, times.day_no_year, times.day_short, times.date_short, times.clock, times.when]
)
@pytest.mark.parametrize("language", ["en-au", "vi"])
def test_no_time_writes_nothing(draw, language):
    with translation.override(language):
        assert draw(None, ZONE) == ""


def test_the_sign_of_what_is_taken_off_stays_with_its_amount():
    assert portal.off("20") == "-$20.00"
    with translation.override("ar"):
        assert portal.off("20") == "\u2066-$20.00\u2069"
        assert portal.off(None) == ""


def test_no_template_writes_a_sign_beside_an_amount():
    """Outside of the marks around it, Arabic sets the sign on the far side."""
    signed = [
        path.name
        for path in (settings.BASE_DIR / "templates").rglob("*.*")
        if not path.relative_to(settings.BASE_DIR).as_posix().startswith(gather_messages.STAFF_ONLY)
        and re.search(r"[-+−–]\{\{[^}]*\|dollars", path.read_text())
    ]
    assert signed == []


def test_amounts_stay_in_order_among_arabic_words():
    assert portal.dollars("-1234.5") == "-$1,234.50"
    with translation.override("vi"):
        assert portal.dollars("1234.5") == "$1,234.50"
    with translation.override("ar"):
        assert portal.dollars("-1234.5") == "\u2066-$1,234.50\u2069"
        assert portal.ltr("13 11 14") == "\u206613 11 14\u2069"
        assert [portal.ltr(None), portal.dollars(None)] == ["", ""]


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en-au", ["Tue 24 Nov, 2:30 pm", "24 Nov 2026, 2:30 pm"]),
        ("zh-hans", ["11月24日周二下午2:30", "2026年11月24日下午2:30"]),
        ("vi", ["14:30, th 3, 24 thg 11", "14:30, 24 thg 11, 2026"]),
        ("ar", ["الثلاثاء، 24 نوفمبر، الساعة 2:30\u00a0م", "24 نوفمبر 2026، الساعة 2:30\u00a0م"]),
    ],
)
def test_a_short_day_and_its_time(language, written):
    with translation.override(language):
        assert [draw(AT, ZONE) for draw in (times.when_short, times.when_dated)] == written
    assert [draw(None, ZONE) for draw in (times.when, times.when_short, times.when_dated)] == ["", "", ""]


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en-au", ["Friday 1 January 2027", "Fri 1 Jan 2027", "Fri 1 Jan 2027, 12:30 am"]),
        ("zh-hans", ["2027年1月1日星期五", "2027年1月1日周五", "2027年1月1日周五凌晨12:30"]),
        ("vi", ["Thứ Sáu, 1 tháng 1, 2027", "Th 6, 1 thg 1, 2027", "0:30, th 6, 1 thg 1, 2027"]),
        ("ar", ["الجمعة، 1 يناير 2027", "الجمعة، 1 يناير 2027", "الجمعة، 1 يناير 2027، الساعة 12:30\u00a0ص"]),
    ],
)
def test_a_day_of_another_year_is_written_with_its_year(language, written):
    """Of its place: in UTC that moment is still of this one."""
    new_year = datetime(2026, 12, 31, 13, 30, tzinfo=UTC)
    with translation.override(language):
        draw = (times.day_no_year, times.day_short, times.when_short)
        assert [each(new_year, ZONE) for each in draw] == written
        assert [each(date(2027, 1, 1)) for each in draw[:2]] == written[:2]
        assert "2027" not in times.when_short(new_year, "UTC")
    with time_machine.travel(new_year):
        assert "2026" in times.day_short(AT, ZONE)
