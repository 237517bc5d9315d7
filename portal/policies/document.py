"""A policy's text as data, so that it is stored whole, compared word by word and drawn by today's template.

It is kept as JSON with each published version, so that its keys never change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class TextBlock(TypedDict):
    """A paragraph; an `own` one is what the clinic typed itself, in English."""

    kind: Literal["text", "own"]
    text: str


class ListBlock(TypedDict):
    kind: Literal["list"]
    items: list[str]


class TableBlock(TypedDict):
    """Rows of cells, each a pair of its column's head and its text."""

    kind: Literal["table"]
    head: list[str]
    rows: list[list[list[str]]]


Block = TextBlock | ListBlock | TableBlock


class Section(TypedDict):
    """A heading and what stands under it; `key` is its anchor on the page."""

    key: str
    title: str
    blocks: list[Block]


class Document(TypedDict):
    title: str
    summary: list[str]
    sections: list[Section]


def text(words: StrOrPromise) -> Block:
    return {"kind": "text", "text": str(words)}


def items(words: Iterable[StrOrPromise]) -> Block:
    return {"kind": "list", "items": [str(word) for word in words if word]}


def table(head: Iterable[StrOrPromise], rows: Iterable[Iterable[StrOrPromise]]) -> Block:
    """Each cell with the head of its column, which a phone shows beside it."""
    heads = [str(word) for word in head]
    return {
        "kind": "table",
        "head": heads,
        "rows": [[[label, str(word)] for label, word in zip(heads, row, strict=True)] for row in rows],
    }


def own(words: str) -> list[Block]:
    """One block for each paragraph."""
    return [{"kind": "own", "text": line.strip()} for line in words.splitlines() if line.strip()]


def section(key: str, title: StrOrPromise, *blocks: Block | None) -> Section:
    return {"key": key, "title": str(title), "blocks": [block for block in blocks if block]}


def lines(document: Document | None) -> list[str]:
    """The text as paragraphs, for comparing."""
    return list(_lines(document)) if document else []


def _lines(document: Document) -> Iterator[str]:
    yield document["title"]
    yield from document["summary"]
    for part in document["sections"]:
        yield part["title"]
        for block in part["blocks"]:
            if block["kind"] == "list":
                yield from block["items"]
            elif block["kind"] == "table":
                yield from (" · ".join(cell for _head, cell in row) for row in block["rows"])
            else:
                yield block["text"]
