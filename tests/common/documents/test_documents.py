"""A file is what its bytes say; what acts by itself, carries others or is two things at once is refused with a word."""

import tracemalloc
import zipfile
from io import BytesIO

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from portal.common import documents
from portal.common.documents import DocumentField, Kind, clean_document, office, pdfs
from portal.common.documents.kinds import clean_name, served_as
from portal.common.media.uploads import MB
from tests.common.documents import made


def cleaned(content, name="file.bin"):
    return clean_document(SimpleUploadedFile(name, content, content_type="text/html"))


def refusal(content, name="file.bin"):
    with pytest.raises(ValidationError) as refused:
        cleaned(content, name)
    return refused.value.code


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (made.pdf(), Kind.PDF),
        (made.docx(), Kind.DOCX),
        (made.xlsx(), Kind.XLSX),
        (made.odt(), Kind.ODT),
        (made.picture("JPEG"), Kind.JPEG),
        (made.picture("PNG", mode="RGBA"), Kind.PNG),
        (made.picture("WEBP"), Kind.JPEG),
        (made.mp3(), Kind.MP3),
        (made.mp3(tag=b"TIT2" + bytes(300)), Kind.MP3),
    ],
)
def test_kind_is_told_by_content_whatever_the_name(content, kind):
    made_of_it = cleaned(content, "holiday.exe")
    assert (made_of_it.kind, made_of_it.name) == (kind, f"holiday.{kind.value}")


def test_text_is_kept_in_one_spelling():
    clean = cleaned("\ufeffSchlaf\r\nwas gut".encode(), "tagebuch.txt")
    assert (clean.kind, clean.content) == (Kind.TEXT, b"Schlaf\nwas gut")


def test_a_table_stays_one_and_runs_nothing():
    clean = cleaned(b"Tag,Stunden\r\nDi,-1\r\nMi,7\r\n", "C:\\Schlaf.CSV")
    assert (clean.kind, clean.name, clean.content) == (Kind.TEXT, "Schlaf.csv", b"Tag,Stunden\nDi,-1\nMi,7\n")
    assert served_as(clean.kind, clean.name) == "text/csv; charset=utf-8"
    assert cleaned("Tag,Müde".encode(), "a.csv").content == "\ufeffTag,Müde".encode()
    for cell in ("=1+1", '"=HYPERLINK(A1)"', "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+SUM(A1)"):
        with pytest.raises(ValidationError) as refused:
            cleaned(f"Day,What\nTue,{cell}\n".encode(), "a.csv")
        assert refused.value.code == "formulas"
    # Of a text that is no table nothing runs.
    assert cleaned(b"=1+1", "a.txt").name == "a.txt"
    assert served_as(Kind.TEXT, "a.txt") == "text/plain; charset=utf-8"


def test_size_and_digest_are_of_what_is_kept():
    clean = cleaned(b"\xef\xbb\xbfabc", "a.txt")
    assert clean.size == 3
    assert clean.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_name_stands_in_no_traceback():
    assert "panic" not in repr(cleaned(b"abc", "panic-attacks.txt"))


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_type_and_only_harmless_ones_open_in_a_browser(kind):
    assert "html" not in kind.media_type
    assert "svg" not in kind.media_type
    assert kind.icon
    assert kind.opens_in_a_browser == (kind.media_type in {"application/pdf", "image/png", "image/jpeg", "audio/mpeg"})


def repr_of_nothing(value):
    """Names of tests without the files themselves."""
    return value if isinstance(value, str) else "taken" if value is None else "file"


# ---- What is refused -------------------------------------------------------------------------------------------------

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (SVG, "a.txt", "web_page"),
        (b"\xef\xbb\xbf\n <!doctype html><p>", "a.txt", "web_page"),
        (b"hello <script>alert(1)</script>", "a.txt", "web_page"),
        (b"#!/bin/sh\nrm -rf /", "a.txt", "web_page"),
        (b"alert(document.cookie)", "a.js", "web_page"),
        (b"@echo off", "worksheet.txt.bat", "web_page"),
        (b"MZ\x90\x00", "a.pdf", "unknown"),
        (b"\x7fELF\x02", "a.pdf", "unknown"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old.doc", "unknown"),
        (b"{\\rtf1 hello}", "a.rtf", "unknown"),
        (b"\x00\x00\x00\x18ftypheic", "photo.pdf", "unknown"),
        (b"\x00\x00\x00\x18ftypM4A ", "memo.mp3", "unknown"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "memo.mp3", "unknown"),
        (b"\x1f\x8b\x08\x00", "a.gz", "unknown"),
        (b"caf\xe9", "a.txt", "unknown"),
        (b"a\x00b", "a.txt", "unknown"),
        (b"a\x1b[31mred", "a.txt", "unknown"),
        (b" \n\t", "a.txt", "empty"),
        (made.packed({"setup.exe": b"MZ"}), "a.docx", "archive"),
        (made.packed({"[Content_Types].xml": "<Types/>"}), "a.docx", "archive"),
        (b"PK\x03\x04" + bytes(80), "a.docx", "damaged"),
        (made.docx()[:-30], "a.docx", "damaged"),
        (made.picture()[:80], "a.jpg", "not_a_picture"),
        (made.mp3(frames=5), "a.mp3", "damaged"),
        (made.mp3(frames=30, tail=b"<script>" * 9000), "a.mp3", "damaged"),
    ],
)
def test_other_files_are_refused(content, name, code):
    assert refusal(content, name) == code


