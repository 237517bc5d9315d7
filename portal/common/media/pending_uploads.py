"""Pictures that came with a form that could not be saved yet: kept for a day, so that nobody has to choose them again.

A browser sends a chosen file once. Where the form comes back, what was cleaned of it waits in the private storage, and
the page carries a signed word that names it, made for this person and this form: it opens nothing for anybody else, nor
elsewhere. No address serves it; the page shows it within itself. It goes once it is saved, or another takes its place,
or it is left out; and by the clock a day later, or when somebody has too many.
"""

from __future__ import annotations

import re
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO

from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

FOLDER = "waiting"
LIFE = timedelta(days=1)
# Of one person, whatever they send: the oldest go first.
MOST = 12
# As large as the page shows it, twice that on a fine screen.
SHOWN_EDGE = 640

# Whose it is, since when (seconds since 1970, UTC), and the name that it is saved under.
_NAME = re.compile(r"([0-9a-f]{32})\.([0-9]{1,12})\.([0-9a-f]{32}-[0-9]+x[0-9]+\.(?:jpg|png))")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pictures of one form wait. `person` is the code of whoever fills it in, `form` is like no other's."""

    person: str
    form: str

    def keep(self, picture: ContentFile[bytes]) -> str:
        """Keeps a cleaned picture, and gives the word that finds it."""
        now = timezone.now()
        own = [name for name, person, since in _all() if person == self.person and not _is_over(since, now)]
        for name in own[: max(0, len(own) + 1 - MOST)]:
            _delete(name)
        picture.seek(0)
        name = f"{self.person}.{int(now.timestamp())}.{picture.name}"
        kept = default_storage.save(f"{FOLDER}/{name}", ContentFile(picture.read()))
        picture.seek(0)
        return signing.dumps(kept.rsplit("/", 1)[-1], salt=self._salt)

    def find(self, word: str) -> ContentFile[bytes] | None:
        """The picture, under the name that it was cleaned to; None where it is gone, or the word is not this form's."""
        if not (name := self._read(word)):
            return None
        try:
            with default_storage.open(f"{FOLDER}/{name}") as file:
                return ContentFile(file.read(), name=self.name_in(word))
        except FileNotFoundError:
            return None

    def name_in(self, word: str) -> str:
        """What the picture is saved as, whether or not it still waits; empty where the word is not this form's."""
        found = _NAME.fullmatch(self._read(word))
        return found[3] if found else ""

    def drop(self, word: str) -> None:
        """Deletes what waits under this word, if anything does."""
        if name := self._read(word):
            _delete(name)

    def _read(self, word: str) -> str:
        try:
            return str(signing.loads(word, salt=self._salt, max_age=LIFE))
        except signing.BadSignature:
            return ""

    @property
    def _salt(self) -> str:
        return f"portal.common.media.pending_uploads:{self.person}:{self.form}"


def shown(picture: ContentFile[bytes]) -> str:
    """The picture itself as an address, small, for the page that comes back: there is nothing for others to guess."""
    picture.seek(0)
    with Image.open(picture, formats=("JPEG", "PNG")) as image:
        small = image.convert("RGBA" if image.has_transparency_data else "RGB")
    picture.seek(0)
    small.thumbnail((SHOWN_EDGE, SHOWN_EDGE), Image.Resampling.LANCZOS)
    kind = "png" if small.mode == "RGBA" else "jpeg"
    buffer = BytesIO()
    small.save(buffer, kind.upper(), quality=75)
    return f"data:image/{kind};base64,{b64encode(buffer.getvalue()).decode('ascii')}"


def sweep() -> int:
    """Deletes what has waited for a day, and says how many."""
    now = timezone.now()
    over = [name for name, _person, since in _all() if _is_over(since, now)]
    for name in over:
        _delete(name)
    return len(over)


def _is_over(since: datetime, now: datetime) -> bool:
    return now - since > LIFE


def _all() -> list[tuple[str, str, datetime]]:
    """Name, whose and since when; the oldest first."""
    try:
        _folders, names = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return []
    read = [(name, _NAME.match(name)) for name in names]
    found = [(n, m[1], datetime.fromtimestamp(int(m[2]), UTC)) for n, m in read if m]
    return sorted(found, key=lambda one: (one[2], one[0]))


def _delete(name: str) -> None:
    # Two pages may let go of one picture at once.
    with suppress(FileNotFoundError):
        default_storage.delete(f"{FOLDER}/{name}")
