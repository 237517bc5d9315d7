"""What is taken off an invoice after it was issued."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from django.db import transaction
from django.db.models import Sum

from portal.audit import trail
from portal.billing import snapshot
from portal.billing.actions.amounts import check_amount, check_seen
from portal.billing.actions.claims import check_not_paid, withdraw_claims
from portal.billing.actions.drawing import draw_soon
from portal.billing.actions.locking import lock_invoice
from portal.billing.actions.numbering import numbered
from portal.billing.charges import DISCOUNT, gst_off
from portal.billing.models import CreditNote, Invoice, InvoiceStatus, Line, NoteKind
from portal.billing.refusals import KeyReused, NotPayable, OverCredit, ReasonMissing
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.money import ZERO, cents, in_cents

_CENT = Decimal("0.01")


@transaction.atomic
def credit_line(
    *,
    line: Line,
    amount: Decimal,
    reason: str,
    key: str,
    by: Actor,
    now: datetime,
    seen: str | None = None,
    kind: NoteKind = NoteKind.CORRECTION,
) -> CreditNote:
    """Takes `amount` dollars, with the GST in them, off a line, by a note of its own; idempotent by `key`.

    Raises OverCredit (with the most that can be taken off) when the line has less left or less is owing: money that was
    paid is given back first. Raises ClaimApproved where Medicare paid more than would be left of the line; NotPayable
    on a draft or a void invoice, WrongAmount, ReasonMissing, KeyReused, and ChangedMeanwhile where the invoice is not
    as it was `seen` (`Invoice.seen_as`).
    """
    invoice = lock_invoice(line.invoice)
    if earlier := CreditNote.objects.filter(key=key).first():
        if (earlier.line_id, earlier.amount) != (line.pk, amount):
            raise KeyReused
        return earlier
    check_seen(invoice, seen)
    check_amount(amount)
    if not reason.strip():
        raise ReasonMissing
    if invoice.status != InvoiceStatus.ISSUED:
        raise NotPayable
    most = creditable(line=line, invoice=invoice)
    if amount > most:
        raise OverCredit(most)
    off, gst = _taken_off(line)
    total, tax = costs(line)
    check_not_paid(line, charged=total - off - amount)
    clinic = ClinicSettings.current()
    values = {
        "kind": kind,
        "invoice": invoice,
        "line": line,
        "issued_on": clinic.today(now),
        "amount": amount,
        "gst": _within_share(line, amount, gst_off(total, tax, amount, amount_off=off, gst_taken=gst)),
        "reason": reason.strip(),
    }
    note = numbered(
        CreditNote,
        "CRN",
        **values,
        key=key,
        snapshot=snapshot.take_credit(CreditNote(**values), clinic=clinic),
        created_at=now,
        created_by=by.user,
    )
    if off + amount == total and kind == NoteKind.CORRECTION:
        # Nothing is charged by it any more, so nothing can be claimed.
        withdraw_claims([line], by=by, now=now)
    draw_soon(invoice)
    trail.record(
        "invoice.credited" if kind == NoteKind.CORRECTION else "invoice.written_off",
        by=by,
        target=invoice,
        at=now,
        note=str(note.code),
        amount_cents=in_cents(amount),
        gst_cents=in_cents(note.gst),
    )
    return note


@transaction.atomic
def write_off(
    *, invoice: Invoice, reason: str, key: str, by: Actor, now: datetime, seen: str | None = None
) -> list[CreditNote]:
    """Gives up what is owing on an invoice and will never be paid, by a note for each line; idempotent by `key`.

    The session was held and what Medicare is asked for stays asked for. Raises NotPayable where nothing is owing,
    ReasonMissing, and ChangedMeanwhile where the invoice is not as it was `seen`.
    """
    invoice = lock_invoice(invoice)
    if earlier := list(CreditNote.objects.filter(invoice=invoice, key__startswith=f"{key}:").order_by("pk")):
        return earlier
    check_seen(invoice, seen)
    if invoice.status != InvoiceStatus.ISSUED or not invoice.balance:
        raise NotPayable
    if not reason.strip():
        raise ReasonMissing
    notes: list[CreditNote] = []
    # The last lines first: what was paid settled the session, which stands above the rest.
    for line in invoice.lines.filter(total__gt=0).order_by("-position"):
        invoice.refresh_from_db(fields=["payable", "paid"])
        if amount := creditable(line=line, invoice=invoice):
            notes.append(
                credit_line(
                    line=line,
                    amount=amount,
                    reason=reason,
                    key=f"{key}:{line.position}",
                    by=by,
                    now=now,
                    kind=NoteKind.WRITE_OFF,
                )
            )
    return notes


def creditable(*, line: Line, invoice: Invoice) -> Decimal:
    """The most that can be taken off a line, in dollars: what it has left, and no more than is owing."""
    off, _gst = _taken_off(line)
    total, _tax = costs(line)
    return max(ZERO, min(total - off, invoice.balance))


def _within_share(line: Line, amount: Decimal, gst: Decimal) -> Decimal:
    """The GST of a note, no further than a cent from the line's own share: a discount's cents round by themselves."""
    share = amount * line.gst / line.total
    least, most = (share - _CENT).quantize(_CENT, ROUND_CEILING), (share + _CENT).quantize(_CENT, ROUND_FLOOR)
    return min(max(gst, least, ZERO), most)


def costs(line: Line) -> tuple[Decimal, Decimal]:
    """What a line comes to, and the GST in it, less the discount of its own that stands below it."""
    off = Line.objects.filter(
        invoice=line.invoice_id,
        position=line.position + 1,
        total__lt=0,
        tax_code=line.tax_code,
        description=f"{DISCOUNT}{line.description}",
    ).first()
    return (line.total + off.total, line.gst + off.gst) if off else (line.total, line.gst)


def _taken_off(line: Line) -> tuple[Decimal, Decimal]:
    """What earlier notes took off a line, and the GST in it."""
    sums = CreditNote.objects.filter(line=line).aggregate(amount=Sum("amount"), gst=Sum("gst"))
    # SQLite adds up binary fractions.
    return cents(sums["amount"] or ZERO), cents(sums["gst"] or ZERO)
