"""Invoices that go out by e-mail: asked for on a page, and which went when and to whom."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.utils.translation import gettext as _

from portal.billing.models import Invoice
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest
from portal.journeys import checking_out
from portal.notifications.models import Notice
from portal.web.reception.forms import SendForm

# The latest are shown: somebody may have pressed it on many days.
SHOWN = 3


def send(request: ActorRequest, invoice: Invoice, *, now: datetime) -> None:
    """Sends it once for each page that asked, and says where it goes."""
    form = SendForm(request.POST)
    if not checking_out.address_for(invoice):
        messages.error(request, _("No e-mail address is known. Add one to the patient's details, or print it."))
    elif form.is_valid():
        address = checking_out.send_invoice(
            invoice=invoice, key=str(form.cleaned_data["key"]), by=request.actor, now=now
        )
        messages.success(request, _("The invoice is on its way to %(address)s.") % {"address": address})


def mailed(invoice: Invoice, *, by: Actor) -> list[Notice]:
    """The e-mails with this invoice, the newest first: `to` whom, `created_at`, and `sent_at` once it went out."""
    notices = Notice.objects.visible_to(by).about(invoice).filter(template="invoice", withdrawn_at__isnull=True)
    return list(notices.order_by("-pk")[:SHOWN])
