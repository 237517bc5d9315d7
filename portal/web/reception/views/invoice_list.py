"""The table of invoices: found, turned, summed up, and taken along as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.audit import trail
from portal.billing.models import Invoice, InvoiceStatus, SavedView
from portal.billing.models.invoice import Standing, balance_of, patient_of, psychologist_of, purpose_of, standing_of
from portal.billing.totals import totals_of
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.money import ZERO
from portal.common.text.spreadsheets import Cell, csv_file, xlsx_file
from portal.common.web.htmx import page_or_fragment
from portal.common.web.keyset import page_of
from portal.common.web.search_words import searched_by_post
from portal.patients.models import Patient
from portal.web.reception import mailing
from portal.web.reception.filters import Days, InvoiceFilter
from portal.web.reception.rows import DeskInvoiceRow
from portal.web.reception.tables import InvoiceTable

PER_PAGE = 25
_AT_ONCE = 2_000


class Quick(NamedTuple):
    """A filter that many ask for, one press away."""

    label: str
    query: str
    is_on: bool


def chosen_by(request: ActorRequest, *, now: datetime, asked: QueryDict | None = None) -> InvoiceFilter:
    """What an address asks for, its own unless it is another that is `asked` about, of what its reader may see."""
    return InvoiceFilter(
        request.GET if asked is None else asked,
        queryset=Invoice.objects.visible_to(request.actor),
        people=Patient.objects.visible_to(request.actor),
        today=ClinicSettings.current().today(now),
    )


def query_of(chosen: InvoiceFilter, *, order: str) -> str:
    """The filters and the order as a saved view keeps them, each written one way; empty where nothing is filtered.

    Words that somebody looked for are left out: they are mostly somebody's name.
    """
    asked = {}
    said = chosen.form.cleaned_data if chosen.form.is_valid() else {}
    # Days by their name stay so: they move on with the calendar.
    unsaid = {"q", "since", "until"} if said.get("days") else {"q"}
    for name, value in said.items():
        if value and name not in unsaid:
            asked[name] = str(getattr(value, "slug", None) or getattr(value, "code", None) or value)
    if asked and order != InvoiceTable.NEWEST_FIRST:
        asked["sort"] = order
    return urlencode(sorted(asked.items()))


@allow(Role.RECEPTION, Role.MANAGER)
@searched_by_post("q")
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    """The table of all invoices, found and turned by htmx; a million of them answer like ten thousand."""
    now = timezone.now()
    chosen = chosen_by(request, now=now)
    order = InvoiceTable.order_in(request.GET)
    page = page_of(
        chosen.rows,
        order=InvoiceTable.stored_order_in(request.GET),
        page=request.GET.get("page", ""),
        size=PER_PAGE,
        marker="number",
        among=Invoice.objects.visible_to(request.actor),
    )
    table = InvoiceTable(
        page,
        order=order,
        today=chosen.today,
        sent=mailing.sent_on([row.code for row in page.rows], by=request.actor, today=chosen.today),
        empty_text=_("Nothing fits. Try part of the number or the name, or take a filter away.")
        if chosen.narrows
        else _("An invoice is made when a session is checked out."),
    )
    here = query_of(chosen, order=order)
    views = [(view, view.query == here) for view in SavedView.objects.visible_to(request.actor)]
    context = {
        "views": views,
        "is_saved": any(is_on for _view, is_on in views),
        "view_query": here,
        "filter": chosen,
        "table": table,
        "page": page,
        "totals": totals_of(chosen.found, however_many=request.GET.get("count") == "all"),
        "quick": _quick(request),
        "file_query": _file_query(request),
        "count_query": _count_query(request),
    }
    return page_or_fragment(request, "reception/invoices.html", context, fragment="results")


def _quick(request: ActorRequest) -> list[Quick]:
    asked = [
        (_("All"), ""),
        (_("Owing"), f"standing={Standing.OWING}"),
        (_("Overdue"), f"standing={Standing.OVERDUE}"),
        *((str(days.label), f"days={days}") for days in Days),
    ]
    kept = request.GET.copy()
    for name in ("page", "sort", "count"):
        kept.pop(name, None)
    now = kept.urlencode()
    return [Quick(label, f"?{query}" if query else "?", query == now) for label, query in asked]


def _file_query(request: ActorRequest) -> str:
    """What the list's address asks for, for a file of all of it."""
    kept = request.GET.copy()
    for name in ("page", "count"):
        kept.pop(name, None)
    return f"?{kept.urlencode()}" if kept else ""


def _count_query(request: ActorRequest) -> str:
    """The list's address once more, with everything counted."""
    kept = request.GET.copy()
    kept["count"] = "all"
    return f"?{kept.urlencode()}"


# ---- As files --------------------------------------------------------------------------------------------------------

HEADER = (
    *("Invoice", "For", "Patient", "Billed to", "Psychologist", "Issued", "Due", "Status"),
    *("Total", "Taken off", "To pay", "Paid", "Owing"),
)


def _lines(chosen: InvoiceFilter, *, order: str) -> Iterator[list[Cell]]:
    sign = "-" if order.startswith("-") else ""
    rows = chosen.rows.order_by(order, f"{sign}pk")
    for row in rows.iterator(chunk_size=_AT_ONCE):
        yield _cells(row, today=chosen.today)


def _cells(row: DeskInvoiceRow, *, today: date) -> list[Cell]:
    return [
        row.number,
        purpose_of(row),
        patient_of(row),
        row.bill_to_name,
        psychologist_of(row),
        row.issued_on,
        row.due_on,
        str(standing_of(row, today=today).label),
        row.total,
        row.total - row.payable,
        # Of drafts and void ones nothing is to be paid: so the columns add up to what the page says.
        row.payable if row.status == InvoiceStatus.ISSUED else ZERO,
        row.paid,
        balance_of(row),
    ]


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def as_csv(request: ActorRequest) -> StreamingHttpResponse:
    """What the list shows, all of it, as CSV."""
    now = timezone.now()
    chosen = chosen_by(request, now=now)
    trail.record("invoices.downloaded", by=request.actor, at=now, format="csv")
    lines = _lines(chosen, order=InvoiceTable.stored_order_in(request.GET))
    return _file(csv_file(HEADER, lines), f"invoices-{chosen.today}.csv", "text/csv; charset=utf-8")


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def as_xlsx(request: ActorRequest) -> StreamingHttpResponse:
    """The same as a workbook."""
    now = timezone.now()
    chosen = chosen_by(request, now=now)
    trail.record("invoices.downloaded", by=request.actor, at=now, format="xlsx")
    lines = _lines(chosen, order=InvoiceTable.stored_order_in(request.GET))
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _file(xlsx_file("Invoices", HEADER, lines), f"invoices-{chosen.today}.xlsx", kind)


def _file(pieces: Iterator[bytes], name: str, kind: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(pieces, content_type=kind, headers=headers)
