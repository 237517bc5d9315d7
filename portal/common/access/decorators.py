"""Who may call a view.

Two locks on every page: the mark on the view says who may knock, the queryset's `visible_to(actor)` says which rows
exist for them. A test walks all addresses and fails on a view without a mark, so a page is private by default.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, cast
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from portal.common.access.actors import Actor
from portal.common.web.htmx import htmx_of

if TYPE_CHECKING:
    from django.contrib.auth.models import _User as User

MARK = "portal_access"

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class SignedInRequest(HttpRequest):
    """A request past `signed_in`."""

    user: User


class ActorRequest(SignedInRequest):
    """A request past `allow`: whoever sent it acts in a role."""

    actor: Actor


def allow(*roles: str) -> Callable[[Callable[Concatenate[ActorRequest, P], HttpResponseBase]], View[P]]:
    """Lets in people who hold one of `roles`, and sets `request.actor` to them in the first of those that they hold."""
    if not roles:
        raise TypeError("allow() needs at least one role")

    def mark(view: Callable[Concatenate[ActorRequest, P], HttpResponseBase]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            held = next((role for role in roles if role in request.user.roles), None)
            if held is None:
                raise PermissionDenied
            acting = cast(ActorRequest, request)
            acting.actor = Actor(user=request.user, role=held)
            return view(acting, *args, **kwargs)

        setattr(guarded, MARK, tuple(roles))
        return guarded

    return mark


def open_to_all(*, reason: str) -> Callable[[View[P]], View[P]]:
    """Marks one of the few views that need no sign-in; `reason` says why, to whoever reads the code."""
    if not reason:
        raise TypeError("open_to_all() needs a reason")

    def mark(view: View[P]) -> View[P]:
        @wraps(view)
        def opened(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            return view(request, *args, **kwargs)

        setattr(opened, MARK, reason)
        return opened

    return mark


def signed_in(view: Callable[Concatenate[SignedInRequest, P], HttpResponseBase]) -> View[P]:
    """Marks a view for anybody who has signed in, whatever their role; it must not show another person's rows."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        return view(cast(SignedInRequest, request), *args, **kwargs)

    setattr(guarded, MARK, "signed in")
    return guarded


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Sends to the sign-in page and back. An htmx call is told to leave the page, or sign-in would land in a table."""
    if htmx := htmx_of(request):
        back = _page_of(htmx)
        response = HttpResponse(status=204)
        response["HX-Redirect"] = redirect_to_login(back).url
        return response
    if request.method in {"GET", "HEAD"}:
        return redirect_to_login(request.get_full_path())
    return redirect_to_login(_page_before(request))


def _page_of(htmx: HtmxDetails) -> str:
    try:
        return htmx.current_url_abs_path or resolve_url("/")
    except ValueError:  # what a browser never sends, such as `http://[`
        return resolve_url("/")


def _page_before(request: HttpRequest) -> str:
    """The page whose form was sent: a form's own address often answers to nothing but being sent."""
    before = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=request.is_secure()):
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    parts = urlsplit(before)
    return urlunsplit(("", "", parts.path or "/", parts.query, ""))
