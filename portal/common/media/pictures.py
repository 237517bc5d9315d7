"""Pictures as pages need them: each in several sizes and three encodings, beside the one that was kept.

`uploads.clean_image` makes the master, and names it by chance and by its size: `psychologists/<32 hex>-1200x1200.jpg`.
From that name alone a page knows every rendition there is, so drawing one asks neither the disk nor the database.
Renditions stand beside their master as `<its name without ending>.w640.avif`. They are written once the change is
sure, and made again whenever one is asked for and missing: pictures from before there were renditions need no
migration, and a worker killed half way leaves nothing broken.

    portrait = pictures.draw(person.photo, widths=PORTRAIT, address=lambda width, kind: reverse(...))
    {% picture portrait alt=name sizes="8rem" %}

A view serves them with `rendition_response`; an action that takes a picture calls `write_renditions` on commit, and
`delete_renditions` where it deletes the master.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from math import isfinite
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext_lazy as _
from PIL import Image, features

from portal.common.media.uploads import StoredPicture, save_picture, version_of

log = logging.getLogger(__name__)

# Square; the largest place a portrait is shown at is 20rem, twice that on a fine screen.
PORTRAIT = (160, 320, 640)
# The picture's own ratio; as wide as an article, twice that on a fine screen.
WIDE = (480, 800, 1200, 1600)
EVERY_WIDTH = (*PORTRAIT, *WIDE)

TYPES = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}
# Best first, as browsers read <source>. A Pillow built without AVIF offers the other two, and pages never name it.
KINDS = tuple(kind for kind in TYPES if kind == "jpg" or features.check(kind))
# Measured on one core, 1600 by 1067: AVIF at speed 8 takes 0.4 s, at Pillow's own 6 it takes 1.7 s and saves a tenth.
_SAVED = {
    "avif": ("AVIF", {"quality": 60, "speed": 8, "max_threads": 2}),
    "webp": ("WEBP", {"quality": 78, "method": 4}),
    "jpg": ("JPEG", {"quality": 80, "optimize": True, "progressive": True}),
}

_NAME = re.compile(r"-([1-9][0-9]{0,4})x([1-9][0-9]{0,4})(?:_[0-9A-Za-z]{7})?\.(?:jpg|png)\Z")
# One encoding at a time in each process: a page full of new pictures must not take every core from everybody else.
_ENCODING = threading.Lock()


# ---- Which there are -------------------------------------------------------------------------------------------------


def size_of(field_file: StoredPicture | None) -> tuple[int, int] | None:
    """Width and height in pixels: from the name, or, of a picture from before names told, measured once and kept.

    None where there is no picture, or it can't be read.
    """
    if not field_file or not field_file.name:
        return None
    if told := size_told_by(field_file.name):
        return told
    try:
        return _measured(field_file.storage, field_file.name)
    except OSError:
        return None


def size_told_by(name: str | None) -> tuple[int, int] | None:
    """Width and height in pixels, as `clean_image` wrote them into a picture's name; None where they aren't there."""
    found = _NAME.search(name or "")
    return (int(found[1]), int(found[2])) if found else None


@lru_cache(maxsize=1024)
def _measured(storage: Storage, name: str) -> tuple[int, int]:
    """Reads no more than the header. Names are made by chance and never used again, so this stays true."""
    with storage.open(name) as file, Image.open(file, formats=("JPEG", "PNG")) as image:
        return image.size


def widths_of(size: tuple[int, int], widths: Sequence[int]) -> list[int]:
    """The widths a picture of this size is given: never wider than it is, but its own width where that is between."""
    own = size[0]
    fits = [width for width in sorted(widths) if width <= own]
    return fits if own in fits or own > max(widths) else [*fits, own]


def rendition_name(master: str, *, width: int, kind: str) -> str:
    """The name of a rendition beside its master: `<name>.w640.avif`."""
    return f"{master.rsplit('.', 1)[0]}.w{width}.{kind}"


# ---- Writing and taking away -----------------------------------------------------------------------------------------


def write_renditions(field_file: StoredPicture, *, widths: Sequence[int]) -> list[str]:
    """Writes what is missing, and names all. Call it when the change is sure: `transaction.on_commit(...)`.

    A failure is logged and not raised: the picture is kept, and a rendition that is asked for is tried again.
    """
    if not (size := size_of(field_file)):
        return []
    storage, master = field_file.storage, str(field_file.name)
    names = []
    try:
        with _ENCODING, storage.open(master) as file, Image.open(file, formats=("JPEG", "PNG")) as image:
            image.load()
            for width in widths_of(size, widths):
                smaller = _resized(image, width)
                for kind in KINDS:
                    name = rendition_name(master, width=width, kind=kind)
                    if not storage.exists(name):
                        _put(storage, name, _encoded(smaller, kind))
                    names.append(name)
    except Exception:
        log.exception("The renditions of a picture could not be written")
    return names


def delete_renditions(field_file: StoredPicture) -> None:
    """Deletes every rendition that may stand beside the master, which is the caller's."""
    if field_file and (size := size_of(field_file)):
        for name in _names_of(str(field_file.name), size):
            field_file.storage.delete(name)


