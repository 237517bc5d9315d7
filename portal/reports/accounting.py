"""The books as rows for an accounting program: Xero's import of sales invoices, and a plain list of all that moved.

docs/accounting.md says what the columns mean. Rows come one by one, however many there are; their sums are the books'.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

from portal.billing.models import Allocation, CreditNote, InvoiceStatus, Line, Payer, Payment
from portal.clinic.kept import psychologists
from portal.clinic.models import TaxCode
from portal.common.text.spreadsheets import Cell

_AT_ONCE = 2_000

XERO = (
    *("*ContactName", "EmailAddress", "POAddressLine1", "POCity", "PORegion", "POPostalCode", "POCountry"),
    *("*InvoiceNumber", "Reference", "*InvoiceDate", "*DueDate", "InventoryItemCode", "*Description", "*Quantity"),
    *("*UnitAmount", "Discount", "*AccountCode", "*TaxType", "TrackingName1", "TrackingOption1"),
    *("TrackingName2", "TrackingOption2", "Currency", "BrandingTheme"),
)
TAXED, UNTAXED = "GST on Income", "GST Free Income"

PLAIN = (
    *("Date", "Kind", "Number", "Invoice", "Billed to", "Psychologist", "Description", "Way of paying"),
    *("Before GST", "GST", "With GST", "Money"),
)


def xero_rows(first: date, last: date, *, account: str, named: bool) -> Iterator[list[Cell]]:
    """Each line of the invoices of these days, and each credit note as a document with a minus.

    Amounts are with GST: say "tax inclusive" as you import. Without `named`, no person's name leaves: the
    contact of what patients and their family are billed is "Patient" and the record's own code.
    Organisations are named.
    """
    lines = Line.objects.filter(invoice__status=InvoiceStatus.ISSUED, invoice__issued_on__range=(first, last)).order_by(
        "invoice__issued_on", "invoice_id", "position"
    )
    for line in lines.values(*_OF_LINES).iterator(chunk_size=_AT_ONCE):
        yield _xero(
            line,
            "invoice__",
            number=line["invoice__number"],
            reference="",
            days=(line["invoice__issued_on"], line["invoice__due_on"]),
            description=line["description"],
            amount=line["total"],
            taxed=line["tax_code"] == TaxCode.TAXABLE,
            account=account,
            named=named,
        )
    notes = CreditNote.objects.filter(issued_on__range=(first, last), invoice__status=InvoiceStatus.ISSUED).order_by(
        "issued_on", "pk"
    )
    for note in notes.values(*_OF_NOTES).iterator(chunk_size=_AT_ONCE):
        yield _xero(
            note,
            "invoice__",
            number=note["number"],
            reference=note["invoice__number"],
            days=(note["issued_on"], note["issued_on"]),
            description=note["line__description"],
            amount=-note["amount"],
            taxed=note["line__tax_code"] == TaxCode.TAXABLE,
            account=account,
            named=named,
        )


_BILLED_TO = ("bill_to_name", "bulk_billed", "payer__name", "payer__kind")
_OF_INVOICE = ("number", *_BILLED_TO, "patient__code", "psychologist")
_OF_LINES = (
    *("description", "total", "gst", "tax_code", "invoice__issued_on", "invoice__due_on"),
    *(f"invoice__{name}" for name in _OF_INVOICE),
)
_OF_NOTES = (
    *("number", "issued_on", "amount", "gst", "line__description", "line__tax_code"),
    *(f"invoice__{name}" for name in _OF_INVOICE),
)


def _whom(row: dict[str, Any], to_invoice: str, *, named: bool) -> str:
    if contact := _contact(row, to_invoice, named=named):
        return contact
    return f"Patient {str(row[f'{to_invoice}patient__code'])[:8]}"


def _contact(row: Mapping[str, Any], to_invoice: str, *, named: bool) -> str:
    """Whom an invoice is billed to, without for whose attention it is; empty for a person who isn't to be named."""
    billed_to, payer = (str(row[f"{to_invoice}{name}"] or "") for name in ("bill_to_name", "payer__name"))
    kind = row[f"{to_invoice}payer__kind"]
    is_person = not row[f"{to_invoice}bulk_billed"] and kind in (None, Payer.Kind.PERSON)
    return "" if is_person and not named else payer or billed_to


