"""What a sign-up begins with: the address that was invited, or what was typed when the address was the wrong one.

Both stand in the session, encrypted: never in an address, which proxies log and browsers keep.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest

from portal.accounts.kept_forms import languages
from portal.accounts.kept_forms.keeping import Typed
from portal.common.crypto.ciphertext import EncryptionError, Sealed, seal, unseal

INVITED = "invited_address"
SIGNED_UP = "signed_up_as"
# As long as the code itself.
LASTS = timedelta(seconds=settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT)
# What is typed again: a password is kept nowhere.
KEPT = ("first_name", "last_name", "email")


def invite(request: HttpRequest, email: str) -> None:
    """From now on sign-up and sign-in begin with this address, whose mail was opened in this browser."""
    _put(request, INVITED, {"email": email})


def invited_address(request: HttpRequest) -> str:
    """The address that was invited; empty for none."""
    return str(_get(request, INVITED).get("email", ""))


def remember(request: HttpRequest, typed: Mapping[str, str], *, page: str, now: datetime) -> None:
    """Keeps what somebody signed up with, in case the address was the wrong one. `page` is where they typed it."""
    about = {"page": page, "until": (now + LASTS).isoformat()}
    _put(request, SIGNED_UP, about | {name: typed.get(name, "") for name in KEPT})


def can_start_again(request: HttpRequest) -> bool:
    """Whether this browser has just signed up."""
    return SIGNED_UP in request.session


def start_again(request: HttpRequest, *, address: str, now: datetime) -> str:
    """Leads back to the page of the sign-up, which is filled once with what was typed; gives that page's address."""
    typed = _get(request, SIGNED_UP)
    if not typed or datetime.fromisoformat(typed["until"]) <= now:
        return address
    page, fields = typed["page"], {name: [typed[name]] for name in KEPT}
    languages.keep_for(request, address, Typed(page=page, fields=fields, files=[]), now=now)
    return page


def forget(request: HttpRequest) -> None:
    """Whoever has signed in is there."""
    for key in (INVITED, SIGNED_UP):
        request.session.pop(key, None)


def _put(request: HttpRequest, key: str, words: Mapping[str, str]) -> None:
    request.session[key] = seal(json.dumps(words).encode(), context=key).token


def _get(request: HttpRequest, key: str) -> dict[str, str]:
    if not (token := request.session.get(key)):
        return {}
    try:
        words: dict[str, str] = json.loads(unseal(Sealed(token), context=key))
    except EncryptionError:
        return {}
    return words
