"""The private addresses that calendar programs read. Nothing opens one but its token."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from portal.appointments import feeds
from portal.common.access import limits
from portal.common.access.decorators import open_to_all

# A minute, from one household or one service: those that read for their customers ask for many from one place.
MOST = 300


@open_to_all(reason="a calendar program can't sign in: whoever has the address reads it, and nobody guesses 256 bits")
@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """Somebody's sessions as an .ics file; to every word that opens none the same few words, in the same time.

    It may be kept by who reads it and by nobody between, and is asked about each time: 304 while it says the same.
    """
    if not limits.within("calendar-feed", who=get_adapter(request).get_client_ip(request), most=MOST, seconds=60):
        return _plain("Too many questions. Try again in a minute.", status=429, headers={"Retry-After": "60"})
    now = timezone.now()
    feed = feeds.open_feed(token)
    if feed is None:
        return _plain("There is no calendar at this address. It may have been renewed or ended.", status=404)
    feeds.note_use(feed, now=now)
    found = feeds.contents(feed, now=now)
    etag = f'"{found.fingerprint}"'
    unchanged = get_conditional_response(request, etag=etag)
    response = HttpResponse(content_type="text/calendar; charset=utf-8") if unchanged is None else unchanged
    if unchanged is None:
        response.content = feeds.drawn(found)
        response["Content-Disposition"] = 'inline; filename="appointments.ics"'
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return _unlisted(response)


def _plain(words: str, *, status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    return _unlisted(HttpResponse(words, status=status, content_type="text/plain; charset=utf-8", headers=headers))


def _unlisted(response: HttpResponse) -> HttpResponse:
    """Not for search engines, and told to nobody."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
