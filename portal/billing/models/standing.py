"""What an invoice is on paper, what it asks money for, and how it stands on a day, as a row of a list too."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Protocol

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.clinic.models.psychologists import titled
from portal.common.money import ZERO
from portal.common.text.normalise import full_name


class InvoiceStatus(models.TextChoices):
    """What an invoice is on paper; where it stands today is a `Standing`."""

    DRAFT = "draft", _("Draft")
    ISSUED = "issued", _("Issued")
    VOID = "void", _("Void")


class Purpose(models.TextChoices):
    """What an invoice asks money for. A session has one live invoice for each."""

    SESSION = "session", _("Session")
    DEPOSIT = "deposit", _("Paid ahead")
    LATE_FEE = "late_fee", _("Late cancellation")
    NO_SHOW = "no_show", _("Missed session")
    # Typed by the desk: a report, a form, a letter. It has no session, and no Medicare item.
    OTHER = "other", _("Other services")


# What a session that was held or missed is billed by: while one stands, the session stays as it is.
BILLS_A_SESSION = frozenset({Purpose.SESSION, Purpose.NO_SHOW})


class Standing(models.TextChoices):
    """How an invoice stands today, as people ask for it."""

    DRAFT = "draft", _("Draft")
    OWING = "owing", _("Owing")
    OVERDUE = "overdue", _("Overdue")
    PAID = "paid", _("Paid")
    # Credit notes took all of it off: nothing is to be paid, and nothing was.
    CREDITED = "credited", _("Credited")
    VOID = "void", _("Void")


class Billed(Protocol):
    """What decides how an invoice stands: the invoice itself, or a row of a list with these columns."""

    @property
    def status(self) -> str: ...
    @property
    def total(self) -> Decimal: ...
    @property
    def payable(self) -> Decimal: ...
    @property
    def paid(self) -> Decimal: ...
    @property
    def due_on(self) -> date: ...
    @property
    def bulk_billed(self) -> bool: ...


class InvoiceRow(Billed, Protocol):
    """An invoice `for_table`."""

    @property
    def number(self) -> str: ...
    @property
    def purpose(self) -> str: ...
    @property
    def issued_on(self) -> date: ...
    @property
    def bill_to_name(self) -> str: ...
    @property
    def patient__legal_first_name(self) -> str: ...
    @property
    def patient__legal_last_name(self) -> str: ...
    @property
    def patient__preferred_name(self) -> str: ...
    @property
    def psychologist__title(self) -> str: ...
    @property
    def psychologist__user__first_name(self) -> str: ...
    @property
    def psychologist__user__last_name(self) -> str: ...


def patient_of(row: InvoiceRow) -> str:
    """Whom an invoice `for_table` is about, as they are called."""
    return full_name(row.patient__preferred_name or row.patient__legal_first_name, row.patient__legal_last_name)


def psychologist_of(row: InvoiceRow) -> str:
    """Whose session an invoice `for_table` is for."""
    name = full_name(row.psychologist__user__first_name, row.psychologist__user__last_name)
    return titled(row.psychologist__title, name)


def purpose_of(row: InvoiceRow) -> str:
    """What an invoice `for_table` asks money for, in the language in use."""
    return str(Purpose(row.purpose).label)


def balance_of(invoice: Billed) -> Decimal:
    """What is still to pay; nothing on a draft, nor once void."""
    return invoice.payable - invoice.paid if invoice.status == InvoiceStatus.ISSUED else ZERO


def standing_of(invoice: Billed, *, today: date) -> Standing:
    """Where an invoice stands on this day of the clinic."""
    if invoice.status != InvoiceStatus.ISSUED:
        return Standing(invoice.status)
    if invoice.total and not invoice.payable:
        return Standing.CREDITED
    if invoice.paid >= invoice.payable:
        return Standing.PAID
    return Standing.OVERDUE if invoice.due_on < today and not invoice.bulk_billed else Standing.OWING


def badge_of(invoice: Billed, *, today: date) -> str:
    """The state as `components/_invoice_status.html` draws it."""
    standing = standing_of(invoice, today=today)
    if standing == Standing.OWING and invoice.bulk_billed:
        return "medicare"
    if standing == Standing.OWING:
        return "part_paid" if invoice.paid else "due"
    return standing.value
