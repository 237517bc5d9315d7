"""The names of the cookies that the portal sets, and the messages that wait in one of them.

Where the portal is served securely every name begins with `__Host-`: a browser takes such a cookie only from this host,
over TLS and for the whole of it, so that no neighbour under the clinic's domain can plant one. Over plain http, as in
the demo, browsers would refuse it.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpRequest


def named(plain: str) -> str:
    """What a cookie is called here: `__Host-theme` in production, `theme` elsewhere."""
    return f"{settings.COOKIE_PREFIX}{plain}"


def theme() -> str:
    """The cookie that keeps light or dark."""
    return named("theme")


def messages() -> str:
    """The cookie in which a message waits for the next page."""
    return named("messages")


class _MessagesInCookie(CookieStorage):
    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.cookie_name = messages()


class Messages(FallbackStorage):
    """Django's own, under our name: messages wait in a cookie, and in the session if they are long."""

    storage_classes = (_MessagesInCookie, SessionStorage)
