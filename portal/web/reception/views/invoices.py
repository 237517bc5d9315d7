"""One invoice at the desk: money in, money back, void, and the paper."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.agreements import agreed_on
from portal.billing.beside import beside
from portal.billing.forms import CreditForm, PaymentForm, VoidForm, first_payday
from portal.billing.models import CreditNote, Invoice, InvoiceStatus, Line, Payment, Purpose
from portal.billing.movements import movements_of, surplus_of
from portal.billing.online.charging import card_to_charge
from portal.billing.online.consents import missing_for
from portal.billing.refusals import (
    ChangedMeanwhile,
    ClaimApproved,
    KeyReused,
    NotPayable,
    OverCredit,
    Overpayment,
    PaidOn,
)
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest, allow
from portal.common.database.compiled import Given, compiled
from portal.common.money import dollars
from portal.common.web.htmx import redirect_to
from portal.journeys import claim_checks, paying, reminding, voiding
from portal.journeys.mailing import address_for
from portal.web.reception import again, drawer, mailing, meanwhile
from portal.web.reception.views.claim_checks import held_back
from portal.web.reception.views.claims import claims_of, paid_by_medicare


def _today(now: datetime) -> date:
    """The clinic's calendar decides what is overdue, and which day money came."""
    return ClinicSettings.current().today(now)


def _invoice(request: ActorRequest, number: str) -> Invoice:
    if found := _with_all_around_it(request.actor.role, Given(number)):
        return found[0]
    raise Http404


@compiled
def _with_all_around_it(role: str, number: str) -> QuerySet[Invoice]:
    """The desk and the manager see what they see by their role alone, whoever they are."""
    return (
        Invoice.objects.visible_to(Actor(user=None, role=role))
        .select_related(
            "patient", "psychologist__user", "location", "appointment__series", "created_by", "voided_by", "payer"
        )
        .filter(number=number)
    )


@compiled
def _lines(invoice: int) -> QuerySet[Line]:
    return Line.objects.filter(invoice=invoice).order_by("position")


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def detail(request: ActorRequest, number: str) -> HttpResponse:
    return _show(request, _invoice(request, number), now=timezone.now())


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def pay(request: ActorRequest, number: str) -> HttpResponse:
    """Records money that came. What is wrong stands beside its field, and what was typed stays."""
    invoice, now = _invoice(request, number), timezone.now()
    form, status = _payment_form(request, invoice, today=_today(now), data=request.POST), 422
    if form.is_valid():
        try:
            payment = actions.record_payment(
                invoice=invoice, by=request.actor, now=now, **form.cleaned_data | {"key": str(form.cleaned_data["key"])}
            )
        except Overpayment as refused:
            if not refused.balance:
                return _paid_already(request, invoice, now=now)
            form.too_much(refused.balance)
        except ChangedMeanwhile as refused:
            if not refused.invoice.balance:
                return _paid_already(request, refused.invoice, now=now)
            form.shown_anew(refused.invoice.seen_as, meanwhile.nothing_done(refused.invoice, by=request.actor, now=now))
            status = 409
        except KeyReused:
            form.add_error(
                None, _("This page was sent before with another amount. Look at the payments, then send it again.")
            )
            form.new_key()
        except NotPayable:
            return _refused(request, invoice)
        else:
            drawer.remember(request, form.cleaned_data.get("location"))
            _tell(request, payment, is_new=payment.recorded_at == now)
            return redirect_to(request, "reception:invoice", number=invoice.number)
    elif form.data.get("seen") and form.data["seen"] != invoice.seen_as:
        # Said before what is wrong with the fields: that may follow from it.
        if not invoice.balance:
            return _paid_already(request, invoice, now=now)
        form.shown_anew(invoice.seen_as, meanwhile.nothing_done(invoice, by=request.actor, now=now))
        status = 409
    invoice.refresh_from_db(fields=["paid", "payable", "status"])
    return _show(request, invoice, form=form, status=status, now=now)


def _payment_form(
    request: ActorRequest, invoice: Invoice, *, today: date, data: QueryDict | None = None
) -> PaymentForm:
    return PaymentForm(
        data,
        most=invoice.balance,
        today=today,
        since=first_payday(invoice),
        seen=invoice.seen_as if data is None else "",
        places=drawer.places(),
        place=drawer.place_of(request, invoice.location),
        names=actions.likely_payers(invoice.patient, invoice),
    )


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def use_held(request: ActorRequest, number: str) -> HttpResponse:
    """Settles the invoice with what the patient paid ahead of sessions that don't take place."""
    invoice, now = _invoice(request, number), timezone.now()
    try:
        used = paying.use_held(invoice=invoice, by=request.actor, now=now, seen=request.POST.get("seen", ""))
    except ChangedMeanwhile as refused:
        if not refused.invoice.balance:
            return _paid_already(request, refused.invoice, now=now)
        messages.error(request, meanwhile.nothing_done(refused.invoice, by=request.actor, now=now))
    except NotPayable:
        return _refused(request, invoice)
    else:
        if used:
            messages.success(request, _("%(amount)s of what we held is used here.") % {"amount": dollars(used)})
        else:
            messages.info(request, _("There was nothing left to use, or to pay."))
    return redirect_to(request, "reception:invoice", number=invoice.number)


