"""Reads the Medicare schedule's own file, MBS-XML-YYYYMMDD.XML, piece by piece: never the whole of it is in memory.

It takes nothing on trust: a file that brings definitions of its own (entities, a DTD) is refused at its first such
word, before anything of it is expanded; so is one that is endless, deep, or no schedule at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Protocol
from xml.parsers import expat

from portal.medicare.catalogue import KNOWN
from portal.medicare.refusals import MedicareRefused

MOST_BYTES = 30 * 1024 * 1024
MOST_RECORDS = 40_000
MOST_DEPTH = 8
# A descriptor of the real schedule has some thousand letters.
MOST_TEXT = 60_000
CHUNK = 64 * 1024

_WANTED = {"ItemNum", "ScheduleFee", "Benefit85", "FeeStartDate", "ItemStartDate", "ItemEndDate", "Description"}


class Readable(Protocol):
    """What bytes are read from: a file, or what a browser sent."""

    def read(self, size: int, /) -> bytes: ...


class WhyNot(Enum):
    """Why a file is refused as a whole."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_XML = "not_xml"
    HAS_DEFINITIONS = "has_definitions"
    TOO_DEEP = "too_deep"
    TOO_LONG = "too_long"
    NO_SCHEDULE = "no_schedule"
    NONE_KNOWN = "none_known"


class FileRefused(MedicareRefused):
    """The file is no Medicare schedule that can be read; `why` says which, `line` where, if anywhere."""

    def __init__(self, why: WhyNot, line: int = 0) -> None:
        super().__init__(why.value)
        self.why, self.line = why, line


@dataclass(frozen=True, slots=True, kw_only=True)
class FileItem:
    """What a file says of an item that the portal knows. `benefit` is its own 85%, None where it names none.

    `unread` names the element whose value nobody can read; the rest of such an item says nothing.
    """

    item: str
    fee: Decimal = Decimal(0)
    starts: date = date.min
    benefit: Decimal | None = None
    ends: date | None = None
    description: str = ""
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A file that was read: the items that the portal knows, and how many it holds in all."""

    items: tuple[FileItem, ...]
    records: int


def read(file: Readable, *, heard: Callable[[bytes], None] | None = None) -> Schedule:
    """Reads a file from where it stands to its end; `heard` is given every piece of it.

    Raises FileRefused.
    """
    reader = _Reader()
    size = 0
    try:
        while chunk := file.read(CHUNK):
            size += len(chunk)
            if size > MOST_BYTES:
                raise FileRefused(WhyNot.TOO_LARGE)
            reader.parser.Parse(chunk, False)
            if heard:
                heard(chunk)
        if not size:
            raise FileRefused(WhyNot.EMPTY)
        reader.parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as wrong:
        # A codec that Python lacks, or that maps a letter to several, says so as it likes.
        raise FileRefused(WhyNot.NOT_XML, getattr(wrong, "lineno", 0)) from None
    if not reader.records:
        raise FileRefused(WhyNot.NO_SCHEDULE)
    if not reader.found:
        raise FileRefused(WhyNot.NONE_KNOWN)
    return Schedule(tuple(reader.found[item] for item in sorted(reader.found)), reader.records)


class _Reader:
    """Hears the elements of a file. A record is what has an ItemNum: an element right below the root."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._starts
        self.parser.EndElementHandler = self._ends
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._defines
        self.parser.EntityDeclHandler = self._defines
        self.depth = 0
        self.records = 0
        self.found: dict[str, FileItem] = {}
        self._values: dict[str, str] = {}
        self._parts: list[str] = []
        self._length = 0

    def _defines(self, *said: object) -> None:
        raise FileRefused(WhyNot.HAS_DEFINITIONS, self.parser.CurrentLineNumber)

    def _starts(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise FileRefused(WhyNot.TOO_DEEP, self.parser.CurrentLineNumber)
        if self.depth == 2:
            self._values = {}
        self._parts, self._length = [], 0

    def _text(self, words: str) -> None:
        self._length += len(words)
        if self._length > MOST_TEXT:
            raise FileRefused(WhyNot.TOO_LONG, self.parser.CurrentLineNumber)
        if self.depth == 3:
            self._parts.append(words)

    def _ends(self, name: str) -> None:
        own = name.rpartition(":")[2]
        if self.depth == 3 and own in _WANTED:
            self._values[own] = " ".join("".join(self._parts).split())
        elif self.depth == 2 and "ItemNum" in self._values:
            self.records += 1
            if self.records > MOST_RECORDS:
                raise FileRefused(WhyNot.TOO_LONG, self.parser.CurrentLineNumber)
            self._record()
        self.depth -= 1
        self._parts, self._length = [], 0

    def _record(self) -> None:
        item = self._values["ItemNum"]
        if item not in KNOWN:
            return
        said = _item_of(item, self._values)
        # Where a file names an item twice, the newest fee counts, and two for one day are nobody's guess.
        earlier = self.found.get(item)
        if earlier is None or said.unread or said.starts > earlier.starts:
            self.found[item] = said
        elif said.starts == earlier.starts and said.fee != earlier.fee:
            self.found[item] = FileItem(item=item, unread="ItemNum")


def _item_of(item: str, values: dict[str, str]) -> FileItem:
    fee = _money(values.get("ScheduleFee", ""))
    if fee is None:
        return FileItem(item=item, unread="ScheduleFee")
    starts = _day(values.get("FeeStartDate", "") or values.get("ItemStartDate", ""))
    if starts is None:
        return FileItem(item=item, unread="FeeStartDate")
    benefit = None
    if values.get("Benefit85"):
        benefit = _money(values["Benefit85"])
        if benefit is None:
            return FileItem(item=item, unread="Benefit85")
    ends = None
    if values.get("ItemEndDate"):
        ends = _day(values["ItemEndDate"])
        if ends is None or ends < starts:
            return FileItem(item=item, unread="ItemEndDate")
    return FileItem(
        item=item,
        fee=fee,
        starts=starts,
        benefit=benefit,
        ends=ends,
        description=values.get("Description", ""),
    )


def _money(text: str) -> Decimal | None:
    """Dollars above nothing, to the cent: no item that the portal knows comes near ten thousand."""
    try:
        amount = (
            Decimal(text.strip().removeprefix("$")) if re.fullmatch(r"\$?\d{1,4}(\.\d{1,2})?", text, re.A) else None
        )
    except InvalidOperation:
        return None
    return amount.quantize(Decimal("0.01")) if amount else None


def _day(text: str) -> date | None:
    """The schedule writes 01.07.2026."""
    for form in ("%d.%m.%Y", "%d/%m/%Y", "%Y-%m-%d"):
        try:
            found = datetime.strptime(text[:10], form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        return found if date(1984, 1, 1) <= found <= date(2100, 1, 1) else None
    return None
