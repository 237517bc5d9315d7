"""What follows when django-allauth says that an account's locks were changed.

These are another package's signals; between our own apps there are none.
"""

from __future__ import annotations

import time
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from portal.accounts import signing_up
from portal.accounts.adapter import actor_of
from portal.accounts.kept_forms import keeping, languages
from portal.accounts.kept_forms.keeping import IN_SESSION
from portal.accounts.middleware import BEGAN
from portal.accounts.models import SealedSecret, User
from portal.accounts.sessions import end_other_sessions
from portal.audit import trail


def _note(verb: str, user: User, **facts: Any) -> None:
    trail.record(verb, by=actor_of(user), target=user, at=timezone.now(), **facts)


@receiver(user_logged_in)
def _signed_in(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    if request is None:
        return
    request.session[BEGAN] = time.time()
    languages.forget(request)
    signing_up.forget(request)
    if keeping.has_any(user, now=timezone.now()):
        request.session[IN_SESSION] = True


@receiver(account.password_changed)
@receiver(account.password_set)
@receiver(account.password_reset)
def _password_changed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    # Django itself ends the other sessions: a session is checked against the password.
    _note("account.password_changed", user)


@receiver(account.email_changed)
def _email_changed(request: HttpRequest, user: User, from_email_address: Any, **kwargs: Any) -> None:
    if from_email_address:  # at sign-up there is none
        _note("account.email_changed", user)


@receiver(mfa.authenticator_added)
def _second_factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _note("account.second_factor_added", user, kind=str(authenticator.type))
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        # Sessions that were begun by password alone are not left open elsewhere.
        end_other_sessions(request, user)


@receiver(mfa.authenticator_removed)
def _second_factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _note("account.second_factor_removed", user, kind=str(authenticator.type))


@receiver(mfa.authenticator_reset)
def _recovery_codes_renewed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _note("account.recovery_codes_renewed", user)


@receiver(post_delete, sender=Authenticator)
def _secret_goes_too(instance: Authenticator, **kwargs: Any) -> None:
    for key in ("secret", "seed"):
        if code := instance.data.get(key):
            SealedSecret.objects.filter(code=code).delete()
