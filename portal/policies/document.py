"""A policy's text as data, so that it is stored whole, compared word by word and drawn by today's template.

A document is `{"title", "summary": [text], "sections": [{"key", "title", "blocks": [block]}]}`. A block is one of
`{"kind": "text", "text"}`, `{"kind": "list", "items": [text]}`, `{"kind": "own", "text"}` (what the clinic typed
itself, in English) and `{"kind": "table", "head": [text], "rows": [[[head, text]]]}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Document = dict[str, Any]
Block = dict[str, Any]


def text(words: Any) -> Block:
    return {"kind": "text", "text": str(words)}


def items(words: Iterable[Any]) -> Block:
    return {"kind": "list", "items": [str(word) for word in words if word]}


def table(head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Block:
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


def section(key: str, title: Any, *blocks: Block | None) -> dict[str, Any]:
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
            match block["kind"]:
                case "list":
                    yield from block["items"]
                case "table":
                    yield from (" · ".join(cell for _head, cell in row) for row in block["rows"])
                case _:
                    yield block["text"]
