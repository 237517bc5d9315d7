"""Forms for the words of the website and the crisis lines."""

from __future__ import annotations

import re
from typing import Any, Self

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from portal.common.forms.fields import DigitsField, LineField, TextField
from portal.common.forms.shown import MergesChanges
from portal.website import actions
from portal.website.models import CrisisLine
from portal.website.texts import OWN_LANGUAGE, Text, Texts

CHAT_ADDRESS = URLValidator(schemes=["https"])
# What can be rung or written to in Australia, without its spaces: emergency numbers, 13 and 1300, 180 and 1800, short
# numbers for texts, and those of states and mobiles. Source: the Telecommunications Numbering Plan 2015.
AUSTRALIAN = re.compile(r"000|106|112|13\d{4}|180\d{4}|1[38]00\d{6}|19\d{4}(\d{2})?|(0|\+61)[23478]\d{8}")


class LanguageChoice(forms.Form):
    """The language in the address; what can't be read is the clinic's own."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)

    @classmethod
    def read(cls, data: Any) -> str:
        form = cls(data)
        return form.cleaned_data["language"] if form.is_valid() else OWN_LANGUAGE


class SiteTextForm(MergesChanges):
    """One text; its own length, one line or several. `standard` are the words that ship."""

    def __init__(self, data: Any = None, *, text: Text, language: str, standard: str) -> None:
        self.text, self.language, self.standard = text, language, standard
        self.own = Texts(language).own(text.key)
        super().__init__(data, initial={"text": self.own or standard})
        made = TextField if text.is_long else LineField
        self.fields["text"] = made(
            label=_("Your words"), max_length=text.max_length, required=True, help_text=text.help or ""
        )
        attrs = {"lang": language, "dir": "auto"}
        if not text.is_long and text.max_length > 100:
            self.fields["text"].widget = forms.Textarea(attrs={"rows": 3})
        self.fields["text"].widget.attrs.update(attrs)

    def form_now(self) -> Self:
        """With the words as they are now. There may be no row of them to lock: the clinic's is in its place."""
        actions.lock_texts()
        return type(self)(text=self.text, language=self.language, standard=self.standard)


class CrisisLineForm(MergesChanges):
    together = (("name", "kind", "number", "link"),)
    one_of = frozenset({"number", "link"})
    situation = forms.ChoiceField(
        label=_("When somebody needs it"),
        choices=CrisisLine.Situation.choices,
        help_text=_("A line for another language also stands on every page and e-mail that is not in English."),
    )
    name = LineField(label=_("Name"), max_length=60)
    kind = forms.ChoiceField(label=_("How"), choices=CrisisLine.Kind.choices, initial=CrisisLine.Kind.CALL)
    number = DigitsField(
        label=_("Number, as it is printed"),
        max_length=30,
        required=False,
        help_text=_(
            "For calls and text messages. Ring it, or read it on its own site, before you save: readers see it at "
            "once, and it counts as checked today."
        ),
    )
    link = LineField(
        label=_("Address of the chat"), max_length=200, required=False, help_text=_("Begins with https://")
    )
    hours = LineField(label=_("When it answers"), max_length=80, required=False)
    audience = LineField(label=_("For whom, in a sentence"), max_length=160, required=False)
    everywhere = forms.BooleanField(
        label=_("Show it on every page"),
        required=False,
        help_text=_("Keep this to six: the whole list stands on its own page."),
    )
    checked = forms.BooleanField(
        label=_("I have rung it just now, or read it on its own site"),
        required=False,
        help_text=_("Leave it empty where you haven't: the line then stands on the list as to be checked."),
    )

    def __init__(self, data: Any = None, *, line: CrisisLine | None = None) -> None:
        self.line = line
        initial = {name: getattr(line, name) for name in self.base_fields if name != "checked"} if line else None
        super().__init__(data, initial=initial)

    @property
    def is_edit(self) -> bool:
        return self.line is not None

    def form_now(self) -> Self:
        """The form on the line as it is now, locked."""
        return type(self)(
            line=CrisisLine.objects.select_for_update().filter(pk=self.line.pk if self.line else 0).first()
        )

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"]
        if number and not re.fullmatch(r"\+?[0-9][0-9 ]{1,28}", number):
            raise ValidationError(_("Write digits and spaces only, such as 13 11 14."), code="number")
        if number and not AUSTRALIAN.fullmatch(number.replace(" ", "")):
            raise ValidationError(
                _(
                    "No number in Australia looks like this. One begins with 13, 1300 or 1800, with 02 to 08 and ten "
                    "digits in all, or is 000. Read it again where it is printed."
                ),
                code="number",
            )
        return number

    def clean_link(self) -> str:
        link: str = self.cleaned_data["link"]
        if link:
            try:
                CHAT_ADDRESS(link)
            except ValidationError:
                raise ValidationError(_("Write the whole address; it begins with https://"), code="link") from None
        return link

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "kind" in cleaned:
            needed = "link" if cleaned["kind"] == CrisisLine.Kind.CHAT else "number"
            if not cleaned.get(needed) and needed not in self.errors:
                self.add_error(needed, ValidationError(_("Without it nobody can reach them."), code="required"))
        return cleaned
