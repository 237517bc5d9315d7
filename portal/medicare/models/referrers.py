from __future__ import annotations

import re
import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.clinic.validators import validate_provider_number
from portal.common.access.actors import Actor
from portal.common.database.phone_numbers import PhoneNumberField
from portal.common.privacy import classed
from portal.common.text.normalise import fold
from portal.common.text.typed import plain

# What is said of a referrer, in the order in which it is asked.
FACTS = (
    *("name", "kind", "provider_number", "practice", "street", "suburb", "state", "postcode"),
    *("phone", "fax", "is_in_use"),
)
MOST_WORDS = 8
_WORD = re.compile(r"[^\W_]+")


class ReferrerQuerySet(models.QuerySet["Referrer"]):
    def visible_to(self, actor: Actor) -> ReferrerQuerySet:
        return self.all() if actor.role in (Role.RECEPTION, Role.MANAGER) else self.none()

    def standing(self) -> ReferrerQuerySet:
        """All but those that were found to be another's double."""
        return self.filter(merged_into__isnull=True)

    def in_use(self) -> ReferrerQuerySet:
        """Those who are offered when a letter is put on file."""
        return self.standing().filter(is_in_use=True)

    def found(self, text: str) -> ReferrerQuerySet:
        """Those whom every word fits: a part of the name, the practice, the suburb or the provider number."""
        rows = self
        for word in words_of(text)[:MOST_WORDS]:
            rows = rows.filter(found_by__contains=word)
        return rows


def words_of(text: str) -> list[str]:
    """The words by which somebody is looked for, as they are kept."""
    return _WORD.findall(fold(plain(text)))


class ReferrerFacts(models.Model):
    """Who somebody who refers is, and where: the columns that the register and its history share."""

    class Kind(models.TextChoices):
        GP = "gp", _("GP")
        PRESCRIBED = "pmp", _("Prescribed medical practitioner")
        PSYCHIATRIST = "psychiatrist", _("Psychiatrist")
        PAEDIATRICIAN = "paediatrician", _("Paediatrician")
        OTHER = "other", _("Somebody else")

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("profession"), max_length=16, choices=Kind.choices, default=Kind.GP)
    provider_number = models.CharField(
        _("provider number"), max_length=8, blank=True, validators=[validate_provider_number]
    )
    practice = models.CharField(_("practice"), max_length=200, blank=True)
    street = models.CharField(_("street"), max_length=120, blank=True)
    suburb = models.CharField(_("suburb"), max_length=60, blank=True)
    state = models.CharField(_("state"), max_length=3, blank=True)
    postcode = models.CharField(_("postcode"), max_length=4, blank=True)
    phone = PhoneNumberField(_("phone"), blank=True)
    fax = PhoneNumberField(_("fax"), blank=True)
    is_in_use = models.BooleanField(
        _("offered when a letter is put on file"), default=True, help_text=_("Untick it for somebody who has left.")
    )

    class Meta:
        abstract = True

    @property
    def address_lines(self) -> list[str]:
        """The practice and where it is, as an envelope has them."""
        place = " ".join(part for part in (self.suburb, self.state, self.postcode) if part)
        return [line for line in (self.practice, self.street, place) if line]

    @property
    def address(self) -> str:
        """The practice and where it is, on one line."""
        return ", ".join(self.address_lines)


@classed(
    plain="id code merged_into merged_at merged_by created_at created_by changed_at is_in_use",
    personal="name kind provider_number practice street suburb state postcode phone fax found_by",
)
class Referrer(ReferrerFacts):
    """Somebody who refers patients. Letters and invoices keep what they were written with, whatever changes here."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Folded words of all that they are found by.
    found_by = models.CharField(max_length=700, editable=False)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="doubles", editable=False)
    merged_at = models.DateTimeField(null=True, editable=False)
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    changed_at = models.DateTimeField(editable=False)

    objects = ReferrerQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("referrer")
        indexes = [
            models.Index(fields=["name", "id"], name="referrer_by_name", condition=Q(merged_into__isnull=True)),
            models.Index(fields=["provider_number"], name="referrer_by_number"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(provider_number="") | ~Q(practice="") | ~Q(street=""), name="referrer_says_where"
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True, merged_at__isnull=True, merged_by__isnull=True)
                | Q(merged_into__isnull=False, merged_at__isnull=False),
                name="referrer_merged_with_when",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")), name="referrer_merged_into_another"
            ),
        ]

    def __str__(self) -> str:
        return f"referrer {self.code}"

    def words(self) -> str:
        """What `found_by` keeps."""
        said = (self.name, self.provider_number, self.practice, self.street, self.suburb, self.postcode)
        return " ".join(words_of(" ".join(said)))[:700]


@classed(
    plain="id referrer since said_by is_in_use",
    personal="name kind provider_number practice street suburb state postcode phone fax",
)
class ReferrerHistory(ReferrerFacts):
    """What the register said of a referrer from a moment on. A row never changes: an edit is the next one."""

    referrer = models.ForeignKey(Referrer, on_delete=models.PROTECT, related_name="history")
    since = models.DateTimeField(editable=False)
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    class Meta:
        ordering = ["-since", "-pk"]

    def __str__(self) -> str:
        return f"referrer {self.referrer_id} since {self.since:%Y-%m-%d}"