def _paid_already(request: ActorRequest, invoice: Invoice, *, now: datetime) -> HttpResponse:
    """Somebody else was first: who, when and how much, on the invoice itself."""
    said = [
        _takes_nothing(invoice),
        meanwhile.changed(invoice, by=request.actor, now=now),
    ]
    messages.info(request, " ".join(said))
    return redirect_to(request, "reception:invoice", number=invoice.number)


def _takes_nothing(invoice: Invoice) -> str:
    """Why no money is recorded on an invoice: each of its states in its own words."""
    if invoice.status == InvoiceStatus.VOID:
        return _("This invoice is void. Nothing was recorded.")
    if invoice.status == InvoiceStatus.DRAFT:
        return _("This invoice is a draft: issue it first. Nothing was recorded.")
    if invoice.bulk_billed:
        return _("This invoice is bulk billed: Medicare alone pays it, by its claim. Nothing was recorded.")
    if invoice.total and not invoice.payable:
        return _("All of this invoice was credited. Nothing was recorded.")
    return _("This invoice is paid. Nothing more was recorded.")


def _refused(request: ActorRequest, invoice: Invoice) -> HttpResponse:
    invoice.refresh_from_db(fields=["status", "payable", "paid"])
    messages.error(request, _takes_nothing(invoice))
    return redirect_to(request, "reception:invoice", number=invoice.number)


def _tell(request: HttpRequest, payment: Payment, *, is_new: bool) -> None:
    words = {"amount": dollars(abs(payment.amount)), "number": payment.number}
    if not is_new:
        messages.info(request, _("%(amount)s was recorded already: receipt %(number)s.") % words)
    else:
        messages.success(request, _("%(amount)s recorded: receipt %(number)s.") % words)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def void(request: ActorRequest, number: str) -> HttpResponse:
    """Asks why, then takes the invoice back. It stays in the books."""
    invoice, now, status = _invoice(request, number), timezone.now(), 422
    form = VoidForm(request.POST or None, initial={"seen": invoice.seen_as})
    if invoice.status == InvoiceStatus.VOID:
        messages.info(request, _("This invoice is void already."))
        return redirect_to(request, "reception:invoice", number=invoice.number)
    if request.method == "POST" and form.is_valid():
        try:
            voiding.void_invoice(invoice=invoice, **form.cleaned_data, by=request.actor, now=now)
        except PaidOn as refused:
            messages.error(
                request,
                _("%(paid)s is paid on this invoice. Refund it first, then void it.") % {"paid": dollars(refused.paid)},
            )
        except NotPayable:
            messages.info(request, _("This invoice is void already."))
        except ClaimApproved as refused:
            return paid_by_medicare(request, refused)
        except ChangedMeanwhile as refused:
            invoice, status = refused.invoice, 409
            form.shown_anew(invoice.seen_as, meanwhile.nothing_done(invoice, by=request.actor, now=now))
        else:
            is_of_session = invoice.purpose == Purpose.SESSION
            again = _("The session can be billed again.") if is_of_session else _("It can be asked for again.")
            messages.success(request, f"{_('The invoice is void.')} {again}")
        if not form.errors:
            return redirect_to(request, "reception:invoice", number=invoice.number)
    context = {"invoice": invoice, "form": form, "claims": claims_of(invoice)}
    return render(request, "reception/void.html", context, status=status if form.errors else 200)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def credit(request: ActorRequest, number: str) -> HttpResponse:
    """Asks how much comes off an issued invoice and why, and makes a note of it with a number of its own."""
    invoice, now = _invoice(request, number), timezone.now()
    data, status = request.POST if request.method == "POST" else None, 422
    form = CreditForm(data, lines=_creditable(invoice), seen=invoice.seen_as)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            note = actions.credit_line(
                line=form.chosen,
                amount=said["amount"],
                reason=said["reason"],
                key=f"credit:{said['key']}",
                by=request.actor,
                now=now,
                seen=said["seen"],
            )
        except OverCredit as refused:
            form.too_much(refused.most)
        except ChangedMeanwhile as refused:
            invoice, status = refused.invoice, 409
            form.shown_anew(invoice.seen_as, meanwhile.nothing_done(invoice, by=request.actor, now=now))
        except ClaimApproved as refused:
            return paid_by_medicare(request, refused)
        except (KeyReused, NotPayable):
            messages.error(request, _("Somebody changed this invoice a moment ago. Look at it again."))
            return redirect_to(request, "reception:invoice", number=invoice.number)
        else:
            return _credited(request, invoice, note)
    elif request.method == "POST" and (earlier := _credited_before(invoice, form)):
        return _credited(request, invoice, earlier)
    context = {"invoice": invoice, "form": form, "can_credit": bool(form.lines), "claims": claims_of(invoice)}
    return render(request, "reception/credit.html", context, status=status if form.errors else 200)


def _credited(request: HttpRequest, invoice: Invoice, note: CreditNote) -> HttpResponse:
    words = {"amount": dollars(note.amount), "number": note.number}
    messages.success(request, _("%(amount)s is taken off: note %(number)s.") % words)
    return redirect_to(request, "reception:invoice", number=invoice.number)


