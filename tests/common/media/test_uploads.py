"""What people send as a picture, honest or not. Each bad file here is a real one, made for the test."""

import struct
import tracemalloc
import warnings
import zipfile
import zlib
from io import BytesIO

import pytest
from django import forms
from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.core.files.storage import InMemoryStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from portal.common.media import uploads
from portal.common.media.uploads import MB, PictureField, clean_image, picture_response, version_of


def picture(kind="JPEG", size=(60, 40), mode="RGB", color="teal", **options):
    buffer = BytesIO()
    Image.new(mode, size, color).save(buffer, kind, **options)
    return buffer.getvalue()


def sent(content, name="me.png", content_type="image/png"):
    return SimpleUploadedFile(name, content, content_type)


def cleaned(content, *, max_bytes=10 * MB, max_edge=400, **how):
    return clean_image(sent(content, **how), max_bytes=max_bytes, max_edge=max_edge)


def tried(content):
    """The picture and no word, or no picture and the code of what was said."""
    try:
        return cleaned(content), ""
    except ValidationError as refused:
        return None, refused.code


def refusal(content, **how):
    with pytest.raises(ValidationError) as refused:
        cleaned(content, **how)
    return refused.value.code, refused.value.messages[0]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_picture_becomes_a_jpeg_whatever_it_is_called(kind):
    made = cleaned(picture(kind), name="me.exe", content_type="text/html")
    assert Image.open(made).format == "JPEG"
    assert made.name.endswith(".jpg")
    assert "me" not in made.name.removesuffix(".jpg")


def test_two_names_are_never_the_same():
    assert cleaned(picture()).name != cleaned(picture()).name


def test_see_through_parts_stay():
    made = Image.open(cleaned(picture("PNG", mode="RGBA", color=(10, 20, 30, 0))))
    assert (made.format, made.mode) == ("PNG", "RGBA")


def test_an_alpha_channel_that_hides_nothing_is_dropped():
    assert Image.open(cleaned(picture("PNG", mode="RGBA", color=(10, 20, 30, 255)))).format == "JPEG"


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1"])
def test_unusual_colours(mode):
    kind = "JPEG" if mode in {"L", "CMYK"} else "PNG"
    assert Image.open(cleaned(picture(kind, mode=mode, color=0))).mode == "RGB"


@pytest.mark.parametrize(("size", "fits"), [((3000, 1500), (400, 200)), ((100, 50), (100, 50)), ((900, 2), (400, 1))])
def test_large_is_made_smaller_and_small_stays(size, fits):
    assert Image.open(cleaned(picture(size=size))).size == fits


def test_turned_photo_is_set_upright_and_where_it_was_taken_is_forgotten():
    image = Image.new("RGB", (60, 40), "teal")
    exif = image.getexif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "CameraMaker"
    exif.get_ifd(0x8825)[1] = "S"  # the GPS block
    buffer = BytesIO()
    image.save(buffer, "JPEG", exif=exif, comment=b"a secret comment", icc_profile=b"a profile of somebody")
    assert b"CameraMaker" in buffer.getvalue()
    made = cleaned(buffer.getvalue())
    opened = Image.open(made)
    assert opened.size == (40, 60)
    assert dict(opened.getexif()) == {}
    for left in (b"CameraMaker", b"secret", b"profile of somebody", b"Exif"):
        assert left not in made.read()
        made.seek(0)


def test_png_text_is_forgotten():
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Author", "Somebody")
    content = picture("PNG", mode="RGBA", color=(1, 2, 3, 4), pnginfo=info)
    assert b"Somebody" in content
    assert b"Somebody" not in cleaned(content).read()


def test_file_behind_the_picture_is_left_behind():
    script = b"<script>alert(document.cookie)</script>"
    made = cleaned(picture() + script).read()
    assert script not in made


def test_moving_picture_becomes_its_first_frame():
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue", "green")]
    buffer = BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    made = Image.open(cleaned(buffer.getvalue()))
    assert getattr(made, "n_frames", 1) == 1
    red, _green, blue = made.getpixel((20, 20))
    assert red > 200 > blue


def test_thirty_megabytes_are_refused_by_size_before_anybody_looks_inside(monkeypatch):
    monkeypatch.setattr(uploads.Image, "open", lambda *a, **k: pytest.fail("it was opened"))
    code, words = refusal(picture() + bytes(30 * MB))
    assert code == "too_large"
    assert words.startswith("This picture is larger than 10.0\xa0MB.")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "begins"),
    [
        (SVG, "This file is a web page or a drawing"),
        (b'\xef\xbb\xbf  <?xml version="1.0"?>' + SVG, "This file is a web page or a drawing"),
        (b"<!doctype html><title>hello</title>", "This file is a web page or a drawing"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(40), "Photos of this kind (HEIC, AVIF)"),
        (b"%PDF-1.7", "This file can't be read as a picture"),
        (picture("PNG")[:60], "This file can't be read as a picture"),
        (picture("JPEG", size=(400, 400))[:900], "This file can't be read as a picture"),
        (b"\x89PNG\r\n\x1a\n" + b"nonsense" * 20, "This file can't be read as a picture"),
        (picture("TIFF"), "This file can't be read as a picture"),
        (picture("BMP"), "This file can't be read as a picture"),
    ],
)
def test_what_is_no_picture_is_refused_by_its_content(content, begins):
    code, words = refusal(content)
    assert code == "not_a_picture"
    assert words.startswith(begins)


