"""The devices that people sign in with: which of them are known, and what a browser calls itself in people's words.

A device is known to a person once they have signed in with it. It opens nothing: it only is not slowed down by what
strangers try elsewhere. A signed cookie says so, by a digest of the address; signing out leaves it.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import get_random_string, salted_hmac
from django.utils.translation import gettext as _

LASTS = timedelta(days=180)
SALT = "portal.accounts.devices"
# A computer at the desk is used by several people.
MOST_PEOPLE = 12

# First match wins: Edge and Opera also say Chrome, and Chrome also says Safari.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "Chromebook"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def describe(user_agent: str) -> str:
    """`Firefox on Windows`; what can't be told is left out."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("an unknown browser")


# ---- Known devices ---------------------------------------------------------------------------------------------------


def cookie_name() -> str:
    """Beside the session's, under the same rules of the browser."""
    return f"{settings.SESSION_COOKIE_NAME}_device"


def known(request: HttpRequest, email: str) -> str:
    """What this device is called for the person of this address; empty where they never signed in with it."""
    return _people(request).get(_digest(email), "")


def is_somebodys(request: HttpRequest) -> bool:
    """Whether anybody has signed in with this device."""
    return bool(_people(request))


def remember(request: HttpRequest, response: HttpResponseBase, email: str) -> None:
    """Makes the device known to somebody who has just signed in, with every step that this takes."""
    people, who = _people(request), _digest(email)
    name = people.pop(who, "") or get_random_string(16)
    newest = dict([*people.items(), (who, name)][-MOST_PEOPLE:])
    response.set_cookie(
        cookie_name(),
        signing.dumps(newest, salt=SALT),
        max_age=LASTS,
        httponly=True,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        samesite="Lax",
    )


def _people(request: HttpRequest) -> dict[str, str]:
    try:
        people = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=SALT, max_age=LASTS)
    except (signing.BadSignature, ValueError):
        return {}
    return people if isinstance(people, dict) else {}


def _digest(email: str) -> str:
    return salted_hmac(SALT, email.strip().lower(), algorithm="sha256").hexdigest()[:24]
