"""What came of the clinic's work in a span of days: invoiced, received, and what is Medicare's or the tax office's.

Two ways of looking, never mixed: what was invoiced counts on the day of its invoice, less what credit notes of these
days took off; what was received counts on the day that money came or went back. Each is exact to the cent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Least, TruncMonth
from django.utils.translation import gettext as _

from portal.billing.models import Allocation, CreditNote, Invoice, InvoiceStatus, Payment, Purpose, Waiver
from portal.clinic.kept import psychologists, services
from portal.common.money import ZERO, cents
from portal.common.text.normalise import full_name


class By(StrEnum):
    """What figures are grouped by."""

    PSYCHOLOGIST = "psychologist"
    SERVICE = "service"
    PAYER = "payer"
    MONTH = "month"


SUMS = ("invoiced", "credited", "gst", "rebate", "received", "refunded")


@dataclass(slots=True)
class Row:
    """One group's figures, in dollars; what went back has a minus."""

    label: str
    invoiced: Decimal = ZERO
    credited: Decimal = ZERO
    gst: Decimal = ZERO
    rebate: Decimal = ZERO
    received: Decimal = ZERO
    refunded: Decimal = ZERO

    @property
    def earned(self) -> Decimal:
        """What was invoiced, less what was taken off."""
        return self.invoiced - self.credited

    @property
    def gap(self) -> Decimal:
        """What of it patients pay themselves, after what Medicare is expected to pay back."""
        return self.earned - self.rebate

    @property
    def kept(self) -> Decimal:
        """What came, less what went back."""
        return self.received + self.refunded


@dataclass(frozen=True)
class Figures:
    """The groups, and all of them together; how many fees were waived."""

    rows: list[Row] = field(default_factory=list)
    together: Row = field(default_factory=lambda: Row(""))
    waived: int = 0


# What tells the group of an invoice.
_KEYS: dict[By, tuple[str, ...]] = {
    By.PSYCHOLOGIST: ("psychologist",),
    By.SERVICE: ("appointment__service", "purpose"),
    By.PAYER: ("bill_to_name", "patient__legal_first_name", "patient__legal_last_name"),
}


def figures(first: date, last: date, *, by: By) -> Figures:
    """What was invoiced and received from the first day to the last; as many statements however much it was."""
    days, rows = (first, last), dict[Any, Row]()
    # What puts right what was written down counts where that did: nobody got money back by it.
    side = Coalesce(F("payment__corrects__amount"), F("payment__amount"))
    came, went = Q(side__gt=0), Q(side__lt=0)
    sources: list[tuple[QuerySet[Any], str, str, dict[str, Any]]] = [
        (
            Invoice.objects.issued().filter(issued_on__range=days),
            "",
            "issued_on",
            {"invoiced": Sum("total"), "gst": Sum("gst"), "rebate": Sum(Least(F("rebate"), F("payable")))},
        ),
        (
            CreditNote.objects.filter(issued_on__range=days, invoice__status=InvoiceStatus.ISSUED),
            "invoice__",
            "issued_on",
            {"credited": Sum("amount"), "less_gst": Sum("gst")},
        ),
        (
            Allocation.objects.filter(payment__received_on__range=days).annotate(side=side),
            "invoice__",
            "payment__received_on",
            {"received": Sum("amount", filter=came), "refunded": Sum("amount", filter=went)},
        ),
    ]
    for found, to_invoice, day, sums in sources:
        keys = _keys(by, to_invoice, day)
        if by == By.PAYER and "received" in sums:
            # Whose money it was; of rows from before that was asked, whoever is billed.
            keys["key_0"] = Coalesce(F("payment__paid_by"), keys["key_0"])
        for one in found.order_by().values(**keys).annotate(**{f"sum_{name}": sums[name] for name in sums}):
            label = _label(by, [one[key] for key in keys])
            row = rows.setdefault(label, Row(label[-1]))
            for name in sums:
                amount = cents(one[f"sum_{name}"] or ZERO)
                if name == "less_gst":
                    row.gst -= amount
                else:
                    setattr(row, name, getattr(row, name) + amount)
    _add_unused(rows, days, by=by)
    ordered = [rows[key] for key in sorted(rows)] if by == By.MONTH else sorted(rows.values(), key=_most_first)
    together = Row(_("Together"))
    for row in ordered:
        for name in SUMS:
            setattr(together, name, getattr(together, name) + getattr(row, name))
    waived = Waiver.objects.in_force().filter(waived_at__date__range=days).count()
    return Figures(ordered, together, waived)


def _keys(by: By, to_invoice: str, day: str) -> dict[str, Any]:
    if by == By.MONTH:
        return {"key_month": TruncMonth(day)}
    return {f"key_{n}": F(f"{to_invoice}{name}") for n, name in enumerate(_KEYS[by])}


