"""Every paper about money, read back: its pages, what stands on each, and that nothing is cut or overprinted.

`PAPERS_KEPT_IN=FOLDER manage.py test tests/billing/test_papers_as_a_set.py` keeps them there to be looked at.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pypdf
import pytest

from portal.appointments.models import Status
from portal.billing import paper
from portal.billing.account_paper import statement_pdf
from portal.billing.actions import BillTo
from portal.billing.assignment_paper import assignment_pdf
from portal.billing.bulk import Agreement
from portal.billing.charges import Charge
from portal.billing.models import AssignmentOfBenefit, Invoice
from portal.billing.receipt_paper import receipt_pdf
from portal.billing.statements import statement_of
from portal.clinic.models import ClinicSettings, TaxCode
from portal.common.paper import fonts
from portal.common.paper.pdf import render_pdf
from portal.journeys import checking_out, reports_owing
from portal.journeys.checking_out import Held
from portal.medicare import letters, please_add
from portal.medicare.models.checks import TICKS
from portal.records.models import Report
from portal.reports.closing import read_close
from portal.web.psychologist.views.reports import _dated, on_paper
from tests import make

D = Decimal
MELBOURNE = ZoneInfo("Australia/Melbourne")
# Left, top, right and bottom of what may be printed on, in points: the sheet's margins and a hair.
LEFT, TOP, RIGHT, BOTTOM = 50, 44, 595 - 50, 842 - 24


@dataclass(frozen=True)
class Paper:
    content: bytes
    pages: int
    # What stands on it, each in one piece; and what the head of every page with a table says.
    words: tuple[str, ...]
    head: str = ""
    # What stands on the last page together with the sum.
    end: tuple[str, ...] = ()

    @property
    def read(self):
        return [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(BytesIO(self.content)).pages]


class Clinic:
    def __init__(self, books):
        self.books = books
        make.clinic(
            legal_name="Banksia Lane Pty Ltd", abn="51824753556", gst_registered=True, street="12 Banksia Lane",
            suburb="Brunswick", state="VIC", postcode="3056", phone="+61355500101", bank_name="Banksia Lane",
            bank_bsb="063-000", bank_account="1234 5678", invoice_footer="Thank you for coming in.",
        )  # fmt: skip
        make.mbs_items()
        self.place = make.location(name="Coburg", street="1 Sydney Rd", suburb="Coburg", postcode="3058")
        self.psychologist = make.psychologist(user=make.user(first_name="Mai", last_name="Nguyễn"))
        make.provider_number(psychologist=self.psychologist, location=self.place, number="4024742F")
        self.service = make.service(name="Individual session")

    def patient(self, first="Ash", last="O'Brien", **fields):
        card = {"medicare_number": "2951873125", "medicare_irn": "1", "street": "5 Long St", "suburb": "Coburg"}
        named = {"legal_first_name": first, "legal_last_name": last, "state": "VIC", "postcode": "3058"}
        return make.patient(**card | named | fields)

    def invoice(self, *lines, patient=None, **fields):
        where = {"psychologist": self.psychologist, "location": self.place}
        return self.books.issued(lines=[*lines], patient=patient or self.patient(), **where | fields)

    def session(self, patient, **fields):
        begun = {"psychologist": self.psychologist, "location": self.place, "service": self.service, "fee": "220.00"}
        start = datetime(2026, 11, 24, 10, 30, tzinfo=MELBOURNE)
        return make.appointment(patient=patient, **begun | {"starts_at": start, "status": Status.ARRIVED} | fields)

    def check_out(self, session, **held):
        booked = {"minutes": session.minutes, "mode": session.mode, "fee": session.fee} | held
        return checking_out.check_out(
            appointment=session, held=Held(**booked), key=str(session.code), by=self.books.by, now=self.books.now
        )

    def draw(self, invoice):
        return paper.invoice_pdf(Invoice.objects.get(pk=invoice.pk), now=self.books.now)


def line(n=1, price="220.00", **fields):
    return Charge(description=f"Session {n}", unit_price=D(price), **fields)


def sessions(number):
    begin = datetime(2026, 1, 6, 9, 0, tzinfo=MELBOURNE)
    for n in range(number):
        start = begin + timedelta(days=7 * n)
        yield line(n + 1, service_date=start.date(), starts_at=start, minutes=50, mode="in_person")


# ---- The papers ------------------------------------------------------------------------------------------------------


def one_line(clinic):
    patient = clinic.patient()
    make.referral(patient=patient, referrer_practice="2 High St, Coburg", written_on=date(2026, 11, 3))
    invoice = clinic.check_out(clinic.session(patient))
    words = (invoice.number, "PATIENT Ash O'Brien", "24 Nov 2026 10:30 am 80010 Individual session", "Gap, your cost")
    return Paper(clinic.draw(invoice), 1, (*words, "Balance owing $220.00"))


def forty_lines(clinic):
    invoice = clinic.invoice(*sessions(40))
    clinic.books.pay(invoice, "800.00", method="transfer")
    words = ("Session 1 ", "Session 40 ", "Subtotal $8,800.00", "Balance owing $8,000.00", "Receipt")
    return Paper(clinic.draw(invoice), 3, words, head="Date of service Item Description", end=("Session 40 ", "Total"))


def lines_to_the_foot(clinic):
    """As many as fill the first page to its last row: the sum takes the last of them along."""
    invoice = clinic.invoice(*sessions(13))
    words = ("Session 13 ", "Balance owing $2,860.00")
    return Paper(clinic.draw(invoice), 2, words, head="Date of service Item Description", end=("Session 13 ", "Total"))


def words_to_the_foot(clinic):
    """The small print fits no more: it goes on with the sums, and these with the last line."""
    invoice = clinic.invoice(*sessions(10))
    words = ("Balance owing $2,200.00", "Thank you for coming in.")
    return Paper(clinic.draw(invoice), 2, words, head="Date of service Item Description", end=("Session 10 ", "Total"))


def somebody_who_pays(clinic):
    payer = make.payer(name="Harbour Workers Compensation Insurance (Victoria) Pty Ltd", street="Level 14, 200 Bay Rd",
                       suburb="Melbourne", state="VIC", postcode="3000")  # fmt: skip
    report = Charge(description="Report to the insurer", unit_price=D(300), tax_code=TaxCode.TAXABLE)
    invoice = clinic.invoice(*sessions(5), report, bill_to=BillTo(payer, "PO 4500129", "WC-2026-118842"))
    words = ("Tax invoice", "BILL TO Harbour Workers Compensation Insurance (Victoria) Pty Ltd", "ABN 51 824 753 556",
             "Purchase order PO 4500129", "Claim number WC-2026-118842", "GST $30.00",
             "Total, GST included $1,430.00")  # fmt: skip
    return Paper(clinic.draw(invoice), 1, words)


def adjustment_note(clinic):
    report = Charge(description="Report to the insurer", unit_price=D(300), tax_code=TaxCode.TAXABLE)
    invoice = clinic.invoice(report)
    why = "One hour less was needed for it than was agreed in October, as we said on the phone"
    note = clinic.books.credit(invoice, "110.00", reason=why)
    words = ("Adjustment note", note.number, f"LOWERS Tax invoice {invoice.number}", why, "-$110.00",
             "Invoice after it $220.00", "the GST on it by $10.00")  # fmt: skip
    return Paper(paper.credit_note_pdf(note), 1, words)


def lowered_invoice(clinic):
    invoice = clinic.invoice(*sessions(2))
    note = clinic.books.credit(invoice, "20.00")
    return Paper(clinic.draw(invoice), 1, (f"Credit note {note.number} -$20.00", "Balance owing $420.00"))


def bulk_billed(clinic):
    patient = clinic.patient()
    make.referral(patient=patient)
    agreed = Agreement(way="electronic", agreed_by="Ash O'Brien")
    invoice = clinic.check_out(clinic.session(patient), agreement=agreed)
    words = ("BILL TO Medicare", "80010", "Total $149.05", "Owing by Medicare $149.05", "Owing by the patient $0.00")
    return Paper(clinic.draw(invoice), 1, words)


def assignment(clinic):
    bulk_billed(clinic)
    return Paper(assignment_pdf(AssignmentOfBenefit.objects.get()), 1, ("Ash O'Brien", "80010", "$149.05"))


def right_to_left(clinic):
    invoice = clinic.invoice(line(), patient=clinic.patient("أحمد عبد الرحمن", "الخطيب"))
    return Paper(clinic.draw(invoice), 1, ("Balance owing $220.00",))


def hebrew_beside_latin(clinic):
    payer = make.payer(name="שירותי בריאות Health 24")
    invoice = clinic.invoice(line(), patient=clinic.patient("דוד", "לוי"), bill_to=BillTo(payer, "PO 7", "C 9"))
    return Paper(clinic.draw(invoice), 1, ("Balance owing $220.00",))


def chinese(clinic):
    invoice = clinic.invoice(line(), patient=clinic.patient("小明", "王"))
    return Paper(clinic.draw(invoice), 1, ("王小明",))


def long_words(clinic):
    patient = clinic.patient("Maximiliana-Konstantina", "Featherstonehaugh-Papadopoulos-Wijeyeratne")
    what = Charge(description="Neuropsychologicalassessmentwithoutaspaceforninetylettersasonlysomebodyinahurrytypes",
                  unit_price=D("123456.78"), quantity=D("12"))  # fmt: skip
    invoice = clinic.invoice(what, line(price="0.05"), patient=patient)
    return Paper(clinic.draw(invoice), 1, ("Balance owing $1,481,481.41",))


def statement(clinic):
    patient = clinic.patient()
    begun = clinic.books.now
    for n in range(20):
        clinic.books.now = begun + timedelta(days=7 * n)
        invoice = clinic.invoice(line(n + 1), patient=patient)
        if n < 18:
            clinic.books.pay(invoice, "220.00", method="card")
    account = statement_of(Invoice.objects.filter(patient=patient), since=date(2026, 7, 1), until=date(2027, 6, 30))
    content = statement_pdf(
        account, name=patient.legal_name, address="5 Long St, Coburg VIC 3058", today=date(2027, 6, 30)
    )
    words = ("FOR Ash O'Brien", "1 Jul 2026 to 30 Jun 2027", "Owing on 30 Jun 2027 $440.00")
    return Paper(content, 2, words, head="Date What Number Charged Paid Balance", end=("Owing on", "Card"))


def receipt(clinic):
    patient = clinic.patient()
    invoices = [clinic.invoice(line(n), patient=patient) for n in (1, 2)]
    taking = clinic.books.take(
        patient, [("cash", "300.00"), ("card", "200.00")], [(one, "220.00") for one in invoices], keeps=True,
        handed=D("350.00"), location=clinic.place,
    )  # fmt: skip
    content = receipt_pdf(list(taking.parts.order_by("pk")), patient=patient, among=Invoice.objects.all())
    words = (f"Receipt {taking.number}", "Cash handed over $350.00", "Change given -$50.00", "Received $500.00",
             "$60.00 is kept on the account")  # fmt: skip
    return Paper(content, 1, words)


def refund_receipt(clinic):
    invoice = clinic.invoice(line())
    refund = clinic.books.refund(clinic.books.pay(invoice, "220.00"), invoice, "20.00", reason="Charged twice")
    content = receipt_pdf([refund], patient=invoice.patient, among=Invoice.objects.all())
    return Paper(content, 1, ("Refund receipt", "PAID TO Ash O'Brien", "Charged twice", "Refunded $20.00"))


def end_of_day(clinic):
    day = clinic.books.now.astimezone(MELBOURNE).date()
    for n in range(30):
        invoice = clinic.invoice(line(n), patient=clinic.patient(last=f"Patient{n}"))
        if n % 3:
            clinic.books.pay(invoice, "100.00", method="cash" if n % 2 else "card", location=clinic.place)
    clinic.session(clinic.patient("أحمد", "الخطيب"))
    sheet = read_close(clinic.books.by, clinic.place, day, clinic=ClinicSettings.current(), now=clinic.books.now)
    context = {"clinic": ClinicSettings.current(), "place": clinic.place, "day": day, "now": clinic.books.now,
               "sheet": sheet.as_kept(), "closed": None}  # fmt: skip
    words = ("24 Nov", "Coburg", "Takings", "Unpaid today (30)", "Together $2,000.00")
    return Paper(render_pdf("pdf/close.html", context), 2, words)


def please_add_to_the_letter(clinic):
    referral = make.referral(
        patient=clinic.patient(), referrer_practice="Moreland Clinic, 2 High St, Coburg VIC 3058", services=None
    )
    found = letters.check(
        referral=referral, ticks=dict.fromkeys(TICKS, False), by=clinic.books.by, now=clinic.books.now
    )
    facts = please_add.facts_of(found, clinic=ClinicSettings.current(), today=date(2026, 11, 24))
    words = ("Dear Dr Priya Raman,", "Ash O'Brien, born 17 May 1990", "With kind regards, Banksia Lane Psychology")
    return Paper(please_add.as_pdf(facts), 1, words)


def report_to_the_referrer(clinic):
    referral = make.referral(patient=clinic.patient(), referrer_practice="Moreland Clinic, 2 High St, Coburg VIC 3058")
    report = Report(
        patient=referral.patient, author=clinic.psychologist, referral=referral,
        service_dates=[f"2026-{month:02}-0{day}" for month in (9, 10, 11) for day in (3, 8)],
    )  # fmt: skip
    facts = reports_owing.paper_of(report, clinic=ClinicSettings.current(), today=date(2026, 11, 24))
    said = "The sessions followed a structured programme, and what was agreed at the beginning was worked through. " * 4
    lines = []
    for heading in ("Assessments carried out", "Treatment provided", "Recommendations"):
        lines += [heading, *[said] * 5]
    content = render_pdf("pdf/report.html", {"paper": _dated(facts), "words": on_paper("\n".join(lines))})
    return Paper(content, 2, ("Dear Dr Priya Raman,", "Recommendations", "With kind regards, Dr Mai Nguyễn"))


PAPERS = [
    *(one_line, forty_lines, lines_to_the_foot, words_to_the_foot, somebody_who_pays, adjustment_note),
    *(lowered_invoice, bulk_billed, assignment, right_to_left, hebrew_beside_latin, chinese, long_words),
    *(statement, receipt, refund_receipt, end_of_day, please_add_to_the_letter, report_to_the_referrer),
]


@pytest.mark.parametrize("drawn", PAPERS, ids=[drawn.__name__ for drawn in PAPERS])
def test_paper(drawn, books, tmp_path):
    missing = fonts.missing_scripts()
    wants = {"right_to_left": "Arabic", "hebrew_beside_latin": "Hebrew", "chinese": "Chinese", "end_of_day": "Arabic"}
    if wants.get(drawn.__name__) in missing:
        pytest.skip("this machine has no font for it")
    made = drawn(Clinic(books))
    if folder := os.environ.get("PAPERS_KEPT_IN"):
        Path(folder, f"{drawn.__name__}.pdf").write_bytes(made.content)
    pages = made.read
    assert len(pages) == made.pages
    whole = " ".join(pages)
    for words in made.words:
        assert words in whole, words
    for n, page in enumerate(pages, start=1):
        assert f"Page {n} of {made.pages}" in page
        # Neither a letter that no font has, nor a place that a template left open.
        assert not re.search(r"[\ufffd\u25a0\u25a1]|\(cid|None|{{", page)
    if made.head:
        # The sum's page has rows of its own, under their head.
        assert [made.head in page for page in pages] == [True] * len(pages)
    for words in made.end:
        assert words in pages[-1], words
    if shutil.which("pdftotext"):
        _nothing_is_cut_or_overprinted(made.content, tmp_path)


_WORD = re.compile(r'<word xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*?)</word>')


def _nothing_is_cut_or_overprinted(content, folder):
    """Every word lies inside the margins, and none over another."""
    (folder / "paper.pdf").write_bytes(content)
    subprocess.run(["pdftotext", "-bbox", folder / "paper.pdf", folder / "paper.html"], check=True)
    for page in (folder / "paper.html").read_text().split("<page")[1:]:
        words = [(*map(float, found[:4]), found[4]) for found in _WORD.findall(page)]
        outside = [word for word in words if word[0] < LEFT or word[1] < TOP - 8 or word[2] > RIGHT or word[3] > BOTTOM]
        assert not outside
        words.sort()
        for n, one in enumerate(words):
            for other in words[n + 1 :]:
                if other[0] >= one[2] - 1:
                    break
                # Boxes of neighbouring lines touch; letters that are printed over others share their middle.
                assert abs((one[1] + one[3]) - (other[1] + other[3])) / 2 > 4, (one, other)
