"""Renditions: which there are, what is in them, and how they are served."""

import os
import threading
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from PIL import Image

from portal.common.media import pictures
from portal.common.media.pictures import (
    KINDS,
    PORTRAIT,
    WIDE,
    Box,
    cropped_square,
    delete_picture,
    delete_renditions,
    draw,
    rendition_name,
    rendition_response,
    size_of,
    widths_of,
    write_renditions,
)
from portal.common.media.uploads import MB, clean_image


class Stored:
    """A file as a model's field holds it."""

    def __init__(self, storage, content=None, name=None):
        self.storage = storage
        self.name = name or (storage.save(f"people/{content.name}", content) if content else "")

    def __bool__(self):
        return bool(self.name)


# An answer that is closed puts the database's connections in order.
pytestmark = pytest.mark.django_db


def master(size=(1000, 1000), *, mode="RGB", color="teal", kind="PNG", max_edge=1600):
    buffer = BytesIO()
    Image.new(mode, size, color).save(buffer, kind)
    return clean_image(SimpleUploadedFile("me.png", buffer.getvalue()), max_bytes=10 * MB, max_edge=max_edge)


@pytest.fixture
def storage(tmp_path):
    return FileSystemStorage(tmp_path, base_url="/nowhere/")


@pytest.fixture
def stored(storage):
    return Stored(storage, master())


def files(storage):
    return sorted(storage.listdir("people")[1])


def body(response):
    try:
        return b"".join(response.streaming_content)
    finally:
        response.close()


def asked(stored, path="/", **headers):
    return rendition_response(
        stored, width=320, kind="webp", public=True, request=RequestFactory().get(path, headers=headers)
    )


# ---- Which there are -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "widths", "given"),
    [
        (1200, PORTRAIT, [160, 320, 640]),
        (640, PORTRAIT, [160, 320, 640]),
        (500, PORTRAIT, [160, 320, 500]),
        (60, PORTRAIT, [60]),
        (1600, WIDE, [480, 800, 1200, 1600]),
        (1000, WIDE, [480, 800, 1000]),
    ],
)
def test_never_wider_than_the_picture_is(width, widths, given):
    assert widths_of((width, 400), widths) == given


def test_size_is_told_by_the_name_without_a_look_at_the_disk():
    assert size_of(Stored(None, name=f"people/{'0' * 32}-1200x800.jpg")) == (1200, 800)


def test_picture_from_before_names_told_is_measured_once(storage, monkeypatch):
    old = Stored(storage, name=storage.save("people/abcdef.jpg", ContentFile(master((300, 200)).read())))
    assert size_of(old) == (300, 200)
    monkeypatch.setattr(storage, "open", lambda *a: pytest.fail("it was opened again"))
    assert size_of(old) == (300, 200)


def test_no_picture_and_a_lost_one_have_no_size(storage):
    assert size_of(Stored(storage)) is None
    assert size_of(Stored(storage, name="people/lost.jpg")) is None
    assert write_renditions(Stored(storage, name="people/lost.jpg"), widths=PORTRAIT) == []


# ---- What is written -------------------------------------------------------------------------------------------------


def test_every_width_in_every_kind(storage, stored):
    names = write_renditions(stored, widths=PORTRAIT)
    assert names == [rendition_name(stored.name, width=w, kind=k) for w in PORTRAIT for k in KINDS]
    assert {f"people/{name}" for name in files(storage)} == {stored.name, *names}
    formats = {"avif": "AVIF", "webp": "WEBP", "jpg": "JPEG"}
    for width in PORTRAIT:
        for kind in KINDS:
            with storage.open(rendition_name(stored.name, width=width, kind=kind)) as file, Image.open(file) as made:
                assert (made.format, made.size) == (formats[kind], (width, width))


def test_ratio_is_kept(storage):
    wide = Stored(storage, master((1600, 900)))
    write_renditions(wide, widths=WIDE)
    with storage.open(rendition_name(wide.name, width=480, kind="jpg")) as file:
        assert Image.open(file).size == (480, 270)


def test_see_through_parts_stay_and_are_white_where_jpeg_has_none(storage):
    stored = Stored(storage, master(mode="RGBA", color=(0, 0, 0, 0)))
    write_renditions(stored, widths=(160,))
    with storage.open(rendition_name(stored.name, width=160, kind="webp")) as file:
        assert Image.open(file).convert("RGBA").getpixel((5, 5))[3] == 0
    with storage.open(rendition_name(stored.name, width=160, kind="jpg")) as file:
        assert min(Image.open(file).getpixel((5, 5))) > 250


