"""What a page's head tells search engines and those who share it."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.template import Context, Node, NodeList
from django.template.base import Parser, Token
from django.templatetags.static import static
from django.utils.html import escape, strip_tags
from django.utils.safestring import SafeString, mark_safe

from portal.common.web import addresses

register = template.Library()

_LOCALES = {"en-au": "en_AU", "zh-hans": "zh_CN", "vi": "vi_VN", "ar": "ar_AR"}

# Only these can end a script element or begin a comment in it.
_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


class _Captured(Node):
    def __init__(self, nodelist: NodeList, name: str) -> None:
        self.nodelist, self.name = nodelist, name

    def render(self, context: Context) -> str:
        words = " ".join(unescape(strip_tags(self.nodelist.render(context))).split())
        context[self.name] = escape(words)
        return ""


@register.tag
def words_as(parser: Parser, token: Token) -> Node:
    """Keeps the words of what stands within, without marks and on one line: {% words_as name %}…{% endwords %}."""
    _, name = token.split_contents()
    nodelist = parser.parse(("endwords",))
    parser.delete_first_token()
    return _Captured(nodelist, name)


@register.simple_tag
def json_ld(thing: dict[str, Any]) -> SafeString:
    """A block of structured data. It is no script: browsers run nothing of it, and nothing in it can end it."""
    written = json.dumps(thing, cls=DjangoJSONEncoder, ensure_ascii=False).translate(_ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{written}</script>')  # noqa: S308  escaped above


@register.simple_tag(takes_context=True)
def canonical(context: Context) -> str:
    return addresses.canonical(context["request"])


@register.simple_tag(takes_context=True)
def alternates(context: Context) -> list[tuple[str, str]]:
    return addresses.alternates(context["request"])


@register.simple_tag
def absolute_static(name: str) -> str:
    return addresses.absolute(static(name))


@register.filter
def og_locale(code: str) -> str:
    """A language as OpenGraph writes it: always with a country."""
    return _LOCALES.get(code) or code.replace("-", "_")


register.filter("absolute", addresses.absolute)
register.filter("language_tag", addresses.language_tag)
