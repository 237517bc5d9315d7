"""What of card payments a person has to look at, and what the nightly comparison with Stripe found."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.billing.models.invoice import Invoice
from portal.common.privacy import classed

_KINDS = ("odd", "refund_failed", "refund_returned", "unknown_payment", "unknown_refund", "dispute")


class TroubleQuerySet(models.QuerySet["OnlineTrouble"]):
    def open(self) -> TroubleQuerySet:
        """Those that nobody has looked after yet."""
        return self.filter(settled_at=None)

    def settled(self) -> TroubleQuerySet:
        """Those that somebody looked after."""
        return self.exclude(settled_at=None)


@classed(
    plain="id code kind about invoice amount raised_at settled_at settled_by",
    personal="how",
)
class OnlineTrouble(models.Model):
    """Something about a card payment that the portal can't settle alone. `about` is Stripe's name of the thing."""

    class Kind(models.TextChoices):
        """What is the matter."""

        ODD = "odd", _("A payment does not fit its invoice")
        REFUND_FAILED = "refund_failed", _("A refund could not be sent")
        REFUND_RETURNED = "refund_returned", _("A refund came back from the bank")
        UNKNOWN_PAYMENT = "unknown_payment", _("Stripe has a payment that the portal does not know")
        UNKNOWN_REFUND = "unknown_refund", _("Stripe has a refund that the portal does not know")
        DISPUTE = "dispute", _("A payer disputes a payment")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    about = models.CharField(max_length=100)
    invoice = models.ForeignKey(Invoice, null=True, on_delete=models.PROTECT, related_name="online_troubles")
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2, null=True)
    raised_at = models.DateTimeField(editable=False)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    how = models.CharField(max_length=200, blank=True)

    objects = TroubleQuerySet.as_manager()

    class Meta:
        ordering = ["raised_at", "pk"]
        indexes = [models.Index(fields=["raised_at"], condition=Q(settled_at__isnull=True), name="online_trouble_open")]
        constraints = [
            models.UniqueConstraint(fields=["kind", "about"], name="online_trouble_once"),
            models.CheckConstraint(condition=Q(kind__in=_KINDS), name="online_trouble_kind_is_known"),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, settled_by__isnull=True, how="")
                | (Q(settled_at__isnull=False) & ~Q(how="")),
                name="online_trouble_settled_with_how",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"


@classed(plain="id began_at since ended_at payments refunds found_payments found_refunds troubles")
class Reconciliation(models.Model):
    """One comparison of our books with Stripe's: how much was compared, what messages had missed, what is odd."""

    began_at = models.DateTimeField()
    since = models.DateTimeField()
    # None where it stopped half-way, as Stripe could not be reached.
    ended_at = models.DateTimeField(null=True)
    payments = models.PositiveIntegerField(default=0)
    refunds = models.PositiveIntegerField(default=0)
    found_payments = models.PositiveIntegerField(default=0)
    found_refunds = models.PositiveIntegerField(default=0)
    troubles = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-began_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.began_at}"
