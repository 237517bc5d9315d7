"""Pictures that people send: read as what they are, never as what they are called, and written anew.

What is kept is made by us from the pixels alone, so that no metadata (where a photo was taken), no second file hidden
behind the first and no script in a comment is kept with it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import FileResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from portal.common.media.pending_uploads import Place, shown

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


def clean_image(
    uploaded: UploadedFile[bytes], *, max_bytes: int, max_edge: int, least: tuple[int, int] = (1, 1)
) -> ContentFile[bytes]:
    """A fresh JPEG (or PNG, where parts are see-through) under a random name, `max_edge` pixels at most on each side.

    `least` is the width and height, in pixels, that it must have left by then: a smaller one would be blown up.
    Raises ValidationError, in words for whoever chose the file. The size is looked at first, then the picture's own
    measurements, and only then is it unpacked.
    """
    if uploaded.size is None or uploaded.size > max_bytes:
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
            return _rewritten(image, max_edge, least)
    except ValidationError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except Exception:
        # Pillow's decoders raise whatever a broken file makes them raise: OSError, SyntaxError, struct.error, ...
        raise _not_a_picture(head) from None


def _rewritten(image: Image.Image, max_edge: int, least: tuple[int, int]) -> ContentFile[bytes]:
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
    whole = picture.size
    picture.thumbnail((max_edge, max_edge), Image.Resampling.LANCZOS)
    if picture.width < least[0] or picture.height < least[1]:
        raise _too_small(least, is_a_strip=whole[0] >= least[0] and whole[1] >= least[1])
    if see_through and picture.getchannel("A").getextrema() == (255, 255):
        see_through, picture = False, picture.convert("RGB")
    # A new image, so that nothing rides along: Pillow writes a text chunk or a profile that it finds in `info`.
    fresh = Image.new(picture.mode, picture.size)
    fresh.paste(picture)
    return save_picture(fresh, name=uuid.uuid4().hex)


_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")


def _refuse_scan_bomb(uploaded: UploadedFile[bytes]) -> None:
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


def save_picture(picture: Image.Image, *, name: str) -> ContentFile[bytes]:
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


def _too_small(least: tuple[int, int], *, is_a_strip: bool) -> ValidationError:
    """A strip has pixels enough along one side alone: made as small as it is kept, the other has too few."""
    words = _("This picture is too small: choose one of at least %(width)d by %(height)d pixels.")
    if is_a_strip:
        words = _("This picture is too long and thin to be shown well. Choose one of another shape, or cut it first.")
    return ValidationError(words, code="too_small", params={"width": least[0], "height": least[1]})


def _not_a_picture(head: bytes) -> ValidationError:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] == b"<" or start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        words = _("This file is a web page or a drawing, whatever its name says. Choose a photo: JPEG, PNG or WebP.")
    elif head[4:12] in {b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypheif", b"ftypavif"}:
        words = _("Photos of this kind (HEIC, AVIF) can't be read here. Save it as JPEG, PNG or WebP first.")
    else:
        words = _("This file can't be read as a picture; it may be damaged. Choose a JPEG, PNG or WebP.")
    return ValidationError(words, code="not_a_picture")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a page sends in a file's place: the word of a picture that came with an earlier try."""

    word: str


class PictureInput(forms.ClearableFileInput):
    """Says which pictures it takes, and offers to take the present one away. Uploads have no address to link to.

    One that waits from an earlier try is shown, and is sent on by its word.
    """

    template_name = "portal_forms/picture_input.html"
    # The picture that waits, for the page: its word, itself as an address, and its size.
    waiting: dict[str, Any] | None = None

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"accept": "image/jpeg,image/png,image/webp", **(attrs or {})})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        word = data.get(f"{name}-waiting")
        if value is None and word and not data.get(f"{name}-leave"):
            return Waiting(word)
        return value

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["waiting"] = self.waiting
        return context


