"""Work about money that is owed for long: parts of plans that are missing, and whom to ring about what is overdue."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from portal.billing.actions.plans import end_plan
from portal.billing.agreements import left_alone, plans_of
from portal.billing.models import Dispatch, Invoice, PaymentPlan
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys.to_do import steps
from portal.journeys.to_do.due import noon_or_five
from portal.journeys.to_do.kinds import DEBT_TO_RING, INSTALMENT_MISSED
from portal.patients.models import Patient
from portal.worklist.models import ToDo

# Whoever was reminded for the last time has so long to be heard of.
WEEK: Final = timedelta(days=7)
DAY: Final = timedelta(days=1)
# A reminder of long ago is no reason to ring now.
LONG_AGO: Final = timedelta(days=90)


def go_round(*, by: Actor, now: datetime) -> int:
    """Ends plans that are paid, and puts on the list, and off it, what is missing; returns how many are new."""
    return _look_at_plans(by=by, now=now) + _look_at_debts(by=by, now=now)


def _look_at_plans(*, by: Actor, now: datetime) -> int:
    clinic = ClinicSettings.current()
    behind, raised = {}, 0
    for each in plans_of(PaymentPlan.objects.standing(), today=clinic.today(now)):
        if each.progress.is_paid:
            end_plan(each.plan, why=PaymentPlan.Ended.PAID, by=by, now=now)
        elif not each.progress.is_kept:
            behind[str(each.plan.code)] = each
    for to_do in ToDo.objects.still_open().of_kind(INSTALMENT_MISSED.name).order_by("pk"):
        if to_do.about_code not in behind:
            steps.close(to_do, outcome="settled", by=by, now=now)
    due_at = noon_or_five(now, clinic.zone)
    for code, each in behind.items():
        # Each part that comes to be missing is raised once, whatever the desk said of the one before.
        last = max(one.due_on for one in each.instalments if one.due_on < clinic.today(now))
        raised += (
            steps.put_on_list(
                INSTALMENT_MISSED,
                about=each.plan,
                dedupe_key=f"{INSTALMENT_MISSED.name}:{code}:{last}",
                due_at=due_at,
                escalates_at=due_at + 2 * DAY,
                by=by,
                now=now,
            )
            is not None
        )
    return raised


def _look_at_debts(*, by: Actor, now: datetime) -> int:
    clinic = ClinicSettings.current()
    last = Dispatch.objects.filter(stage=3, made_at__lte=now - WEEK, made_at__gt=now - LONG_AGO)
    overdue = Invoice.objects.overdue(today=clinic.today(now)).filter(pk__in=last.values("invoice")).order_by("pk")
    rows = list(overdue.select_related("patient"))
    alone = left_alone(rows, today=clinic.today(now))
    to_ring: dict[str, tuple[Patient, Invoice]] = {}
    for invoice in rows:
        if invoice.pk not in alone:
            to_ring.setdefault(str(invoice.patient.code), (invoice.patient, invoice))
    listed = ToDo.objects.still_open().of_kind(DEBT_TO_RING.name).order_by("pk")
    for to_do in listed:
        if to_do.about_code not in to_ring:
            steps.close(to_do, outcome="settled", by=by, now=now)
    open_now, raised, due_at = {to_do.about_code for to_do in listed}, 0, noon_or_five(now, clinic.zone)
    for code, (patient, invoice) in to_ring.items():
        if code not in open_now:
            raised += (
                steps.put_on_list(
                    DEBT_TO_RING,
                    about=patient,
                    dedupe_key=f"{DEBT_TO_RING.name}:{invoice.code}",
                    due_at=due_at,
                    escalates_at=due_at + 3 * DAY,
                    by=by,
                    now=now,
                )
                is not None
            )
    return raised
