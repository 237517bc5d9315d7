"""Checking somebody out at the desk: the session is completed, invoiced and, if they pay now, paid. One transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from portal.appointments import actions as appointments
from portal.appointments import states
from portal.appointments.models import Appointment
from portal.appointments.refusals import WrongState
from portal.appointments.states import Verb, Why
from portal.audit import trail
from portal.billing import actions as billing
from portal.billing import charges
from portal.billing.actions import BillTo, Settles, TakenPart
from portal.billing.bulk import Agreement, is_bulk_billed, ways_on
from portal.billing.charges import Bill, Charge
from portal.billing.models import AssignmentOfBenefit, Invoice, PatientPayer, Payment, Purpose
from portal.billing.models.payer import chosen_by_itself
from portal.billing.refusals import AlreadyInvoiced, NotBulkBillable, ReasonMissing
from portal.clinic.models import ClinicSettings, Location, Mode
from portal.common.access.actors import Actor
from portal.common.money import ZERO
from portal.journeys import better_access, paying, to_do
from portal.medicare import proposing, schedule
from portal.medicare.ledger import Standing
from portal.medicare.models import MbsItem, Referral
from portal.medicare.proposing import Group

# How the desk says which Medicare item is billed, unless it gives its number.
AS_HELD, NO_ITEM = "proposed", "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Money handed over at the desk, in dollars."""

    amount: Decimal
    method: str
    reference: str = ""
    # The rest of it, in another way: both are on one receipt.
    rest: TakenPart | None = None
    # What the patient owes from before, the oldest first: it is settled with it, and before it.
    old: Sequence[Invoice] = ()
    # In whose drawer it lies; none is the session's place.
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A session as it was held: `fee` in dollars before GST, `item` AS_HELD, NO_ITEM or an item's number.

    `bill_to` is who pays for the patient; None is the patient's own bill. `outside` is outside consulting rooms,
    `carer` with a family member or carer alone, `group` with others, `abroad` that the patient was outside Australia.
    `item_reason` says why another item is billed than the one proposed. With an `agreement` that assigns the benefit
    it is bulk-billed.
    """

    minutes: int
    mode: str
    fee: Decimal
    item: str = AS_HELD
    extra: tuple[Charge, ...] = ()
    bill_to: PatientPayer | None = None
    outside: bool = False
    carer: bool = False
    group: Group | None = None
    abroad: bool = False
    item_reason: str = ""
    agreement: Agreement | None = None

    @property
    def counts_towards(self) -> str:
        """Of which services of the year it is one."""
        kinds = MbsItem.CountsTowards
        return kinds.GROUP if self.group else kinds.CARER if self.carer else kinds.INDIVIDUAL

    @property
    def is_for_third_party(self) -> bool:
        """Whether an insurer, an employer or an agency is billed: Medicare then pays nothing."""
        return self.bill_to is not None and self.bill_to.payer.is_third_party

    @property
    def is_usual(self) -> bool:
        """Whether it was with the patient alone, or with those who came along."""
        return self.counts_towards == MbsItem.CountsTowards.INDIVIDUAL


@dataclass(frozen=True, slots=True)
class Claim:
    """What may be claimed from Medicare for a session: under which referral, and which items its psychologist bills.

    `standing` says which service of its course and year it would be, or why Medicare pays nothing; None where nothing
    of this kind is ever claimed.
    """

    referral: Referral | None
    items: list[MbsItem]
    standing: Standing | None
    # Whether it is bulk-billed unless the desk says otherwise, and in which ways the benefit may be assigned today.
    bulk_billed: bool = False
    ways: Sequence[tuple[str, str]] = ()

    @property
    def is_covered(self) -> bool:
        """Medicare pays only with a referral that has a service left, within the year's."""
        return self.referral is not None

    def is_to_be_bulk_billed(self, held: Held) -> bool:
        """Whether it is bulk-billed unless the desk says otherwise; somebody has to agree to that first."""
        return self.bulk_billed and self.is_covered and bool(self.ways) and held.bill_to is None

    def item(self, appointment: Appointment, held: Held) -> MbsItem | None:
        """The item to bill, or None: without a referral, or for a third party, there is none whatever was chosen."""
        if held.item == AS_HELD:
            return self.proposed(appointment, held)
        chosen = next((item for item in self.items if item.item == held.item), None)
        return chosen if self.is_covered and not held.is_for_third_party else None

    def proposed(self, appointment: Appointment, held: Held) -> MbsItem | None:
        """The item that fits the session as it was held, whatever was chosen."""
        if held.abroad or held.is_for_third_party or (held.group and held.group.why_not(held.mode)):
            return None
        of_kind = [item for item in self.items if item.counts_towards == held.counts_towards]
        return charges.item_for(
            appointment,
            referral=self.referral,
            minutes=held.minutes,
            mode=held.mode,
            outside=held.outside,
            items=None if held.is_usual else of_kind,
        )

    def why(self, appointment: Appointment, held: Held) -> str:
        """Why this item is proposed, or none; empty where no referral covers the session, which is said elsewhere."""
        if held.bill_to is not None and held.is_for_third_party and appointment.service.medicare:
            return proposing.why_not_for(held.bill_to.payer.name)
        if not self.is_covered:
            return ""
        if item := self.proposed(appointment, held):
            return proposing.explained(item)
        return proposing.why_none(
            registration=appointment.psychologist.registration,
            minutes=held.minutes,
            mode=held.mode,
            outside=held.outside,
            carer=held.carer,
            abroad=held.abroad,
            items=self.items,
            group=held.group,
        )


