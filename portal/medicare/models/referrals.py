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
from portal.patients.models import Patient


class ReferralQuerySet(models.QuerySet["Referral"]):
    def visible_to(self, actor: Actor) -> ReferralQuerySet:
        match actor.role:
            case Role.PATIENT | Role.PSYCHOLOGIST | Role.RECEPTION | Role.MANAGER:
                return self.filter(patient__in=Patient.objects.visible_to(actor))
        return self.none()

    def for_medicare(self) -> ReferralQuerySet:
        """Those that are a course of treatment under Better Access."""
        return self.exclude(kind=Referral.Kind.OTHER)


@classed(
    plain="id code patient created_at created_by",
    personal="referrer_name referrer_provider_number referrer_practice written_on services used_elsewhere "
    "continues_elsewhere is_for_group period kind",
)
class Referral(models.Model):
    """Who sent the patient, as an account to Medicare must say it: nothing of why."""

    class Kind(models.TextChoices):
        GP_PLAN = "gp_plan", _("GP, under a treatment plan")
        PSYCHIATRIST_PLAN = "psychiatrist_plan", _("Psychiatrist, under a management plan")
        PSYCHIATRIST = "psychiatrist", _("Psychiatrist, directly")
        PAEDIATRICIAN = "paediatrician", _("Paediatrician, directly")
        OTHER = "other", _("Another referral, without Medicare")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="referrals")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, default=Kind.GP_PLAN)
    referrer_name = models.CharField(_("referrer's name"), max_length=120)
    referrer_provider_number = models.CharField(
        _("referrer's provider number"), max_length=8, blank=True, validators=[validate_provider_number]
    )
    referrer_practice = models.CharField(_("referrer's practice and address"), max_length=200, blank=True)
    written_on = models.DateField(_("date written"), help_text=_("The date on the letter, not the day it came."))
    services = models.PositiveSmallIntegerField(
        _("number of services"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text=_("Leave empty if the letter doesn't say, and ask the referrer."),
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

    objects = ReferralQuerySet.as_manager()

    class Meta:
        ordering = ["-written_on", "-id"]
        indexes = [models.Index(fields=["patient", "-written_on"], name="referral_of_patient")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(referrer_provider_number="") | ~Q(referrer_practice=""),
                name="referral_says_where_the_referrer_is",
            ),
            models.CheckConstraint(
                condition=Q(services__isnull=True) | Q(services__gte=1), name="referral_services_at_least_one"
            ),
            models.CheckConstraint(
                condition=Q(services__isnull=True) | Q(used_elsewhere__lte=F("services")),
                name="referral_used_elsewhere_within_services",
            ),
        ]

    def __str__(self) -> str:
        return f"referral {self.code}"

    @property
    def is_for_medicare(self) -> bool:
        return self.kind != self.Kind.OTHER

    @property
    def period_text(self) -> str:
        """What invoices print: the clinic's own words, or the number of services, by which a referral runs out."""
        if self.period or self.services is None:
            return self.period
        return ngettext("%(count)d service", "%(count)d services", self.services) % {"count": self.services}
