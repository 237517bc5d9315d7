"""Where django-allauth meets the portal: e-mails go through the outbox, secrets are encrypted, the trail is kept."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from portal.accounts import attempts, devices, failures, unconfirmed
from portal.accounts.devices import describe
from portal.accounts.kept_forms import keeping
from portal.accounts.links import absolute
from portal.accounts.models import SealedSecret, User
from portal.accounts.roles import Role
from portal.audit import trail
from portal.common.access.actors import Actor
from portal.common.crypto.fields import clear
from portal.common.languages.offered import path_in
from portal.notifications import outbox
from portal.notifications.recipients import Recipient

# Mails whose text opens an account, or verifies an address: what they say is kept encrypted until they are sent.
# The two that answer for an address without an account are among them, so that all four cost the same.
SECRET = frozenset(
    {
        "email_confirmation",
        "email_confirmation_signup",
        "account_already_exists",
        "password_reset_key",
        "unknown_account",
    }
)
# Mails to an address of which nobody has shown yet that it is theirs: they greet by no name, for a stranger chose it.
TO_ANYBODY = frozenset({"email_confirmation", "email_confirmation_signup"})
_KEPT = frozenset(
    {"code", "password_reset_url", "signup_url", "sign_in_url", "from_email", "to_email", "deleted_email", "ip"}
)


def actor_of(user: User) -> Actor:
    """The person in the role that says most of them, staff before patient: who did something to their own account."""
    first = (Role.MANAGER, Role.PSYCHOLOGIST, Role.RECEPTION)
    return Actor(user=user, role=next((role for role in first if role in user.roles), Role.PATIENT))


def _ours(user: AbstractBaseUser) -> User:
    """The account, as allauth hands it over: it knows no more of it than Django asks of any."""
    if not isinstance(user, User):
        raise TypeError(f"{type(user).__name__} is no account of the portal")
    return user


def plain(context: dict[str, Any]) -> dict[str, Any]:
    """What a mail's template may read: words and times, none of the objects behind them."""
    told: dict[str, Any] = {key: str(value) for key, value in context.items() if key in _KEPT}
    if user := context.get("user"):
        told["name"] = user.called
    if isinstance(at := context.get("timestamp"), datetime):
        told["at"] = at
    if "user_agent" in context:
        told["device"] = describe(context["user_agent"])
        told["secure_url"] = absolute("account_reset_password")
    return told


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        # The same for an address without an account: what helps is said to everybody.
        "too_many_login_attempts": gettext_lazy(
            "Too many wrong tries. Wait five minutes and try again; if you read this again, wait until tomorrow. At "
            "once you get in on a device that you signed in with before, with a passkey, or with a new password by "
            "e-mail."
        ),
    }

    # ---- E-mails

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        name = template_prefix.rsplit("/", 1)[-1]
        if name in SECRET and attempts.begin(self.request, "mail", email) is None:
            # Whoever asks sees the same as ever: what was sent before is still good, and a mailbox is not flooded.
            failures.slowed(self.request, "mail", email)
            return
        told = plain(context)
        if name in TO_ANYBODY or (isinstance(about := context.get("user"), User) and unconfirmed.is_unconfirmed(about)):
            told.pop("name", None)
        outbox.queue(
            template=f"account/{name}",
            to=Recipient.by_email(email),
            # Nobody, where the address belongs to no account.
            about=context.get("user"),
            context=told,
            dedupe_key=f"account:{name}:{uuid.uuid4()}",
            language=get_language(),
            secret=name in SECRET,
        )

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        super().send_notification_mail(template_prefix, user, {"user": user, **(context or {})}, email)

    def send_confirmation_mail(
        self, request: HttpRequest, emailconfirmation: EmailVerificationProcess, signup: bool
    ) -> None:
        unconfirmed.remember(emailconfirmation)
        super().send_confirmation_mail(request, emailconfirmation, signup)

    def send_account_already_exists_mail(self, email: str) -> None:
        # Somebody who forgot that they have an account was on their way somewhere, perhaps to a session they chose.
        sign_in_url = absolute("account_login")
        if back := get_next_redirect_url(self.request):
            sign_in_url += "?" + urlencode({"next": back})
        context = {"sign_in_url": sign_in_url, "password_reset_url": absolute("account_reset_password")}
        self.send_mail("account/email/account_already_exists", email, context)

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.PORTAL_BASE_URL + path.replace("UID-KEY", quote(key))

    # ---- Signing in and out

    def save_user(self, request: HttpRequest, user: AbstractBaseUser, form: BaseForm, commit: bool = True) -> User:
        data, account = form.cleaned_data, _ours(user)
        account.email, account.first_name, account.last_name = data["email"], data["first_name"], data["last_name"]
        account.password = data["hashed_password"]
        account.language = get_language() or ""
        if commit:
            unconfirmed.take_place(account)
            account.save()
        return account

    def is_safe_url(self, url: str) -> bool:
        """Leads nowhere by an address that can't be read, such as `http://[`: allauth trips over it."""
        try:
            return super().is_safe_url(url)
        except ValueError:
            return False

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse:
        account = _ours(user)
        trail.record("account.signed_in", by=actor_of(account), target=account, at=timezone.now())
        response: HttpResponse = super().post_login(request, user, **kwargs)
        devices.remember(request, response, account.email)
        return response

    def logout(self, request: HttpRequest) -> None:
        if request.user.is_authenticated:
            trail.record("account.signed_out", by=actor_of(request.user), target=request.user, at=timezone.now())
            keeping.forget_all(request.user)
        super().logout(request)

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """The first page in the language of the one that was left."""
        return path_in(super().get_logout_redirect_url(request), get_language() or settings.LANGUAGE_CODE)

    # ---- Failures

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts the try as `attempts` says; allauth's own count is of the account alone, and locks its owner out."""
        email = str(credentials.get("email", ""))
        self._login_failed_rl_usage = attempts.begin(request, "password", email)
        if self._login_failed_rl_usage is None:
            failures.slowed(request, "password", email)
            raise self.validation_error("too_many_login_attempts")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        failures.failed(request, "password", str(credentials.get("email", "")))

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        attempts.forgive(request, str(credentials.get("email", "")))


class MfaAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return str(SealedSecret.objects.create(**clear(value=text)).code)

    def decrypt(self, encrypted_text: str) -> str:
        return str(SealedSecret.objects.get(code=encrypted_text).value)

    def _get_site_name(self) -> str:
        return str(settings.MFA_TOTP_ISSUER)

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return _("Passkey") if number == 1 else _("Passkey %(number)d") % {"number": number}