@dataclass(frozen=True, slots=True)
class Preview:
    """What checking out comes to, before anything is written."""

    bill: Bill
    item: MbsItem | None
    # What was paid before the session and counts towards it, in dollars.
    ahead: Decimal
    # Medicare pays all of it.
    bulk_billed: bool = False
    # What fits the session, whatever was chosen.
    proposed: MbsItem | None = None

    @property
    def is_overridden(self) -> bool:
        """Whether another item is billed than the one proposed, or none instead of it."""
        return self.item != self.proposed

    @property
    def to_pay(self) -> Decimal:
        """What is left after what was paid ahead; nothing of what is bulk-billed."""
        return ZERO if self.bulk_billed else max(ZERO, self.bill.sums.total - self.ahead)


def session_invoice(appointment: Appointment) -> Invoice | None:
    """The live invoice for the session itself, or None."""
    return Invoice.objects.live().filter(appointment=appointment).for_purpose(Purpose.SESSION).first()


def as_booked(appointment: Appointment, *, links: Sequence[PatientPayer] | None = None) -> Held:
    """With whoever pays for such a session by itself; `links` are those who pay for the patient, if at hand."""
    return Held(
        minutes=appointment.minutes,
        mode=appointment.mode,
        fee=appointment.fee,
        bill_to=billing.payer_of(appointment)
        if links is None
        else chosen_by_itself(links, service=appointment.service, is_fee=False),
    )


def claim_for(
    appointment: Appointment, *, now: datetime, counts_towards: str = MbsItem.CountsTowards.INDIVIDUAL
) -> Claim:
    """The referral that covers the session, by the ledger, and the items that can be chosen.

    One with a carer alone counts to the year's few of these too, a group to the groups.
    """
    standing = better_access.standing_of(appointment, now=now, counts_towards=counts_towards)
    course = standing.course if standing else None
    return Claim(
        referral=Referral.objects.standing().filter(patient=appointment.patient, course=course.key).first()
        if course
        else None,
        items=schedule.items_billed_by(appointment.psychologist.registration, on=charges.day_of(appointment)),
        standing=standing,
        bulk_billed=is_bulk_billed(appointment),
        ways=ways_on(ClinicSettings.current().today(now)),
    )


def claims_for(sessions: Sequence[Appointment], *, now: datetime) -> dict[int, Claim]:
    """The same of many that were held, by their ids. As many statements however many they are."""
    standings = better_access.standings_of(sessions, now=now)
    courses = {standing.course.key for standing in standings.values() if standing.course}
    on_file = {
        (referral.patient_id, str(referral.course)): referral
        for referral in Referral.objects.standing().filter(course__in=courses).order_by("written_on", "pk")
    }
    ways, found = ways_on(ClinicSettings.current().today(now)), dict[int, Claim]()
    for session in sessions:
        standing = standings.get(session.pk)
        course = standing.course if standing else None
        found[session.pk] = Claim(
            referral=on_file.get((session.person.pk, course.key)) if course else None,
            items=schedule.items_billed_by(session.psychologist.registration, on=charges.day_of(session)),
            standing=standing,
            bulk_billed=is_bulk_billed(session),
            ways=ways,
        )
    return found


