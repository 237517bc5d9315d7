"""Invoices that go out by e-mail: asked for on a page, and which went when and to whom."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.db.models import Model
from django.utils.translation import gettext as _

from portal.billing.models import Invoice
from portal.billing.refusals import HeldBack
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest
from portal.journeys.mailing import address_for, send_invoice
from portal.notifications.models import Notice
from portal.web.reception.forms import SendForm

# The latest are shown: somebody may have pressed it on many days.
SHOWN = 3


def send(request: ActorRequest, invoice: Invoice, *, now: datetime) -> None:
    """Sends it once for each page that asked, and says where it goes."""
    form = SendForm(request.POST)
    if not address_for(invoice):
        messages.error(request, _("No e-mail address is known. Add one to the patient's details, or print it."))
    elif form.is_valid():
        try:
            address = send_invoice(invoice=invoice, key=str(form.cleaned_data["key"]), by=request.actor, now=now)
        except HeldBack:
            messages.error(request, _("Medicare would refuse this invoice. Look at the check, and mend it or say why."))
            return
        messages.success(request, _("The invoice is on its way to %(address)s.") % {"address": address})


def mailed(invoice: Invoice, *, by: Actor) -> list[Notice]:
    """The e-mails with this invoice, the newest first: `to` whom, `created_at`, and `sent_at` once it went out."""
    return mailed_about(invoice, by=by, template="invoice")


def mailed_about(thing: Model, *, by: Actor, template: str = "") -> list[Notice]:
    """The same of a receipt, or of whose statement it is."""
    notices = Notice.objects.visible_to(by).about(thing).filter(withdrawn_at__isnull=True)
    if template:
        notices = notices.filter(template=template)
    return list(notices.order_by("-pk")[:SHOWN])