def test_nothing_rides_along_even_when_the_master_carries_it(storage):
    """Masters are made without; one that came by other ways must not hand its secrets on."""
    image = Image.new("RGB", (200, 200), "teal")
    exif = image.getexif()
    exif[0x010F] = "CameraMaker"
    exif.get_ifd(0x8825)[1] = "S"
    buffer = BytesIO()
    image.save(buffer, "JPEG", exif=exif, comment=b"a secret comment", icc_profile=b"a profile of somebody")
    stored = Stored(storage, name=storage.save("people/x.jpg", ContentFile(buffer.getvalue())))
    for name in write_renditions(stored, widths=(160,)):
        with storage.open(name) as file:
            content = file.read()
        for secret in (b"CameraMaker", b"secret", b"profile of somebody", b"Exif"):
            assert secret not in content


def test_no_half_written_file_is_ever_seen(storage, stored, monkeypatch):
    def killed(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(pictures.os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_renditions(stored, widths=PORTRAIT)
    monkeypatch.undo()
    assert files(storage) == [stored.name.removeprefix("people/")]


def test_a_store_that_has_no_folders(stored):
    memory = InMemoryStorage()
    there = Stored(memory, master())
    assert len(write_renditions(there, widths=PORTRAIT)) == len(PORTRAIT) * len(KINDS)
    assert write_renditions(there, widths=PORTRAIT) == write_renditions(there, widths=PORTRAIT)
    assert len(files(memory)) == 1 + len(PORTRAIT) * len(KINDS)


def test_a_failure_keeps_the_picture_and_is_mended_when_asked(storage, stored, monkeypatch, caplog):
    def full(*args):
        raise OSError("no space left")

    monkeypatch.setattr(pictures, "_put", full)
    write_renditions(stored, widths=PORTRAIT)
    assert "could not be written" in caplog.text
    monkeypatch.undo()
    response = asked(stored)
    assert response.status_code == 200
    assert Image.open(BytesIO(body(response))).size == (320, 320)


def test_replaced_and_taken_away(storage, stored):
    other = Stored(storage, master())
    for one in (stored, other):
        write_renditions(one, widths=PORTRAIT)
    delete_renditions(stored)
    delete_picture(other)
    assert files(storage) == [stored.name.removeprefix("people/")]


def test_without_avif_the_other_two_are_offered(storage, stored, monkeypatch):
    monkeypatch.setattr(pictures, "KINDS", ("webp", "jpg"))
    write_renditions(stored, widths=(160,))
    assert {name.rsplit(".")[-1] for name in files(storage)} == {"webp", "jpg"}
    drawn = draw(stored, widths=PORTRAIT, address=lambda width, kind: f"/{width}.{kind}")
    assert [source.type for source in drawn.sources] == ["image/webp"]
    with pytest.raises(Http404):
        rendition_response(stored, width=160, kind="avif", public=True)


# ---- Serving ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "type_"), [("avif", "image/avif"), ("webp", "image/webp"), ("jpg", "image/jpeg")])
def test_served_as_what_it_is_and_as_nothing_else(stored, kind, type_):
    response = rendition_response(stored, width=160, kind=kind, public=False)
    assert response["Content-Type"] == type_
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Cache-Control"] == "no-store, private"
    assert Image.open(BytesIO(body(response))).size == (160, 160)


@pytest.mark.parametrize(("width", "kind"), [(161, "jpg"), (0, "jpg"), (1200, "gif"), (320, "png"), (1600, "webp")])
def test_what_is_no_rendition_is_not_found_and_not_made(storage, stored, width, kind):
    with pytest.raises(Http404):
        rendition_response(stored, width=width, kind=kind, public=True)
    assert len(files(storage)) == 1


def test_lost_master_is_not_found(storage, stored):
    storage.delete(stored.name)
    with pytest.raises(Http404):
        rendition_response(stored, width=160, kind="jpg", public=True)


def test_only_the_present_version_is_kept_for_a_year(stored):
    version = stored.name.removeprefix("people/")[:8]
    for path, kept in [(f"/?v={version}", "public, max-age=31536000, immutable"), ("/?v=old", "public, max-age=600")]:
        response = asked(stored, path)
        assert response["Cache-Control"] == kept
        body(response)


def test_browser_that_has_it_is_told_so(stored):
    first = asked(stored)
    body(first)
    again = asked(stored, **{"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert again["Cache-Control"] == "public, max-age=600"


def test_asked_for_by_many_at_once_it_is_made_once(storage, stored, monkeypatch):
    made, encode = [], pictures._encoded
    monkeypatch.setattr(pictures, "_encoded", lambda image, kind: made.append(kind) or encode(image, kind))
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(len(body(asked(stored))))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["webp"]
    assert len(set(answers)) == 1


# ---- Drawing ---------------------------------------------------------------------------------------------------------


def shown(stored, markup, **context):
    drawn = draw(stored, widths=PORTRAIT, address=lambda width, kind: f"/p/{width}.{kind}")
    return Template(markup).render(Context({"one": drawn, **context}))


def test_drawn_with_every_source_and_its_room():
    one = Stored(None, name=f"people/{'a' * 32}-500x500.jpg")
    assert shown(one, '{% picture one alt=words sizes="8rem" %}', words='Mai "the calm" Nguyễn').strip() == (
        "<picture>"
        '<source type="image/avif" srcset="/p/160.avif?v=aaaaaaaa 160w, /p/320.avif?v=aaaaaaaa 320w, '
        '/p/500.avif?v=aaaaaaaa 500w" sizes="8rem">'
        '<source type="image/webp" srcset="/p/160.webp?v=aaaaaaaa 160w, /p/320.webp?v=aaaaaaaa 320w, '
        '/p/500.webp?v=aaaaaaaa 500w" sizes="8rem">'
        '<img src="/p/320.jpg?v=aaaaaaaa" srcset="/p/160.jpg?v=aaaaaaaa 160w, /p/320.jpg?v=aaaaaaaa 320w, '
        '/p/500.jpg?v=aaaaaaaa 500w" sizes="8rem" width="500" height="500" alt="Mai &quot;the calm&quot; Nguyễn" '
        'loading="lazy" decoding="async"></picture>'
    )


def test_picture_on_top_of_a_page_is_fetched_first():
    html = shown(Stored(None, name=f"{'a' * 32}-500x500.jpg"), '{% picture one alt="" priority=True %}')
    assert 'alt="" fetchpriority="high" decoding="async"' in html
    assert "loading=" not in html


def test_picture_without_words_is_a_mistake_in_the_template():
    with pytest.raises(TemplateSyntaxError, match="alt"):
        Template("{% picture one %}")


def test_no_picture_draws_nothing():
    assert shown(Stored(None), '{% picture one alt="" %}').strip() == ""


# ---- Cropping --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "0 0 1", "0 0 1 1 1", "-0.1 0 1 1", "0.5 0 0.6 1", "0 0 0 0", "nan 0 1 1", "0 0 inf 1", "9" * 999],
)
def test_what_is_no_part_of_a_picture_is_refused(text):
    with pytest.raises(ValidationError):
        Box.read(text)


def test_box_is_read_as_it_is_written():
    box = Box(0.125, 0, 0.5, 0.75)
    assert Box.read(str(box)) == box


def two_colours():
    """Red on the left third, green in the middle, blue on the right."""
    image = Image.new("RGB", (900, 300), "red")
    image.paste("green", (300, 0, 600, 300))
    image.paste("blue", (600, 0, 900, 300))
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return clean_image(SimpleUploadedFile("me.png", buffer.getvalue()), max_bytes=MB, max_edge=900)


@pytest.mark.parametrize(("part", "strongest"), [("start", 0), ("middle", 1), ("end", 2)])
def test_the_square_that_was_chosen_is_kept(part, strongest):
    box = Box.square_in((900, 300), part)
    made = Image.open(cropped_square(two_colours(), box, max_edge=200))
    assert made.size == (200, 200)
    pixel = made.getpixel((100, 100))
    assert max(range(3), key=pixel.__getitem__) == strongest


def test_tall_picture_is_cropped_downwards():
    assert Box.square_in((300, 600), "end") == Box(0, 0.5, 1, 0.5)


def test_box_that_is_not_square_keeps_the_middle():
    made = cropped_square(two_colours(), Box(0, 0, 1, 1), max_edge=1200)
    assert Image.open(made).size == (300, 300)
    assert made.name.endswith("-300x300.jpg")


def test_smallest_box_and_the_corner():
    for box in (Box(0.99, 0.99, 0.01, 0.01), Box(0.9, 0, 0.1001, 0.3)):
        made = Image.open(cropped_square(two_colours(), box, max_edge=1200))
        assert made.width == made.height >= 1


def test_files_are_for_the_portal_alone(storage, stored):
    [name] = [n for n in write_renditions(stored, widths=(160,)) if n.endswith("jpg")]
    assert os.stat(storage.path(name)).st_mode & 0o077 == 0
