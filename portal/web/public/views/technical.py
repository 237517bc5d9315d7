"""What machines ask for."""

from __future__ import annotations

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
from portal.web.public import sitemaps

XML = "application/xml; charset=utf-8"


@open_to_all(reason="a load balancer has no sign-in; says only whether the portal answers")
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, 503 when not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as problem:
        found_in(problem)
        return JsonResponse({"ok": False}, status=503)
    return JsonResponse({"ok": True})


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
