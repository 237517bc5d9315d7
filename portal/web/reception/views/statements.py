"""Statements of account for a patient or a payer, at the desk."""

from __future__ import annotations

import uuid
from datetime import date
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.roles import Role
from portal.billing.models import Invoice, Payer
from portal.billing.models.invoice import InvoiceQuerySet
from portal.billing.statements import Statement, days_of_tax_year, statement_of, tax_year
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.forms.fields import DateField
from portal.common.web.htmx import redirect_to
from portal.journeys.mailing import reader_of_statement, send_statement
from portal.patients.models import Patient
from portal.patients.models.people import PatientQuerySet
from portal.web.reception import mailing
from portal.web.reception.forms import SendForm


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


class Account(NamedTuple):
    """Whose statement it is: their invoices, the money on their account, and what stands at its head."""

    whose: Patient | Payer
    kind: str
    invoices: InvoiceQuerySet
    accounts: PatientQuerySet | None
    name: str
    address: str


def _of_patient(request: ActorRequest, code: UUID) -> Account:
    visible = Patient.objects.visible_to(request.actor)
    patient = get_object_or_404(visible.select_related("user"), code=code)
    theirs = Invoice.objects.visible_to(request.actor).filter(patient=patient)
    own = theirs.filter(payer__isnull=True, bulk_billed=False)
    address = ", ".join(
        part for part in (patient.street, f"{patient.suburb} {patient.state} {patient.postcode}".strip()) if part
    )
    return Account(patient, "patient", own, visible.filter(pk=patient.pk), patient.legal_name, address)


def _of_payer(request: ActorRequest, code: UUID) -> Account:
    payer = get_object_or_404(Payer.objects.visible_to(request.actor), code=code)
    billed = Invoice.objects.visible_to(request.actor).filter(payer=payer)
    return Account(payer, "payer", billed, None, payer.bill_to, payer.address)


def _show(request: ActorRequest, account: Account) -> HttpResponse:
    today = ClinicSettings.current().today(timezone.now())
    form, statement = _asked(request, account.invoices, account.accounts, today=today)
    this = tax_year(today)
    reader = reader_of_statement(account.whose)
    context = {
        "form": form,
        "statement": statement,
        "name": account.name,
        "back": reverse(f"reception:{account.kind}", args=[account.whose.code]),
        "years": [days_of_tax_year(year) for year in (this, this - 1)],
        "address": reader.address if reader else "",
        "send": reverse(f"reception:send_{account.kind}_statement", args=[account.whose.code]),
        "key": uuid.uuid4(),
        "mailed": mailing.mailed_about(account.whose, by=request.actor, template="statement"),
        "zone": ClinicSettings.current().zone,
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "reception/statement.html", context, status=status)


def _draw(request: ActorRequest, account: Account) -> HttpResponse:
    from portal.billing.account_paper import statement_pdf  # it brings the PDF library, which is slow to load

    today = ClinicSettings.current().today(timezone.now())
    _form, statement = _asked(request, account.invoices, account.accounts, today=today)
    return HttpResponse(
        statement_pdf(statement, name=account.name, address=account.address, today=today),
        content_type="application/pdf",
        headers={"Content-Disposition": 'inline; filename="statement.pdf"'},
    )


def _send(request: ActorRequest, account: Account) -> HttpResponse:
    """Sends the statement of the days that the page showed, once for each page that asked."""
    now = timezone.now()
    today = ClinicSettings.current().today(now)
    days, sent = DaysForm(request.POST), SendForm(request.POST)
    if reader_of_statement(account.whose) is None:
        messages.error(request, _("No e-mail address is known. Add one, or print it."))
    elif days.is_valid() and sent.is_valid():
        said = days.cleaned_data
        statement = statement_of(
            account.invoices, since=said["since"], until=said["until"], accounts=account.accounts, today=today
        )
        address = send_statement(
            account.whose,
            statement,
            name=account.name,
            address=account.address,
            key=str(sent.cleaned_data["key"]),
            by=request.actor,
            today=today,
            now=now,
        )
        messages.success(request, _("The statement is on its way to %(address)s.") % {"address": address})
    query = urlencode({name: request.POST.get(name, "") for name in ("since", "until")})
    there = reverse(f"reception:{account.kind}_statement", args=[account.whose.code])
    return redirect_to(request, f"{there}?{query}")


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def of_patient(request: ActorRequest, code: UUID) -> HttpResponse:
    """What a patient was billed and paid between two days."""
    return _show(request, _of_patient(request, code))


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def of_patient_pdf(request: ActorRequest, code: UUID) -> HttpResponse:
    """The same on paper."""
    return _draw(request, _of_patient(request, code))


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def send_of_patient(request: ActorRequest, code: UUID) -> HttpResponse:
    """The same by e-mail."""
    return _send(request, _of_patient(request, code))


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def of_payer(request: ActorRequest, code: UUID) -> HttpResponse:
    """What a payer was billed and paid between two days."""
    return _show(request, _of_payer(request, code))


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def of_payer_pdf(request: ActorRequest, code: UUID) -> HttpResponse:
    """The same on paper."""
    return _draw(request, _of_payer(request, code))


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def send_of_payer(request: ActorRequest, code: UUID) -> HttpResponse:
    """The same by e-mail."""
    return _send(request, _of_payer(request, code))
