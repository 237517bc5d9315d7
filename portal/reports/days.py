"""A day of the whole clinic, as the desk needs it: who comes, who is here, who has to pay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast

from portal.appointments import states
from portal.appointments.listing import with_clinic
from portal.appointments.models import Appointment, AppointmentQuerySet, TimeSlot
from portal.appointments.states import Steps, Verb
from portal.billing import charges
from portal.billing.actions import links_of_all
from portal.billing.bulk import is_bulk_billed
from portal.billing.models import BILLS_A_SESSION, Invoice, PatientPayer, Purpose, Waiver
from portal.billing.models.payer import chosen_by_itself
from portal.clinic.kept import places
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.database.compiled import compiled
from portal.common.database.epoch import Epoch
from portal.common.money import ZERO
from portal.journeys import better_access
from portal.journeys import sessions as sessions_journey
from portal.journeys.stranded import stranded
from portal.medicare.ledger import Standing
from portal.medicare.models import Referral
from portal.patients.models import Patient
from portal.records.models import ProgressNote
from portal.reports.lost import Lost, lost_of


def sessions_of(actor: Actor, day: date, *, zone: ZoneInfo) -> list[Appointment]:
    """What touches the day somewhere: each session is on the day of its own location, so callers look at that too."""
    return with_clinic(_touching(actor, day, zone=zone).for_lists())


def _touching(actor: Actor, day: date, *, zone: ZoneInfo) -> AppointmentQuerySet:
    sessions = Appointment.objects.visible_to(actor).without_holds()
    return sessions.between(*_around(day, zone=zone)).order_by("starts_at", "pk")


def _around(day: date, *, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From where the day begins first to where it ends last, of all places of the clinic and its own zone."""
    zones = {zone, *(place.zone for place in places().values())}
    starts, ends = ([datetime.combine(one, time(), each) for each in zones] for one in (day, day + timedelta(days=1)))
    return min(starts).astimezone(UTC), max(ends).astimezone(UTC)


# What the list shows of a session and of its patient, beside what is kept of the clinic. Moments are read as they are
# compared, as numbers.
_SHOWN = (
    "pk",
    "patient",
    "psychologist",
    "service",
    "location",
    "room",
    "mode",
    "fee",
    "revision",
    "position",
    "series__sessions",
)
_CALLED = ("preferred_name", "legal_first_name", "legal_last_name", "date_of_birth")
_MOMENTS = ("starts_at", "ends_at", "confirmed_at")
_OF_AWAY = ("starts_at", "ends_at")
# The list counts who arrives within the next hour.
NEXT_HOUR = timedelta(hours=1)


def trace_of(actor: Actor, day: date, *, clinic: ClinicSettings, now: datetime) -> list[object] | None:
    """What `read_day` would find, as plain values and in nine statements: while they are the same, so is the list.

    What is kept of the clinic, its people, services and places, has its own stamp. None where somebody waits: the list
    counts their minutes, and is another one each time.
    """
    touching = _touching(actor, day, zone=clinic.zone)
    moments = [Epoch(name) for name in _MOMENTS]
    of_patients = [f"patient__{name}" for name in (*_CALLED, "bulk_billed")]
    waived = Exists(Waiver.objects.in_force().filter(appointment=OuterRef("pk")))
    phone = Cast("patient__phone", CharField())
    rows = list(touching.values_list("status", *moments, *_SHOWN, *of_patients, phone, waived))
    if any(status in states.WAITING for status, *_shown in rows):
        return None
    clocks = [
        states.told_by_the_clock(starts_at=starts_at, ends_at=ends_at, now=now, ahead=NEXT_HOUR)
        for _status, starts_at, ends_at, *_shown in rows
    ]
    sessions, patients = ([row[1 + len(_MOMENTS) + at] for row in rows] for at in (0, 1))
    invoices = Invoice.objects.visible_to(actor).order_by("pk")
    of_sessions = ("pk", "appointment", "purpose", "status", "number", "payable", "paid")
    signed = ProgressNote.objects.signed().filter(appointment__in=touching.order_by().values("pk"))
    written = Referral.objects.standing().filter(patient__in=touching.order_by().values("patient"))
    away = TimeSlot.objects.away().filter(psychologist__in=touching.order_by().values("psychologist"))
    return [
        rows,
        clocks,
        list(away.between(*_around(day, zone=clinic.zone)).order_by("pk").values_list("psychologist", *_OF_AWAY)),
        sorted({place.day_of(now) for place in places().values()}),
        list(invoices.live().filter(appointment__in=sessions).values_list(*of_sessions)),
        list(
            invoices.owed_by_patients()
            .filter(patient__in=set(patients) - {None})
            .values_list("patient", "payable", "paid")
        ),
        list(written.order_by("pk").values_list("patient", "written_on", "services", "used_elsewhere")),
        better_access.trace_of({each for each in patients if each is not None}, now=now),
        list(signed.order_by("pk").values_list("appointment")),
    ]


