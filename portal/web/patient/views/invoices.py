"""A patient's invoices: their own, those of people they care for, and those billed to them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.billing import transfers
from portal.billing.agreements import plans_of
from portal.billing.held_money import held_money
from portal.billing.models import AssignmentOfBenefit, CreditNote, Invoice, PaymentPlan
from portal.billing.models.invoice import balance_of
from portal.billing.models.online import attempt_of
from portal.billing.movements import movements_of, surplus_of
from portal.billing.online.client import is_demo, is_on
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.money import ZERO
from portal.common.web import polling
from portal.common.web.htmx import page_or_fragment
from portal.journeys import claim_checks
from portal.patients.models import Patient
from portal.web.patient.lists import badge_for_patients, invoice_rows, listed, owing_rows

PER_PAGE = 20


def _invoice(request: ActorRequest, number: str) -> Invoice:
    return get_object_or_404(
        Invoice.objects.visible_to(request.actor).select_related(
            "patient", "psychologist__user", "location", "appointment__series"
        ),
        number=number,
    )


@allow(Role.PATIENT)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    """Newest first, what is to be paid above them."""
    now = timezone.now()
    today = ClinicSettings.current().today(now)
    visible = Invoice.objects.visible_to(request.actor)
    owing = list(listed(visible.owed_by_patients()).order_by("due_on", "pk"))
    page = Paginator(listed(visible).order_by("-issued_on", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    people = Patient.objects.managed_by(request.actor.person)
    several = any(invoice.patient__user_id != request.user.pk for invoice in page)
    context = {
        "owing": owing_rows(owing, today=today),
        "owed": sum((balance_of(invoice) for invoice in owing), start=ZERO),
        "plans": plans_of(PaymentPlan.objects.visible_to(request.actor).standing(), today=today),
        "held": held_money(list(people), now=now),
        "page": page,
        "invoices": invoice_rows(page, several=several, today=today),
        "online": is_on(),
    }
    return page_or_fragment(request, "patient/invoices.html", context, fragment="all")


@allow(Role.PATIENT)
@require_safe
def detail(request: ActorRequest, number: str) -> HttpResponse:
    """One invoice. Back from paying it online, the page asks by itself until the money is here."""
    invoice, clinic, now = _invoice(request, number), ClinicSettings.current(), timezone.now()
    attempt = attempt_of(invoice, request.GET.get("paying", ""))
    waits_for = attempt is not None and attempt.is_waited_for(now=now)
    known = polling.fingerprint(request, invoice.seen_as, attempt and (attempt.status, attempt.odd), waits_for)
    if polling.is_poll(request) and polling.still_shows(request, known):
        return polling.not_modified(known)
    context: dict[str, Any] = {
        "invoice": invoice,
        "attempt": attempt,
        "waits_for": waits_for,
        "known": known,
        "goes_back": attempt.goes_back if attempt else ZERO,
        "stopped": "stopped" in request.GET,
        "begun": invoice.attempts.open().exists(),
        "online": is_on(),
        "pay_url": reverse("patient:pay", args=[invoice.number]),
        "online_demo": is_demo(),
        "badge": badge_for_patients(invoice, invoice.payer_id, today=clinic.today(now)),
        "lines": invoice.lines.all(),
        "movements": movements_of(invoice),
        "surplus": surplus_of(invoice),
        "notes": invoice.credit_notes.all(),
        "assignment": AssignmentOfBenefit.objects.filter(claim__line__invoice=invoice).first()
        if invoice.bulk_billed
        else None,
        "pay_to": None if invoice.payer_id else transfers.pay_to(invoice, clinic=clinic),
    }
    return page_or_fragment(request, "patient/invoice.html", context, fragment="bill")


@allow(Role.PATIENT)
@require_safe
def assignment_pdf(request: ActorRequest, code: UUID) -> HttpResponse:
    """One's copy of the agreement by which Medicare pays the clinic."""
    from portal.billing.assignment_paper import assignment_pdf  # it brings the PDF library, which is slow to load

    found = get_object_or_404(AssignmentOfBenefit.objects.visible_to(request.actor), code=code)
    return HttpResponse(
        assignment_pdf(found),
        content_type="application/pdf",
        headers={"Content-Disposition": 'inline; filename="assignment-of-benefit.pdf"'},
    )


@allow(Role.PATIENT)
@require_safe
def pdf(request: ActorRequest, number: str) -> HttpResponse:
    from portal.billing import paper  # it brings the PDF library, which is slow to load

    invoice, now = get_object_or_404(Invoice.objects.visible_to(request.actor), number=number), timezone.now()
    if not claim_checks.may_print(invoice, now=now):
        messages.info(request, _("We are still checking this invoice. You can download it once that is done."))
        return redirect("patient:invoice", number=invoice.number)
    return HttpResponse(
        paper.invoice_pdf(invoice, now=now),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{paper.filename(invoice)}"'},
    )


@allow(Role.PATIENT)
@require_safe
def credit_pdf(request: ActorRequest, number: str, note: str) -> HttpResponse:
    """What was taken off an invoice, as a note to keep."""
    from portal.billing import paper  # it brings the PDF library, which is slow to load

    found = get_object_or_404(
        CreditNote.objects.visible_to(request.actor).select_related("invoice"), invoice__number=number, number=note
    )
    return HttpResponse(
        paper.credit_note_pdf(found),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{paper.filename(found)}"'},
    )
