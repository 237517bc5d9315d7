"""The clinic's own words in templates: `{% text "home.lede" %}`, `{% words service "name" %}`."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.template import Context
from django.utils.html import conditional_escape, format_html, linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.clinic.models import Language
from portal.website import texts
from portal.website.texts import OWN_LANGUAGE, Texts

register = template.Library()


def _texts(context: Context) -> Texts:
    """Those of the request, so that a page reads them once."""
    return context.get("site_texts") or Texts()


@register.simple_tag(takes_context=True)
def text(context: Context, key: str) -> str:
    """A text of the website, in plain letters."""
    return _texts(context).get(key)


@register.simple_tag(takes_context=True)
def rich_text(context: Context, key: str) -> SafeString:
    """A text of the website that is written in Markdown."""
    return _texts(context).html(key)


@register.simple_tag(takes_context=True)
def questions(context: Context, key: str) -> list[tuple[str, SafeString]]:
    """Questions and answers, of a text that is made of them."""
    return texts.questions(_texts(context).get(key))


@register.simple_tag(takes_context=True)
def words(context: Context, row: texts.Named, field: str = "name") -> str:
    """A row's name or description in the page's language; where it has none, its own words, marked as English."""
    return _texts(context).of(row, field).html


@register.simple_tag(takes_context=True)
def plain_words(context: Context, row: texts.Named, field: str = "name") -> str:
    """The same without marks, for attributes and titles."""
    return _texts(context).of(row, field).text


@register.simple_tag(takes_context=True)
def lang_of(context: Context, row: texts.Named, field: str = "name") -> SafeString:
    """The attributes that say so, for an element that takes no element inside it: `<option{% lang_of topic %}>`."""
    found = _texts(context).of(row, field)
    return format_html(' lang="{}" dir="auto"', found.lang) if found.lang else mark_safe("")


@register.filter
def as_typed(value: str) -> SafeString:
    """Words that staff typed in the clinic's own language, on whatever page: paragraphs, marked where they differ."""
    shown = linebreaks(str(value), autoescape=True)
    if _in_own_language():
        return mark_safe(shown)  # noqa: S308  escaped above
    return format_html('<div lang="{}" dir="auto">{}</div>', OWN_LANGUAGE, mark_safe(shown))  # noqa: S308


@register.filter
def line_as_typed(value: str) -> str:
    """The same for one line."""
    if _in_own_language() or not value:
        return value
    return format_html('<span lang="{}" dir="auto">{}</span>', OWN_LANGUAGE, value)


@register.filter
def lines_as_typed(value: str) -> str:
    """The same for a few short lines, which stay on the page's own side."""
    lines = mark_safe("<br>".join(conditional_escape(line) for line in str(value).splitlines()))  # noqa: S308
    return line_as_typed(lines)


@register.filter
def known_line(value: str) -> str:
    """A line that ships with the portal, translated; one that the clinic typed itself, marked as its own language."""
    translated = _(value) if value else ""
    return translated if translated != value else line_as_typed(value)


def _in_own_language() -> bool:
    return (get_language() or OWN_LANGUAGE) == OWN_LANGUAGE


@register.filter
def spoken(languages: Iterable[Language]) -> SafeString:
    """Languages as their speakers call them, each marked as itself: `English · Tiếng Việt`."""
    return mark_safe(" · ".join(format_html('<bdi lang="{}">{}</bdi>', one.code, one.name) for one in languages))  # noqa: S308
