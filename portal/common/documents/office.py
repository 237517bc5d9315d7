"""Word, spreadsheet and OpenDocument files: zip files of XML, packed anew from the parts that belong into them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any
from xml.parsers import expat

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.common.documents.kinds import Kind, refusal
from portal.common.media.uploads import MB

MOST_PARTS = 3000
MOST_UNPACKED = 120 * MB
# Of all parts together; a microsecond each. A kilobyte of file unpacks to a quarter of a million empty ones.
MOST_ELEMENTS = 2_000_000

MAIN_PARTS = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": Kind.DOCX,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": Kind.XLSX,
}
ODT_TYPE = b"application/vnd.oasis.opendocument.text"
# What these documents are made of. Anything else is a passenger.
PARTS = re.compile(
    r"""
      [^\x00\\:]+ \. (?: xml | rels | rdf | jpe?g | png | gif | bmp | tiff? | emf | wmf | ttf | odttf | otf )
    | xl/printerSettings/[^/]+\.bin      # which paper, and no more
    | mimetype
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Macros, controls and other documents inside.
ACTIVE_PARTS = re.compile(r"vba|macro|activex|oleobject|/embeddings/|^basic/|^scripts/|^object|customui", re.IGNORECASE)
# DDE starts programs, INCLUDE fetches: neither belongs into a worksheet.
ACTIVE_FIELDS = re.compile(r"\b(?:DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE)\b", re.IGNORECASE)
ACTIVE_ELEMENTS = {"ddeLink", "oleLink", "event-listener", "oleObject", "control"}
# What an OpenDocument loads as it is opened or drawn.
FETCHED = {
    *("image", "object", "object-ole", "plugin", "applet", "floating-frame", "background-image", "fill-image", "sound"),
    *("section-source", "table-source", "cell-range-source", "auto-reload"),
}
LINKS = ("http://", "https://", "mailto:", "tel:", "#")

IT_CARRIES = _("This file holds macros or other files. Save it without them, or print it to a PDF.")
IT_REACHES_OUT = _("This file loads something from elsewhere when it is opened. Print it to a PDF and choose that one.")
TOO_MUCH = _("This file unpacks to too much. Print it to a PDF and choose that one.")


def packed_anew(content: bytes) -> tuple[Kind, bytes]:
    """The same document from its own parts alone; raises ValidationError for any other zip file."""
    # Before zipfile makes an object of each entry of its directory. A few bytes of a part may look like one.
    if content.count(b"PK\x01\x02") > 2 * MOST_PARTS:
        raise refusal(TOO_MUCH, "bomb")
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            kind = _kind(packed)
            return kind, _copied(packed)
    except ValidationError:
        raise
    except Exception:
        # zipfile raises BadZipFile, zlib.error, NotImplementedError, EOFError, struct.error, ...
        words = _("This file can't be read; it may be damaged. Save it again, or print it to a PDF.")
        raise refusal(words, "damaged") from None


def _kind(packed: zipfile.ZipFile) -> Kind:
    parts = packed.infolist()
    names = {part.filename for part in parts}
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise refusal(TOO_MUCH, "bomb")
    if any(part.flag_bits & 1 for part in parts):
        raise refusal(_("This file is locked with a password. Save it without one and choose that."), "locked")
    if len(names) < len(parts):
        raise refusal(IT_CARRIES, "carries")
    if {"mimetype", "content.xml"} <= names and _part(packed, "mimetype").strip() == ODT_TYPE:
        return Kind.ODT
    if "[Content_Types].xml" in names:
        types: set[str] = set()
        listed = _part(packed, "[Content_Types].xml")
        _read(listed, lambda tag, attributes: types.add(attributes.get("ContentType", "")))
        if any("macroEnabled" in kind or "vbaProject" in kind for kind in types):
            raise refusal(IT_CARRIES, "carries")
        if kinds := {MAIN_PARTS[kind] for kind in types & MAIN_PARTS.keys()}:
            return kinds.pop()
    words = _(
        "This is a packed folder, or a kind of document that we can't check. Save it as a PDF and choose that one."
    )
    raise refusal(words, "archive")


