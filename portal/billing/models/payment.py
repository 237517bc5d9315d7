from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Round
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.billing.models.invoice import Invoice
from portal.billing.models.taking import Taking
from portal.clinic.models import Location
from portal.common.money import ZERO
from portal.common.privacy import classed
from portal.patients.models import Patient


class Method(models.TextChoices):
    """How money came or went back."""

    CARD = "card", _("Card")
    CASH = "cash", _("Cash")
    TRANSFER = "transfer", _("Bank transfer")
    MEDICARE = "medicare", _("Medicare")
    STRIPE = "stripe", _("Card, online")


# What the desk takes with its own hands; the others arrive by machine.
AT_THE_DESK = (Method.CARD, Method.CASH, Method.TRANSFER)


@classed(
    plain="id code number taking patient method amount received_on recorded_at received_by location key reverses "
    "from_account corrects",
    # The reason is the desk's own words.
    personal="reference reason paid_by",
)
class Payment(models.Model):
    """Money that came, or went back. A row never changes: a correction is a new row, with a minus, that reverses it.

    It is its `patient`'s: it settles invoices of nobody else, and what settles none stays on their account.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # A part of a taking has the taking's number with -1, -2 behind it.
    number = models.CharField(_("receipt number"), max_length=16, unique=True, editable=False)
    taking = models.ForeignKey(
        Taking, null=True, blank=True, on_delete=models.PROTECT, related_name="parts", editable=False
    )
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="payments", editable=False)
    method = models.CharField(_("method"), max_length=10, choices=Method.choices)
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    received_on = models.DateField(_("date"))
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        db_index=False,
    )
    # In whose drawer it lies, or out of whose it was given; none of what came by machine.
    location = models.ForeignKey(
        Location, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, editable=False
    )
    # Whose money it is, as its receipt says: a parent, a plan manager, an insurer. None of rows from before this was
    # asked: whoever the invoice is made out to.
    paid_by = models.CharField(max_length=400, null=True, editable=False)  # noqa: DJ001
    reference = models.CharField(_("reference"), max_length=100, blank=True)
    # Why it went back, or why it was written down anew.
    reason = models.CharField(max_length=200, blank=True, editable=False)
    # Whoever asks twice with one key, by a double click or a repeated message, pays once.
    key = models.CharField(max_length=100, unique=True, editable=False)
    reverses = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversals", editable=False
    )
    # Of what goes back, how much was on the account and settled no invoice, in dollars.
    from_account = models.DecimalField(max_digits=10, decimal_places=2, default=ZERO, editable=False)
    # Written down wrong, that row was taken back by one row and is said anew by another; or what went back came again.
    corrects = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrections", editable=False
    )

    class Meta:
        ordering = ["recorded_at", "id"]
        indexes = [
            models.Index(fields=["received_on", "method"], name="payment_by_day"),
            models.Index(fields=["recorded_at"], name="payment_by_moment"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(method__in=Method.values), name="payment_method_is_known"),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, amount__gt=0) | Q(reverses__isnull=False, amount__lt=0),
                name="payment_minus_iff_it_reverses",
            ),
            models.CheckConstraint(
                condition=Q(from_account=0)
                | Q(reverses__isnull=False, from_account__gt=0, from_account__lte=-models.F("amount")),
                name="payment_from_account_iff_it_goes_back",
            ),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True) | ~Q(reason=""),
                name="payment_corrects_with_a_reason",
            ),
            models.CheckConstraint(condition=~Q(key=""), name="payment_has_a_key"),
            models.CheckConstraint(
                condition=Q(paid_by__isnull=True) | ~Q(paid_by=""), name="payment_names_whom_it_is_from"
            ),
            models.CheckConstraint(condition=Q(amount=Round("amount", 2)), name="payment_in_whole_cents"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def receipt(self) -> str:
        """The number of the receipt that says it: its taking's, or its own."""
        return self.taking.number if self.taking else self.number

    @property
    def is_refund(self) -> bool:
        """Whether it went back: a refund is a negative payment."""
        return self.amount < 0

    @property
    def said_anew(self) -> Payment | None:
        """What says it as it really was, where it was written down wrong; a refund that came back was none."""
        return self.corrections.filter(amount__gt=0).first() if self.amount > 0 else None

    @property
    def is_correction(self) -> bool:
        """Whether no money moved: it puts right what was written down."""
        return self.corrects_id is not None


@classed(plain="id payment invoice amount")
class Allocation(models.Model):
    """What of a payment settles which invoice. Rows only arrive.

    A minus takes money off an invoice: it goes back, by a refund, or moves to another, by two rows of the same payment.
    """

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations", db_index=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="allocations")
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["payment", "invoice"], name="allocation_of_payment")]
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="allocation_is_not_nothing"),
            models.CheckConstraint(condition=Q(amount=Round("amount", 2)), name="allocation_in_whole_cents"),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id} to {self.invoice_id}"
