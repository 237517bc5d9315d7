"""Rules that hold for every page of a signed-in person."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user, logout
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from portal.accounts import failures
from portal.accounts.adapter import actor_of
from portal.accounts.models import User
from portal.accounts.session_store import person_of
from portal.audit import trail
from portal.common.access.decorators import MARK, to_sign_in
from portal.common.languages import durations
from portal.common.web.htmx import redirect_to

SEEN = "seen_at"
BEGAN = "signed_in_at"
# How stale the stamp may be before it is written again, in seconds: a write on every request would be waste.
STAMP_EVERY = 30

Handler = Callable[[HttpRequest], HttpResponse]


class PeopleWithTheirSession(AuthenticationMiddleware):
    """Django's own, but that `request.user` is whoever was read together with the session."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = cast("User", SimpleLazyObject(lambda: person_of(request.session) or get_user(request)))


def sessions_end(get_response: Handler) -> Handler:
    """Signs out whoever has been still for longer than their kind may, and whoever signed in too long ago.

    The desk's screen faces a waiting room; and a session that never ended could be used for years by who stole it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return get_response(request)
        now = time.time()
        is_staff = request.user.is_staff_member
        seen, began = request.session.get(SEEN), request.session.get(BEGAN)
        idle, longest = (
            (settings.STAFF_IDLE, settings.STAFF_SESSION)
            if is_staff
            else (settings.PATIENT_IDLE, settings.PATIENT_SESSION)
        )
        if began is not None and now - began >= longest.total_seconds():
            return _end(request, "too long", _words_of_the_end(is_staff=is_staff))
        if seen is not None and now - seen > idle.total_seconds():
            return _end(request, "idle", _("You were signed out because nothing happened for a while."))
        if began is None:
            # Begun before sessions had an end, or by other means than the door.
            request.session[BEGAN] = now
        # A page that asks for news by itself doesn't count as somebody being there: it sends the header HX-Polling.
        if (seen is None or now - seen > STAMP_EVERY) and "HX-Polling" not in request.headers:
            request.session[SEEN] = now
        return get_response(request)

    return middleware


def _end(request: HttpRequest, reason: str, words: str) -> HttpResponse:
    """Ends the session, and says why on the page that is asked to sign in again."""
    person = request.user
    if isinstance(person, User):
        trail.record(
            "account.signed_out", by=actor_of(person), target=person, at=timezone.now(), reason=reason.replace(" ", "_")
        )
    logout(request)
    messages.info(request, words)
    return leave_nothing_behind(to_sign_in(request))


def _words_of_the_end(*, is_staff: bool) -> str:
    """Why somebody who was at work is asked to sign in again."""
    long = (
        durations.hours(int(settings.STAFF_SESSION.total_seconds() // 3600))
        if is_staff
        else durations.days(settings.PATIENT_SESSION.days)
    )
    return _("You were signed out because everybody signs in again after %(long)s. Sign in to go on.") % {"long": long}


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


class refusals_leave_a_trace:  # noqa: N801 - reads as a rule in the settings' list
    """Writes to the trail who knocked at a page that is not theirs."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        if isinstance(exception, PermissionDenied) and isinstance(request.user, User):
            found = request.resolver_match
            failures.refused(request.user, page=found.view_name if found else "", by=actor_of(request.user))
