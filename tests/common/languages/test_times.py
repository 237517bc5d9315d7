from datetime import UTC, date, datetime

import pytest
from django.utils import translation

from portal.common.languages import times
from portal.common.templatetags import portal

# 2:30 in the afternoon in Melbourne.
AT = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
ZONE = "Australia/Melbourne"


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en-au", ["Tuesday 24 November 2026", "Tuesday 24 November", "Tue 24 Nov", "24 Nov 2026", "2:30 pm"]),
        ("zh-hans", ["2026年11月24日 星期二", "11月24日 星期二", "11月24日 周二", "2026年11月24日", "下午2:30"]),
        ("vi", ["Thứ Ba, 24 tháng 11, 2026", "Thứ Ba, 24 tháng 11", "Th 3, 24 thg 11", "24 thg 11, 2026", "14:30"]),
        (
            "ar",
            ["الثلاثاء، 24 نوفمبر 2026", "الثلاثاء، 24 نوفمبر", "الثلاثاء، 24 نوفمبر", "24 نوفمبر 2026", "2:30 م"],
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
        ("zh-hans", ["11月24日 周二 下午2:30", "2026年11月24日 下午2:30"]),
        ("vi", ["14:30, Th 3, 24 thg 11", "14:30, 24 thg 11, 2026"]),
        ("ar", ["الثلاثاء، 24 نوفمبر، الساعة 2:30 م", "24 نوفمبر 2026، الساعة 2:30 م"]),
    ],
)
def test_a_short_day_and_its_time(language, written):
    with translation.override(language):
        assert [draw(AT, ZONE) for draw in (times.when_short, times.when_dated)] == written
    assert [draw(None, ZONE) for draw in (times.when, times.when_short, times.when_dated)] == ["", "", ""]
