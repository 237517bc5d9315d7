"""What a patient, or whoever cares for them, was billed and paid in a tax year, and receipts of what they paid."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.billing.models import Invoice, Payment
from portal.billing.models.invoice import InvoiceQuerySet
from portal.billing.statements import Statement, days_of_tax_year, statement_of, tax_year
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.patients.models import Patient

# The tax office may ask for five years back.
YEARS = 6


def _own(request: ActorRequest) -> InvoiceQuerySet:
    """Theirs to pay: what a payer or Medicare is billed is no cost of theirs."""
    return Invoice.objects.visible_to(request.actor).filter(payer__isnull=True, bulk_billed=False)


def _asked(request: ActorRequest) -> tuple[Statement, int, date]:
    today = ClinicSettings.current().today(timezone.now())
    this = tax_year(today)
    years = {str(year): year for year in range(this, this - YEARS, -1)}
    year = years.get(request.GET.get("year", str(this)))
    if year is None:
        raise Http404
    since, until = days_of_tax_year(year)
    own = Patient.objects.managed_by(request.actor.person)
    return statement_of(_own(request), since=since, until=until, accounts=own, today=today), year, today


@allow(Role.PATIENT)
@require_safe
def statement(request: ActorRequest) -> HttpResponse:
    """One tax year, this one unless another is asked for."""
    shown, year, today = _asked(request)
    context = {
        "statement": shown,
        "year": year,
        "before": year - 1 if year > tax_year(today) - YEARS + 1 else None,
        "after": year + 1 if year < tax_year(today) else None,
    }
    return render(request, "patient/statement.html", context)


@allow(Role.PATIENT)
@require_safe
def statement_pdf(request: ActorRequest) -> HttpResponse:
    """The same on paper, in English: a tax agent reads it."""
    from portal.billing.account_paper import statement_pdf as drawn  # it brings the PDF library, which is slow to load

    shown, _year, today = _asked(request)
    return HttpResponse(
        drawn(shown, name=request.actor.person.name, address="", today=today),
        content_type="application/pdf",
        headers={"Content-Disposition": 'inline; filename="statement.pdf"'},
    )


@allow(Role.PATIENT)
@require_safe
def receipt_pdf(request: ActorRequest, receipt: str) -> HttpResponse:
    """A receipt of something that they may see the invoice of."""
    from portal.billing.receipt_paper import receipt_pdf as drawn  # it brings the PDF library, which is slow to load

    among = _own(request)
    settles = Payment.objects.filter(allocations__invoice__in=among.order_by().values("pk"))
    own = Patient.objects.managed_by(request.actor.person)
    of_account = Payment.objects.filter(patient__in=own.order_by().values("pk"), allocations=None)
    payment = get_object_or_404((settles | of_account).distinct().select_related("taking"), number=receipt)
    patient = get_object_or_404(Patient, payments=payment)
    return HttpResponse(
        drawn([payment], patient=patient, among=among),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{payment.number}.pdf"'},
    )