def test_a_file_too_large_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(SimpleUploadedFile, "read", lambda *a: pytest.fail("it was read"))
    assert refusal(b"%PDF-" + bytes(20 * MB)) == "too_large"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (made.pdf_with_javascript(), "acts"),
        (made.pdf_with_a_spelt_out_name(), "acts"),
        (made.pdf_doing({"/S": "/Launch", "/F": "cmd.exe"}), "acts"),
        (made.pdf_doing({"/S": "/SubmitForm", "/F": "https://example.com"}), "acts"),
        (made.pdf_doing({"/S": "/ImportData"}), "acts"),
        (made.pdf_doing_it_in_a_compressed_stream(), "acts"),
        (made.pdf_doing({"/S": "/URI", "/URI": "https://example.com"}), "acts"),
        (made.pdf_doing({"/S": "/Named", "/N": "/Print"}), "acts"),
        (made.pdf_doing({"/S": "/GoToR", "/F": "//example.com/share/a.pdf"}), "acts"),
        (made.pdf_doing_when_a_page_opens(), "acts"),
        (made.pdf_carrying(), "carries"),
        (made.pdf_locked(), "locked"),
        (made.pdf_without_pages(), "damaged"),
        (made.pdf()[:-10], "damaged"),
        (b"%PDF-1.7\n" + b"x" * 400 + b"%%EOF", "damaged"),
        (made.pdf_nested(), "damaged"),
        (made.pdf_bomb(), "damaged"),
        (made.pdf().replace(b"%PDF-1.3", b"%PDF-1.3<script>alert(1)</script>", 1), "mixed"),
        (made.pdf() + made.packed({"setup.exe": b"MZ"}), "mixed"),
    ],
    ids=repr_of_nothing,
)
def test_a_pdf_that_is_more_than_pages_is_refused(content, code):
    assert refusal(content, "a.pdf") == code


def test_a_link_in_a_pdf_is_no_command():
    """Somebody presses it; nothing follows it when the file is opened."""
    assert cleaned(made.pdf_with_a_link("https://example.com")).kind == Kind.PDF


def test_a_pdf_that_opens_at_one_of_its_pages_is_taken():
    assert cleaned(made.pdf_doing({"/S": "/GoTo", "/D": "chapter"})).kind == Kind.PDF


def test_a_pdf_of_too_many_parts_is_not_looked_through(monkeypatch):
    monkeypatch.setattr(pdfs, "MOST_OBJECTS", 50)
    assert refusal(made.pdf_of_many_objects(60)) == "complicated"


def test_a_pdf_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(pdfs, "MOST_SECONDS", -1)
    assert refusal(made.pdf()) == "complicated"


