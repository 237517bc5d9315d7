from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal.accounts.models import Invitation
from portal.common.privacy import classed
from portal.patients.models.people import Patient


class MailedLinkQuerySet(models.QuerySet["MailedLink"]):
    def outstanding(self) -> MailedLinkQuerySet:
        """Neither used nor closed; it may have expired."""
        return self.filter(used_at__isnull=True, closed_at__isnull=True)

    def invitations(self) -> MailedLinkQuerySet:
        return self.filter(purpose=MailedLink.Purpose.INVITATION)

    def addresses(self) -> MailedLinkQuerySet:
        return self.filter(purpose=MailedLink.Purpose.ADDRESS)

    def with_token(self, token: str) -> MailedLinkQuerySet:
        return self.filter(token_hash=MailedLink.hash_of(token)).select_related("patient__user")


@classed(
    plain="id code purpose patient token_hash sent_by sent_at expires_at wrong_dates used_at used_by closed_at "
    "closed_why",
    personal="email",
)
class MailedLink(models.Model):
    """A link mailed to one address about one patient, good once. Only its hash is kept.

    It proves who reads that address, and no more: whoever uses it says the patient's birth date, or signs in.
    """

    class Purpose(models.TextChoices):
        INVITATION = "invitation"  # to open the record with an account
        ADDRESS = "address"  # to be written to at this address from now on

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="mailed_links")
    email = models.EmailField(max_length=254)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    wrong_dates = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)
    # Whose account, where it was used with one.
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    # One word: "withdrawn", "replaced", "too_many", "linked", "unlinked", "changed".
    closed_why = models.CharField(max_length=20, blank=True)

    objects = MailedLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("sent_at")), name="mailed_link_expires_later"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_why="") | (Q(closed_at__isnull=False) & ~Q(closed_why="")),
                name="mailed_link_closed_with_why",
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(closed_at__isnull=True), name="mailed_link_used_or_closed"
            ),
            models.CheckConstraint(
                condition=Q(used_by__isnull=True) | Q(used_at__isnull=False), name="mailed_link_used_by_once_used"
            ),
            models.UniqueConstraint(
                fields=["patient", "purpose"],
                condition=Q(used_at__isnull=True, closed_at__isnull=True),
                name="mailed_link_outstanding_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of {self.patient_id}"

    # The token is 256 random bits, so a plain hash is enough, as of an invitation of staff.
    hash_of = staticmethod(Invitation.hash_of)

    def expired(self, *, now: datetime) -> bool:
        return now >= self.expires_at


@classed(plain="id user address at")
class WrongBirthDate(models.Model):
    """That somebody asked for a record and said no birth date that fits: so many, and only the desk helps."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # A digest of the address they had then: another account at the same address has no fresh tries.
    address = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["user", "at"], name="wrong_birth_date_by_user"),
            models.Index(fields=["address", "at"], name="wrong_birth_date_by_address"),
        ]

    def __str__(self) -> str:
        return f"by {self.user_id}"
