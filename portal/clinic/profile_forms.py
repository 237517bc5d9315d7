"""Profiles as the manager and the psychologists themselves write them: the portrait, the words, what stands first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self
from zlib import crc32

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.clinic.models import Mode, Psychologist, Service, Specialisation
from portal.clinic.portrait_forms import WithPortrait
from portal.clinic.row_forms import ClinicForm, Group, SluggedForm, names_in
from portal.common.forms.asking import AsksOnce
from portal.common.forms.fields import MoneyField, refuse_control_characters, tidy
from portal.common.forms.parts import field_of, widget_of
from portal.common.forms.shown import SHOWN
from portal.common.media.uploads import PictureField, PictureInput
from portal.common.money import dollars
from portal.common.text.normalise import fold

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# A list that is longer says nothing, and a word that is longer is a sentence.
MOST_TOPICS, LONGEST_TOPIC = 12, 40


# ---- What somebody works with, in order ------------------------------------------------------------------------------


class TopicsInput(forms.Widget):
    """A list with buttons to move each word up and down and to take it away, and a box to add one.

    Each button sends the whole form, so nothing else that was typed is lost where there is no script. The value is the
    list of names as it is after the button that was pressed.
    """

    template_name = "portal_forms/topics.html"
    use_fieldset = True
    # What stands in the box, and what is wrong with it.
    typed, error = "", ""
    # Where the word stood that was just taken away.
    gap: int | None = None

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        getlist = getattr(data, "getlist", None)
        names = [str(item) for item in (getlist(name) if getlist else data.get(name) or [])]
        for button, step in (("up", -1), ("down", 1)):
            moved = data.get(f"{name}-{button}")
            if moved in names:
                at = names.index(moved)
                to = max(0, min(len(names) - 1, at + step))
                names.insert(to, names.pop(at))
        if (dropped := data.get(f"{name}-drop")) in names:
            names.remove(dropped)
        # What stands in the box when the form is saved was meant to be added.
        if not self.is_rearranged(data, name) or data.get(f"{name}-add"):
            names += [added] if (added := tidy(str(data.get(f"{name}-new") or ""))) else []
        return names

    @staticmethod
    def is_rearranged(data: Mapping[str, Any], name: str) -> bool:
        """Whether one of the list's own buttons was pressed, and not the form's."""
        return any(data.get(f"{name}-{button}") for button in ("up", "down", "drop", "add"))

    @staticmethod
    def gap_in(data: Any, name: str) -> int | None:
        """Where the word stood whose button to take it away was pressed."""
        names, dropped = data.getlist(name), data.get(f"{name}-drop")
        return names.index(dropped) if dropped in names else None

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str) -> str:
        return ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        names = list(value or [])
        chosen = {fold(word) for word in names}
        # A button keeps its id wherever its word goes, so that the keyboard stays on it.
        keys = [f"{crc32(word.encode()):08x}" for word in names]
        drops = [f"topic-drop-{key}" for key in keys]
        # With its word goes the button that was pressed: the keyboard goes on at the next one.
        after = [(drops[i + 1 :] + drops[:i][-1:] + ["topic-new"])[0] for i in range(len(drops))]
        focused = None if self.gap is None else drops[min(self.gap, len(drops) - 1)] if drops else "topic-new"
        context["widget"] |= {
            "topics": list(zip(names, keys, drops, after, strict=True)),
            "focused": focused,
            "typed": self.typed,
            "error": self.error,
            "suggestions": [t.name for t in Specialisation.objects.all() if fold(t.name) not in chosen],
            "longest": LONGEST_TOPIC,
            "is_full": len(names) >= MOST_TOPICS,
        }
        return context


class TopicsField(forms.Field):
    """Names of specialisations, in order and each once; one that the clinic has already is spelled as it is there.

    A psychologist may add a word that nobody used yet: waiting for the manager's nod would leave the website wrong
    until then, and what they may be found under is theirs to say. In return the word is short, is the same word
    whatever its capitals and accents, stands in the trail, and the manager's list shows who uses it.
    """

    widget = TopicsInput

    def clean(self, value: Any) -> list[str]:
        known = {fold(topic.name): topic.name for topic in Specialisation.objects.all()}
        names: dict[str, str] = {}
        for word in value or []:
            refuse_control_characters(word)
            word = tidy(word)
            if not (key := fold(word)):
                continue
            if key not in known:
                self._check(word)
            names.setdefault(key, known.get(key, word))
        if len(names) > MOST_TOPICS:
            raise ValidationError(
                _("Name at most %(most)d. People choose by the first few."), code="many", params={"most": MOST_TOPICS}
            )
        return list(names.values())

    def _check(self, word: str) -> None:
        if len(word) > LONGEST_TOPIC:
            raise ValidationError(
                _("Use a few words, at most %(most)d characters: “Sleep”, “School refusal”."),
                code="long",
                params={"most": LONGEST_TOPIC},
            )
        if not any(c.isalpha() for c in word) or any(c in "<>{}[]@#/\\|;:" for c in word):
            raise ValidationError(_("Write this as plain words: “Sleep”, “School refusal”."), code="plain")


# ---- The forms -------------------------------------------------------------------------------------------------------


class ProfileForm(AsksOnce, WithPortrait):
    """What both forms share. `values` and `topics` are what the actions take; a fee of nothing is asked about once."""

    one_of = frozenset(Mode.values)

    specialisations = TopicsField(
        label=_("What you work with"),
        required=False,
        help_text=_("Your profile names them in this order. People filter by them."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[Mode.values[-1]].help_text = _("What is booked already stays as it was agreed.")
        self.fields["video_link"].help_text = _(
            "The address of a room at a service for video, where people wait until they are let in. It stands in "
            "e-mails and on the pages of sessions by video. Without one, people are told to phone the clinic."
        )
        if self.instance.pk:
            self.initial.setdefault("specialisations", [topic.name for topic in self.instance.topics])
        # The form's own names for what each service costs with them: the rows stand in a table of their own.
        self.priced = {f"fee-{service.slug}": service for service in self.services_to_price()}
        for name, service in self.priced.items():
            self.fields[name] = MoneyField(
                label=service.name,
                required=False,
                max_value=Decimal("99999.99"),
                help_text=_("%(fee)s if it is left empty") % {"fee": dollars(service.fee)},
            )
            self.initial.setdefault(name, self.instance.fees.get(service.pk) if self.instance.pk else None)

    def services_to_price(self) -> Iterable[Service]:
        """The services that the form asks a fee for."""
        return Service.objects.offered()

    @property
    def fieldsets(self) -> Iterator[tuple[StrOrPromise, list[forms.BoundField]]]:
        """The title of each group and its bound fields; a group without fields is left out."""
        for title, names in self.groups:
            shown = [each for name in names for each in (self.priced if name == "fees" else [name])]
            if fields := [self[name] for name in shown if name in self.fields]:
                yield title, fields

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.crop(cleaned)
        for name, service in self.priced.items():
            if (fee := cleaned.get(name)) is not None and fee > 2 * service.fee:
                self.warn(name, _("This is more than twice what this service usually costs. Check it."))
            if fee == 0 and (not self.is_edit or name in self.changed_here):
                words = gettext("The fee for %(service)s is $0.00: whoever books it pays nothing. Is it free?")
                self.ask(words % {"service": service.name})
        if not any(cleaned.get(mode) for mode in Mode.values):
            self.add_error("in_person", ValidationError(_("Choose at least one way of meeting people."), code="mode"))
        return cleaned

    @property
    def values(self) -> dict[str, Any]:
        """What `actions` take for columns, the portrait included; topics and fees are apart."""
        apart = {*_APART, *self.priced, "photo"}
        return {name: value for name, value in super().values.items() if name not in apart} | self.portrait

    @property
    def changes(self) -> dict[str, Any]:
        """What `update_psychologist` takes for columns; topics and fees that were changed are apart."""
        return {name: value for name, value in self.values.items() if name in {*self.changed_here, *self.portrait}}

    @property
    def changed_topics(self) -> list[str] | None:
        """What they work with from now on; None where this page left it as it is."""
        return self.topics if "specialisations" in self.changed_here else None

    @property
    def changed_fees(self) -> dict[int, Decimal | None]:
        """What this page changed of `fees`."""
        changed = {service.pk for name, service in self.priced.items() if name in self.changed_here}
        return {service: fee for service, fee in self.fees.items() if service in changed}

    @property
    def fees(self) -> dict[int, Decimal | None]:
        """What they charge by a service's id, None where they charge what it costs; what can't be read is left out."""
        read = {}
        for name, service in self.priced.items():
            with suppress(ValidationError):
                read[service.pk] = self.fields[name].clean(self[name].value())
        return read

    @property
    def topics(self) -> list[str]:
        """What they work with, in the order shown, each once."""
        names: list[str] = self.cleaned_data["specialisations"]
        return names

    @property
    def is_rearranged(self) -> bool:
        """Whether a button of the list was pressed: the form is drawn again, and nothing is saved."""
        return self.is_bound and TopicsInput.is_rearranged(self.data, "specialisations")

    def rearranged(self) -> Self:
        """The same form with what was typed and the list in its new order, not yet judged but for a word just added."""
        typed = {
            name: field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
            for name, field in self.fields.items()
            if name != "photo"
        }
        names, adding = typed["specialisations"], bool(self.data.get("specialisations-add"))
        word = str(self.data.get("specialisations-new") or "")
        error = ""
        try:
            names = self.fields["specialisations"].clean(names)
        except ValidationError as refusal:
            error = refusal.messages[0]
            names = names[:-1] if adding else names
        again = type(self)(instance=self.instance, initial=typed | {"specialisations": names}, **self._made_with())
        again.mark = str(self.data.get(self.add_prefix(SHOWN)) or "")
        self._pass_on_photo(again)
        box = widget_of(again, "specialisations", TopicsInput)
        box.error, box.typed = error, word if error or not adding else ""
        box.gap = TopicsInput.gap_in(self.data, "specialisations")
        return again

    def _pass_on_photo(self, again: ProfileForm) -> None:
        """Where a list's button was pressed without script, the browser sent the chosen photo, and sends it once."""
        field = field_of(self, "photo", PictureField)
        shown, before = widget_of(again, "photo", PictureInput), widget_of(self, "photo", PictureInput)
        sent = before.value_from_datadict(self.data, self.files, self.add_prefix("photo"))
        try:
            field.clean(sent, self.initial.get("photo"))
        except ValidationError as refusal:
            # Said here, or it would be gone without a word: the rest of the form isn't judged yet.
            again.cleaned_data = {}
            again.add_error("photo", refusal)
        self.keep_pictures()
        shown.waiting, shown.checked = before.waiting, before.checked
        parts = field_of(self, "photo_part", forms.ChoiceField).choices
        field_of(again, "photo_part", forms.ChoiceField).choices = parts
        again.initial["photo_box"] = self.data.get(self.add_prefix("photo_box"), "")

    def _made_with(self) -> Mapping[str, Any]:
        return {**super()._made_with(), "place": self.place}


