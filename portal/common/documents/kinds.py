"""What a file is, and what it is called when it is saved."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.common.media.uploads import MB

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

DOCUMENT_BYTES = 20 * MB
LONGEST_NAME = 120


def refusal(words: StrOrPromise, code: str) -> ValidationError:
    """A ValidationError in words for whoever chose the file."""
    return ValidationError(words, code=code)


class Kind(models.TextChoices):
    """Its media type and the end of its name are ours, whatever was sent."""

    PDF = "pdf", _("PDF")
    DOCX = "docx", _("Word document")
    XLSX = "xlsx", _("Spreadsheet")
    ODT = "odt", _("OpenDocument text")
    TEXT = "txt", _("Plain text")
    PNG = "png", _("Picture (PNG)")
    JPEG = "jpg", _("Picture (JPEG)")
    MP3 = "mp3", _("Audio")

    @property
    def media_type(self) -> str:
        """As it is served, such as application/pdf."""
        return _MEDIA_TYPES[self]

    @property
    def icon(self) -> str:
        """The name of a lucide icon."""
        return _ICONS.get(self, "file-text")

    @property
    def opens_in_a_browser(self) -> bool:
        """Whether a browser shows it by itself, and can do nothing else with it."""
        return self in {Kind.PDF, Kind.PNG, Kind.JPEG, Kind.MP3}


_MEDIA_TYPES = {
    Kind.PDF: "application/pdf",
    Kind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Kind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Kind.ODT: "application/vnd.oasis.opendocument.text",
    Kind.TEXT: "text/plain; charset=utf-8",
    Kind.PNG: "image/png",
    Kind.JPEG: "image/jpeg",
    Kind.MP3: "audio/mpeg",
}
# A table in plain text is called so, or no spreadsheet opens it by itself.
TABLE = ".csv"
_ICONS = {Kind.XLSX: "file-spreadsheet", Kind.PNG: "image", Kind.JPEG: "image", Kind.MP3: "headphones"}


@dataclass(frozen=True)
class CleanFile:
    """What is kept: `name` is for the download, `content` is ours to store."""

    kind: Kind
    name: str
    content: bytes

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content)

    @cached_property
    def sha256(self) -> str:
        """The digest of its bytes, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    def __repr__(self) -> str:
        # A name may tell what somebody is treated for; tracebacks and logs print this.
        return f"<{self.kind.value} of {self.size} bytes>"


_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
# Control and format characters (those that turn the writing direction are among them), halves and private letters.
_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# In the middle of Persian and Indian words these two are spelling, and turn nothing.
_JOINERS = "\u200c\u200d"
_PUNCTUATION = dict.fromkeys(map(ord, '<>:"|?*%'), " ")


def is_table(name: str) -> bool:
    """Whether a text is called a table, by the end of its name."""
    return name.strip().lower().endswith(TABLE)


def served_as(kind: Kind, name: str) -> str:
    """The media type of a file of this kind that is saved under this name."""
    return "text/csv; charset=utf-8" if kind == Kind.TEXT and is_table(name) else kind.media_type


def clean_name(name: str, kind: Kind) -> str:
    """A name to save it under: the last part of a path, in letters that no system trips over, its end ours."""
    ending = TABLE if kind == Kind.TEXT and is_table(name) else f".{kind.value}"
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    name = name.replace("\\", "/").rsplit("/", 1)[-1].translate(_PUNCTUATION)
    name = "".join(c for c in name if c in _JOINERS or unicodedata.category(c) not in _UNSAFE)
    stem, dot, end = name.rpartition(".")
    if not dot or not re.fullmatch(r"[A-Za-z0-9]{1,5}", end):
        stem = name
    around = f". -{_JOINERS}"
    stem = " ".join(stem.split()).strip(around)[:LONGEST_NAME].strip(around)
    if not stem or _RESERVED.fullmatch(stem):
        stem = "document"
    return f"{stem}{ending}"
