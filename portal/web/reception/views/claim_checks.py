"""A Medicare invoice that the check finds something red on: held back at the desk, and let out with a reason."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.billing.models import Invoice
from portal.billing.refusals import ChangedMeanwhile, NotPayable
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import redirect_to
from portal.journeys import claim_checks
from portal.web.reception.claim_forms import OverrideForm


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def override(request: ActorRequest, number: str) -> HttpResponse:
    """Shows what is red on the invoice, asks why it is right all the same, and lets it out."""
    invoice, now = get_object_or_404(Invoice.objects.visible_to(request.actor), number=number), timezone.now()
    found = claim_checks.check(invoice, now=now)
    if found is None or found.is_ready:
        messages.info(request, _("Nothing holds this invoice back."))
        return redirect_to(request, "reception:invoice", number=invoice.number)
    form, status = OverrideForm(request.POST or None, initial={"seen": found.seen}), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                claim_checks.override(invoice=invoice, **form.cleaned_data, by=request.actor, now=now)
            except ChangedMeanwhile:
                words = _(
                    "Something else is found on this invoice than this page showed. Look it over, then send it again."
                )
                messages.warning(request, words)
                form, status = OverrideForm(initial={"seen": found.seen, "reason": form.cleaned_data["reason"]}), 409
            except NotPayable:
                messages.info(request, _("This invoice is void, or asks Medicare for nothing."))
                return redirect_to(request, "reception:invoice", number=invoice.number)
            else:
                messages.success(request, _("The invoice can be printed and sent. Your reason is kept with it."))
                return redirect_to(request, "reception:invoice", number=invoice.number)
    context = {"invoice": invoice, "check": found, "form": form}
    return render(request, "reception/claim_override.html", context, status=status)


def held_back(request: ActorRequest, invoice: Invoice, *, now: datetime) -> HttpResponse | None:
    """The answer to whoever prints or sends an invoice that is held back; None where nothing holds it."""
    if claim_checks.may_print(invoice, now=now):
        return None
    messages.error(
        request,
        _("This invoice was not printed or sent: Medicare would refuse it. Look at the check, and mend it or say why."),
    )
    return redirect_to(request, "reception:invoice", number=invoice.number)
