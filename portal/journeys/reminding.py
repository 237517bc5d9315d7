"""Reminding of what is overdue: one e-mail to each reader for all of theirs, a letter where no address is known."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from io import BytesIO
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from portal.accounts.roles import Role
from portal.billing import transfers
from portal.billing.actions import dispatching
from portal.billing.actions.locking import lock_invoices
from portal.billing.agreements import Alone, left_alone
from portal.billing.models import BulkRun, Dispatch, Invoice
from portal.billing.models.invoice import Standing, standing_of
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.money import ZERO
from portal.journeys import claim_checks, mailing
from portal.notifications import outbox
from portal.patients.reaching import Reader


class LeftOut(StrEnum):
    """Why nobody is reminded of an invoice; views turn these into words."""

    NOT_OVERDUE = "not_overdue"
    LATELY = "lately"
    HELD_BACK = "held_back"
    # By a person's word, or by a payment plan that is kept.
    HELD = "held"
    PLANNED = "planned"


class Why(NamedTuple):
    """Why, and the day on which it was reminded of last, as ISO text, where that is why."""

    reason: LeftOut
    day: str = ""


def why_left_out(invoice: Invoice, *, last: datetime | None, alone: Mapping[int, Alone], now: datetime) -> Why | None:
    """Why nobody is reminded of this invoice now: `last` is when somebody was, `alone` of which nobody is."""
    clinic = ClinicSettings.current()
    if standing_of(invoice, today=clinic.today(now)) != Standing.OVERDUE:
        return Why(LeftOut.NOT_OVERDUE)
    if invoice.pk in alone:
        return Why(LeftOut(alone[invoice.pk].value))
    if last is not None and not dispatching.may_remind(last, now=now):
        return Why(LeftOut.LATELY, clinic.day_of(last).isoformat())
    return None


def may_remind(invoice: Invoice, *, now: datetime) -> bool:
    """Whether the invoice's page offers it."""
    last = dispatching.reminded_last([invoice.pk]).get(invoice.pk)
    alone = left_alone([invoice], today=ClinicSettings.current().today(now))
    return why_left_out(invoice, last=last, alone=alone, now=now) is None


class Owed(NamedTuple):
    """One invoice as a reminder lists it: nothing of what it is for."""

    number: str
    issued_on: date
    due_on: date
    days: int
    amount: Decimal
    pay_link: str = ""


def go_through(run: BulkRun, *, until: float) -> bool:
    """The worker's part, until a moment of the monotonic clock; says whether all is done.

    Begun again, it reminds nobody twice.
    """
    by = Actor(run.created_by, Role.RECEPTION)
    reminded = set(Dispatch.objects.filter(run=run.code).values_list("invoice", flat=True))
    left: dict[int, Why] = {}
    by_mail, by_letter = sorted_by_reader([pk for pk in run.invoices if pk not in reminded], left, now=timezone.now())
    run.done = len(reminded) + len(left)
    for reader, invoices in by_mail.items():
        _mail(reader, invoices, left, run=run, by=by, now=timezone.now())
        run.done += len(invoices)
        run.save(update_fields=["done"])
        if run.done < run.count and time.monotonic() > until:
            return False
    return _print(list(by_letter.values()), left, run=run, by=by, until=until)


def sorted_by_reader(
    invoices: Sequence[int], left: dict[int, Why], *, now: datetime
) -> tuple[dict[Reader, list[Invoice]], dict[tuple[str, str], list[Invoice]]]:
    """These invoices by whoever reads of them, and by whom a letter goes to; why not, of the others."""
    by_mail: dict[Reader, list[Invoice]] = defaultdict(list)
    by_letter: dict[tuple[str, str], list[Invoice]] = defaultdict(list)
    last = dispatching.reminded_last(invoices)
    found = Invoice.objects.filter(pk__in=invoices).order_by("due_on", "pk")
    rows = list(
        found.select_related("patient__user", "billed_user", "payer", "psychologist", "location", "appointment")
    )
    checks = claim_checks.checks(rows, now=now)
    alone = left_alone(rows, today=ClinicSettings.current().today(now))
    for invoice in rows:
        if why := why_left_out(invoice, last=last.get(invoice.pk), alone=alone, now=now):
            left[invoice.pk] = why
        elif (check := checks[invoice.pk]) and not check.is_ready:
            left[invoice.pk] = Why(LeftOut.HELD_BACK)
        elif (reader := mailing.reader_of(invoice)) and reader.address:
            # Whose invoice it is isn't said: one who pays for two children gets one e-mail.
            by_mail[reader._replace(about="")].append(invoice)
        else:
            by_letter[invoice.bill_to_name, invoice.bill_to_address].append(invoice)
    return by_mail, by_letter


def still_owed(invoices: Iterable[Invoice], left: dict[int, Why], *, now: datetime) -> list[Invoice]:
    """Those of these that are still to be reminded of, locked; somebody may have paid since, or reminded."""
    locked = lock_invoices(*invoices)
    last, still = dispatching.reminded_last(locked), []
    alone = left_alone(list(locked.values()), today=ClinicSettings.current().today(now))
    for invoice in locked.values():
        if why := why_left_out(invoice, last=last.get(invoice.pk), alone=alone, now=now):
            left[invoice.pk] = why
        else:
            still.append(invoice)
    return sorted(still, key=lambda invoice: (invoice.due_on, invoice.pk))


