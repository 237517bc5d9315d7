"""The words of the website that its manager may change: which there are, what ships, and what the clinic says instead.

A text ships as a translated message. The clinic's own words are kept by language, so that changing the English leaves
the Arabic as it was. Names of services, specialisations, categories and the like are kept with their rows, in the
clinic's own language; here are the same words in the others. One reading, kept in the process, holds everything that a
page in one language may need.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any, ClassVar, Protocol

from django.conf import settings
from django.db.models.options import Options
from django.utils.functional import Promise
from django.utils.html import format_html, linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from portal.clinic.models import Location, Service, Specialisation
from portal.common.database.columns import column_of, limit_of
from portal.common.kept import kept
from portal.common.languages.offered import Language, languages
from portal.common.text import markdown
from portal.website.models import SiteText

# The language in which staff write into the clinic's own rows: names of services, profiles, directions.
OWN_LANGUAGE = settings.LANGUAGE_CODE
# When the accessibility statement that ships was last gone through.
STATEMENT_OF = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class Text:
    """One text that can be changed. `default` is what ships: a message, or several that are joined by empty lines."""

    key: str
    label: str | Promise
    default: str | Promise | tuple[str | Promise | Question, ...]
    max_length: int = 300
    markdown: bool = False
    help: str | Promise = ""

    def shipped(self) -> str:
        """In the language that is active."""
        if isinstance(self.default, tuple):
            return "\n\n".join(str(part) for part in self.default)
        return str(self.default)

    @property
    def is_long(self) -> bool:
        return self.max_length > 300


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the website, and what can be changed on it; `url_name` leads to where it is seen."""

    key: str
    label: str | Promise
    url_name: str
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A message that stands as a heading within a text."""

    message: str | Promise

    def __str__(self) -> str:
        return f"## {self.message}"


SHIPPED: tuple[Page, ...] = (
    Page(
        "home",
        _("Front page"),
        "public:home",
        (
            Text("home.title", _("The large words on top"), _("A quiet hour that is yours."), 80),
            Text(
                "home.lede",
                _("The sentences below them"),
                _("See who has time, what it costs and what Medicare gives back, before you book."),
                300,
            ),
            Text(
                "home.who",
                _("Who we are"),
                (
                    _(
                        "We are registered psychologists. People come to us when something hurts, when something has "
                        "to change, or when they want to understand what keeps happening."
                    ),
                    _(
                        "We listen first. Then we agree with you on what to work on, say plainly how we would go about "
                        "it, and look together at whether it helps. You decide how far and how fast."
                    ),
                ),
                2000,
                markdown=True,
            ),
            Text(
                "home.questions",
                _("Questions people ask"),
                (
                    Question(_("Do I need a referral?")),
                    _(
                        "No. You can book without one. You need a referral from your GP, with a mental health "
                        "treatment plan, only if you want Medicare to pay part of the fee."
                    ),
                    Question(_("What happens at the first visit?")),
                    _(
                        "You say as much or as little as you like. Your psychologist asks what brings you and what you "
                        "would like to be different. At the end you decide together whether to go on, and how."
                    ),
                    Question(_("Is what I say private?")),
                    _(
                        "Yes. Your notes are read by your psychologist, not by the front desk. The law makes a few "
                        "exceptions, such as serious danger to somebody. Your psychologist explains them at the start."
                    ),
                    Question(_("Can we talk by video?")),
                    _(
                        "Yes, from anywhere in Australia. You need a quiet place and a phone or computer with a "
                        "camera. Choose video when you book."
                    ),
                    Question(_("What if I have to cancel?")),
                    _(
                        "Cancel or move your session on this site, or phone us. Before you book you see until when "
                        "that is free."
                    ),
                    Question(_("May somebody come with me?")),
                    _(
                        "Yes, if you want it. Parents usually come along to a young person's first visit. Tell us when "
                        "you need an interpreter or a room without stairs."
                    ),
                ),
                6000,
                markdown=True,
                help=_("Begin each question on a line of its own with ## and write the answer below it."),
            ),
        ),
    ),
    Page(
        "services",
        _("Services and fees"),
        "public:services",
        (
            Text(
                "services.lede",
                _("The sentence on top"),
                _("What we offer, what it costs, and what Medicare may give back."),
            ),
            Text(
                "services.rebate",
                _("About the rebate"),
                _(
                    "With a mental health treatment plan and a referral, Medicare pays part of the fee back to you, "
                    "for up to 10 sessions in a calendar year."
                ),
                1000,
                markdown=True,
            ),
        ),
    ),
    Page(
        "people",
        _("Psychologists"),
        "public:psychologists",
        (
            Text(
                "people.lede",
                _("The sentence on top"),
                _("All registered with the Psychology Board of Australia."),
            ),
        ),
    ),
    Page(
        "crisis",
        _("Help now"),
        "public:crisis",
        (
            Text(
                "crisis.lede",
                _("The sentence on top"),
                _("You do not have to be sure that it is bad enough. Call, and somebody will talk with you."),
            ),
            Text(
                "crisis.after",
                _("What comes after the numbers"),
                _(
                    "We are not an emergency service, and messages to us are not read at night or on weekends. When "
                    "you are safe, tell your psychologist what happened. If you have no psychologist yet, your GP can "
                    "help."
                ),
                2000,
                markdown=True,
            ),
        ),
    ),
    Page(
        "accessibility",
        _("Accessibility"),
        "public:accessibility",
        (
            Text(
                "accessibility.aim",
                _("What we want"),
                _(
                    "Everybody should be able to use this site: with a keyboard, with a screen reader, on an old "
                    "phone, with large letters, in the dark, and on a bad day."
                ),
                1000,
                markdown=True,
            ),
            Text(
                "accessibility.gaps",
                _("What does not work well yet"),
                (
                    _(
                        "- Words that our psychologists write about themselves, articles and the names of some "
                        "services may be in English only. They are marked as English, so that screen readers pronounce "
                        "them right."
                    ),
                    _("- Invoices are PDF files without tags. Every figure in them also stands on a page of the site."),
                    _("- Files that you can download may come from others. Ask us, and we send them in another form."),
                ),
                3000,
                markdown=True,
            ),
            Text(
                "accessibility.places",
                _("Getting into our rooms"),
                _(
                    "How to find each place, and whether there are stairs, stands on the front page under “Where we "
                    "are”. Tell us before you come what would help: a quieter time, a chair with arms, more light."
                ),
                2000,
                markdown=True,
            ),
        ),
    ),
)

_BY_KEY = {text.key: text for page in SHIPPED for text in page.texts}


# ---- Words of the clinic's own rows, in the other languages ----------------------------------------------------------


class Named(Protocol):
    """A row whose words can be said in the other languages."""

    _meta: ClassVar[Options[Any]]

    @property
    def name(self) -> str: ...

    @property
    def slug(self) -> str: ...


def place_of(row: Named) -> str:
    """`service.<code>`, with which the keys of a row's words begin.

    A row without a code is known by its slug; where that can change, `website.words_follow` takes the words along.
    """
    return f"{row._meta.model_name}.{getattr(row, 'code', None) or row.slug}"


def key_of(row: Named, field: str) -> str:
    """`service.<code>.name`: under which the words of a row are kept in the languages that aren't the clinic's."""
    return f"{place_of(row)}.{field}"


def page_of_rows(
    key: str, label: str | Promise, url_name: str, rows: Iterable[Named], fields: tuple[str, ...]
) -> Iterator[Page]:
    """What can be said of these rows in another language; no page where nothing can be."""
    found = []
    for row in rows:
        for field in fields:
            column = column_of(row._meta, field)
            if words := getattr(row, field):
                title = row.name if field == "name" else f"{row.name}: {column.verbose_name}"
                found.append(Text(key_of(row, field), title, words, limit_of(column)))
    if found:
        yield Page(key, label, url_name, tuple(found))


def row_pages() -> Iterator[Page]:
    """What can be said in another language of the rows there are now; three queries."""
    for key, label, url_name, rows, fields in (
        ("service", _("Names of services"), "public:services", Service.objects.offered(), ("name", "description")),
        ("specialisation", _("Specialisations"), "public:psychologists", Specialisation.objects.all(), ("name",)),
        ("location", _("Places"), "public:home", Location.objects.filter(is_active=True), ("directions",)),
    ):
        yield from page_of_rows(key, label, url_name, rows, fields)


def pages(language: str, *, further: Iterable[Page] = ()) -> list[Page]:
    """Everything that can be changed in a language. What is kept with its row is changed there in its own; `further`
    are the rows of the apps above this one."""
    return [*SHIPPED, *(() if language == OWN_LANGUAGE else chain(row_pages(), further))]


def find(key: str, language: str, *, further: Iterable[Page] = ()) -> tuple[Page, Text] | None:
    found = pages(language, further=further)
    return next(((page, text) for page in found for text in page.texts if text.key == key), None)


def in_other_languages(row: Named, field: str) -> list[tuple[Language, str]]:
    """What a row is called in each language that isn't the clinic's; empty where it has no words there. One query."""
    said = dict(SiteText.objects.filter(key=key_of(row, field)).values_list("language", "text"))
    return [(one, said.get(one.code, "")) for one in other_languages()]


def other_languages() -> list[Language]:
    return [one for one in languages() if one.code != OWN_LANGUAGE]


# ---- Reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wording:
    """Words, and the language they are in when that isn't the page's."""

    text: str
    lang: str = ""

    @property
    def html(self) -> str | SafeString:
        """For a page: marked where they are in another language than it is."""
        return format_html('<span lang="{}" dir="auto">{}</span>', self.lang, self.text) if self.lang else self.text


@kept(SiteText)
def own_words(language: str) -> Mapping[str, tuple[str, datetime]]:
    """The clinic's own words in a language and when they were changed, by key."""
    rows = SiteText.objects.filter(language=language).order_by()
    return {key: (text, at) for key, text, at in rows.values_list("key", "text", "changed_at")}


