"""Whether Medicare would take an invoice: what is printed on it, the schedule, the ledger and the card."""

from __future__ import annotations

from datetime import date, datetime, time

from django.core.exceptions import ValidationError
from django.db import transaction

from portal.audit import trail
from portal.billing.models import ClaimOverride, Invoice, InvoiceStatus, Line, MedicareClaim
from portal.billing.refusals import ChangedMeanwhile, NotPayable, ReasonMissing
from portal.billing.snapshot import REGISTRATIONS, InvoiceOnPaper
from portal.clinic.models import ClinicSettings, ProviderNumber
from portal.common.access.actors import Actor
from portal.journeys import better_access
from portal.medicare import schedule
from portal.medicare.findings import Facts, Finding, Letter
from portal.medicare.ledger import Standing
from portal.medicare.models import LetterCheck, MbsItem, Referral
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


def check(invoice: Invoice, *, now: datetime) -> Check | None:
    """What is to be said of an invoice; None for one that asks Medicare for nothing, a draft or a void one."""
    if invoice.status != InvoiceStatus.ISSUED or invoice.snapshot is None:
        return None
    lines = list(invoice.lines.exclude(item_number=""))
    if not lines:
        return None
    today = ClinicSettings.current().today(now)
    found = findings_of(_facts(invoice, invoice.snapshot, lines, now=now), today=today)
    return Check(found, ClaimOverride.objects.filter(invoice=invoice).select_related("made_by").first())


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


def _facts(invoice: Invoice, paper: InvoiceOnPaper, lines: list[Line], *, now: datetime) -> list[Facts]:
    """Each line with an item: what is printed of it, and what is on file to compare it with."""
    claims = {claim.line_id: claim for claim in MedicareClaim.objects.filter(line__in=lines).select_related("referral")}
    ledger = better_access.ledger_of(invoice.patient_id, now=now)
    numbers = dict(
        ProviderNumber.objects.filter(psychologist=invoice.psychologist_id).values_list("location", "number")
    )
    return [
        _of_line(
            line,
            invoice=invoice,
            paper=paper,
            claim=claims.get(line.pk),
            standing=ledger.standings.get(str(claims[line.pk].code)) if line.pk in claims else None,
            numbers=numbers,
            row=schedule.row_of(line.item_number, on=line.service_date) if line.service_date else None,
            others=_others(line, claims.get(line.pk), lines),
        )
        for line in lines
    ]


def _others(line: Line, claim: MedicareClaim | None, lines: list[Line]) -> tuple[int, bool]:
    """How many more services of the patient are claimed that day, and whether each says when it began."""
    if claim is None or line.service_date is None:
        return 0, True
    day = MedicareClaim.objects.standing().filter(patient=claim.patient_id, service_date=line.service_date)
    starts = list(day.exclude(pk=claim.pk).values_list("line__starts_at", flat=True))
    return len(starts), None not in starts


def _of_line(
    line: Line,
    *,
    invoice: Invoice,
    paper: InvoiceOnPaper,
    claim: MedicareClaim | None,
    standing: Standing | None,
    numbers: dict[int, str],
    row: MbsItem | None,
    others: tuple[int, bool],
) -> Facts:
    patient, session = invoice.patient, invoice.appointment
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
        letter=_letter(paper, claim.referral if claim else None),
        patient_name=paper["patient"]["name"],
        card_number=paper["patient"]["medicare_number"].replace(" ", ""),
        irn=paper["patient"]["irn"],
        card_expires=patient.medicare_expires,
        card_name=patient.medicare_name,
        card_is_right=card_is_right(paper["patient"]["medicare_number"]),
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


def _letter(paper: InvoiceOnPaper, referral: Referral | None) -> Letter | None:
    printed = paper["referral"]
    if printed is None:
        return None
    # What is on file of the letter by now counts: a number that was decided since, and the newest look at it.
    standing = Referral.objects.standing().filter(course=referral.course).first() if referral else None
    is_corrected = standing is not None and standing != referral
    referral = standing or referral
    found = LetterCheck.objects.newest_of(referral) if referral else None
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
    )


def card_is_right(number: str) -> bool:
    """Whether the digits of a Medicare card add up."""
    try:
        clean_medicare_number(number)
    except ValidationError:
        return False
    return True
