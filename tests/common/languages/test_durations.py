"""Lengths of time are bent by their number, in Arabic in six ways."""

import pytest
from django.template import engines
from django.utils import translation

from portal.common.languages import durations


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0 دقيقة"),
        (1, "دقيقة واحدة"),
        (2, "دقيقتين"),
        (5, "5 دقائق"),
        (10, "10 دقائق"),
        (50, "50 دقيقة"),
        (100, "100 دقيقة"),
        (103, "103 دقائق"),
    ],
)
def test_arabic_minutes(number, written):
    with translation.override("ar"):
        assert durations.minutes(number) == written


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en-au", "50 minutes|1 hour|7 days|25 years"),
        ("zh-hans", "50 分钟|1 小时|7 天|25 年"),
        ("vi", "50 phút|1 giờ|7 ngày|25 năm"),
        ("ar", "50 دقيقة|ساعة واحدة|7 أيام|25 سنة"),
    ],
)
def test_templates_write_them(language, written):
    line = engines["django"].from_string("{{ a|minutes }}|{{ b|hours }}|{{ c|days }}|{{ d|years }}")
    with translation.override(language):
        assert line.render({"a": 50, "b": 1, "c": 7, "d": 25}) == written
