"""Pictures that people send: read as what they are, never as what they are called, and written anew.

What is kept is made by us from the pixels alone, so that no metadata (where a photo was taken), no second file hidden
behind the first and no script in a comment is kept with it.
"""

from __future__ import annotations

import re
import uuid
from io import BytesIO
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import FileResponse, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
# A JPEG is decoded at a fraction of its size; a progressive one is kept whole meanwhile, six bytes a pixel at most; the
# others must be unpacked whole, four bytes a pixel.
MAX_PIXELS_JPEG = 110_000_000
MAX_PIXELS_PROGRESSIVE = 50_000_000
MAX_PIXELS = 25_000_000
# Encoders write about ten. Each further one costs forty bytes to send and a walk over every pixel to read: five hundred
# in a file of 170 kB took 13 seconds.
MAX_SCANS = 50
# No upload of any kind is kept beyond this, whatever a browser sends.
UPLOAD_CAP = 32 * 1024 * 1024

MB = 1024 * 1024
PHOTO_BYTES = 10 * MB
PHOTO_EDGE = 1200
LOGO_BYTES = 5 * MB
LOGO_EDGE = 800


class CappedUploads(FileUploadHandler):
    """Reads an endless upload to its end and keeps its first 32 MB: the form then says that it is too large.

    Stands before Django's own handlers in FILE_UPLOAD_HANDLERS. Breaking the connection instead would show the person
    a browser's error page, and lose what they typed.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.kept = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if self.kept > UPLOAD_CAP:
            return None
        self.kept += len(raw_data)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def clean_image(uploaded: UploadedFile, *, max_bytes: int, max_edge: int) -> ContentFile:
    """A fresh JPEG (or PNG, where parts are see-through) under a random name, `max_edge` pixels at most on each side.

    Raises ValidationError, in words for whoever chose the file. The size is looked at first, then the picture's own
    measurements, and only then is it unpacked.
    """
    if uploaded.size > max_bytes:
        raise ValidationError(
            _("This picture is larger than %(limit)s. Choose a smaller one, or make this one smaller first."),
            code="too_large",
            params={"limit": filesizeformat(max_bytes)},
        )
    uploaded.seek(0)
    head = uploaded.read(512)
    uploaded.seek(0)
    try:
        with Image.open(uploaded, formats=FORMATS) as image:
            if image.format in {"JPEG", "MPO"}:
                _refuse_scan_bomb(uploaded)
            return _rewritten(image, max_edge)
    except ValidationError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except Exception:
        # Pillow's decoders raise whatever a broken file makes them raise: OSError, SyntaxError, struct.error, ...
        raise _not_a_picture(head) from None


def _rewritten(image: Image.Image, max_edge: int) -> ContentFile:
    width, height = image.size
    is_jpeg = image.format in {"JPEG", "MPO"}
    limit = MAX_PIXELS
    if is_jpeg:
        limit = MAX_PIXELS_PROGRESSIVE if image.info.get("progressive") else MAX_PIXELS_JPEG
    if width * height > limit:
        raise _too_many_pixels()
    if is_jpeg:
        image.draft("RGB", (max_edge, max_edge))
    else:
        image.seek(0)
    picture = ImageOps.exif_transpose(image)
    if picture.mode.startswith("I"):
        # Sixteen bits a pixel: Pillow would cut off at 255, and all but black would be white.
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    see_through = picture.has_transparency_data
    picture = picture.convert("RGBA" if see_through else "RGB")
    picture.thumbnail((max_edge, max_edge), Image.Resampling.LANCZOS)
    if see_through and picture.getchannel("A").getextrema() == (255, 255):
        see_through, picture = False, picture.convert("RGB")
    # A new image, so that nothing rides along: Pillow writes a text chunk or a profile that it finds in `info`.
    fresh = Image.new(picture.mode, picture.size)
    fresh.paste(picture)
    return save_picture(fresh, name=uuid.uuid4().hex)


_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")


def _refuse_scan_bomb(uploaded: UploadedFile) -> None:
    """Counts how often a JPEG asks its reader to go over all of it, up to where the picture ends."""
    at = uploaded.tell()
    uploaded.seek(0)
    data = uploaded.read()
    uploaded.seek(at)
    scans, position = 0, 2
    while found := _MARKER.search(data, position):
        if found[1] == b"\xd9":
            return
        length = int.from_bytes(data[found.end() : found.end() + 2], "big")
        position = found.end() + max(2, length)
        scans += found[1] == b"\xda"
        if scans > MAX_SCANS:
            raise ValidationError(
                _("This photo is stored in a way that can't be opened safely. Save it anew as JPEG or PNG."),
                code="too_many_scans",
            )


def save_picture(picture: Image.Image, *, name: str) -> ContentFile:
    """Encodes pixels: a PNG where there is an alpha channel, else a JPEG. Its name tells its size, for `pictures`."""
    buffer = BytesIO()
    if picture.mode == "RGBA":
        picture.save(buffer, "PNG", optimize=True)
    else:
        picture.save(buffer, "JPEG", quality=86, optimize=True, progressive=True)
    ending = "png" if picture.mode == "RGBA" else "jpg"
    return ContentFile(buffer.getvalue(), name=f"{name}-{picture.width}x{picture.height}.{ending}")


def _too_many_pixels() -> ValidationError:
    return ValidationError(
        _("This picture has too many pixels to open safely. Choose one of at most 5000 by 5000."),
        code="too_many_pixels",
    )


def _not_a_picture(head: bytes) -> ValidationError:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] == b"<" or start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        words = _("This file is a web page or a drawing, whatever its name says. Choose a photo: JPEG, PNG or WebP.")
    elif head[4:12] in {b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypheif", b"ftypavif"}:
        words = _("Photos of this kind (HEIC, AVIF) can't be read here. Save it as JPEG, PNG or WebP first.")
    else:
        words = _("This file can't be read as a picture; it may be damaged. Choose a JPEG, PNG or WebP.")
    return ValidationError(words, code="not_a_picture")


class PictureInput(forms.ClearableFileInput):
    """Says which pictures it takes, and offers to take the present one away. Uploads have no address to link to."""

    template_name = "portal_forms/picture_input.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"accept": "image/jpeg,image/png,image/webp", **(attrs or {})})


class PictureField(forms.FileField):
    """A picture, cleaned while the form is. Gives a ContentFile, False to take the present one away, or the present."""

    widget = PictureInput

    def __init__(self, *, max_bytes: int = PHOTO_BYTES, max_edge: int = PHOTO_EDGE, **kwargs: Any) -> None:
        self.max_bytes, self.max_edge = max_bytes, max_edge
        super().__init__(**kwargs)

    def to_python(self, data: Any) -> ContentFile | None:
        if data in self.empty_values:
            return None
        if not data.size:
            raise ValidationError(self.error_messages["empty"], code="empty")
        # Neither the sent name nor the sent type is looked at: both are the sender's word.
        return clean_image(data, max_bytes=self.max_bytes, max_edge=self.max_edge)


_TYPES = {"jpg": "image/jpeg", "png": "image/png"}


def picture_response(field_file: Any, *, public: bool) -> HttpResponse:
    """Serves a picture that `clean_image` made. Its type is ours, and a browser may make nothing else of it.

    A public one may be kept by browsers and caches: its address changes when it does (see `version_of`).
    """
    kind = _TYPES[field_file.name.rsplit(".", 1)[-1]]
    response = FileResponse(field_file.open("rb"), content_type=kind)
    response["Content-Disposition"] = "inline"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "public, max-age=86400" if public else "no-store, private"
    return response


def version_of(field_file: Any) -> str:
    """A few letters of the random name, for `?v=` in a picture's address."""
    return field_file.name.rsplit("/", 1)[-1][:8] if field_file else ""
