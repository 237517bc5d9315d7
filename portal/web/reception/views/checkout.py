"""Checking out: the session as it was held, the invoice, the money, the paper."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.kept_forms import keeping
from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.appointments.refusals import WrongState
from portal.appointments.states import Verb, Why
from portal.billing.actions import deposit_of, held_for, held_of, links_of, on_account
from portal.billing.bulk import Agreement
from portal.billing.models import Invoice, Line, Method, Purpose
from portal.billing.movements import movements_of
from portal.billing.refusals import AlreadyInvoiced, BillingRefused, Overpayment
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.forms.mistakes import wrong_in
from portal.common.money import dollars
from portal.common.web.htmx import page_or_fragment, redirect_to
from portal.common.web.once import making, once
from portal.journeys import checking_out, claim_checks, claims_ahead, same_day, sessions
from portal.journeys.checking_out import Claim, Held, Preview
from portal.journeys.mailing import address_for
from portal.medicare import ledger
from portal.medicare.ledger import Standing
from portal.medicare.telling import standing_in_words
from portal.reports.days import owed_by
from portal.video.minutes import together
from portal.web.calendars.refused import in_words
from portal.web.reception import drawer, mailing, meanwhile
from portal.web.reception.forms import HELD, LATER, THEMSELVES, CheckOutForm
from portal.web.reception.old_debts import old_debts
from portal.web.reception.views.claim_checks import held_back
from portal.web.reception.views.claims import claims_of

# What the page says of a claim outside its check: a second session that day, the card, the end of the course.
_SAID_BESIDE = ("same_day", "no_card", "report_due")


def _session(request: ActorRequest, code: UUID) -> Appointment:
    return get_object_or_404(Appointment.objects.visible_to(request.actor).without_holds().for_listing(), code=code)


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def check_out(request: ActorRequest, code: UUID) -> HttpResponse:
    """One page for all of it. Figures follow what is typed: by htmx at once, without script by "Add up again"."""
    session, now, clinic = _session(request, code), timezone.now(), ClinicSettings.current()
    if invoice := _invoice_of(request, session):
        if request.method != "POST":
            return _billed_already(request, invoice, now=now)
    elif why := sessions.steps(session, by=request.actor, now=now)[Verb.CHECK_OUT].why:
        return _not_checked_out(request, session, why, now=now)
    claim = checking_out.claim_for(session, now=now)
    on_hold = held_of(session.person)
    payers, old = links_of(session.person), old_debts(session)
    place = drawer.place_of(request, session.location)
    if request.method != "POST":
        seen = checking_out.as_shown(session, claim=claim, clinic=clinic)
        held = checking_out.as_booked(session)
        if met := together(session):
            # By video: how long they really met decides the item, until the desk says otherwise.
            held = replace(held, minutes=met.minutes)
        is_bulk = claim.is_to_be_bulk_billed(held)
        if is_bulk:
            # Not agreed yet: that is asked on the page.
            held = replace(held, agreement=Agreement(way="", agreed_by=""))
        shown = checking_out.preview(session, held, claim=claim, clinic=clinic)
        start = {
            "bulk": is_bulk,
            "agreed_by": session.person.legal_name,
            "minutes": held.minutes,
            "mode": held.mode,
            "fee": held.fee,
            "item": held.item,
            "bill_to": str(held.bill_to.code) if held.bill_to else THEMSELVES,
            **_of_earlier_groups(session),
            "method": LATER if held.bill_to else _proposed(shown.to_pay, on_hold),
        }
        form = CheckOutForm(
            claim=claim,
            place=place,
            charges_gst=clinic.gst_registered,
            on_hold=on_hold,
            payers=payers,
            old=old,
            initial=start | {"amount": shown.to_pay, "proposed_for": shown.to_pay, "seen": seen},
        )
        if again := keeping.typed_at(request, now=now):
            # The fields come back as they were typed; the figures are of the same.
            kept = CheckOutForm(
                again,
                claim=claim,
                place=place,
                charges_gst=clinic.gst_registered,
                on_hold=on_hold,
                payers=payers,
                old=old,
            ).held
            priced = checking_out.preview(session, kept, claim=claim, clinic=clinic) if kept else None
            return render(request, "reception/check_out.html", _context(request, session, form, kept, priced, now=now))
        return render(request, "reception/check_out.html", _context(request, session, form, held, shown, now=now))
    form = CheckOutForm(
        request.POST,
        claim=claim,
        place=place,
        charges_gst=clinic.gst_registered,
        on_hold=on_hold,
        payers=payers,
        old=old,
    )
    typed = form.held
    as_booked = claim
    if typed and not typed.is_usual:
        # It counts to the year's few with a carer too, or to the groups, which have a referral of their own.
        form.claim = claim = checking_out.claim_for(session, now=now, counts_towards=typed.counts_towards)
    priced = checking_out.preview(session, typed, claim=claim, clinic=clinic) if typed else None
    if request.POST.get("step") == "sum":
        if priced:
            form = form.with_total(form.due(priced.to_pay))
        context = _context(request, session, form, typed, priced, now=now) | {"wrong": _wrong(form, priced)}
        return page_or_fragment(request, "reception/check_out.html", context, fragment="sum")
    if not invoice and form.data.get("seen") and _is_old(form, session, claim=as_booked, clinic=clinic):
        return _show_anew(request, session, form, clinic=clinic, now=now)
    if priced:
        if (due := form.due(priced.to_pay)) and form.is_untouched:
            # The button was pressed before the figures could follow the fee, or without script.
            form = form.with_total(due)
        form.check_item(priced)
        form.check_amount(due)
    if typed and form.is_valid() and (done := _settled(request, session, form, typed, now=now)):
        return done
    return render(
        request, "reception/check_out.html", _context(request, session, form, typed, priced, now=now), status=422
    )


def _wrong(form: CheckOutForm, priced: Preview | None) -> str:
    """The fields that would be refused if it were sent now: of the others the page says so no longer."""
    sent = form.shown_anew(form.data.get("seen", ""))
    if priced:
        sent.check_item(priced)
        sent.check_amount(sent.due(priced.to_pay))
    return wrong_in(sent)


def _of_earlier_groups(session: Appointment) -> dict[str, Any]:
    """Where the patient lives, as it was said of an earlier group by video."""
    said = Line.objects.filter(invoice__patient=session.patient, remoteness__isnull=False).order_by("-pk")
    return dict(said.values("remoteness", "kilometres").first() or {})


def _proposed(to_pay: Decimal, on_hold: Decimal) -> str:
    """How it is paid unless the desk says another way: what is held goes first where it is enough."""
    if not to_pay:
        return LATER
    return HELD if on_hold >= to_pay else Method.CARD.value


def _settled(
    request: ActorRequest, session: Appointment, form: CheckOutForm, held: Held, *, now: datetime
) -> HttpResponse | None:
    """Checks out and leads on; None when the books refuse, with the reason in the form."""
    try:
        with making(request, now=now) as made:
            made.leads_to("reception:checked_out", code=session.code)
            checking_out.check_out(
                appointment=session,
                held=held,
                key=f"checkout:{form.cleaned_data['key']}",
                payment=form.taken,
                uses_held=form.cleaned_data.get("method") == HELD and not form.is_bulk,
                by=request.actor,
                now=now,
                seen=form.cleaned_data["seen"] or None,
            )
    except AlreadyInvoiced as refused:
        return _billed_already(request, refused.invoice, now=now)
    except WrongState as refused:
        if refused.reason == Why.CHANGED:
            return _show_anew(request, _session(request, session.code), form, clinic=ClinicSettings.current(), now=now)
        return _not_checked_out(request, session, refused.reason, now=now)
    except Overpayment as refused:
        # Somebody took money ahead, or of what is owing from before, while this was sent.
        if form.takes_old:
            form.old_changed()
        else:
            form.too_much(refused.balance)
        return None
    except BillingRefused:
        form.add_error(None, _("These lines don't make an invoice. Check the amounts."))
        return None
    if taken := form.taken:
        drawer.remember(request, taken.location)
    return made.answer


def _billed_already(request: ActorRequest, invoice: Invoice, *, now: datetime) -> HttpResponse:
    """Whoever comes second is told what the first billed, on the invoice itself."""
    tell = messages.info if invoice.created_by == request.user else messages.warning
    tell(request, meanwhile.checked_out(invoice, by=request.actor, now=now))
    return redirect_to(request, "reception:invoice", number=invoice.number)


def _is_old(form: CheckOutForm, session: Appointment, *, claim: Claim, clinic: ClinicSettings) -> bool:
    return str(form.data["seen"]) != checking_out.as_shown(session, claim=claim, clinic=clinic)


def _show_anew(
    request: ActorRequest, session: Appointment, form: CheckOutForm, *, clinic: ClinicSettings, now: datetime
) -> HttpResponse:
    """Says that the session is another than the page showed, and shows it; what was typed stays."""
    form.claim = checking_out.claim_for(session, now=now)
    form = form.shown_anew(checking_out.as_shown(session, claim=form.claim, clinic=clinic))
    words = _(
        "Somebody changed this session, its fee or its payments since this page was opened, so nothing was billed or "
        "taken. The agreed fee is %(fee)s. What you typed is kept: look it over, then finish."
    )
    form.add_error(None, words % {"fee": dollars(session.fee)})
    typed = form.held
    priced = checking_out.preview(session, typed, claim=form.claim, clinic=clinic) if typed else None
    return render(
        request, "reception/check_out.html", _context(request, session, form, typed, priced, now=now), status=409
    )


def _not_checked_out(request: ActorRequest, session: Appointment, why: str, *, now: datetime) -> HttpResponse:
    messages.error(request, in_words(Verb.CHECK_OUT, why, session, by=request.actor, now=now))
    return redirect_to(request, "reception:appointment", code=session.code)


def _context(
    request: ActorRequest,
    session: Appointment,
    form: CheckOutForm,
    held: Held | None,
    shown: Preview | None,
    *,
    now: datetime,
) -> dict[str, Any]:
    check = claims_ahead.check_ahead(session, held, form.claim, shown, now=now) if held and shown else None
    return {
        "session": session,
        "patient": session.patient,
        "form": form,
        "bill": shown and shown.bill,
        # Why nothing can be added up: said in the box of the figures, for the fields are not drawn anew meanwhile.
        "unpriced": [] if shown else form.unpriced,
        "ahead": shown and shown.ahead,
        # What the patient paid ahead stays theirs where somebody else is billed.
        "deposit_kept": deposit_of(session) if held and shown and (held.bill_to or shown.bulk_billed) else None,
        "to_pay": shown and shown.to_pay,
        "shares": form.shares(shown.to_pay) if shown and form.takes_old else [],
        "same_day": same_day.in_words(same_day.others_with_a_rebate(session, now=session.starts_at))
        if shown and shown.item
        else "",
        "check": check and check.but(*_SAID_BESIDE),
        "met": together(session),
        "proposed": shown and shown.proposed,
        "item_why": form.claim.why(session, held) if held else "",
        "referral": form.claim.referral,
        "standing": form.claim.standing,
        "standing_words": _standing_words(form.claim.standing, held),
        "owes": owed_by(request.actor, session.person),
        "deposits": held_for(session.person),
        "account": on_account(session.person),
        "later": LATER,
        "is_bulk": bool(shown and shown.bulk_billed),
        "can_bulk": form.claim.is_covered and bool(form.claim.ways),
        "billed_to": held.bill_to.payer.name if held and held.bill_to else "",
        "is_third_party": bool(held and held.is_for_third_party),
    }


def _standing_words(standing: Standing | None, held: Held | None) -> str:
    if standing is None:
        return ""
    if held and held.group and standing.why is ledger.Why.NO_REFERRAL:
        return _(
            "No referral for group sessions is on file. A group needs one of its own, so Medicare pays nothing towards "
            "this session."
        )
    return standing_in_words(standing)


# ---- Afterwards -----------------------------------------------------------------------------------------------------


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def checked_out(request: ActorRequest, code: UUID) -> HttpResponse:
    """What was billed and taken, to print or send."""
    session = _session(request, code)
    invoice = _invoice_of(request, session)
    if invoice is None:
        return redirect("reception:check_out", code=session.code)
    now = timezone.now()
    today = ClinicSettings.current().today(now)
    context = {
        "session": session,
        "patient": session.patient,
        "invoice": invoice,
        "check": claim_checks.check(invoice, now=now),
        "claims": claims_of(invoice),
        "badge": invoice.badge(today=today),
        "movements": movements_of(invoice),
        "notes": invoice.credit_notes.all(),
        "address": address_for(invoice),
        "mailed": mailing.mailed(invoice, by=request.actor),
        "handed_out": mailing.handed_out(invoice, by=request.actor),
        "key": uuid.uuid4(),
        "is_paid": not invoice.balance,
        "owes": owed_by(request.actor, session.person),
    }
    return render(request, "reception/checked_out.html", context)


def _invoice_of(request: ActorRequest, session: Appointment) -> Invoice | None:
    return (
        Invoice.objects.visible_to(request.actor)
        .live()
        .filter(appointment=session)
        .for_purpose(Purpose.SESSION)
        .select_related("patient__user", "billed_user", "created_by")
        .first()
    )


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def send_invoice(request: ActorRequest, code: UUID) -> HttpResponse:
    """Sends the invoice by e-mail, once for each page that asked."""
    session = _session(request, code)
    invoice = _invoice_of(request, session)
    if invoice is None:
        return redirect("reception:check_out", code=session.code)
    now = timezone.now()
    if answer := held_back(request, invoice, now=now):
        return answer
    mailing.send(request, invoice, now=now)
    return redirect("reception:checked_out", code=session.code)
