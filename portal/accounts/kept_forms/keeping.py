"""Storing what was typed, and forgetting it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.urls import Resolver404, resolve
from django.views.decorators.debug import sensitive_variables

from portal.accounts.kept_forms.marks import Mark
from portal.accounts.models import KeptForm, User
from portal.common.crypto.fields import clear
from portal.common.forms.hidden import OWN_FIELDS
from portal.common.languages.offered import path_in

LASTS = timedelta(days=1)
# Of one person, whatever they send: the oldest go first.
MOST = 12
# In characters. The longest article or note is far below it.
LARGEST = 512 * 1024
# In the session of somebody for whom something is kept: nobody else's page asks the database about it.
IN_SESSION = "has_kept_forms"
# The account's own pages ask for passwords and codes, and nothing that is long to type: none of theirs is kept.
DOORS = ("allauth.", "portal.accounts.")
_SECRET = re.compile(
    r"passw|passcode|passphrase|secret|credential|one_?time|\botp\b|cvc|cvv|card_?holder|card_?number|card_?expiry",
    re.IGNORECASE,
)


class Typed(TypedDict):
    """What a form held. `page` is where it stood, `files` the names of chosen files, which aren't kept."""

    page: str
    fields: dict[str, list[str]]
    files: list[str]


def is_secret(name: str) -> bool:
    """Whether a field of this name may hold a password or a payment card: then it is kept nowhere.

    A Medicare card's number is none: it is asked for in a form of personal details, and kept with it.
    """
    return bool(_SECRET.search(name)) and "medicare" not in name.lower()


def address_of(path: str) -> str:
    """A form's address, the same in every language."""
    return path_in(path, settings.LANGUAGE_CODE)


@sensitive_variables()
def keep(request: HttpRequest, mark: Mark, *, now: datetime) -> bool:
    """Keeps the form that was sent, for the person of its mark; False where there is nothing that may be kept."""
    if is_a_door(request.path_info):
        return False
    fields = {name: values for name, values in request.POST.lists() if name not in OWN_FIELDS and not is_secret(name)}
    chosen = [str(file.name)[:100] for _name, files in request.FILES.lists() for file in files][:10]
    typed = Typed(page=mark.page, fields=fields, files=chosen)
    person = User.objects.filter(code=mark.person, is_active=True).first()
    if person is None or not fields or len(json.dumps(typed)) > LARGEST:
        return False
    address = address_of(request.path)[: KeptForm.LONGEST_ADDRESS]
    with transaction.atomic():
        KeptForm.objects.filter(user=person, address=address).delete()
        KeptForm.objects.create(user=person, address=address, kept_at=now, **clear(typed=typed))
        newest = KeptForm.objects.filter(user=person).order_by("-pk").values_list("pk", flat=True)[:MOST]
        KeptForm.objects.filter(user=person).exclude(pk__in=list(newest)).delete()
    return True


def is_a_door(path: str) -> bool:
    """Whether a form that is sent here is one of signing in or up, or of the account's own pages."""
    try:
        return resolve(path).func.__module__.startswith(DOORS)
    except Resolver404:
        return True


def kept_for(user: User, *, now: datetime) -> list[KeptForm]:
    """What is kept for somebody, the newest first."""
    return list(KeptForm.objects.filter(user=user, kept_at__gt=now - LASTS).order_by("-pk"))


def typed_at(request: HttpRequest, *, now: datetime) -> QueryDict | None:
    """What is kept of a form that is sent to this address, for whoever is signed in; None without it.

    For a page that can't be drawn without it, or whose figures follow it: the middleware fills only what is drawn.
    """
    if request.method != "GET" or not (isinstance(request.user, User) and request.session.get(IN_SESSION)):
        return None
    address = address_of(request.path)[: KeptForm.LONGEST_ADDRESS]
    form = next((form for form in kept_for(request.user, now=now) if form.address == address), None)
    if form is None:
        return None
    typed = QueryDict(mutable=True)
    for name, values in form.typed["fields"].items():
        typed.setlist(name, values)
    return typed


def has_any(user: User, *, now: datetime) -> bool:
    """Whether anything is kept for them."""
    return KeptForm.objects.filter(user=user, kept_at__gt=now - LASTS).exists()


def forget(user: User, *, codes: Iterable[str] = (), address: str = "") -> None:
    """Forgets what was sent since, by its code or by the address of its form."""
    known = [code for code in codes if _is_code(code)]
    KeptForm.objects.filter(user=user, code__in=known).delete()
    if address:
        KeptForm.objects.filter(user=user, address=address_of(address)).delete()


def forget_all(user: User) -> None:
    """Whoever signs out leaves nothing behind."""
    KeptForm.objects.filter(user=user).delete()


def forget_old(*, now: datetime) -> int:
    """Forgets what was kept for a day, and says how many."""
    deleted, _by_model = KeptForm.objects.filter(kept_at__lte=now - LASTS).delete()
    return deleted


def _is_code(word: str) -> bool:
    try:
        UUID(word)
    except ValueError:
        return False
    return True
