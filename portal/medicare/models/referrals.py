from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal.accounts.roles import Role
from portal.clinic.validators import validate_provider_number
from portal.common.access.actors import Actor
from portal.common.privacy import classed
from portal.medicare.models.referrers import Referrer
from portal.patients.models import Patient


class ReferralQuerySet(models.QuerySet["Referral"]):
    def visible_to(self, actor: Actor) -> ReferralQuerySet:
        match actor.role:
            case Role.PATIENT | Role.PSYCHOLOGIST | Role.RECEPTION | Role.MANAGER:
                return self.filter(patient__in=Patient.objects.visible_to(actor))
        return self.none()

    def standing(self) -> ReferralQuerySet:
        """Those on file as they count now: without what was corrected since, and what was taken off."""
        return self.filter(ended_at__isnull=True)

    def for_medicare(self) -> ReferralQuerySet:
        """Those that are a course of treatment under Better Access."""
        return self.exclude(kind=Referral.Kind.OTHER)


@classed(
    plain="id code course patient referrer corrects created_at created_by ended_at ended_by end ended_why",
    personal="referrer_name referrer_provider_number referrer_practice written_on services decided decided_how "
    "decided_note used_elsewhere continues_elsewhere is_for_group period kind",
)
class Referral(models.Model):
    """Who sent the patient, as an account to Medicare must say it: nothing of why.

    A row never changes, but that it ends once. A correction is a new row of the same `course`, and the ledger counts
    by the course: what was claimed under the old row counts on under the new one.
    """

    class Kind(models.TextChoices):
        GP_PLAN = "gp_plan", _("GP, under a treatment plan")
        PSYCHIATRIST_PLAN = "psychiatrist_plan", _("Psychiatrist, under a management plan")
        PSYCHIATRIST = "psychiatrist", _("Psychiatrist, directly")
        PAEDIATRICIAN = "paediatrician", _("Paediatrician, directly")
        OTHER = "other", _("Another referral, without Medicare")

    class DecidedHow(models.TextChoices):
        """How a number was found that the letter does not give, or gives too high."""

        ASKED = "asked", _("The referrer was asked")
        JUDGEMENT = "judgement", _("Clinical judgement: the referrer could not be reached")

    class End(models.TextChoices):
        CORRECTED = "corrected", _("Corrected")
        TAKEN_OFF = "taken_off", _("Taken off file")

    class Why(models.TextChoices):
        """A choice, not a line to write on: one's own words soon say why somebody came."""

        MISTYPED = "mistyped", _("It was typed wrongly")
        AMENDED = "amended", _("The referrer changed the letter")
        ASKED = "asked", _("The referrer was asked")
        OTHER_PATIENT = "other_patient", _("It is another patient's letter")
        DOUBLED = "doubled", _("It is on file twice")
        ELSEWHERE = "elsewhere", _("They take it to another practice")
        WITHDRAWN = "withdrawn", _("The referrer took it back")

    WHY_CORRECTED = (Why.MISTYPED, Why.AMENDED, Why.ASKED)
    WHY_TAKEN_OFF = (Why.OTHER_PATIENT, Why.DOUBLED, Why.ELSEWHERE, Why.WITHDRAWN)

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The same through all corrections.
    course = models.UUIDField(default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="referrals")
    # Whose entry of the register it was filled in from. What the letter says stands in the row itself.
    referrer = models.ForeignKey(
        Referrer, null=True, on_delete=models.PROTECT, related_name="referrals", editable=False
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, default=Kind.GP_PLAN)
    referrer_name = models.CharField(_("referrer's name"), max_length=120)
    referrer_provider_number = models.CharField(
        _("referrer's provider number"), max_length=8, blank=True, validators=[validate_provider_number]
    )
    referrer_practice = models.CharField(_("referrer's practice and address"), max_length=400, blank=True)
    written_on = models.DateField(_("date written"), help_text=_("The date on the letter, not the day it came."))
    services = models.PositiveSmallIntegerField(
        _("number of services"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text=_("Leave empty if the letter doesn't say, and ask the referrer."),
    )
    decided = models.PositiveSmallIntegerField(
        _("number decided since"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text=_("Where the letter names no number, or one too high. It counts instead of the letter's."),
    )
    decided_how = models.CharField(_("how it was decided"), max_length=10, choices=DecidedHow.choices, blank=True)
    decided_note = models.CharField(
        _("note"),
        max_length=200,
        blank=True,
        help_text=_("Who decided, when, and how the referrer was tried. Nothing of why they come."),
    )
    used_elsewhere = models.PositiveSmallIntegerField(
        _("Of these, used elsewhere"),
        default=0,
        blank=True,
        validators=[MaxValueValidator(50)],
        help_text=_("Sessions under this letter with a psychologist of another practice."),
    )
    continues_elsewhere = models.BooleanField(
        _("An earlier course was given elsewhere"),
        default=False,
        help_text=_("Medicare limits the first course to fewer sessions than a later one."),
    )
    is_for_group = models.BooleanField(_("For group sessions"), default=False)
    period = models.CharField(
        _("period, as printed on invoices"),
        max_length=60,
        blank=True,
        help_text=_("Leave empty to print the number of services."),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    corrects = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="correction", editable=False
    )
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    end = models.CharField(max_length=10, choices=End.choices, blank=True, editable=False)
    ended_why = models.CharField(max_length=14, choices=Why.choices, blank=True, editable=False)

    objects = ReferralQuerySet.as_manager()

    class Meta:
        ordering = ["-written_on", "-id"]
        indexes = [
            models.Index(fields=["patient", "-written_on"], name="referral_of_patient"),
            models.Index(fields=["course"], name="referral_of_course"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["course"], condition=Q(ended_at__isnull=True), name="referral_one_of_a_course_stands"
            ),
            models.CheckConstraint(
                condition=Q(decided__isnull=True, decided_how="", decided_note="")
                | Q(decided__gte=1, decided_how="asked")
                | (Q(decided__gte=1, decided_how="judgement") & ~Q(decided_note="")),
                name="referral_decided_with_how",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, end="", ended_why="")
                | Q(ended_at__isnull=False, end="corrected", ended_why__in=["mistyped", "amended", "asked"])
                | Q(
                    ended_at__isnull=False,
                    end="taken_off",
                    ended_why__in=["other_patient", "doubled", "elsewhere", "withdrawn"],
                ),
                name="referral_ended_with_why",
            ),
            models.CheckConstraint(
                condition=~Q(referrer_provider_number="") | ~Q(referrer_practice=""),
                name="referral_says_where_the_referrer_is",
            ),
            models.CheckConstraint(
                condition=Q(services__isnull=True) | Q(services__gte=1), name="referral_services_at_least_one"
            ),
            models.CheckConstraint(
                condition=Q(decided__isnull=False, used_elsewhere__lte=F("decided"))
                | Q(decided__isnull=True, services__isnull=True)
                | Q(decided__isnull=True, used_elsewhere__lte=F("services")),
                name="referral_used_elsewhere_within_services",
            ),
        ]

    def __str__(self) -> str:
        return f"referral {self.code}"

    @property
    def is_standing(self) -> bool:
        """Whether it is on file, as it counts now."""
        return self.ended_at is None

    @property
    def agreed(self) -> int | None:
        """For how many services it is: what was decided since, or else what the letter states; None for neither."""
        return self.services if self.decided is None else self.decided

    @property
    def is_for_medicare(self) -> bool:
        return self.kind != self.Kind.OTHER

    @property
    def period_text(self) -> str:
        """What invoices print: the clinic's own words, or the number of services, by which a referral runs out."""
        if self.period or self.agreed is None:
            return self.period
        return ngettext("%(count)d service", "%(count)d services", self.agreed) % {"count": self.agreed}
