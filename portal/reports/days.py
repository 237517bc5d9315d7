"""A day of the whole clinic, as the desk needs it: who comes, who is here, who has to pay."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from portal.appointments.models import Appointment, Status
from portal.billing import charges
from portal.billing.models import Invoice, InvoiceStatus
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.money import ZERO
from portal.medicare.models import Referral
from portal.patients.models import Patient

# No place of the clinic is further than this from its own zone.
NEAR = timedelta(hours=15)


def today_of(clinic: ClinicSettings, *, now: datetime) -> date:
    return timezone.localtime(now, ZoneInfo(clinic.time_zone)).date()


def sessions_of(actor: Actor, day: date, *, zone: ZoneInfo) -> QuerySet[Appointment]:
    """What touches the day somewhere: each session is on the day of its own location, so callers look at that too."""
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    return (
        Appointment.objects.visible_to(actor)
        .between(start - NEAR, start + timedelta(days=1) + NEAR)
        .exclude(status=Status.HELD)
        .for_listing()
        .order_by("starts_at", "pk")
    )


@dataclass(slots=True)
class Arrival:
    """One line of the day's list."""

    session: Appointment
    now: datetime
    # The session's own invoice, once it is checked out.
    invoice: Invoice | None = None
    # What the patient owes from before, in dollars.
    owes: Decimal = ZERO
    lacks_referral: bool = False
    # What is still to be taken for this session, in dollars.
    to_collect: Decimal = ZERO

    @property
    def is_late(self) -> bool:
        return self.session.status == Status.BOOKED and self.session.starts_at < self.now

    @property
    def is_due(self) -> bool:
        """Whether they may walk in any moment: the button to press stands out."""
        return self.session.status == Status.BOOKED and self.session.starts_at < self.now + timedelta(minutes=45)

    @property
    def minutes_waiting(self) -> int | None:
        if self.session.status != Status.ARRIVED or self.session.arrived_at is None:
            return None
        return max(0, int((self.now - self.session.arrived_at).total_seconds() // 60))

    @property
    def can_check_in(self) -> bool:
        return self.session.status == Status.BOOKED

    @property
    def can_check_out(self) -> bool:
        """From the session's start, and before that for whoever is here."""
        if self.session.status == Status.BOOKED:
            return self.session.starts_at <= self.now
        return self.session.status in {Status.ARRIVED, Status.COMPLETED} and self.invoice is None

    @property
    def can_be_no_show(self) -> bool:
        return self.is_late


@dataclass(slots=True)
class DayList:
    day: date
    arrivals: list[Arrival]
    cancelled: list[Appointment] = field(default_factory=list)

    def having(self, *statuses: str) -> list[Arrival]:
        return [a for a in self.arrivals if a.session.status in statuses]

    @property
    def to_collect(self) -> Decimal:
        return sum((a.to_collect for a in self.arrivals), ZERO)

    def arriving_before(self, moment: datetime) -> int:
        return sum(a.session.status == Status.BOOKED and a.now <= a.session.starts_at < moment for a in self.arrivals)

    @property
    def late(self) -> int:
        return sum(a.is_late for a in self.arrivals)


def read_day(actor: Actor, day: date, *, clinic: ClinicSettings, now: datetime, location: str = "") -> DayList:
    """The sessions of a day with what the desk must know about each. Five queries, however many there are."""
    sessions = [
        s
        for s in sessions_of(actor, day, zone=ZoneInfo(clinic.time_zone))
        if s.local_start.date() == day and (not location or s.location.slug == location)
    ]
    cancelled = [s for s in sessions if s.status == Status.CANCELLED]
    sessions = [s for s in sessions if s.status != Status.CANCELLED]
    invoices = {
        i.appointment_id: i
        for i in Invoice.objects.visible_to(actor).live().filter(appointment__in=sessions).defer("snapshot")
    }
    patients = {s.patient_id for s in sessions}
    owed = _owed(actor, patients)
    referred = defaultdict(list)
    for patient, written in (
        Referral.objects.in_force().filter(patient__in=patients).order_by().values_list("patient", "written_on")
    ):
        referred[patient].append(written)
    arrivals = []
    for session in sessions:
        invoice = invoices.get(session.pk)
        covered = any(written <= day for written in referred[session.patient_id])
        arrivals.append(
            Arrival(
                session=session,
                now=now,
                invoice=invoice,
                owes=owed.get(session.patient_id, ZERO)
                - (invoice.balance if invoice and invoice.status == InvoiceStatus.ISSUED else ZERO),
                lacks_referral=session.service.medicare and not covered,
                to_collect=_to_collect(session, invoice, clinic=clinic),
            )
        )
    return DayList(day, arrivals, cancelled)


def _owed(actor: Actor, patients: set[int]) -> dict[int, Decimal]:
    rows = Invoice.objects.visible_to(actor).owing().filter(patient__in=patients).order_by().values_list("patient")
    return dict(rows.annotate(owed=Sum(F("total") - F("paid"))))


def _to_collect(session: Appointment, invoice: Invoice | None, *, clinic: ClinicSettings) -> Decimal:
    if invoice is not None:
        return invoice.balance
    if session.status == Status.NO_SHOW:
        return ZERO
    return charges.price_of(session, clinic=clinic)


def owed_by(actor: Actor, patient: Patient) -> Decimal:
    return _owed(actor, {patient.pk}).get(patient.pk, ZERO)
