from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.common.privacy import classed
from portal.medicare.models.referrals import Referral

TICKS = (
    *("has_name", "has_birth_date", "has_address", "has_diagnosis", "has_medication", "has_services", "has_plan"),
    *("is_signed", "is_dated", "has_usual"),
)


class LetterCheckQuerySet(models.QuerySet["LetterCheck"]):
    def newest_of(self, referral: Referral) -> LetterCheck | None:
        """The check that counts: the last one of the letter, whichever of its entries was read beside it."""
        return self.filter(course=referral.course).order_by("-checked_at", "-pk").first()


@classed(
    plain="id code referral course checked_at checked_by asked_at asked_by asked_how answered_at answered_by",
    personal="has_name has_birth_date has_address has_diagnosis has_medication has_services has_plan is_signed "
    "is_dated has_usual",
)
class LetterCheck(models.Model):
    """What somebody who read a letter found in it: that it says a thing, never what it says.

    A tick is None where the letter need not say it. A new look is a new row, and the newest counts; of a row only
    that the referrer was asked, and that they answered, is filled in later.
    """

    class How(models.TextChoices):
        PHONE = "phone", _("By phone")
        FAX = "fax", _("By fax")
        POST = "post", _("By post")
        EMAIL = "email", _("By e-mail")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="checks")
    course = models.UUIDField(editable=False)
    checked_at = models.DateTimeField(editable=False)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    has_name = models.BooleanField()
    has_birth_date = models.BooleanField()
    has_address = models.BooleanField()
    has_diagnosis = models.BooleanField()
    has_medication = models.BooleanField()
    has_services = models.BooleanField()
    has_plan = models.BooleanField(null=True)
    is_signed = models.BooleanField()
    is_dated = models.BooleanField()
    has_usual = models.BooleanField(null=True)
    asked_at = models.DateTimeField(null=True, editable=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    asked_how = models.CharField(_("how"), max_length=5, choices=How.choices, blank=True, editable=False)
    answered_at = models.DateTimeField(null=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    objects = LetterCheckQuerySet.as_manager()

    class Meta:
        ordering = ["-checked_at", "-pk"]
        indexes = [models.Index(fields=["course", "checked_at"], name="letter_check_of_course")]
        constraints = [
            models.CheckConstraint(
                condition=Q(asked_at__isnull=True, asked_by__isnull=True, asked_how="")
                | Q(asked_at__isnull=False, asked_how__in=["phone", "fax", "post", "email"]),
                name="letter_check_asked_with_how",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answered_by__isnull=True)
                | Q(asked_at__isnull=False, answered_at__gte=F("asked_at")),
                name="letter_check_answered_once_asked",
            ),
        ]

    def __str__(self) -> str:
        return f"check {self.code}"

    @property
    def missing(self) -> tuple[str, ...]:
        """The ticks that the letter lacks, by their columns."""
        return tuple(name for name in TICKS if getattr(self, name) is False)

    @property
    def is_complete(self) -> bool:
        """Whether the letter says all that it has to."""
        return not self.missing

    @property
    def waits(self) -> bool:
        """Whether the referrer was asked and hasn't answered yet."""
        return self.asked_at is not None and self.answered_at is None