class PictureField(forms.FileField):
    """A picture, cleaned while the form is. Gives a ContentFile, False to take the present one away, or the present.

    `least` is the smallest width and height in pixels that are taken.
    """

    widget = PictureInput
    default_error_messages = {
        "contradiction": _("Choose a picture, or take the present one away: not both at once."),
        "gone": _("The picture you sent before is not kept any more. Choose it again."),
    }
    # Where a picture waits while the form can't be saved; nowhere, unless the form says so.
    place: Place | None = None
    # What was saved last: pressing Save twice sends the word of a picture that does not wait any more.
    stored: StoredPicture | None = None
    # What was sent and is in order, whatever is wrong beside it.
    sent: ContentFile[bytes] | None = None
    word = ""

    def __init__(
        self,
        *,
        max_bytes: int = PHOTO_BYTES,
        max_edge: int = PHOTO_EDGE,
        least: tuple[int, int] = (1, 1),
        **kwargs: Any,
    ) -> None:
        self.max_bytes, self.max_edge, self.least = max_bytes, max_edge, least
        super().__init__(**kwargs)

    def waits_at(self, place: Place, *, stored: StoredPicture | None) -> None:
        """Says where a picture waits while the rest is put right, and what is saved now."""
        self.place, self.stored = place, stored

    def clean(self, data: Any, initial: Any = None) -> Any:
        if isinstance(data, Waiting):
            name = self.place.name_in(data.word) if self.place else ""
            if name and self.stored and str(self.stored.name).rsplit("/", 1)[-1] == name:
                return super().clean(None, initial)
        value = super().clean(data, initial)
        self.sent = value if isinstance(value, ContentFile) else None
        return value

    def to_python(self, data: Any) -> ContentFile[bytes] | None:
        if data in self.empty_values:
            return None
        if isinstance(data, Waiting):
            found = self.place.find(data.word) if self.place else None
            if found is None:
                raise ValidationError(self.error_messages["gone"], code="gone")
            self.word = data.word
            return found
        if not data.size:
            raise ValidationError(self.error_messages["empty"], code="empty")
        # Neither the sent name nor the sent type is looked at: both are the sender's word.
        return clean_image(data, max_bytes=self.max_bytes, max_edge=self.max_edge, least=self.least)

    def keep(self) -> None:
        """For a page that comes back: what was sent waits, and the page shows it."""
        if self.place is None or self.sent is None:
            return
        self.word = self.word or self.place.keep(self.sent)
        self.widget.waiting = {"word": self.word, "address": shown(self.sent)}


class KeepsPictures(forms.Form):
    """Pictures that are in order are not lost where something else isn't. The fields say where they wait."""

    def keep_pictures(self) -> None:
        """For a page that comes back, once the form is looked at."""
        for field, place, word in self._waiting():
            field.keep()
            if word != field.word:
                place.drop(word)

    def drop_pictures(self) -> None:
        """Once the form is saved: whatever waited for it has nothing to wait for."""
        for _field, place, word in self._waiting():
            place.drop(word)

    def _waiting(self) -> Iterator[tuple[PictureField, Place, str]]:
        """Each field whose pictures wait, where they do, and the word that the page sent for it."""
        for name, field in self.fields.items():
            if isinstance(field, PictureField) and field.place is not None:
                yield field, field.place, self.data.get(f"{self.add_prefix(name)}-waiting", "")


_TYPES = {"jpg": "image/jpeg", "png": "image/png"}


class StoredPicture(Protocol):
    """The file of a picture, as a row holds it; false where there is none."""

    name: str | None
    storage: Storage

    def __bool__(self) -> bool: ...


def picture_response(field_file: StoredPicture, *, public: bool) -> FileResponse:
    """Serves a picture that `clean_image` made. Its type is ours, and a browser may make nothing else of it.

    A public one may be kept by browsers and caches: its address changes when it does (see `version_of`).
    """
    name = str(field_file.name)
    kind = _TYPES[name.rsplit(".", 1)[-1]]
    # By the storage: the field may belong to a kept row, and what it opens itself is every thread's.
    response = FileResponse(field_file.storage.open(name, "rb"), content_type=kind)
    response["Content-Disposition"] = "inline"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "public, max-age=86400" if public else "no-store, private"
    return response


def version_of(field_file: StoredPicture | None) -> str:
    """A few letters of the random name, for `?v=` in a picture's address."""
    return str(field_file.name).rsplit("/", 1)[-1][:8] if field_file else ""
