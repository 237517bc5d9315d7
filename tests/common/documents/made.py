"""Files of every kind, made here: good ones, and those that should not be taken."""

import zipfile
from io import BytesIO

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject, TextStringObject

OOXML = "application/vnd.openxmlformats-officedocument"
CONTENT_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="{part}" ContentType="{type}"/></Types>'
)
RELATIONSHIPS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}'
    "</Relationships>"
)
WORD = '<w:document xmlns:w="urn:w"><w:body><w:p>{}</w:p></w:body></w:document>'


def writer(pages: int = 1) -> PdfWriter:
    made = PdfWriter()
    for _ in range(pages):
        made.add_blank_page(width=595, height=842)
    return made


def written(made: PdfWriter) -> bytes:
    out = BytesIO()
    made.write(out)
    return out.getvalue()


def pdf(pages: int = 1) -> bytes:
    return written(writer(pages))


def pdf_doing(action: dict[str, str]) -> bytes:
    """A PDF that does something when it is opened."""
    made = writer()
    made._root_object[NameObject("/OpenAction")] = DictionaryObject(
        {NameObject(name): NameObject(v) if v.startswith("/") else TextStringObject(v) for name, v in action.items()}
    )
    return written(made)


def pdf_doing_when_a_page_opens() -> bytes:
    """The page's own actions (`/AA`), which a reader follows as the page is shown."""
    made = writer()
    opens = DictionaryObject(
        {NameObject("/S"): NameObject("/URI"), NameObject("/URI"): TextStringObject("https://a.b")}
    )
    made.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): opens})
    return written(made)


def pdf_with_a_link(address: str) -> bytes:
    made = writer()
    action = DictionaryObject({NameObject("/S"): NameObject("/URI"), NameObject("/URI"): TextStringObject(address)})
    link = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Link"),
            NameObject("/A"): action,
        }
    )
    made.pages[0][NameObject("/Annots")] = ArrayObject([link])
    return written(made)


def pdf_doing_it_in_a_compressed_stream() -> bytes:
    """The command stands in an object that nothing leads to, inside a stream that a search of the bytes can't read."""
    made = writer()
    made._add_object(
        ArrayObject([ArrayObject([DictionaryObject({NameObject("/S"): NameObject("/SubmitForm")})])]),
    )
    return written(made)


def pdf_carrying(name: str = "other.exe") -> bytes:
    made = writer()
    made.add_attachment(name, b"MZ")
    return written(made)


def pdf_with_javascript() -> bytes:
    return pdf_doing({"/S": "/JavaScript", "/JS": "app.alert('hello')"})


def pdf_with_a_spelt_out_name() -> bytes:
    """`/J#61vaScript` is `/JavaScript` to every reader."""
    return pdf_with_javascript().replace(b"/JavaScript", b"/J#61vaScript").replace(b"/JS", b"/J#53")


def pdf_locked() -> bytes:
    made = writer()
    made.encrypt("secret")
    return written(made)


def pdf_without_pages() -> bytes:
    return written(PdfWriter())


def pdf_nested(depth: int = 20_000) -> bytes:
    return pdf().replace(b"/Producer (pypdf)", b"/A " + b"[" * depth + b"]" * depth, 1)


def pdf_of_many_objects(count: int) -> bytes:
    made = writer()
    for _ in range(count):
        made._add_object(DictionaryObject())
    return written(made)


def pdf_bomb() -> bytes:
    """A table of objects that unpacks from kilobytes to gigabytes."""
    import zlib

    packer = zlib.compressobj(9, wbits=-15)
    # The same block again and again, packed once, and what Adler's sum of so many zeros is.
    block = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    times = 400
    checksum = (times * 1_000_000 % 65_521) << 16 | 1
    packed = b"\x78\xda" + block * times + b"\x03\x00" + checksum.to_bytes(4, "big")
    stream = DecodedStreamObject()
    stream.set_data(packed)
    return (
        b"%PDF-1.5\n1 0 obj\n<</Type/XRef/Size 3/W[1 2 1]/Root 2 0 R/Filter/FlateDecode/Length "
        + str(len(packed)).encode()
        + b">>\nstream\n"
        + packed
        + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"
    )


def packed(parts: dict[str, bytes | str], *, comment: bytes = b"") -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
        file.comment = comment
    return out.getvalue()


def docx(
    text: str = "<w:r><w:t>Sleep diary</w:t></w:r>", main: str = "wordprocessingml.document.main", **parts
) -> bytes:
    return packed(
        {
            "[Content_Types].xml": CONTENT_TYPES.format(part="/word/document.xml", type=f"{OOXML}.{main}+xml"),
            "_rels/.rels": RELATIONSHIPS.format(""),
            "word/document.xml": WORD.format(text),
        }
        | parts
    )


def docx_related(kind: str, target: str) -> bytes:
    relation = f'<Relationship Id="r1" TargetMode="External" Type="urn:x/{kind}" Target="{target}"/>'
    return docx(**{"word/_rels/document.xml.rels": RELATIONSHIPS.format(relation)})


def xlsx(**parts) -> bytes:
    types = CONTENT_TYPES.format(part="/xl/workbook.xml", type=f"{OOXML}.spreadsheetml.sheet.main+xml")
    return packed({"[Content_Types].xml": types, "xl/workbook.xml": "<workbook/>"} | parts)


def odt(**parts) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        file.writestr("content.xml", "<office:document-content xmlns:office='o'/>")
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


def mp3(frames: int = 60, *, tag: bytes = b"", tail: bytes = b"") -> bytes:
    """Silence at 128 kbit/s, 44.1 kHz."""
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    if tag:
        size = len(tag)
        head = bytes([size >> 21 & 0x7F, size >> 14 & 0x7F, size >> 7 & 0x7F, size & 0x7F])
        tag = b"ID3\x04\x00\x00" + head + tag
    return tag + frame * frames + tail


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB") -> bytes:
    out = BytesIO()
    Image.new(mode, size, 120 if mode == "L" else (120, 160, 90, 40)[: len(mode)]).save(out, kind)
    return out.getvalue()
