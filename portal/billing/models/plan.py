from __future__ import annotations

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.billing.models.invoice import Invoice
from portal.billing.models.payer import Payer
from portal.common.access.actors import Actor
from portal.common.privacy import classed
from portal.patients.models import Patient

_OF_ONE = Q(patient__isnull=False, payer__isnull=True) | Q(patient__isnull=True, payer__isnull=False)


class PaymentPlanQuerySet(models.QuerySet["PaymentPlan"]):
    def visible_to(self, actor: Actor) -> PaymentPlanQuerySet:
        """All for the desk and the manager; for patients and carers those of invoices that are theirs to see."""
        match actor.role:
            case Role.PATIENT:
                theirs = Invoice.objects.visible_to(actor).order_by().values("pk")
                return self.filter(payer__isnull=True, parts__invoice__in=theirs).distinct()
            case Role.RECEPTION | Role.MANAGER:
                return self.all()
        return self.none()

    def standing(self) -> PaymentPlanQuerySet:
        """Those that were agreed and not ended."""
        return self.filter(agreed_at__isnull=False, ended_at__isnull=True)


@classed(plain="id code patient payer total agreed_at agreed_by ended_at ended_by ended_why")
class PaymentPlan(models.Model):
    """What was agreed with whoever owes: which invoices are paid in which parts. It ends, and never changes.

    It is agreed once its parts are there: the database lets it, where what is owed and the instalments come to the
    total. `total` in dollars.
    """

    class Ended(models.TextChoices):
        PAID = "paid", _("All of it is paid")
        CANCELLED = "cancelled", _("It was ended")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="payment_plans")
    payer = models.ForeignKey(Payer, null=True, on_delete=models.PROTECT, related_name="payment_plans")
    total = models.DecimalField(max_digits=10, decimal_places=2, editable=False)
    agreed_at = models.DateTimeField(null=True, editable=False)
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    ended_why = models.CharField(max_length=10, choices=Ended.choices, blank=True, editable=False)

    objects = PaymentPlanQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=_OF_ONE, name="payment_plan_of_one"),
            models.CheckConstraint(condition=Q(total__gt=0), name="payment_plan_of_something"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_why="")
                | Q(ended_at__isnull=False, agreed_at__isnull=False, ended_why__in=("paid", "cancelled")),
                name="payment_plan_ended_with_why",
            ),
        ]

    def __str__(self) -> str:
        return f"payment plan {self.code}"

    @property
    def person(self) -> Patient:
        """Whose family agreed to it, where no payer did."""
        if self.patient is None:
            raise ValueError("a payer agreed to this plan")
        return self.patient


@classed(plain="id plan invoice owed")
class PlannedInvoice(models.Model):
    """That a plan pays an invoice, and what was owing on it then, in dollars."""

    plan = models.ForeignKey(PaymentPlan, on_delete=models.PROTECT, related_name="parts", db_index=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="plans")
    owed = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "invoice"], name="planned_invoice_once_a_plan"),
            models.CheckConstraint(condition=Q(owed__gt=0), name="planned_invoice_owed_something"),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id} in {self.plan_id}"


@classed(plain="id plan due_on amount")
class Instalment(models.Model):
    """One part of a plan: by which day, and how much, in dollars."""

    plan = models.ForeignKey(PaymentPlan, on_delete=models.PROTECT, related_name="instalments", db_index=False)
    due_on = models.DateField()
    amount = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        ordering = ["due_on"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "due_on"], name="instalment_once_a_day"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="instalment_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} by {self.due_on}"


class ReminderHoldQuerySet(models.QuerySet["ReminderHold"]):
    def visible_to(self, actor: Actor) -> ReminderHoldQuerySet:
        """The desk's and the manager's."""
        return self.all() if actor.role in (Role.RECEPTION, Role.MANAGER) else self.none()

    def in_force(self, *, today: date) -> ReminderHoldQuerySet:
        """Those that were not taken back and whose day is not over."""
        return self.filter(Q(until__isnull=True) | Q(until__gte=today), ended_at__isnull=True)


@classed(plain="id code invoice patient payer reason until made_at made_by ended_at ended_by", personal="note")
class ReminderHold(models.Model):
    """That nobody is reminded: of one invoice, or of anything that a patient's family or a payer owes."""

    class Reason(models.TextChoices):
        DISPUTED = "disputed", _("They say that it is not right")
        HARDSHIP = "hardship", _("They can't pay just now")
        OTHERS = "others", _("Somebody else is going to pay")
        OTHER = "other", _("Another reason")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    invoice = models.ForeignKey(Invoice, null=True, on_delete=models.PROTECT, related_name="reminder_holds")
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="reminder_holds")
    payer = models.ForeignKey(Payer, null=True, on_delete=models.PROTECT, related_name="reminder_holds")
    reason = models.CharField(max_length=10, choices=Reason.choices)
    note = models.CharField(max_length=200, blank=True)
    until = models.DateField(null=True, blank=True)
    made_at = models.DateTimeField(editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    objects = ReminderHoldQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(invoice__isnull=False, patient__isnull=True, payer__isnull=True)
                | Q(invoice__isnull=True, patient__isnull=False, payer__isnull=True)
                | Q(invoice__isnull=True, patient__isnull=True, payer__isnull=False),
                name="reminder_hold_of_one",
            ),
            models.CheckConstraint(
                condition=Q(reason__in=("disputed", "hardship", "others", "other")),
                name="reminder_hold_reason_is_known",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True) | Q(ended_at__gte=F("made_at")),
                name="reminder_hold_ends_after_it_began",
            ),
            *(
                models.UniqueConstraint(
                    fields=[of],
                    condition=Q(**{"ended_at__isnull": True, f"{of}__isnull": False}),
                    name=f"reminder_hold_{of}",
                )
                for of in ("invoice", "patient", "payer")
            ),
        ]

    def __str__(self) -> str:
        return f"no reminders: {self.reason}"
