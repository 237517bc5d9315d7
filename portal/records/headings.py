"""Headings to begin a note with. They are words on the page, to be written under, moved or deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.records.models import Template


def headings(template: str) -> list[str]:
    """The headings of a template, in the reader's language; none for free text."""
    match template:
        case Template.SOAP:
            return [_("Subjective"), _("Objective"), _("Assessment"), _("Plan")]
        case Template.DAP:
            return [_("Data"), _("Assessment"), _("Plan")]
        case Template.BIRP:
            return [_("Behaviour"), _("Intervention"), _("Response"), _("Plan")]
    return []


def skeleton(template: str) -> str:
    """The text a note begins with under a template."""
    return "\n\n".join(f"{heading}\n" for heading in headings(template))


def every_heading() -> frozenset[str]:
    """All of them, in the reader's language and in English: a note may be read in another than it was written in."""
    found = {heading for template in Template for heading in headings(template)}
    with override("en-au"):
        found |= {heading for template in Template for heading in headings(template)}
    return frozenset(found)


def says_something(body: str) -> bool:
    """Whether anything stands under the headings."""
    bare = every_heading() | {""}
    return any(line.strip() not in bare for line in body.splitlines())


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a note, for reading. It shows nothing of it when printed by accident."""

    text: str
    is_heading: bool

    def __repr__(self) -> str:
        return "<part>"


def parts(body: str) -> Iterator[Part]:
    """A note's headings and what stands between them, its line breaks kept."""
    known = every_heading()
    lines: list[str] = []

    def between() -> Iterator[Part]:
        text = "\n".join(lines).strip("\n")
        if text.strip():
            yield Part(text, is_heading=False)
        lines.clear()

    for line in body.splitlines():
        if line.strip() in known:
            yield from between()
            yield Part(line.strip(), is_heading=True)
        else:
            lines.append(line)
    yield from between()
