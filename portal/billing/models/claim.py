from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _

from portal.billing.claim_states import OPEN, PAYS_NOTHING, ClaimStatus
from portal.billing.models.assignment import AssignmentOfBenefit
from portal.billing.models.invoice import Invoice, Line
from portal.billing.models.payment import Payment
from portal.common.access.actors import Actor
from portal.common.money import ZERO
from portal.common.privacy import classed
from portal.medicare.models import MbsItem, Referral
from portal.patients.models import Patient


class Channel(models.TextChoices):
    """By what the clinic claims. None of them is this portal."""

    HPOS = "hpos", _("HPOS")
    TERMINAL = "terminal", _("Easyclaim, at the card terminal")
    SOFTWARE = "software", _("Another program or gateway")
    PAPER = "paper", _("On paper")
    PATIENT = "patient", _("The patient claims")


class MedicareClaimQuerySet(models.QuerySet["MedicareClaim"]):
    def visible_to(self, actor: Actor) -> MedicareClaimQuerySet:
        """Those of the invoices that they see."""
        return self.filter(line__invoice__in=Invoice.objects.visible_to(actor))

    def standing(self) -> MedicareClaimQuerySet:
        """Those that use up a service: all but what Medicare rejected and what was withdrawn."""
        return self.exclude(status__in=PAYS_NOTHING)

    def open(self) -> MedicareClaimQuerySet:
        """Those to be claimed, and those that wait for Medicare's answer."""
        return self.filter(status__in=OPEN)

    def for_export(self) -> MedicareClaimQuerySet:
        """With all that a file of claims says of each."""
        return self.select_related("patient", "referral", "line__invoice__location").prefetch_related(
            "line__credit_notes"
        )

    def for_table(self) -> models.QuerySet[MedicareClaim, ClaimRow]:
        """Named tuples of what the desk's list shows."""
        return self.values_list(
            "code", "status", "item_number", "service_date", "starts_at", "amount", "exported_at", "decided_on",
            "line__benefit", "line__total", "line__invoice__number", "line__invoice__bulk_billed",
            "patient__legal_first_name", "patient__legal_last_name", "patient__preferred_name",
            "line__invoice__psychologist__title", "line__invoice__psychologist__user__first_name",
            "line__invoice__psychologist__user__last_name", "line__invoice__location__time_zone",
            named=True,
        )  # fmt: skip


class ClaimRow(Protocol):
    """A claim `for_table`."""

    @property
    def code(self) -> uuid.UUID: ...
    @property
    def status(self) -> str: ...
    @property
    def item_number(self) -> str: ...
    @property
    def service_date(self) -> date: ...
    @property
    def amount(self) -> Decimal | None: ...
    @property
    def exported_at(self) -> datetime | None: ...
    @property
    def line__benefit(self) -> Decimal: ...
    @property
    def line__invoice__number(self) -> str: ...
    @property
    def line__invoice__bulk_billed(self) -> bool: ...
    @property
    def patient__legal_first_name(self) -> str: ...
    @property
    def patient__legal_last_name(self) -> str: ...
    @property
    def patient__preferred_name(self) -> str: ...
    @property
    def line__invoice__psychologist__title(self) -> str: ...
    @property
    def line__invoice__psychologist__user__first_name(self) -> str: ...
    @property
    def line__invoice__psychologist__user__last_name(self) -> str: ...
    @property
    def line__invoice__location__time_zone(self) -> str: ...


