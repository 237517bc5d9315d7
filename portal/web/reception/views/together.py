"""Many of the listed invoices at once: chosen, then printed as one PDF, e-mailed or reminded of by the worker."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.billing.models import BulkRun, Dispatch, Invoice, InvoiceStatus
from portal.billing.models.invoice import badge_of
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.times import date_short
from portal.common.web.htmx import page_or_fragment
from portal.common.web.once import making, once
from portal.journeys import together
from portal.journeys.reminding import LeftOut
from portal.web.reception import mailing
from portal.web.reception.tables import InvoiceTable
from portal.web.reception.views.invoice_list import chosen_by


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: ActorRequest) -> HttpResponse:
    """What the list shows, ticked what never went out; whoever looks says which are meant, and what is to be done.

    Before anything is e-mailed it is asked how many are meant.
    """
    now = timezone.now()
    chosen = chosen_by(request, now=now)
    order = InvoiceTable.stored_order_in(request.GET)
    listed = chosen.rows.filter(status=InvoiceStatus.ISSUED).order_by(order, f"{'-' * order.startswith('-')}pk")
    status = 200
    if request.method == "POST":
        kind, numbers = request.POST.get("kind", ""), request.POST.getlist("invoice")[: together.MOST]
        numbers = [number for number in numbers if "\x00" not in number]
        visible = Invoice.objects.visible_to(request.actor).issued().filter(number__in=numbers)
        by_number = dict(visible.order_by().values_list("number", "pk"))
        ids = [by_number[number] for number in dict.fromkeys(numbers) if number in by_number]
        if ids and kind in (BulkRun.Kind.PRINT, BulkRun.Kind.SEND, BulkRun.Kind.REMIND):
            if kind != BulkRun.Kind.PRINT and request.POST.get("sure") != str(len(ids)):
                return _ask(request, kind, by_number, now=now)
            with making(request, now=now) as made:
                run = together.begin(kind=kind, invoices=ids, by=request.actor, now=now)
                made.leads_to("reception:bulk_run", code=run.code)
            return made.answer
        messages.error(request, _("Tick at least one invoice."))
        status = 422
    rows = list(listed[: together.MOST + 1])
    sent = mailing.sent_on([row.code for row in rows[: together.MOST]], by=request.actor, today=chosen.today)
    shown = [(row, sent.get(row.code, ""), badge_of(row, today=chosen.today)) for row in rows[: together.MOST]]
    context = {
        "rows": shown,
        "ticked": sum(not went for _row, went, _status in shown),
        "has_more": len(rows) > together.MOST,
        "most": together.MOST,
        "query": request.GET.urlencode(),
    }
    return render(request, "reception/together.html", context, status=status)


def _ask(request: ActorRequest, kind: str, meant: dict[str, int], *, now: datetime) -> HttpResponse:
    """How many would be e-mailed, and what of them is worth a second look."""
    today = ClinicSettings.current().today(now)
    found = Invoice.objects.visible_to(request.actor).issued().filter(pk__in=meant.values())
    codes = list(found.order_by().values_list("code", flat=True))
    context = {
        "kind": kind,
        "numbers": list(meant),
        "went": len(mailing.sent_on(codes, by=request.actor, today=today)),
        "settled": len(meant) - found.owing().count(),
        "query": request.GET.urlencode(),
    }
    return render(request, "reception/together_ask.html", context)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def run(request: ActorRequest, code: UUID) -> HttpResponse:
    """How far it is; asked again by itself until it is done."""
    found = get_object_or_404(
        BulkRun.objects.visible_to(request.actor).exclude(kind=BulkRun.Kind.ISSUE).defer("pdf"), code=code
    )
    held = Invoice.objects.visible_to(request.actor).filter(pk__in=found.held_back if found.finished_at else [])
    context = {"run": found, "held": list(held.order_by("number").values_list("number", flat=True))}
    if found.kind == BulkRun.Kind.REMIND and found.finished_at:
        reminded = Dispatch.objects.visible_to(request.actor).filter(run=found.code)
        context |= {
            "mailed": reminded.filter(what=Dispatch.What.REMINDED).count(),
            "printed": reminded.filter(what=Dispatch.What.LETTER).count(),
            "left_out": _left_out(request, found),
        }
    return page_or_fragment(request, "reception/bulk_run.html", context, fragment="progress")


def _left_out(request: ActorRequest, run: BulkRun) -> list[tuple[str, str]]:
    """The invoices of which nobody was reminded, by their numbers, and why."""
    ids = [pk for pk, _reason, _day in run.refused]
    numbers = dict(Invoice.objects.visible_to(request.actor).filter(pk__in=ids).order_by().values_list("pk", "number"))
    found = []
    for pk, reason, day in run.refused:
        match reason:
            case LeftOut.LATELY:
                words = _("Reminded on %(day)s: once in seven days is enough.")
                why = words % {"day": date_short(date.fromisoformat(day))}
            case LeftOut.HELD_BACK:
                why = _("Held back: Medicare would refuse it. Look at its check, and mend it or say why.")
            case LeftOut.HELD:
                why = _("Nobody is to be reminded: somebody said so.")
            case LeftOut.PLANNED:
                why = _("A payment plan is kept.")
            case _:
                why = _("Not overdue.")
        if pk in numbers:
            found.append((numbers[pk], why))
    return found


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_POST
def remind(request: ActorRequest, number: str) -> HttpResponse:
    """Has whoever is billed reminded of one invoice: by e-mail, or by a letter to print."""
    found, now = get_object_or_404(Invoice.objects.visible_to(request.actor).issued(), number=number), timezone.now()
    with making(request, now=now) as made:
        run = together.begin(kind=BulkRun.Kind.REMIND, invoices=[found.pk], by=request.actor, now=now)
        made.leads_to("reception:bulk_run", code=run.code)
    return made.answer


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def pdf(request: ActorRequest, code: UUID) -> HttpResponse:
    """All of them as one PDF."""
    found = get_object_or_404(BulkRun.objects.visible_to(request.actor), code=code)
    # Of letters that are still being drawn there are some already.
    if not found.pdf or not found.finished_at:
        raise Http404
    headers = {"Content-Disposition": 'inline; filename="invoices.pdf"'}
    return HttpResponse(found.pdf, content_type="application/pdf", headers=headers)
