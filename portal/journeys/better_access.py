"""Where somebody stands under Better Access: their referrals, what was claimed, and what is booked, as one ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Any, TypedDict
from uuid import UUID, uuid4

from django.db.models import CharField, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from portal.appointments import states
from portal.appointments.actions.clashes import Terms
from portal.appointments.calendars import Booked
from portal.appointments.models import Appointment
from portal.billing import charges
from portal.billing.actions import links_of
from portal.billing.claimed import services_claimed
from portal.billing.models import Invoice, MedicareClaim, Purpose
from portal.billing.models.payer import Payer, billed_to_family, chosen_by_itself
from portal.clinic import kept
from portal.common.database.compiled import compiled
from portal.medicare import schedule
from portal.medicare.for_patients import left_in_words
from portal.medicare.ledger import CountsTowards, Course, Ledger, Service, Standing, Why, count
from portal.medicare.models import BILLING, Referral, UsedElsewhere
from portal.patients.models import Patient


def ledgers(patients: Iterable[int], *, now: datetime) -> dict[int, Ledger]:
    """The ledger of each of these patients (primary keys), in four statements however many they are.

    What was held and not billed yet, or is still to come, is laid behind what was claimed: `planned` asks for one.
    """
    asked = set(patients)
    return _counted(asked, _to_be_billed(asked, now=now))


def ledger_of(patient: int, *, now: datetime) -> Ledger:
    """The ledger of one patient, by their primary key."""
    return ledgers([patient], now=now)[patient]


def standing_of(
    session: Appointment,
    *,
    now: datetime,
    patient: int | None = None,
    counts_towards: str = CountsTowards.INDIVIDUAL,
) -> Standing | None:
    """Where a session that is not billed yet would stand if it were held and claimed; None where nothing is claimed.

    What was to come and never closed takes no place before it. `patient` is whom it is for, if it doesn't say yet;
    `counts_towards` says whether it was with a carer alone, or a group.
    """
    whose = session.patient_id if patient is None else patient
    if whose is None or not _may_claim(session):
        return None
    rows = _to_be_billed({whose}, now=now, until=session.starts_at)
    others = [each for each in rows.get(whose, ()) if each.key != _key(session.code)]
    this = _service(session.code, charges.day_of(session), session.starts_at, counts_towards)
    return planned(_counted({whose}, {whose: [*others, this]})[whose], session)


def standings_of_new(terms: Terms, starts: Sequence[datetime], *, now: datetime) -> list[Standing]:
    """Where sessions that are not booked yet would stand, in their order; six statements at most, however many.

    Empty where Medicare is asked for nothing: by what they are, by who gives them, or by who is billed for them.
    """
    patient, place = terms.patient, terms.location
    if not starts or not terms.service.medicare or terms.psychologist.registration not in BILLING:
        return []
    link = chosen_by_itself(links_of(patient), service=terms.service, is_fee=False)
    if link is not None and link.payer.kind != Payer.Kind.PERSON:
        return []
    new = [_service(uuid4(), place.day_of(at), at) for at in starts]
    booked = _to_be_billed({patient.pk}, now=now, until=max(starts)).get(patient.pk, ())
    found = _counted({patient.pk}, {patient.pk: [*booked, *new]})[patient.pk]
    return [found.standings[each.key] for each in new]


class BesidePrice(TypedDict):
    """What a price card says of Medicare: `medicare` in the patient's words, whether it pays, or nothing this year.

    `billed_to` names who else gets the bill: then there is nothing for the patient to pay.
    """

    medicare: str
    is_covered: bool
    no_rebate: bool
    billed_to: str


def beside_price(session: Appointment, patient: Patient | None, *, now: datetime) -> BesidePrice:
    """What the price card says for somebody: nothing of its own while no referral of theirs is on file."""
    links = links_of(patient) if patient is not None else []
    if link := chosen_by_itself(links, service=session.service, is_fee=False):
        return {"medicare": "", "is_covered": False, "no_rebate": True, "billed_to": link.payer.name}
    standing = standing_of(session, now=now, patient=patient.pk) if patient is not None else None
    if standing is None or standing.why is Why.NO_REFERRAL:
        return {"medicare": "", "is_covered": False, "no_rebate": False, "billed_to": ""}
    no_rebate = not standing.is_covered and not standing.would_a_referral_help
    words, is_covered = left_in_words(standing), standing.is_covered
    return {"medicare": words, "is_covered": is_covered, "no_rebate": no_rebate, "billed_to": ""}


def planned(ledger: Ledger, session: Appointment) -> Standing | None:
    """Where a session that is not billed yet stands in its patient's ledger, if it is there."""
    return ledger.standings.get(_key(session.code))