class Texts:
    """The texts of one page in one language, as they stand when the first is asked for."""

    def __init__(self, language: str | None = None) -> None:
        self.language = language or get_language() or OWN_LANGUAGE

    @cached_property
    def _rows(self) -> Mapping[str, tuple[str, datetime]]:
        return own_words(self.language)

    def own(self, key: str) -> str:
        """The clinic's own words, or nothing."""
        return self._rows[key][0] if key in self._rows else ""

    def get(self, key: str) -> str:
        """The clinic's own words, else those that ship, in this language. Raises KeyError for a text there is not."""
        text = _BY_KEY[key]
        if own := self.own(key):
            return own
        with override(self.language):
            return text.shipped()

    def html(self, key: str) -> SafeString:
        """The same, rendered from Markdown."""
        return _rendered(self.get(key))

    def of(self, row: Named, field: str) -> Wording:
        """A row's words in this language, or in the clinic's own with its name."""
        words = getattr(row, field)
        if self.language == OWN_LANGUAGE or not words:
            return Wording(words)
        own = self.own(key_of(row, field))
        return Wording(own) if own else Wording(words, OWN_LANGUAGE)

    def name_of(self, row: Named) -> Wording:
        return self.of(row, "name")

    def changed_at(self, prefix: str) -> datetime | None:
        """When the clinic last changed a text whose key begins so."""
        return max((at for key, (_text, at) in self._rows.items() if key.startswith(prefix)), default=None)


def get(key: str, language: str | None = None) -> str:
    """One text; pages ask for many, through one `Texts`."""
    return Texts(language).get(key)


@lru_cache(maxsize=256)
def _rendered(text: str) -> SafeString:
    """HTML from Markdown. A table of ten thousand cells is printed as typed: the front page must stand whatever is
    written for it."""
    try:
        return markdown.render(text).html
    except markdown.TooLong:
        return mark_safe(linebreaks(text, autoescape=True))  # noqa: S308  escaped here


def questions(text: str) -> list[tuple[str, SafeString]]:
    """Questions and answers from one text: a line that begins with ## is a question, what follows is its answer."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("#"):
            found.append((line.lstrip("#").strip(), []))
        elif found:
            found[-1][1].append(line)
    return [(question, _rendered("\n".join(answer).strip())) for question, answer in found if question]
