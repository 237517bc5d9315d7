"""Rules that hold for every page of a signed-in person."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user, logout
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from portal.accounts.adapter import actor_of
from portal.accounts.models import User
from portal.accounts.session_store import person_of
from portal.audit import trail
from portal.common.access.decorators import MARK, to_sign_in
from portal.common.web.htmx import redirect_to

SEEN = "seen_at"
# How stale the stamp may be before it is written again, in seconds: a write on every request would be waste.
STAMP_EVERY = 30

Handler = Callable[[HttpRequest], HttpResponse]


class PeopleWithTheirSession(AuthenticationMiddleware):
    """Django's own, but that `request.user` is whoever was read together with the session."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = cast("User", SimpleLazyObject(lambda: person_of(request.session) or get_user(request)))


def idle_sessions_end(get_response: Handler) -> Handler:
    """Signs out whoever has been still for longer than their kind may; the desk's screen faces a waiting room."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return get_response(request)
        now = time.time()
        allowed = settings.STAFF_IDLE if request.user.is_staff_member else settings.PATIENT_IDLE
        seen = request.session.get(SEEN)
        if seen is not None and now - seen > allowed.total_seconds():
            trail.record(
                "account.signed_out", by=actor_of(request.user), target=request.user, at=timezone.now(), reason="idle"
            )
            logout(request)
            messages.info(request, _("You were signed out because nothing happened for a while."))
            return leave_nothing_behind(to_sign_in(request))
        # A page that asks for news by itself doesn't count as somebody being there: it sends the header HX-Polling.
        if (seen is None or now - seen > STAMP_EVERY) and "HX-Polling" not in request.headers:
            request.session[SEEN] = now
        return get_response(request)

    return middleware


def leave_nothing_behind(response: HttpResponse) -> HttpResponse:
    """Has the browser forget the pages it keeps for its back button, and what scripts stored: the next person's it is.

    Cookies stay: they hold the choice of language and of light or dark.
    """
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


class staff_need_a_second_factor:  # noqa: N801 - reads as a rule in the settings' list
    """Sends staff without a second factor to set one up, before they see anything that belongs to the clinic."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: object, kwargs: object
    ) -> HttpResponse | None:
        # Open are pages marked so, by a sentence and not by roles, and allauth's own, where the factor is set up.
        is_open = isinstance(getattr(view, MARK, None), str) or view.__module__.startswith("allauth.")
        if is_open or not settings.STAFF_SECOND_FACTOR:
            return None
        if not request.user.is_authenticated or not request.user.is_staff_member or request.user.has_second_factor:
            return None
        messages.info(request, _("Staff sign in with a second factor. Set one up to go on."))
        return redirect_to(request, reverse("mfa_index"))
