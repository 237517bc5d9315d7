"""One address answers the whole page, or the one fragment of it that htmx asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails


def htmx_of(request: HttpRequest) -> HtmxDetails | None:
    """What htmx says of a call of its own; None of any other."""
    found: HtmxDetails | None = getattr(request, "htmx", None)
    return found or None


def targets(request: HttpRequest, element: str) -> bool:
    """Whether htmx asks for what stands in the element of this id."""
    htmx = htmx_of(request)
    return htmx is not None and htmx.target == element


def page_or_fragment(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, fragment: str, status: int = 200
) -> HttpResponse:
    """Renders `template`, or only its partial `fragment` when htmx targets the element of that id.

    The view names the fragment, never the browser. A history restore always gets the whole page.
    """
    htmx = htmx_of(request)
    wants_fragment = htmx and not htmx.history_restore_request and not htmx.boosted and htmx.target == fragment
    response = render(request, f"{template}#{fragment}" if wants_fragment else template, context, status=status)
    patch_vary_headers(response, ("HX-Request", "HX-Target", "HX-History-Restore-Request"))
    return response


def redirect_to(request: HttpRequest, to: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    """Redirects a plain request by 302, and an htmx one by HX-Redirect, which moves the whole page."""
    url = resolve_url(to, *args, **kwargs)
    if htmx_of(request):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    return HttpResponseRedirect(url)
