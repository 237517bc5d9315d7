"""`{% csrf_token %}` as everywhere, with the mark that says whose form it is: portal/accounts/kept_forms/marks.py."""

from __future__ import annotations

from django import template
from django.http import HttpRequest
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.accounts.kept_forms.marks import FIELD, mark_for, page_of

register = template.Library()


class _TokenAndMark(CsrfTokenNode):
    def render(self, context: Context) -> SafeString:
        token, request = super().render(context), context.get("request")
        if not token or not isinstance(request, HttpRequest) or not (mark := mark_for(request)):
            return SafeString(token)
        return format_html('{}<input type="hidden" name="{}" value="{}">', token, FIELD, mark)


@register.tag
def csrf_token(parser: Parser, token: Token) -> _TokenAndMark:
    """The token of every form that is sent by POST; for somebody signed in, the mark of their forms beside it."""
    return _TokenAndMark()


@register.simple_tag(takes_context=True)
def page_of_form(context: Context) -> str:
    """On a page that answers a form, where that stood: static/js/page.js gives the page this address, so that going
    back to it or loading it anew asks for what can be read, and a browser has nothing to send a second time."""
    request = context.get("request")
    if not isinstance(request, HttpRequest) or request.method != "POST":
        return ""
    return format_html(' data-page-of-form="{}"', page_of(request))
