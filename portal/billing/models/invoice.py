from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Round
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.billing.models.payer import Payer
from portal.billing.models.rounding import near
from portal.billing.models.standing import (
    BILLS_A_SESSION,
    Billed,
    InvoiceRow,
    InvoiceStatus,
    Purpose,
    Standing,
    badge_of,
    balance_of,
    patient_of,
    psychologist_of,
    purpose_of,
    standing_of,
)
from portal.clinic.models import Location, Mode, Psychologist, TaxCode
from portal.common.access.actors import Actor
from portal.common.money import ZERO
from portal.common.privacy import classed
from portal.patients.models import Carer, Patient

__all__ = [
    "BILLS_A_SESSION",
    "Billed",
    "Invoice",
    "InvoiceQuerySet",
    "InvoiceRow",
    "InvoiceStatus",
    "Line",
    "Purpose",
    "Standing",
    "badge_of",
    "balance_of",
    "patient_of",
    "psychologist_of",
    "purpose_of",
    "standing_of",
]


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def visible_to(self, actor: Actor) -> InvoiceQuerySet:
        """All for the desk and the manager, their own for psychologists; issued ones for patients and their carers."""
        match actor.role:
            case Role.PATIENT:
                # Two narrow look-ups; an OR of them would read the whole table.
                of_their_care = self.model.objects.order_by().filter(
                    patient__in=Patient.objects.managed_by(actor.person)
                )
                # As a carer, also of before: an account that opened a record by mistake sees nothing of it any more.
                cared_for = Carer.objects.order_by().filter(user=actor.user).values("patient")
                billed_to_them = self.model.objects.order_by().filter(billed_user=actor.user, patient__in=cared_for)
                # What was never issued was never theirs, voided or not.
                return self.filter(
                    pk__in=of_their_care.values("pk").union(billed_to_them.values("pk")), snapshot__isnull=False
                )
            case Role.PSYCHOLOGIST:
                return self.filter(psychologist__user=actor.user)
            case Role.RECEPTION | Role.MANAGER:
                return self.all()
        return self.none()

    def live(self) -> InvoiceQuerySet:
        """Drafts and issued ones: all that were not voided."""
        return self.exclude(status=InvoiceStatus.VOID)

    def for_purpose(self, purpose: str) -> InvoiceQuerySet:
        """Those for a session, paid ahead, or for a fee: `Purpose`."""
        # Said twice, so that it is seen to fit the index of those that are for no session.
        some = self if purpose == Purpose.SESSION else self.exclude(purpose=Purpose.SESSION)
        return some.filter(purpose=purpose)

    def issued(self) -> InvoiceQuerySet:
        """Those that were given out and stand."""
        return self.filter(status=InvoiceStatus.ISSUED)

    def owing(self) -> InvoiceQuerySet:
        """Issued ones on which money is missing, overdue or not."""
        return self.issued().filter(paid__lt=F("payable"))

    def owed_by_patients(self) -> InvoiceQuerySet:
        """Those owing that patients, or whoever cares for them, pay: not what a payer or Medicare is billed."""
        return self.owing().filter(payer__isnull=True, bulk_billed=False)

    def settled(self) -> InvoiceQuerySet:
        """Issued ones on which nothing is missing."""
        return self.issued().filter(paid__gte=F("payable"))

    def overdue(self, *, today: date) -> InvoiceQuerySet:
        """Those owing whose day to be paid is over; Medicare has none."""
        return self.owing().filter(due_on__lt=today, bulk_billed=False)

    def standing(self, standing: str, *, today: date) -> InvoiceQuerySet:
        """Those that stand so on this day; owing includes overdue."""
        match standing:
            case Standing.OWING:
                return self.owing()
            case Standing.OVERDUE:
                return self.overdue(today=today)
            case Standing.PAID:
                return self.settled().exclude(_CREDITED)
            case Standing.CREDITED:
                return self.issued().filter(_CREDITED)
            case Standing.DRAFT | Standing.VOID:
                # Said twice, so that it is seen to fit the index of those not issued.
                return self.exclude(status=InvoiceStatus.ISSUED).filter(status=standing)
        return self.none()

    def for_table(self, *more: str) -> models.QuerySet[Invoice, InvoiceRow]:
        """Named tuples with what `balance_of` and `badge_of` ask, and whose the invoice is, by their names' parts."""
        return self.values_list(
            "number", "purpose", "status", "issued_on", "due_on", "total", "payable", "paid", "bill_to_name",
            "bulk_billed",
            "patient__legal_first_name", "patient__legal_last_name", "patient__preferred_name",
            "psychologist__title", "psychologist__user__first_name", "psychologist__user__last_name",
            *more,
            named=True,
        )  # fmt: skip

    def with_first_line(self) -> InvoiceQuerySet:
        """With what their first line is for, as `first_line`: what a list for people who pay says of each."""
        lines = Line.objects.filter(invoice=OuterRef("pk")).order_by("position")
        return self.annotate(first_line=Subquery(lines.values("description")[:1]))

    def for_listing(self) -> InvoiceQuerySet:
        """With the people that a list names, and without the snapshots, which are large."""
        return self.select_related("patient", "psychologist__user").defer("snapshot")


