"""Everything an invoice prints, written down on the day it is issued, so that a re-print is the same for ever.

Dates are ISO text, money is text with two decimals, names are as they were. Only payments are added when it prints,
and where to transfer what is left (`transfers.pay_to`): the account that stands here is the one of its day.
What must stand on it: Health Insurance Regulations 2018 s 51, and the tax office's contents of a tax invoice.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from phonenumber_field.phonenumber import PhoneNumber

from portal.billing.models import FEES, CreditNote, Invoice, Line, NoteKind, Purpose
from portal.clinic.models import ClinicSettings, Mode, ProviderNumber, Registration, TaxCode
from portal.common.money import dollars
from portal.medicare.ledger import Standing
from portal.medicare.models import Referral
from portal.patients.models import Patient
from portal.patients.validators import card_written

VERSION = 1


class ClinicOnPaper(TypedDict):
    """Whose paper it is; `logo` is the name of its file."""

    name: str
    legal_name: str
    abn: str
    gst_registered: bool
    address: str
    phone: str
    email: str
    logo: str
    footer: str
    bank_name: str
    bank_bsb: str
    bank_account: str


class ProviderOnPaper(TypedDict):
    """Who gave the service; `number` is their provider number at the practice."""

    name: str
    registration: str
    number: str


class PracticeOnPaper(TypedDict):
    """Where the service was given."""

    name: str
    address: str
    phone: str


class PatientOnPaper(TypedDict):
    """Whom the service was for; `born` is an ISO date, `irn` their line on the Medicare card."""

    name: str
    born: str
    medicare_number: str
    irn: str


class _PayersNumbers(TypedDict, total=False):
    purchase_order: str
    claim_number: str


class PayerOnPaper(_PayersNumbers):
    """Who pays, and under which numbers of theirs; papers of before there were any don't have them."""

    name: str
    address: str
    abn: str


class ReferralOnPaper(TypedDict):
    """Who referred them, `written_on` (an ISO date), and for how long."""

    name: str
    number: str
    practice: str
    written_on: str
    period: str
    # Which service of the referral it was, such as "Service 4 of 6"; papers of before don't say.
    service: NotRequired[str]


class LineOnPaper(TypedDict):
    """One service or fee; `price` is before GST, `total` with it, `benefit` what Medicare may pay back."""

    date: str
    time: str
    minutes: int | None
    mode: str
    item: str
    description: str
    quantity: str
    unit_price: str
    price: str
    gst: str
    total: str
    tax: str
    benefit: str


class InvoiceOnPaper(TypedDict):
    """All that an invoice prints but its payments."""

    version: int
    title: str
    number: str
    issued_on: str
    due_on: str
    clinic: ClinicOnPaper
    provider: ProviderOnPaper
    practice: PracticeOnPaper
    patient: PatientOnPaper
    bill_to: PayerOnPaper
    referral: ReferralOnPaper | None
    lines: list[LineOnPaper]
    subtotal: str
    gst: str
    total: str
    rebate: str
    out_of_pocket: str
    statements: list[str]


class CreditedInvoice(TypedDict):
    """The invoice that a note takes something off."""

    title: str
    number: str
    issued_on: str
    total: str


class NameOnly(TypedDict):
    """A patient on a credit note: the name alone."""

    name: str


class CreditNoteOnPaper(TypedDict):
    """`before` and `after` are what was to be paid without it and with it."""

    version: int
    title: str
    issued_on: str
    clinic: ClinicOnPaper
    bill_to: PayerOnPaper
    patient: NameOnly
    invoice: CreditedInvoice
    description: str
    reason: str
    price: str
    gst: str
    amount: str
    before: str
    after: str
    statements: list[str]


REGISTRATIONS: dict[str, str] = {
    Registration.CLINICAL: "Clinical psychologist",
    Registration.GENERAL: "Registered psychologist",
    Registration.PROVISIONAL: "Provisional psychologist",
}
MODES: dict[str, str] = {Mode.IN_PERSON: "in person", Mode.VIDEO: "by video", Mode.PHONE: "by phone"}


