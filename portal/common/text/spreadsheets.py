"""Tables as files that spreadsheets open: CSV and XLSX, written row by row, however long.

What begins like a formula is kept from being one: in CSV by an apostrophe before it, which spreadsheets show as part of
the text; in XLSX every text is marked as text.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape

Cell = str | int | Decimal | date | None

# What makes a spreadsheet reckon, also after blanks, and the full-width forms that some read alike.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CHUNK = 1 << 15
# Excel counts days from here, 1900 having had a 29 February by its reckoning.
_FIRST_DAY = date(1899, 12, 30)


class _Out:
    """What a writer writes into: gives out what has gathered."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def write(self, data: str | bytes) -> int:
        piece = data.encode() if isinstance(data, str) else bytes(data)
        self.parts.append(piece)
        self.size += len(piece)
        return len(data)

    def flush(self) -> None:
        """A zip file asks for it; what is written is given out by `taken`."""

    def close(self) -> None:
        """A zip file may ask for it."""

    def taken(self) -> bytes:
        given, self.parts, self.size = b"".join(self.parts), [], 0
        return given


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def csv_file(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """UTF-8 with a mark by which Excel knows it; days as 2026-11-24, amounts as 1234.50."""
    out = _Out()
    writer = csv.writer(out)
    yield b"\xef\xbb\xbf"
    writer.writerow([safe(str(name)) for name in header])
    for row in rows:
        writer.writerow([safe(cell) if isinstance(cell, str) else _plain(cell) for cell in row])
        if out.size > _CHUNK:
            yield out.taken()
    yield out.taken()


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    return cell.isoformat() if isinstance(cell, date) else str(cell)


_TYPES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" \
ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" \
ContentType="application/xml"/><Override PartName="/xl/workbook.xml" \
ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override \
PartName="/xl/worksheets/sheet1.xml" \
ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override \
PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>\
</Types>"""
_RELATIONS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" \
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"/>{more}\
</Relationships>"""
_STYLES_TOO = """<Relationship Id="rId2" \
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>"""
_BOOK = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" \
xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="{name}" \
sheetId="1" r:id="rId1"/></sheets></workbook>"""
# 0 as it is, 1 a heading, 2 an amount, 3 a day.
_STYLES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt \
numFmtId="164" formatCode="d mmm yyyy"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>\
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/>\
</fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/>\
<bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf/>\
<xf fontId="1" applyFont="1"/><xf numFmtId="4" applyNumberFormat="1"/><xf numFmtId="164" applyNumberFormat="1"/>\
</cellXfs></styleSheet>"""
_SHEET = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView \
workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>\
<sheetFormatPr defaultColWidth="16"/><sheetData>"""


def xlsx_file(name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """A workbook of one sheet: amounts and days as what they are, the heading in sight."""
    out = _Out()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", _TYPES)
        book.writestr("_rels/.rels", _RELATIONS.format(kind="officeDocument", target="xl/workbook.xml", more=""))
        book.writestr("xl/workbook.xml", _BOOK.format(name=escape(name, {'"': "&quot;"})))
        relations = _RELATIONS.format(kind="worksheet", target="worksheets/sheet1.xml", more=_STYLES_TOO)
        book.writestr("xl/_rels/workbook.xml.rels", relations)
        book.writestr("xl/styles.xml", _STYLES)
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(_SHEET.encode())
            sheet.write(_row(header, style=1))
            for row in rows:
                sheet.write(_row(row))
                if out.size > _CHUNK:
                    yield out.taken()
            sheet.write(b"</sheetData></worksheet>")
    yield out.taken()


def _row(cells: Sequence[Cell], *, style: int = 0) -> bytes:
    return f"<row>{''.join(_cell(cell, style) for cell in cells)}</row>".encode()


def _cell(cell: Cell, style: int) -> str:
    match cell:
        case None | "":
            return "<c/>"
        case str():
            text = escape(_NOT_IN_XML.sub("", cell))
            return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{text}</t></is></c>'
        case date():
            return f'<c s="3"><v>{(cell - _FIRST_DAY).days}</v></c>'
        case Decimal():
            return f'<c s="2"><v>{cell}</v></c>'
    return f"<c><v>{cell}</v></c>"
