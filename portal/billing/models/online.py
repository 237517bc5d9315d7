"""What is paid by card on the internet, as the portal knows of it: the tries, Stripe's events, and what goes back."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from portal.billing.models.invoice import Invoice
from portal.billing.models.payment import Payment
from portal.billing.models.saved_card import SavedCard
from portal.common.money import ZERO
from portal.common.privacy import classed

CURRENCY = "aud"
# So long after its page is over word of a payment may still come.
GRACE = timedelta(minutes=10)


class AttemptStatus(models.TextChoices):
    """How far a try is. It only moves forward, and what is paid stays so."""

    OPEN = "open", _("Open")
    EXPIRED = "expired", _("Not paid")
    PAID = "paid", _("Paid")


class PaymentAttemptQuerySet(models.QuerySet["PaymentAttempt"]):
    def open(self) -> PaymentAttemptQuerySet:
        """Those of which Stripe has not said yet what became of them."""
        return self.filter(status=AttemptStatus.OPEN)

    def to_look_at(self, *, now: datetime) -> PaymentAttemptQuerySet:
        """Open ones whose page at Stripe is over: no message told how they ended."""
        return self.open().filter(expires_at__lte=now)


@classed(
    plain="id code invoice amount status language came_by session_id payment_intent url odd created_at created_by "
    "expires_at closed_at payment card declined"
)
class PaymentAttempt(models.Model):
    """One try to pay an invoice, on Stripe's own page or from a card on file. Of one invoice at most one is open."""

    class CameBy(models.TextChoices):
        """From where somebody pays, and so where they come back to."""

        PORTAL = "portal", _("their own pages")
        MAIL = "mail", _("a link in an e-mail")
        BOOKING = "booking", _("booking a session")
        CARD = "card", _("the card on file")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # None where a session is booked by it: `booking` says which.
    invoice = models.ForeignKey(Invoice, null=True, on_delete=models.PROTECT, related_name="attempts")
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    status = models.CharField(max_length=10, choices=AttemptStatus.choices, default=AttemptStatus.OPEN)
    language = models.CharField(max_length=10)
    came_by = models.CharField(max_length=10, choices=CameBy.choices)
    # Stripe's own names of its page and of the money; empty until it has said them.
    session_id = models.CharField(max_length=100, blank=True)
    payment_intent = models.CharField(max_length=100, blank=True)
    url = models.TextField(blank=True)
    # What of Stripe's answer did not fit the invoice, as one word: a person has to look.
    odd = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    payment = models.OneToOneField(Payment, null=True, on_delete=models.PROTECT, related_name="attempt")
    # The card on file that is charged, and why Stripe said no, in its own word.
    card = models.ForeignKey(SavedCard, null=True, on_delete=models.PROTECT, related_name="charges")
    declined = models.CharField(max_length=40, blank=True)

    objects = PaymentAttemptQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["expires_at"], condition=Q(status="open"), name="attempt_open")]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(status="open"), name="attempt_one_open_per_invoice"
            ),
            models.UniqueConstraint(
                fields=["session_id"], condition=~Q(session_id=""), name="attempt_has_its_own_session"
            ),
            models.UniqueConstraint(
                fields=["payment_intent"], condition=~Q(payment_intent=""), name="attempt_has_its_own_intent"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="attempt_is_of_money"),
            models.CheckConstraint(
                condition=Q(came_by="booking", invoice__isnull=True)
                | (~Q(came_by="booking") & Q(invoice__isnull=False)),
                name="attempt_of_an_invoice_or_a_booking",
            ),
            models.CheckConstraint(
                condition=Q(came_by="card", card__isnull=False, session_id="")
                | (~Q(came_by="card") & Q(card__isnull=True, declined="")),
                name="attempt_charges_a_card_or_opens_a_page",
            ),
            models.CheckConstraint(condition=Q(declined="") | Q(status="expired"), name="attempt_declined_is_not_paid"),
            models.CheckConstraint(condition=Q(status__in=AttemptStatus.values), name="attempt_status_is_known"),
            models.CheckConstraint(
                condition=Q(status="paid", payment__isnull=False) | (~Q(status="paid") & Q(payment__isnull=True)),
                name="attempt_paid_with_its_payment",
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True) | (~Q(status="open") & Q(closed_at__isnull=False)),
                name="attempt_closed_with_when",
            ),
        ]

    def __str__(self) -> str:
        return str(self.code)

    @property
    def goes_back(self) -> Decimal:
        """What of the money goes back to the card, as the invoice had been paid meanwhile; dollars."""
        if self.payment_id is None:
            return ZERO
        back = StripeRefund.objects.filter(payment=self.payment_id, invoice=None).aggregate(sum=Sum("amount"))
        return back["sum"] or ZERO

    def is_waited_for(self, *, now: datetime) -> bool:
        """Whether word of it may still come by itself."""
        return self.status == AttemptStatus.OPEN and not self.odd and now < self.expires_at + GRACE


