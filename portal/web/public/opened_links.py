"""Links mailed to somebody that open one thing, signed in or not: which of them this browser opened.

A token would stay in the browser's history, and go to whatever is linked: it leaves the address at once. The browser's
session keeps the codes of what its links opened, never their tokens.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from portal.patients.models import Patient

# Of each kind a session keeps as many; the oldest goes.
MOST: Final = 10


def remember(request: HttpRequest, kind: str, code: UUID) -> None:
    """Lets this browser see what a link opened, from now on without the link."""
    others = [known for known in request.session.get(kind, []) if known != str(code)]
    request.session[kind] = [*others, str(code)][-MOST:]


def ask_for(request: HttpRequest, kind: str, code: UUID) -> None:
    """Raises Http404 for what no link opened in this browser."""
    if str(code) not in request.session.get(kind, []):
        raise Http404


def is_for_another(request: HttpRequest, patient: int | None) -> bool:
    """Whether whoever is signed in here looks after somebody else, and not this patient: the link is not theirs."""
    user = request.user
    return user.is_authenticated and patient not in Patient.objects.managed_by(user).values_list("pk", flat=True)


def for_another(request: HttpRequest) -> HttpResponse:
    """Says so, and nothing of what the link opens; once signed out they can open it again."""
    return render(request, "public/link_of_another.html", status=403)
