"""The pages for errors.

They read nothing from the request's body: Django's own 400 page reads POST a second time, and a body that can't be
decoded then becomes a 500.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.translation import get_language_from_request, override

from portal.common.web import outage
from portal.common.web.htmx import htmx_of

# Characters of an address with its question: more than any page here has, and half of what gunicorn reads.
LONGEST_ADDRESS: Final = 4_000


def _without_request(request: HttpRequest, template: str, *, status: int) -> HttpResponse:
    """A page in its reader's language that is drawn without the request, whose very address may be what is wrong."""
    with override(get_language_from_request(request, check_path=True)):
        return render(None, template, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400, or 413 for a form that is larger than is read."""
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    return _without_request(request, "400.html", status=400)


def too_large(request: HttpRequest) -> HttpResponse:
    """413, without a database."""
    return _without_request(request, "413.html", status=413)


def addresses_have_an_end(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """414 for an address that no page of ours leads to, before anything is looked for with it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if len(request.path) + len(request.META.get("QUERY_STRING", "")) <= LONGEST_ADDRESS:
            return get_response(request)
        response = _without_request(request, "414.html", status=414)
        # Django would write all of it into the log.
        response._has_been_logged = True  # type: ignore[attr-defined]  # its own mark, which its stubs don't know
        return response

    return middleware


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: the wrong role."""
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: nothing there, or nothing there for this person."""
    return render(request, "404.html", status=404)


def opened_by_forms_alone(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """405 with words, for who opens an address that only takes what a form sends: Django's own is an empty page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method != "GET" or not isinstance(response, HttpResponseNotAllowed) or htmx_of(request):
            return response
        page = render(request, "405.html", status=405)
        page["Allow"] = response["Allow"]
        return page

    return middleware


def server_error(request: HttpRequest) -> HttpResponse:
    """500: drawn without the request, so that nothing else can fail; 503 where the database is away."""
    if outage.found_in(sys.exc_info()[1]):
        return outage.unavailable(request)
    return render(None, "500.html", status=500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that was open for too long, or came from elsewhere."""
    return render(request, "403.html", {"stale_form": True}, status=403)
