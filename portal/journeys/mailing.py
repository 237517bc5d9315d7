"""Invoices, receipts and statements that go out by e-mail, each as a PDF to whoever is billed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.conf import settings
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import override

from portal.accounts.models import User
from portal.audit import trail
from portal.billing.models import Invoice, Payer, Payment, Taking
from portal.billing.models.invoice import InvoiceQuerySet
from portal.billing.online import links
from portal.billing.online.client import is_on
from portal.billing.refusals import HeldBack
from portal.billing.snapshot import InvoiceOnPaper
from portal.billing.statements import Statement
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys import claim_checks
from portal.notifications import outbox
from portal.patients.models import Patient
from portal.patients.reaching import Reader, address_of, by_account, readers_of


def reader_of(invoice: Invoice) -> Reader | None:
    """Who gets the invoice by e-mail: whoever the bill is to, if they have an address.

    That is the carer who pays, or the patient. An insurer's bill never goes to the patient as if it were theirs to pay.
    """
    if invoice.payer is not None:
        # By its number alone: whoever pays for somebody else is told of nobody in an e-mail.
        named = invoice.payer
        return Reader(named.email, named.contact or named.name, "en-au") if named.email else None
    patient, payer = invoice.patient, invoice.billed_user
    # An account that opened the record by mistake is nobody's any more.
    if payer is not None and payer.pk == patient.user_id:
        return _mailbox_of(patient)
    if payer is not None and patient.carers.filter(user=payer).exists():
        return _as_they_wish(payer, patient=patient)
    return None if _bills_somebody_else(invoice) or not address_of(patient) else _mailbox_of(patient)


def _as_they_wish(payer: User, *, patient: Patient) -> Reader | None:
    """A carer who pays; one who said as a patient how to be reached is reached so, and not at all by who wants none."""
    usual = by_account(payer, patient=patient)
    own = Patient.objects.filter(user=payer, ways__isnull=False).select_related("user", "ways").first()
    if own is None:
        return usual
    theirs = next(iter(readers_of(own)), None)
    if theirs is None or not theirs.address:
        # A paper goes to no phone alone.
        return None
    return theirs._replace(called=usual.called, language=usual.language, about=usual.about)


def _mailbox_of(patient: Patient) -> Reader | None:
    """Whoever reads of the patient first and has a mailbox: a paper goes to no phone alone."""
    return next((reader for reader in readers_of(patient) if reader.address), None)


def _bills_somebody_else(invoice: Invoice) -> bool:
    """Whether it was made out to another name than the patient's, as both were on the day of issue."""
    paper: InvoiceOnPaper | None = invoice.snapshot
    own_name = paper["patient"]["name"] if paper else invoice.patient.legal_name
    return invoice.bill_to_name != own_name


def address_for(invoice: Invoice) -> str:
    """Where the invoice goes by e-mail; empty if nowhere is known."""
    reader = reader_of(invoice)
    return reader.address if reader else ""


def send_invoice(*, invoice: Invoice, key: str, by: Actor, now: datetime, was_declined: bool = False) -> str:
    """Queues the invoice as a PDF to whoever is billed, and returns the address; a repeated `key` sends it once.

    Where the card on file `was_declined`, the mail says so, and that nothing was charged.
    Raises HeldBack where Medicare would refuse it and nobody said why it is right all the same.
    """
    from portal.billing.paper import invoice_pdf  # it brings the PDF library, which is slow to load

    if not claim_checks.may_print(invoice, now=now):
        raise HeldBack
    reader = reader_of(invoice)
    if reader is None:
        raise ValueError("nobody to send it to")
    # Drawn before the transaction begins: it takes a second, and nobody is kept waiting for a lock that long.
    attachment = (f"{invoice.number}.pdf", "application/pdf", invoice_pdf(invoice, now=now))
    with transaction.atomic():
        outbox.queue(
            template="invoice",
            to=reader.to("invoice", has_paper=True),
            context={
                "number": invoice.number,
                "called": reader.called,
                "whose": reader.about,
                "total": invoice.total,
                "balance": invoice.balance,
                "is_credited": invoice.total > 0 and not invoice.payable,
                "due_on": invoice.due_on,
                "was_declined": was_declined,
                "pay_link": pay_link(invoice, reader, by=by, now=now),
            },
            dedupe_key=f"invoice:{invoice.code}:{reader.digest}:{key}",
            language=reader.language,
            attachments=[attachment],
            about=invoice,
            # What somebody sends goes now; what the portal sends by itself waits for hours that are safe.
            hours=None if by.user else reader.hours(zone=ClinicSettings.current().zone),
        )
        trail.record("invoice.mailed", target=invoice, by=by, at=now)
    return reader.address