def take(
    invoice: Invoice, *, clinic: ClinicSettings, referral: Referral | None, standing: Standing | None = None
) -> InvoiceOnPaper:
    """The snapshot of an invoice about to be issued. Its words are English: Medicare and the tax office read them."""
    psychologist, location = invoice.psychologist, invoice.location
    provider = ProviderNumber.objects.filter(psychologist=psychologist, location=location).first()
    lines = list(invoice.lines.all())
    # An insurer or another third party reads the least: who, when, what and how much.
    for_a_claim = invoice.payer is None or (
        not invoice.payer.is_third_party and any(line.item_number for line in lines)
    )
    return {
        "version": VERSION,
        "title": "Tax invoice" if _is_taxed(invoice, clinic) and _has_taxable(lines) else "Invoice",
        "number": invoice.number,
        "issued_on": invoice.issued_on.isoformat(),
        "due_on": invoice.due_on.isoformat(),
        "clinic": _clinic(clinic, is_taxed=_is_taxed(invoice, clinic)),
        "provider": {
            "name": psychologist.name,
            "registration": REGISTRATIONS.get(psychologist.registration, ""),
            "number": provider.number if provider else "",
        },
        "practice": {"name": location.name, "address": location.address, "phone": _phone(location.phone)},
        "patient": _patient(invoice.patient, for_a_claim=for_a_claim),
        "bill_to": {
            "name": invoice.bill_to_name,
            "address": invoice.bill_to_address,
            "abn": spaced_abn(invoice.bill_to_abn),
            "purchase_order": invoice.purchase_order,
            "claim_number": invoice.claim_number,
        },
        "referral": _referral(referral, standing) if for_a_claim else None,
        "lines": [_line(line, invoice) for line in lines],
        "subtotal": str(invoice.subtotal),
        "gst": str(invoice.gst),
        "total": str(invoice.total),
        "rebate": str(invoice.rebate),
        "out_of_pocket": str(invoice.out_of_pocket),
        "statements": _statements(invoice, lines, clinic),
    }


def take_credit(note: CreditNote, *, clinic: ClinicSettings) -> CreditNoteOnPaper:
    """The snapshot of a credit note about to be made; of a tax invoice it is an adjustment note.

    An adjustment note says what it adjusts and why, by how much, and how much of that is GST (GSTR 2013/2).
    """
    invoice, line = note.invoice, note.line
    paper: InvoiceOnPaper | None = invoice.snapshot
    if paper is None:
        raise ValueError("Nothing is credited before an invoice is issued.")
    # What it was when it was issued, whatever the clinic is by now.
    is_taxed = paper["title"] == "Tax invoice"
    before = invoice.payable
    return {
        "version": VERSION,
        "title": "Write-off" if note.kind == NoteKind.WRITE_OFF else "Adjustment note" if is_taxed else "Credit note",
        "issued_on": note.issued_on.isoformat(),
        "clinic": _clinic(clinic, is_taxed=is_taxed),
        "bill_to": paper["bill_to"],
        "patient": {"name": invoice.patient.legal_name},
        "invoice": {
            "title": paper["title"],
            "number": invoice.number,
            "issued_on": invoice.issued_on.isoformat(),
            "total": str(invoice.total),
        },
        "description": line.description,
        "reason": note.reason,
        "price": str(note.price),
        "gst": str(note.gst),
        "amount": str(note.amount),
        "before": str(before),
        "after": str(before - note.amount),
        "statements": [],
    }


def _is_taxed(invoice: Invoice, clinic: ClinicSettings) -> bool:
    """Whether it speaks of GST: what is paid ahead is for no service yet, so its GST stands on the session's."""
    return clinic.gst_registered and invoice.purpose != Purpose.DEPOSIT


def _has_taxable(lines: list[Line]) -> bool:
    """Whether anything on it is a taxable supply: only of one is there a tax invoice (GST Act s 29-70)."""
    return any(line.tax_code == TaxCode.TAXABLE for line in lines)


def clinic_on_paper(clinic: ClinicSettings) -> ClinicOnPaper:
    """Whose paper it is, where GST is no part of it: a receipt, a statement."""
    return _clinic(clinic, is_taxed=False)


