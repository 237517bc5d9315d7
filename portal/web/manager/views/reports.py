"""What the clinic earned, by whom and for whom; what is the tax office's; and files for whoever keeps the books."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.audit import trail
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.money import dollars
from portal.common.text.spreadsheets import csv_file
from portal.common.web.charts import Chart, bars
from portal.common.web.spans import Span, quarter_of
from portal.reports import accounting
from portal.reports.money import By, Figures, figures, gst_invoiced, gst_received

_GROUPS = {
    By.PSYCHOLOGIST: gettext_lazy("Psychologist"),
    By.SERVICE: gettext_lazy("Service"),
    By.PAYER: gettext_lazy("Payer"),
    By.MONTH: gettext_lazy("Month"),
}
_ACCOUNT = re.compile(r"[A-Za-z0-9./-]{1,10}")
_ON_THE_CHART = 12


def _span(request: HttpRequest) -> Span:
    return Span.read(request, today=ClinicSettings.current().today(timezone.now()))


@allow(Role.MANAGER)
@require_safe
def reports(request: ActorRequest) -> HttpResponse:
    """Income of some days by psychologist, service, payer or month: invoiced and received, side by side."""
    span = _span(request)
    asked = request.GET.get("by", "")
    by = By(asked) if asked in set(By) else By.PSYCHOLOGIST
    found = figures(span.first, span.last, by=by)
    context = {
        "span": span,
        "by": by,
        "groups": [(name.value, label, name == by) for name, label in _GROUPS.items()],
        "group": _GROUPS[by],
        "found": found,
        # Months in a row are seen at a glance; names and amounts are read in the table.
        "chart": _chart(found, span) if by == By.MONTH and len(found.rows) > 1 else None,
        "quarter": quarter_of(span.last),
    }
    return render(request, "manager/reports.html", context)


def _chart(found: Figures, span: Span) -> Chart:
    return bars(
        [(row.label, row.kept) for row in found.rows[-_ON_THE_CHART:]],
        title=_("Received, %(days)s") % {"days": span.words},
        summary=_("%(amount)s altogether.") % {"amount": dollars(found.together.kept)},
        label_heading=str(_GROUPS[By.MONTH]),
        value_heading=_("Received"),
        write=lambda amount: f"${round(amount):,}",
    )


@allow(Role.MANAGER)
@require_safe
def gst(request: ActorRequest) -> HttpResponse:
    """What the activity statement of a quarter asks of sales, on either basis."""
    span = _span(request)
    first, last = quarter_of(span.last)
    is_cash = request.GET.get("basis") != "invoiced"
    read = gst_received if is_cash else gst_invoiced
    before = quarter_of(first - timedelta(days=1))
    after = quarter_of(last + timedelta(days=1))
    context = {
        "first": first,
        "last": last,
        "is_cash": is_cash,
        "basis": "received" if is_cash else "invoiced",
        "found": read(first, last),
        "before": before[1],
        "after": after[1] if after[0] <= span.today else None,
        "is_open": last >= span.today,
        "clinic": ClinicSettings.current(),
    }
    return render(request, "manager/gst.html", context)


# ---- For the books ---------------------------------------------------------------------------------------------------


@allow(Role.MANAGER)
@require_safe
def xero(request: ActorRequest) -> StreamingHttpResponse:
    """Invoices and credit notes of some days, as Xero imports them."""
    span = _span(request)
    asked = request.GET.get("account", "")
    account = asked if _ACCOUNT.fullmatch(asked) else "200"
    rows = accounting.xero_rows(span.first, span.last, account=account, named=_named(request))
    return _file(request, span, "xero", csv_file(accounting.XERO, rows))


@allow(Role.MANAGER)
@require_safe
def plain(request: ActorRequest) -> StreamingHttpResponse:
    """All that moved in some days, as a plain list."""
    span = _span(request)
    rows = accounting.plain_rows(span.first, span.last, named=_named(request))
    return _file(request, span, "books", csv_file(accounting.PLAIN, rows))


def _named(request: HttpRequest) -> bool:
    return request.GET.get("names") == "yes"


def _file(request: ActorRequest, span: Span, kind: str, pieces: Iterator[bytes]) -> StreamingHttpResponse:
    trail.record("books.downloaded", by=request.actor, format=kind, first=span.first, last=span.last)
    name = f"{kind}-{span.first}-{span.last}.csv"
    return StreamingHttpResponse(
        pieces,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
