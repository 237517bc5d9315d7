"""Tables as files: nothing in them is a formula, and nothing is lost."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from portal.common.text.spreadsheets import csv_file, safe, xlsx_file

NAMESPACE = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def read_csv(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def read_xlsx(data):
    """The cells' text, kind and style, row by row."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert book.testzip() is None
        for part in book.namelist():
            ElementTree.fromstring(book.read(part))  # noqa: S314  our own
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314  our own
    return [
        [("".join(cell.itertext()), cell.get("t"), cell.get("s")) for cell in row.findall("m:c", NAMESPACE)]
        for row in sheet.iterfind(".//m:row", NAMESPACE)
    ]


@pytest.mark.parametrize(
    "text", ["=1+1", "+61", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\n=cmd|' /C calc'!A0"]
)
def test_what_looks_like_a_formula_is_a_text(text):
    assert safe(text) == f"'{text}"
    ((_,), (cell,)) = read_csv(b"".join(csv_file(["Name"], [[text]])))
    assert cell.startswith("'")
    ((_,), ((_text, kind, _style),)) = read_xlsx(b"".join(xlsx_file("Invoices", ["Name"], [[text]])))
    assert kind == "inlineStr"


@pytest.mark.parametrize("text", ["Nguyễn", "O'Brien", 'a "b", c', "المراجع", "a\nb", "<b>&"])
def test_what_people_are_called_stays(text):
    assert read_csv(b"".join(csv_file(["Name"], [[text]]))) == [["Name"], [text]]
    assert read_xlsx(b"".join(xlsx_file("I", ["Name"], [[text]])))[1][0][0] == text


def test_amounts_and_days_are_numbers():
    row = [Decimal("-1234.50"), date(2026, 11, 24), 3, None]
    assert read_csv(b"".join(csv_file(["a", "b", "c", "d"], [row])))[1] == ["-1234.50", "2026-11-24", "3", ""]
    cells = read_xlsx(b"".join(xlsx_file("I", ["a", "b", "c", "d"], [row])))[1]
    assert cells == [("-1234.50", None, "2"), ("46350", None, "3"), ("3", None, None), ("", None, None)]


def test_a_letter_that_no_xml_takes_breaks_nothing():
    assert read_xlsx(b"".join(xlsx_file('A "b"', ["n"], [["a\x00b\x0b\ufffe"]])))[1][0][0] == "ab"


@pytest.mark.parametrize("write", [csv_file, lambda header, rows: xlsx_file("I", header, rows)])
def test_it_is_given_out_as_it_is_written(write):
    asked = []

    def rows():
        for n in range(50_000):
            asked.append(n)
            yield [f"{n}-{n * 7919}", Decimal(n)]

    pieces = write(["a", "b"], rows())
    given = b"".join(next(pieces) for _ in range(2))
    assert given
    assert len(asked) < 50_000
    assert len(b"".join(pieces)) > 100_000
