"""A patient's lists, filled from named tuples: each is a stencil's rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol

from django.utils.safestring import SafeString

from portal.billing.models.invoice import (
    InvoiceRow,
    Standing,
    badge_of,
    balance_of,
    patient_of,
    psychologist_of,
    purpose_of,
)
from portal.common.languages.times import date_short
from portal.common.templatetags.portal import dollars
from portal.common.web.addresses import each
from portal.common.web.stencils import Stencil

_OWING = Stencil("patient/_owing_row.html", holes="page number purpose day balance")
_INVOICE = Stencil("patient/_invoice_row.html", holes="page number purpose day psychologist patient payable total pdf")


class ListedRow(InvoiceRow, Protocol):
    """An invoice `for_table`, and whose account its patient has, if any."""

    @property
    def patient__user_id(self) -> int | None: ...


def owing_rows(invoices: Iterable[InvoiceRow], *, today: date) -> SafeString:
    """Invoices `for_table` that are to be paid."""
    page = each("patient:invoice")
    badges = ((invoice, badge_of(invoice, today=today)) for invoice in invoices)
    return _OWING.rows(
        (
            {"status": badge, "is_overdue": badge == Standing.OVERDUE},
            (
                page(invoice.number),
                invoice.number,
                purpose_of(invoice),
                date_short(invoice.due_on),
                dollars(balance_of(invoice)),
            ),
        )
        for invoice, badge in badges
    )


def invoice_rows(invoices: Iterable[ListedRow], *, several: bool, today: date) -> SafeString:
    """Invoices `for_table`; where they are of `several` people, each says whose it is."""
    page, pdf = each("patient:invoice"), each("patient:invoice_pdf")
    return _INVOICE.rows(
        (
            {
                "status": badge_of(invoice, today=today),
                "several": several,
                "credited": invoice.payable != invoice.total,
            },
            (
                page(invoice.number),
                invoice.number,
                purpose_of(invoice),
                date_short(invoice.issued_on),
                psychologist_of(invoice),
                patient_of(invoice) if several else "",
                dollars(invoice.payable),
                dollars(invoice.total),
                pdf(invoice.number),
            ),
        )
        for invoice in invoices
    )