_PSYCHOLOGIST: list[Group] = [
    (_("The photo"), ["photo", "photo_part", "photo_box"]),
    (_("The profile"), ["title", "slug", "headline", "bio", "specialisations", "languages"]),
    (_("Registration"), ["registration", "ahpra_number", "qualifications"]),
    (_("Ways of meeting"), [*Mode.values, "video_link"]),
    (_("Booking"), ["services", "accepting_patients", "position"]),
    (_("Their own fees"), ["fees"]),
]
# They have columns of their own kind, or none.
_APART = {"photo_part", "photo_box", "specialisations", "fees"}


# What columns call in the words of whoever fills in their own profile.
_OF_THEM = {
    "headline": _("One line about them"),
    "bio": _("About them"),
    "specialisations": _("What they work with"),
}


class PsychologistForm(SluggedForm[Psychologist], ProfileForm):
    """The whole profile, for the manager."""

    groups = _PSYCHOLOGIST
    together = (("registration", "ahpra_number"),)

    class Meta(ClinicForm.Meta):
        model = Psychologist
        fields = [name for name in names_in(_PSYCHOLOGIST) if name not in _APART]

    def __init__(self, *args: Any, user: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user or (self.instance.user if self.instance.user_id else None)
        for name, words in _OF_THEM.items():
            self.fields[name].label = words
        self.fields["specialisations"].help_text = _("The profile names them in this order. People filter by them.")

    def slug_source(self) -> str:
        return self.user.name if self.user else ""

    def _made_with(self) -> Mapping[str, Any]:
        return {**super()._made_with(), "user": self.user}


_OWN_PROFILE: list[Group] = [
    (_("Your photo"), ["photo", "photo_part", "photo_box"]),
    (_("About you"), ["headline", "bio", "qualifications"]),
    (_("Your work"), ["specialisations", "languages"]),
    (_("How you meet people"), [*Mode.values, "video_link"]),
    (_("Bookings"), ["accepting_patients"]),
    (_("Your fees, before GST"), ["fees"]),
]


class OwnProfileForm(ProfileForm):
    """What psychologists say about themselves, and what they charge.

    Registration, number, title, address on the website, services and provider numbers are the manager's: the clinic
    answers for them to the Board, to Medicare and to whoever follows a link.
    """

    groups = _OWN_PROFILE

    class Meta(ClinicForm.Meta):
        model = Psychologist
        fields = [name for name in names_in(_OWN_PROFILE) if name not in _APART]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["headline"].help_text = _("It stands under your name in every list. What you do, and for whom.")
        self.fields["bio"].help_text = _("An empty line begins a new paragraph.")
        self.fields["accepting_patients"].help_text = _("Untick it to be shown as full. Sessions that are booked stay.")

    def services_to_price(self) -> Iterable[Service]:
        """Those that they give: who names none gives all."""
        named = {service.pk for service in self.instance.services.all()}
        return [service for service in super().services_to_price() if not named or service.pk in named]
