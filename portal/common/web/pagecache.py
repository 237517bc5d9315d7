"""Pages for readers who are nobody in particular: kept for a minute, and told to caches between them and us.

A view joins by `@for_readers`; nothing else is ever kept. A reader is a request that brings no session, no message
that waits, and no credentials. While a page is drawn for a reader, every cookie but the choice of colours is taken out
of the request, so that it cannot depend on one. A page that nevertheless used a form's token, set a cookie, touched a
session or varies by anything but the address, the colours and htmx's fragment stays private, as all are by default.

The store is memory of this process, bounded by entries and by the size of each: a page is found there faster than it
could be fetched from anywhere, and a page that is withdrawn is gone after a minute, whatever happens.
docs/found-and-fast.md tells what was weighed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from typing import cast

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.text import compress_string
from django.utils.translation import get_language_from_path, override

from portal.common.access.decorators import MARK, P, View
from portal.common.web import cookies
from portal.common.web.theme import THEMES

READERS = "portal_readers"
STORE = "readers"
LONGEST = 60
LARGEST = 200_000
# Part of the key or, as the language, of the address.
MAY_VARY_BY = frozenset(
    {"cookie", "accept-language", "accept-encoding", "hx-request", "hx-target", "hx-history-restore-request"}
)
# What is smaller gains nothing by being packed.
WORTH_PACKING = 600

# As Django's own GZipMiddleware asks.
_TAKES_GZIP = re.compile(r"\bgzip\b")

Handler = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a view's pages are kept: for how many seconds, and by which parameters and fragments they differ."""

    seconds: int
    params: frozenset[str]
    fragments: frozenset[str]


