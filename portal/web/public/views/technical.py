"""What machines ask for."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from portal.common.policy import open_to_all


@open_to_all(reason="a load balancer has no sign-in; says only whether the portal answers")
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, 503 when not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"ok": False}, status=503)
    return JsonResponse({"ok": True})


@open_to_all(reason="search engines read it")
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        *(f"Disallow: /{room}/" for room in ("accounts", "my", "practice", "reception", "manage")),
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")
