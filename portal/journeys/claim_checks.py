"""Whether Medicare would take an invoice: what is printed on it, the schedule, the ledger and the card."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from portal.audit import trail
from portal.billing.models import ClaimOverride, Invoice, InvoiceStatus, Line, MedicareClaim
from portal.billing.refusals import ChangedMeanwhile, NotPayable, ReasonMissing
from portal.billing.snapshot import REGISTRATIONS, InvoiceOnPaper
from portal.clinic.models import ClinicSettings, ProviderNumber
from portal.common.access.actors import Actor
from portal.common.database.compiled import compiled
from portal.journeys import better_access
from portal.medicare import schedule
from portal.medicare.contents import lacking
from portal.medicare.findings import Facts, Finding, Letter
from portal.medicare.ledger import Ledger, Standing
from portal.medicare.models import LetterCheck, Referral
from portal.medicare.readiness import findings_of
from portal.patients.validators import clean_medicare_number

# What a psychologist was when the invoice was issued stands on it in words.
_BY_NAME = {name: registration for registration, name in REGISTRATIONS.items()}


class Check:
    """What was found on an invoice, and whether somebody said why it goes out all the same."""

    def __init__(self, findings: list[Finding], override: ClaimOverride | None) -> None:
        self.red = [one for one in findings if one.is_red]
        self.amber = [one for one in findings if not one.is_red]
        codes = {one.code for one in self.red}
        # What was found since somebody looked is not what they answered for.
        self.override = override if override and codes <= set(override.findings) else None

    @property
    def is_ready(self) -> bool:
        """Whether it may be printed and sent: nothing red stands in the way, or somebody answered for it."""
        return not self.red or self.override is not None

    def but(self, *said: str) -> Check:
        """The same without what is said of it elsewhere on a page, by the codes of the findings."""
        return Check([one for one in (*self.red, *self.amber) if one.code not in said], self.override)

    @property
    def seen(self) -> str:
        """What a page showed of it, as one word: an old page is refused."""
        return "-".join(sorted({one.code for one in self.red}))


def check(invoice: Invoice, *, now: datetime, lines: Collection[Line] | None = None) -> Check | None:
    """What is to be said of an invoice; None for one that asks Medicare for nothing, a draft or a void one.

    `lines` are all of its own, in their order, where they were read already.
    """
    return checks([invoice], now=now, lines=lines)[invoice.pk]


def checks(
    invoices: Collection[Invoice], *, now: datetime, lines: Collection[Line] | None = None
) -> dict[int, Check | None]:
    """The same of many, by their ids, in as many statements however many they are.

    Their patients, psychologists, locations and sessions are asked for one by one unless they come along.
    """
    found: dict[int, Check | None] = {invoice.pk: None for invoice in invoices}
    papers = {one.pk: one.snapshot for one in invoices if one.status == InvoiceStatus.ISSUED and one.snapshot}
    own: dict[int, list[Line]] = defaultdict(list)
    for line in _lines_of(list(papers)) if lines is None else lines:
        if line.item_number and line.invoice_id in papers:
            own[line.invoice_id].append(line)
    claimed = [invoice for invoice in invoices if own.get(invoice.pk)]
    if not claimed:
        return found
    file = _on_file(claimed, [line.pk for each in own.values() for line in each], now=now)
    today = ClinicSettings.current().today(now)
    newest = {override.invoice_id: override for override in _overrides_of([invoice.pk for invoice in claimed])}
    for invoice in claimed:
        facts = [_of_line(line, invoice=invoice, paper=papers[invoice.pk], file=file) for line in own[invoice.pk]]
        found[invoice.pk] = Check(findings_of(facts, today=today), newest.get(invoice.pk))
    return found


def may_print(invoice: Invoice, *, now: datetime) -> bool:
    """Whether the paper may leave the clinic."""
    found = check(invoice, now=now)
    return found is None or found.is_ready


@transaction.atomic
def override(*, invoice: Invoice, reason: str, seen: str, by: Actor, now: datetime) -> ClaimOverride:
    """Lets a Medicare invoice out with what is red on it, and keeps why and by whom.

    Raises NotPayable for one that is void or asks Medicare for nothing, ReasonMissing, and ChangedMeanwhile where
    what is found is no longer what the page showed, or somebody else was first.
    """
    invoice = Invoice.objects.select_for_update().get(pk=invoice.pk)
    found = check(invoice, now=now)
    if found is None:
        raise NotPayable
    if not reason.strip():
        raise ReasonMissing
    if found.override is not None or not found.red or found.seen != seen:
        raise ChangedMeanwhile(invoice)
    codes = sorted({one.code for one in found.red})
    made = ClaimOverride.objects.create(
        invoice=invoice, findings=codes, reason=reason.strip(), made_at=now, made_by=by.user
    )
    trail.record("invoice.claim_overridden", target=invoice, by=by, at=now, findings=codes)
    return made


# ---- Facts -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _OnFile:
    """What is on file to compare invoices with."""

    # By the line.
    claims: dict[int, MedicareClaim]
    # By the patient.
    ledgers: dict[int, Ledger]
    # Provider numbers by the psychologist and the place.
    numbers: dict[int, dict[int, str]]
    # Which claims of a patient are for a day, and when each began.
    days: dict[tuple[int, date], dict[int, datetime | None]]
    # The letter as it stands, and the newest look at it, by the course.
    letters: dict[UUID, Referral]
    looks: dict[UUID, LetterCheck]

    def standing(self, claim: MedicareClaim | None) -> Standing | None:
        """Where a claim stands in its patient's ledger."""
        return self.ledgers[claim.patient_id].standings.get(str(claim.code)) if claim else None

    def others(self, line: Line, claim: MedicareClaim | None) -> tuple[int, bool]:
        """How many more services of the patient are claimed that day, and whether each says when it began."""
        if claim is None or line.service_date is None:
            return 0, True
        day = self.days.get((claim.patient_id, line.service_date), {})
        starts = [starts_at for pk, starts_at in day.items() if pk != claim.pk]
        return len(starts), None not in starts


