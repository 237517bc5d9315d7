"""Reminders of overdue invoices that the portal writes by itself: in up to three stages, each once of an invoice.

On working days, in the clinic's morning. Whoever is billed gets one for all of theirs; its words are those of the
furthest stage that one of them has come to. What was paid before it leaves is not in it any more.
"""

from __future__ import annotations

import time as clocks
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import Min, Q
from django.utils import timezone

from portal.billing.actions import dispatching
from portal.billing.actions.locking import lock_invoices
from portal.billing.agreements import left_alone
from portal.billing.models import Dispatch, Invoice, ReminderStages, Stage
from portal.clinic.holidays import holidays_in
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.labels import labels_of
from portal.journeys import mailing, reminding
from portal.journeys.reminding import Why
from portal.notifications import last_look
from portal.notifications.models import Notice
from portal.patients.reaching import Reader

BY: Final = Actor.system("payment reminders")
TEMPLATES: Final = {1: "reminder", 2: "reminder_firm", 3: "reminder_last"}
OPENS, CLOSES = time(9), time(12)
# Nobody wants one that did not get out by then: the next says it as it is.
USELESS_AFTER: Final = timedelta(days=2)
SECONDS: Final = 30
WEEK: Final = 7


class Before(NamedTuple):
    """What the portal wrote of an invoice before: the furthest stage, and how many days ago."""

    number: int
    days: int


def next_stage(stages: Sequence[Stage], *, days: int, before: Before | None = None) -> Stage | None:
    """The reminder that is due of an invoice so many days after it was to be paid.

    The stages go in order and keep their distance: whoever comes to the first late, as the clinic began to remind, is
    not told three times in a week.
    """
    done = before.number if before else 0
    coming = next((stage for stage in stages if stage.number > done), None)
    if coming is None or days < coming.days:
        return None
    if before is not None:
        gone = next((stage.days for stage in stages if stage.number == before.number), coming.days - WEEK)
        if before.days < max(WEEK, coming.days - gone):
            return None
    return coming


def is_time(now: datetime, *, clinic: ClinicSettings) -> bool:
    """Whether it is the morning of a working day at the clinic."""
    local = now.astimezone(clinic.zone)
    day = local.date()
    works = day.weekday() < 5 and day not in holidays_in(clinic.state, first_day=day, last_day=day)
    return works and OPENS <= local.time() < CLOSES


def tick() -> dict[str, int]:
    """What the queue runs every ten minutes."""
    now = timezone.now()
    return go_round(now=now) if is_time(now, clinic=ClinicSettings.current()) else {}


def go_round(*, now: datetime, seconds: float = SECONDS) -> dict[str, int]:
    """Writes every reminder that is due, and says how many and of how many invoices; what is left has its next turn."""
    until, counts = clocks.monotonic() + seconds, {"written": 0, "invoices": 0}
    stages = due(ReminderStages.current(), now=now)
    for reader, invoices in readers_of(stages, now=now).items():
        if clocks.monotonic() > until:
            break
        if count := remind(reader, invoices, stages, now=now):
            counts["written"] += 1
            counts["invoices"] += count
    return counts


def due(rule: ReminderStages, *, now: datetime) -> dict[int, Stage]:
    """Which reminder is due of each overdue invoice, by its id, as far as its days say. Three statements."""
    stages, today = rule.stages, ClinicSettings.current().today(now)
    if not stages:
        return {}
    overdue = Invoice.objects.overdue(today=today).filter(due_on__lte=today - timedelta(days=stages[0].days))
    rows = list(overdue.order_by("due_on", "pk").values_list("pk", "code", "due_on", "issued_on", "payer__terms_days"))
    written = _written([row[0] for row in rows], today=today)
    found = {}
    for pk, code, due_on, issued_on, terms in rows:
        # An organisation's terms may be longer by now than they were.
        since = max(due_on, issued_on + timedelta(days=terms or 0))
        if stage := next_stage(stages, days=(today - since).days, before=written.get(pk)):
            found[pk] = (code, stage, since)
    went = _first_sent([code for code, _stage, _since in found.values()])
    # Whoever got the bill late has as long to pay it as everybody else.
    return {
        pk: stage
        for pk, (code, stage, since) in found.items()
        if (today - max(since, went.get(str(code), since))).days >= stage.days
    }


def _written(invoices: Collection[int], *, today: date) -> dict[int, Before]:
    rows = Dispatch.objects.filter(invoice__in=invoices, stage__isnull=False).order_by("stage")
    clinic = ClinicSettings.current()
    return {
        pk: Before(number or 0, (today - clinic.day_of(at)).days)
        for pk, number, at in rows.values_list("invoice", "stage", "made_at")
    }


