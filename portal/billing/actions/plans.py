"""What is agreed with whoever owes: payment plans, and that nobody is reminded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from portal.audit import trail
from portal.billing.actions.locking import lock_invoices
from portal.billing.models import Instalment, Invoice, Payer, PaymentPlan, PlannedInvoice, ReminderHold
from portal.billing.refusals import ChangedMeanwhile
from portal.common.access.actors import Actor
from portal.common.money import ZERO, in_cents
from portal.patients.models import Patient

Owner = Patient | Payer


def owner_of(owner: Owner) -> dict[str, Owner]:
    """The column that names whose debts they are, with its value."""
    return {"payer" if isinstance(owner, Payer) else "patient": owner}


@transaction.atomic
def agree_plan(
    *,
    owner: Owner,
    invoices: Collection[Invoice],
    total: Decimal,
    instalments: Sequence[tuple[date, Decimal]],
    by: Actor,
    now: datetime,
) -> PaymentPlan:
    """Writes a plan for all that is owing on these invoices; raises ChangedMeanwhile where that is not `total`."""
    held = lock_invoices(*invoices)
    planned = PlannedInvoice.objects.filter(invoice__in=held, plan__ended_at__isnull=True).exists()
    if planned or sum((invoice.balance for invoice in held.values()), ZERO) != total:
        raise ChangedMeanwhile(next(iter(held.values())))
    plan = PaymentPlan.objects.create(**owner_of(owner), total=total)
    PlannedInvoice.objects.bulk_create(
        PlannedInvoice(plan=plan, invoice=invoice, owed=invoice.balance) for invoice in held.values()
    )
    Instalment.objects.bulk_create(Instalment(plan=plan, due_on=day, amount=amount) for day, amount in instalments)
    plan.agreed_at, plan.agreed_by = now, by.user
    plan.save(update_fields=["agreed_at", "agreed_by"])
    facts = {"total_cents": in_cents(total), "count": len(instalments)}
    trail.record("payment_plan.agreed", target=plan, by=by, at=now, **facts)
    return plan


@transaction.atomic
def end_plan(plan: PaymentPlan, *, why: PaymentPlan.Ended, by: Actor, now: datetime) -> bool:
    """Ends a plan, once; says whether it was this call that did."""
    standing = PaymentPlan.objects.standing().filter(pk=plan.pk)
    if not standing.update(ended_at=now, ended_by=by.user, ended_why=why):
        return False
    trail.record("payment_plan.ended", target=plan, by=by, at=now, reason=str(why))
    return True


@transaction.atomic
def hold_reminders(
    *, of: Invoice | Owner, reason: str, note: str, until: date | None, by: Actor, now: datetime
) -> ReminderHold:
    """Says that nobody is reminded of this invoice, or of what they owe; what was said of it before ends."""
    column = {"invoice": of} if isinstance(of, Invoice) else owner_of(of)
    type(of)._default_manager.select_for_update(no_key=True, of=("self",)).get(pk=of.pk)
    ReminderHold.objects.filter(**column, ended_at__isnull=True).update(ended_at=now, ended_by=by.user)
    hold = ReminderHold.objects.create(**column, reason=reason, note=note, until=until, made_at=now, made_by=by.user)
    trail.record("reminders.held", target=hold, by=by, at=now, reason=reason)
    return hold


@transaction.atomic
def end_hold(hold: ReminderHold, *, by: Actor, now: datetime) -> bool:
    """Lets reminders go out again; says whether it was this call that did."""
    ended = ReminderHold.objects.filter(pk=hold.pk, ended_at__isnull=True)
    if not ended.update(ended_at=now, ended_by=by.user):
        return False
    trail.record("reminders.resumed", target=hold, by=by, at=now)
    return True
