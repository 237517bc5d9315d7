"""Light or dark: what the reader chose, and the view that keeps it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.common.access.decorators import open_to_all
from portal.common.web import addresses, cookies

THEMES = ("light", "dark")


def look(request: HttpRequest) -> dict[str, Any]:
    """The theme that the reader chose, or none: then the browser's own setting decides."""
    chosen = request.COOKIES.get(cookies.theme(), "")
    return {"theme": chosen if chosen in THEMES else ""}


# Without a token, so that the pages on which it stands can be kept for all: it changes nothing but colours, and its
# answer leads to this portal's own pages only.
@csrf_exempt
@open_to_all(reason="light or dark is nobody's secret")
@require_POST
def choose_theme(request: HttpRequest, *args: Any) -> HttpResponse:
    """Keeps the reader's choice of light or dark for a year; anything else goes back to the browser's setting."""
    theme = request.POST.get("theme", "")
    response = HttpResponseRedirect(addresses.inside(request.POST.get("next", "/"), otherwise="/"))
    name, secure = cookies.theme(), bool(settings.SESSION_COOKIE_SECURE)
    if theme in THEMES:
        response.set_cookie(name, theme, max_age=365 * 24 * 3600, samesite="Lax", httponly=True, secure=secure)
    else:
        response.delete_cookie(name, samesite="Lax")
    return response
