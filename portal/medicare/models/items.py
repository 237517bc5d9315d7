from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.clinic.models import Mode, Registration
from portal.common.privacy import classed

# Who may bill Medicare at all: a provisional psychologist may not.
BILLING = (Registration.CLINICAL, Registration.GENERAL)


class MbsItemQuerySet(models.QuerySet["MbsItem"]):
    def in_force(self, *, on: date) -> MbsItemQuerySet:
        """The rows whose fee counts for a service given on that day."""
        return self.standing().filter(Q(valid_until__isnull=True) | Q(valid_until__gte=on), valid_from__lte=on)

    def standing(self) -> MbsItemQuerySet:
        """All but those in whose stead a correction of the same days stands."""
        return self.filter(replaced_on__isnull=True)

    def for_individuals(self) -> MbsItemQuerySet:
        return self.standing().filter(counts_towards=MbsItem.CountsTowards.INDIVIDUAL)


@classed(
    plain="id item valid_from valid_until registration mode setting min_minutes max_minutes fee benefit description "
    "counts_towards evidence evidence_note source source_url read_on replaced_on"
)
class MbsItem(models.Model):
    """One item of the Medicare Benefits Schedule at one fee, for a span of days.

    A fee that changes is a new row: a session is billed at the fee of its own day, whenever the bill is written. So is
    one that was wrong: the row in whose stead it stands is kept, with the day on which it was replaced.
    """

    class CountsTowards(models.TextChoices):
        """Of the calendar year's ten and ten. A carer's session counts to the patient's ten, and to the carers' two."""

        INDIVIDUAL = "individual", _("Individual services")
        GROUP = "group", _("Group services")
        CARER = "carer", _("Family and carer services")

    class Setting(models.TextChoices):
        ROOMS = "rooms", _("Consulting rooms")
        OUTSIDE = "outside", _("Outside consulting rooms")
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
    # When a file of the schedule last said the same.
    read_on = models.DateField(null=True, blank=True)
    replaced_on = models.DateField(null=True, blank=True)

    objects = MbsItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("Medicare item")
        ordering = ["item", "-valid_from"]
        indexes = [models.Index(fields=["registration", "mode", "valid_from"], name="mbs_item_by_session")]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "valid_from"],
                condition=Q(replaced_on__isnull=True),
                name="mbs_item_one_fee_from_a_day",
            ),
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(valid_until__isnull=True, replaced_on__isnull=True),
                name="mbs_item_one_fee_is_open",
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
    def known_since(self) -> date:
        """The day of its newest word: from which it is in force, or on which a file last said the same."""
        return max(self.valid_from, self.read_on or self.valid_from)

    @property
    def verified(self) -> bool:
        """Whether the fee was read in a published schedule, or follows from one that was."""
        return self.evidence != self.Evidence.INFERRED

    def fits(self, minutes: int) -> bool:
        return minutes >= self.min_minutes and (self.max_minutes is None or minutes < self.max_minutes)
