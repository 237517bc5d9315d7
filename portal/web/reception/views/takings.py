"""Money taken over the desk: several invoices, several methods, one receipt; and what is on the account given back."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.models import Invoice, Payment, Taking
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
from portal.common.forms.mistakes import wrong_in
from portal.common.money import ZERO, dollars
from portal.common.web.htmx import page_or_fragment, redirect_to
from portal.common.web.once import making, once
from portal.journeys import taking
from portal.journeys.mailing import reader_of_receipt
from portal.journeys.mailing import send_receipt as mail_receipt
from portal.patients.models import Patient
from portal.web.reception import drawer, mailing, meanwhile
from portal.web.reception.forms import SendForm


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
    old = _is_old(request, patient)
    changed = _what_changed(request, patient, now=now) if old else ""
    if request.POST.get("step") == "sum":
        return page_or_fragment(request, "reception/take.html", _context(patient, form, changed), fragment="sum")
    status = 422
    if old:
        # Said before anything else: by what is owing now, what was typed is wrong in ways that mislead.
        status = 409
        form.shown_anew(actions.money_as_shown(patient), changed)
    elif adds_up:
        form.check_sum()
    if form.is_valid():
        try:
            return _taken(request, patient, form, now=now)
        except (MoneyChanged, NotMovable, NotPayable, Overpayment):
            status = 409
            form = _form(request, patient, now=now, data=request.POST)
            form.is_valid()
            form.shown_anew(actions.money_as_shown(patient), _what_changed(request, patient, now=now))
        except KeyReused:
            form.add_error(
                None, _("This page was sent before with another amount. Look at the payments, then send it again.")
            )
            form.new_key()
    return render(request, "reception/take.html", _context(patient, form), status=status)


def _is_old(request: ActorRequest, patient: Patient) -> bool:
    """Whether the page knew other money than there is now, and is not one that was sent before."""
    seen, key = request.POST.get("seen", ""), request.POST.get("key", "")
    if not seen or seen == actions.money_as_shown(patient):
        return False
    return not Taking.objects.filter(key=f"taking:{key}").exists()


def _what_changed(request: ActorRequest, patient: Patient, *, now: datetime) -> str:
    """That what is owing or held is other than the page shows, by what, and what to do."""
    named = [name.removeprefix("gets_") for name in request.POST if name.startswith("gets_")]
    shown = Invoice.objects.visible_to(request.actor).filter(patient=patient, number__in=named)
    last = shown.exclude(allocations=None).order_by("-allocations__pk").first()
    owes = sum((invoice.balance for invoice in actions.owing_of(patient)), ZERO)
    said = [
        _("Somebody changed what they owe, or what we hold, since this page was opened. Nothing was taken."),
        meanwhile.last_done(last, by=request.actor, now=now) if last else "",
        _("%(amount)s is owing in all now.") % {"amount": dollars(owes)} if owes else _("Nothing is owing now."),
        _("What you typed is kept: look it over, then send it again.")
        if owes
        else _("Send it again only for money that stays on their account."),
    ]
    return " ".join(filter(None, said))


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
        names=actions.likely_payers(patient, *owing[:1]),
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
            paid_by=said["paid_by"],
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


def _context(patient: Patient, form: TakingForm, changed: str = "") -> dict[str, Any]:
    return {
        "changed": changed,
        "patient": patient,
        "form": form,
        "wrong": wrong_in(form, whole=not form.is_even),
        "held": form.held,
        "owes": sum(i.balance for i in form.owing),
    }


# ---- Receipts -------------------------------------------------------------------------------------------------------


class Receipt(NamedTuple):
    """One receipt: the payments it says, of a taking or by itself, and whose they are."""

    taking: Taking | None
    parts: list[Payment]
    patient: Patient

    @property
    def number(self) -> str:
        return self.taking.number if self.taking else self.parts[0].number


def _receipt(request: ActorRequest, number: str) -> Receipt:
    """Of a taking by its number, else of one payment or refund."""
    takings = Taking.objects.visible_to(request.actor).select_related("location", "received_by")
    one = takings.filter(number=number).first()
    rows = actions.parts_of(one) if one else Payment.objects.filter(number=number)
    parts = list(rows.select_related("taking__location", "location", "received_by").order_by("pk"))
    patients = Patient.objects.visible_to(request.actor).select_related("user")
    return Receipt(one, parts, get_object_or_404(patients, payments__in=parts[:1]))


def may_mail(parts: list[Payment], taking: Taking | None = None) -> bool:
    """Whether it says what happened: what was written down wrong, and the row that takes it back, go to nobody."""
    return (taking is None or taking.newest == taking) and not any(
        part.said_anew or (part.is_refund and part.is_correction) for part in parts
    )


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def receipt(request: ActorRequest, number: str) -> HttpResponse:
    """A taking, a payment or a refund: what moved, what for, what was given as change; to be printed or sent."""
    found = _receipt(request, number)
    first = found.parts[0]
    reader = reader_of_receipt(found.parts, patient=found.patient)
    newest = found.taking.newest if found.taking else None
    mails = may_mail(found.parts, found.taking)
    context = {
        "taking": found.taking,
        "first": first,
        "number": found.number,
        "place": (found.taking or first).location,
        "patient": found.patient,
        "parts": found.parts,
        "total": abs(sum(part.amount for part in found.parts)),
        "settled": actions.settled_by(found.parts),
        "refunds": list(Payment.objects.filter(reverses__in=found.parts, corrects=None).order_by("pk")),
        "kept": actions.on_account(found.patient),
        "address": reader.address if reader and mails else "",
        # All of it is stated anew by the one that replaces it; a single payment by its own.
        "replaced_by": newest if newest != found.taking else None,
        "anew": [new for part in found.parts if (new := part.said_anew)] if newest == found.taking else [],
        "may_mail": mails,
        "mailed": mailing.mailed_about(found.taking or first, by=request.actor),
        "key": uuid.uuid4(),
        "zone": ClinicSettings.current().zone,
    }
    return render(request, "reception/taking.html", context)


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def send_receipt(request: ActorRequest, number: str) -> HttpResponse:
    """Sends the receipt by e-mail, once for each page that asked."""
    found, now = _receipt(request, number), timezone.now()
    form = SendForm(request.POST)
    if not may_mail(found.parts, found.taking):
        messages.error(request, _("This was written down wrong, so it isn't sent. Send the receipt that is right."))
    elif reader_of_receipt(found.parts, patient=found.patient) is None:
        messages.error(request, _("No e-mail address is known. Add one to the patient's details, or print it."))
    elif form.is_valid():
        address = mail_receipt(
            found.parts,
            patient=found.patient,
            taking=found.taking,
            among=Invoice.objects.visible_to(request.actor),
            key=str(form.cleaned_data["key"]),
            by=request.actor,
            now=now,
        )
        messages.success(request, _("The receipt is on its way to %(address)s.") % {"address": address})
    return redirect_to(request, "reception:taking", number=found.number)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def receipt_pdf(request: ActorRequest, number: str) -> HttpResponse:
    """The receipt of a taking, a payment or a refund, shown in the browser to be printed."""
    from portal.billing import receipt_paper  # it brings the PDF library, which is slow to load

    found = _receipt(request, number)
    return HttpResponse(
        receipt_paper.receipt_pdf(
            found.parts,
            patient=found.patient,
            among=Invoice.objects.visible_to(request.actor),
            taking=found.taking,
        ),
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
    payments = actions.kept_of(patient)
    form = AccountRefundForm(
        data,
        most=kept,
        came_by=[one.payment.method for one in payments],
        places=drawer.places(),
        place=drawer.place_of(request),
    )
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
    context = {"patient": patient, "form": form, "kept": kept, "payments": payments}
    return render(request, "reception/refund_account.html", context, status=422 if form.errors else 200)
