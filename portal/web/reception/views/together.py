"""Many of the listed invoices at once: chosen, then printed as one PDF or e-mailed by the worker."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.roles import Role
from portal.billing.models import BulkRun, Invoice, InvoiceStatus
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import page_or_fragment
from portal.common.web.once import making, once
from portal.journeys import together
from portal.web.reception.tables import InvoiceTable
from portal.web.reception.views.invoice_list import chosen_by


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: ActorRequest) -> HttpResponse:
    """What the list shows, each ticked; whoever looks takes some away, and says what is to be done with the rest."""
    now = timezone.now()
    chosen = chosen_by(request, now=now)
    order = InvoiceTable.order_in(request.GET)
    listed = chosen.found.filter(status=InvoiceStatus.ISSUED).order_by(order, f"{'-' * order.startswith('-')}pk")
    status = 200
    if request.method == "POST":
        kind, numbers = request.POST.get("kind", ""), request.POST.getlist("invoice")[: together.MOST]
        numbers = [number for number in numbers if "\x00" not in number]
        visible = Invoice.objects.visible_to(request.actor).issued().filter(number__in=numbers)
        by_number = dict(visible.order_by().values_list("number", "pk"))
        ids = [by_number[number] for number in dict.fromkeys(numbers) if number in by_number]
        if ids and kind in (BulkRun.Kind.PRINT, BulkRun.Kind.SEND):
            with making(request, now=now) as made:
                run = together.begin(kind=kind, invoices=ids, by=request.actor, now=now)
                made.leads_to("reception:bulk_run", code=run.code)
            return made.answer
        messages.error(request, _("Tick at least one invoice."))
        status = 422
    rows = list(listed.for_table()[: together.MOST + 1])
    context = {
        "rows": rows[: together.MOST],
        "has_more": len(rows) > together.MOST,
        "most": together.MOST,
        "query": request.GET.urlencode(),
    }
    return render(request, "reception/together.html", context, status=status)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def run(request: ActorRequest, code: UUID) -> HttpResponse:
    """How far it is; asked again by itself until it is done."""
    found = get_object_or_404(
        BulkRun.objects.visible_to(request.actor).exclude(kind=BulkRun.Kind.ISSUE).defer("pdf"), code=code
    )
    held = Invoice.objects.visible_to(request.actor).filter(pk__in=found.held_back if found.finished_at else [])
    context = {"run": found, "held": list(held.order_by("number").values_list("number", flat=True))}
    return page_or_fragment(request, "reception/bulk_run.html", context, fragment="progress")


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def pdf(request: ActorRequest, code: UUID) -> HttpResponse:
    """All of them as one PDF."""
    found = get_object_or_404(BulkRun.objects.visible_to(request.actor), code=code)
    if not found.pdf:
        raise Http404
    headers = {"Content-Disposition": 'inline; filename="invoices.pdf"'}
    return HttpResponse(found.pdf, content_type="application/pdf", headers=headers)
