"""What people are told while the database can't be reached: at once, without it, and when to come back."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DEFAULT_DB_ALIAS, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language_from_request, override

from portal.common.database.postgresql.base import DatabaseWrapper
from portal.common.database.postgresql.line import is_outage, line

# Seconds: by then it is tried again, several times over.
COME_BACK = 5


def nobody_waits(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answers 503 at once while this process knows that the database is away."""

    def middleware(request: HttpRequest) -> HttpResponse:
        wrapper = connections[DEFAULT_DB_ALIAS]
        if isinstance(wrapper, DatabaseWrapper) and not line.is_up(wrapper.try_to_reach):
            return unavailable(request)
        return get_response(request)

    return middleware


def found_in(problem: BaseException | None) -> bool:
    """Whether an error that nobody caught is an outage, which from then on everybody is told of."""
    if not is_outage(problem):
        return False
    wrapper = connections[DEFAULT_DB_ALIAS]
    if isinstance(wrapper, DatabaseWrapper):
        line.fell()
        wrapper.forget_lines()
    return True


def unavailable(request: HttpRequest) -> HttpResponse:
    """503, in the reader's language, drawn without a database."""
    if request.path == "/healthz" or "application/json" in request.headers.get("Accept", ""):
        response: HttpResponse = JsonResponse({"ok": False}, status=503)
    else:
        with override(get_language_from_request(request, check_path=True)):
            response = render(None, "503.html", status=503)
    # Said once, when it was found: not again for each of a thousand requests.
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django's own mark, which its stubs don't know
    response["Retry-After"] = str(COME_BACK)
    response["Cache-Control"] = "no-store, private"
    return response
