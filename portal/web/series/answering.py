"""What the pages that repeat a session answer: all of it, or the times below a form that somebody still fills in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers

from portal.common.web.htmx import page_or_fragment, targets
from portal.journeys.repeating.asking import Asked

WHOLE, TIMES = "series", "series-times"

PATTERN = ("repeat", "weeks", "count", "until")


def asks_for_times(request: HttpRequest, *names: str) -> HttpResponse | None:
    """Leads to the times of what was typed, where "Show the times" was pressed in the form that books or moves them.

    It is one form, so that what is typed is always sent with the times that it is to be compared with.
    """
    if "show" not in request.POST:
        return None
    said = {name: request.POST[name] for name in names if name in request.POST}
    return redirect(f"{request.path}?{urlencode(said)}")


def times_or_page(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, asked: Asked, refusal: str
) -> HttpResponse:
    """The times alone where the form that asked for them is right; with it, to say what is wrong, where it is not.

    A refusal of what was sent is a 409, and so is a time that was taken meanwhile.
    """
    is_wrong = bool(asked.form.errors)
    status = (
        409
        if asked.is_taken or asked.is_other or (refusal and asked.is_sent)
        else 422
        if asked.is_sent or is_wrong
        else 200
    )
    if not targets(request, TIMES):
        return page_or_fragment(request, template, context, fragment=WHOLE, status=status)
    if is_wrong:
        answer = render(request, f"{template}#{WHOLE}", context, status=status)
        answer["HX-Retarget"] = f"#{WHOLE}"
    else:
        answer = render(request, "components/_series_times.html", {**context, "is_alone": True}, status=status)
    patch_vary_headers(answer, ("HX-Request", "HX-Target", "HX-History-Restore-Request"))
    return answer
