"""Lists that a page asks for again each minute: drawn anew only when something of them changed.

A fragment that was asked for by itself carries the fingerprint of what it shows, and the next poll sends it back
(`If-None-Match`, in `data-hx-headers`). While it is the same, the answer is 304, and htmx leaves the page as it is. The
fragment itself remembers, not the browser's cache: what stands there is about people, and stays `no-store`.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.translation import get_language

# Sent by pages that ask for news by themselves.
POLLING = "HX-Polling"


def is_poll(request: HttpRequest) -> bool:
    return POLLING in request.headers


def fingerprint(request: HttpRequest, *shown: object) -> str:
    """Stands for a fragment: what it shows, who asks, in which session and language, and the code that draws it.

    `shown` are plain values whose `repr` tells them apart. The session's secret against forged requests counts too: a
    button that was drawn before somebody signed in again would be refused.
    """
    asks = (request.session.session_key, request.META.get("CSRF_COOKIE"), get_language(), request.get_full_path())
    return sha256(repr((_code(), asks, shown)).encode()).hexdigest()[:32]


def still_shows(request: HttpRequest, known: str) -> bool:
    """Whether the page that asks shows just this already; not while there is something to tell."""
    return request.headers.get("If-None-Match") == _tag(known) and not len(get_messages(request))


def not_modified(known: str) -> HttpResponse:
    return HttpResponseNotModified(headers={"ETag": _tag(known)})


def _tag(known: str) -> str:
    return f'"{known}"'


@cache
def _code() -> str:
    """Of all that draws: a new version of the portal may draw the same in another way."""
    found = sha256()
    for folder, kind in (("portal", "py"), ("templates", "html"), ("locale", "mo")):
        for path in sorted((settings.BASE_DIR / folder).rglob(f"*.{kind}")):
            found.update(path.read_bytes())
    return found.hexdigest()