def png_that_claims(width, height):
    """A PNG of a few kilobytes that unpacks to width by height."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("edge", [6_000, 12_000, 40_000, 2_000_000])
def test_bomb_is_refused_before_it_is_unpacked(monkeypatch, edge):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("it was unpacked"))
    code, words = refusal(png_that_claims(edge, edge))
    assert code == "too_many_pixels"
    assert "too many pixels" in words


def test_bomb_of_scans_is_refused_before_it_is_unpacked(monkeypatch):
    """A progressive JPEG may ask to be gone over as often as it likes: 40 bytes each time, and every pixel."""
    plain = picture(size=(400, 400), progressive=True)
    assert Image.open(cleaned(plain)).size == (400, 400)
    last = plain.rfind(b"\xff\xda")
    bomb = plain[:-2] + plain[last:-2] * 5_000 + b"\xff\xd9"
    assert len(bomb) < 10 * MB
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("it was unpacked"))
    assert refusal(bomb)[0] == "too_many_scans"


def test_film_behind_a_photo_is_not_taken_for_scans():
    """Phones append the seconds before the photo; what looks like a scan in there is none."""
    film = b"\x00\x00\x00\x18ftypmp42" + b"\xff\xda\x00\x08" * 5_000
    made = cleaned(picture() + film).read()
    assert b"ftyp" not in made


@pytest.mark.parametrize("progressive", [False, True])
def test_large_photo_of_a_telephone_is_read(progressive):
    """More pixels than any other kind may have: a JPEG is decoded at a fraction of its size."""
    content = picture(size=(6000, 4500), progressive=progressive, quality=30)
    assert Image.open(cleaned(content)).size == (400, 300)


def test_progressive_photo_that_would_fill_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr(uploads, "MAX_PIXELS_PROGRESSIVE", 60 * 40 - 1)
    assert refusal(picture(progressive=True))[0] == "too_many_pixels"
    assert cleaned(picture())


@pytest.mark.parametrize(("value", "seen"), [(0, 0), (256, 1), (32768, 128), (65535, 255)])
def test_sixteen_bits_become_eight(value, seen):
    made = Image.open(cleaned(picture("PNG", mode="I;16", color=value)))
    assert abs(made.convert("L").getpixel((5, 5)) - seen) <= 1


def test_colours_of_print_and_of_palettes():
    red, green, blue = Image.open(cleaned(picture(mode="CMYK", color=(0, 255, 255, 0)))).getpixel((5, 5))
    assert red > 240 > 20 > max(green, blue)
    image = Image.new("P", (40, 40), 0)
    image.putpalette([200, 10, 10, 0, 0, 255])
    buffer = BytesIO()
    image.save(buffer, "PNG", transparency=0)
    made = Image.open(cleaned(buffer.getvalue()))
    assert (made.mode, made.getpixel((5, 5))[3]) == ("RGBA", 0)


def test_turning_picture_of_webp_becomes_its_first_frame():
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    buffer = BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    red, _green, blue = Image.open(cleaned(buffer.getvalue())).getpixel((20, 20))
    assert red > 200 > blue


def zipped(name="evil.html", content=b"<script>alert(1)</script>"):
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def in_comment(content):
    """A JPEG whose first segment is a comment."""
    plain = picture()
    return plain[:2] + b"\xff\xfe" + struct.pack(">H", len(content) + 2) + content + plain[2:]


@pytest.mark.parametrize(
    ("second", "mark"),
    [
        (picture() + zipped(), b"PK\x03\x04"),
        (picture("PNG") + zipped(), b"PK\x03\x04"),
        (picture("GIF") + b"\n=1;alert(1);//", b"alert"),
        (in_comment(b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj"), b"%PDF"),
        (in_comment(b"*/=alert(1);/*"), b"alert"),
        (in_comment(b"<!doctype html><script>alert(1)</script>"), b"<script"),
        (in_comment(b"<?php system($_GET[0]); ?>"), b"<?php"),
        (picture() + SVG, b"<svg"),
    ],
)
def test_nothing_of_a_file_that_is_two_is_left_but_its_pixels(second, mark):
    assert mark in second
    made = cleaned(second).read()
    assert mark not in made
    assert not zipfile.is_zipfile(BytesIO(made))
    with Image.open(BytesIO(made)) as image:
        assert image.size == (60, 40)
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}
    assert made.endswith(b"\xff\xd9")


def png_with(kind, data):
    """A small PNG with one more chunk before its pixels."""
    plain = picture("PNG")
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    at = plain.index(b"IDAT") - 4
    return plain[:at] + chunk + plain[at:]


@pytest.mark.parametrize(
    ("kind", "before"), [(b"zTXt", b"Comment\0\0"), (b"iCCP", b"profile\0\0"), (b"iTXt", b"Comment\0\1\0\0\0")]
)
def test_bomb_in_a_text_or_a_profile_fills_no_memory(kind, before):
    content = png_with(kind, before + zlib.compress(bytes(60 * MB), 9))
    tracemalloc.start()
    try:
        made, code = tried(content)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert code == "not_a_picture" if made is None else len(made.read()) < 100_000
    assert most < 20 * MB


def test_gif_of_the_largest_screen_is_refused():
    content = bytearray(picture("GIF"))
    content[6:10] = b"\xff\xff\xff\xff"
    assert refusal(bytes(content))[0] == "too_many_pixels"


SEEDS = [
    picture(size=(64, 48), progressive=True),
    picture(size=(64, 48)),
    picture("PNG", size=(64, 48)),
    picture("PNG", size=(64, 48), mode="RGBA", color=(1, 2, 3, 4)),
    picture("WEBP", size=(64, 48)),
    picture("GIF", size=(64, 48), mode="P", color=1),
]


@st.composite
def broken(draw):
    """A picture with bytes changed, cut out, doubled, or with another's tail."""
    content = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(content) - 1))
        match draw(st.sampled_from(["change", "cut", "double", "graft", "insert"])):
            case "change":
                content[at] = draw(st.integers(0, 255))
            case "cut":
                del content[at : at + draw(st.integers(1, 40))]
            case "double":
                content[at:at] = content[at : at + draw(st.integers(1, 200))]
            case "graft":
                content[at:] = draw(st.sampled_from(SEEDS))[at:]
            case "insert":
                content[at:at] = draw(st.binary(min_size=1, max_size=40))
        if not content:
            return b"\0"
    return bytes(content)


