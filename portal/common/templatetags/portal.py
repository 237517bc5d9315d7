"""Filters and tags of the look."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from zlib import crc32

import lucide
from django import template
from django.core.paginator import Page
from django.forms import BoundField
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe

from portal.common import money

register = template.Library()
register.filter("dollars", money.dollars)


@register.simple_tag
def icon(name: str, css_class: str = "") -> SafeString:
    """Draws a lucide icon beside words: hidden from screen readers, as large as the text wants it."""
    return _icon(str(name), str(css_class))


@lru_cache(maxsize=256)
def _icon(name: str, css_class: str) -> SafeString:
    drawn = lucide._render_icon(name, 20, **{"class": f"lucide {css_class}".strip(), "aria-hidden": "true"})
    return mark_safe(" ".join(drawn.split()))  # noqa: S308  lucide's own file, and names written in templates


@register.inclusion_tag("components/_nav_link.html", takes_context=True)
def nav_link(context: Context, name: str, icon: str, label: str, count: int = 0, exact: bool = False) -> dict[str, Any]:
    """A link of a menu. An address that this portal doesn't have draws nothing."""
    try:
        url = reverse(name)
    except NoReverseMatch:
        return {}
    request = context.get("request")
    path = request.path if request else ""
    here = path == url if exact or url == "/" else path.startswith(url)
    return {
        "url": url,
        "icon": icon,
        "label": label,
        "count": count,
        "here": "page" if path == url else "true" if here else "",
    }


@register.filter
def initials(name: str) -> str:
    """First letters of the first and last word; of a name without spaces, its first letter."""
    words = [word for word in str(name).split() if word[0].isalpha()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@register.filter
def tint(name: str) -> int:
    """One of the avatar's five tints, always the same one for a name."""
    return crc32(str(name).encode()) % 5


@register.filter
def error_target(field: BoundField) -> str:
    """The id that an error summary links to: the first choice of a group, else the field."""
    return field.id_for_label or f"{field.auto_id}_0"


@register.filter
def page_numbers(page: Page) -> Iterator[int | str]:
    """Page numbers round the current one, with an ellipsis for those left out."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
