"""Checking out: the session as it was held, the invoice, the money, the paper."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.appointments.refusals import WrongState
from portal.billing.models import Invoice, Method
from portal.billing.refusals import AlreadyInvoiced, BillingRefused
from portal.clinic.models import ClinicSettings
from portal.common.htmx import page_or_fragment, redirect_to
from portal.common.policy import allow
from portal.journeys import checking_out
from portal.journeys.checking_out import Bill
from portal.medicare.models import MbsItem, Referral
from portal.web.reception.days import owed_by, today_of
from portal.web.reception.forms import LATER, NO_ITEM, PROPOSED, CheckOutForm, SendForm


def _session(request: HttpRequest, code: Any) -> Appointment:
    return get_object_or_404(
        Appointment.objects.visible_to(request.actor).exclude(status=Status.HELD).for_listing(), code=code
    )


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def check_out(request: HttpRequest, code: Any) -> HttpResponse:
    """One page for all of it. Figures follow what is typed: by htmx at once, without script by "Add up again"."""
    session = _session(request, code)
    if invoice := Invoice.objects.visible_to(request.actor).live().filter(appointment=session).first():
        if request.method != "POST":
            return redirect("reception:invoice", number=invoice.number)
    elif session.status not in checking_out.OPEN:
        messages.error(request, _("This session was cancelled or missed: there is nothing to check out."))
        return redirect("reception:appointment", code=session.code)
    page = CheckOut(request, session)
    if request.method != "POST":
        return page.show()
    if request.POST.get("step") == "sum":
        return page.add_up()
    return page.settle()


class CheckOut:
    """One session at the desk on its way to an invoice."""

    def __init__(self, request: HttpRequest, session: Appointment) -> None:
        self.request, self.session = request, session
        self.now, self.clinic = timezone.now(), ClinicSettings.current()
        self.items = checking_out.items_for(session)
        self.referral: Referral | None = checking_out.referral_for(session)

    # What is typed, or would be.

    def form(self, data: Any = None, **initial: Any) -> CheckOutForm:
        covered = self.referral is not None and self.referral.is_for_medicare
        return CheckOutForm(data, items=self.items, has_referral=covered, initial=initial)

    def item_of(self, data: dict[str, Any]) -> MbsItem | None:
        chosen = data["item"]
        if chosen == NO_ITEM:
            return None
        if chosen == PROPOSED:
            return checking_out.proposed_item(
                self.session, minutes=data["minutes"], mode=data["mode"], referral=self.referral
            )
        return next(item for item in self.items if item.item == chosen)

    def bill(self, data: dict[str, Any], extra: list[Any]) -> Bill:
        return checking_out.bill_of(
            self.session,
            fee=data["fee"],
            minutes=data["minutes"],
            mode=data["mode"],
            item=self.item_of(data),
            extra=extra,
            clinic=self.clinic,
        )

    # The three things that can be asked of the page.

    def show(self) -> HttpResponse:
        start = {
            "minutes": self.session.minutes,
            "mode": self.session.mode,
            "fee": self.session.fee,
            "item": PROPOSED,
            "method": Method.CARD,
        }
        bill = self.bill(start, [])
        form = self.form(**start, amount=bill.sums.total, proposed_for=bill.sums.total)
        return self._page(form, bill, item=self.item_of(start), chosen=start)

    def add_up(self) -> HttpResponse:
        """The page again with new figures; nothing is written."""
        form = self.form(self.request.POST)
        form.full_clean()
        bill = self._bill_if_possible(form)
        if bill is not None:
            data = self.request.POST.copy()
            # An amount that nobody touched goes with the total.
            if data.get("amount", "").strip() in {"", data.get("proposed_for", "")}:
                data["amount"] = str(bill.sums.total)
            data["proposed_for"] = str(bill.sums.total)
            form = self.form(data)
            form.full_clean()
        return self._page(form, bill, fragment=True)

    def settle(self) -> HttpResponse:
        form = self.form(self.request.POST)
        form.full_clean()
        bill = self._bill_if_possible(form)
        if bill is not None:
            form.check_amount(bill.sums.total)
        if not form.is_valid() or bill is None:
            return self._page(form, bill, status=422)
        try:
            checking_out.check_out(
                appointment=self.session,
                lines=bill.lines,
                key=f"checkout:{form.cleaned_data['key']}",
                referral=self.referral if self.item_of(form.cleaned_data) else None,
                payment=form.taken,
                by=self.request.actor,
                now=self.now,
            )
        except AlreadyInvoiced as refused:
            messages.warning(
                self.request,
                _("Somebody checked this session out a moment ago. Nothing was billed or taken twice."),
            )
            return redirect_to(self.request, "reception:invoice", number=refused.invoice.number)
        except WrongState:
            messages.error(self.request, _("This session was cancelled or missed: there is nothing to check out."))
            return redirect_to(self.request, "reception:appointment", code=self.session.code)
        except BillingRefused:
            form.add_error(None, _("These lines don't make an invoice. Check the amounts."))
            return self._page(form, bill, status=422)
        return redirect_to(self.request, "reception:checked_out", code=self.session.code)

    def _bill_if_possible(self, form: CheckOutForm) -> Bill | None:
        needed = {"minutes", "mode", "fee", "item", "extra_description", "extra_amount"}
        return None if needed & form.errors.keys() else self.bill(form.cleaned_data, form.extra)

    def _page(
        self,
        form: CheckOutForm,
        bill: Bill | None,
        *,
        item: MbsItem | None = None,
        chosen: dict[str, Any] | None = None,
        fragment: bool = False,
        status: int = 200,
    ) -> HttpResponse:
        data = chosen or (form.cleaned_data if bill is not None else None)
        item = self.item_of(data) if data is not None else item
        context = {
            "session": self.session,
            "patient": self.session.patient,
            "form": form,
            "bill": bill,
            "item": item,
            "item_warning": _fit(item, data) if item and data else "",
            "referral": self.referral,
            "owes": owed_by(self.request.actor, self.session.patient),
            "later": LATER,
        }
        if fragment:
            return page_or_fragment(self.request, "reception/check_out.html", context, fragment="sum", status=status)
        return render(self.request, "reception/check_out.html", context, status=status)


def _fit(item: MbsItem, data: dict[str, Any]) -> str:
    """What looks odd about an item that the desk chose itself; empty if nothing does."""
    if item.mode != data["mode"]:
        return _("Item %(item)s is for another way of holding the session.") % {"item": item.item}
    if not item.fits(data["minutes"]):
        return _("Item %(item)s is not for a session of %(minutes)d minutes.") % {
            "item": item.item,
            "minutes": data["minutes"],
        }
    return ""


# ---- Afterwards -----------------------------------------------------------------------------------------------------


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def checked_out(request: HttpRequest, code: Any) -> HttpResponse:
    """What was billed and taken, to print or send."""
    session = _session(request, code)
    invoice = _invoice_of(request, session)
    if invoice is None:
        return redirect("reception:check_out", code=session.code)
    today = today_of(ClinicSettings.current(), now=timezone.now())
    context = {
        "session": session,
        "patient": session.patient,
        "invoice": invoice,
        "badge": invoice.badge(today=today),
        "payments": [a.payment for a in invoice.allocations.select_related("payment").order_by("pk")],
        "address": checking_out.address_for(invoice),
        "key": uuid.uuid4(),
        "is_paid": invoice.balance == Decimal(0),
    }
    return render(request, "reception/checked_out.html", context)


def _invoice_of(request: HttpRequest, session: Appointment) -> Invoice | None:
    return (
        Invoice.objects.visible_to(request.actor)
        .live()
        .filter(appointment=session)
        .select_related("patient__user", "billed_user")
        .first()
    )


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def send_invoice(request: HttpRequest, code: Any) -> HttpResponse:
    """Sends the invoice by e-mail, once for each page that asked."""
    session = _session(request, code)
    invoice, form = _invoice_of(request, session), SendForm(request.POST)
    if invoice is None:
        return redirect("reception:check_out", code=session.code)
    if not checking_out.address_for(invoice):
        messages.error(request, _("No e-mail address is known. Add one to the patient's details, or print it."))
    elif form.is_valid():
        address = checking_out.send_invoice(
            invoice=invoice, key=str(form.cleaned_data["key"]), by=request.actor, now=timezone.now()
        )
        messages.success(request, _("The invoice is on its way to %(address)s.") % {"address": address})
    return redirect("reception:checked_out", code=session.code)