def pay_link(invoice: Invoice, reader: Reader, *, by: Actor, now: datetime) -> str:
    """The address at which the bill is seen and paid without signing in; empty where nothing is owing, or by card."""
    if not is_on() or not invoice.balance:
        return ""
    token = links.make(invoice=invoice, by=by, now=now)
    with override(reader.language):
        return settings.PORTAL_BASE_URL + reverse("public:mailed_bill", args=[token])


def reader_of_receipt(parts: Sequence[Payment], *, patient: Patient) -> Reader | None:
    """Who gets a receipt: whoever its invoices are billed to, where that is one; else the patient's own reader.

    None where it is for the bills of several, or nobody has an address.
    """
    rows = Invoice.objects.filter(allocations__payment__in=parts).distinct()
    invoices = list(rows.select_related("patient__user", "billed_user", "payer"))
    if not invoices:
        return _mailbox_of(patient)
    readers = {reader_of(invoice) for invoice in invoices}
    return readers.pop() if len(readers) == 1 else None


def send_receipt(
    parts: Sequence[Payment],
    *,
    patient: Patient,
    among: InvoiceQuerySet,
    key: str,
    by: Actor,
    now: datetime,
    taking: Taking | None = None,
) -> str:
    """Queues the receipt to its reader and returns the address; a repeated `key` sends it once."""
    from portal.billing.receipt_paper import number_of, receipt_pdf  # it brings the PDF library, which is slow to load

    reader = reader_of_receipt(parts, patient=patient)
    if reader is None:
        raise ValueError("nobody to send it to")
    first = parts[0]
    number = number_of(parts, taking=taking)
    # Drawn before the transaction begins: it takes a second, and nobody is kept waiting for a lock that long.
    paper = receipt_pdf(parts, patient=patient, among=among, taking=taking)
    context = {
        "called": reader.called,
        "whose": reader.about,
        "number": number,
        "amount": abs(sum(part.amount for part in parts)),
        "is_refund": first.is_refund,
    }
    about = taking or first.taking or first
    with transaction.atomic():
        _queue("receipt", reader, context, (number, paper), about=about, key=key)
        trail.record("receipt.mailed", target=about, by=by, at=now)
    return reader.address


def reader_of_statement(whose: Patient | Payer) -> Reader | None:
    """Who gets a statement: the payer by their address for bills, or the patient or who cares for them."""
    if isinstance(whose, Payer):
        return Reader(whose.email, whose.contact or whose.name, "en-au") if whose.email else None
    return _mailbox_of(whose)


def send_statement(
    whose: Patient | Payer,
    statement: Statement,
    *,
    name: str,
    address: str,
    key: str,
    by: Actor,
    today: date,
    now: datetime,
) -> str:
    """Queues the statement to its reader and returns the address; a repeated `key` sends it once."""
    from portal.billing.account_paper import statement_pdf  # it brings the PDF library, which is slow to load

    reader = reader_of_statement(whose)
    if reader is None:
        raise ValueError("nobody to send it to")
    paper = statement_pdf(statement, name=name, address=address, today=today)
    context = {
        "called": reader.called,
        "whose": reader.about,
        "first_day": statement.since,
        "last_day": min(statement.until, today),
        "closing": statement.closing,
        "amount": statement.owing_or_credit,
    }
    with transaction.atomic():
        _queue("statement", reader, context, ("statement", paper), about=whose, key=key)
        trail.record("statement.mailed", target=whose, by=by, at=now)
    return reader.address


def _queue(
    template: str,
    reader: Reader,
    context: dict[str, object],
    paper: tuple[str, bytes],
    *,
    about: models.Model,
    key: str,
) -> None:
    name, pdf = paper
    outbox.queue(
        template=template,
        to=reader.to(template, has_paper=True),
        context=context,
        dedupe_key=f"{template}:{key}:{reader.digest}",
        language=reader.language,
        attachments=[(f"{name}.pdf", "application/pdf", pdf)],
        about=about,
    )