def standings_of(sessions: Iterable[Appointment], *, now: datetime) -> dict[int, Standing]:
    """Where each of these sessions stands, by its id: as it was claimed, or as it would be. Six statements at most.

    Nothing is said of those that are called off or missed, and of those for which nothing is ever claimed.
    """
    asked = [s for s in sessions if s.patient_id is not None and s.is_standing and _may_claim(s)]
    found = _standings([(s.code, s.patient_id, s.starts_at) for s in asked if s.patient_id is not None], now=now)
    return {session.pk: found[session.code] for session in asked if session.code in found}


def has_letter() -> Exists:
    """Whether the patient of a session has a referral on file that is for Medicare, to be read along with the session.

    Without one nothing was claimed for them, and nothing can be.
    """
    return Exists(Referral.objects.standing().for_medicare().filter(patient=OuterRef("patient")).order_by())


def standings_beside(sessions: Iterable[Booked], *, now: datetime) -> dict[UUID, Standing]:
    """The same of sessions as a calendar reads them, by their codes. Five statements at most."""
    services, people = kept.services(), kept.psychologists()
    return _standings(
        [
            (s.code, s.patient_id, s.starts_at)
            for s in sessions
            if s.patient_id is not None
            and s.is_standing
            and services[s.service_id].medicare
            and people[s.psychologist_id].registration in BILLING
        ],
        now=now,
    )


def _standings(asked: Sequence[tuple[UUID, int, datetime]], *, now: datetime) -> dict[UUID, Standing]:
    """Of sessions by their code, patient and start. What starts after the last of them takes no place before any."""
    if not asked:
        return {}
    patients = {patient for _code, patient, _starts_at in asked}
    until = max(starts_at for _code, _patient, starts_at in asked)
    found = _counted(patients, _to_be_billed(patients, now=now, until=until))
    rows = MedicareClaim.objects.standing().filter(
        line__invoice__appointment__code__in=[code for code, _patient, _starts_at in asked]
    )
    claimed = {session: str(code) for session, code in rows.values_list("line__invoice__appointment__code", "code")}
    standings = {}
    for code, patient, _starts_at in asked:
        if (standing := found[patient].standings.get(claimed.get(code, _key(code)))) is not None:
            standings[code] = standing
    return standings


def trace_of(
    patients: Iterable[int | None], *, now: datetime, until: datetime | None = None
) -> list[tuple[object, ...]]:
    """What the ledgers of these patients (their primary keys) would count, as plain values and in one statement.

    While they are the same, so are the ledgers; with `until`, so is where everything stands that starts no later.
    """
    status, starts_at = F("status"), F("starts_at")
    no_status, never = Value("", output_field=CharField()), Cast(Value(None), DateTimeField())
    # What was left is never changed: a letter that is corrected, a claim that is withdrawn, what somebody says anew.
    rows = [
        _leg("session", _unbilled(patients, now=now, until=until), status, starts_at),
        _leg("claim", MedicareClaim.objects.filter(patient__in=patients), status, starts_at),
        _leg("letter", Referral.objects.standing().for_medicare().filter(patient__in=patients), no_status, never),
        _leg("elsewhere", UsedElsewhere.objects.filter(patient__in=patients), no_status, never),
    ]
    return sorted(rows[0].union(*rows[1:], all=True), key=itemgetter(0, 1))


