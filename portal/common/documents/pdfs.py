"""Whether a PDF only shows pages."""

from __future__ import annotations

import logging
import re
import time
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.common.documents.kinds import refusal

MOST_OBJECTS = 40_000
MOST_SECONDS = 15

ACTS = {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/GoToE", "/GoToR", "/Rendition", "/Movie", "/Sound"}
SHOWS_MORE = {"/RichMedia", "/3D", "/Screen"}
ACTING_KEYS = {"/JS", "/JavaScript", "/XFA", "/RichMediaContent", "/RichMediaSettings"}
CARRYING_KEYS = {"/EmbeddedFiles", "/EF"}
# Names long enough not to turn up in compressed bytes by chance. They find what no table of objects leads to.
RAW = re.compile(rb"/(?:JavaScript|Launch|RichMedia|EmbeddedFile)(?![A-Za-z])")
MARKUP = re.compile(rb"<(?:!doctype|html|script|svg|iframe|body|\?php)", re.IGNORECASE)

IT_ACTS = _("This PDF can run commands or send data when it is opened. Print it to a new PDF and choose that one.")
IT_CARRIES = _("Other files are hidden in this PDF. Print it to a new PDF and choose that one.")

# pypdf tells the log of each crooked comma in a stranger's file.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def check(content: bytes) -> None:
    """Raises ValidationError for a PDF that acts, carries other files, is locked, broken, or another thing as well."""
    if MARKUP.search(content[:1024]) or zipfile.is_zipfile(BytesIO(content)):
        raise refusal(_("This file is two kinds of file at once. Print it to a new PDF and choose that one."), "mixed")
    if b"%%EOF" not in content[-4096:]:
        raise _damaged()
    if found := RAW.search(re.sub(rb"#([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), content)):
        raise refusal(IT_CARRIES, "carries") if b"Embedded" in found[0] else refusal(IT_ACTS, "acts")
    from pypdf import PdfReader  # slow to load, and only needed here

    try:
        reader = PdfReader(BytesIO(content), strict=False)
        if reader.is_encrypted:
            raise refusal(_("This PDF is locked with a password. Save it without one and choose that."), "locked")
        for thing in _dictionaries(reader):
            _check(thing)
        pages = len(reader.pages)
    except ValidationError:
        raise
    except Exception:
        # Whatever a broken file makes the parser raise: its own errors, KeyError, RecursionError, zlib.error, ...
        raise _damaged() from None
    if not pages:
        raise _damaged()


def _dictionaries(reader: Any) -> Iterator[dict[str, Any]]:
    """Every dictionary, found through the table of objects and not from the pages: nothing is passed by."""
    from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

    until = time.monotonic() + MOST_SECONDS
    numbers = {(number, generation) for generation, table in reader.xref.items() for number in table}
    numbers |= {(number, 0) for number in reader.xref_objStm}
    if len(numbers) > MOST_OBJECTS:
        raise _too_complicated()
    stack: list[Any] = [reader.trailer]
    for number, generation in sorted(numbers):
        stack.append(reader.get_object(IndirectObject(number, generation, reader)))
        while stack:
            thing = stack.pop()
            if isinstance(thing, DictionaryObject):
                yield thing
                stack += dict.values(thing)  # not what they refer to: that has a number of its own
            elif isinstance(thing, ArrayObject):
                stack += list.__iter__(thing)
        if time.monotonic() > until:
            raise _too_complicated()


def _check(thing: dict[str, Any]) -> None:
    keys = {str(key) for key in thing}
    names = {str(dict.get(thing, key)) for key in ("/S", "/Subtype", "/Type")}
    if keys & CARRYING_KEYS or names & {"/EmbeddedFile", "/FileAttachment"}:
        raise refusal(IT_CARRIES, "carries")
    if keys & ACTING_KEYS or names & (ACTS | SHOWS_MORE) or "/AA" in keys or _acts_on_opening(thing):
        raise refusal(IT_ACTS, "acts")


def _acts_on_opening(thing: dict[str, Any]) -> bool:
    """Whether to open it does more than to show one of its own pages: a link is followed when somebody presses it."""
    action = thing.get("/OpenAction")
    if action is None or isinstance(action, list):
        return False
    # A name or a text names a place in it, as a list does.
    return isinstance(action, dict) and (str(action.get("/S")) != "/GoTo" or "/Next" in action)


def _damaged() -> ValidationError:
    words = _("This PDF can't be read; it may be damaged. Print it to a new PDF and choose that one.")
    return refusal(words, "damaged")


def _too_complicated() -> ValidationError:
    return refusal(_("This PDF has too many parts to check. Print it to a new PDF and choose that one."), "complicated")
