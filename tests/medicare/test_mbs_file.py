"""The schedule's own file, and files that only look like it."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest

from portal.medicare import mbs_file
from portal.medicare.mbs_file import FileItem, FileRefused, WhyNot
from portal.medicare.update_words import refused_in_words
from tests.medicare.schedules import UPPER, file_of, opened, record

D = Decimal


def test_items_that_the_portal_knows_are_read_and_no_others():
    file = opened(
        record("3", "20.05"), record("80010", "179.60", benefit="152.70"), record("23", "43.90"), record("80000", "122")
    )
    found = mbs_file.read(file)
    assert found.records == 4
    assert found.items == (
        FileItem(item="80000", fee=D("122.00"), starts=date(2027, 7, 1), description=UPPER),
        FileItem(item="80010", fee=D("179.60"), benefit=D("152.70"), starts=date(2027, 7, 1), description=UPPER),
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", WhyNot.EMPTY),
        (b"item,fee\n80010,175.30\n", WhyNot.NOT_XML),
        (b"PK\x03\x04 a zip file", WhyNot.NOT_XML),
        (b"\x00" * 2000, WhyNot.NOT_XML),
        (file_of(record("80010", "1"))[:-20], WhyNot.NOT_XML),
        (file_of(head='<?xml version="1.0" encoding="idna"?>'), WhyNot.NOT_XML),
        (b"<html><body><p>Not found</p></body></html>", WhyNot.NO_SCHEDULE),
        (file_of(record("3", "20.05")), WhyNot.NONE_KNOWN),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', WhyNot.HAS_DEFINITIONS),
        (b'<!DOCTYPE a SYSTEM "http://192.0.2.1/x.dtd"><a/>', WhyNot.HAS_DEFINITIONS),
        (b"<a>" * 5000, WhyNot.TOO_DEEP),
        (file_of(record("80010", "1", description="x" * 70_000)), WhyNot.TOO_LONG),
    ],
)
def test_file_that_is_no_schedule_is_refused_in_words(content, why):
    with pytest.raises(FileRefused) as refused:
        mbs_file.read(BytesIO(content))
    assert refused.value.why == why
    assert refused_in_words(refused.value).endswith(".")


def test_billion_laughs_are_refused_before_the_first_is_expanded():
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    with pytest.raises(FileRefused) as refused:
        mbs_file.read(BytesIO(f'<!DOCTYPE l [<!ENTITY l0 "ha">{laughs}]><l>&l9;</l>'.encode()))
    assert refused.value.why == WhyNot.HAS_DEFINITIONS


def test_endless_file_is_read_no_further_than_thirty_megabytes():
    class Endless:
        given = 0

        def read(self, size):
            start = b"" if self.given else b"<a>"
            self.given += size
            return start + b"<b/>" * (size // 4)

    file = Endless()
    with pytest.raises(FileRefused) as refused:
        mbs_file.read(file)
    assert refused.value.why == WhyNot.TOO_LARGE
    assert file.given < 31 * 1024 * 1024


def test_file_in_utf_16_is_read():
    assert mbs_file.read(BytesIO(file_of(record("80010", "1"), head="").decode().encode("utf-16"))).records == 1


@pytest.mark.parametrize(
    ("values", "unread"),
    [
        ({"fee": "abc"}, "ScheduleFee"),
        ({"fee": "-5.00"}, "ScheduleFee"),
        ({"fee": "0"}, "ScheduleFee"),
        ({"fee": ""}, "ScheduleFee"),
        ({"fee": "1e3"}, "ScheduleFee"),
        ({"fee": "99999.00"}, "ScheduleFee"),
        ({"fee": "175.305"}, "ScheduleFee"),
        ({"since": "31.02.2027"}, "FeeStartDate"),
        ({"since": "01.07.0027"}, "FeeStartDate"),
        ({"benefit": "NaN"}, "Benefit85"),
        ({"ItemEndDate": "soon"}, "ItemEndDate"),
        ({"ItemEndDate": "01.01.2020"}, "ItemEndDate"),
    ],
)
def test_value_that_nobody_can_read_is_named_and_the_others_stand(values, unread):
    found = mbs_file.read(opened(record("80010", **{"fee": "179.60"} | values), record("80000", "122.40")))
    assert [(each.item, each.unread) for each in found.items] == [("80000", ""), ("80010", unread)]


def test_item_named_twice_counts_by_its_newest_fee_and_two_fees_of_a_day_by_none():
    twice = mbs_file.read(opened(record("80010", "175.30", "01.07.2026"), record("80010", "179.60")))
    assert [(each.fee, each.unread) for each in twice.items] == [(D("179.60"), "")]
    torn = mbs_file.read(opened(record("80010", "175.30"), record("80010", "179.60")))
    assert [each.unread for each in torn.items] == ["ItemNum"]
