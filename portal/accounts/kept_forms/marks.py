"""Whose a form is: a signed mark beside the CSRF token of every form that is drawn for somebody signed in.

The session can't tell any more, once it has ended or another person has signed in. A mark opens nothing: it says for
whom words are kept. Who doesn't have somebody's mark can't put words into their form.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, QueryDict, UnreadablePostError

from portal.common.forms.hidden import WHOSE
from portal.common.web.htmx import htmx_of

FIELD = WHOSE
# A page may stand open over a long weekend, and holidays.
LASTS = timedelta(days=31)
LONGEST_PAGE = 1000
SALT = "portal.accounts.kept_forms"


@dataclass(frozen=True, slots=True)
class Mark:
    """For whom a form was drawn, by the code of the account, and the address of the page that it stood on."""

    person: str
    page: str


def mark_for(request: HttpRequest) -> str:
    """The mark of every form in the answer to this request; empty where nobody is signed in. Made once a request."""
    made: str | None = getattr(request, "form_mark", None)
    if made is None:
        made = ""
        if (user := getattr(request, "user", None)) is not None and user.is_authenticated:
            made = signing.dumps([user.code.hex, page_of(request)[:LONGEST_PAGE]], salt=SALT)
        request.form_mark = made  # type: ignore[attr-defined]
    return made


def mark_of(request: HttpRequest) -> Mark | None:
    """The mark that came with a form; None without one, with one that is not ours or too old, or where none is read."""
    try:
        return mark_in(request.POST)
    except (SuspiciousOperation, BadRequest, UnreadablePostError):
        return None


def mark_in(form: QueryDict) -> Mark | None:
    """The same, of a form that was read."""
    if not (sent := form.get(FIELD, "")):
        return None
    try:
        person, page = signing.loads(sent, salt=SALT, max_age=LASTS)
    except (signing.BadSignature, ValueError):
        return None
    return Mark(person=person, page=page)


def page_of(request: HttpRequest) -> str:
    """The page that a form stands on: a form's own address often answers to nothing but being sent."""
    if htmx := htmx_of(request):
        return htmx.current_url_abs_path or "/"
    if request.method == "POST" and (mark := mark_of(request)):
        # A form that came back with a word about what is wrong.
        return mark.page
    return request.get_full_path()
