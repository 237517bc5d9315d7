"""Where somebody stands under Better Access: their referrals, what was claimed, and what is booked, as one ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from portal.appointments import states
from portal.appointments.models import Appointment
from portal.billing import charges
from portal.billing.claimed import services_claimed
from portal.billing.models import Invoice, Purpose
from portal.medicare import schedule
from portal.medicare.ledger import Course, Ledger, Service, Standing, count
from portal.medicare.models import BILLING, Referral, UsedElsewhere


def ledgers(patients: Iterable[int], *, now: datetime) -> dict[int, Ledger]:
    """The ledger of each of these patients (primary keys), in four statements however many they are.

    What was held and not billed yet, or is still to come, is laid behind what was claimed: `planned` asks for one.
    """
    asked = set(patients)
    sessions: dict[int, list[Appointment]] = defaultdict(list)
    for session in _unbilled(asked, now=now):
        if session.patient_id is not None:
            sessions[session.patient_id].append(session)
    return _counted(asked, sessions)


def ledger_of(patient: int, *, now: datetime) -> Ledger:
    """The ledger of one patient, by their primary key."""
    return ledgers([patient], now=now)[patient]


def standing_of(session: Appointment, *, now: datetime) -> Standing | None:
    """Where a session that is not billed yet would stand if it were held and claimed; None where nothing is claimed.

    What was to come and never closed takes no place before it.
    """
    if session.patient_id is None or not _may_claim(session):
        return None
    others = [each for each in _unbilled({session.patient_id}, now=now) if each.pk != session.pk]
    ledger = _counted({session.patient_id}, {session.patient_id: [*others, session]})[session.patient_id]
    return planned(ledger, session)


def planned(ledger: Ledger, session: Appointment) -> Standing | None:
    """Where a session that is not billed yet stands in its patient's ledger, if it is there."""
    return ledger.standings.get(_key(session))


def _counted(patients: set[int], sessions: dict[int, list[Appointment]]) -> dict[int, Ledger]:
    courses: dict[int, list[Course]] = defaultdict(list)
    for referral in Referral.objects.standing().for_medicare().filter(patient__in=patients):
        courses[referral.patient_id].append(Course.of(referral))
    elsewhere: dict[int, dict[int, UsedElsewhere]] = defaultdict(dict)
    # The newest of a year comes last, and counts.
    for said in UsedElsewhere.objects.filter(patient__in=patients).order_by("said_at", "pk"):
        elsewhere[said.patient_id][said.year] = said
    claimed, limits = services_claimed(patients), schedule.limits()
    return {
        patient: count(
            courses=courses[patient],
            services=[*claimed.get(patient, ()), *map(_service, sessions.get(patient, ()))],
            limits=limits,
            elsewhere=elsewhere[patient],
        )
        for patient in patients
    }


def _service(session: Appointment) -> Service:
    return Service(key=_key(session), day=charges.day_of(session), starts_at=session.starts_at)


def _key(session: Appointment) -> str:
    return f"session {session.code}"


def _may_claim(session: Appointment) -> bool:
    return session.service.medicare and session.psychologist.registration in BILLING


def _unbilled(patients: set[int], *, now: datetime) -> Iterable[Appointment]:
    """Sessions that a referral may cover and that have no invoice: those that were held, and those to come."""
    billed = Invoice.objects.order_by().live().for_purpose(Purpose.SESSION).filter(appointment=OuterRef("pk"))
    return (
        Appointment.objects.filter(
            Q(status__in=states.SEEN) | Q(status__in=states.OPEN, ends_at__gt=now),
            patient__in=patients,
            service__medicare=True,
            psychologist__registration__in=BILLING,
        )
        .exclude(Exists(billed))
        .select_related("location")
        .order_by("starts_at", "pk")
    )
