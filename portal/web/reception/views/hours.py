"""When a psychologist works, by the desk on their behalf: the page and the rules of the psychologist's own."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.roles import Role
from portal.clinic import kept
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import once
from portal.web.hours import pages
from portal.web.hours.whose import Whose


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def hours(request: ActorRequest, slug: str) -> HttpResponse:
    """Shows the week and its exceptions; a POST makes the week anew."""
    return pages.hours(request, _of(request, slug))


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_POST
def add_exception(request: ActorRequest, slug: str) -> HttpResponse:
    """Adds time away, or extra hours."""
    return pages.add_exception(request, _of(request, slug))


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def remove_exception(request: ActorRequest, slug: str, code: UUID) -> HttpResponse:
    """Takes an exception back."""
    return pages.remove_exception(request, _of(request, slug), code)


def _of(request: ActorRequest, slug: str) -> Whose:
    """Anybody who works here, also off the website; whoever has left has no hours to come."""
    for psychologist in kept.psychologists().values():
        if psychologist.slug == slug and not psychologist.has_left:
            return Whose(psychologist, request.actor, is_own=False)
    raise Http404