def test_papers_of_our_own_are_taken():
    from portal.common.paper.pdf import render_pdf

    assert cleaned(render_pdf("pdf/paper.html", {})).kind == Kind.PDF


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (made.docx(main="wordprocessingml.template.macroEnabledTemplate.main"), "carries"),
        (made.docx(**{"word/vbaProject.bin": b"\x00"}), "carries"),
        (made.docx(**{"word/embeddings/oleObject1.bin": b"\x00"}), "carries"),
        (made.docx(**{"word/afchunk.htm": b"<script>"}), "carries"),
        (made.docx(**{"word/../../evil.xml": "<a/>"}), "carries"),
        (made.docx(**{"setup.exe": b"MZ"}), "carries"),
        (made.docx_related("attachedTemplate", "https://evil.example/a.dotm"), "reaches_out"),
        (made.docx_related("image", "https://evil.example/pixel.png"), "reaches_out"),
        (made.docx_related("hyperlink", "file:///c:/windows/calc.exe"), "reaches_out"),
        (made.docx("<w:r><w:instrText>DDE</w:instrText><w:instrText>AUTO c:\\\\cmd</w:instrText></w:r>"), "carries"),
        (made.docx('<w:fldSimple w:instr="INCLUDEPICTURE http://e.example/"/>'), "carries"),
        (made.docx().replace(b"unused", b""), None),
        (made.xlsx(**{"xl/externalLinks/externalLink1.xml": "<externalLink><ddeLink/></externalLink>"}), "carries"),
        (made.xlsx(**{"xl/printerSettings/printerSettings1.bin": b"\x00"}), None),
        (made.odt(**{"Basic/Standard/Module1.xml": "<a/>"}), "carries"),
        (made.odt(**{"Object 1/content.xml": "<a/>"}), "carries"),
        (made.odt(**{"styles.xml": "<a><draw:image xlink:href='http://e.example/x.png'/></a>"}), "reaches_out"),
        (made.odt(**{"styles.xml": "<a><d:image x:href='http://e.example/x.png'/></a>"}), "reaches_out"),
        (made.odt(**{"styles.xml": "<a><draw:floating-frame xlink:href='http://e.example/'/></a>"}), "reaches_out"),
        (made.odt(**{"meta.xml": "<a><meta:auto-reload xlink:href='http://e.example/'/></a>"}), "reaches_out"),
        (made.odt(**{"styles.xml": "<a><style:background-image xlink:href='//e.example/a.png'/></a>"}), "reaches_out"),
        (made.odt(**{"styles.xml": "<a><text:a xlink:href='vnd.sun.star.script:x'/></a>"}), "reaches_out"),
        (made.odt(**{"styles.xml": "<a><text:a xlink:href='https://e.example/'/></a>"}), None),
        (made.odt(**{"styles.xml": "<a><text:a xlink:href='#Week 2|outline'/></a>"}), None),
        (made.odt(**{"styles.xml": "<a><style:background-image xlink:href='Pictures/a.png'/></a>"}), None),
        (made.odt(**{"Pictures/a.png": b"\x89PNG"}), None),
        (made.docx(**{"word/styles.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}), "carries"),
        (made.docx(**{"word/styles.xml": "<a>"}), "damaged"),
    ],
    ids=repr_of_nothing,
)
def test_office_files_that_act_or_carry_are_refused(content, code):
    if code is None:
        assert cleaned(content).kind in {Kind.DOCX, Kind.XLSX, Kind.ODT}
    else:
        assert refusal(content) == code


def test_an_office_file_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(office, "MOST_UNPACKED", MB)
    assert refusal(made.docx(**{"word/media/a.png": bytes(2 * MB)})) == "bomb"


def test_an_office_file_that_hides_its_size_is_refused(monkeypatch):
    """The directory of a zip file says whatever its writer likes."""
    content = made.docx(**{"word/media/a.png": bytes(3 * MB)})
    monkeypatch.setattr(office, "MOST_UNPACKED", MB)
    size = (3 * MB).to_bytes(4, "little")
    assert content.count(size) == 2
    assert refusal(content.replace(size, (10).to_bytes(4, "little"))) in {"bomb", "damaged"}


def test_an_office_file_of_too_many_parts_is_refused_before_it_is_opened(monkeypatch):
    content = made.docx(**{f"word/media/{n}.png": b"" for n in range(20)})
    monkeypatch.setattr(office, "MOST_PARTS", 10)
    monkeypatch.setattr(office.zipfile, "ZipFile", lambda file: pytest.fail("opened"))
    assert refusal(content) == "bomb"


def test_an_office_file_of_too_many_elements_is_refused(monkeypatch):
    """Four bytes each, and packed next to nothing: a small file could hold thirty million. All parts count together."""
    monkeypatch.setattr(office, "MOST_ELEMENTS", 1000)
    many = f"<a>{'<b/>' * 700}</a>"
    assert cleaned(made.docx(**{"word/styles.xml": many})).kind == Kind.DOCX
    assert refusal(made.docx(**{"word/styles.xml": many, "word/settings.xml": many})) == "bomb"


def test_elements_of_an_office_file_are_not_gathered():
    """Two hundred thousand of them, kept, would be fifty megabytes."""
    content = made.docx(**{"word/styles.xml": f"<a>{'<b/>' * 200_000}</a>"})
    tracemalloc.start()
    cleaned(content)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10 * MB


# ---- What is kept ----------------------------------------------------------------------------------------------------


def test_office_files_are_packed_anew():
    content = b"PK\x03\x04".join([b"", made.docx(**{"word/media/a.png": b"\x89PNG"})[4:]]) + b""
    behind = made.packed({"[Content_Types].xml": b""}, comment=b"hidden words")
    assert b"hidden words" in behind
    kept = cleaned(content).content
    with zipfile.ZipFile(BytesIO(kept)) as file:
        assert file.comment == b""
        assert {part.filename for part in file.infolist()} == {
            "[Content_Types].xml",
            "_rels/.rels",
            "word/document.xml",
            "word/media/a.png",
        }
        assert file.read("word/media/a.png") == b"\x89PNG"


def test_what_stands_before_the_first_part_of_a_zip_is_left_behind():
    docx = made.docx()
    hidden = b"PK\x03\x04" + b"<script>alert(1)</script>" * 3
    assert b"<script>" not in cleaned(hidden + docx).content


def test_an_opendocument_still_begins_with_its_type():
    assert cleaned(made.odt()).content[30:77] == b"mimetypeapplication/vnd.oasis.opendocument.text"


def test_tags_of_audio_are_forgotten():
    frames = made.mp3()
    assert cleaned(made.mp3(tag=b"Recorded at home by Mai", tail=b"TAG" + b"a song".ljust(125))).content == frames


def test_pictures_are_written_anew():
    clean = cleaned(made.picture("JPEG", size=(3000, 100)) + b"<script>alert(1)</script>")
    assert b"<script>" not in clean.content
    assert Image.open(BytesIO(clean.content)).size == (2400, 80)


def taken_or_told(content):
    """What is kept, or the words of the refusal; any other error comes up."""
    try:
        return cleaned(content, "a.txt").size
    except ValidationError as refused:
        return refused.messages[0]


@given(st.binary(max_size=400), st.sampled_from([b"", b"%PDF-1.7\n", b"PK\x03\x04", b"ID3\x04\x00\x00", b"\xff\xfb"]))
def test_any_bytes_are_taken_or_refused_with_a_word(tail, head):
    assert taken_or_told(head + tail)


@given(st.integers(0, 3000), st.integers(0, 255))
def test_a_pdf_with_any_byte_changed_is_taken_or_refused_with_a_word(place, byte):
    content = bytearray(made.pdf())
    content[place % len(content)] = byte
    assert taken_or_told(bytes(content))


# ---- What it is called -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Sleep diary.pdf", "Sleep diary.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\Mai\\plan.PDF", "plan.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie x=1.pdf"),
        ("exe\u202efdp.scr", "exefdp.pdf"),
        ("nhật ký giấc ngủ.pdf", "nhật ký giấc ngủ.pdf"),
        ("睡眠日记.docx", "睡眠日记.pdf"),
        ("می‌خواهم.pdf", "می‌خواهم.pdf"),
        ("x" * 300 + ".pdf", "x" * 120 + ".pdf"),
        ("  .. .pdf", "document.pdf"),
        ("", "document.pdf"),
        ("CON.pdf", "document.pdf"),
        ('we"ird<>|?*.pdf', "we ird.pdf"),
        ("100%.pdf", "100.pdf"),
        ("archive.tar.gz", "archive.tar.pdf"),
        ("v1. the plan for us", "v1. the plan for us.pdf"),
        ("half\ud800.pdf", "half.pdf"),
    ],
)
def test_names_are_cleaned(sent, kept):
    assert clean_name(sent, Kind.PDF) == kept