def _credited_before(invoice: Invoice, form: CreditForm) -> CreditNote | None:
    """What this page made when it was sent first: a second click finds nothing left of what the first took off."""
    key = form.cleaned_data.get("key")
    return invoice.credit_notes.filter(key=f"credit:{key}").first() if key else None


def _creditable(invoice: Invoice) -> list[tuple[Line, Decimal]]:
    """The lines that something can be taken off, and how much."""
    if invoice.status != InvoiceStatus.ISSUED:
        return []
    lines = invoice.lines.select_related("invoice").filter(total__gt=0)
    found = [(line, actions.creditable(line=line, invoice=invoice)) for line in lines]
    return [(line, most) for line, most in found if most]


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def credit_pdf(request: ActorRequest, number: str, note: str) -> HttpResponse:
    """A credit or adjustment note, shown in the browser to be printed."""
    from portal.billing import paper  # it brings the PDF library, which is slow to load

    found = get_object_or_404(
        CreditNote.objects.visible_to(request.actor).select_related("invoice"), invoice__number=number, number=note
    )
    return HttpResponse(
        paper.credit_note_pdf(found),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{paper.filename(found)}"'},
    )


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def pdf(request: ActorRequest, number: str) -> HttpResponse:
    """The paper, shown in the browser to be printed."""
    from portal.billing import paper  # it brings the PDF library, which is slow to load

    invoice, now = get_object_or_404(Invoice.objects.visible_to(request.actor), number=number), timezone.now()
    if answer := held_back(request, invoice, now=now):
        return answer
    return HttpResponse(
        paper.invoice_pdf(invoice, now=now),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{paper.filename(invoice)}"'},
    )


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def send(request: ActorRequest, number: str) -> HttpResponse:
    """Sends the invoice by e-mail, once for each page that asked."""
    invoice, now = _invoice(request, number), timezone.now()
    if answer := held_back(request, invoice, now=now):
        return answer
    if invoice.status == InvoiceStatus.ISSUED:
        mailing.send(request, invoice, now=now)
    else:
        messages.error(request, _("Only an invoice that stands is sent."))
    return redirect_to(request, "reception:invoice", number=invoice.number)


def _may_use_held(invoice: Invoice) -> bool:
    """Whether the patient's own money that is held may pay it: nothing of theirs pays what somebody else is billed."""
    owing = invoice.status == InvoiceStatus.ISSUED and invoice.balance > 0
    return owing and invoice.purpose != Purpose.DEPOSIT and invoice.payer_id is None and not invoice.bulk_billed


def _show(
    request: ActorRequest, invoice: Invoice, *, form: PaymentForm | None = None, status: int = 200, now: datetime
) -> HttpResponse:
    today = _today(now)
    takes_money = invoice.status == InvoiceStatus.ISSUED and invoice.balance > 0
    badge = invoice.badge(today=today)
    lines, has = _lines(invoice.pk), beside(invoice, now=now)
    context: dict[str, Any] = {
        "invoice": invoice,
        "lines": lines,
        "movements": movements_of(invoice),
        "notes": invoice.credit_notes.select_related("created_by", "line") if has.notes else [],
        "badge": badge,
        "check": claim_checks.check(invoice, now=now, lines=lines),
        "referral": (invoice.snapshot or {}).get("referral"),
        "form": (form or _payment_form(request, invoice, today=today))
        if takes_money and not invoice.bulk_billed
        else None,
        "draft_seen": actions.draft_as_shown(invoice)
        if invoice.status == InvoiceStatus.DRAFT and invoice.purpose == Purpose.OTHER
        else "",
        "again": again.address(invoice),
        "address": address_for(invoice) if invoice.status == InvoiceStatus.ISSUED else "",
        "mailed": mailing.mailed(invoice, by=request.actor),
        "may_remind": badge == "overdue" and reminding.may_remind(invoice, now=now),
        "agreed": agreed_on(invoice, today=today) if takes_money and not invoice.bulk_billed else None,
        "has_owing": takes_money and not invoice.bulk_billed,
        "handed_out": mailing.handed_out(invoice, by=request.actor) if has.handed_out else [],
        "key": uuid.uuid4(),
        "claims": claims_of(invoice) if has.claims else [],
        "deposits": actions.held_for(invoice.patient) if _may_use_held(invoice) else [],
        "account": actions.on_account(invoice.patient) if _may_use_held(invoice) else 0,
        "patient": invoice.patient,
        "can_credit": takes_money,
        "surplus": surplus_of(invoice) if has.surplus else [],
        "going": invoice.card_refunds.under_way() if has.going else [],
        "card": (card := card_to_charge(invoice, today=today)),
        "missing": missing_for(card, invoice) if card else None,
        "charge": invoice.attempts.filter(card__isnull=False).select_related("card").last() if has.charge else None,
        "has_link": has.link,
        "can_void": invoice.status != InvoiceStatus.VOID and not invoice.paid,
    }
    return render(request, "reception/invoice.html", context, status=status)
