"""What somebody else did with a session's money while a page was open: who, when, how much."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.billing.models import Invoice, InvoiceStatus, Payment
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.money import dollars
from portal.journeys.meanwhile import at_or_on


def checked_out(invoice: Invoice, *, by: Actor, now: datetime) -> str:
    """Who billed a session that somebody is about to bill, when, for how much and by which invoice."""
    words = {
        "name": _who(invoice.created_by),
        "at": at_or_on(invoice.created_at, zone=ClinicSettings.current().zone, now=now),
        "number": invoice.number,
        "total": dollars(invoice.total),
        "paid": dollars(invoice.paid),
    }
    if invoice.created_by == by.user:
        first = _("You checked this session out %(at)s: invoice %(number)s, %(total)s, of which %(paid)s is paid.")
    else:
        first = _("%(name)s checked this session out %(at)s: invoice %(number)s, %(total)s, of which %(paid)s is paid.")
    return f"{first % words} {_('Nothing was billed or taken twice.')}"


def changed(invoice: Invoice, *, by: Actor, now: datetime) -> str:
    """The last that was done to an invoice, and what is owing by now."""
    return " ".join(filter(None, [last_done(invoice, by=by, now=now), _owing(invoice)]))


def nothing_done(invoice: Invoice, *, by: Actor, now: datetime) -> str:
    """Why a page that is older than its invoice did nothing, and what to do with what was typed."""
    said = [
        _("This invoice was changed since the page was opened, and nothing was done."),
        changed(invoice, by=by, now=now),
        _("What you typed is kept: look it over, then send it again."),
    ]
    return " ".join(said)


def _owing(invoice: Invoice) -> str:
    if invoice.status != InvoiceStatus.ISSUED:
        return ""
    if not invoice.balance:
        return _("Nothing is owing now.")
    return _("%(balance)s is owing now.") % {"balance": dollars(invoice.balance)}


def last_done(invoice: Invoice, *, by: Actor, now: datetime) -> str:
    """The newest payment, refund, credit note or use of money that was held; empty if there is none."""
    allocation = invoice.allocations.select_related("payment__received_by").order_by("pk").last()
    payment = allocation.payment if allocation else None
    if payment and not payment.is_refund and (used := _use_of_held(invoice, payment, by=by, now=now)):
        return used
    note = invoice.credit_notes.select_related("created_by").order_by("pk").last()
    if note and (payment is None or note.created_at > payment.recorded_at):
        done_by, words = note.created_by, (note.amount, note.number, note.created_at)
        mine, theirs = (
            _("You took %(amount)s off %(at)s: note %(number)s."),
            _("%(name)s took %(amount)s off %(at)s: note %(number)s."),
        )
    elif payment is None:
        return ""
    else:
        done_by, words = payment.received_by, (abs(payment.amount), payment.number, payment.recorded_at)
        if payment.is_refund:
            mine = _("You gave %(amount)s back %(at)s: receipt %(number)s.")
            theirs = _("%(name)s gave %(amount)s back %(at)s: receipt %(number)s.")
        else:
            mine = _("You recorded %(amount)s %(at)s: receipt %(number)s.")
            theirs = _("%(name)s recorded %(amount)s %(at)s: receipt %(number)s.")
    amount, number, moment = words
    said = {
        "name": _who(done_by),
        "amount": dollars(amount),
        "number": number,
        "at": at_or_on(moment, zone=ClinicSettings.current().zone, now=now),
    }
    return (mine if done_by is not None and done_by == by.user else theirs) % said


def _use_of_held(invoice: Invoice, payment: Payment, *, by: Actor, now: datetime) -> str:
    """That money which had come before was used for it, if that is how its newest part came to it.

    The rows say no moment of it: the trail does.
    """
    used = {"payment.used", "payment.moved"}
    steps = Entry.objects.about(payment).filter(verb__in=used | {"payment.recorded"}).newest_first()
    newest = next((step for step in steps if step.facts.get("invoice") == str(invoice.code)), None)
    if newest is None or newest.verb not in used:
        return ""
    # One press may use several payments: all of them stand at one moment.
    codes = [str(code) for code in invoice.allocations.values_list("payment__code", flat=True).distinct()]
    beside = Entry.objects.filter(target_label=newest.target_label, target_code__in=codes, verb__in=used, at=newest.at)
    cents = sum(step.facts["amount_cents"] for step in beside if step.facts.get("invoice") == str(invoice.code))
    person = User.objects.filter(pk=newest.actor_id).first() if newest.actor_id else None
    said = {
        "name": _who(person),
        "amount": dollars(Decimal(cents) / 100),
        "at": at_or_on(newest.at, zone=ClinicSettings.current().zone, now=now),
    }
    mine, theirs = (
        _("You used %(amount)s of what we held for it %(at)s; no new money came."),
        _("%(name)s used %(amount)s of what we held for it %(at)s; no new money came."),
    )
    return (mine if person is not None and person == by.user else theirs) % said


def _who(user: User | None) -> str:
    return user.name if user else _("Somebody")
