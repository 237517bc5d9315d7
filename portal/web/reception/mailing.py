"""Invoices that go out by e-mail: asked for on a page, and which went when and to whom."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.contrib import messages
from django.db.models import Max, Model
from django.utils.translation import gettext as _

from portal.billing.models import Invoice
from portal.billing.refusals import HeldBack
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest
from portal.common.labels import labels_of
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


def sent_on(invoices: Collection[UUID], *, by: Actor) -> dict[UUID, date]:
    """The clinic's day on which each of these was e-mailed last, by its code; without those that never went out."""
    codes = [str(code) for code in invoices]
    notices = Notice.objects.visible_to(by).filter(about_label__in=labels_of(Invoice), about_code__in=codes)
    went = notices.filter(template="invoice", withdrawn_at__isnull=True, sent_at__isnull=False).order_by()
    day_of = ClinicSettings.current().day_of
    return {UUID(code): day_of(at) for code, at in went.values_list("about_code").annotate(Max("sent_at"))}


def mailed_about(thing: Model, *, by: Actor, template: str = "") -> list[Notice]:
    """The same of a receipt, or of whose statement it is."""
    notices = Notice.objects.visible_to(by).about(thing).filter(withdrawn_at__isnull=True)
    if template:
        notices = notices.filter(template=template)
    return list(notices.order_by("-pk")[:SHOWN])