def _leg(kind: str, rows: QuerySet[Any], status: Combinable, starts_at: Combinable) -> Any:
    told: dict[str, Any] = {"trace_kind": Value(kind, output_field=CharField()), "trace_pk": F("pk")}
    told |= {"trace_status": Cast(status, CharField()), "trace_at": starts_at}
    return rows.order_by().annotate(**told).values_list(*told)


def _counted(patients: set[int], sessions: Mapping[int, Sequence[Service]]) -> dict[int, Ledger]:
    """The ledgers of patients from what is on file, and from those of their `sessions` that are not billed yet."""
    courses: dict[int, list[Course]] = defaultdict(list)
    for referral in _referrals(patients):
        courses[referral.patient_id].append(Course.of(referral))
    elsewhere: dict[int, dict[int, UsedElsewhere]] = defaultdict(dict)
    # The newest of a year comes last, and counts.
    for said in _used_elsewhere(patients):
        elsewhere[said.patient_id][said.year] = said
    claimed, limits = services_claimed(patients), schedule.limits()
    return {
        patient: count(
            courses=courses[patient],
            services=[*claimed.get(patient, ()), *sessions.get(patient, ())],
            limits=limits,
            elsewhere=elsewhere[patient],
        )
        for patient in patients
    }


def _to_be_billed(
    patients: Collection[int], *, now: datetime, until: datetime | None = None
) -> dict[int, list[Service]]:
    """What these patients had and were not billed for, or is still to come, as the ledger counts it. One statement."""
    places, found = kept.places(), defaultdict[int, list[Service]](list)
    for patient, code, starts_at, location in _times_unbilled(patients, now=now, until=until):
        found[patient].append(_service(code, places[location].day_of(starts_at), starts_at))
    return found


@compiled
def _referrals(patients: Collection[int]) -> QuerySet[Referral]:
    return Referral.objects.standing().for_medicare().filter(patient__in=patients)


@compiled
def _used_elsewhere(patients: Collection[int]) -> QuerySet[UsedElsewhere]:
    return UsedElsewhere.objects.filter(patient__in=patients).order_by("said_at", "pk")


@compiled
def _times_unbilled(
    patients: Collection[int], *, now: datetime, until: datetime | None
) -> QuerySet[Appointment, tuple[int, UUID, datetime, int]]:
    return _unbilled(patients, now=now, until=until).values_list("patient", "code", "starts_at", "location")


def _service(code: UUID, day: date, starts_at: datetime, counts_towards: str = CountsTowards.INDIVIDUAL) -> Service:
    return Service(key=_key(code), day=day, starts_at=starts_at, counts_towards=counts_towards)


def _key(code: UUID) -> str:
    return f"session {code}"


def _may_claim(session: Appointment) -> bool:
    return session.service.medicare and session.psychologist.registration in BILLING


def _unbilled(patients: Iterable[int | None], *, now: datetime, until: datetime | None = None) -> QuerySet[Appointment]:
    """Sessions that a referral may cover and that have no invoice: those that were held, and those to come.

    What an insurer or another third party is billed takes none of its services. Of those that start after `until` none.
    """
    billed = Invoice.objects.order_by().live().for_purpose(Purpose.SESSION).filter(appointment=OuterRef("pk"))
    sessions = Appointment.objects.all() if until is None else Appointment.objects.filter(starts_at__lte=until)
    return (
        billed_to_family(sessions)
        .filter(
            Q(status__in=states.SEEN) | Q(status__in=states.OPEN, ends_at__gt=now),
            patient__in=patients,
            service__medicare=True,
            psychologist__registration__in=BILLING,
        )
        .exclude(Exists(billed))
        .order_by("starts_at", "pk")
    )
