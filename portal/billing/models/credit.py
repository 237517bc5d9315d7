from __future__ import annotations

import uuid
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.billing.models.invoice import Invoice, Line
from portal.common.access.actors import Actor
from portal.common.money import ZERO
from portal.common.privacy import classed


class NoteKind(models.TextChoices):
    """Why something is taken off: it was charged wrongly, or it is owed and will never be paid."""

    CORRECTION = "correction", _("Credited")
    WRITE_OFF = "write_off", _("Written off")


class CreditNoteQuerySet(models.QuerySet["CreditNote"]):
    def visible_to(self, actor: Actor) -> CreditNoteQuerySet:
        """The notes of the invoices that somebody may see."""
        match actor.role:
            case Role.RECEPTION | Role.MANAGER:
                return self.all()
        return self.filter(invoice__in=Invoice.objects.visible_to(actor))

    def write_offs(self) -> CreditNoteQuerySet:
        """What the clinic gave up to be paid."""
        return self.filter(kind=NoteKind.WRITE_OFF)


@classed(
    plain="id code number kind invoice line issued_on amount gst key created_at created_by",
    # The reason is the desk's own words, and a snapshot names people.
    personal="reason snapshot",
)
class CreditNote(models.Model):
    """What is taken off one line of an invoice after it was issued; it lowers what is owing. A row never changes.

    Of a tax invoice it is an adjustment note (GST Act s 29-75). `amount` is dollars with the GST that is in it.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=12, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=NoteKind.choices, default=NoteKind.CORRECTION, editable=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_notes")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="credit_notes")
    issued_on = models.DateField()
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    gst = models.DecimalField(max_digits=10, decimal_places=2, default=ZERO)
    reason = models.CharField(max_length=200)
    # Whoever asks twice with one key, by a double click, takes it off once.
    key = models.CharField(max_length=100, unique=True, editable=False)
    snapshot = models.JSONField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    objects = CreditNoteQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["created_at"], name="credit_note_by_moment")]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0, gst__gte=0), name="credit_note_amount_above_zero"),
            models.CheckConstraint(condition=Q(gst__lte=F("amount")), name="credit_note_gst_within_amount"),
            models.CheckConstraint(
                condition=Q(amount=Round("amount", 2), gst=Round("gst", 2)), name="credit_note_in_whole_cents"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="credit_note_says_why"),
            models.CheckConstraint(condition=Q(kind__in=NoteKind.values), name="credit_note_kind_is_known"),
            models.CheckConstraint(condition=~Q(key=""), name="credit_note_has_a_key"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def price(self) -> Decimal:
        """Before GST."""
        return self.amount - self.gst
