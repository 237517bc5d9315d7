"""Template filters and tags for money, icons, pictures, navigation and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache, lru_cache
from importlib import resources
from io import BytesIO
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile
from zlib import crc32

import lucide
from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField
from django.template import Context
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from portal.common import money
from portal.common.forms.controls import attributes
from portal.common.languages import punctuation
from portal.common.languages.offered import Language, languages, path_in
from portal.common.media.pictures import Picture
from portal.common.web import addresses, calendar, once
from portal.common.web.free_times import days_of_times, free_times
from portal.common.web.stencils import Stencil

register = template.Library()


@register.filter
def dollars(amount: Decimal | int | str | None) -> str:
    """`$1,234.50` in every language: as the invoice, the bank and the card terminal write it."""
    return ltr(money.dollars(amount))


@register.filter
def off(amount: Decimal | int | str | None) -> str:
    """`-$20.00`, what is taken off: written before what keeps an amount in order, Arabic sets the sign far from it."""
    if amount is None or amount == "":
        return ""
    return ltr(money.dollars(-money.cents(amount)))


@register.filter
def ltr(written: Any) -> str:
    """Figures that stay in order among Arabic words, where the groups of `13 11 14` would change places."""
    return punctuation.ltr(written)


@register.filter
def whole(written: Any) -> SafeString:
    """A number such as `RCT-04E3B0BA`, that no line breaks in two, its groups in order among Arabic words."""
    return format_html('<bdi class="nowrap">{}</bdi>', written)


@register.filter
def apart(written: Any) -> str:
    """A name that keeps its own direction where no element can hold it apart, as in a label."""
    return punctuation.apart(written)


@register.filter
def listed(items: Iterable[Any], attribute: str = "") -> str:
    """`{{ places|listed:"name" }}`: things of one kind in a row, with the comma of the language."""
    return punctuation.listed(getattr(item, attribute) if attribute else item for item in items)


@register.simple_tag
def comma() -> str:
    """Between two parts of a line. Written with nothing around it: some languages put no space after it."""
    return punctuation.comma()


@register.simple_tag
def space() -> str:
    """Between two sentences, written with nothing around it: Chinese puts none there."""
    return punctuation.space()


@register.simple_tag
def colon(*, last: bool = False) -> str:
    """Between a label and what it names, as `comma` is written; `last` on its line, where no space follows."""
    return punctuation.colon().rstrip() if last else punctuation.colon()


@register.simple_tag
def icon(name: str, css_class: str = "") -> SafeString:
    """Draws a lucide icon beside words: hidden from screen readers, as large as the text wants it."""
    return _icon(str(name), str(css_class))


@lru_cache(maxsize=256)
def _icon(name: str, css_class: str) -> SafeString:
    try:
        svg = ElementTree.fromstring(_lucide().read(f"{name}.svg"))  # noqa: S314  lucide's own file
    except KeyError:
        raise lucide.IconDoesNotExist(f"There is no icon {name!r}.") from None
    for node in svg.iter():
        node.tag = node.tag.rpartition("}")[2]  # written inside a page, an SVG needs no namespace
    size = {"width": "20", "height": "20"}
    svg.attrib.update({**size, "class": f"lucide {css_class}".strip(), "aria-hidden": "true"})
    drawn = ElementTree.tostring(svg, encoding="unicode")
    return mark_safe(" ".join(drawn.split()))  # noqa: S308  lucide's own file, and names written in templates


@cache
def _lucide() -> ZipFile:
    """All icons. Opened once: reading the list of the 1,700 in it takes longer than drawing a page does."""
    return ZipFile(BytesIO(resources.files(lucide).joinpath("lucide.zip").read_bytes()))


@register.simple_tag
def drawn(component: str, **parameters: Any) -> SafeString:
    """Includes a component that shows nothing but its parameters, as a badge does; each of its looks is drawn once.

    What is not text counts as yes or no. For long lists: three templates inside each other cost more than their row.
    """
    known = {name: str(value) if isinstance(value, str) else bool(value) for name, value in parameters.items()}
    return _drawn(component, get_language(), tuple(sorted(known.items())))


@lru_cache(maxsize=512)
def _drawn(component: str, language: str | None, parameters: tuple[tuple[str, str | bool], ...]) -> SafeString:
    return render_to_string(component, dict(parameters))


# What is drawn for each hour, day and time of `components/_calendar.html` and `_week_of_times.html`.
register.simple_tag(calendar.hours, name="calendar_hours")
register.simple_tag(calendar.columns, name="calendar_columns")
register.simple_tag(days_of_times)
register.simple_tag(free_times)


# The attributes of a form's control, as Django's own template writes them at ten times the cost.
register.filter(attributes)


_NAV_LINK = Stencil("components/_nav_link.html", holes="url label count")


@register.simple_tag(takes_context=True)
def nav_link(context: Context, name: str, icon: str, label: str, count: int = 0, exact: bool = False) -> SafeString:
    """A link of a menu. An address that this portal doesn't have draws nothing."""
    url = addresses.of(name)
    if not url:
        return SafeString("")
    request = context.get("request")
    path = request.path if request else ""
    here = path == url if exact or url == "/" else path.startswith(url)
    fill = _NAV_LINK.look(icon=icon, here="page" if path == url else "true" if here else "", has_count=bool(count))
    return fill((url, label, count))


@register.simple_tag(takes_context=True)
def once_key(context: Context) -> SafeString:
    """The hidden key of a form that makes something: sent twice, it makes one (portal/common/web/once.py)."""
    return format_html('<input type="hidden" name="{}" value="{}">', once.FIELD, once.key_for(context.get("request")))


@register.inclusion_tag("components/_picture.html")
def picture(
    picture: Picture | None, *, alt: str, sizes: str = "100vw", priority: bool = False, css_class: str = ""
) -> dict[str, Any]:
    """A picture in the size and encoding that suit the reader's screen.

    `alt` must be given: empty where words beside it say the same. `sizes` is how wide it is shown, as in the HTML
    attribute; `priority` is for the one picture on top of a page.
    """
    return {"picture": picture, "alt": alt, "sizes": sizes, "priority": priority, "css_class": css_class}


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
def mistakes(form: BaseForm | Sequence[BaseForm] | None) -> list[tuple[BoundField | None, str]]:
    """Each line of an error summary: the field, none where it is about the whole form, and what is wrong with it.

    Of one form, or of several that a page sends at once: what is said to be wrong is all that is.
    """
    forms = [form] if isinstance(form, BaseForm) else form or []
    return [
        line
        for one in forms
        if one.errors
        for line in (
            *((None, str(error)) for error in one.non_field_errors()),
            *((field, str(error)) for field in one for error in field.errors),
        )
    ]


@register.filter
def page_numbers(page: Page[Any]) -> Iterator[int | str]:
    """Page numbers round the current one, with an ellipsis for those left out."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)


@register.simple_block_tag(takes_context=True)
def cell(context: Context, content: SafeString, name: str) -> SafeString:
    """One cell in the template of a table's row, and nothing if the table leaves its column out."""
    for column, of_the_cell in context["cells"]:
        if column == name:
            return SafeString(f"<td{of_the_cell}>{content}</td>")
    return SafeString("")


@register.simple_tag(takes_context=True)
def other_languages(context: Context) -> list[tuple[Language, str]]:
    """Each language of the portal with the address of this page in it; none where there is no page to return to."""
    if (request := context.get("request")) is None:
        return []
    path = request.get_full_path() if request.method in {"GET", "HEAD"} else request.path
    return [(language, path_in(path, language.code)) for language in languages()]
