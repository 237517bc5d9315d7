from __future__ import annotations

import uuid
from datetime import date

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal.accounts.roles import Role
from portal.clinic.models import Mode, Registration
from portal.clinic.validators import validate_provider_number
from portal.common.access.actors import Actor
from portal.common.privacy import classed
from portal.patients.models import Patient

# Who may bill Medicare at all: a provisional psychologist may not.
BILLING = (Registration.CLINICAL, Registration.GENERAL)


class MbsItemQuerySet(models.QuerySet["MbsItem"]):
    def in_force(self, *, on: date) -> MbsItemQuerySet:
        """The rows whose fee counts for a service given on that day."""
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=on), valid_from__lte=on)

    def for_individuals(self) -> MbsItemQuerySet:
        return self.filter(counts_towards=MbsItem.CountsTowards.INDIVIDUAL)


@classed(
    plain="id item valid_from valid_until registration mode setting min_minutes max_minutes fee benefit description "
    "counts_towards evidence evidence_note source source_url"
)
class MbsItem(models.Model):
    """One item of the Medicare Benefits Schedule at one fee, for a span of days.

    A fee that changes is a new row: a session is billed at the fee of its own day, whenever the bill is written.
    """

    class CountsTowards(models.TextChoices):
        """Of the calendar year's ten and ten. A carer's session counts to the patient's ten, and to the carers' two."""

        INDIVIDUAL = "individual", _("Individual services")
        GROUP = "group", _("Group services")
        CARER = "carer", _("Family and carer services")

    class Setting(models.TextChoices):
        ROOMS = "rooms", _("Consulting rooms")
        ANYWHERE = "anywhere", _("Anywhere, by video or phone")

    class Evidence(models.TextChoices):
        """How the fee is known."""

        PUBLISHED = "published", _("Read in a published schedule")
        DERIVED = "derived", _("Follows from a published fee")
        INFERRED = "inferred", _("Inferred: confirm before relying on it")

    item = models.CharField(_("item"), max_length=5)
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(_("last day"), null=True, blank=True)
    registration = models.CharField(_("registration"), max_length=12, choices=Registration.choices)
    mode = models.CharField(_("how"), max_length=10, choices=Mode.choices)
    setting = models.CharField(_("where"), max_length=10, choices=Setting.choices)
    min_minutes = models.PositiveSmallIntegerField(_("minutes, at least"))
    max_minutes = models.PositiveSmallIntegerField(_("minutes, less than"), null=True, blank=True)
    fee = models.DecimalField(_("schedule fee"), max_digits=8, decimal_places=2)
    benefit = models.DecimalField(_("benefit"), max_digits=8, decimal_places=2)
    description = models.CharField(_("description"), max_length=200)
    counts_towards = models.CharField(max_length=10, choices=CountsTowards.choices)
    evidence = models.CharField(_("how the fee is known"), max_length=10, choices=Evidence.choices)
    evidence_note = models.CharField(max_length=200, blank=True)
    source = models.CharField(_("source"), max_length=120)
    source_url = models.URLField(_("address of the source"), max_length=200)

    objects = MbsItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("Medicare item")
        ordering = ["item", "-valid_from"]
        indexes = [models.Index(fields=["registration", "mode", "valid_from"], name="mbs_item_by_session")]
        constraints = [
            models.UniqueConstraint(fields=["item", "valid_from"], name="mbs_item_one_fee_from_a_day"),
            models.UniqueConstraint(
                fields=["item"], condition=Q(valid_until__isnull=True), name="mbs_item_one_fee_is_open"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="mbs_item_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(max_minutes__isnull=True) | Q(max_minutes__gt=F("min_minutes")),
                name="mbs_item_minutes_are_a_span",
            ),
            models.CheckConstraint(
                condition=Q(benefit__gt=0, benefit__lte=F("fee")), name="mbs_item_benefit_is_part_of_the_fee"
            ),
            models.CheckConstraint(
                condition=Q(registration__in=["clinical", "general"]), name="mbs_item_registration_may_bill"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} from {self.valid_from:%Y-%m-%d}"

    @property
    def verified(self) -> bool:
        """Whether the fee was read in a published schedule, or follows from one that was."""
        return self.evidence != self.Evidence.INFERRED

    def fits(self, minutes: int) -> bool:
        return minutes >= self.min_minutes and (self.max_minutes is None or minutes < self.max_minutes)


class ReferralQuerySet(models.QuerySet["Referral"]):
    def visible_to(self, actor: Actor) -> ReferralQuerySet:
        match actor.role:
            case Role.PATIENT | Role.PSYCHOLOGIST | Role.RECEPTION | Role.MANAGER:
                return self.filter(patient__in=Patient.objects.visible_to(actor))
        return self.none()

    def covering(self, *, on: date) -> ReferralQuerySet:
        """Those a service on that day may be claimed under, the newest first.

        A Better Access referral doesn't expire by date; it is used up by services (docs/australia.md). One
        written after the service covers nothing.
        """
        return self.filter(written_on__lte=on).order_by("-written_on", "-pk")


@classed(
    plain="id code patient created_at created_by",
    personal="referrer_name referrer_provider_number referrer_practice written_on services period kind",
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