@given(st.text(max_size=400))
@example("\u200c.\u200d")
@example("a" * 119 + " b")
def test_any_name_is_safe_to_save(name):
    kept = clean_name(name, Kind.PDF)
    assert kept.endswith(".pdf")
    assert 5 <= len(kept) <= 124
    assert not set(kept) & set('/\\<>:"|?*%\r\n\x00\u202e')
    assert kept[0] not in ". "
    assert clean_name(kept, Kind.PDF) == kept


# ---- In a form -------------------------------------------------------------------------------------------------------


class Form(forms.Form):
    title = forms.CharField()
    file = DocumentField(required=False)


def test_field_gives_the_clean_file_or_nothing():
    form = Form({"title": "A"}, {"file": SimpleUploadedFile("a.pdf", made.pdf())})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["file"].kind == Kind.PDF
    form = Form({"title": "A"}, {})
    assert form.is_valid()
    assert form.cleaned_data["file"] is None


def test_field_says_what_is_wrong_beside_itself():
    for content in (b"", SVG):
        form = Form({"title": "A"}, {"file": SimpleUploadedFile("a.pdf", content)})
        assert list(form.errors) == ["file"]


def test_the_help_names_the_size_that_is_enforced():
    assert f"up to {documents.DOCUMENT_BYTES // MB} MB" in str(DocumentField().help_text)