# Few are owing, fewer are drafts or void: they are found without the others. No index is on the status of all, or a
# database would think that "issued" narrows anything down.
_OWING = Q(status="issued", paid__lt=F("payable"))
_NOT_ISSUED = ~Q(status="issued")
_NO_SESSION = ~Q(purpose="session")
_CREDITED = Q(payable=0, total__gt=0)


@classed(
    plain="id code number purpose bulk_billed patient appointment psychologist location billed_user payer status "
    "issued_on due_on subtotal gst total rebate out_of_pocket payable paid created_at created_by voided_at "
    "voided_by void_reason",
    personal="bill_to_name bill_to_address bill_to_abn purchase_order claim_number snapshot",
)
class Invoice(models.Model):
    """What is asked for a session. Once issued it never changes: the database refuses, and `snapshot` is what prints.

    Dollars with GST where there is any. `rebate` is what Medicare is expected to pay back, an estimate; only an invoice
    for a session that was held has one. `payable` is the total less what credit notes took off.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("number"), max_length=12, unique=True, editable=False)
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.SESSION, editable=False)
    # Medicare pays all of it, and the patient nothing.
    bulk_billed = models.BooleanField(default=False, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="invoices", db_index=False)
    appointment = models.ForeignKey(
        Appointment, null=True, blank=True, on_delete=models.PROTECT, related_name="invoices"
    )
    psychologist = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="invoices", db_index=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+", db_index=False)
    billed_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # Somebody other than the patient and their carers; what they were called that day stands beside.
    payer = models.ForeignKey(Payer, null=True, blank=True, on_delete=models.PROTECT, related_name="invoices")
    bill_to_name = models.CharField(_("billed to"), max_length=400)
    bill_to_address = models.CharField(_("address"), max_length=400, blank=True)
    bill_to_abn = models.CharField(_("ABN"), max_length=11, blank=True)
    purchase_order = models.CharField(_("purchase order"), max_length=60, blank=True)
    claim_number = models.CharField(_("claim number"), max_length=60, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=InvoiceStatus.choices, default=InvoiceStatus.DRAFT, editable=False
    )
    # On a draft, the days it was begun with.
    issued_on = models.DateField(_("issued"))
    due_on = models.DateField(_("due"))
    subtotal = models.DecimalField(_("subtotal"), max_digits=10, decimal_places=2, default=ZERO)
    gst = models.DecimalField(_("GST"), max_digits=10, decimal_places=2, default=ZERO)
    total = models.DecimalField(_("total"), max_digits=10, decimal_places=2, default=ZERO)
    rebate = models.DecimalField(_("expected Medicare rebate"), max_digits=10, decimal_places=2, default=ZERO)
    out_of_pocket = models.DecimalField(_("out of pocket"), max_digits=10, decimal_places=2, default=ZERO)
    # Both kept by the database itself, as credit notes and allocations arrive.
    payable = models.DecimalField(max_digits=10, decimal_places=2, default=ZERO, editable=False)
    paid = models.DecimalField(_("paid"), max_digits=10, decimal_places=2, default=ZERO, editable=False)
    snapshot = models.JSONField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    voided_at = models.DateTimeField(null=True, editable=False)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    void_reason = models.CharField(_("why it was voided"), max_length=200, blank=True)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        ordering = ["-issued_on", "-id"]
        # One for each filter and order of the desk's list: what is asked for is rarely spread evenly over the others.
        indexes = [
            models.Index(fields=["issued_on", "id"], name="invoice_by_issue"),
            models.Index(fields=["due_on", "id"], name="invoice_by_due"),
            models.Index(fields=["payable", "id"], name="invoice_by_payable"),
            models.Index(fields=["patient", "issued_on", "id"], name="invoice_of_patient"),
            models.Index(fields=["psychologist", "issued_on", "id"], name="invoice_of_psychologist"),
            models.Index(fields=["psychologist", "due_on", "id"], name="invoice_of_psychologist_by_due"),
            models.Index(fields=["psychologist", "payable", "id"], name="invoice_psychologist_payable"),
            models.Index(fields=["issued_on", "id"], condition=_OWING, name="invoice_owing_by_issue"),
            models.Index(fields=["due_on", "id"], condition=_OWING, name="invoice_owing_by_due"),
            models.Index(fields=["payable", "id"], condition=_OWING, name="invoice_owing_by_payable"),
            models.Index(
                fields=["psychologist", "issued_on", "id"], condition=_OWING, name="invoice_owing_psychologist"
            ),
            models.Index(fields=["status", "issued_on", "id"], condition=_NOT_ISSUED, name="invoice_not_issued"),
            models.Index(fields=["status", "due_on", "id"], condition=_NOT_ISSUED, name="invoice_not_issued_by_due"),
            models.Index(fields=["status", "payable", "id"], condition=_NOT_ISSUED, name="invoice_not_issued_payable"),
            models.Index(fields=["issued_on", "id"], condition=Q(_CREDITED, status="issued"), name="invoice_credited"),
            models.Index(fields=["purpose", "issued_on", "id"], condition=_NO_SESSION, name="invoice_for_no_session"),
            # Money that was paid ahead and not used: few have any.
            models.Index(fields=["appointment"], condition=Q(purpose="deposit", paid__gt=0), name="invoice_held_ahead"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "purpose"],
                condition=~Q(status="void"),
                name="invoice_one_live_per_session_and_purpose",
            ),
            models.CheckConstraint(condition=Q(status__in=InvoiceStatus.values), name="invoice_status_is_known"),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="invoice_purpose_is_known"),
            models.CheckConstraint(
                condition=Q(payer__isnull=True) | Q(billed_user__isnull=True), name="invoice_billed_to_one"
            ),
            # From $1,000 a tax invoice names its buyer (GSTR 2013/1); ours all do.
            models.CheckConstraint(condition=~Q(bill_to_name=""), name="invoice_names_its_buyer"),
            # Medicare pays for services that were given: nothing towards money paid ahead, or sessions not held.
            models.CheckConstraint(condition=Q(purpose="session") | Q(rebate=0), name="invoice_rebate_for_sessions"),
            # What is charged is Medicare's benefit, with nothing beside it.
            models.CheckConstraint(
                condition=Q(bulk_billed=False) | Q(purpose="session", out_of_pocket=0, rebate__gt=0),
                name="invoice_bulk_billed_at_the_benefit",
            ),
            models.CheckConstraint(
                condition=Q(total=Round(F("subtotal") + F("gst"), 2)), name="invoice_total_is_subtotal_and_gst"
            ),
            models.CheckConstraint(
                condition=Q(out_of_pocket=Round(F("total") - F("rebate"), 2)), name="invoice_gap_is_total_less_rebate"
            ),
            models.CheckConstraint(
                condition=Q(rebate__gte=0, rebate__lte=F("total")), name="invoice_rebate_within_total"
            ),
            models.CheckConstraint(condition=Q(total__gte=0, gst__gte=0), name="invoice_total_not_negative"),
            models.CheckConstraint(
                condition=Q(payable__gte=0, payable__lte=F("total")), name="invoice_payable_within_total"
            ),
            models.CheckConstraint(
                condition=Q(paid__gte=0, paid__lte=F("payable")), name="invoice_paid_within_payable"
            ),
            models.CheckConstraint(condition=Q(due_on__gte=F("issued_on")), name="invoice_due_after_issue"),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(snapshot__isnull=False) | Q(status="void"),
                name="invoice_issued_with_its_snapshot",
            ),
            models.CheckConstraint(
                condition=(Q(status="void", voided_at__isnull=False) & ~Q(void_reason=""))
                | (~Q(status="void") & Q(voided_at__isnull=True, void_reason="")),
                name="invoice_voided_at_and_why_iff_void",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def balance(self) -> Decimal:
        """What is still to be paid, in dollars; nothing once void."""
        return balance_of(self)

    @property
    def credited(self) -> Decimal:
        """What credit notes took off, in dollars."""
        return self.total - self.payable

    @property
    def expected_rebate(self) -> Decimal:
        """What Medicare is expected to pay back by now: no more than is charged by now, nothing once void."""
        return ZERO if self.status == InvoiceStatus.VOID else min(self.rebate, self.payable)

    @property
    def gap(self) -> Decimal:
        """What is left of what is charged by now, after the expected rebate."""
        return self.payable - self.expected_rebate

    @property
    def is_settled(self) -> bool:
        """Whether it is issued and nothing on it is missing."""
        return self.status == InvoiceStatus.ISSUED and self.paid >= self.payable

    def standing(self, *, today: date) -> Standing:
        return standing_of(self, today=today)

    @property
    def seen_as(self) -> str:
        """What a page that asks for money, gives it back or takes the invoice back knew of it, as one word."""
        return f"{self.status}-{self.payable}-{self.paid}"

    def badge(self, *, today: date) -> str:
        return badge_of(self, today=today)


@classed(
    plain="id invoice position description item_number service_date starts_at minutes mode quantity unit_price "
    "tax_code gst total benefit item_proposed attended is_outside",
    personal="item_reason remoteness kilometres",
)
class Line(models.Model):
    """One thing charged for. `unit_price` is before GST, `total` with it; a discount is a line with a minus."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    description = models.CharField(_("description"), max_length=200)
    item_number = models.CharField(_("item"), max_length=5, blank=True)
    service_date = models.DateField(_("date of service"), null=True, blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    mode = models.CharField(max_length=10, choices=Mode.choices, blank=True)
    quantity = models.DecimalField(_("quantity"), max_digits=7, decimal_places=2, default=Decimal(1))
    unit_price = models.DecimalField(_("price"), max_digits=10, decimal_places=2)
    tax_code = models.CharField(_("GST"), max_length=10, choices=TaxCode.choices)
    gst = models.DecimalField(max_digits=10, decimal_places=2)
    total = models.DecimalField(max_digits=10, decimal_places=2)
    # What Medicare is expected to pay back for this line.
    benefit = models.DecimalField(max_digits=8, decimal_places=2, default=ZERO)
    # What the portal proposed, empty for none and None where it proposed nothing; and why another was billed.
    item_proposed = models.CharField(max_length=5, null=True, blank=True)  # noqa: DJ001 - none was proposed, or no word
    item_reason = models.CharField(max_length=200, blank=True)
    # What decides its item, where it was said. Of a group: how many came, and by video the patient's Modified Monash
    # area, from 1 to 7, and how far away that is by road.
    is_outside = models.BooleanField(null=True, blank=True)
    attended = models.PositiveSmallIntegerField(null=True, blank=True)
    remoteness = models.PositiveSmallIntegerField(null=True, blank=True)
    kilometres = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="line_one_per_position"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="line_quantity_above_zero"),
            models.CheckConstraint(
                condition=Q(attended__isnull=True) | Q(attended__gte=1), name="line_attended_by_somebody"
            ),
            models.CheckConstraint(
                condition=Q(remoteness__isnull=True) | Q(remoteness__range=(1, 7)), name="line_remoteness_is_an_area"
            ),
            models.CheckConstraint(condition=Q(tax_code="taxable") | Q(gst=0), name="line_gst_only_if_taxable"),
            models.CheckConstraint(
                condition=Q(gst=0) | Q(near("gst", (F("total") - F("gst")) * Decimal("0.1"))),
                name="line_gst_is_a_tenth",
            ),
            models.CheckConstraint(
                condition=Q(item_proposed__isnull=True) | Q(item_proposed=F("item_number")) | ~Q(item_reason=""),
                name="line_another_item_says_why",
            ),
            models.CheckConstraint(
                condition=near("total", F("quantity") * F("unit_price") + F("gst")), name="line_total_is_its_price"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id} line {self.position}"

    @property
    def price(self) -> Decimal:
        """Before GST."""
        return self.total - self.gst
