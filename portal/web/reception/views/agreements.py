"""What the desk agrees with whoever owes: payment plans, and that nobody is reminded."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.billing.actions import plans as actions
from portal.billing.agreements import agreed_on, plans_of
from portal.billing.models import Invoice, Payer, PaymentPlan, PlannedInvoice, ReminderHold
from portal.billing.plan_forms import HoldForm, PlanForm
from portal.billing.refusals import ChangedMeanwhile
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import making, once
from portal.patients.models import Patient


def _owner(request: ActorRequest, kind: str, code: UUID) -> Patient | Payer:
    if kind == "patients":
        return get_object_or_404(Patient.objects.visible_to(request.actor), code=code)
    if kind == "payers":
        return get_object_or_404(Payer.objects.visible_to(request.actor), code=code)
    raise Http404


def _page_of(of: Invoice | Patient | Payer) -> str:
    match of:
        case Invoice():
            return resolve_url("reception:invoice", number=of.number)
        case Payer():
            return resolve_url("reception:payer", code=of.code)
    return resolve_url("reception:patient", code=of.code)


def _name_of(of: Invoice | Patient | Payer) -> str:
    return of.number if isinstance(of, Invoice) else of.name


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: ActorRequest, kind: str, code: UUID) -> HttpResponse:
    """The plan that stands with somebody, and a form for one where something is owing that none pays."""
    owner, now = _owner(request, kind, code), timezone.now()
    today = ClinicSettings.current().today(now)
    owing = Invoice.objects.visible_to(request.actor).owing().filter(bulk_billed=False)
    owing = owing.filter(payer=owner) if isinstance(owner, Payer) else owing.filter(patient=owner, payer=None)
    in_plans = PlannedInvoice.objects.filter(invoice=OuterRef("pk"), plan__ended_at__isnull=True)
    unplanned = list(owing.exclude(Exists(in_plans)).order_by("due_on", "pk"))
    form, status = PlanForm(request.POST if request.method == "POST" else None, owing=unplanned, today=today), 200
    if request.method == "POST":
        status = 422
        if form.is_of_before:
            form, status = PlanForm(owing=unplanned, today=today), 409
            messages.error(request, _("What is owing changed meanwhile. Nothing was agreed: look at it again."))
        elif form.is_valid():
            try:
                return _agree(request, owner, form, kind=kind, now=now)
            except ChangedMeanwhile:
                messages.error(request, _("What is owing changed meanwhile. Nothing was agreed: look at it again."))
                return redirect("reception:plan", kind=kind, code=code)
    context = {
        "owner": owner,
        "back": _page_of(owner),
        "standing": agreed_on(owner, today=today).plans,
        "form": form if unplanned else None,
        "today": today,
    }
    return render(request, "reception/plan.html", context, status=status)


def _agree(request: ActorRequest, owner: Patient | Payer, form: PlanForm, *, kind: str, now: datetime) -> HttpResponse:
    with making(request, now=now) as made:
        actions.agree_plan(
            owner=owner,
            invoices=form.chosen,
            total=form.total,
            instalments=form.instalments,
            by=request.actor,
            now=now,
        )
        made.leads_to("reception:plan", kind=kind, code=owner.code)
    messages.success(request, _("The plan is agreed. Nobody is reminded of these invoices while it is kept."))
    return made.answer


def _plan(request: ActorRequest, code: UUID) -> PaymentPlan:
    found = PaymentPlan.objects.visible_to(request.actor).select_related("patient", "payer")
    return get_object_or_404(found, code=code)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def one_plan(request: ActorRequest, code: UUID) -> HttpResponse:
    """One plan, also once it is over: what was agreed, and how it stands."""
    found, today = _plan(request, code), ClinicSettings.current().today(timezone.now())
    context = {"owner": found.payer or found.patient, "back": _page_of(found.payer or found.person), "today": today}
    return render(request, "reception/plan.html", context | {"standing": plans_of([found], today=today), "form": None})


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def end_plan(request: ActorRequest, code: UUID) -> HttpResponse:
    found = _plan(request, code)
    if actions.end_plan(found, why=PaymentPlan.Ended.CANCELLED, by=request.actor, now=timezone.now()):
        messages.success(request, _("The plan is ended. What is owing is owing as before."))
    else:
        messages.info(request, _("The plan was over already."))
    return redirect(_page_of(found.payer or found.person))


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def hold_invoice(request: ActorRequest, number: str) -> HttpResponse:
    invoice = get_object_or_404(Invoice.objects.visible_to(request.actor).issued(), number=number)
    return _hold(request, invoice)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def hold_all(request: ActorRequest, kind: str, code: UUID) -> HttpResponse:
    return _hold(request, _owner(request, kind, code))


def _hold(request: ActorRequest, of: Invoice | Patient | Payer) -> HttpResponse:
    now = timezone.now()
    today = ClinicSettings.current().today(now)
    form = HoldForm(request.POST if request.method == "POST" else None, today=today)
    if request.method == "POST" and form.is_valid():
        actions.hold_reminders(of=of, **form.cleaned_data, by=request.actor, now=now)
        messages.success(request, _("Nobody is reminded."))
        return redirect(_page_of(of))
    column = "invoice" if isinstance(of, Invoice) else "payer" if isinstance(of, Payer) else "patient"
    holds = ReminderHold.objects.in_force(today=today).filter(**{column: of}).select_related("made_by")
    context = {"form": form, "of": of, "name": _name_of(of), "back": _page_of(of), "column": column, "holds": holds}
    return render(request, "reception/hold.html", context, status=422 if form.errors else 200)


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def end_hold(request: ActorRequest, code: UUID) -> HttpResponse:
    rows = ReminderHold.objects.visible_to(request.actor).select_related("invoice", "patient", "payer")
    hold = get_object_or_404(rows, code=code)
    if actions.end_hold(hold, by=request.actor, now=timezone.now()):
        messages.success(request, _("Reminders go out again."))
    else:
        messages.info(request, _("That was ended already."))
    of = hold.invoice or hold.payer or hold.patient
    return redirect(_page_of(of)) if of else redirect("reception:invoices")
