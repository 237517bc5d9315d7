"""Invoices that the desk types: new ones, drafts that are changed, issued or put aside."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.billing import actions
from portal.billing.actions import draft_as_shown, links_of
from portal.billing.charges import bill_of
from portal.billing.models import Invoice, InvoiceStatus, Purpose
from portal.billing.refusals import ChangedMeanwhile, NotADraft, NothingToBill
from portal.billing.typed_forms import KEPT, THEMSELVES, TypedForm, lines_to_type
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.forms.mistakes import wrong_in
from portal.common.languages.times import date_short
from portal.common.text.normalise import full_name
from portal.common.web.addresses import each
from portal.common.web.htmx import page_or_fragment, redirect_to
from portal.common.web.once import making, once
from portal.common.web.search_words import searched_by_post
from portal.patients.forms import SearchForm
from portal.patients.models import Patient
from portal.patients.search import search

FOUND = 12
# What is often typed, offered as one types.
OFTEN = ("Report", "Letter", "Form or certificate", "Phone consultation", "Copy of records", "Court attendance")


@allow(Role.RECEPTION, Role.MANAGER)
@searched_by_post("q")
@require_safe
def whom(request: ActorRequest) -> HttpResponse:
    """Whom a new invoice is about."""
    text = SearchForm(request.GET).text
    people = search(Patient.objects.visible_to(request.actor).for_table(), text, limit=FOUND + 1) if text else []
    page = each("reception:type_invoice")
    context = {
        "q": text,
        "found": [
            {
                "url": page(one.code),
                "name": full_name(one.preferred_name or one.legal_first_name, one.legal_last_name),
                "born": date_short(one.date_of_birth),
            }
            for one in people[:FOUND]
        ],
        "more": len(people) > FOUND,
    }
    return page_or_fragment(request, "reception/invoice_whom.html", context, fragment="results")


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest, code: UUID) -> HttpResponse:
    """Types an invoice for this patient. Figures follow what is typed; it is kept as a draft, or issued at once."""
    patient = get_object_or_404(Patient.objects.visible_to(request.actor), code=code)
    clinic, now = ClinicSettings.current(), timezone.now()
    last = Appointment.objects.visible_to(request.actor).filter(patient=patient, psychologist__is_active=True)
    newest = last.select_related("psychologist", "location").order_by("-starts_at").first()
    start = {"bill_to": THEMSELVES}
    if newest:
        start |= {"psychologist": newest.psychologist.slug, "location": newest.location.slug}
    form = TypedForm(
        request.POST if request.method == "POST" else None,
        payers=links_of(patient),
        charges_gst=clinic.gst_registered,
        initial=start,
    )
    if request.method == "POST" and (answer := _only_looked(request, form, patient)):
        return answer
    if request.method == "POST" and form.is_whole():
        issues = request.POST.get("step") == "issue"
        try:
            with making(request, now=now) as made:
                invoice = actions.type_invoice(
                    patient=patient,
                    psychologist=form.cleaned_data["psychologist"],
                    location=form.cleaned_data["location"],
                    charges=form.charges or [],
                    bill_to=form.bill_to_of(),
                    by=request.actor,
                    now=now,
                )
                if issues:
                    actions.issue_invoice(invoice=invoice, by=request.actor, now=now)
                made.leads_to("reception:invoice", number=invoice.number)
        except NothingToBill:
            form.add_error(None, _hides_gst())
        else:
            messages.success(request, _issued_words(invoice) if issues else _("The draft is kept. Nobody sees it yet."))
            return made.answer
    return _page(request, form, patient)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, number: str) -> HttpResponse:
    """Changes a draft that was typed; an old page is refused."""
    invoice, clinic, now = _draft(request, number), ClinicSettings.current(), timezone.now()
    if invoice.status != InvoiceStatus.DRAFT or invoice.purpose != Purpose.OTHER:
        return _no_draft(request, invoice)
    payers = links_of(invoice.patient)
    link = next((one for one in payers if one.payer_id == invoice.payer_id), None)
    chosen = str(link.code) if link else KEPT if invoice.payer else THEMSELVES
    form = TypedForm(
        request.POST if request.method == "POST" else None,
        payers=payers,
        charges_gst=clinic.gst_registered,
        initial={
            "bill_to": chosen,
            "kept_name": invoice.bill_to_name,
            "psychologist": invoice.psychologist.slug,
            "location": invoice.location.slug,
            "seen": draft_as_shown(invoice),
        },
        lines=lines_to_type(invoice),
    )
    if request.method == "POST" and (answer := _only_looked(request, form, invoice.patient, invoice=invoice)):
        return answer
    status = None
    if request.method == "POST" and form.is_whole():
        try:
            actions.change_draft(
                invoice=invoice,
                psychologist=form.cleaned_data["psychologist"],
                location=form.cleaned_data["location"],
                charges=form.charges or [],
                bill_to=form.bill_to_of(invoice),
                seen=form.cleaned_data["seen"],
                by=request.actor,
                now=now,
            )
        except NothingToBill:
            form.add_error(None, _hides_gst())
        except NotADraft:
            return _no_draft(request, invoice)
        except ChangedMeanwhile:
            form.add_error(None, _("Somebody changed this draft meanwhile. Look at it again before you change it."))
            status = 409
        else:
            if request.POST.get("step") == "issue":
                return _issue(request, invoice, seen=None, now=now)
            messages.success(request, _("The draft is changed."))
            return redirect_to(request, "reception:invoice", number=invoice.number)
    return _page(request, form, invoice.patient, invoice=invoice, status=status)


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def issue(request: ActorRequest, number: str) -> HttpResponse:
    """Issues a draft as the page showed it."""
    return _issue(request, _draft(request, number), seen=request.POST.get("seen", ""), now=timezone.now())


def _issue(request: ActorRequest, invoice: Invoice, *, seen: str | None, now: datetime) -> HttpResponse:
    try:
        actions.issue_invoice(invoice=invoice, by=request.actor, now=now, seen=seen)
    except NotADraft:
        return _no_draft(request, invoice)
    except ChangedMeanwhile:
        messages.error(request, _("Somebody changed this draft meanwhile. Look at it again, then issue it."))
    else:
        messages.success(request, _issued_words(invoice))
    return redirect_to(request, "reception:invoice", number=invoice.number)


def _draft(request: ActorRequest, number: str) -> Invoice:
    rows = Invoice.objects.visible_to(request.actor).select_related("patient", "psychologist", "location", "payer")
    return get_object_or_404(rows, number=number)


def _no_draft(request: ActorRequest, invoice: Invoice) -> HttpResponse:
    messages.info(request, _("This is a draft no longer: it was issued or put aside."))
    return redirect_to(request, "reception:invoice", number=invoice.number)


def _issued_words(invoice: Invoice) -> str:
    return _("Invoice %(number)s is issued. Print it or send it from here.") % {"number": invoice.number}


def _hides_gst() -> str:
    return _("What is taken off is more than what is charged with the same GST. Check the amounts.")


def _only_looked(
    request: ActorRequest, form: TypedForm, patient: Patient, *, invoice: Invoice | None = None
) -> HttpResponse | None:
    """Figures for what is typed so far, or more lines: nothing is kept."""
    step = request.POST.get("step")
    if step == "sum":
        context = _context(form, patient, invoice)
        return page_or_fragment(request, "reception/invoice_type.html", context, fragment="sum")
    if step == "more":
        return render(request, "reception/invoice_type.html", _context(form, patient, invoice))
    return None


def _context(form: TypedForm, patient: Patient, invoice: Invoice | None) -> dict[str, Any]:
    charges = form.charges if form.is_bound else None
    bill = bill_of(charges, clinic=ClinicSettings.current()) if charges else None
    return {
        "form": form,
        "wrong": wrong_in(form, *form.lines, whole=not (bill and bill.may_stand)),
        "patient": patient,
        "invoice": invoice,
        "bill": bill if bill and bill.may_stand else None,
        "hides_gst": _hides_gst() if bill and not bill.may_stand else "",
        "rows": len(form.lines),
        "often": OFTEN,
        "back": reverse("reception:invoice", args=[invoice.number])
        if invoice
        else reverse("reception:patient", args=[patient.code]),
    }


def _page(
    request: ActorRequest,
    form: TypedForm,
    patient: Patient,
    *,
    invoice: Invoice | None = None,
    status: int | None = None,
) -> HttpResponse:
    context = _context(form, patient, invoice)
    wrong = form.is_bound and form.has_errors
    return render(request, "reception/invoice_type.html", context, status=status or (422 if wrong else 200))