@classed(
    plain="id code line patient referral assignment item_number counts_towards service_date starts_at status revision "
    "channel sent_on decided_on amount created_at created_by changed_at changed_by withdrawn_at withdrawn_by "
    "exported_at exported_by",
    personal="reference reason",
)
class MedicareClaim(models.Model):
    """That a line of an issued invoice may be claimed from Medicare, and under which referral: it uses a service up.

    What it is for never changes. Where it stands moves along `claim_states`, each step with a row of its own
    (`ClaimStep`); `revision` counts them. `amount` is the dollars that Medicare paid, `reason` why it was rejected.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    line = models.OneToOneField(Line, on_delete=models.PROTECT, related_name="claim")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="medicare_claims", db_index=False)
    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="claims")
    # What is bulk-billed is claimed with this.
    assignment = models.OneToOneField(
        AssignmentOfBenefit, null=True, on_delete=models.PROTECT, related_name="claim", editable=False
    )
    item_number = models.CharField(_("item"), max_length=5)
    counts_towards = models.CharField(max_length=10, choices=MbsItem.CountsTowards.choices)
    service_date = models.DateField(_("date of service"))
    starts_at = models.DateTimeField()
    status = models.CharField(
        _("status"), max_length=10, choices=ClaimStatus.choices, default=ClaimStatus.PENDING, editable=False
    )
    revision = models.PositiveSmallIntegerField(default=0, editable=False)
    channel = models.CharField(_("claimed by"), max_length=10, choices=Channel.choices, blank=True, editable=False)
    reference = models.CharField(_("reference"), max_length=60, blank=True, editable=False)
    sent_on = models.DateField(_("claimed on"), null=True, editable=False)
    decided_on = models.DateField(_("decided on"), null=True, editable=False)
    amount = models.DecimalField(_("paid by Medicare"), max_digits=8, decimal_places=2, null=True, editable=False)
    reason = models.CharField(_("why it was rejected"), max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    changed_at = models.DateTimeField(null=True, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    exported_at = models.DateTimeField(null=True, editable=False)
    exported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    objects = MedicareClaimQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "pk"]
        indexes = [
            models.Index(fields=["patient", "starts_at"], name="claim_of_patient"),
            models.Index(fields=["status", "starts_at", "id"], name="claim_by_status"),
            models.Index(fields=["starts_at", "id"], condition=Q(status__in=["pending", "sent"]), name="claim_open"),
            models.Index(fields=["starts_at", "id"], name="claim_by_start"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ClaimStatus.values), name="claim_status_is_known"),
            models.CheckConstraint(
                condition=Q(counts_towards__in=MbsItem.CountsTowards.values), name="claim_counts_towards_is_known"
            ),
            models.CheckConstraint(condition=Q(channel__in=["", *Channel.values]), name="claim_channel_is_known"),
            models.CheckConstraint(
                condition=Q(status="withdrawn", withdrawn_at__isnull=False)
                | (~Q(status="withdrawn") & Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)),
                name="claim_withdrawn_with_when",
            ),
            models.CheckConstraint(
                condition=~Q(status="sent") | (Q(sent_on__isnull=False) & ~Q(channel="")),
                name="claim_sent_says_when_and_how",
            ),
            models.CheckConstraint(
                condition=Q(status="approved", amount__gt=0, amount=Round("amount", 2), decided_on__isnull=False)
                | (~Q(status="approved") & Q(amount__isnull=True)),
                name="claim_amount_iff_approved",
            ),
            models.CheckConstraint(
                condition=(Q(status="rejected", decided_on__isnull=False) & ~Q(reason=""))
                | (~Q(status="rejected") & Q(reason="")),
                name="claim_reason_iff_rejected",
            ),
        ]

    def __str__(self) -> str:
        return f"claim {self.code}"

    @property
    def charged(self) -> Decimal:
        """What its line charges by now, in dollars: the line less what credit notes took off."""
        return self.line.total - sum((note.amount for note in self.line.credit_notes.all()), ZERO)

    @property
    def may_bring(self) -> Decimal:
        """What Medicare is expected to pay, in dollars: the benefit, and no more than is charged by now."""
        return min(self.line.benefit, self.charged)

    @property
    def is_open(self) -> bool:
        """Whether nobody has an answer to it yet."""
        return ClaimStatus(self.status) in OPEN

    @property
    def may_be_withdrawn(self) -> bool:
        """Whether somebody may take it back by hand: what is bulk-billed goes with its invoice."""
        return self.is_open and not self.line.invoice.bulk_billed


@classed(
    plain="id claim number status at by day amount payment",
    personal="reference reason",
)
class ClaimStep(models.Model):
    """One step of a claim: what it became, by whom and when, and what was said. A row never changes.

    `day` is that on which it was claimed or decided, `payment` the money that an approval brought to the clinic.
    """

    claim = models.ForeignKey(MedicareClaim, on_delete=models.PROTECT, related_name="steps", db_index=False)
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=ClaimStatus.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    day = models.DateField(null=True)
    amount = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    reference = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    payment = models.OneToOneField(Payment, null=True, on_delete=models.PROTECT, related_name="claim_step")

    class Meta:
        ordering = ["claim", "number"]
        constraints = [
            models.UniqueConstraint(fields=["claim", "number"], name="claim_step_one_per_number"),
            models.CheckConstraint(condition=Q(status__in=ClaimStatus.values), name="claim_step_status_is_known"),
            # One approval is one payment at most, and nothing else is any.
            models.CheckConstraint(
                condition=Q(payment__isnull=True) | Q(status="approved"), name="claim_step_paid_iff_approved"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id} {self.status}"
