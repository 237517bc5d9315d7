"""Money that goes back from an invoice, and payments that were written down wrong."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.forms import KEEP, RefundForm
from portal.billing.models import Invoice, Payment
from portal.billing.online import refunds
from portal.billing.online.client import is_on
from portal.billing.refusals import ChangedMeanwhile, ClaimApproved, KeyReused, NotRefundable
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.money import dollars
from portal.common.web.htmx import redirect_to
from portal.journeys import paying, taking
from portal.web.reception import drawer, meanwhile
from portal.web.reception.views.card_refunds import to_card
from portal.web.reception.views.claims import paid_by_medicare


def _invoice(request: ActorRequest, number: str) -> Invoice:
    found = Invoice.objects.visible_to(request.actor).select_related("patient", "psychologist__user", "location")
    return get_object_or_404(found, number=number)


def _payment(invoice: Invoice, receipt: str) -> Payment:
    rows = Payment.objects.filter(allocations__invoice=invoice, reverses__isnull=True)
    return get_object_or_404(rows.select_related("location", "taking").distinct(), number=receipt)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def refund(request: ActorRequest, number: str, receipt: str) -> HttpResponse:
    """Asks how much of a payment goes back, how and why, then records it as a new row with a minus."""
    invoice, now, status = _invoice(request, number), timezone.now(), 422
    payment = _payment(invoice, receipt)
    if is_on() and refunds.goes_to_card(payment):
        return to_card(request, invoice, payment, now=now)
    if claim := actions.approved_by(payment):
        return paid_by_medicare(request, ClaimApproved(claim))
    left = actions.refundable(payment=payment, invoice=invoice)
    form = RefundForm(
        request.POST or None,
        most=left,
        today=ClinicSettings.current().today(now),
        since=payment.received_on,
        came_by=payment.method,
        can_keep=actions.may_be_kept(payment, invoice),
        seen=invoice.seen_as,
        places=drawer.places(),
        place=drawer.place_of(request, payment.location or invoice.location),
    )
    if request.method == "POST" and form.is_valid():
        try:
            return _given_back(request, invoice, payment, form, now=now)
        except ClaimApproved as refused:
            return paid_by_medicare(request, refused)
        except NotRefundable as refused:
            form.too_much(refused.left)
        except ChangedMeanwhile as refused:
            invoice, status = refused.invoice, 409
            left = actions.refundable(payment=payment, invoice=invoice)
            form.shown_anew(invoice.seen_as, meanwhile.nothing_done(invoice, by=request.actor, now=now))
        except KeyReused:
            form.add_error(
                None, _("This page was sent before with another amount. Look at the payments, then send it again.")
            )
            form.new_key()
    context = {
        "invoice": invoice,
        "payment": payment,
        "left": left,
        "form": form,
        "owing_again": actions.is_asked_for_again(invoice),
    }
    return render(request, "reception/payment.html", context, status=status if form.errors else 200)


def _given_back(
    request: ActorRequest, invoice: Invoice, payment: Payment, form: RefundForm, *, now: datetime
) -> HttpResponse:
    """Does what was asked for and leads to the invoice; raises what the books refuse."""
    said = {name: value for name, value in form.cleaned_data.items() if name != "other_way"}
    if said["method"] == KEEP:
        taking.keep_on_account(
            payment=payment, invoice=invoice, amount=said["amount"], by=request.actor, now=now, seen=said["seen"]
        )
        messages.success(request, _("%(amount)s is kept on their account.") % {"amount": dollars(said["amount"])})
    else:
        given = paying.give_back(
            payment=payment, invoice=invoice, by=request.actor, now=now, **said | {"key": str(said["key"])}
        )
        drawer.remember(request, said.get("location"))
        words = {"amount": dollars(abs(given.amount)), "number": given.number}
        if given.recorded_at == now:
            messages.success(request, _("%(amount)s refunded: receipt %(number)s.") % words)
        else:
            messages.info(request, _("%(amount)s was recorded already: receipt %(number)s.") % words)
    return redirect_to(request, "reception:invoice", number=invoice.number)
