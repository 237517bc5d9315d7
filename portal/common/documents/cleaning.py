"""Recognises a file that was sent, and makes the copy that is kept; a form field that does so."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from portal.common.documents import audio, office, pdfs
from portal.common.documents.kinds import DOCUMENT_BYTES, CleanFile, Kind, clean_name, is_table, refusal
from portal.common.media.uploads import clean_image

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

# A worksheet photographed on a kitchen table stays readable when printed.
PICTURE_EDGE = 2400
# A program is text too: for text alone the end of the name says which it is.
TEXT_NAMES = re.compile(r"\.(?:txt|text|md|csv)\Z|\A[^.]*\Z", re.IGNORECASE)

# What a spreadsheet would run as it opens a table: a cell that begins so, or by a sign and calls something.
RUNS = re.compile(r"""(?:^|[,;\t])[ "']*(?:[=@]|[+-][^,;\t\n]*[|(!])""", re.MULTILINE)

FORMULAS = _("Cells of this table begin like formulas, which a spreadsheet runs. Save it as an .xlsx or a PDF instead.")
WEB_PAGE = _("This file is a web page, a drawing or a program. Save it as a PDF and choose that one.")
UNKNOWN = _("We can't tell what kind of file this is. Save it as a PDF and choose that one.")
PROGRAMS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa")
# What people send in good faith, and what to do instead.
OTHERS: list[tuple[Callable[[bytes], bool], StrPromise]] = [
    (
        lambda head: head.startswith(b"\xd0\xcf\x11\xe0"),
        _("This is an older Office file, or one locked with a password. Save it as a .docx or a PDF."),
    ),
    (lambda head: head.startswith(PROGRAMS), _("This file is a program. It can't be passed on.")),
    (
        lambda head: head[4:12] in {b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypheif", b"ftypavif"},
        _("Photos of this kind (HEIC, AVIF) can't be read here. Save it as JPEG, PNG or WebP first."),
    ),
    (
        lambda head: head[4:8] == b"ftyp" or head[:4] in {b"RIFF", b"OggS", b"fLaC", b"\x1aE\xdf\xa3"},
        _("Recordings of this kind can't be checked. Save the sound as an MP3."),
    ),
    (lambda head: head.startswith(b"{\\rtf"), _("This is a rich text file. Save it as a .docx or a PDF.")),
]


def clean_document(uploaded: UploadedFile[bytes], *, max_bytes: int = DOCUMENT_BYTES) -> CleanFile:
    """What is kept of a file; raises ValidationError, in words for whoever chose it."""
    if uploaded.size is None or uploaded.size > max_bytes:
        raise ValidationError(
            _("This file is larger than %(limit)s. Make it smaller first, or split it."),
            code="too_large",
            params={"limit": filesizeformat(max_bytes)},
        )
    uploaded.seek(0)
    content, name = uploaded.read(), uploaded.name or ""
    kind, kept = _read(content, name=name, uploaded=uploaded)
    return CleanFile(kind, clean_name(name, kind), kept)


def _read(content: bytes, *, name: str, uploaded: UploadedFile[bytes]) -> tuple[Kind, bytes]:
    if content.startswith(b"%PDF-"):
        pdfs.check(content)
        return Kind.PDF, content
    if content.startswith(b"PK\x03\x04"):
        return office.packed_anew(content)
    if content.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8")) or content[8:12] == b"WEBP":
        picture = clean_image(uploaded, max_bytes=len(content), max_edge=PICTURE_EDGE)
        return (Kind.PNG if str(picture.name).endswith(".png") else Kind.JPEG), picture.read()
    if content.startswith(b"ID3") or audio.frame_length(content[:4]):
        return Kind.MP3, audio.frames_of(content)
    return Kind.TEXT, _text(content, name=name)


def _text(content: bytes, *, name: str) -> bytes:
    for is_one, words in OTHERS:
        if is_one(content[:16]):
            raise refusal(words, "unknown")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refusal(UNKNOWN, "unknown") from None
    if any(unicodedata.category(c) == "Cc" and c not in "\n\r\t\f" for c in set(text)):
        raise refusal(UNKNOWN, "unknown")
    if text.lstrip().startswith(("<", "#!")) or pdfs.MARKUP.search(content):
        raise refusal(WEB_PAGE, "web_page")
    if not TEXT_NAMES.search(name.replace("\\", "/").rsplit("/", 1)[-1].strip()):
        raise refusal(WEB_PAGE, "web_page")
    if not text.strip():
        raise refusal(_("This file is empty."), "empty")
    kept = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    if not is_table(name):
        return kept
    if RUNS.search(text):
        raise refusal(FORMULAS, "formulas")
    # By this mark Excel knows that letters beyond ASCII are UTF-8.
    return kept if text.isascii() else codecs.BOM_UTF8 + kept


class DocumentInput(forms.FileInput):
    """Says which files it takes."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        ends = ",".join([*(f".{kind.value}" for kind in Kind), ".csv", ".jpeg", ".webp"])
        super().__init__({"accept": ends, **(attrs or {})})


class DocumentField(forms.FileField):
    """A file, cleaned while the form is. Gives a CleanFile, or None."""

    widget = DocumentInput

    def __init__(self, *, max_bytes: int = DOCUMENT_BYTES, **kwargs: Any) -> None:
        self.max_bytes = max_bytes
        kwargs.setdefault(
            "help_text", _("PDF, Word, spreadsheet, OpenDocument, plain text, picture or MP3, up to 20 MB.")
        )
        super().__init__(**kwargs)

    # Django's own gives the file as it came.
    def to_python(self, data: Any) -> CleanFile | None:  # type: ignore[override]
        if data in self.empty_values:
            return None
        if not data.size:
            raise ValidationError(self.error_messages["empty"], code="empty")
        return clean_document(data, max_bytes=self.max_bytes)