def _label(by: By, values: list[Any]) -> tuple[str, ...]:
    """What tells the group apart and sorts it, its name last."""
    match by:
        case By.MONTH:
            return (values[0].isoformat(), f"{values[0]:%b %Y}")
        case By.PSYCHOLOGIST:
            return (str(values[0]), psychologists()[values[0]].name)
        case By.SERVICE:
            service, purpose = values
            if purpose != Purpose.SESSION or service is None:
                return ("", str(Purpose(purpose).label))
            return (str(service), services()[service].name)
    name, first_name, last_name = values
    return ("",) if name == full_name(first_name, last_name) else ("", name)


def _add_unused(rows: dict[Any, Row], days: tuple[date, date], *, by: By) -> None:
    """What of the money is for no invoice yet: it came all the same."""
    money = Payment.objects.filter(received_on__range=days).order_by()
    money = money.annotate(side=Coalesce(F("corrects__amount"), F("amount")))
    used = Allocation.objects.filter(payment__received_on__range=days).order_by()
    used = used.annotate(side=Coalesce(F("payment__corrects__amount"), F("payment__amount")))
    keys = {"month": TruncMonth("received_on")} if by == By.MONTH else {}
    of_used = {"month": TruncMonth("payment__received_on")} if by == By.MONTH else {}
    for sign, name in ((1, "received"), (-1, "refunded")):
        is_of_sign = {"side__gt" if sign > 0 else "side__lt": 0}
        whole = _by_month(money.filter(**is_of_sign), keys)
        there = _by_month(used.filter(**is_of_sign), of_used)
        for month, amount in whole.items():
            left = amount - there.get(month, ZERO)
            if not left:
                continue
            label = _label(By.MONTH, [month]) if month else ("~", _("Paid, and for no invoice yet"))
            row = rows.setdefault(label, Row(label[-1]))
            setattr(row, name, getattr(row, name) + left)


def _by_month(rows: QuerySet[Any], keys: dict[str, Any]) -> dict[date | None, Decimal]:
    if not keys:
        return {None: cents(rows.aggregate(all=Sum("amount"))["all"] or ZERO)}
    return {one["month"]: cents(one["all"]) for one in rows.values(**keys).annotate(all=Sum("amount"))}


def _most_first(row: Row) -> tuple[Decimal, str]:
    return (-max(row.earned, row.kept), row.label)


# ---- For the activity statement --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gst:
    """What the activity statement asks of sales, in dollars: G1 with GST, G3 of it without any, and 1A."""

    sales: Decimal
    free: Decimal
    gst: Decimal


def gst_invoiced(first: date, last: date) -> Gst:
    """By what was invoiced in these days, less what credit notes of these days took off."""
    issued = Invoice.objects.issued().filter(issued_on__range=(first, last))
    taxed = Q(lines__tax_code="taxable")
    sums = issued.aggregate(all=Sum("lines__total"), taxed=Sum("lines__total", filter=taxed), gst=Sum("lines__gst"))
    notes = CreditNote.objects.filter(issued_on__range=(first, last), invoice__status=InvoiceStatus.ISSUED)
    less = notes.aggregate(all=Sum("amount"), taxed=Sum("amount", filter=Q(line__tax_code="taxable")), gst=Sum("gst"))
    whole, taxable, gst = (cents(sums[name] or ZERO) - cents(less[name] or ZERO) for name in ("all", "taxed", "gst"))
    return Gst(whole, whole - taxable, gst)


def gst_received(first: date, last: date) -> Gst:
    """By what was received in these days: of each payment the share that its invoice has of GST.

    Reckoned by what was paid of an invoice until the last day and before the first one, so that parts paid in different
    quarters come to the GST of the whole, to the cent.
    """
    within, before = Q(payment__received_on__lte=last), Q(payment__received_on__lt=first)
    money = Payment.objects.filter(received_on__range=(first, last)).aggregate(all=Sum("amount"))["all"] or ZERO
    touched = Allocation.objects.filter(payment__received_on__range=(first, last), invoice__gst__gt=0)
    rows = (
        Allocation.objects.filter(invoice__in=touched.order_by().values("invoice"))
        .order_by()
        .values("invoice", "invoice__total", "invoice__gst")
        .annotate(until=Sum("amount", filter=within), earlier=Sum("amount", filter=before))
    )
    taxable_lines = dict(
        Invoice.objects.filter(pk__in=touched.order_by().values("invoice"))
        .values_list("pk")
        .annotate(taxed=Sum("lines__total", filter=Q(lines__tax_code="taxable")))
        .order_by()
    )
    gst = taxed = ZERO
    for row in rows:
        until, earlier = row["until"] or ZERO, row["earlier"] or ZERO
        whole, tax, taxable = row["invoice__total"], row["invoice__gst"], taxable_lines[row["invoice"]] or ZERO
        gst += cents(until * tax / whole) - cents(earlier * tax / whole)
        taxed += cents(until * taxable / whole) - cents(earlier * taxable / whole)
    return Gst(cents(money), cents(money) - taxed, gst)
