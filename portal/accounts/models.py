from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import GUARDED, STAFF, Role
from portal.common.crypto.fields import EncryptedJSONField, EncryptedTextField
from portal.common.privacy import classed
from portal.common.text.normalise import full_name


def _authenticators() -> models.Manager[models.Model]:
    # allauth's models ask for this one, so theirs can't be imported here.
    return apps.get_model("mfa", "Authenticator")._default_manager


class UserQuerySet(models.QuerySet["User"]):
    def staff(self) -> UserQuerySet:
        """Whoever holds a staff role now, whether or not they may sign in."""
        return self.filter(models.Exists(Grant.objects.in_force().filter(user=models.OuterRef("pk"))))

    def staff_ever(self) -> UserQuerySet:
        """Whoever holds a staff role, or held one."""
        return self.filter(models.Exists(Grant.objects.filter(user=models.OuterRef("pk"))))

    def with_second_factor_known(self) -> UserQuerySet:
        """Adds `second_factor`, and spares `has_second_factor` its query."""
        return self.annotate(second_factor=self._second_factor())

    def without_second_factor(self) -> UserQuerySet:
        """Whoever signs in with a password alone."""
        return self.filter(~self._second_factor())

    @staticmethod
    def _second_factor() -> models.Exists:
        return models.Exists(_authenticators().filter(user=models.OuterRef("pk")))

    def holding(self, role: Role) -> UserQuerySet:
        return self.filter(models.Exists(Grant.objects.in_force().filter(user=models.OuterRef("pk"), role=role)))

    def active(self) -> UserQuerySet:
        return self.filter(is_active=True)


class _AccountManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email: str | None) -> User:
        return self.get(email__iexact=email)


UserManager = _AccountManager.from_queryset(UserQuerySet)


