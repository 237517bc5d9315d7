"""A batch run: sessions that were held and are not invoiced, each proposed as check-out would bill it, then issued.

Each session has its own invoice: Medicare takes one service a claim line under one referral, the books hold one live
invoice a session, and one of several can be voided, credited or moved to another payer without the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django_q.tasks import async_task

from portal.accounts.roles import Role
from portal.appointments import states
from portal.appointments.models import Appointment
from portal.appointments.models.appointment import AppointmentQuerySet
from portal.appointments.refusals import WrongState
from portal.appointments.states import Why
from portal.audit import trail
from portal.billing import actions as billing
from portal.billing.models import BulkRun, Invoice, Purpose
from portal.billing.refusals import AlreadyInvoiced, BillingRefused
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.money import ZERO
from portal.journeys import checking_out, claims_ahead
from portal.journeys.checking_out import Claim, Held, Preview
from portal.journeys.claim_checks import Check
from portal.journeys.claims_ahead import ToBill

# More at once are more than anybody looks over.
MOST = 200


class Refused(StrEnum):
    """Why a session of a run was not invoiced; views turn these into words."""

    INVOICED = "invoiced"
    CHANGED = "changed"
    STATE = "state"
    BOOKS = "books"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Proposal:
    """One session as check-out would bill it without anything typed."""

    session: Appointment
    held: Held
    claim: Claim
    shown: Preview
    # What the page knew, sent back with the tick.
    seen: str
    # What Medicare would say of it; None where nothing is asked of it.
    check: Check | None

    @property
    def asks_agreement(self) -> bool:
        """Whether it is bulk-billed: somebody has to agree first, so it is checked out by itself."""
        return self.claim.is_to_be_bulk_billed(self.held)

    @property
    def may_run(self) -> bool:
        return not self.asks_agreement and self.shown.bill.may_stand and self.shown.bill.sums.total > 0

    @property
    def is_ready(self) -> bool:
        """Whether its invoice could be printed and sent at once."""
        return self.check is None or self.check.is_ready


def not_invoiced(sessions: AppointmentQuerySet, *, since: date, until: date) -> AppointmentQuerySet:
    """Of these, those held on these days of the clinic that no live invoice bills, the oldest first."""
    zone = ClinicSettings.current().zone
    begins = datetime.combine(since, time(), zone)
    ends = datetime.combine(until + timedelta(days=1), time(), zone)
    live = Invoice.objects.live().filter(appointment=OuterRef("pk")).for_purpose(Purpose.SESSION)
    held = sessions.filter(status__in=states.ATTENDED, starts_at__gte=begins, starts_at__lt=ends)
    return held.filter(~Exists(live)).for_listing().order_by("starts_at", "pk")


def proposals_of(sessions: Sequence[Appointment], *, now: datetime) -> list[Proposal]:
    """What check-out proposes for each, and what Medicare would say of it. As many statements however many they are."""
    clinic, bills, seen = ClinicSettings.current(), list[ToBill](), list[str]()
    claims = checking_out.claims_for(sessions, now=now)
    payers = billing.links_of_all({session.person.pk for session in sessions})
    ahead = billing.held_ahead_of([session.pk for session in sessions])
    for session in sessions:
        claim, links, paid = claims[session.pk], payers.get(session.patient_id, []), ahead.get(session.pk, ZERO)
        held = checking_out.as_booked(session, links=links)
        shown = checking_out.preview(session, held, claim=claim, clinic=clinic, ahead=paid)
        bills.append(ToBill(session, held, claim, shown))
        seen.append(checking_out.as_shown(session, claim=claim, clinic=clinic, links=links, ahead=paid))
    checks = claims_ahead.checks_ahead(bills, now=now)
    return [Proposal(*bill, word, check) for bill, word, check in zip(bills, seen, checks, strict=True)]


@transaction.atomic
def begin(*, sessions: Sequence[tuple[int, str]], by: Actor, now: datetime) -> BulkRun:
    """Has the worker invoice these sessions, each by its id and what the page knew of it; no more than `MOST`."""
    run = BulkRun.objects.create(
        kind=BulkRun.Kind.ISSUE,
        invoices=[],
        sessions=[list(one) for one in sessions[:MOST]],
        created_at=now,
        created_by=by.person,
    )
    trail.record("bulk.begun", by=by, target=run, at=now, kind=run.kind, sessions=run.count)
    go_on(run)
    return run


def go_on(run: BulkRun) -> None:
    """Has the worker do what is left of it; asked twice it does nothing twice."""
    transaction.on_commit(partial(async_task, "portal.journeys.issuing.issue_all", run.pk), robust=True)


def issue_all(pk: int) -> None:
    """The worker's part. Begun again after it was stopped, or by two at once, it goes on where the books are."""
    while _issue_next(pk):
        pass


@transaction.atomic
def _issue_next(pk: int) -> bool:
    """Invoices one session and counts it in the same transaction; whether there was one."""
    now = timezone.now()
    run = BulkRun.objects.select_for_update(of=("self",)).select_related("created_by").defer("pdf").get(pk=pk)
    if run.finished_at is not None:
        return False
    if run.done == run.count:
        run.finished_at = now
        run.save(update_fields=["finished_at"])
        return False
    session, seen = run.sessions[run.done]
    answer = _issue(
        session, seen=seen, key=f"run:{run.code}:{session}", by=Actor(run.created_by, Role.RECEPTION), now=now
    )
    if isinstance(answer, Invoice):
        run.invoices = [*run.invoices, answer.pk]
    else:
        run.refused = [*run.refused, [session, *answer]]
    run.done += 1
    run.save(update_fields=["invoices", "refused", "done"])
    return True


def _issue(pk: int, *, seen: str, key: str, by: Actor, now: datetime) -> Invoice | tuple[str, str]:
    """The invoice, or why there is none and what stood in the way."""
    session = Appointment.objects.for_listing().filter(pk=pk).first()
    if session is None:
        return Refused.GONE, ""
    try:
        with transaction.atomic():
            return checking_out.check_out(
                appointment=session, held=checking_out.as_booked(session), key=key, by=by, now=now, seen=seen
            )
    except AlreadyInvoiced as refused:
        return Refused.INVOICED, refused.invoice.number
    except WrongState as refused:
        return (Refused.CHANGED if refused.reason == Why.CHANGED else Refused.STATE), str(refused.reason)
    except BillingRefused:
        return Refused.BOOKS, ""