def _on_file(invoices: Collection[Invoice], lines: Collection[int], *, now: datetime) -> _OnFile:
    claims = {claim.line_id: claim for claim in _claims_on(lines)}
    patients = {claim.patient_id for claim in claims.values()} | {invoice.patient_id for invoice in invoices}
    numbers: dict[int, dict[int, str]] = defaultdict(dict)
    for person, place, number in _provider_numbers({invoice.psychologist_id for invoice in invoices}):
        numbers[person][place] = number
    days: dict[tuple[int, date], dict[int, datetime | None]] = defaultdict(dict)
    same = MedicareClaim.objects.standing().filter(
        patient__in=patients, service_date__in={claim.service_date for claim in claims.values()}
    )
    for pk, patient, day, starts_at in same.values_list("pk", "patient", "service_date", "line__starts_at"):
        days[patient, day][pk] = starts_at
    courses = {claim.referral.course for claim in claims.values() if claim.referral}
    return _OnFile(
        claims=claims,
        ledgers=better_access.ledgers(patients, now=now),
        numbers=numbers,
        days=days,
        letters={letter.course: letter for letter in _letters_of(courses)},
        looks={look.course: look for look in _looks_at(courses)},
    )


@compiled
def _lines_of(invoices: Collection[int]) -> QuerySet[Line]:
    return Line.objects.filter(invoice__in=invoices).exclude(item_number="").order_by("position")


@compiled
def _overrides_of(invoices: Collection[int]) -> QuerySet[ClaimOverride]:
    return ClaimOverride.objects.filter(invoice__in=invoices).select_related("made_by").order_by("made_at", "pk")


@compiled
def _claims_on(lines: Collection[int]) -> QuerySet[MedicareClaim]:
    return MedicareClaim.objects.filter(line__in=lines).select_related("referral")


