"""Answers of last resort. They read nothing from the request's body: Django's own 400 page reads POST a second time,
and a body that can't be decoded then becomes a 500."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.common.access.decorators import open_to_all
from portal.common.web.context import THEMES


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(None, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return render(None, "500.html", status=500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403.html", {"stale_form": True}, status=403)


# Without a token, so that the pages on which it stands can be kept for all: it changes nothing but colours, and its
# answer leads to this portal's own pages only.
@csrf_exempt
@open_to_all(reason="light or dark is nobody's secret")
@require_POST
def choose_theme(request: HttpRequest, *args: Any) -> HttpResponse:
    """Keeps the reader's choice of light or dark for a year; anything else goes back to the browser's setting."""
    theme, back = request.POST.get("theme", ""), request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    response = HttpResponseRedirect(back)
    if theme in THEMES:
        response.set_cookie("theme", theme, max_age=365 * 24 * 3600, samesite="Lax", httponly=True)
    else:
        response.delete_cookie("theme")
    return response
