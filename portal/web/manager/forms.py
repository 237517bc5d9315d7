"""Small forms of the manager's pages. What several audiences fill in stands with its app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from django import forms
from django.conf.locale import LANG_INFO
from django.utils.translation import gettext_lazy as _

from portal.clinic.forms import ProviderNumberForm
from portal.clinic.models import Language, Location, ProviderNumber, Psychologist, Room, Specialisation
from portal.common.database.columns import longest
from portal.common.forms.fields import LineField, tidy
from portal.common.forms.parts import field_of
from portal.common.forms.shown import SHOWN, MergesChanges


class RoomChoice(forms.Form):
    room = forms.ModelChoiceField(queryset=Room.objects.none())
    do = forms.ChoiceField(choices=[("retire", "retire"), ("restore", "restore")])

    def __init__(self, *args: Any, location: Location, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field_of(self, "room", forms.ModelChoiceField).queryset = location.rooms.all()


class NumberAtForm(MergesChanges, ProviderNumberForm):
    """The number at one place, which the page itself says and not the person who fills it in."""

    def __init__(
        self, data: Any = None, *, place: Location, number: str, psychologist: Psychologist | None = None
    ) -> None:
        super().__init__(data, prefix=place.slug, initial={"number": number})
        self.place, self.psychologist = place, psychologist
        del self.fields["location"]
        self.fields["number"].label = _("Provider number at %(place)s") % {"place": place.name}

    @property
    def is_edit(self) -> bool:
        return self.psychologist is not None

    def form_now(self) -> Self:
        """With the number held now; whoever saves one has the psychologist's row."""
        whose = self.psychologist.pk if self.psychologist else 0
        list(Psychologist.objects.select_for_update(no_key=True, of=("self",)).filter(pk=whose))
        held = ProviderNumber.objects.filter(psychologist=whose, location=self.place).first()
        return type(self)(place=self.place, number=held.number if held else "", psychologist=self.psychologist)


def number_forms(
    psychologist: Psychologist | None, data: Any = None, *, typed: Mapping[str, str] | None = None
) -> list[NumberAtForm]:
    """One form for each location in use, with the number held there now, or one `typed` and not judged yet."""
    held = {} if psychologist is None else dict(psychologist.provider_numbers.values_list("location_id", "number"))
    found = []
    for location in Location.objects.filter(is_active=True):
        number = (typed or {}).get(f"{location.slug}-number", held.get(location.pk, ""))
        form = NumberAtForm(data, place=location, number=number, psychologist=psychologist)
        if typed is not None:
            form.mark = typed.get(form.add_prefix(SHOWN), "")
        found.append(form)
    return found


class SpecialisationForm(forms.Form):
    name = LineField(label=_("A new specialisation"), max_length=longest(Specialisation, "name"))


# Django knows how most languages call themselves; Auslan has no code there, and is needed here.
LANGUAGES = {
    code: (about["name"], tidy(about["name_local"][:1].upper() + about["name_local"][1:]))
    for code, about in LANG_INFO.items()
    if "name_local" in about and code not in {"en", "en-au", "en-gb"}
} | {"asf": ("Auslan", "Auslan"), "en": ("English", "English")}


class LanguageForm(forms.Form):
    """Those that are offered, but for the ones the clinic has."""

    code = forms.ChoiceField(label=_("A new language"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = set(Language.objects.values_list("code", flat=True))
        offered = sorted((english, own, code) for code, (english, own) in LANGUAGES.items() if code not in present)
        field_of(self, "code", forms.ChoiceField).choices = [("", _("Choose"))] + [
            (code, own if own == english else f"{english} ({own})") for english, own, code in offered
        ]

    @property
    def own_name(self) -> str:
        return LANGUAGES[self.cleaned_data["code"]][1]
