"""Statements of account for a patient or a payer, and receipts, at the desk."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.billing.models import Invoice, Payer, Payment
from portal.billing.models.invoice import InvoiceQuerySet
from portal.billing.statements import Statement, days_of_tax_year, statement_of, tax_year
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.forms.fields import DateField
from portal.patients.models import Patient
from portal.patients.models.people import PatientQuerySet


class DaysForm(forms.Form):
    """From which day to which."""

    since = DateField(label=gettext_lazy("From"), picker=True)
    until = DateField(label=gettext_lazy("Until"), picker=True)

    def clean(self) -> dict[str, date]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", ValidationError(_("This is before the first day."), code="backwards"))
        return data


def _asked(
    request: ActorRequest, invoices: InvoiceQuerySet, accounts: PatientQuerySet | None, *, today: date
) -> tuple[DaysForm, Statement]:
    """The form as it was sent, or of this tax year until today, and the statement of its days."""
    begins = {"since": days_of_tax_year(tax_year(today))[0], "until": today}
    is_sent = "since" in request.GET or "until" in request.GET
    form = DaysForm(request.GET if is_sent else None, initial=begins)
    said = form.cleaned_data if is_sent and form.is_valid() else begins
    return form, statement_of(invoices, since=said["since"], until=said["until"], accounts=accounts, today=today)


def _answer(
    request: ActorRequest,
    invoices: InvoiceQuerySet,
    *,
    accounts: PatientQuerySet | None = None,
    name: str,
    address: str,
    back: str,
    on_paper: bool,
) -> HttpResponse:
    today = ClinicSettings.current().today(timezone.now())
    form, statement = _asked(request, invoices, accounts, today=today)
    if on_paper:
        from portal.billing.account_paper import statement_pdf  # it brings the PDF library, which is slow to load

        return HttpResponse(
            statement_pdf(statement, name=name, address=address, today=today),
            content_type="application/pdf",
            headers={"Content-Disposition": 'inline; filename="statement.pdf"'},
        )
    this = tax_year(today)
    context = {
        "form": form,
        "statement": statement,
        "name": name,
        "back": back,
        "years": [days_of_tax_year(year) for year in (this, this - 1)],
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "reception/statement.html", context, status=status)


def _of_patient(request: ActorRequest, code: UUID, *, on_paper: bool) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.visible_to(request.actor), code=code)
    theirs = Invoice.objects.visible_to(request.actor).filter(patient=patient)
    own = theirs.filter(payer__isnull=True, bulk_billed=False)
    address = ", ".join(
        part for part in (patient.street, f"{patient.suburb} {patient.state} {patient.postcode}".strip()) if part
    )
    back = reverse("reception:patient", args=[patient.code])
    account = Patient.objects.visible_to(request.actor).filter(pk=patient.pk)
    return _answer(
        request, own, accounts=account, name=patient.legal_name, address=address, back=back, on_paper=on_paper
    )


def _of_payer(request: ActorRequest, code: UUID, *, on_paper: bool) -> HttpResponse:
    payer = get_object_or_404(Payer.objects.visible_to(request.actor), code=code)
    billed = Invoice.objects.visible_to(request.actor).filter(payer=payer)
    back = reverse("reception:payer", args=[payer.code])
    return _answer(request, billed, name=payer.bill_to, address=payer.address, back=back, on_paper=on_paper)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def of_patient(request: ActorRequest, code: UUID) -> HttpResponse:
    """What a patient was billed and paid between two days."""
    return _of_patient(request, code, on_paper=False)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def of_patient_pdf(request: ActorRequest, code: UUID) -> HttpResponse:
    return _of_patient(request, code, on_paper=True)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def of_payer(request: ActorRequest, code: UUID) -> HttpResponse:
    """What a payer was billed and paid between two days."""
    return _of_payer(request, code, on_paper=False)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def of_payer_pdf(request: ActorRequest, code: UUID) -> HttpResponse:
    return _of_payer(request, code, on_paper=True)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def receipt_pdf(request: ActorRequest, receipt: str) -> HttpResponse:
    """A payment as a receipt, shown in the browser to be printed."""
    from portal.billing.account_paper import receipt_pdf as drawn  # it brings the PDF library, which is slow to load

    payment = get_object_or_404(Payment, number=receipt)
    return HttpResponse(
        drawn(payment, among=Invoice.objects.visible_to(request.actor)),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{payment.number}.pdf"'},
    )
