"""Money about a session beside its invoice: taken before it, or asked for although it was not held."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.roles import Role
from portal.appointments import waitlist
from portal.appointments.models import Appointment
from portal.billing import actions, charges
from portal.billing.bulk import is_bulk_billed
from portal.billing.forms import AheadForm, WaiveForm
from portal.billing.models import Invoice, Purpose
from portal.billing.models.saved_card import on_file_of
from portal.billing.online.client import is_on
from portal.billing.refusals import (
    AlreadyInvoiced,
    KeyReused,
    NotBillable,
    Overpayment,
    SessionChanged,
    Waived,
    WaivedThisYear,
)
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.punctuation import apart
from portal.common.money import ZERO, dollars
from portal.common.web.once import making, once
from portal.journeys import late_fees, paying
from portal.journeys.late_fees import Proposal
from portal.patients.reaching import unreached
from portal.policies.models import PolicySettings
from portal.web.reception import drawer


def _session(request: ActorRequest, code: UUID) -> Appointment:
    return get_object_or_404(Appointment.objects.visible_to(request.actor).without_holds().for_listing(), code=code)


# ---- Before the session ----------------------------------------------------------------------------------------------


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def ahead(request: ActorRequest, code: UUID) -> HttpResponse:
    """Takes money before the session. It is no check-out, and nothing is claimed from Medicare by it."""
    session, now = _session(request, code), timezone.now()
    clinic = ClinicSettings.current()
    price, seen = charges.price_of(session, clinic=clinic), actions.ahead_as_shown(session, clinic=clinic)
    link, account = actions.payer_of(session), actions.on_account(session.person)
    is_bulk = link is None and is_bulk_billed(session)
    left = ZERO if link or is_bulk else max(ZERO, price - account)
    form = AheadForm(
        request.POST if request.method == "POST" else None,
        amount=left,
        seen=seen,
        places=drawer.places(),
        place=drawer.place_of(request, session.location),
    )
    if not actions.may_bill(session, Purpose.DEPOSIT, now=now):
        return _too_late_for_ahead(request, session)
    if request.method == "POST" and form.is_valid():
        try:
            with making(request, now=now) as made:
                invoice = actions.take_ahead(
                    appointment=session,
                    by=request.actor,
                    now=now,
                    **form.cleaned_data | {"key": f"ahead:{form.cleaned_data['key']}"},
                )
                made.leads_to("reception:appointment", code=session.code)
        except AlreadyInvoiced as refused:
            messages.info(request, _("Money was taken for this session already. Nothing was taken twice."))
            return redirect("reception:invoice", number=refused.invoice.number)
        except KeyReused:
            # The very page that was sent before; what it took was given back meanwhile.
            messages.info(request, _("Money was taken for this session already. Nothing was taken twice."))
            return redirect("reception:appointment", code=session.code)
        except NotBillable:
            return _too_late_for_ahead(request, session)
        except Overpayment as refused:
            words = _("The session costs %(price)s. Take only that.") % {"price": dollars(refused.balance)}
            form.add_error("amount", words)
        except SessionChanged:
            session = _session(request, code)
            price = charges.price_of(session, clinic=clinic)
            words = _(
                "This session was changed meanwhile, and no money was taken. Look at when it is and what it costs."
            )
            form.shown_anew(actions.ahead_as_shown(session, clinic=clinic), words)
        else:
            paid = {"amount": dollars(invoice.total)}
            drawer.remember(request, form.cleaned_data.get("location"))
            messages.success(request, _("%(amount)s is paid ahead. It counts at check-out.") % paid)
            return made.answer
    if request.method != "POST" and (deposit := actions.deposit_of(session)):
        return redirect("reception:invoice", number=deposit.number)
    context = {
        "session": session,
        "form": form,
        "price": price,
        "billed_to": link.payer.name if link else "",
        "is_bulk": is_bulk,
        "account": account,
        "left": left,
    }
    return render(request, "reception/pay_ahead.html", context, status=422 if form.errors else 200)


def _too_late_for_ahead(request: HttpRequest, session: Appointment) -> HttpResponse:
    messages.error(request, _("This session is over or called off: nothing can be paid ahead of it."))
    return redirect("reception:appointment", code=session.code)


# ---- Although it was not held ----------------------------------------------------------------------------------------


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def fee(request: ActorRequest, code: UUID) -> HttpResponse:
    """Says what a session that was cancelled late or missed costs, and why; a person asks for it or does without."""
    session, now = _session(request, code), timezone.now()
    if request.method == "POST":
        try:
            with making(request, now=now) as made:
                invoice = paying.bill_fee(
                    appointment=session, by=request.actor, now=now, after_all=bool(request.POST.get("after_all"))
                )
                made.leads_to("reception:invoice", number=invoice.number)
        except AlreadyInvoiced as refused:
            messages.info(request, _("This fee was invoiced already. Nothing was billed twice."))
            return redirect("reception:invoice", number=refused.invoice.number)
        except NotBillable:
            return _no_fee(request, session)
        except Waived:
            # Somebody did without it while this page was open. The page says who and why, and asks again.
            messages.error(request, _waived_words(session))
            return redirect("reception:fee", code=session.code)
        done = _("The fee is invoiced: %(amount)s.") % {"amount": dollars(invoice.total)}
        if address := late_fees.mail(invoice, by=request.actor, now=now):
            done += " " + _("The invoice is on its way to %(address)s.") % {"address": address}
        else:
            done += " " + _("No e-mail address is known: print it, and send it by post.")
        messages.success(request, done)
        return made.answer
    return _offer(request, session, WaiveForm())


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def waive(request: ActorRequest, code: UUID) -> HttpResponse:
    """Does without the fee, with the reason."""
    session, form = _session(request, code), WaiveForm(request.POST)
    of_year = PolicySettings.current().waive_first and "of_year" in request.POST
    if not of_year and not form.is_valid():
        return _offer(request, session, form)
    reason = late_fees.reason_of(Proposal.FIRST) if of_year else form.cleaned_data["reason"]
    try:
        paying.waive_fee(appointment=session, reason=reason, of_year=of_year, by=request.actor, now=timezone.now())
    except WaivedThisYear:
        messages.error(request, _("The one fee of this year was waived already. Waive this one too, and say why."))
        return redirect("reception:fee", code=session.code)
    except AlreadyInvoiced as refused:
        messages.error(request, _("This fee is invoiced. Void the invoice first, then do without it."))
        return redirect("reception:invoice", number=refused.invoice.number)
    except NotBillable:
        return _no_fee(request, session)
    messages.success(request, _("The fee is waived."))
    return redirect("reception:appointment", code=session.code)


def _waived_words(session: Appointment) -> str:
    """Who did without the fee, so that nothing was invoiced."""
    waiver = session.waivers.in_force().select_related("waived_by").last()
    who = waiver.waived_by.name if waiver and waiver.waived_by else _("the clinic's rule")
    return _("Nothing was invoiced: this fee was waived meanwhile, by %(who)s.") % {"who": apart(who)}


def _offer(request: ActorRequest, session: Appointment, form: WaiveForm) -> HttpResponse:
    due = charges.fee_due(session, clinic=ClinicSettings.current(), policy=PolicySettings.current())
    if due is None:
        return _no_fee(request, session)
    invoice = Invoice.objects.visible_to(request.actor).live().filter(appointment=session)
    if billed := invoice.for_purpose(due.purpose).first():
        return redirect("reception:invoice", number=billed.number)
    policy = PolicySettings.current()
    proposal = late_fees.proposed([session], policy=policy)[session.pk]
    refilled = waitlist.refilled([session]).get(session.pk)
    if refilled is not None and not form.is_bound:
        # Nothing was lost by it, so the reason to do without the fee stands there to be taken or changed.
        form = WaiveForm(initial={"reason": late_fees.reason_of(Proposal.REFILLED)})
    context = {
        "session": session,
        "fee": due,
        "form": form,
        "waiver": session.waivers.in_force().filter(purpose=due.purpose).select_related("waived_by").first(),
        "ahead": actions.held_ahead(session),
        "card": on_file_of(session.person.pk) if is_on() and not refilled else None,
        "refilled": refilled,
        "proposal": proposal,
        "year": str(actions.year_of(session)),
        "is_reached": session.person.pk not in unreached([session.person.pk]),
        "settles_by_itself": policy.charge_after_hours,
    }
    return render(request, "reception/fee.html", context, status=422 if form.errors else 200)


def _no_fee(request: HttpRequest, session: Appointment) -> HttpResponse:
    messages.error(request, _("There is no fee to ask for: the session was held, or may be cancelled free of charge."))
    return redirect("reception:appointment", code=session.code)
