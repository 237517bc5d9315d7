"""Finding a psychologist. What can't be read in the address falls back to the widest choice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from babel import Locale, UnknownLocaleError
from django import forms
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, pgettext, to_locale
from django.utils.translation import gettext as _

from portal.appointments.hours import weekly_hours
from portal.clinic import kept as clinic_kept
from portal.clinic.models import Language, Location, Mode, Specialisation
from portal.common.forms.fields import MarkField, SearchField
from portal.common.kept import drawn, kept
from portal.common.text.normalise import fold
from portal.journeys import profiles
from portal.web.public.psychologists import Found
from portal.website.texts import Texts, Wording, own_words

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# What CLDR doesn't name, or names by its script and not as it is spoken.
SPOKEN = {"zh": gettext_lazy("Mandarin"), "zh-hans": gettext_lazy("Mandarin"), "asf": gettext_lazy("Auslan")}
LONGEST_SEARCH = 80


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force, and the address without it. `lang` is what its label is in, if that isn't the page's."""

    label: str
    url: str
    count: int
    lang: str = ""

    @property
    def html(self) -> str:
        return Wording(self.label, self.lang).html


class Choices(NamedTuple):
    """What there is to choose from: what somebody here has. Languages stand with what the reader calls them."""

    topics: Sequence[Specialisation]
    languages: Sequence[tuple[Language, str]]
    modes: Sequence[Mode]
    places: Sequence[Location]


@kept(clinic_kept.practising, clinic_kept.services, clinic_kept.places, weekly_hours, own_words)
def choices(language: str) -> Choices:
    """In the order in which a reader of this language finds them."""
    people, offered, texts = clinic_kept.practising(), clinic_kept.offered_services(), Texts(language)
    topics = {topic for person in people for topic in person.topics}
    spoken = {one for person in people for one in person.languages.all()}
    ways = {mode for p in people for service in profiles.services_of(p, offered) for mode in p.modes_for(service)}
    places = {place for person in people for place in profiles.places_of(person)}
    return Choices(
        topics=sorted(topics, key=lambda topic: texts.name_of(topic).text),
        languages=sorted(((one, language_label(one)) for one in spoken), key=lambda row: row[1]),
        modes=[mode for mode in Mode if mode in ways],
        places=sorted(places, key=lambda place: (place.position, place.name)),
    )


class PeopleFilter(forms.Form):
    """The choices in the address: who, what for, in which language, how, where, and how soon."""

    q = SearchField()
    topic = MarkField(required=False)
    language = MarkField(required=False)
    mode = MarkField(required=False)
    location = MarkField(required=False)
    soon = MarkField(required=False)

    def __init__(self, data: Any, *, choices: Choices) -> None:
        super().__init__(data)
        self.choices = choices
        self.full_clean()

    @property
    def html(self) -> SafeString:
        """The form; as long as nothing is chosen, it is everybody's."""
        return _finder(self.choices, chosen=self) if self.tests else _finder_untouched(get_language() or "")

    def clean_q(self) -> str:
        return str(self.cleaned_data["q"])[:LONGEST_SEARCH].strip()

    def clean_topic(self) -> Specialisation | None:
        return next((t for t in self.choices.topics if t.slug == self.cleaned_data["topic"]), None)

    def clean_language(self) -> Language | None:
        return next((one for one, _label in self.choices.languages if one.code == self.cleaned_data["language"]), None)

    def clean_mode(self) -> str:
        return self.cleaned_data["mode"] if self.cleaned_data["mode"] in Mode.values else ""

    def clean_location(self) -> Location | None:
        return next((place for place in self.choices.places if place.slug == self.cleaned_data["location"]), None)

    def clean_soon(self) -> bool:
        return bool(self.cleaned_data["soon"] == "yes")

    @property
    def values(self) -> dict[str, Any]:
        """What was chosen, by the name of its parameter."""
        return {name: self.cleaned_data.get(name) for name in self.fields}

    @cached_property
    def tests(self) -> dict[str, Callable[[Found], bool]]:
        """The filters in force, by the name of their parameter."""
        chosen = self.values
        tests: dict[str, Callable[[Found], bool]] = {
            "q": lambda found: found.called(chosen["q"]),
            "topic": lambda found: chosen["topic"] in found.person.topics,
            "language": lambda found: chosen["language"] in found.person.languages.all(),
            "mode": lambda found: chosen["mode"] in found.modes,
            "location": lambda found: chosen["location"] in found.places,
            "soon": lambda found: found.free_soon,
        }
        return {name: test for name, test in tests.items() if chosen[name]}

    def fitting(self, everybody: Iterable[Found], *, without: str = "") -> list[Found]:
        """Those who pass every filter in force, or all but one of them."""
        tests = [test for name, test in self.tests.items() if name != without]
        return [found for found in everybody if all(test(found) for test in tests)]

    def query(self, *, without: str = "") -> str:
        """The address's query with what is in force, but for one."""
        query = QueryDict(mutable=True)
        for name in self.tests:
            if name != without:
                chosen = self.cleaned_data[name]
                query[name] = getattr(chosen, "slug", None) or getattr(chosen, "code", None) or str(chosen)
        if "soon" in query:
            query["soon"] = "yes"
        return f"?{query.urlencode()}" if query else ""

    def chips(
        self, everybody_without: Callable[[str], list[Found]], *, topic_name: Callable[[Specialisation], Wording]
    ) -> list[Chip]:
        """One for each filter in force, and how many there would be without it."""
        words: dict[str, Callable[[Any], Wording | StrOrPromise]] = {
            "q": lambda chosen: _("Name: %(name)s") % {"name": chosen},
            "topic": topic_name,
            "language": language_label,
            "mode": lambda chosen: Mode(chosen).label,
            "location": lambda chosen: chosen.name,
            "soon": lambda chosen: _("Time this week"),
        }
        chips = []
        for name in self.tests:
            said = words[name](self.cleaned_data[name])
            named = said if isinstance(said, Wording) else Wording(str(said))
            count = len(self.fitting(everybody_without(name), without=name))
            chips.append(Chip(label=named.text, url=self.query(without=name), count=count, lang=named.lang))
        return chips


def _finder(given: Choices, *, chosen: PeopleFilter | None = None) -> SafeString:
    context = {"choices": given, "chosen": chosen, "site_texts": Texts()}
    return render_to_string("public/_finder.html", context)


@drawn(choices, own_words)
def _finder_untouched(language: str) -> SafeString:
    return _finder(choices(language))


def language_label(language: Language) -> str:
    """As its speakers call it, and as the reader does: `Tiếng Việt (Vietnamese)`."""
    if language.code in SPOKEN:
        readers = str(SPOKEN[language.code])
    else:
        try:
            readers = Locale.parse(to_locale(get_language() or "en")).languages.get(language.code, "")
        except (UnknownLocaleError, ValueError):
            readers = ""
    if not readers or fold(readers) == fold(language.name):
        return language.name
    return pgettext("a language", "%(own)s (%(readers)s)") % {"own": language.name, "readers": readers}