def _copied(packed: zipfile.ZipFile) -> bytes:
    out, left, elements = BytesIO(), MOST_UNPACKED, MOST_ELEMENTS
    parts = [part.filename for part in packed.infolist() if not part.is_dir()]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as fresh:
        # An OpenDocument begins with its type, uncompressed.
        for name in sorted(parts, key=lambda name: name != "mimetype"):
            if ACTIVE_PARTS.search(name) or not PARTS.fullmatch(name) or ".." in name.split("/"):
                raise refusal(IT_CARRIES, "carries")
            data = _part(packed, name, most=left)
            left -= len(data)
            if name.lower().endswith((".xml", ".rels", ".rdf")):
                elements -= _check(data, most=elements)
            how = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            fresh.writestr(zipfile.ZipInfo(name), data, compress_type=how)
    return out.getvalue()


def _part(packed: zipfile.ZipFile, name: str, *, most: int = MB) -> bytes:
    """One part; what the file says of its own size is not believed."""
    with packed.open(name) as part:
        data = part.read(most + 1)
    if len(data) > most:
        raise refusal(TOO_MUCH, "bomb")
    return data


def _check(data: bytes, *, most: int) -> int:
    """Refuses a part that acts or reaches out; returns how many elements it has."""
    count, fields = _read(data, _check_element, most=most)
    if ACTIVE_FIELDS.search(fields):
        raise refusal(IT_CARRIES, "carries")
    return count


def _check_element(tag: str, attributes: dict[str, str]) -> None:
    if tag == "Relationship" and attributes.get("TargetMode") == "External":
        # A template, a frame or a picture that lies elsewhere is fetched, and tells who opened the file.
        if not attributes.get("Type", "").endswith("/hyperlink"):
            raise refusal(IT_REACHES_OUT, "reaches_out")
        if not attributes.get("Target", "").lower().startswith(LINKS):
            raise refusal(IT_REACHES_OUT, "reaches_out")
    # An OpenDocument names the same where it stands, under whatever prefix it gave to xlink.
    if tag in FETCHED or tag == "a":
        for name, address in attributes.items():
            followed = tag == "a" and address.lower().startswith(LINKS)
            if name.rpartition(":")[2] == "href" and _lies_elsewhere(address) and not followed:
                raise refusal(IT_REACHES_OUT, "reaches_out")
    if tag in ACTIVE_ELEMENTS:
        raise refusal(IT_CARRIES, "carries")


def _lies_elsewhere(address: str) -> bool:
    return ":" in address.partition("/")[0] or address.startswith(("//", "\\\\", "../"))


def _read(data: bytes, look: Callable[[str, dict[str, str]], Any], *, most: int = MOST_ELEMENTS) -> tuple[int, str]:
    """Shows each element with its attributes; returns how many there are, and Word's field codes in a row.

    Keeps none of them: the elements of a hostile part take fifty times its own size. Raises ValidationError for a part
    that declares entities, or has more elements than `most`.
    """
    fields: list[str] = []
    count = in_field = 0

    def refuse(*args: Any) -> None:
        raise refusal(IT_CARRIES, "carries")

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count, in_field
        count += 1
        if count > most:
            raise refusal(TOO_MUCH, "bomb")
        local = tag.rpartition(":")[2]
        look(local, attributes)
        in_field += local == "instrText"
        if local == "fldSimple":
            fields.extend(f" {value} " for name, value in attributes.items() if name.endswith("instr"))

    def text(words: str) -> None:
        if in_field:
            fields.append(words)

    def end(tag: str) -> None:
        nonlocal in_field
        in_field -= tag.rpartition(":")[2] == "instrText"

    parser = expat.ParserCreate()
    # Else every line is handed over by itself.
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.StartElementHandler, parser.CharacterDataHandler, parser.EndElementHandler = start, text, end
    parser.Parse(data, True)
    return count, "".join(fields)