def attempt_of(invoice: Invoice, code: str) -> PaymentAttempt | None:
    """The try that an address names, if it is one of this invoice."""
    try:
        named = uuid.UUID(code)
    except ValueError:
        return None
    return PaymentAttempt.objects.select_related("payment").filter(invoice=invoice, code=named).first()


@classed(plain="id event_id kind object_id happened_at received_at handled_at outcome")
class StripeEvent(models.Model):
    """One message of Stripe's, kept once however often it comes. What it says is never believed: it is asked anew."""

    event_id = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=80)
    object_id = models.CharField(max_length=100, blank=True)
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["received_at", "pk"]
        indexes = [
            models.Index(fields=["received_at"], condition=Q(handled_at__isnull=True), name="stripe_event_waiting")
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(event_id=""), name="stripe_event_has_its_name"),
            models.CheckConstraint(
                condition=Q(handled_at__isnull=True, outcome="") | (Q(handled_at__isnull=False) & ~Q(outcome="")),
                name="stripe_event_handled_with_outcome",
            ),
        ]

    def __str__(self) -> str:
        return self.event_id


class RefundStatus(models.TextChoices):
    """How far money is on its way back to a card. `returned`: it had arrived by Stripe's word, and came back."""

    ASKED = "asked", _("Being sent")
    PENDING = "pending", _("On its way")
    DONE = "done", _("Refunded")
    FAILED = "failed", _("Failed")
    RETURNED = "returned", _("Came back")


class StripeRefundQuerySet(models.QuerySet["StripeRefund"]):
    def under_way(self) -> StripeRefundQuerySet:
        """Those whose end is not known yet: what they take of a payment is not there for another."""
        return self.filter(status__in=(RefundStatus.ASKED, RefundStatus.PENDING))


@classed(
    plain="id code payment invoice amount status stripe_id why created_at created_by changed_at refund returned",
    personal="reason",
)
class StripeRefund(models.Model):
    """Money that goes back to the card it came from. In the books it is gone once Stripe says that it is."""

    class Why(models.TextChoices):
        """Who decided it."""

        DESK = "desk", _("Given back by the clinic")
        PAID_TWICE = "paid_twice", _("Paid twice")
        NOT_BOOKED = "not_booked", _("The time was gone")
        AT_STRIPE = "at_stripe", _("Given back at Stripe")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="card_refunds")
    # What the money is taken off; none where it never settled anything.
    invoice = models.ForeignKey(Invoice, null=True, on_delete=models.PROTECT, related_name="card_refunds")
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    status = models.CharField(max_length=10, choices=RefundStatus.choices, default=RefundStatus.ASKED)
    why = models.CharField(max_length=10, choices=Why.choices)
    reason = models.CharField(max_length=200, blank=True)
    stripe_id = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    changed_at = models.DateTimeField()
    # The row of the books with a minus, and the one with a plus if the money came back to the clinic.
    refund = models.OneToOneField(Payment, null=True, on_delete=models.PROTECT, related_name="card_refund")
    returned = models.OneToOneField(Payment, null=True, on_delete=models.PROTECT, related_name="+")

    objects = StripeRefundQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(status__in=("asked", "pending")), name="card_refund_under_way"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["stripe_id"], condition=~Q(stripe_id=""), name="card_refund_has_its_own_name"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="card_refund_is_of_money"),
            models.CheckConstraint(condition=Q(status__in=RefundStatus.values), name="card_refund_status_is_known"),
            models.CheckConstraint(
                condition=Q(status__in=("done", "returned"), refund__isnull=False)
                | (~Q(status__in=("done", "returned")) & Q(refund__isnull=True)),
                name="card_refund_done_with_its_row",
            ),
            models.CheckConstraint(
                condition=Q(status="returned", returned__isnull=False)
                | (~Q(status="returned") & Q(returned__isnull=True)),
                name="card_refund_returned_with_its_row",
            ),
        ]

    def __str__(self) -> str:
        return str(self.code)
