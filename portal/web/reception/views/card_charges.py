"""The fee for a session that was not held, charged at the desk to the card that is on file for it."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.billing.models import AttemptStatus, Invoice, SavedCard
from portal.billing.online.attempts import Underway
from portal.billing.online.charging import NoCard, NotAgreed, card_to_charge
from portal.billing.online.client import Declined, NotConfigured, OnlineRefused, Refused
from portal.billing.online.consents import missing_for
from portal.billing.refusals import ChangedMeanwhile, NotPayable, Waived
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.money import dollars
from portal.common.web.htmx import redirect_to
from portal.journeys.online import cards
from portal.web.reception.card_forms import ChargeForm

AUTHENTICATION = "authentication_required"


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def charge(request: ActorRequest, number: str) -> HttpResponse:
    """Shows the card, the amount and what was agreed to; then charges it."""
    found = Invoice.objects.visible_to(request.actor).select_related("patient", "payer", "appointment", "billed_user")
    invoice = get_object_or_404(found, number=number)
    clinic, now = ClinicSettings.current(), timezone.now()
    if request.method == "POST":
        _charge(request, invoice, now=now)
        return redirect_to(request, "reception:invoice", number=invoice.number)
    card = card_to_charge(invoice, today=clinic.today(now))
    if card is None:
        messages.info(request, _("There is no card on file that this invoice could be charged to."))
        return redirect_to(request, "reception:invoice", number=invoice.number)
    missing = missing_for(card, invoice)
    form = None if missing else ChargeForm(initial={"seen": invoice.seen_as, "card": card.code})
    context = {"invoice": invoice, "card": card, "form": form, "missing": missing, "zone": clinic.zone}
    return render(request, "reception/card_charge.html", context)


def _charge(request: ActorRequest, invoice: Invoice, *, now: datetime) -> None:
    form = ChargeForm(request.POST)
    card = SavedCard.objects.filter(code=form.cleaned_data["card"]).first() if form.is_valid() else None
    if card is None:
        messages.error(request, _("This card is not on file any more. Nothing was charged."))
        return
    try:
        attempt = cards.charge(invoice=invoice, card=card, seen=form.cleaned_data["seen"], by=request.actor, now=now)
    except NoCard:
        messages.error(request, _("This card is not on file any more. Nothing was charged."))
    except NotAgreed:
        messages.error(request, _("The consent to this card is older than the fees policy. Nothing was charged."))
    except cards.Refilled:
        messages.error(request, _("The time of this session was filled again, so no card is charged for it."))
    except Waived:
        messages.error(request, _("The fee is waived. Nothing was charged."))
    except NotPayable:
        messages.info(request, _("Nothing is left to pay on this invoice. Nothing was charged."))
    except ChangedMeanwhile:
        messages.error(request, _("This invoice was changed since the page was opened, and nothing was done."))
    except Underway:
        messages.info(request, _("A payment of this invoice is on its way. Look again in a few minutes."))
    except NotConfigured:
        messages.error(request, _("The clinic takes no cards online. Nothing was charged."))
    except (Declined, Refused) as refusal:
        _declined(request, invoice, card, refusal.code, now=now)
    except OnlineRefused:
        messages.error(
            request,
            _("Stripe could not be reached. Whether the card was charged stands here within a quarter of an hour."),
        )
    else:
        words = {"amount": dollars(attempt.amount), "card": card.name}
        if attempt.status == AttemptStatus.PAID:
            messages.success(request, _("%(amount)s was charged to %(card)s.") % words)
        else:
            messages.info(request, _("The charge to %(card)s is on its way. Look again in a few minutes.") % words)


def _declined(request: ActorRequest, invoice: Invoice, card: SavedCard, code: str, *, now: datetime) -> None:
    """Says why, and sends the bill instead, which is paid by its link."""
    words = {"card": card.name}
    if code == AUTHENTICATION:
        why = _("The bank wants the cardholder to confirm: %(card)s can't be charged without them.") % words
    else:
        why = _("The bank declined %(card)s.") % words
    why += " " + _("Nothing was charged.")
    invoice.refresh_from_db(fields=["paid", "payable", "status"])
    if address := cards.mail_instead(invoice, by=request.actor, now=now):
        why += " " + _("The bill is on its way to %(address)s, with a link to pay it.") % {"address": address}
    else:
        why += " " + _("No e-mail address is known: print the bill, and send it by post.")
    messages.error(request, why)
