"""Money taken over the desk: several invoices, several methods, one receipt; and what is on the account given back."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.models import Payment, Taking
from portal.billing.refusals import (
    BillingRefused,
    KeyReused,
    MoneyChanged,
    NotMovable,
    NotPayable,
    NotRefundable,
    Overpayment,
)
from portal.billing.taking_forms import AccountRefundForm, TakingForm
from portal.clinic.models import ClinicSettings, Location
from portal.common.access.decorators import ActorRequest, allow
from portal.common.money import dollars
from portal.common.web.htmx import page_or_fragment
from portal.common.web.once import making, once
from portal.journeys import taking
from portal.patients.models import Patient
from portal.web.reception import drawer


def _patient(request: ActorRequest, code: UUID) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.actor), code=code)


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def take(request: ActorRequest, code: UUID) -> HttpResponse:
    """Asks what each invoice gets and how it is paid. The sum follows by htmx, without script by "Add up again"."""
    patient, now = _patient(request, code), timezone.now()
    form = _form(request, patient, now=now, data=request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return render(request, "reception/take.html", _context(patient, form))
    adds_up = form.is_valid()
    if request.POST.get("step") == "sum":
        return page_or_fragment(request, "reception/take.html", _context(patient, form), fragment="sum")
    status = 422
    if adds_up:
        form.check_sum()
    if form.is_valid():
        try:
            return _taken(request, patient, form, now=now)
        except (MoneyChanged, NotMovable, NotPayable, Overpayment):
            status = 409
            form = _form(request, patient, now=now, data=request.POST)
            form.is_valid()
            words = _("Somebody changed what they owe, or what we hold, since this page was opened. Nothing was taken.")
            again = _("What you typed is kept: look it over, then send it again.")
            form.shown_anew(actions.money_as_shown(patient), f"{words} {again}")
        except KeyReused:
            form.add_error(
                None, _("This page was sent before with another amount. Look at the payments, then send it again.")
            )
            form.new_key()
    return render(request, "reception/take.html", _context(patient, form), status=status)


def _form(request: ActorRequest, patient: Patient, *, now: datetime, data: QueryDict | None) -> TakingForm:
    owing = actions.owing_of(patient)
    usual = Location.objects.filter(pk=owing[-1].location_id).first() if owing else None
    return TakingForm(
        data,
        owing=owing,
        held=actions.held_of(patient),
        places=drawer.places(),
        place=drawer.place_of(request, usual),
        today=ClinicSettings.current().today(now),
        seen=actions.money_as_shown(patient),
        only=request.GET.get("invoice", ""),
    )


def _taken(request: ActorRequest, patient: Patient, form: TakingForm, *, now: datetime) -> HttpResponse:
    said = form.cleaned_data
    with making(request, now=now) as made:
        done = taking.take(
            patient=patient,
            parts=form.parts,
            settles=form.settles,
            uses=form.uses,
            keeps=said["keeps"],
            handed=said["handed"],
            received_on=said["received_on"],
            location=said["location"],
            key=f"taking:{said['key']}",
            by=request.actor,
            now=now,
            seen=said["seen"] or None,
        )
        if done is not None:
            made.leads_to("reception:taking", number=done.number)
        else:
            made.leads_to("reception:patient", code=patient.code)
    drawer.remember(request, said["location"])
    if done is None:
        messages.success(request, _("%(amount)s of what we held is used.") % {"amount": dollars(form.uses)})
    return made.answer


def _context(patient: Patient, form: TakingForm) -> dict[str, Any]:
    return {"patient": patient, "form": form, "held": form.held, "owes": sum(i.balance for i in form.owing)}


# ---- Receipts -------------------------------------------------------------------------------------------------------


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def receipt(request: ActorRequest, number: str) -> HttpResponse:
    """One taking: what came, what for, what was given as change; to be printed."""
    one = get_object_or_404(
        Taking.objects.visible_to(request.actor).select_related("patient", "location", "received_by"), number=number
    )
    parts = list(one.parts.order_by("pk"))
    context = {
        "taking": one,
        "patient": one.patient,
        "parts": parts,
        "total": sum(part.amount for part in parts),
        "settled": actions.settled_by(parts),
        "kept": actions.on_account(one.patient),
    }
    return render(request, "reception/taking.html", context)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def receipt_pdf(request: ActorRequest, number: str) -> HttpResponse:
    """The receipt of a taking, a payment or a refund, shown in the browser to be printed."""
    from portal.billing import taking_paper  # it brings the PDF library, which is slow to load

    one = Taking.objects.visible_to(request.actor).filter(number=number).first()
    parts = list(one.parts.order_by("pk")) if one else list(Payment.objects.filter(number=number))
    found = get_object_or_404(Patient.objects.visible_to(request.actor), payments__in=parts[:1])
    return HttpResponse(
        taking_paper.receipt_pdf(parts, patient=found),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{number}.pdf"'},
    )


# ---- What is on the account -----------------------------------------------------------------------------------------


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def refund_account(request: ActorRequest, code: UUID) -> HttpResponse:
    """Gives back what is on somebody's account, in part or whole, and says why."""
    patient, now = _patient(request, code), timezone.now()
    kept = actions.on_account(patient)
    data = request.POST if request.method == "POST" else None
    form = AccountRefundForm(data, most=kept, places=drawer.places(), place=drawer.place_of(request))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            with making(request, now=now) as made:
                given = actions.refund_account(
                    patient=patient,
                    amount=said["amount"],
                    method=said["method"],
                    reason=said["reason"],
                    reference=said["reference"],
                    location=said.get("location"),
                    key=f"account:{said['key']}",
                    by=request.actor,
                    now=now,
                )
                made.leads_to("reception:patient", code=patient.code)
        except NotRefundable as refused:
            form.too_much(refused.left)
        except BillingRefused:
            form.add_error(None, _("This page was sent before with another amount. Look at the account again."))
        else:
            drawer.remember(request, said.get("location"))
            words = {"amount": dollars(said["amount"]), "number": ", ".join(row.number for row in given)}
            messages.success(request, _("%(amount)s refunded: receipt %(number)s.") % words)
            return made.answer
    context = {"patient": patient, "form": form, "kept": kept, "payments": actions.kept_of(patient)}
    return render(request, "reception/refund_account.html", context, status=422 if form.errors else 200)