@compiled
def _provider_numbers(psychologists: Collection[int]) -> QuerySet[ProviderNumber, tuple[int, int, str]]:
    held = ProviderNumber.objects.filter(psychologist__in=psychologists)
    return held.values_list("psychologist", "location", "number")


@compiled
def _letters_of(courses: Collection[UUID]) -> QuerySet[Referral]:
    return Referral.objects.standing().filter(course__in=courses).order_by("written_on", "pk")


@compiled
def _looks_at(courses: Collection[UUID]) -> QuerySet[LetterCheck]:
    return LetterCheck.objects.filter(course__in=courses).order_by("checked_at", "pk")


def _of_line(line: Line, *, invoice: Invoice, paper: InvoiceOnPaper, file: _OnFile) -> Facts:
    claim, numbers = file.claims.get(line.pk), file.numbers.get(invoice.psychologist_id, {})
    standing, others = file.standing(claim), file.others(line, claim)
    row = schedule.row_of(line.item_number, on=line.service_date) if line.service_date else None
    patient, session = invoice.patient, invoice.appointment
    # The patient claims with what is printed, the clinic with the card as it is on file by now.
    card, irn = paper["patient"]["medicare_number"].replace(" ", ""), paper["patient"]["irn"]
    if invoice.bulk_billed:
        card, irn = patient.medicare_number, patient.medicare_irn
    return Facts(
        item=line.item_number,
        service_date=line.service_date,
        starts=_time(line, invoice),
        minutes=line.minutes,
        mode=line.mode,
        charged=line.total,
        gst=line.gst,
        benefit=line.benefit,
        quantity=line.quantity,
        due_benefit=row.benefit if row else None,
        is_verified=row.verified if row else True,
        registration=_BY_NAME.get(paper["provider"]["registration"], invoice.psychologist.registration),
        provider_number=paper["provider"]["number"],
        number_on_file=numbers.get(invoice.location_id, ""),
        elsewhere_numbers=frozenset(number for place, number in numbers.items() if place != invoice.location_id),
        practice_address=paper["practice"]["address"],
        letter=_letter(paper, claim.referral if claim else None, file),
        patient_name=paper["patient"]["name"],
        is_bulk_billed=invoice.bulk_billed,
        card_number=card,
        irn=irn,
        card_expires=patient.medicare_expires,
        card_name=patient.medicare_name,
        card_is_right=card_is_right(card),
        why=standing.why if standing else None,
        is_last=standing.is_last if standing else False,
        was_held=session is None or session.is_completed,
        is_outside=line.is_outside,
        attended=line.attended,
        remoteness=line.remoteness,
        kilometres=line.kilometres,
        others=others[0],
        others_timed=others[1],
    )


def _time(line: Line, invoice: Invoice) -> time | None:
    return line.starts_at.astimezone(invoice.location.zone).time() if line.starts_at else None


def _letter(paper: InvoiceOnPaper, referral: Referral | None, file: _OnFile) -> Letter | None:
    printed = paper["referral"]
    if printed is None:
        return None
    # What is on file of the letter by now counts: a number that was decided since, and the newest look at it.
    standing = file.letters.get(referral.course) if referral else None
    is_corrected = standing is not None and standing != referral
    referral = standing or referral
    found = file.looks.get(referral.course) if referral else None
    return Letter(
        name=printed["name"],
        number=printed["number"],
        practice=printed["practice"],
        written_on=date.fromisoformat(printed["written_on"]) if printed["written_on"] else None,
        kind=referral.kind if referral else Referral.Kind.GP_PLAN,
        services=referral.agreed if referral else None,
        is_corrected=is_corrected,
        is_for_group=referral.is_for_group if referral else False,
        usual_practitioner=found.has_usual if found else None,
        lacks=lacking(referral, found) if referral else (),
    )


def card_is_right(number: str) -> bool:
    """Whether the digits of a Medicare card add up."""
    try:
        clean_medicare_number(number)
    except ValidationError:
        return False
    return True
