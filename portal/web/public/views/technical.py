"""What machines ask for."""

from __future__ import annotations

import time
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.common.access.decorators import open_to_all
from portal.common.languages.offered import path_in
from portal.common.web.addresses import absolute
from portal.common.web.outage import found_in
from portal.common.web.pagecache import for_readers
from portal.reports import queue
from portal.web.public import sitemaps

XML = "application/xml; charset=utf-8"


# So long after a start the worker beside it need not have done anything yet.
STARTING = 300.0
_started = time.monotonic()


@open_to_all(reason="a load balancer has no sign-in; says only whether the portal answers, and its queue works")
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers and the queue works, 503 when not; with `?web` the queue is not asked."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        trouble = "" if "web" in request.GET or time.monotonic() < _started + STARTING else _trouble(timezone.now())
    except DatabaseError as problem:
        found_in(problem)
        return JsonResponse({"ok": False}, status=503)
    return JsonResponse({"ok": False, "why": trouble} if trouble else {"ok": True}, status=503 if trouble else 200)


def _trouble(now: datetime) -> str:
    """What is wrong with the queue, for whoever runs the portal; nothing that strangers could use."""
    if queue.silence(now):
        return "No worker runs: python3 manage.py worker"
    if late := queue.late(now):
        return f"Late: {', '.join(late)}"
    return ""


# Rooms that are nobody's to find: the staff's, and in every language those that ask who one is. And the calendar, whose
# weeks never end.
STAFF_ROOMS = ("practice/", "reception/", "manage/")
ROOMS = ("accounts/", "my/", "theme/", "blog/preview/", "book/*?")


@for_readers()
@open_to_all(reason="search engines read it")
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        *(f"Disallow: /{room}" for room in STAFF_ROOMS),
        *(f"Disallow: {path_in(f'/{room}', code)}" for code, _name in settings.LANGUAGES for room in ROOMS),
        "",
        f"Sitemap: {absolute(reverse('machines:sitemap'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@for_readers()
@open_to_all(reason="search engines read it")
@require_safe
def sitemap_index(request: HttpRequest) -> HttpResponse:
    return HttpResponse(sitemaps.index(timezone.now()), content_type=XML)


@for_readers()
@open_to_all(reason="search engines read it")
@require_safe
def sitemap(request: HttpRequest, name: str) -> HttpResponse:
    pages = sitemaps.listed_in(name, now=timezone.now())
    if pages is None:
        raise Http404
    return HttpResponse(sitemaps.urlset(pages), content_type=XML)