@classed(
    plain="id code password last_login is_active sessions_ended created_at language",
    personal="email first_name last_name",
)
class User(AbstractBaseUser):
    """An account. It signs in with an e-mail address, kept in lower case."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"), max_length=254, unique=True)
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    is_active = models.BooleanField(_("may sign in"), default=True)
    # Part of what every session is checked against: counting it up ends them all, wherever they are kept.
    sessions_ended = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique_in_any_case"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What colleagues read; an account that has no name yet goes by its address."""
        return self.public_name or self.email

    @property
    def public_name(self) -> str:
        """What everybody may read; empty for an account without a name."""
        return full_name(self.first_name, self.last_name)

    def get_full_name(self) -> str:
        return self.name

    @property
    def called(self) -> str:
        """By which name to greet whoever signs in; empty for an account without a name."""
        return self.first_name or self.last_name

    def get_short_name(self) -> str:
        return self.called or self.email

    @cached_property
    def roles(self) -> frozenset[str]:
        """The roles held now. Everybody who signs in may also be a patient, or care for one.

        Lists prefetch `grants`; without that it is one query.
        """
        if not self.pk:
            return frozenset()
        return frozenset(grant.role for grant in self.grants.all() if grant.ended_at is None) | {Role.PATIENT.value}

    @cached_property
    def has_second_factor(self) -> bool:
        """Whether signing in asks for more than the password. One query, where the row came without `second_factor`."""
        if "second_factor" in self.__dict__:
            return bool(self.__dict__["second_factor"])
        return _authenticators().filter(user=self).exists()

    @property
    def is_staff_member(self) -> bool:
        return bool(self.roles & STAFF)

    @property
    def role_names(self) -> list[str]:
        """Staff roles only, in words."""
        return [str(role.label) for role in Role if role in self.roles & STAFF]

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must still match: the password, and that nobody ended all sessions since."""
        value = f"{self.password}|{self.sessions_ended}"
        return salted_hmac("portal.accounts.User.session", value, secret=secret, algorithm="sha256").hexdigest()


class GrantQuerySet(models.QuerySet["Grant"]):
    def in_force(self) -> GrantQuerySet:
        return self.filter(ended_at__isnull=True)


@classed(plain="id user role granted_at granted_by ended_at ended_by")
class Grant(models.Model):
    """A staff role that a person holds, or held: ended, never deleted, so that history keeps its names."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(_("role"), max_length=20, choices=[(r.value, r.label) for r in Role if r in STAFF])
    granted_at = models.DateTimeField(default=timezone.now)
    granted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"], condition=Q(ended_at__isnull=True), name="grant_once_in_force"
            ),
            models.CheckConstraint(
                condition=Q(role__in=[r.value for r in sorted(STAFF)]), name="grant_is_of_a_staff_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


class PendingGrantQuerySet(models.QuerySet["PendingGrant"]):
    def outstanding(self) -> PendingGrantQuerySet:
        """Neither confirmed nor withdrawn."""
        return self.filter(confirmed_at__isnull=True, withdrawn_at__isnull=True)


@classed(plain="id code user role asked_at asked_by confirmed_at confirmed_by withdrawn_at withdrawn_by")
class PendingGrant(models.Model):
    """A role that one manager gave and a second one is to confirm. It opens nothing: what is held are grants alone."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="pending_grants")
    role = models.CharField(_("role"), max_length=20, choices=[(r.value, r.label) for r in Role if r in GUARDED])
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = PendingGrantQuerySet.as_manager()

    class Meta:
        ordering = ["asked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"],
                condition=Q(confirmed_at__isnull=True, withdrawn_at__isnull=True),
                name="pending_grant_outstanding_once",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True)
                | (
                    Q(confirmed_at__isnull=False, confirmed_by__isnull=False)
                    & ~Q(confirmed_by=F("asked_by"))
                    & ~Q(confirmed_by=F("user"))
                ),
                name="pending_grant_confirmed_by_a_second",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | Q(withdrawn_at__isnull=True),
                name="pending_grant_confirmed_or_withdrawn",
            ),
            models.CheckConstraint(condition=~Q(asked_by=F("user")), name="pending_grant_not_for_oneself"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def outstanding(self) -> InvitationQuerySet:
        """Neither accepted nor withdrawn; it may have expired."""
        return self.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)

    def with_token(self, token: str) -> InvitationQuerySet:
        return self.filter(token_hash=Invitation.hash_of(token))


@classed(
    plain="id code roles token_hash invited_by invited_at expires_at accepted_at accepted_by withdrawn_at withdrawn_by",
    personal="email first_name last_name",
)
class Invitation(models.Model):
    """An offer of staff roles, sent to one address, good once and for a week. Only a hash of its link is kept."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"), max_length=254)
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    roles = models.JSONField(_("roles"))
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-invited_at"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("invited_at")), name="invitation_expires_later"),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="invitation_accepted_by_iff_accepted",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(withdrawn_at__isnull=True),
                name="invitation_accepted_or_withdrawn",
            ),
            models.UniqueConstraint(
                Lower("email"),
                condition=Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                name="invitation_outstanding_once_per_address",
            ),
        ]

    def __str__(self) -> str:
        return str(self.code)

    @staticmethod
    def hash_of(token: str) -> str:
        # The token is 256 random bits, so a plain hash is enough: there is nothing to guess.
        return hashlib.sha256(token.encode()).hexdigest()

    def expired(self, *, now: datetime) -> bool:
        return now >= self.expires_at

    @property
    def role_names(self) -> list[str]:
        return [str(role.label) for role in Role if role.value in self.roles]


@classed(plain="id code", personal="value")
class SealedSecret(models.Model):
    """The secret of a second factor, encrypted; the second factor itself holds only this row's code.

    A row of our own rather than text inside allauth's JSON, so that changing the encryption keys reaches it.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    value = EncryptedTextField(bound_to="code")

    def __str__(self) -> str:
        return str(self.code)


@classed(plain="id code user address kept_at", clinical="typed")
class KeptForm(models.Model):
    """What somebody had typed when their session ended: for them alone, in that form alone, for a day at most.

    It may be a note's text or a patient's details, so it is encrypted whatever it is. The row may go at any time.
    """

    LONGEST_ADDRESS: ClassVar[int] = 500

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="kept_forms")
    # Where the form is sent to, without its query: codes, and no words.
    address = models.CharField(max_length=LONGEST_ADDRESS)
    typed: EncryptedJSONField[Any, Any] = EncryptedJSONField(bound_to="code")
    kept_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return str(self.code)