def _xero(
    row: dict[str, Any],
    to_invoice: str,
    *,
    number: str,
    reference: str,
    days: tuple[date, date],
    description: str,
    amount: Decimal,
    taxed: bool,
    account: str,
    named: bool,
) -> list[Cell]:
    # A note's own words name nobody; a line's are the service's.
    who = psychologists()[row[f"{to_invoice}psychologist"]].name
    blank: list[Cell] = [""]
    about: list[Cell] = [number, reference, *(f"{day:%d/%m/%Y}" for day in days), ""]
    money: list[Cell] = [description or "Session", 1, amount, "", account, TAXED if taxed else UNTAXED]
    return [
        _whom(row, to_invoice, named=named),
        *(blank * 6),
        *about,
        *money,
        *("Psychologist", who, "", "", "AUD", ""),
    ]


def plain_rows(first: date, last: date, *, named: bool) -> Iterator[list[Cell]]:
    """All that moved in these days: lines of invoices, credit notes, and money. Money stands in a column of its own."""
    lines = Line.objects.filter(invoice__status=InvoiceStatus.ISSUED, invoice__issued_on__range=(first, last))
    rows = lines.order_by("invoice__issued_on", "invoice_id", "position").values(*_OF_LINES)
    for row in rows.iterator(chunk_size=_AT_ONCE):
        yield _plain(row, row["invoice__issued_on"], "Invoice", row["invoice__number"], named=named)
    notes = CreditNote.objects.filter(issued_on__range=(first, last), invoice__status=InvoiceStatus.ISSUED)
    for row in notes.order_by("issued_on", "pk").values(*_OF_NOTES).iterator(chunk_size=_AT_ONCE):
        taken = row | {"description": row["line__description"], "total": -row["amount"], "gst": -row["gst"]}
        yield _plain(taken, row["issued_on"], "Credit note", row["number"], named=named)
    money = Payment.objects.filter(received_on__range=(first, last)).order_by("received_on", "pk")
    fields = ("received_on", "number", "method", "amount", "paid_by", "corrects", "patient__code")
    to_invoice = [f"invoice__{name}" for name in ("number", "psychologist", *_BILLED_TO)]
    settles = Allocation.objects.order_by("pk").values("payment_id", *to_invoice)
    found = money.select_related("patient").only(*fields).iterator(chunk_size=_AT_ONCE)
    while some := list(islice(found, _AT_ONCE)):
        for_what: defaultdict[int, list[Any]] = defaultdict(list)
        for row in settles.filter(payment__in=[payment.pk for payment in some]):
            for_what[row["payment_id"]].append(row)
        for payment in some:
            yield _money(payment, for_what[payment.pk], named=named)


def _money(payment: Payment, settles: list[dict[str, Any]], *, named: bool) -> list[Cell]:
    """Money that came or went back, for which invoices and whose work; what is corrected was no refund."""
    kind = "Correction" if payment.is_correction else "Refund" if payment.is_refund else "Payment"
    # Whoever is billed, unless somebody said that it is another's money.
    theirs = next((row for row in settles if payment.paid_by in (None, row["invoice__bill_to_name"])), None)
    contact = _contact(theirs, "invoice__", named=named) if theirs else payment.paid_by if named else ""
    whose = contact or (f"Patient {str(payment.patient.code)[:8]}" if payment.patient else "")
    numbers = dict.fromkeys(row["invoice__number"] for row in settles)
    work = dict.fromkeys(psychologists()[row["invoice__psychologist"]].name for row in settles)
    about: list[Cell] = [payment.received_on, kind, payment.number, "; ".join(numbers), whose, "; ".join(work), ""]
    return [*about, str(payment.get_method_display()), None, None, None, payment.amount]


def _plain(row: dict[str, Any], day: date, kind: str, number: str, *, named: bool) -> list[Cell]:
    return [
        *(day, kind, number, row["invoice__number"], _whom(row, "invoice__", named=named)),
        *(psychologists()[row["invoice__psychologist"]].name, row["description"], ""),
        *(row["total"] - row["gst"], row["gst"], row["total"], None),
    ]
