from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from allauth.account.adapter import get_adapter
from allauth.account.fields import SetPasswordField
from allauth.account.forms import (
    AddEmailForm,
    ChangeEmailForm,
    ChangePasswordForm,
    ConfirmEmailVerificationCodeForm,
    LoginForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SignupForm,
)
from allauth.core import context as allauth_context
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import get_default_password_validators, validate_password
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.accounts import actions, attempts, failures, unconfirmed
from portal.accounts.models import Invitation, User
from portal.accounts.roles import STAFF, Role
from portal.common.forms.fields import DigitsField, EmailLineField, LineField
from portal.common.forms.names import NameLineField
from portal.common.forms.parts import field_of
from portal.common.forms.shown import MergesChanges

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LONGEST_NAME = 100
LONGEST_CODE = 64


def first_name_field(**kwargs: Any) -> NameLineField:
    return NameLineField(
        label=_("First name"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
        **kwargs,
    )


def last_name_field(**kwargs: Any) -> NameLineField:
    return NameLineField(
        label=_("Last name"),
        max_length=LONGEST_NAME,
        required=False,
        help_text=_("Leave it empty if you use one name."),
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
        **kwargs,
    )


class AccountEmailField(EmailLineField):
    """The address that an account goes by, in small letters as allauth keeps it."""

    def clean(self, value: Any) -> str:
        return str(super().clean(value)).lower()


class OurFields(forms.Form):
    """A form of allauth's that reads what is typed as the portal's own do; passwords stay exactly as they are typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            about = {"label": field.label, "required": field.required, "widget": field.widget, "initial": field.initial}
            if isinstance(field, forms.EmailField) and not isinstance(field, EmailLineField):
                self.fields[name] = AccountEmailField(**about)
            elif name == "code":
                # The e-mailed code, the app's, a recovery code.
                self.fields[name] = DigitsField(max_length=LONGEST_CODE, **about)
            elif type(field) is forms.CharField and not isinstance(field.widget, forms.HiddenInput):
                self.fields[name] = LineField(max_length=field.max_length or LONGEST_NAME, **about)


def _what_a_password_must_be() -> str:
    """The rules in one line: who reads it chooses one that passes them all."""
    least = next(rule.min_length for rule in get_default_password_validators() if hasattr(rule, "min_length"))
    return gettext(
        "At least %(least)d characters, and hard to guess: not a common password, not a few characters again and "
        "again, not your name, not the clinic's."
    ) % {"least": least}


PASSWORD_HELP = lazy(_what_a_password_must_be, str)()


class _OurWords(OurFields):
    """In the portal's words, too; its labels are not said again inside the boxes."""

    labels: Mapping[str, StrOrPromise] = {"login": _("E-mail"), "email": _("E-mail")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
            if isinstance(field, SetPasswordField) or (name == "password1" and field.help_text):
                field.help_text = PASSWORD_HELP


class SignInForm(_OurWords, LoginForm):
    pass


class ForgottenPasswordForm(_OurWords, ResetPasswordForm):
    def clean_email(self) -> str:
        email: str = super().clean_email()
        # There is nothing to come back to: their mail leads to sign-up, which takes the place of what stands there.
        self.users = [user for user in self.users if not unconfirmed.is_unconfirmed(user)]
        return email


class NewEmailForm(_OurWords, AddEmailForm):
    labels = {"email": _("New e-mail")}


class CorrectedEmailForm(_OurWords, ChangeEmailForm):
    pass


class EmailedCodeForm(OurFields, ConfirmEmailVerificationCodeForm):
    pass


class NewAuthenticatorForm(OurFields, ActivateTOTPForm):
    pass


class NewPasswordForm(_OurWords, ChangePasswordForm):
    labels = {
        "oldpassword": _("Current password"),
        "password1": _("New password"),
        "password2": _("New password again"),
    }


class NewPasswordByLinkForm(_OurWords, ResetPasswordKeyForm):
    labels = {"password1": _("New password"), "password2": _("New password again")}


class SignUpForm(_OurWords, SignupForm):
    """Sign-up takes the same time, and does the same work, whether or not the address has an account."""

    field_order = ["first_name", "last_name", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_name"] = first_name_field()
        self.fields["last_name"] = last_name_field()
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            # The slow step, once on both ways, and before either opens a transaction.
            cleaned["hashed_password"] = make_password(cleaned["password1"])
        return cleaned

    def validate_unique_email(self, value: str) -> str:
        email: str = super().validate_unique_email(value)
        self.account_already_exists = not unconfirmed.is_free(email)
        return email

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        try:
            with transaction.atomic():
                return self._try_save(request)
        except IntegrityError:
            # Somebody signed up at the address in the same moment: theirs gives way, unless it was confirmed.
            self.account_already_exists = not unconfirmed.is_free(self.cleaned_data["email"])
            return self._try_save(request)

    def _try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            self._make_an_account_and_take_it_back(request)
        saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return saved

    def _make_an_account_and_take_it_back(self, request: HttpRequest) -> None:
        """Writes what a new account would write: without it the shorter answer tells that the address is known."""
        address = self.cleaned_data["email"]
        self.cleaned_data["email"] = f"{get_random_string(20)}@nobody.invalid"
        self.account_already_exists = False
        try:
            with transaction.atomic():
                self.save(request)
                transaction.set_rollback(True)
        finally:
            self.cleaned_data["email"] = address
            self.account_already_exists = True


class _Counted(BaseAuthenticateForm):
    """Counts tries as `attempts` says, and refuses a code of the authenticator app that was used.

    It is refused for as long as the app's clock tolerance accepts it.
    """

    def clean_code(self) -> str:
        attempt = attempts.begin(allauth_context.request, "code", self.user.email)
        if attempt is None:
            failures.slowed(allauth_context.request, "code", self.user.email)
            raise get_adapter().validation_error("too_many_login_attempts")
        try:
            code = super().clean_code()
            self._use_up(code)
        except forms.ValidationError:
            failures.failed(allauth_context.request, "code", self.user.email)
            raise
        attempt.rollback()
        return code

    def _use_up(self, code: str) -> None:
        if self.authenticator.type == Authenticator.Type.TOTP:
            accepted_for = mfa_settings.TOTP_PERIOD * (2 * mfa_settings.TOTP_TOLERANCE + 1)
            digits = "".join(filter(str.isdigit, code))
            if not cache.add(f"totp-used:{self.user.pk}:{digits}", True, timeout=accepted_for):
                raise forms.ValidationError(_("This code was used. Wait for the next one."), code="used")


class SecondFactorForm(OurFields, _Counted, AuthenticateForm):
    pass


class ConfirmItsYouForm(OurFields, _Counted, ReauthenticateForm):
    pass


class JoinForm(forms.Form):
    """What an invited person without an account says: who they are, and a password."""

    first_name = first_name_field()
    last_name = last_name_field()
    password = SetPasswordField(label=_("Password"), help_text=PASSWORD_HELP)

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        kwargs["initial"] = {"first_name": invitation.first_name, "last_name": invitation.last_name}
        super().__init__(*args, **kwargs)
        self.email = invitation.email
        # What the page says of a good password is said of theirs.
        field_of(self, "password", SetPasswordField).user = User(email=self.email)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if password := cleaned.get("password"):
            about = User(
                email=self.email,
                first_name=cleaned.get("first_name", ""),
                last_name=cleaned.get("last_name", ""),
            )
            try:
                validate_password(password, about)
            except forms.ValidationError as problem:
                self.add_error("password", problem)
        return cleaned


STAFF_ROLES = [(role.value, role.label) for role in Role if role in STAFF]
WHAT_ROLES_SEE = {
    Role.PSYCHOLOGIST: _("Their own diary, and the records of the people they treat."),
    Role.RECEPTION: _("Everybody's appointments, contact details and invoices. Never a clinical note."),
    Role.MANAGER: _("What reception sees, and staff, services, settings, reports and the trail."),
}


class NameForm(MergesChanges):
    """The name that the person of an account goes by."""

    first_name = first_name_field()
    last_name = last_name_field()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        kwargs["initial"] = {"first_name": user.first_name, "last_name": user.last_name}
        super().__init__(*args, **kwargs)

    def form_now(self) -> Self:
        """The form on the account as it is now, locked."""
        return type(self)(user=User.objects.select_for_update(no_key=True).get(pk=self.user.pk))


class InviteForm(forms.Form):
    email = EmailLineField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    first_name = NameLineField(
        label=_("First name"), max_length=LONGEST_NAME, required=False, widget=forms.TextInput({"autocomplete": "off"})
    )
    last_name = NameLineField(
        label=_("Last name"), max_length=LONGEST_NAME, required=False, widget=forms.TextInput({"autocomplete": "off"})
    )
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=STAFF_ROLES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one role.")},
    )


class RolesForm(MergesChanges):
    """The roles that somebody holds from now on; none is possible, and leaves them a patient at most.

    `only` are those that can be chosen, where that is not all.
    """

    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=STAFF_ROLES, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, user: User, only: frozenset[str] | None = None, **kwargs: Any) -> None:
        self.user, self.only = user, only
        kwargs["initial"] = {"roles": sorted(user.roles & STAFF)}
        super().__init__(*args, **kwargs)
        if only is not None:
            field_of(self, "roles", forms.MultipleChoiceField).choices = [
                (role, label) for role, label in STAFF_ROLES if role in only
            ]

    def form_now(self) -> Self:
        """The form on the roles held now; nobody else gives or takes one until the transaction ends."""
        actions.lock_roles(user=self.user)
        return type(self)(user=self.user, only=self.only)