class Owing(NamedTuple):
    """An invoice that is not paid yet, and what is left of it in dollars."""

    number: str
    balance: Decimal


# The steps of a session that takes place, in their order.
COMES_NEXT = (Verb.CHECK_IN, Verb.CHECK_OUT)


@dataclass(slots=True)
class Arrival:
    """One line of the day's list."""

    session: Appointment
    now: datetime
    # What may be done with it now: the buttons are drawn from this.
    steps: Steps
    # The session's own invoice, once it is checked out.
    invoice: Invoice | None = None
    # Whether an invoice for it was voided: what comes next is to bill it again.
    is_voided: bool = False
    # What the patient owes from before.
    owing: list[Owing] = field(default_factory=list)
    lacks_referral: bool = False
    # Which service of its referral and year it is, or why Medicare pays nothing; None where it never does.
    medicare: Standing | None = None
    # Why it can't be held as it is booked: a `Stranded`, or empty.
    stranded: str = ""
    # What is still to be taken for this session, in dollars.
    to_collect: Decimal = ZERO

    @property
    def owes(self) -> Decimal:
        """What the patient owes from before, in dollars."""
        return sum((one.balance for one in self.owing), ZERO)

    @property
    def next_steps(self) -> list[Verb]:
        """What may be done as the session goes on, what comes next first: once it is over, out rather than in."""
        order = COMES_NEXT if self.session.ends_at > self.now else reversed(COMES_NEXT)
        return [verb for verb in order if self.steps[verb].allowed]

    @property
    def is_late(self) -> bool:
        return states.is_late(self.session, now=self.now)

    @property
    def is_due(self) -> bool:
        """Whether they may walk in any moment: the button to press stands out."""
        return states.is_due(self.session, now=self.now)

    @property
    def is_done(self) -> bool:
        """Whether the desk has nothing left to do about it: it took place or was missed, and nothing is to be paid."""
        is_over = self.session.is_completed or self.session.is_missed
        return is_over and not self.next_steps and not self.to_collect

    @property
    def minutes_waiting(self) -> int | None:
        return states.minutes_waiting(self.session, now=self.now)


@dataclass(slots=True)
class DayList:
    day: date
    arrivals: list[Arrival]
    cancelled: list[Appointment] = field(default_factory=list)
    # What was called off or missed, with what the policy says of it.
    lost: list[Lost] = field(default_factory=list)

    @property
    def here(self) -> int:
        return sum(a.session.is_here for a in self.arrivals)

    @property
    def to_collect(self) -> Decimal:
        return sum((a.to_collect for a in self.arrivals), ZERO)

    def arriving_before(self, moment: datetime) -> int:
        return sum(states.is_expected(a.session, now=a.now, before=moment) for a in self.arrivals)

    @property
    def late(self) -> int:
        return sum(a.is_late for a in self.arrivals)


