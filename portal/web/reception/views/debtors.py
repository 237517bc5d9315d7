"""Who owes, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.audit import trail
from portal.billing.agreements import agreed_with
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.text.spreadsheets import Cell, csv_file, xlsx_file
from portal.reports import debtors as reports

AGES = (_("Not due yet"), _("1 to 30 days"), _("31 to 60"), _("61 to 90"), _("Over 90"))
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _today() -> date:
    return ClinicSettings.current().today(timezone.now())


def _page(request: ActorRequest) -> int:
    asked = request.GET.get("page", "")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def debtors(request: ActorRequest) -> HttpResponse:
    """By patient, or by whoever else is billed: what is owing, by its age."""
    by_payer, page, today = request.GET.get("by") == "payer", _page(request), _today()
    found = reports.debtors(request.actor, by_payer=by_payer, today=today, page=page)
    agreed = agreed_with([one.code for one in found.rows], by_payer=by_payer, today=today)
    context = {
        "found": found,
        "in_all": reports.in_all(request.actor),
        "rows": [(one, tuple(zip(AGES, one.ages, strict=True)), agreed.get(one.code)) for one in found.rows],
        "all_together": tuple(zip(AGES, found.all_together.ages, strict=True)),
        "heads": AGES,
        "by_payer": by_payer,
        "before": page - 1,
        "after": page + 1 if found.has_more else 0,
        "by": "payer" if by_payer else "patient",
    }
    return render(request, "reception/debtors.html", context)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def as_file(request: ActorRequest, kind: str) -> StreamingHttpResponse:
    """All of them, as CSV or as a workbook."""
    by_payer, today = request.GET.get("by") == "payer", _today()
    trail.record("debtors.downloaded", by=request.actor, format=kind)
    header = ["Payer" if by_payer else "Patient", "Invoices", "Oldest due", *map(str, AGES), "Together"]
    lines = _lines(request, by_payer=by_payer, today=today)
    pieces = xlsx_file("Debtors", header, lines) if kind == "xlsx" else csv_file(header, lines)
    return StreamingHttpResponse(
        pieces,
        content_type=_XLSX if kind == "xlsx" else "text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="debtors-{today}.{kind}"'},
    )


def _lines(request: ActorRequest, *, by_payer: bool, today: date) -> Iterator[list[Cell]]:
    for one in reports.every_debtor(request.actor, by_payer=by_payer, today=today):
        yield [one.name, one.count, one.oldest, *one.ages, one.total]
