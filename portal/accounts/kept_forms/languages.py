"""Changing the language in the middle of a form brings what was typed along, for whoever is signed in and for visitors.

On a page with a form the choice of language is made of buttons of that form. It is sent to its own address with the
language that was asked for, reaches no view, and is kept in the session, encrypted: for a few minutes, for the same
person, and until it is drawn once, since the next at this browser may be somebody else. The page in the other language
is then filled as after signing in. Passwords, codes, payment cards and files are not kept.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TypedDict
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.views.decorators.debug import sensitive_variables

from portal.accounts.kept_forms.keeping import Typed, address_of, is_a_door, is_secret
from portal.accounts.kept_forms.marks import page_of
from portal.accounts.models import User
from portal.common.crypto.ciphertext import EncryptionError, Sealed, seal, unseal
from portal.common.forms.hidden import OWN_FIELDS
from portal.common.languages.offered import languages, path_in, speaks

# The button's name, and the session's.
FIELD = "in_language"
KEY = "typed_in_another_language"
LASTS = timedelta(minutes=10)
# In characters: what people type on pages that speak four languages is far below it.
LARGEST = 64 * 1024
# The way back to where somebody signs in from, which a refused form's address has lost.
BACK = "next"

_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_IS_POST, _ID = re.compile(r'(?<![\w-])method="post"'), re.compile(r'(?<![\w-])id="([^"]+)"')
_PROTECTED = 'name="csrfmiddlewaretoken"'
_TYPED_INTO = re.compile(r'<(?:textarea|select)\b|<input\b(?![^>]*\btype="(?:hidden|submit|button|image|reset)")')
_CHOICE = re.compile(r"<(form|ul)\b[^>]* data-speaks>.*?</\1>", re.DOTALL)
OWN_ID = "typed"
# What a page has that offers a choice of language; the staff's have none, and are not read through for one.
MARK = b" data-speaks>"


class Carried(TypedDict):
    """What a form held, whose it was (the code of an account, empty for a visitor), and until when it is kept."""

    address: str
    typed: Typed
    person: str
    until: float


def choice_of(request: HttpRequest) -> tuple[str, str] | None:
    """The language asked for in the middle of a form, and the page on which that stands; None without such a wish."""
    if not (wish := request.POST.get(FIELD, "")):
        return None
    language, _space, page = wish.partition(" ")
    if not speaks(language):
        language = get_language() or settings.LANGUAGE_CODE
    if not page.startswith("/") or not url_has_allowed_host_and_scheme(page, allowed_hosts=None):
        page = request.path
    back = request.POST.get(BACK, "")
    if back and not urlsplit(page).query and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        page = f"{page}?{urlencode({BACK: back})}"
    return language, path_in(page, language)


@sensitive_variables()
def carry(request: HttpRequest, page: str, *, now: datetime) -> None:
    """Keeps what was typed for the page in the other language; what is empty, or far too long, is not kept."""
    is_door = is_a_door(request.path_info)
    fields = {
        name: values
        for name, values in request.POST.lists()
        if name not in OWN_FIELDS | {FIELD} and not is_secret(name) and not (is_door and name == "code")
    }
    chosen = [str(file.name)[:100] for _name, files in request.FILES.lists() for file in files][:10]
    keep_for(request, request.path, Typed(page=page, fields=fields, files=chosen), now=now)


@sensitive_variables()
def keep_for(request: HttpRequest, address: str, typed: Typed, *, now: datetime) -> None:
    """Keeps it for the next drawing of the form that is sent to `address`, if that comes within a few minutes."""
    carried = Carried(
        address=address_of(address), typed=typed, person=_person(request), until=(now + LASTS).timestamp()
    )
    written = json.dumps(carried)
    if any(value for values in typed["fields"].values() for value in values) and len(written) <= LARGEST:
        request.session[KEY] = seal(written.encode(), context=KEY).token


def carried_for(request: HttpRequest, *, now: datetime) -> Carried | None:
    """What is kept for whoever asks; None for nothing, for somebody else's and for what is too old."""
    # Readers who bring no session are asked nothing: their pages are kept for all.
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not (token := request.session.get(KEY)):
        return None
    try:
        carried: Carried = json.loads(unseal(Sealed(token), context=KEY))
    except EncryptionError:
        return None
    if carried["person"] != _person(request) or carried["until"] <= now.timestamp():
        forget(request)
        return None
    return carried


def forget(request: HttpRequest) -> None:
    """Forgets it, because it was drawn or isn't theirs."""
    request.session.pop(KEY, None)


def with_choice(request: HttpRequest, html: str) -> str:
    """The page with its choice of language bound to its form, so that it needs no script; as it was without a form.

    Of several forms it is the one with most to type. With script it is the one that somebody typed into.
    """
    forms = [form for form in _FORM.finditer(html) if _IS_POST.search(form[1]) and _PROTECTED in form[2]]
    most = max(forms, key=lambda form: len(_TYPED_INTO.findall(form[2])), default=None)
    if most is None or not _TYPED_INTO.search(most[2]):
        return html
    named = _ID.search(most[1])
    context = {
        "choices": [(language, "") for language in languages()],
        "current": get_language(),
        "carries": named[1] if named else OWN_ID,
        "field": FIELD,
        "page": page_of(request),
    }
    choice = render_to_string("components/_languages_list.html", context).strip()
    html = _CHOICE.sub(lambda found: choice, html)
    return html if named else html.replace(most[0], most[0].replace(f"{most[1]}>", f'{most[1]} id="{OWN_ID}">', 1), 1)


def _person(request: HttpRequest) -> str:
    return request.user.code.hex if isinstance(request.user, User) else ""
