"""The form of a notice's own words, and what was asked of its preview."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from portal.common.forms.fields import LineField, TextField, WithWarnings
from portal.common.forms.numbers import WholeNumberField
from portal.common.forms.raw import written
from portal.common.forms.shown import SHOWN, MergesChanges
from portal.common.web.search_words import SearchWords
from portal.journeys import wording
from portal.notifications.models import NoticeWording
from portal.notifications.segments import Size
from portal.notifications.wording import standing
from portal.notifications.wording.judging import MANY_SEGMENTS, MOST_SEGMENTS, Fault, faults
from portal.notifications.wording.kinds import (
    CLOSING,
    OPENING,
    OPENING_FOR,
    SUBJECT,
    SUBJECT_FOR,
    TEXT,
    Kind,
    Part,
)
from portal.website.actions import lock_texts

LABELS: Final = {
    TEXT: _("The whole text"),
    SUBJECT: _("Subject"),
    SUBJECT_FOR: _("Subject for somebody who reads for a patient"),
    OPENING: _("Opening, after “Hello”"),
    OPENING_FOR: _("Opening for somebody who reads for a patient"),
    CLOSING: _("Closing words"),
}
_FAULTS: Final = {
    "brace": _("A brace stands alone. A field is a name between two of them, such as {clinic}."),
    "unknown": _("There is no field {%(about)s} here."),
    "missing": _("It must name {%(about)s}."),
    "clinical": _("“%(about)s” says what the visit is for. Notices are read over shoulders, and say nothing of care."),
    "service": _("“%(about)s” is the name of a service. No notice names one."),
    "address": _(
        "“%(about)s” becomes a link on a telephone. Only a notice’s own {link} may lead anywhere; after a full stop "
        "put a space."
    ),
    "unseen": _("Something in it can’t be seen. Type it again."),
    "long": _("It has %(about)s characters, and that is too many."),
}


def in_words(fault: Fault) -> str:
    """A fault for a person."""
    return str(_FAULTS[fault.kind]) % {"about": fault.about}


def parts_of(size: Size) -> str:
    """How a text is sent, in words."""
    parts = ngettext("%(n)d text", "%(n)d texts", size.segments) % {"n": size.segments}
    signs = gettext("Unicode") if size.is_unicode else gettext("the alphabet of phones")
    return gettext("%(parts)s, %(n)d characters in %(signs)s") % {"parts": parts, "n": size.letters, "signs": signs}


class WordingForm(WithWarnings, MergesChanges):
    """One notice in one language, part by part. What is left as it ships, or emptied, stays in the standard words."""

    def __init__(
        self, data: Any = None, *, kind: Kind, language: str, standard: Mapping[str, str], now: datetime
    ) -> None:
        self.kind, self.language, self.standard, self.now = kind, language, standard, now
        last = NoticeWording.objects.of(kind.template, language).first()
        self.stored_own: dict[str, str] = last.words if last else {}
        super().__init__(data, initial={part: self.stored_own.get(part) or standard[part] for part in kind.parts})
        for part in kind.parts.values():
            self.fields[part.name] = self._field(part)

    def _field(self, part: Part) -> forms.Field:
        made = LineField if part.name in {TEXT, SUBJECT, SUBJECT_FOR} else TextField
        field = made(label=LABELS[part.name], max_length=part.longest, required=False, help_text=_must_name(part))
        if part.name not in {SUBJECT, SUBJECT_FOR}:
            field.widget = forms.Textarea(attrs={"rows": 4 if part.name == TEXT else 3})
        field.widget.attrs.update({"lang": self.language, "dir": "auto", "spellcheck": "true", "autocomplete": "off"})
        return field

    def form_now(self) -> Self:
        """With the words as they are now. There may be no row of them to lock: the clinic's is in its place."""
        lock_texts()
        return type(self)(kind=self.kind, language=self.language, standard=self.standard, now=self.now)

    @classmethod
    def back_at(cls, version: NoticeWording, form: WordingForm) -> WordingForm:
        """The form as if the words of an older version had just been typed."""
        data = {SHOWN: form.shown_now, **{part: version.words.get(part) or form.standard[part] for part in form.fields}}
        return cls(data, kind=form.kind, language=form.language, standard=form.standard, now=form.now)

    @property
    def shown_now(self) -> str:
        """What a page with this form carries of what it showed."""
        return written(self.stored)

    @property
    def own(self) -> dict[str, str]:
        """What differs from the standard words, by part; of what was sent only the parts that may be."""
        said = self.cleaned_data if self.is_bound and hasattr(self, "cleaned_data") else self.initial
        return {name: said[name] for name in self.kind.parts if said.get(name) and said[name] != self.standard[name]}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        names = standing.never_named()
        for name in self.kind.parts:
            words = cleaned.get(name)
            if not words or words == self.standard[name]:
                continue
            if found := [in_words(fault) for fault in faults(self.kind.parts[name], words, names=names)]:
                self.add_error(name, [ValidationError(each, code="wording") for each in found])
            elif name == TEXT:
                self._count(words)
        return cleaned

    def _count(self, words: str) -> None:
        segments = wording.size(self.kind.template, self.language, words, now=self.now).segments
        if segments > MOST_SEGMENTS:
            text = _("It is sent as %(n)d texts, each of which is paid for. Write at most %(most)d.")
            self.add_error(TEXT, ValidationError(text, code="segments", params={"n": segments, "most": MOST_SEGMENTS}))
        elif segments > MANY_SEGMENTS:
            self.warn(TEXT, gettext("It is sent as %(n)d texts, each of which is paid for.") % {"n": segments})


def _must_name(part: Part) -> str:
    must = " ".join(f"{{{name}}}" for name in part.fields if name in part.required)
    may = " ".join(f"{{{name}}}" for name in part.fields if name not in part.required)
    said = []
    if must:
        said.append(gettext("Must name %(fields)s.") % {"fields": must})
    if may:
        said.append(gettext("May name %(fields)s.") % {"fields": may})
    return " ".join(said)


class PreviewForm(forms.Form):
    """Whom a preview is for: `person` is chosen now, `seen_as` was chosen before, `q` is what they are found by."""

    q = SearchWords(label=_("Find a patient"), required=False)
    person = forms.UUIDField(required=False)
    seen_as = forms.UUIDField(required=False)

    @property
    def code(self) -> UUID | None:
        self.full_clean()
        if "person" in self.data:
            return self.cleaned_data.get("person")
        return self.cleaned_data.get("seen_as")

    @property
    def text(self) -> str:
        self.full_clean()
        return "" if "person" in self.data else str(self.cleaned_data.get("q") or "")


class VersionChoice(forms.Form):
    """The version in the address whose words are to be used again."""

    version = WholeNumberField(min_value=1)

    @classmethod
    def read(cls, data: Any) -> int | None:
        if "version" not in data:
            return None
        form = cls(data)
        if not form.is_valid():
            raise Http404
        return int(form.cleaned_data["version"])