def _mail(
    reader: Reader, invoices: Sequence[Invoice], left: dict[int, Why], *, run: BulkRun, by: Actor, now: datetime
) -> None:
    with transaction.atomic():
        if still := still_owed(invoices, left, now=now):
            key = f"reminder:{run.code}:{reader.digest}:{reader.language}:{reader.called}"
            queue(reader, still, template="reminder", key=key, by=by, now=now)
            dispatching.mark_reminded(still, what=Dispatch.What.REMINDED, run=run.code, by=by, now=now)


def queue(
    reader: Reader,
    invoices: Sequence[Invoice],
    *,
    template: str,
    key: str,
    by: Actor,
    now: datetime,
    useless_after: datetime | None = None,
) -> None:
    """Queues one reminder of all of these, in hours that are safe for its reader; the caller holds them locked."""
    clinic = ClinicSettings.current()
    today = clinic.today(now)
    rows = [_owed(one, today=today, pay_link=mailing.pay_link(one, reader, by=by, now=now)) for one in invoices]
    outbox.queue(
        template=template,
        to=reader.to(template),
        context={
            "called": reader.called,
            "owed": rows,
            "total": sum((one.balance for one in invoices), ZERO),
            "has_link": any(row.pay_link for row in rows),
        },
        dedupe_key=key,
        language=reader.language,
        about=invoices[0],
        before={"owed": {str(one.code): str(one.balance) for one in invoices}},
        hours=reader.hours(zone=clinic.zone),
        useless_after=useless_after,
    )


def _owed(invoice: Invoice, *, today: date, pay_link: str = "") -> Owed:
    days = (today - invoice.due_on).days
    return Owed(invoice.number, invoice.issued_on, invoice.due_on, days, invoice.balance, pay_link)


class Letter(NamedTuple):
    """What goes to one name and address, and the sheets that say so."""

    invoices: list[Invoice]
    paper: bytes


def _print(letters: Sequence[list[Invoice]], left: dict[int, Why], *, run: BulkRun, by: Actor, until: float) -> bool:
    """Draws what has no address, as much as there is time for, and says whether that was all; then the run ends.

    What is drawn is kept and written down as sent in one step, so that a run that begins again draws the others.
    """
    waiting = list(letters)
    while True:
        drawn = _drawn(waiting, now=timezone.now(), until=until)
        waiting = waiting[len(drawn) :]
        _keep(drawn, left, run=run, by=by, is_last=not waiting)
        if not waiting:
            return True
        if time.monotonic() > until:
            return False


def _drawn(letters: Sequence[list[Invoice]], *, now: datetime, until: float) -> list[Letter]:
    """The first of these letters, one at least where there are any, until the time is up."""
    from portal.billing.reminder_paper import reminder_pdf  # like any paper slow to load

    clinic, drawn = ClinicSettings.current(), list[Letter]()
    today = clinic.today(now)
    for invoices in letters:
        first = invoices[0]
        paper = reminder_pdf(
            [_owed(one, today=today)._asdict() for one in invoices],
            name=first.bill_to_name,
            address=first.bill_to_address,
            pay_to=transfers.pay_to(first, clinic=clinic),
            today=today,
        )
        drawn.append(Letter(invoices, paper))
        if time.monotonic() > until:
            break
    return drawn


def _keep(drawn: Sequence[Letter], left: dict[int, Why], *, run: BulkRun, by: Actor, is_last: bool) -> None:
    """Keeps what was drawn. Whoever pays while it is drawn has theirs drawn anew without it."""
    while True:
        now = timezone.now()
        pdf = _in_one(run.pdf, drawn)
        with transaction.atomic():
            flat = [invoice for letter in drawn for invoice in letter.invoices]
            still = {invoice.pk: invoice for invoice in still_owed(flat, left, now=now)} if flat else {}
            if all(invoice.pk in still and invoice.balance == still[invoice.pk].balance for invoice in flat):
                dispatching.mark_reminded(flat, what=Dispatch.What.LETTER, run=run.code, by=by, now=now)
                run.pdf, run.done = pdf, run.done + len(flat)
                fields = ["pdf", "done"]
                if is_last:
                    # Of what has been deleted meanwhile nothing is said.
                    run.refused = [[pk, why.reason, why.day] for pk, why in sorted(left.items())]
                    run.skipped, run.done, run.finished_at = len(left), run.count, now
                    fields += ["refused", "skipped", "finished_at"]
                run.save(update_fields=fields)
                return
        owed = [kept for each in drawn if (kept := [still[one.pk] for one in each.invoices if one.pk in still])]
        drawn = _drawn(owed, now=now, until=float("inf"))


def _in_one(before: bytes | None, letters: Sequence[Letter]) -> bytes | None:
    """The letters behind those that were drawn before, as one PDF; None for none at all."""
    if not letters:
        return before
    from pypdf import PdfReader, PdfWriter  # like the paper itself slow to load

    writer, out = PdfWriter(), BytesIO()
    for paper in (*((before,) if before else ()), *(letter.paper for letter in letters)):
        writer.append(PdfReader(BytesIO(paper)))
    writer.write(out)
    return out.getvalue()