def for_readers(
    *, seconds: int = LONGEST, params: tuple[str, ...] = (), fragments: tuple[str, ...] = ()
) -> Callable[[View[P]], View[P]]:
    """Marks a view whose pages are the same for every reader; stands above `@open_to_all`.

    An address with a parameter that isn't among `params`, or a call for a fragment that isn't among `fragments`, is
    drawn anew each time: what somebody made up fills no store. So leave out what people type, as a search.
    """
    if not 0 < seconds <= LONGEST:
        raise ValueError(f"for_readers() keeps pages for up to {LONGEST} seconds")
    plan = Plan(seconds, frozenset(params), frozenset(fragments))

    def mark(view: View[P]) -> View[P]:
        if not isinstance(getattr(view, MARK, None), str) or getattr(view, MARK) == "signed in":
            raise TypeError("for_readers() stands above open_to_all(): only open pages are kept")

        @wraps(view)
        def kept(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            return view(request, *args, **kwargs)

        setattr(kept, READERS, plan)
        return kept

    return mark


class _Marked(HttpRequest):
    """What this says to itself about a request: that a reader sent it, and that its view is open to all."""

    portal_reader: bool
    portal_is_open: bool


class pages_for_readers:  # noqa: N801 - reads as a rule in the settings' list
    """Answers readers from the store. Stands before sessions, so that a page that is found costs none of them."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_reader(request):
            return self.get_response(request)
        key = _key(request)
        found = caches[STORE].get(key) if key else None
        if found is not None:
            content, packed, headers, at = found
            response = HttpResponse(content, headers=headers)
            response["Age"] = str(max(0, int(time.time() - at)))
            _send_packed(request, response, packed)
            return get_conditional_response(request, etag=response["ETag"], response=response) or response
        cast(_Marked, request).portal_reader = True
        response = self.get_response(request)
        plan = getattr(request, READERS, None)
        if plan is None or not _is_the_same_for_all(request, response):
            if (
                getattr(request, "portal_is_open", False)
                and response.status_code == 200
                and _is_worth_packing(response)
            ):
                # A form's token is masked anew each time, and the random bytes hide what little lengths would tell of
                # it (BREACH); a reader's page holds no other secret. Private pages are never packed here.
                patch_vary_headers(response, ("Accept-Encoding",))
                _send_packed(request, response, compress_string(response.content, max_random_bytes=100))
            return response
        _tell(response, plan)
        packed = b""
        if _is_worth_packing(response):
            patch_vary_headers(response, ("Accept-Encoding",))
            if key or _takes_gzip(request):
                packed = compress_string(response.content)
        if key and request.method == "GET" and len(response.content) <= LARGEST and not _varies_otherwise(response):
            kept = (response.content, packed, dict(response.items()), time.time())
            caches[STORE].set(key, kept, plan.seconds)
        _send_packed(request, response, packed)
        return get_conditional_response(request, etag=response["ETag"], response=response) or response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: object, kwargs: object
    ) -> None:
        mark = getattr(view, MARK, None)
        cast(_Marked, request).portal_is_open = isinstance(mark, str) and mark != "signed in"
        plan = getattr(view, READERS, None)
        if plan is not None and getattr(request, "portal_reader", False):
            setattr(request, READERS, plan)
            request.COOKIES = {cookies.theme(): _theme(request)}


def is_reader(request: HttpRequest) -> bool:
    """Whether nothing about this request says who asks."""
    return (
        request.method in {"GET", "HEAD"}
        and "HTTP_AUTHORIZATION" not in request.META
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and cookies.messages() not in request.COOKIES
    )


def _is_worth_packing(response: HttpResponse) -> bool:
    return (
        response.status_code == 200
        and not response.streaming
        and not response.has_header("Content-Encoding")
        and response.get("Content-Type", "").startswith(("text/", "application/xml", "application/atom+xml"))
        and len(response.content) >= WORTH_PACKING
    )


def _takes_gzip(request: HttpRequest) -> bool:
    return bool(_TAKES_GZIP.search(request.META.get("HTTP_ACCEPT_ENCODING", "")))


def _send_packed(request: HttpRequest, response: HttpResponse, packed: bytes) -> None:
    if packed and _takes_gzip(request):
        response.content = packed
        response["Content-Encoding"] = "gzip"
        response["Content-Length"] = str(len(packed))


def _theme(request: HttpRequest) -> str:
    theme = request.COOKIES.get(cookies.theme(), "")
    return theme if theme in THEMES else ""


def _key(request: HttpRequest) -> str | None:
    """The name under which the answer is kept, or None if it never is.

    The host is checked here, for nobody else does when a page is found; it is part of the name, so that a page that
    would name its host could not be planted for visitors of another.
    """
    host, query, fragment = request.get_host(), request.META.get("QUERY_STRING", ""), ""
    by_htmx = "HTTP_HX_REQUEST" in request.META
    if query or by_htmx:
        try:
            # Nobody has chosen this request's language yet: the thread still speaks that of the one before.
            with override(_language(request)):
                plan = getattr(resolve(request.path_info).func, READERS, None)
        except Resolver404:
            return None
        if plan is None or not _is_plain(request, query, plan):
            return None
        if by_htmx:
            fragment = request.META.get("HTTP_HX_TARGET", "")
            if fragment not in plan.fragments or _wants_the_page(request):
                return None
    named = "\n".join((request.scheme or "", host, request.path, query, _theme(request), fragment))
    return sha256(named.encode("utf-8", "surrogateescape")).hexdigest()


def _is_plain(request: HttpRequest, query: str, plan: Plan) -> bool:
    """Whether the query has known parameters only, each once, written as our own links write them."""
    given = request.GET
    return (
        given.keys() <= plan.params
        and all(len(values) == 1 and len(values[0]) <= 100 for _, values in given.lists())
        and given.urlencode() == query
    )


def _wants_the_page(request: HttpRequest) -> bool:
    """An htmx call that is answered with the whole page, or whose target is written in another way."""
    return any(
        name in request.META
        for name in ("HTTP_HX_BOOSTED", "HTTP_HX_HISTORY_RESTORE_REQUEST", "HTTP_HX_TARGET_URI_AUTOENCODED")
    )


def _is_the_same_for_all(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether a drawn page is nobody's own: no cookie set, no token used, no session touched, nobody signed in."""
    session, user = getattr(request, "session", None), getattr(request, "user", None)
    return (
        response.status_code == 200
        and not response.streaming
        and not response.has_header("Cache-Control")
        and not response.cookies
        and not request.META.get("CSRF_COOKIE_NEEDS_UPDATE")
        and getattr(request, "_csp_nonce", None) is None
        and not any(name.startswith("_csp") for name in vars(response))
        and not (session is not None and (session.modified or not session.is_empty()))
        and not (user is not None and user.is_authenticated)
        and response.get("Content-Language", _language(request)) == _language(request)
    )


def _language(request: HttpRequest) -> str:
    return get_language_from_path(request.path_info) or settings.LANGUAGE_CODE


def _varies_otherwise(response: HttpResponse) -> bool:
    return not {name.strip().lower() for name in response["Vary"].split(",")} <= MAY_VARY_BY


def _tell(response: HttpResponse, plan: Plan) -> None:
    """Says to caches what they may do.

    A browser asks each time, and gets 304 while nothing changed: a reader who signs in sees it at once. Caches that
    many share keep it as long as we do, less its Age. The ETag is weak, since a proxy may compress. The language is in
    the address, so Accept-Language, which Django names, decides nothing.
    """
    response["Cache-Control"] = f"public, max-age=0, s-maxage={plan.seconds}, must-revalidate"
    if not response.has_header("ETag"):
        response["ETag"] = f'W/"{sha256(response.content).hexdigest()[:32]}"'
    varies = [name.strip() for name in response.get("Vary", "").split(",")]
    kept = [name for name in varies if name and name.lower() not in {"accept-language", "cookie"}]
    response["Vary"] = ", ".join(["Cookie", *kept])
