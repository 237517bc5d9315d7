"""Papers: letters of any script, nothing read, nothing lost."""

from __future__ import annotations

import base64
import logging
from io import BytesIO
from pathlib import Path

import pypdf
import pytest
from django.template import engines
from PIL import Image

from portal.common.paper import fonts, pdf

HERE = Path(__file__)


def has(script):
    return script not in fonts.missing_scripts()


@pytest.fixture
def paper(settings, tmp_path):
    """Draws some HTML on the portal's sheet and gives back its text."""
    folders = [tmp_path, *settings.TEMPLATES[0]["DIRS"]]
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": folders}]
    assert "django" in engines

    def draw(content, **context):
        template = tmp_path / "sheet.html"
        template.write_text(
            '{% extends "pdf/paper.html" %}{% block content %}' + content + "{% endblock %}", encoding="utf-8"
        )
        for loader in engines["django"].engine.template_loaders:
            loader.reset()
        return pypdf.PdfReader(BytesIO(pdf.render_pdf("sheet.html", context)))

    return draw


def text_of(reader):
    return "\n".join(page.extract_text() for page in reader.pages)


@pytest.mark.parametrize("name", ["Nguyễn Thị Ánh", "O'Brien", "Łukasz Żółć", "Ελένη", "Анна", "Zoë D’Souza", "-$5.00"])
def test_letters_of_the_body_face(paper, name):
    assert name in text_of(paper("<p>{{ name }}</p>", name=name))


def test_letters_typed_as_base_and_mark_are_composed(paper):
    assert "Nguyễn" in text_of(paper("<p>{{ name }}</p>", name="Nguye\u0302\u0303n"))


@pytest.mark.skipif(not has("Chinese"), reason="this machine has no Chinese font")
def test_chinese(paper):
    assert "王小明" in text_of(paper("<p>{{ name }}</p>", name="王小明"))


@pytest.mark.skipif(not has("Arabic"), reason="this machine has no Arabic font")
def test_arabic_is_joined_and_keeps_every_letter(paper):
    import unicodedata

    name = "محمد عربي"
    drawn = text_of(paper("<p>{{ name }}</p>", name=name)).split("Page 1 of 1")[1].strip()
    # Joined: the shapes of letters within a word, which fold back to the letters themselves.
    assert drawn != name
    assert {"ARABIC"} == {unicodedata.name(c).split()[0] for c in drawn if c != " "}
    assert sorted(unicodedata.normalize("NFKC", drawn)) == sorted(name)


def test_a_letter_that_no_font_has_is_seen_to_be_missing(paper, caplog):
    stand_in = fonts.choose("\U00013000").stand_in
    caplog.clear()
    drawn = text_of(paper("<p>[{{ name }}]</p>", name="A\U00013000B"))
    assert f"[A{stand_in}B]" in drawn
    assert stand_in.strip()
    assert "Some letters on this page could not be printed" in drawn
    assert "(egyptian)" in drawn
    assert [(r.name, r.levelname, r.getMessage()) for r in caplog.records if r.name == "portal.common.paper.fonts"] == [
        ("portal.common.paper.fonts", "WARNING", "no font on this machine has letters of: EGYPTIAN")
    ]


def test_a_machine_without_other_fonts_says_so(paper, monkeypatch, settings, tmp_path):
    monkeypatch.setattr(fonts, "SYSTEM", [])
    monkeypatch.setattr(fonts, "PACKAGED", [])
    settings.DATA_DIR = tmp_path
    fonts.fallbacks.cache_clear()
    try:
        assert fonts.missing_scripts() == ["Arabic", "Chinese"]
        drawn = text_of(paper("<p>[{{ name }}]</p>", name="王 Nguyễn"))
        assert "[? Nguyễn]" in drawn
        assert "(cjk)" in drawn
    finally:
        fonts.fallbacks.cache_clear()


