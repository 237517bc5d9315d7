"""Addresses as the outside knows them: under PORTAL_BASE_URL, never under the name that a request claims to be for."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language

from portal.common.languages.offered import languages, path_in

# What makes another page of a list; filters, searches and what newsletters hang on make none.
PAGE = "page"


def absolute(path: str) -> str:
    """The whole address of a path here; one that is whole already stays."""
    return path if "://" in path else f"{settings.PORTAL_BASE_URL}{path}"


def inside(address: str, *, otherwise: str = "") -> str:
    """An address that somebody sent to be led to, if it is one of this portal's own pages; else another."""
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts=None) else otherwise


def language_tag(code: str) -> str:
    """A language as HTML, Atom and search engines write it: `en-AU`, `zh-Hans`."""
    first, *others = code.split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part.title() for part in others)])


def canonical(request: HttpRequest) -> str:
    """The one address of this page in its language, without what only chooses among its rows."""
    return absolute(request.path) + _page_of(request)


def alternates(request: HttpRequest) -> list[tuple[str, str]]:
    """This page in each language, as (language, address), and for everybody else in the default one."""
    query = _page_of(request)
    found = [
        (language_tag(language.code), absolute(path_in(request.path, language.code)) + query)
        for language in languages()
    ]
    return [*found, ("x-default", absolute(path_in(request.path, settings.LANGUAGE_CODE)) + query)]


def _page_of(request: HttpRequest) -> str:
    page = request.GET.get(PAGE, "")[:100]
    return f"?{urlencode({PAGE: page})}" if page else ""


def of(name: str) -> str:
    """The address of a page by its name, found once for each language; empty if this portal has no such page."""
    return _found(name, get_language(), get_script_prefix())


@lru_cache(maxsize=1024)
def _found(name: str, language: str | None, prefix: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def each(name: str) -> Callable[[object], str]:
    """The address of a page about one thing, to be filled with the code or number of each row of a list.

    Finding a name's address costs more than the rest of a row, so it is found once for a thing that isn't there.
    """
    return _filled(name, get_language(), get_script_prefix())


# All that a path of ours takes: it is a code and a number.
_ANY = "00000000-0000-0000-0000-000000000000"


@lru_cache(maxsize=256)
def _filled(name: str, language: str | None, prefix: str) -> Callable[[object], str]:
    before, _, after = reverse(name, args=[_ANY]).partition(_ANY)
    return lambda code: f"{before}{code}{after}"