def delete_picture(field_file: StoredPicture) -> None:
    """Deletes the master and all its renditions from the storage; the row is the caller's."""
    if field_file:
        delete_renditions(field_file)
        field_file.storage.delete(str(field_file.name))


def _names_of(master: str, size: tuple[int, int]) -> list[str]:
    widths = sorted({*widths_of(size, PORTRAIT), *widths_of(size, WIDE)})
    return [rendition_name(master, width=width, kind=kind) for width in widths for kind in TYPES]


def _resized(image: Image.Image, width: int) -> Image.Image:
    """`width` pixels wide, and never wider than it was; with nothing in it but pixels."""
    height = max(1, round(image.height * width / image.width))
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return _bare(image.convert(mode).resize((width, height), Image.Resampling.LANCZOS))


def _bare(image: Image.Image) -> Image.Image:
    """A new image of the same pixels: encoders write text, profiles and EXIF that they find in the old one's `info`."""
    fresh = Image.new(image.mode, image.size)
    fresh.paste(image)
    return fresh


def _encoded(image: Image.Image, kind: str) -> bytes:
    if kind == "jpg" and image.mode == "RGBA":
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        image = white
    buffer = BytesIO()
    encoder, options = _SAVED[kind]
    image.save(buffer, encoder, **options)
    return buffer.getvalue()


def _put(storage: Storage, name: str, content: bytes) -> None:
    """Writes the file whole or not at all: a reader must never be given half a picture to keep for a year."""
    if not isinstance(storage, FileSystemStorage):
        # What is not a folder (an object store) puts whole objects.
        if (kept := storage.save(name, ContentFile(content))) != name:
            storage.delete(kept)
        return
    path = storage.path(name)
    handle, half = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(half, storage.file_permissions_mode or 0o600)
        os.replace(half, path)
    except BaseException:
        os.unlink(half)
        raise


# ---- Serving ---------------------------------------------------------------------------------------------------------

YEAR = 365 * 24 * 60 * 60


def rendition_response(
    field_file: StoredPicture,
    *,
    width: int,
    kind: str,
    public: bool,
    request: HttpRequest | None = None,
    widths: Sequence[int] = EVERY_WIDTH,
) -> HttpResponseBase:
    """Serves one rendition, made now if it is missing; raises Http404 for a width or a kind that there is not.

    With `request`, a browser that has it is told so (304), and an answer under the picture's present version (`?v=`)
    may be kept for a year; under any other address for ten minutes, since another picture may stand there soon.
    """
    size = size_of(field_file)
    if size is None or kind not in KINDS or width not in widths_of(size, widths):
        raise Http404
    name = rendition_name(str(field_file.name), width=width, kind=kind)
    try:
        file = _opened(field_file, name, width=width, kind=kind)
    except (OSError, SyntaxError):
        # The master is gone, or is no picture any more.
        raise Http404 from None
    etag = f'"{version_of(field_file)}-{width}-{kind}"'
    versioned = request is not None and request.GET.get("v") == version_of(field_file)
    response: HttpResponseBase
    if request is not None and (unchanged := get_conditional_response(request, etag=etag)):
        file.close()
        response = unchanged
    else:
        response = FileResponse(file, content_type=TYPES[kind])
    _guard(response, etag=etag, public=public, versioned=versioned)
    return response


