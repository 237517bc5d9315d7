from __future__ import annotations

from datetime import date

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.common.database.phone_numbers import PhoneNumberField
from portal.common.kept import kept
from portal.common.privacy import classed
from portal.policies.document import Document

# The one that counts; the others are translations of it.
ENGLISH = "en-au"


class PolicyKind(models.TextChoices):
    PRIVACY = "privacy", _("Privacy policy")
    FEES = "fees", _("Fees and cancellation policy")


@classed(
    plain="id contact_name contact_email contact_phone contact_address retention_years processors no_show_percent "
    "waive_first charge_after_hours waiver privacy_additions fees_additions",
)
class PolicySettings(models.Model):
    """The one row of what the policies need to know and nothing else in the portal does."""

    former_labels = ("clinic.PolicySettings",)

    contact_name = models.CharField(_("who answers questions about privacy"), max_length=120, blank=True)
    contact_email = models.EmailField(_("their e-mail"), blank=True)
    contact_phone = PhoneNumberField(_("their phone"), blank=True)
    contact_address = models.CharField(_("their postal address"), max_length=200, blank=True)
    retention_years = models.PositiveSmallIntegerField(
        _("records are kept after the last session, years"),
        default=7,
        validators=[MinValueValidator(7), MaxValueValidator(100)],
    )
    # Who else handles information, by portal.policies.processors: {"mail": {"name": "…", "country": "…"}}.
    processors = models.JSONField(default=dict, blank=True)
    no_show_percent = models.PositiveSmallIntegerField(
        _("fee for not coming, percent"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    waive_first = models.BooleanField(
        _("do without each patient's first fee of a calendar year"),
        default=False,
        help_text=_("The page of the fee proposes it, once a year."),
    )
    charge_after_hours = models.PositiveSmallIntegerField(
        _("decide by these rules if nobody has within, hours"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 14)],
        help_text=_(
            "Leave empty, and a person decides on each fee. Else the portal sends the invoice by itself, or waives "
            "the fee: where the time was filled again, or it is the first of the year and you do without that. "
            "The privacy policy says so: publish it anew."
        ),
    )
    waiver = models.CharField(_("when you do without the fee"), max_length=500, blank=True)
    privacy_additions = models.TextField(_("your own words in the privacy policy"), max_length=6000, blank=True)
    fees_additions = models.TextField(_("your own words in the fees policy"), max_length=6000, blank=True)

    class Meta:
        verbose_name = _("policy settings")
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="policy_settings_is_one_row"),
            models.CheckConstraint(
                condition=Q(charge_after_hours__isnull=True) | Q(charge_after_hours__gte=1),
                name="policy_settings_leaves_an_hour_to_decide",
            ),
        ]

    def __str__(self) -> str:
        return "policy settings"

    @classmethod
    def current(cls) -> PolicySettings:
        """What holds now, kept in the process; until somebody says otherwise, the defaults."""
        return _current() or cls(pk=1)

    @classmethod
    def for_changing(cls) -> PolicySettings:
        """The same as a row of one's own, for a form that writes into it."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)

    def percent_for_not_coming(self, late_fee_percent: int) -> int:
        """Of the price: that for cancelling late, unless the clinic says otherwise."""
        return late_fee_percent if self.no_show_percent is None else self.no_show_percent


@kept(PolicySettings)
def _current() -> PolicySettings | None:
    return PolicySettings.objects.filter(pk=1).first()


class PolicyVersionQuerySet(models.QuerySet["PolicyVersion"]):
    def of(self, kind: str) -> PolicyVersionQuerySet:
        """Newest first."""
        return self.filter(kind=kind).order_by("-number")

    def in_force(self, *, today: date) -> PolicyVersionQuerySet:
        """Those that have taken effect, the older ones among them; the first of a kind is the one that counts."""
        return self.filter(effective_from__lte=today)

    def current(self, kind: str, *, today: date) -> PolicyVersion | None:
        return self.of(kind).in_force(today=today).first()

    def without_text(self) -> PolicyVersionQuerySet:
        """For lists: the texts are long."""
        return self.defer("documents", "facts", "additions")


@classed(
    plain="id kind number day effective_from published_at published_by facts documents additions changes ask_again"
)
class PolicyVersion(models.Model):
    """A policy as it was published: its words in every language, and what they were made from. Never changes."""

    former_labels = ("clinic.PolicyVersion",)

    kind = models.CharField(max_length=10, choices=PolicyKind.choices)
    number = models.PositiveIntegerField()
    # Its address: the day it takes effect, with -2 for a second one of that day.
    day = models.SlugField(max_length=16)
    effective_from = models.DateField(_("in force from"))
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    facts = models.JSONField()
    # By language; a language that had no translation then is not in it. See portal.policies.document.
    documents = models.JSONField()
    additions = models.TextField(blank=True)
    changes = models.TextField(_("what changed, in a few words"), max_length=1000, blank=True)
    ask_again = models.BooleanField(_("ask patients to agree again"), default=False)

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("policy")
        ordering = ["kind", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="policy_number_once_per_kind"),
            models.UniqueConstraint(fields=["kind", "day"], name="policy_day_once_per_kind"),
            models.CheckConstraint(condition=Q(kind__in=PolicyKind.values), name="policy_kind_is_known"),
            models.CheckConstraint(condition=Q(number__gte=1), name="policy_number_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"

    @property
    def code(self) -> str:
        """What the trail calls it."""
        return f"{self.kind}-{self.number}"

    def document(self, language: str | None = None) -> tuple[Document, str]:
        """The text for a reader of `language` (the present one, if not said) and the language it is in."""
        wanted = language or get_language() or ENGLISH
        return (self.documents[wanted], wanted) if wanted in self.documents else (self.documents[ENGLISH], ENGLISH)
