"""Files for spreadsheets: comma-separated, with nothing in a cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

# Excel, LibreOffice and Google Sheets take a cell that begins so for a formula (OWASP, CSV injection).
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | int | Decimal | date | None


def csv_of(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The table as UTF-8 with the mark by which Excel knows it. Words that begin as a formula get an apostrophe."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(head)
    writer.writerows([as_cell(cell) for cell in row] for row in rows)
    return file.getvalue().encode("utf-8-sig")


def as_cell(cell: Cell) -> str:
    """What stands in the file for a value: days as 2026-11-24, amounts as 149.05."""
    if cell is None:
        return ""
    if isinstance(cell, date):
        return cell.isoformat()
    if not isinstance(cell, str):
        return str(cell)
    return f"'{cell}" if cell.lstrip(" ").startswith(_BEGINS_A_FORMULA) else cell
