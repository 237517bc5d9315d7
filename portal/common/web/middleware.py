"""Pages are private by default, to the browser's cache too."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

from portal.common.web.request import is_utf_8


def private_by_default(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Keeps every answer that doesn't say otherwise out of caches, also out of the next person's back button."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store, private"
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
        return response

    return middleware


def questions_are_utf_8(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Refuses an address whose question is no UTF-8: Django would look for U+FFFD in the place of what was typed."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not is_utf_8(request.META.get("QUERY_STRING", "").encode("latin-1", "replace")):
            raise BadRequest("An address is written in UTF-8.")
        return get_response(request)

    return middleware


def cookies_can_be_looked_up(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Leaves out cookies with a NUL, written `"\\000"`: none of ours has one, and PostgreSQL can't even look for it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if any("\x00" in value for value in request.COOKIES.values()):
            request.COOKIES = {name: value for name, value in request.COOKIES.items() if "\x00" not in value}
        return get_response(request)

    return middleware