def read_day(actor: Actor, day: date, *, clinic: ClinicSettings, now: datetime, location: str = "") -> DayList:
    """The sessions of a day with what the desk must know about each. Seventeen queries at most, however many."""
    sessions = [
        s
        for s in sessions_of(actor, day, zone=clinic.zone)
        if s.local_start.date() == day and (not location or s.location.slug == location)
    ]
    cancelled = [s for s in sessions if s.is_cancelled]
    # What was asked for in vain was never a session.
    sessions = [s for s in sessions if not s.is_cancelled and not s.is_declined]
    live = Invoice.objects.visible_to(actor).live().filter(appointment__in=sessions).defer("snapshot")
    live = live.select_related("payer")
    of_sessions: dict[int | None, dict[str, Invoice]] = defaultdict(dict)
    for each in live:
        of_sessions[each.appointment_id][each.purpose] = each
    # A hold may be nobody's; a session has a patient.
    patients = {s.patient_id for s in sessions if s.patient_id is not None}
    owed = _owed(actor, patients)
    referred: dict[int | None, list[date]] = defaultdict(list)
    for patient, written in (
        Referral.objects.standing().filter(patient__in=patients).order_by().values_list("patient", "written_on")
    ):
        referred[patient].append(written)
    invoiced = {session.pk for session in sessions if of_sessions[session.pk].keys() & BILLS_A_SESSION}
    payers = links_of_all(patients)
    hindered = stranded(sessions, now=now)
    medicare = better_access.standings_of(sessions, now=now)
    steps = sessions_journey.steps_of(sessions, by=actor, now=now, invoiced=invoiced)
    arrivals = []
    for session in sessions:
        own = of_sessions[session.pk]
        invoice = own.get(Purpose.SESSION)
        covered = any(written <= day for written in referred[session.patient_id])
        arrivals.append(
            Arrival(
                session=session,
                now=now,
                steps=steps[session.pk],
                invoice=invoice,
                owing=[one for one in owed[session.patient_id] if invoice is None or one.number != invoice.number],
                lacks_referral=session.service.medicare and not covered,
                medicare=medicare.get(session.pk),
                stranded=hindered.get(session.pk, ""),
                to_collect=_to_collect(session, own, payers=payers[session.patient_id], clinic=clinic),
            )
        )
    gone = sorted([*cancelled, *sessions], key=lambda session: (session.starts_at, session.pk))
    return DayList(day, arrivals, cancelled, lost_of(gone, clinic=clinic))


def _owed(actor: Actor, patients: set[int]) -> dict[int | None, list[Owing]]:
    """What each of them has still to pay, oldest first."""
    owed: dict[int | None, list[Owing]] = defaultdict(list)
    for patient, number, payable, paid in _owing(actor.user_id or 0, actor.role, patients):
        owed[patient].append(Owing(number, payable - paid))
    return owed


@compiled
def _owing(
    account: int, role: str, patients: Collection[int]
) -> QuerySet[Invoice, tuple[int | None, str, Decimal, Decimal]]:
    owing = Invoice.objects.visible_to(Actor.known_by(account, role)).owed_by_patients().filter(patient__in=patients)
    return owing.order_by("issued_on", "pk").values_list("patient", "number", "payable", "paid")


def _to_collect(
    session: Appointment, invoices: dict[str, Invoice], *, payers: list[PatientPayer], clinic: ClinicSettings
) -> Decimal:
    """What is asked for by now; before check-out what a booked session costs, less what was paid ahead.

    What somebody else pays is not collected at the desk.
    """
    deposit = invoices.get(Purpose.DEPOSIT)
    own = [each for each in invoices.values() if each.payer_id is None and not each.bulk_billed]
    asked = sum((each.balance for each in own if each is not deposit), ZERO)
    if Purpose.SESSION in invoices or session.is_missed or session.is_request:
        return asked
    if chosen_by_itself(payers, service=session.service, is_fee=False) or is_bulk_billed(session):
        return asked
    return max(ZERO, charges.price_of(session, clinic=clinic) - (deposit.paid if deposit else ZERO))


def owed_by(actor: Actor, patient: Patient) -> Decimal:
    """What somebody has still to pay, in dollars."""
    return sum((one.balance for one in _owed(actor, {patient.pk})[patient.pk]), ZERO)
