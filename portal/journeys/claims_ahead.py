"""What the claim-readiness check is going to say of sessions that are not invoiced yet: asked before the money step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from portal.appointments.models import Appointment
from portal.billing import charges
from portal.billing.charges import Amounts, Charge
from portal.billing.models import MedicareClaim
from portal.clinic.models import ClinicSettings, ProviderNumber
from portal.journeys.checking_out import Claim, Held, Preview
from portal.journeys.claim_checks import Check, card_is_right
from portal.medicare import schedule
from portal.medicare.contents import lacking
from portal.medicare.findings import Facts, Letter
from portal.medicare.models import LetterCheck, Referral
from portal.medicare.readiness import findings_of


class ToBill(NamedTuple):
    """A session as it was held, and what an invoice would say of it."""

    session: Appointment
    held: Held
    claim: Claim
    shown: Preview


def check_ahead(session: Appointment, held: Held, claim: Claim, shown: Preview, *, now: datetime) -> Check | None:
    """What is to be said of one; None where nothing is asked of Medicare."""
    return checks_ahead([ToBill(session, held, claim, shown)], now=now)[0]


def checks_ahead(bills: Sequence[ToBill], *, now: datetime) -> list[Check | None]:
    """The same of many, in their order. Three statements, however many there are."""
    claimed = [each for each in bills if each.shown.item is not None]
    if not claimed:
        return [None] * len(bills)
    file, today = _on_file(claimed), ClinicSettings.current().today(now)
    found: list[Check | None] = []
    for each in bills:
        rows = [row for row in each.shown.bill.rows if row[0].item_number]
        facts = [_facts(each, charge, amounts, file=file) for charge, amounts in rows]
        found.append(Check(findings_of(facts, today=today), None) if facts else None)
    return found


@dataclass(frozen=True, slots=True)
class _OnFile:
    """What is on file beside the sessions: numbers by psychologist and place, and what was found in each letter."""

    numbers: dict[int, dict[int, str]]
    letters: dict[object, LetterCheck]
    # Whose service of which day shows when it began: those that are claimed, and those that are billed along with it.
    same_day: dict[tuple[int | None, date], list[bool]]


def _on_file(bills: Sequence[ToBill]) -> _OnFile:
    numbers: dict[int, dict[int, str]] = defaultdict(dict)
    people = {each.session.psychologist_id for each in bills}
    held = ProviderNumber.objects.filter(psychologist__in=people)
    for person, place, number in held.values_list("psychologist", "location", "number"):
        numbers[person][place] = number
    courses = {each.claim.referral.course for each in bills if each.claim.referral}
    looks = LetterCheck.objects.filter(course__in=courses).order_by("checked_at", "pk")
    same_day = defaultdict[tuple[int | None, date], list[bool]](list)
    patients = {each.session.patient_id for each in bills}
    days = {charges.day_of(each.session) for each in bills}
    claims = MedicareClaim.objects.standing().filter(patient__in=patients, service_date__in=days).order_by("pk")
    for patient, day, starts_at in claims.values_list("patient", "service_date", "line__starts_at"):
        same_day[patient, day].append(starts_at is not None)
    for each in bills:
        same_day[each.session.patient_id, charges.day_of(each.session)].append(True)
    return _OnFile(numbers, {look.course: look for look in looks}, same_day)


def _facts(bill: ToBill, charge: Charge, amounts: Amounts, *, file: _OnFile) -> Facts:
    session, patient, day = bill.session, bill.session.person, charges.day_of(bill.session)
    numbers = file.numbers.get(session.psychologist_id, {})
    number, row = numbers.get(session.location_id, ""), schedule.row_of(charge.item_number, on=day)
    that_day = file.same_day[session.patient_id, day]
    standing = bill.claim.standing
    return Facts(
        item=charge.item_number,
        service_date=day,
        starts=session.local_start.time(),
        minutes=charge.minutes,
        mode=charge.mode,
        charged=amounts.total,
        gst=amounts.gst,
        benefit=amounts.rebate,
        quantity=charge.quantity,
        due_benefit=row.benefit if row else None,
        is_verified=row.verified if row else True,
        registration=session.psychologist.registration,
        provider_number=number,
        number_on_file=number,
        elsewhere_numbers=frozenset(each for place, each in numbers.items() if place != session.location_id),
        practice_address=session.location.address,
        letter=_letter(bill.claim.referral, file),
        patient_name=patient.legal_name,
        is_bulk_billed=bill.shown.bulk_billed,
        card_number=patient.medicare_number,
        irn=patient.medicare_irn if patient.medicare_number else "",
        card_expires=patient.medicare_expires,
        card_name=patient.medicare_name,
        card_is_right=card_is_right(patient.medicare_number),
        why=standing.why if standing else None,
        is_last=standing.is_last if standing else False,
        # It is one of them itself.
        others=len(that_day) - 1,
        others_timed=all(that_day),
        is_outside=bill.held.outside,
        attended=charge.attended,
        remoteness=charge.remoteness,
        kilometres=charge.kilometres,
        is_abroad=bill.held.abroad,
        is_billed=False,
    )


def _letter(referral: Referral | None, file: _OnFile) -> Letter | None:
    if referral is None:
        return None
    look = file.letters.get(referral.course)
    return Letter(
        name=referral.referrer_name,
        number=referral.referrer_provider_number,
        practice=referral.referrer_practice,
        written_on=referral.written_on,
        kind=referral.kind,
        services=referral.agreed,
        is_for_group=referral.is_for_group,
        usual_practitioner=look.has_usual if look else None,
        lacks=lacking(referral, look),
    )
