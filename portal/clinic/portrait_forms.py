"""The photo of a profile as it is sent: which part of it is shown, and where it waits while the rest is put right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db.models.fields.files import ImageFieldFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.clinic.models import Psychologist
from portal.clinic.row_forms import ClinicForm
from portal.common.forms.fields import MarkField
from portal.common.forms.parts import field_of, sent_with
from portal.common.forms.raw import Raw, several
from portal.common.forms.shown import TAKEN
from portal.common.media.pending_uploads import Place
from portal.common.media.pictures import PORTRAIT, Box, cropped_square, size_of, size_told_by
from portal.common.media.uploads import PHOTO_BYTES, PHOTO_EDGE, KeepsPictures, PictureField

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# What is kept of the whole photo, so that a part of it still has pixels enough for the largest portrait.
WHOLE_EDGE = 2000


class WithPortrait(KeepsPictures, ClinicForm[Psychologist]):
    """A photo, and which square of it is shown: by the cropper's box, or, without script, by one of three places.

    `portrait` is what the actions keep: the square, the whole that it was cut from, and where. `place` is where a photo
    waits while the rest can't be saved.
    """

    photo_part = forms.ChoiceField(
        label=_("Which part of the photo is kept"),
        choices=[
            ("start", _("The top, or the left side")),
            ("middle", _("The middle")),
            ("end", _("The bottom, or the right side")),
        ],
        required=False,
        widget=forms.RadioSelect,
        help_text=_("Photos are shown square. Save to see it, and choose another part if the face is cut off."),
    )
    # Empty on a page that nothing was sent from: a new photo must not get the old one's box.
    photo_box = MarkField(required=False, max_length=60, widget=forms.HiddenInput)

    def __init__(self, *args: Any, place: Place | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.place = place
        self.portrait: dict[str, Any] = {}
        photo = self.fields["photo"] = PictureField(
            label=_("Photo"),
            required=False,
            max_bytes=PHOTO_BYTES,
            max_edge=WHOLE_EDGE,
            # Blown up it would be a coloured disc.
            least=(PORTRAIT[0], PORTRAIT[0]),
            help_text=_(
                "JPEG, PNG or WebP, up to 10 MB. Where it was taken, and all else hidden in the file, is removed."
            ),
        )
        if place:
            photo.waits_at(place, stored=self.source)
        part = field_of(self, "photo_part", forms.ChoiceField)
        if size := self.source_size:
            part.choices = parts = _parts(size)
            part.initial = next(
                (key for key, _label in parts if str(Box.square_in(size, key)) == self.instance.photo_box), None
            )

    @property
    def source(self) -> ImageFieldFile:
        """The stored picture that another part can be cut from: the whole, or a photo from before wholes were kept."""
        kept: ImageFieldFile = self.instance.photo_source or self.instance.photo
        return kept

    @property
    def source_size(self) -> tuple[int, int] | None:
        """Width and height in pixels of what another part can be cut from; None without a picture."""
        return size_of(self.source)

    # ---- Two pages ---------------------------------------------------------------------------------------------------

    def raw(self, name: str, value: Any) -> Raw:
        """Which picture the photo is cut from, and where: the page shows both by the photo alone."""
        if name == "photo":
            return str(self.source.name or "")
        if name == "photo_box":
            return f"{self.source.name} {self.instance.photo_box}"
        return super().raw(name, value)

    def sent(self, name: str) -> Raw | None:
        """The box counts where one was drawn: it is empty on a page as it comes."""
        if name == "photo_box" and "photo" in several(self._sent, self.add_prefix(TAKEN)):
            return None
        return super().sent(name) or None if name == "photo_box" else super().sent(name)

    def is_stored(self, name: str, mine: Raw, stored: Raw) -> bool:
        """The same square of the same photo is no change."""
        if name != "photo_box":
            return super().is_stored(name, mine, stored)
        try:
            return str(Box.read(str(mine))) == str(self.instance.photo_box)
        except ValidationError:
            return False

    def stored_file(self, name: str) -> Any:
        """What was sent is compared with the whole, not with the square."""
        return self.source if name == "photo" else super().stored_file(name)

    def _merge(self) -> None:
        super()._merge()
        if drawn := self.conflicts.pop("photo_box", None):
            # A field that nobody sees: it is the photo that was changed.
            self.conflicts.setdefault("photo", drawn)

    def _put(self, name: str, value: Raw) -> None:
        super()._put(name, "" if name == "photo_box" else value)

    def in_words(self, name: str, value: Raw) -> str:
        if name in {"photo", "photo_box"}:
            return gettext("Another photo, or another part of it") if value else gettext("No photo")
        return super().in_words(name, value)

    def crop(self, cleaned: dict[str, Any]) -> None:
        """Fills `portrait` with values of photo, photo_source and photo_box; leaves it empty where nothing changes."""
        sent = cleaned.get("photo")
        self.portrait = {}
        if {"photo", "photo_box", "photo_part"} & set(self.errors):
            return
        if sent is False:
            self.portrait = {"photo": False, "photo_source": False, "photo_box": ""}
            return
        new = sent if isinstance(sent, ContentFile) else None
        size = size_told_by(new.name) if new else self.source_size
        if size is None:
            return
        part = cleaned.get("photo_part") or ("middle" if new else "")
        try:
            if cleaned.get("photo_box"):
                box = Box.read(cleaned["photo_box"])
            elif part:
                box = Box.square_in(size, part)
            else:
                return
            if new:
                self.portrait = {"photo": cropped_square(new, box, max_edge=PHOTO_EDGE), "photo_source": new}
            elif str(box) != self.instance.photo_box:
                self.portrait = {"photo": self._cropped_again(box)}
                if not self.instance.photo_source:
                    self.portrait["photo_source"] = self._copied()
            else:
                return
        except ValidationError as refusal:
            self.add_error("photo", refusal)
        except OSError:
            self.add_error(
                "photo", ValidationError(_("The photo can't be found any more. Send it again."), code="lost")
            )
        else:
            self.portrait["photo_box"] = str(box)

    def keep_pictures(self) -> None:
        """As the photo does, its part waits: one that was chosen on a photo that is refused goes with it."""
        super().keep_pictures()
        if sent := field_of(self, "photo", PictureField).sent:
            if size := size_told_by(sent.name):
                field_of(self, "photo_part", forms.ChoiceField).choices = _parts(size)
        elif self.files.get(self.add_prefix("photo")):
            self.data = sent_with(self.data, self.add_prefix("photo_box"), "")

    @property
    def _source_name(self) -> str:
        if not self.source.name:
            raise FileNotFoundError
        return self.source.name

    def _cropped_again(self, box: Box) -> ContentFile[bytes]:
        with self.source.storage.open(self._source_name) as file:
            return cropped_square(file, box, max_edge=PHOTO_EDGE)

    def _copied(self) -> ContentFile[bytes]:
        """The photo itself, before a part of it takes its place."""
        with self.source.storage.open(self._source_name) as file:
            return ContentFile(file.read(), name=self._source_name.rsplit("/", 1)[-1])


def _parts(size: tuple[int, int]) -> list[tuple[str, StrOrPromise]]:
    """What the three parts are called, once it is known which way the photo is long."""
    width, height = size
    if width > height:
        return [("start", _("The left side")), ("middle", _("The middle")), ("end", _("The right side"))]
    if height > width:
        return [("start", _("The top")), ("middle", _("The middle")), ("end", _("The bottom"))]
    return [("middle", _("All of it"))]
