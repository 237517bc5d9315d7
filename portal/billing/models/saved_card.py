from __future__ import annotations

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.billing.models.invoice import Invoice
from portal.common.privacy import classed
from portal.patients.models import Patient
from portal.policies.models import PolicyVersion


class SavedCardQuerySet(models.QuerySet["SavedCard"]):
    def begun(self) -> SavedCardQuerySet:
        """Those whose page at Stripe nobody has come to the end of."""
        return self.filter(saved_at=None, closed_at=None)

    def on_file(self) -> SavedCardQuerySet:
        """Those that are saved and not removed, newest first."""
        return self.filter(saved_at__isnull=False, removed_at=None).order_by("-saved_at", "-pk")

    def to_detach(self) -> SavedCardQuerySet:
        """Those that were removed here, and of which Stripe has not said yet that it let go of them too."""
        return self.filter(removed_at__isnull=False, detached_at=None)


@classed(
    plain="id code patient given_by created_at language consent consent_hash policy expires_at opened_at session_id "
    "setup_intent customer url closed_at saved_at payment_method removed_at removed_by detached_at",
    personal="brand last4 exp_month exp_year",
)
class SavedCard(models.Model):
    """A card that somebody put on file at Stripe for one patient's fees, with the words that they agreed to.

    The portal knows no more of it than its kind, its last four digits and until when it is good. A row begins with the
    consent, is saved once Stripe says so, and ends by being removed; it never changes otherwise.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="cards")
    # Who agreed, and may see and remove it: the patient, or who cares for them.
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="cards")
    created_at = models.DateTimeField(editable=False)
    language = models.CharField(max_length=10)
    # Word for word as it was read, its SHA-256, and the fees policy in force then.
    consent = models.TextField()
    consent_hash = models.CharField(max_length=64)
    policy = models.ForeignKey(PolicyVersion, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    expires_at = models.DateTimeField()
    # Stripe's own names, once it has said them.
    opened_at = models.DateTimeField(null=True)
    session_id = models.CharField(max_length=100, blank=True)
    setup_intent = models.CharField(max_length=100, blank=True)
    customer = models.CharField(max_length=100, blank=True)
    url = models.TextField(blank=True)
    # The page was left without saving a card.
    closed_at = models.DateTimeField(null=True)
    saved_at = models.DateTimeField(null=True)
    payment_method = models.CharField(max_length=100, blank=True)
    brand = models.CharField(max_length=30, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    exp_month = models.PositiveSmallIntegerField(null=True)
    exp_year = models.PositiveSmallIntegerField(null=True)
    removed_at = models.DateTimeField(null=True)
    # None where it was taken off at Stripe.
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    detached_at = models.DateTimeField(null=True)

    objects = SavedCardQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(saved_at__isnull=True, closed_at__isnull=True), name="card_begun"
            ),
            models.Index(
                fields=["removed_at"],
                condition=Q(removed_at__isnull=False, detached_at__isnull=True),
                name="card_to_detach",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["session_id"], condition=~Q(session_id=""), name="card_has_its_own_page"),
            models.UniqueConstraint(
                fields=["payment_method"], condition=~Q(payment_method=""), name="card_has_its_own_name"
            ),
            models.CheckConstraint(condition=~Q(consent="") & ~Q(consent_hash=""), name="card_given_with_consent"),
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True, session_id="", customer="")
                | (Q(opened_at__isnull=False) & ~Q(session_id="") & ~Q(customer="")),
                name="card_opened_with_its_page",
            ),
            models.CheckConstraint(
                condition=Q(saved_at__isnull=True, payment_method="", brand="", last4="")
                | (
                    Q(saved_at__isnull=False, opened_at__isnull=False, exp_month__range=(1, 12), exp_year__gte=2000)
                    & ~Q(payment_method="")
                    & ~Q(last4="")
                ),
                name="card_saved_with_what_it_is",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(saved_at__isnull=True), name="card_closed_or_saved"
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_by__isnull=True, detached_at__isnull=True)
                | Q(removed_at__isnull=False, saved_at__isnull=False),
                name="card_removed_once_saved",
            ),
        ]

    def __str__(self) -> str:
        return str(self.code)

    @property
    def name(self) -> str:
        """As cardholders know it: `Visa 4242`."""
        kinds = {"amex": "American Express", "mastercard": "Mastercard", "visa": "Visa", "eftpos_au": "eftpos"}
        return f"{kinds.get(self.brand, self.brand.title())} {self.last4}"

    @property
    def good_until(self) -> str:
        """The month it is good until, as it stands on the card."""
        return f"{self.exp_month:02}/{(self.exp_year or 0) % 100:02}"

    def is_over(self, *, today: date) -> bool:
        """Whether its last month is past."""
        return ((self.exp_year or 0), (self.exp_month or 0)) < (today.year, today.month)


def card_for(invoice: Invoice, *, today: date) -> SavedCard | None:
    """The card that a fee may be charged to: the newest on file that is good, of whoever may still act for the patient.

    Nobody's card pays what another is billed: where a third party or another carer gets the bill, there is none.
    """
    for card in SavedCard.objects.on_file().filter(patient=invoice.patient_id).select_related("given_by", "patient"):
        is_billed = invoice.billed_user_id in (None, card.given_by_id)
        if is_billed and not card.is_over(today=today) and acts_for(card):
            return card
    return None


def on_file_of(patient: int) -> SavedCard | None:
    """The newest card on file for somebody, of whoever may still act for them."""
    cards = SavedCard.objects.on_file().filter(patient=patient).select_related("given_by", "patient")
    return next((card for card in cards if acts_for(card)), None)


def acts_for(card: SavedCard) -> bool:
    """Whether whoever gave the card is the patient, or still cares for them."""
    return Patient.objects.managed_by(card.given_by).filter(pk=card.patient_id).exists()
