"""Forms without a token, on pages that are the same for everybody.

A token is somebody's own, so a page that carries one can't be kept for all. The browser itself says where a form was
sent from, in headers that no page can forge: `Sec-Fetch-Site`, in every current browser; else `Origin`, or the
`Referer` that our own policy lets through. Only when it says nothing at all is a token asked for, as always.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.csrf import csrf_exempt

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def from_our_own_pages(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Takes what a page of this very address sent, or what brings a valid token; refuses the rest as Django does."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in SAFE and not is_from_here(request):
            refused = CsrfViewMiddleware(lambda request: HttpResponse()).process_view(request, _asks, (), {})
            if refused is not None:
                return refused
        return view(request, *args, **kwargs)

    return csrf_exempt(checked)


def _asks() -> HttpResponse:
    """Stands for a view that is not exempt."""
    return HttpResponse()


def is_from_here(request: HttpRequest) -> bool:
    """Whether the browser says that a page of this scheme, host and port sent the request."""
    meta = request.META
    if "HTTP_SEC_FETCH_SITE" in meta:
        return bool(meta["HTTP_SEC_FETCH_SITE"] == "same-origin")
    sender = meta.get("HTTP_ORIGIN") or meta.get("HTTP_REFERER") or ""
    try:
        parts = urlsplit(sender)
    except ValueError:
        return False
    return bool(parts.scheme) and (parts.scheme, parts.netloc) == (request.scheme, request.get_host())
