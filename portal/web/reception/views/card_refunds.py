"""Money back to the card that it came from: asked for at the desk, sent by Stripe."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.billing import actions
from portal.billing.models import Invoice, Payment, RefundStatus, StripeRefund
from portal.billing.online import refunds
from portal.billing.online.client import OnlineRefused
from portal.billing.refusals import ChangedMeanwhile, KeyReused, NotRefundable
from portal.common.access.decorators import ActorRequest
from portal.common.money import dollars
from portal.common.web.htmx import redirect_to
from portal.journeys.online import arriving
from portal.web.reception.card_forms import CardRefundForm


def to_card(request: ActorRequest, invoice: Invoice, payment: Payment, *, now: datetime) -> HttpResponse:
    """Asks how much goes back and why, then has Stripe send it. Called by the view that asks about any refund."""
    left = actions.refundable(payment=payment, invoice=invoice) - refunds.under_way(payment)
    form = CardRefundForm(request.POST or None, most=left, seen=invoice.seen_as)
    status = 422
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            asked = refunds.ask(
                payment=payment,
                invoice=invoice,
                amount=said["amount"],
                reason=said["reason"],
                key=str(said["key"]),
                by=request.actor,
                now=now,
                seen=said["seen"],
            )
        except NotRefundable as refused:
            form.too_much(refused.left)
        except ChangedMeanwhile as refused:
            invoice, status = refused.invoice, 409
            left = actions.refundable(payment=payment, invoice=invoice) - refunds.under_way(payment)
            form.shown_anew(
                invoice.seen_as, _("This invoice was changed since the page was opened, and nothing was done.")
            )
        except KeyReused:
            form.add_error(
                None, _("This page was sent before with another amount. Look at the payments, then send it again.")
            )
            form.new_key()
        else:
            _send(request, asked, now=now)
            return redirect_to(request, "reception:invoice", number=invoice.number)
    context = {
        "invoice": invoice,
        "payment": payment,
        "left": left,
        "form": form,
        "owing_again": actions.is_asked_for_again(invoice),
    }
    return render(request, "reception/card_refund.html", context, status=status if form.errors else 200)


def _send(request: ActorRequest, asked: StripeRefund, *, now: datetime) -> None:
    """Has it sent at once; what Stripe can't be asked now is sent by the round."""
    words = {"amount": dollars(asked.amount)}
    try:
        sent = arriving.send_refund(asked, now=now)
    except OnlineRefused:
        messages.info(request, _("%(amount)s goes back to the card as soon as Stripe can be reached.") % words)
        return
    match sent.status:
        case RefundStatus.DONE:
            messages.success(request, _("%(amount)s went back to the card.") % words)
        case RefundStatus.FAILED:
            messages.error(
                request,
                _("Stripe did not send %(amount)s back. Look at the payment in Stripe, or give it back another way.")
                % words,
            )
        case _:
            messages.info(request, _("%(amount)s is on its way back to the card.") % words)