def _clinic(clinic: ClinicSettings, *, is_taxed: bool) -> ClinicOnPaper:
    return {
        "name": clinic.name,
        "legal_name": clinic.legal_name,
        "abn": spaced_abn(clinic.abn),
        "gst_registered": is_taxed,
        "address": _address(clinic),
        "phone": _phone(clinic.phone),
        "email": clinic.email,
        "logo": clinic.logo.name or "",
        "footer": clinic.invoice_footer,
        "bank_name": clinic.bank_name,
        "bank_bsb": clinic.bank_bsb,
        "bank_account": clinic.bank_account,
    }


def spaced_abn(abn: str) -> str:
    """`51 824 753 556`, as the register writes it."""
    return f"{abn[:2]} {abn[2:5]} {abn[5:8]} {abn[8:]}" if len(abn) == 11 else abn


def _address(place: ClinicSettings) -> str:
    town = " ".join(part for part in (place.suburb, place.state, place.postcode) if part)
    return ", ".join(part for part in (place.street, town) if part)


def _phone(phone: PhoneNumber | str | None) -> str:
    return str(phone.as_national) if isinstance(phone, PhoneNumber) else ""


def _patient(patient: Patient, *, for_a_claim: bool) -> PatientOnPaper:
    """Whoever pays for somebody else reads no more than the name, unless Medicare is to read the bill too."""
    card = patient.medicare_number if for_a_claim else ""
    return {
        "name": patient.legal_name,
        "born": patient.date_of_birth.isoformat() if for_a_claim else "",
        "medicare_number": card_written(card),
        "irn": patient.medicare_irn if card else "",
    }


def _referral(referral: Referral | None, standing: Standing | None) -> ReferralOnPaper | None:
    if referral is None:
        return None
    return {
        "name": referral.referrer_name,
        "number": referral.referrer_provider_number,
        "practice": referral.referrer_practice,
        "written_on": referral.written_on.isoformat(),
        "period": referral.period_text,
        "service": f"Service {standing.number} of {standing.of}" if standing and standing.is_covered else "",
    }


def _line(line: Line, invoice: Invoice) -> LineOnPaper:
    start = line.starts_at.astimezone(invoice.location.zone) if line.starts_at else None
    return {
        "date": line.service_date.isoformat() if line.service_date else "",
        "time": f"{start:%I:%M} {start:%p}".lstrip("0").lower() if start else "",
        "minutes": line.minutes,
        "mode": MODES.get(line.mode, ""),
        "item": line.item_number,
        "description": line.description,
        "quantity": f"{line.quantity.normalize():f}",
        "unit_price": str(line.unit_price),
        "price": str(line.price),
        "gst": str(line.gst),
        "total": str(line.total),
        # What is GST-free by law says so; a clinic that isn't registered has no codes at all.
        "tax": line.tax_code,
        "benefit": str(line.benefit),
    }


def _statements(invoice: Invoice, lines: list[Line], clinic: ClinicSettings) -> list[str]:
    said = []
    if invoice.purpose == Purpose.DEPOSIT:
        return ["Paid ahead of the session: it counts towards the session's invoice. It is no claim on Medicare."]
    if not clinic.gst_registered:
        said.append(_not_registered(clinic))
    elif not invoice.gst:
        said.append("All services on this invoice are GST-free. No GST has been charged.")
    elif all(line.tax_code == "taxable" for line in lines):
        said.append(f"The total includes GST of {dollars(invoice.gst)}.")
    else:
        said.append(f"The total includes GST of {dollars(invoice.gst)}, on the lines marked GST.")
    if invoice.bulk_billed:
        said.append(
            "Bulk billed: Medicare's benefit was assigned to the clinic as full payment. The patient owes nothing."
        )
    elif invoice.rebate:
        said.append(
            "The Medicare rebate is an estimate. Medicare decides what it pays, once the account is paid and claimed."
        )
    if invoice.purpose in FEES:
        said.append("Medicare pays nothing towards a session that was cancelled late or missed.")
    return said


def _not_registered(clinic: ClinicSettings) -> str:
    return f"{clinic.legal_name or clinic.name} is not registered for GST. No GST has been charged."