@settings(max_examples=300, deadline=5_000, suppress_health_check=[HealthCheck.too_slow])
@given(broken())
def test_broken_bytes_give_a_picture_of_ours_or_a_word(content):
    with warnings.catch_warnings():
        # As it runs: what Pillow only warns of is read on.
        warnings.simplefilter("ignore")
        made, code = tried(content)
    if made is None:
        assert code in {"not_a_picture", "too_many_pixels", "too_many_scans"}
        return
    with Image.open(made) as image:
        image.load()
        assert image.format in {"JPEG", "PNG"}
        assert max(image.size) <= 400
        assert made.name.endswith(f"-{image.width}x{image.height}.{'png' if image.format == 'PNG' else 'jpg'}")


class Profile(forms.Form):
    name = forms.CharField()
    photo = PictureField(required=False, max_bytes=1 * MB, max_edge=50)


def test_field_says_what_is_wrong_beside_itself():
    form = Profile({"name": "Mai"}, {"photo": sent(SVG)})
    assert list(form.errors) == ["photo"]
    assert form["name"].value() == "Mai"


def test_field_gives_the_clean_picture():
    form = Profile({"name": "Mai"}, {"photo": sent(picture(size=(500, 500)))})
    assert form.is_valid(), form.errors
    assert Image.open(form.cleaned_data["photo"]).size == (50, 50)


def test_field_may_stay_empty_and_may_be_cleared():
    form = Profile({"name": "Mai"}, {})
    assert form.is_valid()
    assert form.cleaned_data["photo"] is None
    form = Profile({"name": "Mai", "photo-clear": "on"}, {}, initial={"photo": "there"})
    assert form.is_valid()
    assert form.cleaned_data["photo"] is False


def test_empty_file_is_refused():
    assert list(Profile({"name": "Mai"}, {"photo": sent(b"")}).errors) == ["photo"]


def test_endless_upload_is_kept_only_to_its_cap(monkeypatch):
    monkeypatch.setattr(uploads, "UPLOAD_CAP", 300_000)
    assert django_settings.FILE_UPLOAD_HANDLERS[0] == "portal.common.media.uploads.CappedUploads"
    request = RequestFactory().post("/", {"name": "Mai", "photo": sent(bytes(3_000_000))})
    kept = request.FILES["photo"]
    assert 300_000 < kept.size < 450_000
    assert request.POST["name"] == "Mai"
    kept.close()


def test_served_as_what_it_is_and_as_nothing_else():
    storage = InMemoryStorage()
    name = storage.save("psychologists/abcdefgh1234.jpg", cleaned(picture()))

    class Stored:
        def __init__(self):
            self.name, self.storage = name, storage

    response = picture_response(Stored(), public=False)
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Cache-Control"] == "no-store, private"
    assert Image.open(BytesIO(b"".join(response.streaming_content))).format == "JPEG"
    public = picture_response(Stored(), public=True)
    assert public["Cache-Control"] == "public, max-age=86400"
    b"".join(public.streaming_content)
    assert version_of(Stored()) == "abcdefgh"
