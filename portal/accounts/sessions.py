"""Signing somebody out everywhere else, from within one of their own requests."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest

from portal.accounts import actions
from portal.accounts.models import User


def end_other_sessions(request: HttpRequest, user: User) -> None:
    """Signs the person out everywhere, but here if it is they who ask."""
    actions.end_sessions(user=user)
    keep_this_session(request, user)


def keep_this_session(request: HttpRequest, user: User) -> None:
    """Lets the session of this request go on after all of the person's were ended; another person's are left ended."""
    if request.user == user:
        request.user.sessions_ended = user.sessions_ended
        update_session_auth_hash(request, user)
        UserSession.objects.create_from_request(request)