def test_a_font_in_the_data_folder_is_used(settings, tmp_path):
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "own.ttf").write_bytes(fonts.body().bold.read_bytes())
    (tmp_path / "fonts" / "broken.ttf").write_bytes(b"not a font")
    settings.DATA_DIR = tmp_path
    fonts.fallbacks.cache_clear()
    try:
        assert fonts.fallbacks()[0].regular.name == "own.ttf"
    finally:
        fonts.fallbacks.cache_clear()


def test_nothing_is_said_when_every_letter_is_there(paper, caplog):
    assert "could not be printed" not in text_of(paper("<p>Nguyễn</p>"))
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


def test_characters_that_are_never_drawn_are_dropped(paper):
    """A direction mark in a name could turn an amount beside it round."""
    drawn = text_of(paper("<p>[{{ name }}] {{ amount }}</p>", name="A\u202eB\u200b\x07C\ud800", amount="$12.30"))
    assert "[ABC] $12.30" in drawn


def test_markup_in_a_name_stays_a_name(paper):
    name = "<img src=file:///etc/passwd>"
    reader = paper("<p>{{ name }}</p>", name=name)
    assert name in text_of(reader)
    assert "root:" not in text_of(reader)
    assert list(reader.pages[0].images) == []


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="file:///etc/passwd">',
        '<img src="{here}">',
        '<img src="../../manage.py">',
        '<img src="{picture}">',
        '<link rel="stylesheet" href="file:///etc/passwd">',
        '<style>@import url("{here}");</style>',
        '<img src="http://127.0.0.1:{port}/secret.png">',
        '<object data="file:///etc/passwd"></object>',
    ],
)
def test_markup_that_got_past_escaping_reads_nothing(paper, markup, tmp_path, secret_server):
    picture = tmp_path / "secret.png"
    Image.new("RGB", (40, 40), "red").save(picture)
    markup = markup.replace("{here}", str(HERE)).replace("{picture}", str(picture))
    reader = paper("<p>before</p>{{ markup|safe }}<p>after</p>", markup=markup.replace("{port}", secret_server.port))
    drawn = text_of(reader)
    assert "before" in drawn
    assert "after" in drawn
    assert "root:" not in drawn
    assert "Papers:" not in drawn
    assert [image for page in reader.pages for image in page.images] == []
    assert secret_server.asked == []


@pytest.fixture
def secret_server():
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []
    server.port = str(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_long_word_stays_on_the_page(paper):
    reader = paper(
        "<table><tr><td style='width: 30%'>{{ name }}</td><td style='width: 70%'>x</td></tr></table>", name="W" * 300
    )
    assert text_of(reader).replace("\n", "").count("W") == 300
    assert len(reader.pages) == 1


def test_pages_are_numbered(paper):
    reader = paper("{% for n in lines %}<p>Line {{ n }}</p>{% endfor %}", lines=range(200))
    count = len(reader.pages)
    assert count > 2
    assert [f"Page {n} of {count}" in page.extract_text() for n, page in enumerate(reader.pages, 1)] == [True] * count


def test_the_sheet_is_a4(paper):
    box = paper("<p>x</p>").pages[0].mediabox
    assert (round(box.width / 72 * 25.4), round(box.height / 72 * 25.4)) == (210, 297)


def data_of(address):
    return Image.open(BytesIO(base64.b64decode(address.removeprefix("data:image/png;base64,"))))


def test_a_picture_is_made_small_and_flat():
    out = BytesIO()
    Image.new("RGBA", (3000, 1000), (200, 0, 0, 0)).save(out, "PNG")
    image = data_of(pdf.picture(out.getvalue()))
    assert (image.size, image.mode, image.getpixel((0, 0))) == ((900, 300), "RGB", (255, 255, 255))


@pytest.mark.parametrize("data", [b"", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_picture_is_left_out(data):
    assert pdf.picture(data) == ""


def test_a_picture_is_printed(paper):
    out = BytesIO()
    Image.new("RGB", (60, 20), "navy").save(out, "PNG")
    reader = paper('<img src="{{ logo }}">', logo=pdf.picture(out.getvalue()))
    assert [image.image.size for image in reader.pages[0].images] == [(60, 20)]