def _first_sent(codes: Collection[uuid.UUID]) -> dict[str, date]:
    """On which day of the clinic each of these invoices was first e-mailed; without those that never were."""
    of_them = Notice.objects.filter(about_label__in=labels_of(Invoice), about_code__in=[str(code) for code in codes])
    sent = of_them.filter(template="invoice", sent_at__isnull=False).order_by().values_list("about_code")
    clinic = ClinicSettings.current()
    return {code: clinic.day_of(at) for code, at in sent.annotate(first=Min("sent_at"))} if codes else {}


def readers_of(stages: Mapping[int, Stage], *, now: datetime) -> dict[Reader, list[Invoice]]:
    """Who is reminded, and of what: all that is overdue of theirs, where one of it has come to a stage."""
    if not stages:
        return {}
    billed = Invoice.objects.filter(pk__in=stages).order_by().values_list("payer", "patient", "billed_user")
    payers, patients, users = (set(ids) - {None} for ids in zip(*billed, strict=True))
    overdue = Invoice.objects.overdue(today=ClinicSettings.current().today(now)).filter(
        Q(payer__in=payers) | Q(payer=None, patient__in=patients) | Q(billed_user__in=users)
    )
    by_mail, _by_letter = reminding.sorted_by_reader(list(overdue.values_list("pk", flat=True)), {}, now=now)
    return {
        reader: invoices for reader, invoices in by_mail.items() if any(invoice.pk in stages for invoice in invoices)
    }


@transaction.atomic
def remind(reader: Reader, invoices: Iterable[Invoice], stages: Mapping[int, Stage], *, now: datetime) -> int:
    """Writes one reminder of these, each stage once, and says of how many: none where what was due is paid by now."""
    left: dict[int, Why] = {}
    still = reminding.still_owed(invoices, left, now=now)
    numbers = {invoice.pk: stages[invoice.pk].number for invoice in still if invoice.pk in stages}
    if not numbers:
        return 0
    furthest = max(numbers.values())
    numbers |= _told_along(still, numbers, furthest=furthest)
    run, template = uuid.uuid4(), TEMPLATES[furthest]
    reminding.queue(
        reader, still, template=template, key=f"overdue:{run}", by=BY, now=now, useless_after=now + USELESS_AFTER
    )
    dispatching.mark_reminded(still, what=Dispatch.What.REMINDED, run=run, by=BY, now=now, stages=numbers)
    return len(still)


def _told_along(still: Sequence[Invoice], numbers: Mapping[int, int], *, furthest: int) -> dict[int, int]:
    """What else the mail tells of had its next stage with it: nobody gets a mail for each invoice a few days apart."""
    others = [invoice.pk for invoice in still if invoice.pk not in numbers]
    written = Dispatch.objects.filter(invoice__in=others, stage__isnull=False).order_by("stage")
    done = {pk: number or 0 for pk, number in written.values_list("invoice", "stage")} if others else {}
    coming = [stage.number for stage in ReminderStages.current().stages]
    found = {pk: next((number for number in coming if number > done.get(pk, 0)), furthest + 1) for pk in others}
    return {pk: number for pk, number in found.items() if number <= furthest}


def still_true(notice: Notice, now: datetime) -> bool:
    """Whether a reminder says what is still so, just before it leaves; else another is written of what is left."""
    said: Mapping[str, str] = (notice.about_before or {}).get("owed", {})
    told = list(Invoice.objects.filter(code__in=said))
    owing = {one.pk for one in _owing(told, now=now)}
    same = all(str(one.balance) == said[str(one.code)] and one.pk in owing for one in told)
    if same and len(told) == len(said):
        return True
    with transaction.atomic():
        held = lock_invoices(*told)
        if not last_look.take_back(notice, why="paid", now=now):
            return False
        left = _owing(held.values(), now=now)
        if left and (reader := mailing.reader_of(left[0])):
            reminding.queue(
                reader._replace(about=""),
                left,
                template=notice.template,
                key=f"anew:{notice.code}",
                by=BY,
                now=now,
                useless_after=notice.useless_after,
            )
    return False


def _owing(invoices: Iterable[Invoice], *, now: datetime) -> list[Invoice]:
    """Those that somebody may still be asked for, the oldest first."""
    rows = sorted(invoices, key=lambda one: (one.due_on, one.pk))
    alone = left_alone(rows, today=ClinicSettings.current().today(now))
    return [one for one in rows if reminding.why_left_out(one, last=None, alone=alone, now=now) is None]


class Coming(NamedTuple):
    """What the next morning would bring: how many invoices have come to a stage, and how many overdue there are."""

    due: int
    overdue: int


def coming(rule: ReminderStages, *, now: datetime) -> Coming:
    """The same while it is off, as if it were on: whoever switches it on reads how many that reminds."""
    as_if = ReminderStages(
        is_on=True, friendly_days=rule.friendly_days, firm_days=rule.firm_days, last_days=rule.last_days
    )
    today = ClinicSettings.current().today(now)
    return Coming(len(due(as_if, now=now)), Invoice.objects.overdue(today=today).count())
