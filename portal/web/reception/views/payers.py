"""The register of those who pay for others, and who of them pays for which patient."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.agreements import agreed_on
from portal.billing.models import Invoice, PatientPayer, Payer
from portal.billing.payer_forms import LinkForm, NewLinkForm, PayerForm, PayerSearch
from portal.billing.refusals import BilledWithItems, PaysAlready
from portal.billing.snapshot import spaced_abn
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.money import ZERO
from portal.common.web.htmx import page_or_fragment
from portal.common.web.once import making, once
from portal.common.web.search_words import searched_by_post
from portal.patients.models import Patient
from portal.web.reception.tables import PayerTable

PER_PAGE = 50
# What a payer's page lists of each kind, the newest first.
SHOWN = 20
MOST_PEOPLE = 200
# Of bills that stand in the way of a change.
NAMED = 3


def _payer(request: ActorRequest, code: UUID) -> Payer:
    return get_object_or_404(Payer.objects.visible_to(request.actor), code=code)


@allow(Role.RECEPTION, Role.MANAGER)
@searched_by_post("q")
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    """All of them, with what each owes; those out of use come last."""
    text = PayerSearch(request.GET).text
    payers = Payer.objects.visible_to(request.actor)
    if text:
        payers = payers.filter(Q(name__icontains=text) | Q(contact__icontains=text) | Q(email__icontains=text))
    owing = Invoice.objects.owing().filter(payer=OuterRef("pk")).order_by().values("payer")
    rows = payers.annotate(
        owes=Coalesce(Subquery(owing.annotate(left=Sum(F("payable") - F("paid"))).values("left")), ZERO),
        people=Count("patients", filter=Q(patients__ended_at__isnull=True)),
    ).order_by(F("retired_at").asc(nulls_first=True), "name", "pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {"table": PayerTable(page.object_list), "page": page, "q": text}
    return page_or_fragment(request, "reception/payers.html", context, fragment="results")


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: ActorRequest) -> HttpResponse:
    form, now = PayerForm(request.POST if request.method == "POST" else None), timezone.now()
    if request.method == "POST" and form.is_valid():
        with making(request, now=now) as made:
            payer = actions.add_payer(values=form.values, by=request.actor, now=now)
            made.leads_to("reception:payer", code=payer.code)
        messages.success(request, _("%(name)s is in the register.") % {"name": payer.name})
        _say_warnings(request, form)
        return made.answer
    status = 422 if request.method == "POST" else 200
    return render(request, "reception/payer_edit.html", {"form": form}, status=status)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def detail(request: ActorRequest, code: UUID) -> HttpResponse:
    """Who they are, for whom they pay, and what they were billed."""
    payer, today = _payer(request, code), ClinicSettings.current().today(timezone.now())
    billed = Invoice.objects.visible_to(request.actor).filter(payer=payer)
    links = payer.patients.filter(ended_at__isnull=True).select_related("patient").prefetch_related("services")
    shown = list(billed.for_listing()[: SHOWN + 1])
    context = {
        "payer": payer,
        "abn": spaced_abn(payer.abn),
        "links": links[:MOST_PEOPLE],
        "invoices": [(invoice, invoice.badge(today=today)) for invoice in shown[:SHOWN]],
        "more_invoices": len(shown) > SHOWN,
        "agreed": agreed_on(payer, today=today),
        "owes": billed.owing().aggregate(left=Sum(F("payable") - F("paid")))["left"] or ZERO,
    }
    return render(request, "reception/payer.html", context)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, code: UUID) -> HttpResponse:
    payer = _payer(request, code)
    form = PayerForm(request.POST if request.method == "POST" else None, instance=payer)
    save = partial(actions.update_payer, payer=payer, by=request.actor, now=timezone.now())
    try:
        if request.method == "POST" and form.is_valid() and form.saves(save):
            messages.success(request, _("The changes are saved. Bills that were issued keep what they printed."))
            _say_warnings(request, form)
            return redirect("reception:payer", code=payer.code)
    except BilledWithItems as refused:
        form.add_error("kind", _has_items(refused.invoices))
    status = 422 if request.method == "POST" else 200
    return render(request, "reception/payer_edit.html", {"form": form, "payer": payer}, status=status)


def _has_items(bills: list[Invoice]) -> str:
    """Why somebody stays one of the family, and what to do instead."""
    numbers = ", ".join(bill.number for bill in bills[:NAMED]) + (", …" if len(bills) > NAMED else "")
    words = ngettext(
        "A bill of theirs has a Medicare item (%(numbers)s), and only family is billed one. Add them a second time, as "
        "what they are, and stop using this one.",
        "%(count)s bills of theirs have Medicare items (%(numbers)s), and only family is billed one. Add them a second "
        "time, as what they are, and stop using this one.",
        len(bills),
    )
    return words % {"count": len(bills), "numbers": numbers}


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def retire(request: ActorRequest, code: UUID) -> HttpResponse:
    payer = _payer(request, code)
    actions.retire_payer(payer=payer, by=request.actor, now=timezone.now())
    words = _("%(name)s is offered for no new bill. What they were billed is still theirs to pay.")
    messages.success(request, words % {"name": payer.name})
    return redirect("reception:payer", code=payer.code)


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def restore(request: ActorRequest, code: UUID) -> HttpResponse:
    payer = _payer(request, code)
    actions.restore_payer(payer=payer, by=request.actor, now=timezone.now())
    messages.success(request, _("%(name)s is in use again.") % {"name": payer.name})
    return redirect("reception:payer", code=payer.code)


def _say_warnings(request: ActorRequest, form: PayerForm) -> None:
    for field, words in form.warnings:
        messages.warning(request, f"{form.fields[field].label}: {words}")


# ---- For whom they pay -----------------------------------------------------------------------------------------------


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: ActorRequest, code: UUID) -> HttpResponse:
    """Somebody of the register pays for this patient: for what, and under which numbers."""
    patient, now = get_object_or_404(Patient.objects.visible_to(request.actor), code=code), timezone.now()
    form = NewLinkForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        values = form.values
        payer = values.pop("payer")
        try:
            with making(request, now=now) as made:
                actions.let_pay(patient=patient, payer=payer, values=values, by=request.actor, now=now)
                made.leads_to("reception:patient", code=patient.code)
        except PaysAlready:
            form.add_error("payer", _("They pay for this patient already: change that on the patient's page."))
        else:
            messages.success(request, _("%(name)s pays for them now.") % {"name": payer.name})
            return made.answer
    context = {"form": form, "patient": patient, "nobody": not Payer.objects.in_use().exists()}
    return render(request, "reception/patient_payer.html", context, status=422 if request.method == "POST" else 200)


def _link(request: ActorRequest, code: UUID) -> PatientPayer:
    """One that was not ended; of an ended one nothing can be changed."""
    found = PatientPayer.objects.filter(patient__in=Patient.objects.visible_to(request.actor))
    return get_object_or_404(found.select_related("patient", "payer"), code=code)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def change_link(request: ActorRequest, code: UUID) -> HttpResponse:
    link = _link(request, code)
    if link.ended_at is not None:
        messages.info(request, _("That was ended before."))
        return redirect("reception:patient", code=link.patient.code)
    form = LinkForm(request.POST if request.method == "POST" else None, instance=link)
    save = partial(actions.change_link, link=link, by=request.actor, now=timezone.now())
    if request.method == "POST" and form.is_valid() and form.saves(save):
        messages.success(request, _("The changes are saved. Bills that were issued keep what they printed."))
        return redirect("reception:patient", code=link.patient.code)
    context = {"form": form, "patient": link.patient, "link": link}
    return render(request, "reception/patient_payer.html", context, status=422 if request.method == "POST" else 200)


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def end_link(request: ActorRequest, code: UUID) -> HttpResponse:
    link = _link(request, code)
    if link.ended_at is not None:
        messages.info(request, _("That was ended before."))
    else:
        actions.end_link(link=link, by=request.actor, now=timezone.now())
        messages.success(request, _("%(name)s pays for them no longer.") % {"name": link.payer.name})
    return redirect("reception:patient", code=link.patient.code)