def preview(
    appointment: Appointment, held: Held, *, claim: Claim, clinic: ClinicSettings, ahead: Decimal | None = None
) -> Preview:
    """What is to be paid for the session as it was held: the very charges that `check_out` puts on the invoice.

    `ahead` is what was paid ahead of it, in dollars, if that is at hand.
    """
    item, proposed = claim.item(appointment, held), claim.proposed(appointment, held)
    session = charges.for_session(appointment, item=item, fee=held.fee, minutes=held.minutes, mode=held.mode)
    if claim.is_covered:
        session = replace(
            session,
            item_proposed=proposed.item if proposed else "",
            item_reason=held.item_reason if item != proposed else "",
        )
    if item is not None:
        session = replace(
            session,
            is_outside=held.outside if held.mode == Mode.IN_PERSON else None,
            attended=held.group.attended if held.group else None,
            remoteness=held.group.remoteness if held.group else None,
            kilometres=held.group.kilometres if held.group else None,
        )
    is_bulk = held.agreement is not None and item is not None
    return Preview(
        charges.bill_of([charges.at_the_benefit(session) if is_bulk else session, *held.extra], clinic=clinic),
        item,
        # What the patient paid ahead is theirs: it settles nothing that somebody else is billed.
        ahead=ZERO if held.bill_to or is_bulk else billing.held_ahead(appointment) if ahead is None else ahead,
        bulk_billed=is_bulk,
        proposed=proposed,
    )


def as_shown(
    appointment: Appointment,
    *,
    claim: Claim,
    clinic: ClinicSettings,
    links: Sequence[PatientPayer] | None = None,
    ahead: Decimal | None = None,
) -> str:
    """What a page that offers the check-out knew of the session, as one word that its form sends back.

    Whose session and what was agreed, what it comes to as it was booked, and what was paid ahead: all that is billed,
    or that somebody looked at before they typed something else.
    """
    links = billing.links_of(appointment.person) if links is None else links
    booked = as_booked(appointment, links=links)
    shown = preview(appointment, booked, claim=claim, clinic=clinic, ahead=ahead)
    sums = shown.bill.sums
    facts = (
        *(appointment.patient_id, appointment.service_id, appointment.psychologist_id, appointment.revision),
        *(booked.minutes, booked.mode, booked.fee),
        *(sums.total, sums.gst, sums.rebate, shown.item.item if shown.item else "", shown.ahead),
        *(f"{link.code}{link.purchase_order}{link.claim_number}" for link in links),
        booked.bill_to.code if booked.bill_to else "",
    )
    return hashlib.sha256("|".join(map(str, facts)).encode()).hexdigest()[:32]