def _opened(field_file: StoredPicture, name: str, *, width: int, kind: str) -> File[Any]:
    storage = field_file.storage
    try:
        return storage.open(name, "rb")
    except FileNotFoundError:
        pass
    with _ENCODING:
        # Whoever waited here finds what the one before has made.
        if not storage.exists(name):
            with storage.open(str(field_file.name)) as master, Image.open(master, formats=("JPEG", "PNG")) as image:
                _put(storage, name, _encoded(_resized(image, width), kind))
    return storage.open(name, "rb")


def _guard(response: HttpResponseBase, *, etag: str, public: bool, versioned: bool) -> None:
    response["ETag"] = etag
    response["Content-Disposition"] = "inline"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    if not public:
        response["Cache-Control"] = "no-store, private"
    elif versioned:
        response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    else:
        response["Cache-Control"] = "public, max-age=600"


# ---- Drawing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """One <source> of a picture: its media type, and its addresses with their widths."""

    type: str
    srcset: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What `{% picture %}` draws: a source for each encoding, the JPEG for everybody else, and the room it takes."""

    sources: tuple[Source, ...]
    src: str
    srcset: str
    width: int
    height: int


def draw(
    field_file: StoredPicture | None, *, widths: Sequence[int], address: Callable[[int, str], str]
) -> Picture | None:
    """The picture for a page, or None where there is none. `address(width, kind)` is the view that serves it.

    Asks no disk: the master's name tells its size.
    """
    if not (size := size_of(field_file)):
        return None
    offered, version = widths_of(size, widths), version_of(field_file)

    def srcset(kind: str) -> str:
        return ", ".join(f"{address(width, kind)}?v={version} {width}w" for width in offered)

    # For browsers that know no srcset: the middle one.
    plain = offered[len(offered) // 2]
    return Picture(
        sources=tuple(Source(TYPES[kind], srcset(kind)) for kind in KINDS if kind != "jpg"),
        src=f"{address(plain, 'jpg')}?v={version}",
        srcset=srcset("jpg"),
        width=offered[-1],
        height=max(1, round(size[1] * offered[-1] / size[0])),
    )


# ---- Cropping --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture, in fractions of its width and height from its top left corner."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def read(cls, text: str) -> Self:
        """Reads `0.1 0 0.8 1`; raises ValidationError for what is no part of a picture."""
        try:
            left, top, width, height = (float(part) for part in str(text)[:200].split())
        except ValueError:
            raise _no_box() from None
        box = cls(left, top, width, height)
        inside = (
            all(isfinite(part) and 0 <= part <= 1 for part in (left, top, width, height))
            and left + width <= 1.001
            and top + height <= 1.001
        )
        if not inside or min(width, height) < 0.01:
            raise _no_box()
        return box

    @classmethod
    def square_in(cls, size: tuple[int, int], part: str) -> Self:
        """The largest square: at the "start" (the top, or the left side), in the "middle" or at the "end"."""
        width, height = size
        side = min(width, height)
        across, down = side / width, side / height
        place = {"start": 0.0, "middle": 0.5, "end": 1.0}[part]
        return cls((1 - across) * place, (1 - down) * place, across, down)

    def __str__(self) -> str:
        return " ".join(f"{part:.4f}" for part in (self.left, self.top, self.width, self.height))


def _no_box() -> ValidationError:
    return ValidationError(_("Choose again which part of the picture is kept."), code="box")


def cropped_square(content: File[Any], box: Box, *, max_edge: int) -> ContentFile[bytes]:
    """A new master of the square part in `box`, `max_edge` pixels at most; `content` is a picture cleaned before.

    A box that is not quite square in pixels keeps the square in its middle.
    """
    content.seek(0)
    with Image.open(content, formats=("JPEG", "PNG")) as image:
        width, height = image.size
        side = max(1, min(round(box.width * width), round(box.height * height), width, height))
        left = round((box.left + box.width / 2) * width - side / 2)
        top = round((box.top + box.height / 2) * height - side / 2)
        left, top = max(0, min(left, width - side)), max(0, min(top, height - side))
        part = image.convert("RGBA" if image.has_transparency_data else "RGB")
        part = part.crop((left, top, left + side, top + side))
    part.thumbnail((max_edge, max_edge), Image.Resampling.LANCZOS)
    return save_picture(_bare(part), name=uuid.uuid4().hex)
