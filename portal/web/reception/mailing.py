"""Invoices that go out by e-mail: asked for on a page, and which went when and to whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, date, datetime
from functools import cache
from uuid import UUID

from django.contrib import messages
from django.db.models import Max, Model, QuerySet
from django.utils.translation import gettext as _

from portal.billing.models import Dispatch, Invoice
from portal.billing.refusals import HeldBack
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest
from portal.common.database.compiled import Given, compiled
from portal.common.labels import labels_of
from portal.common.languages.times import date_short
from portal.journeys.mailing import address_for, send_invoice
from portal.notifications.models import Notice
from portal.web.reception.forms import SendForm

# The latest are shown: somebody may have pressed it on many days.
SHOWN = 3
_NEVER = datetime.min.replace(tzinfo=UTC)


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


def sent_on(invoices: Collection[UUID], *, by: Actor, today: date) -> dict[UUID, str]:
    """What went out of each of these last, in words with the clinic's day, by its code; without those that never did.

    As an e-mail or printed with others, and the newest reminder. Two statements.
    """
    clinic = ClinicSettings.current()

    @cache
    def said(at: datetime) -> str:
        day = clinic.day_of(at)
        # The year that it is goes without saying.
        return date_short(day).removesuffix(f" {today.year}")

    newest: dict[UUID, dict[str, datetime]] = defaultdict(dict)
    for about, at in _mailed_last(by.role, [Given(code) for code in invoices]):
        newest[UUID(about)]["sent"] = at
    for code, what, at in _handed_out_last(by.role, invoices):
        newest[code][what] = at
    found = {}
    for code, each in newest.items():
        words = []
        first = max(("sent", "printed"), key=lambda what: each.get(what, _NEVER))
        if first in each:
            day = said(each[first])
            words.append(
                _("e-mailed %(day)s") % {"day": day} if first == "sent" else _("printed %(day)s") % {"day": day}
            )
        if reminded := max((each[what] for what in ("reminded", "letter") if what in each), default=None):
            words.append(_("reminded %(day)s") % {"day": said(reminded)})
        found[code] = ", ".join(words)
    return found


# The staff who see to notices, and the desk, see them by their role alone.


@compiled
def _mailed_last(role: str, codes: Collection[str]) -> QuerySet[Notice, tuple[str, datetime]]:
    notices = Notice.objects.visible_to(Actor(user=None, role=role)).filter(about_label__in=labels_of(Invoice))
    went = notices.filter(template="invoice", withdrawn_at__isnull=True, sent_at__isnull=False, about_code__in=codes)
    return went.order_by().values_list("about_code").annotate(Max("sent_at"))


@compiled
def _handed_out_last(role: str, invoices: Collection[UUID]) -> QuerySet[Dispatch, tuple[UUID, str, datetime]]:
    others = Dispatch.objects.visible_to(Actor(user=None, role=role)).filter(invoice__code__in=invoices)
    return others.order_by().values_list("invoice__code", "what").annotate(Max("made_at"))


def handed_out(invoice: Invoice, *, by: Actor) -> list[Dispatch]:
    """When this invoice was printed with others or a reminder of it went out, and by whom, the newest first."""
    return list(Dispatch.objects.visible_to(by).filter(invoice=invoice).select_related("made_by")[:SHOWN])


def mailed_about(thing: Model, *, by: Actor, template: str = "") -> list[Notice]:
    """The same of a receipt, or of whose statement it is."""
    notices = Notice.objects.visible_to(by).about(thing).filter(withdrawn_at__isnull=True)
    if template:
        notices = notices.filter(template=template)
    return list(notices.order_by("-pk")[:SHOWN])