@transaction.atomic
def check_out(
    *,
    appointment: Appointment,
    held: Held,
    key: str,
    by: Actor,
    now: datetime,
    payment: Taken | None = None,
    uses_held: bool = False,
    seen: str | None = None,
) -> Invoice:
    """Completes the session if it isn't, issues its invoice and records `payment` under `key`.

    With `uses_held` it is settled by what the patient paid ahead of sessions that don't take place.
    The same `key` takes one payment, however often. `seen` is what the page knew (`as_shown`). Raises WrongState before
    the session starts, when it was cancelled or missed and for an old page, AlreadyInvoiced when it was checked out
    meanwhile, and what billing refuses.
    """
    locked = (
        Appointment.objects.select_for_update(of=("self",))
        .select_related("service", "psychologist__user", "patient", "location")
        .get(pk=appointment.pk)
    )
    if why := states.why_not(locked, Verb.CHECK_OUT, by=by, now=now):
        raise WrongState(why)
    if invoiced := session_invoice(locked):
        keys = (key, f"{key}:1")
        if payment is not None and Payment.objects.filter(key__in=keys, allocations__invoice=invoiced).exists():
            return invoiced
        raise AlreadyInvoiced(invoiced)
    # Two who check out at once each take a service: the second counts what the first took.
    courses = Referral.objects.for_medicare().filter(patient=locked.patient).order_by("pk")
    list(courses.select_for_update().values_list("pk"))
    claim, clinic = claim_for(locked, now=now), ClinicSettings.current()
    if seen is not None and seen != as_shown(locked, claim=claim, clinic=clinic):
        raise WrongState(Why.CHANGED)
    if not locked.is_completed:
        appointments.complete(appointment=locked, by=by, now=now)
        locked.refresh_from_db(fields=["status", "completed_at"])
    if not held.is_usual:
        claim = claim_for(locked, now=now, counts_towards=held.counts_towards)
    shown = preview(locked, held, claim=claim, clinic=clinic)
    if shown.is_overridden and not held.item_reason.strip():
        raise ReasonMissing
    assignment = _assigned(locked, held, shown, by=by, now=now)
    invoice = billing.bill(
        appointment=locked,
        purpose=Purpose.SESSION,
        charges=shown.bill.charges,
        referral=claim.referral if shown.item else None,
        standing=claim.standing if shown.item else None,
        bill_to=BillTo.by(held.bill_to),
        assignment=assignment,
        by=by,
        now=now,
    )
    if shown.is_overridden:
        trail.record(
            "invoice.item_overridden",
            target=invoice,
            by=by,
            at=now,
            proposed=shown.proposed.item if shown.proposed else None,
            billed=shown.item.item if shown.item else None,
        )
    to_do.sessions.look_again([locked], by=by, now=now)
    billing.use_ahead(invoice=invoice, by=by, now=now)
    if uses_held:
        paying.use_held(invoice=invoice, by=by, now=now)
    if payment is not None:
        _take(payment, invoice, key=key, by=by, now=now)
    if billing.held_ahead(locked):
        # What was paid ahead was more than the session costs, or is the patient's while somebody else is billed.
        to_do.sessions.raise_ahead_held(locked, by=by, now=now)
    invoice.refresh_from_db(fields=["paid", "payable"])
    return invoice


def _take(payment: Taken, invoice: Invoice, *, key: str, by: Actor, now: datetime) -> None:
    """Records what was handed over: one payment, or one taking of two ways or for several invoices."""
    if payment.rest is None and not payment.old:
        billing.record_payment(
            invoice=invoice,
            amount=payment.amount,
            method=payment.method,
            reference=payment.reference,
            location=payment.location,
            key=key,
            by=by,
            now=now,
        )
        return
    parts = [TakenPart(payment.method, payment.amount, payment.reference), *([payment.rest] if payment.rest else [])]
    invoice.refresh_from_db(fields=["paid", "payable"])
    billing.take(
        patient=invoice.patient,
        parts=parts,
        settles=oldest_first([*payment.old, invoice], sum((part.amount for part in parts), ZERO)),
        uses=ZERO,
        keeps=False,
        handed=None,
        received_on=ClinicSettings.current().today(now),
        location=payment.location or invoice.location,
        key=key,
        by=by,
        now=now,
    )


def oldest_first(invoices: Sequence[Invoice], amount: Decimal) -> list[Settles]:
    """What each of these gets of an amount, one after the other; what is more than all is asked of the last."""
    settles, left = list[Settles](), amount
    for invoice in invoices:
        part = left if invoice is invoices[-1] else min(invoice.balance, left)
        if part > 0:
            settles.append(Settles(invoice, part))
        left -= part
    return settles


def _assigned(
    session: Appointment, held: Held, shown: Preview, *, by: Actor, now: datetime
) -> AssignmentOfBenefit | None:
    """The agreement that a bulk-billed session is claimed with; raises NotBulkBillable.

    Medicare pays for it all or it is none, and nothing is charged beside it.
    """
    if held.agreement is None:
        return None
    if shown.item is None or held.extra or held.bill_to:
        raise NotBulkBillable
    return billing.assign_benefit(appointment=session, item=shown.item, agreement=held.agreement, by=by, now=now)
