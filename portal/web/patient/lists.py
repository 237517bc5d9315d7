"""A patient's lists, filled from named tuples: each is a stencil's rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple, Protocol, cast

from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.appointments.models.appointment import which_of
from portal.billing.models import Invoice
from portal.billing.models.invoice import (
    Billed,
    InvoiceQuerySet,
    InvoiceRow,
    Purpose,
    Standing,
    badge_of,
    balance_of,
    patient_of,
    psychologist_of,
    purpose_of,
)
from portal.clinic import kept
from portal.common.access.actors import Actor
from portal.common.database.compiled import compiled
from portal.common.languages.times import date_short
from portal.common.money import ZERO
from portal.common.templatetags.portal import dollars
from portal.common.web.addresses import each
from portal.common.web.stencils import Stencil
from portal.website.templatetags.texts import line_as_typed
from portal.website.texts import OWN_LANGUAGE, Texts

_OWING = Stencil("patient/_owing_row.html", holes="page number purpose day balance")
_INVOICE = Stencil(
    "patient/_invoice_row.html", holes="page number purpose day psychologist patient payable total left pdf"
)


class ListedRow(InvoiceRow, Protocol):
    """An invoice as `listed` reads it: what it is for, and whose account its patient has, if any."""

    @property
    def first_line(self) -> str | None: ...
    @property
    def payer(self) -> int | None: ...
    @property
    def appointment__service(self) -> int | None: ...
    @property
    def appointment__position(self) -> int | None: ...
    @property
    def appointment__series__sessions(self) -> int | None: ...
    @property
    def patient__user_id(self) -> int | None: ...


def listed(invoices: InvoiceQuerySet) -> QuerySet[Invoice, ListedRow]:
    """Invoices as the rows below are made of."""
    rows = invoices.with_first_line().for_table(
        "first_line",
        "payer",
        "appointment__service",
        "appointment__position",
        "appointment__series__sessions",
        "patient__user_id",
    )
    return cast("QuerySet[Invoice, ListedRow]", rows)


def what_for(row: ListedRow, texts: Texts) -> str:
    """What an invoice asks money for: the session by name, anything else by its kind; and which of a series it is.

    The name is the one that the invoice itself prints, or the service's in the reader's language if the clinic gave
    it one.
    """
    which = which_of(row.appointment__position, row.appointment__series__sessions)
    return format_html("{} · {}", _named(row, texts), which) if which else _named(row, texts)


def _named(row: ListedRow, texts: Texts) -> str:
    if row.purpose not in (Purpose.SESSION, Purpose.OTHER) or not row.first_line:
        return purpose_of(row)
    service = kept.services().get(row.appointment__service or 0)
    if service is not None and texts.language != OWN_LANGUAGE and not (own := texts.name_of(service)).lang:
        return own.text
    return line_as_typed(row.first_line)


def _left(row: ListedRow) -> Decimal:
    """What of it is left for the patient, or whoever cares for them, to pay: nothing that a payer or Medicare is."""
    return ZERO if row.payer or row.bulk_billed else balance_of(row)


def badge_for_patients(invoice: Billed, payer: int | None, *, today: date) -> str:
    """The state as a patient reads it: what somebody else owes is no debt of theirs."""
    badge = badge_of(invoice, today=today)
    return "elsewhere" if payer and badge in {"due", "part_paid", "overdue"} else badge


class SessionBill(NamedTuple):
    """One invoice as the page of its session says it; dollars."""

    number: str
    purpose: str
    what_for: str
    badge: str
    payable: Decimal
    balance: Decimal


def session_bills(invoices: Iterable[ListedRow], *, today: date) -> list[SessionBill]:
    """What was asked for about one session."""
    texts = Texts()
    return [
        SessionBill(
            invoice.number,
            invoice.purpose,
            what_for(invoice, texts),
            badge_for_patients(invoice, invoice.payer, today=today),
            invoice.payable,
            _left(invoice),
        )
        for invoice in invoices
    ]


class Owed(NamedTuple):
    """What somebody has to pay: all of it in dollars, its first rows, and the number where it is one invoice."""

    sum: Decimal
    rows: SafeString
    number: str


# The home page names as many; the page of invoices has all.
FIRST_OWED = 3


def owed(actor: Actor, *, today: date) -> Owed | None:
    """What is to be paid by somebody, the oldest first; None where nothing is. One query."""
    owing = _owing(actor.person.pk, actor.role)
    if not owing:
        return None
    total = sum((balance_of(invoice) for invoice in owing), start=ZERO)
    rows = owing_rows(owing[:FIRST_OWED], today=today)
    return Owed(total, rows, owing[0].number if len(owing) == 1 else "")


@compiled
def _owing(account: int, role: str) -> QuerySet[Invoice, ListedRow]:
    own = Invoice.objects.visible_to(Actor.known_by(account, role))
    return listed(own.owed_by_patients()).order_by("due_on", "pk")


def owing_rows(invoices: Iterable[ListedRow], *, today: date) -> SafeString:
    """Invoices that are to be paid."""
    page = each("patient:invoice")
    badges = ((invoice, badge_of(invoice, today=today)) for invoice in invoices)
    texts = Texts()
    return _OWING.rows(
        (
            {"status": badge, "is_overdue": badge == Standing.OVERDUE},
            (
                page(invoice.number),
                invoice.number,
                what_for(invoice, texts),
                date_short(invoice.due_on),
                dollars(balance_of(invoice)),
            ),
        )
        for invoice, badge in badges
    )


def invoice_rows(invoices: Iterable[ListedRow], *, several: bool, today: date) -> SafeString:
    """Invoices; where they are of `several` people, each says whose it is."""
    page, pdf = each("patient:invoice"), each("patient:invoice_pdf")
    texts = Texts()
    return _INVOICE.rows(
        (
            {
                "status": badge_for_patients(invoice, invoice.payer, today=today),
                "several": several,
                "credited": invoice.payable != invoice.total,
                "part_paid": bool(invoice.paid and _left(invoice)),
            },
            (
                page(invoice.number),
                invoice.number,
                what_for(invoice, texts),
                date_short(invoice.issued_on),
                psychologist_of(invoice),
                patient_of(invoice) if several else "",
                dollars(invoice.payable),
                dollars(invoice.total),
                dollars(_left(invoice)),
                pdf(invoice.number),
            ),
        )
        for invoice in invoices
    )
