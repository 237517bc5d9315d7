"""What was written down wrong of a payment is said anew, and what will never be paid is written off."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.forms import WriteOffForm
from portal.billing.models import Invoice, InvoiceStatus, Payment, Purpose
from portal.billing.refusals import (
    AmountStays,
    BillingRefused,
    ChangedMeanwhile,
    ClaimApproved,
    KeyReused,
    MoneyChanged,
    NotCorrectable,
    NotPayable,
    Overpayment,
)
from portal.billing.taking_forms import PaymentCorrectionForm
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.money import dollars
from portal.common.web.htmx import redirect_to
from portal.journeys import taking
from portal.web.reception import drawer, meanwhile
from portal.web.reception.views.claims import paid_by_medicare


def _invoice(request: ActorRequest, number: str) -> Invoice:
    found = Invoice.objects.visible_to(request.actor).select_related("patient", "psychologist__user", "location")
    return get_object_or_404(found, number=number)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: ActorRequest, number: str, receipt: str) -> HttpResponse:
    """Asks how, when and for what money really came; two new rows say it, and both say why."""
    invoice, now = _invoice(request, number), timezone.now()
    rows = Payment.objects.filter(allocations__invoice=invoice, reverses__isnull=True).distinct()
    payment = get_object_or_404(rows.select_related("location", "patient"), number=receipt)
    left, here = actions.left_of(payment), actions.refundable(payment=payment, invoice=invoice)
    was = payment.paid_by or invoice.bill_to_name
    form = PaymentCorrectionForm(
        request.POST if request.method == "POST" else None,
        start={
            "amount": left,
            "method": payment.method,
            "received_on": payment.received_on,
            "reference": payment.reference,
            "paid_by": was,
            "invoice": invoice.number,
            "seen": f"{left}.{invoice.seen_as}",
        },
        today=ClinicSettings.current().today(now),
        places=drawer.places(),
        place=payment.location or invoice.location,
        names=actions.likely_payers(invoice.patient, invoice),
    )
    can_correct, status = actions.is_correctable(payment) and here > 0, 422
    earlier = Payment.objects.filter(corrects=payment, amount__gt=0).first()
    if request.method == "POST" and form.is_valid():
        key = f"correct:{form.cleaned_data['key']}"
        if earlier is not None and earlier.key == key:
            return _corrected(request, invoice, earlier)
        try:
            return _said_anew(request, invoice, payment, form, key=key, left=left, now=now)
        except (MoneyChanged, ChangedMeanwhile):
            status = 409
            form.shown_anew(f"{left}.{invoice.seen_as}", meanwhile.nothing_done(invoice, by=request.actor, now=now))
        except Overpayment as refused:
            words = _("No more than %(most)s is asked for by the invoice.")
            others = invoice.payable - refused.balance
            if others:
                words = _(
                    "The invoice asks for %(payable)s, and %(others)s of it is paid otherwise: this can be %(most)s at "
                    "most."
                )
            told = words % {
                "most": dollars(refused.balance),
                "payable": dollars(invoice.payable),
                "others": dollars(others),
            }
            form.add_error("amount", f"{told} {_('What is more is taken as a payment of its own.')}")
        except AmountStays:
            words = _("Some of it was given back, or is for something else by now, so its amount stays as it is.")
            form.add_error("amount", words)
        except NotPayable:
            form.add_error("invoice", _("There is no such invoice on which money is owing."))
        except NotCorrectable:
            form.add_error(None, _("Nothing is different from what was written down, or nothing of it is left."))
        except KeyReused:
            form.add_error(None, _("This page was sent before. Look at the payments again."))
    context = {
        "invoice": invoice,
        "payment": payment,
        "left": left,
        "here": here,
        "form": form,
        "can_correct": can_correct,
    }
    return render(request, "reception/correct.html", context, status=status if form.errors else 200)


def _said_anew(
    request: ActorRequest,
    invoice: Invoice,
    payment: Payment,
    form: PaymentCorrectionForm,
    *,
    key: str,
    left: Decimal,
    now: datetime,
) -> HttpResponse:
    """Does what was asked for and leads to the invoice; raises what the books refuse."""
    said = form.cleaned_data
    if said["seen"] != f"{left}.{invoice.seen_as}":
        raise MoneyChanged
    amount = said["amount"] or left
    others = (said["method"], said["received_on"], said["reference"])
    was = payment.paid_by or invoice.bill_to_name
    paid_by = "" if said["paid_by"] == was else said["paid_by"]
    is_same = others == (payment.method, payment.received_on, payment.reference) and not paid_by and amount == left
    if said["invoice"] != invoice.number:
        if not is_same:
            words = _("Change either the invoice, or how and when it came; then do the other.")
            form.add_error("invoice", words)
            raise NotCorrectable
        target = Invoice.objects.visible_to(request.actor).filter(number=said["invoice"]).first()
        if target is None or target.purpose == Purpose.DEPOSIT:
            raise NotPayable
        new = taking.correct_invoice(
            payment=payment,
            source=invoice,
            target=target,
            reason=said["reason"],
            key=key,
            by=request.actor,
            now=now,
            seen=invoice.seen_as,
        )
    else:
        new = taking.correct_payment(
            payment=payment,
            invoice=invoice,
            amount=amount,
            method=said["method"],
            received_on=said["received_on"],
            reference=said["reference"],
            location=said.get("location") or payment.location,
            reason=said["reason"],
            key=key,
            by=request.actor,
            now=now,
            paid_by=paid_by,
            seen=left,
        )
    return _corrected(request, invoice, new)


def _corrected(request: ActorRequest, invoice: Invoice, new: Payment) -> HttpResponse:
    words = {"amount": dollars(new.amount), "number": new.receipt}
    said = _("%(amount)s is written down anew: receipt %(number)s.")
    if new.taking and new.taking.replaces:
        words |= {
            "total": dollars(sum(part.amount for part in actions.parts_of(new.taking))),
            "old": new.taking.replaces.number,
        }
        said = _("%(amount)s is written down anew. Receipt %(number)s states all %(total)s, and replaces %(old)s.")
    messages.success(request, said % words)
    return redirect_to(request, "reception:invoice", number=invoice.number)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def write_off(request: ActorRequest, number: str) -> HttpResponse:
    """Asks why, then gives up what is owing."""
    invoice, now, status = _invoice(request, number), timezone.now(), 422
    form = WriteOffForm(request.POST if request.method == "POST" else None, seen=invoice.seen_as)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            actions.write_off(
                invoice=invoice,
                reason=said["reason"],
                key=f"off:{said['key']}",
                by=request.actor,
                now=now,
                seen=said["seen"] or None,
            )
        except ChangedMeanwhile as refused:
            invoice, status = refused.invoice, 409
            form.shown_anew(invoice.seen_as, meanwhile.nothing_done(invoice, by=request.actor, now=now))
        except ClaimApproved as refused:
            return paid_by_medicare(request, refused)
        except BillingRefused:
            messages.info(request, _("Nothing is owing on this invoice."))
            return redirect_to(request, "reception:invoice", number=invoice.number)
        else:
            messages.success(request, _("What was owing is written off."))
            return redirect_to(request, "reception:invoice", number=invoice.number)
    context = {
        "invoice": invoice,
        "form": form,
        "can_write_off": invoice.status == InvoiceStatus.ISSUED and invoice.balance > 0,
    }
    return render(request, "reception/write_off.html", context, status=status if form.errors else 200)
