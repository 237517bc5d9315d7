from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor
from portal.common.crypto.fields import EncryptedJSONField, EncryptedTextField
from portal.common.privacy import classed
from portal.medicare.models import Referral
from portal.patients.models import Patient
from portal.records.models.notes import MOST_CHARACTERS


class ReportQuerySet(models.QuerySet["Report"]):
    def visible_to(self, actor: Actor) -> ReportQuerySet:
        """A psychologist's own. Nobody else opens one, whatever their role; how many are owed is counted elsewhere."""
        if actor.role != Role.PSYCHOLOGIST:
            return self.none()
        return self.filter(author__user=actor.user)

    def standing(self) -> ReportQuerySet:
        """All but those whose reason went away before anybody wrote a word."""
        return self.exclude(stage=Report.Stage.DROPPED)

    def owed(self) -> ReportQuerySet:
        """Those that the referrer has not got yet."""
        return self.filter(stage__in=(Report.Stage.OWED, Report.Stage.DRAFT, Report.Stage.SIGNED))

    def without_text(self) -> ReportQuerySet:
        """For lists: who, when and how far, and not one ciphertext read."""
        return self.defer("body", "paper")


@classed(
    plain="id code patient author referral course cause stage version owed_at updated_at signed_at signed_by sent_at "
    "sent_by sent_how dropped_at",
    personal="last_service service_dates",
    clinical="body paper",
)
class Report(models.Model):
    """The written report that Medicare asks for after each course of treatment, to whoever referred.

    It is owed by who gave the last service, at the end of a course, at the last service, or once somebody has not
    come for a while; after they come back, the next end owes another. The database keeps a signed one.
    """

    class Cause(models.TextChoices):
        COURSE = "course", _("The course has ended")
        LAST = "last", _("It was their last session")
        QUIET = "quiet", _("No session for sixty days, and none booked")

    class Stage(models.TextChoices):
        OWED = "owed", _("To write")
        DRAFT = "draft", _("Draft")
        SIGNED = "signed", _("To send")
        SENT = "sent", _("Sent")
        DROPPED = "dropped", _("Not owed any more")

    class How(models.TextChoices):
        POST = "post", _("By post")
        FAX = "fax", _("By fax")
        SECURE = "secure", _("By secure messaging")
        HAND = "hand", _("Handed over")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="reports")
    author = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="reports")
    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="reports")
    course = models.UUIDField(editable=False)
    cause = models.CharField(max_length=6, choices=Cause.choices)
    stage = models.CharField(max_length=7, choices=Stage.choices, default=Stage.OWED)
    last_service = models.DateField()
    # ISO dates of the services that it is about.
    service_dates = models.JSONField(default=list)
    body = EncryptedTextField(_("report"), bound_to="code", null=True, blank=True, max_length=MOST_CHARACTERS)
    # What stands around the words on the paper, as it was when it was signed.
    paper = EncryptedJSONField(bound_to="code", null=True, blank=True)
    version = models.PositiveIntegerField(default=0)
    owed_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)
    signed_at = models.DateTimeField(null=True, editable=False)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    sent_at = models.DateTimeField(null=True, editable=False)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    sent_how = models.CharField(_("how"), max_length=6, choices=How.choices, blank=True, editable=False)
    dropped_at = models.DateTimeField(null=True, editable=False)

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ["-owed_at", "-pk"]
        indexes = [
            models.Index(fields=["author", "stage", "owed_at"], name="report_of_author"),
            models.Index(fields=["course"], name="report_of_course"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["course", "last_service"], condition=~Q(stage="dropped"), name="report_once_owed"
            ),
            models.CheckConstraint(
                condition=Q(stage__in=["owed", "draft", "signed", "sent", "dropped"]), name="report_stage_is_known"
            ),
            models.CheckConstraint(
                condition=Q(stage__in=["owed", "draft", "dropped"], signed_at__isnull=True, signed_by__isnull=True)
                | Q(stage__in=["signed", "sent"], signed_at__isnull=False, body__isnull=False, paper__isnull=False),
                name="report_signed_wholly_or_not",
            ),
            models.CheckConstraint(
                condition=Q(stage="sent", sent_at__isnull=False, sent_how__in=["post", "fax", "secure", "hand"])
                | (~Q(stage="sent") & Q(sent_at__isnull=True, sent_by__isnull=True, sent_how="")),
                name="report_sent_with_how",
            ),
            models.CheckConstraint(
                condition=Q(stage="dropped", dropped_at__isnull=False, body__isnull=True)
                | (~Q(stage="dropped") & Q(dropped_at__isnull=True)),
                name="report_dropped_unwritten",
            ),
        ]

    def __str__(self) -> str:
        return f"report {self.code}, {self.stage}"

    @property
    def is_signed(self) -> bool:
        return self.stage in (self.Stage.SIGNED, self.Stage.SENT)
