"""Links mailed to somebody that open one thing, signed in or not: which of them this browser opened.

A token would stay in the browser's history, and go to whatever is linked: it leaves the address at once. The browser's
session keeps the codes of what its links opened, never their tokens.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest

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
