"""The invoice on paper: what Medicare and the tax office ask for, on one page, in any script, the same for ever."""

from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from zoneinfo import ZoneInfo

import pypdf
import pytest
from PIL import Image

from portal.billing import paper
from portal.billing.actions import BillTo
from portal.billing.charges import Charge
from portal.billing.models import DrawnPaper, Invoice
from portal.clinic.models import ClinicSettings, TaxCode
from portal.common.paper import fonts
from portal.medicare import correcting
from tests import make

D = Decimal
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def printed(invoice):
    return pypdf.PdfReader(BytesIO(paper.invoice_pdf(Invoice.objects.get(pk=invoice.pk), now=NOW)))


def text_of(reader):
    """The words on all pages, on one line."""
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


@pytest.fixture
def whole(books):
    """An invoice with everything that an invoice can have."""
    make.clinic(
        legal_name="Banksia Lane Pty Ltd",
        abn="51824753556",
        gst_registered=True,
        street="12 Banksia Lane",
        suburb="Brunswick",
        state="VIC",
        postcode="3056",
        phone="+61355500101",
        bank_name="Banksia Lane",
        bank_bsb="063-000",
        bank_account="1234 5678",
        invoice_footer="Thank you for coming in.",
    )
    location = make.location(name="Coburg", street="1 Sydney Rd", suburb="Coburg", postcode="3058")
    psychologist = make.psychologist(user=make.user(first_name="Mai", last_name="Nguyễn"))
    make.provider_number(psychologist=psychologist, location=location, number="4024742F")
    patient = make.patient(
        legal_first_name="Ash",
        legal_last_name="O'Brien",
        preferred_name="Ashley",
        date_of_birth=date(1990, 5, 17),
        medicare_number="2951873125",
        medicare_irn="1",
        street="5 Long St",
        suburb="Coburg",
        state="VIC",
        postcode="3058",
    )
    make.carer(patient=patient, is_billed=True, user=make.user(first_name="Jo", last_name="O'Brien"))
    make.referral(
        patient=patient,
        referrer_name="Dr Priya Raman",
        referrer_provider_number="2429581T",
        referrer_practice="2 High St, Coburg",
        written_on=date(2026, 11, 3),
        services=6,
    )
    appointment = books.session(
        fee="220.00",
        patient=patient,
        psychologist=psychologist,
        location=location,
        mode="video",
        service=make.service(name="Individual session"),
        starts_at=datetime(2026, 11, 24, 10, 30, tzinfo=ZoneInfo("Australia/Melbourne")),
    )
    invoice = books.invoice_of_session(
        appointment,
        extra=[
            Charge(description="Report", unit_price=D("330.00"), tax_code=TaxCode.TAXABLE),
            Charge(description="Discount", unit_price=D("-20.00")),
        ],
    )
    first = books.pay(invoice, "150.00", method="transfer")
    books.refund(first, invoice, "50.00")
    return invoice


def test_everything_that_a_claim_and_a_tax_invoice_need(whole):
    text = text_of(printed(whole))
    receipts = [row.payment.number for row in whole.allocations.select_related("payment")]
    for words in [
        "Tax invoice",
        whole.number,
        "Banksia Lane Psychology",
        "Banksia Lane Pty Ltd",
        "ABN 51 824 753 556",
        "12 Banksia Lane, Brunswick VIC 3056",
        "(03) 5550 0101",
        # the patient, by their legal name, and who pays
        "PATIENT Ash O'Brien Born 17 May 1990 Medicare 2951 87312 5, IRN 1",
        "BILL TO Jo O'Brien 5 Long St, Coburg VIC 3058",
        "DATE OF INVOICE 24 Nov 2026 PLEASE PAY BY 1 Dec 2026",
        # who gave the service, where, under which number
        "SERVICE BY Dr Mai Nguyễn Clinical psychologist Provider number 4024742F",
        "PRACTICE Coburg 1 Sydney Rd, Coburg VIC 3058",
        # who referred
        "REFERRED BY Dr Priya Raman Provider number 2429581T 2 High St, Coburg",
        "Referral dated 3 Nov 2026 Period: 6 services",
        # the service
        "24 Nov 2026 10:30 am 91167 Individual session 50 minutes, by video 1 $220.00 GST-free",
        "Report 1 $330.00 $33.00 GST",
        "Discount 1 -$20.00 GST-free",
        # what it comes to
        "Subtotal $530.00 GST $33.00 Total, GST included $563.00 Paid $100.00 Balance owing $463.00",
        "Expected rebate $149.05 Gap, your cost after it $413.95",
        "BSB 063-000, account 1234 5678 Reference " + whole.number,
        # proof of payment
        f"24 Nov 2026 Bank transfer {receipts[0]} $150.00",
        f"24 Nov 2026 Bank transfer, refund {receipts[1]} -$50.00",
        "The total includes GST of $33.00, on the lines marked GST.",
        "The Medicare rebate is an estimate.",
        "Thank you for coming in.",
        "Page 1 of 1",
    ]:
        assert words in text, words
    # Legal names on invoices; what people are called is for greetings.
    assert "Ashley" not in text


def test_a_whole_invoice_is_one_page(whole):
    assert len(printed(whole).pages) == 1


def test_the_title_says_nothing_of_whose_it_is(whole):
    reader = printed(whole)
    assert reader.metadata.title == f"Tax invoice {whole.number}"
    assert "Brien" not in str(reader.metadata)
    assert paper.filename(whole) == f"{whole.number}.pdf"


def test_a_reprint_is_the_same_for_ever(whole):
    """Whatever is changed afterwards: the clinic, the person, the service, the referral, the schedule."""
    before = text_of(printed(whole))
    ClinicSettings.objects.update(name="Another clinic", abn="", gst_registered=False, phone="")
    patient, psychologist, location = whole.patient, whole.psychologist, whole.location
    type(patient).objects.filter(pk=patient.pk).update(legal_last_name="Changed", medicare_number="", medicare_irn="")
    patient.carers.update(ended_at=whole.created_at)
    for referral in patient.referrals.standing():
        correcting.correct(
            referral=referral,
            values={"referrer_name": "Changed"},
            why="mistyped",
            by=make.actor(),
            now=whole.created_at,
        )
    psychologist.provider_numbers.update(number="2429581T")
    type(psychologist.user).objects.filter(pk=psychologist.user_id).update(last_name="Changed")
    type(location).objects.filter(pk=location.pk).update(name="Changed", street="Changed", time_zone="Australia/Perth")
    service = whole.appointment.service
    type(service).objects.filter(pk=service.pk).update(name="Changed", tax_code="taxable", fee=1)
    assert text_of(printed(whole)) == before


def test_what_is_left_is_paid_to_where_the_clinic_wants_it_today(books, whole):
    """The account of its day may be closed: a transfer to it would be lost to both."""
    ClinicSettings.objects.update(bank_name="New Lane", bank_bsb="083-004", bank_account="87 654")
    text = text_of(printed(whole))
    assert f"New Lane BSB 083-004, account 87 654 Reference {whole.number}" in text
    assert "1234 5678" not in text
    ClinicSettings.objects.update(bank_account="")
    assert "How to pay" not in text_of(printed(whole))


def test_a_later_payment_is_added(books, whole):
    payment = books.pay(whole, "463.00", method="cash")
    text = text_of(printed(whole))
    assert f"Cash {payment.number} $463.00" in text
    assert "Paid $563.00 Balance owing $0.00" in text
    assert "PAID IN FULL" in text
    assert "How to pay" not in text


def test_what_was_taken_off_whole_is_not_stamped_as_paid(books):
    """Such a paper would be claimed on, from an insurer or from Medicare, as if somebody had paid it."""
    invoice = books.issued("220.00")
    books.credit(invoice, "220.00")
    text = text_of(printed(invoice))
    assert "Balance owing $0.00" in text
    assert "PAID IN FULL" not in text


def test_what_was_taken_off_in_part_and_paid_is(books):
    invoice = books.issued("220.00")
    books.credit(invoice, "20.00")
    books.pay(invoice, "200.00")
    assert "PAID IN FULL" in text_of(printed(invoice))


def test_a_clinic_without_gst_prints_an_invoice_with_none(books):
    make.clinic(gst_registered=False, abn="51824753556")
    text = text_of(printed(books.issued("220.00")))
    assert "Tax invoice" not in text
    assert "Subtotal $220.00 Total $220.00 Paid" in text
    assert text.count("GST") == 2
    assert "Banksia Lane Psychology is not registered for GST. No GST has been charged." in text


def test_from_1000_dollars_the_buyer_is_named(books):
    make.clinic(gst_registered=True)
    invoice = books.issued("1100.00", bill_to=BillTo(make.payer(name="Acme Pty Ltd", street="9 A St")))
    assert "BILL TO Acme Pty Ltd 9 A St ABN 51 824 753 556" in text_of(printed(invoice))


@pytest.mark.parametrize(("kind", "stamp"), [("draft", "DRAFT"), ("void", "VOID"), ("voided draft", "VOID")])
def test_what_is_not_to_be_paid_says_so(books, kind, stamp):
    invoice = books.draft("10.00") if "draft" in kind else books.issued("10.00")
    if "void" in kind:
        books.void(invoice, reason="Billed twice.")
    text = text_of(printed(invoice))
    assert stamp in text.split()
    assert ("This invoice is void: Billed twice. Nothing is to be paid on it." in text) is ("void" in kind)


def test_two_sessions_on_one_day_are_listed_with_their_times(books):
    """Scenario 13."""
    morning, evening = (
        Charge(
            description="Session",
            unit_price=D("100.00"),
            service_date=date(2026, 11, 24),
            starts_at=datetime(2026, 11, 24, hour, 5, tzinfo=ZoneInfo("Australia/Melbourne")),
        )
        for hour in (9, 18)
    )
    text = text_of(printed(books.issued(lines=[morning, evening])))
    assert "24 Nov 2026 9:05 am Session" in text
    assert "24 Nov 2026 6:05 pm Session" in text


@pytest.mark.parametrize(
    ("first", "last", "drawn"),
    [
        ("Thị Ánh", "Nguyễn", "Thị Ánh Nguyễn"),
        ("Ash", "O'Brien", "Ash O'Brien"),
        ("小明", "王", "王小明"),
        ("<img src=file:///etc/passwd>", "<b>x</b>", "<img src=file:///etc/passwd> <b>x</b>"),
        ("{{ clinic.abn }}", "{% now %}", "{{ clinic.abn }} {% now %}"),
    ],
)
def test_names(books, first, last, drawn):
    if "王" in drawn and "Chinese" in fonts.missing_scripts():
        pytest.skip("this machine has no Chinese font")
    reader = printed(books.issued(patient=make.patient(legal_first_name=first, legal_last_name=last)))
    assert text_of(reader).count(drawn) == 2  # the patient, and the bill's addressee
    assert "root:" not in text_of(reader)
    assert len(reader.pages) == 1


def test_an_arabic_name_keeps_its_letters(books):
    import unicodedata

    if "Arabic" in fonts.missing_scripts():
        pytest.skip("this machine has no Arabic font")
    text = text_of(printed(books.issued(patient=make.patient(legal_first_name="أحمد", legal_last_name="عربي"))))
    letters = sorted(c for c in unicodedata.normalize("NFKC", text) if "ARABIC" in unicodedata.name(c, ""))
    # The patient, and the bill's addressee.
    assert letters == sorted(2 * ("أحمد" + "عربي"))


def test_the_longest_names_fit_on_one_page(books):
    patient = make.patient(legal_first_name="W" * 100, legal_last_name="M" * 100, street="S" * 200)
    reader = printed(books.issued(patient=patient))
    text = text_of(reader).replace(" ", "")
    assert (text.count("W"), text.count("M") >= 200) == (200, True)
    assert len(reader.pages) == 1


def test_many_lines_run_on_with_their_head(books):
    lines = [Charge(description=f"Line {n}", unit_price=D("1.00")) for n in range(60)]
    reader = printed(books.issued(lines=lines))
    assert len(reader.pages) > 1
    assert [("Description" in page.extract_text()) for page in reader.pages[:-1]] == [True] * (len(reader.pages) - 1)
    assert text_of(reader).count("Balance owing $60.00") == 1


def test_no_word_of_health_stands_on_it(whole):
    """The description is the service's own name: nothing from the schedule, nothing of why."""
    text = text_of(printed(whole)).lower()
    for word in ("mental", "diagnos", "disorder", "therapy", "anxiety", "depress", "treatment", "plan"):
        assert word not in text, word


def test_it_is_in_english_whatever_the_reader_reads(whole):
    from django.utils import translation

    before = text_of(printed(whole))
    with translation.override("ar"):
        assert text_of(printed(whole)) == before


def test_it_prints_in_grey(whole, tmp_path):
    """Black on white: turned to grey, every mark is as dark as it was, and none of it is colour."""
    file = tmp_path / "invoice.pdf"
    file.write_bytes(paper.invoice_pdf(Invoice.objects.get(pk=whole.pk), now=NOW))
    if subprocess.run(["which", "pdftoppm"], capture_output=True, check=False).returncode:
        pytest.skip("pdftoppm is not on this machine")
    subprocess.run(["pdftoppm", "-r", "50", "-png", str(file), str(tmp_path / "page")], check=True)
    page = Image.open(next(tmp_path.glob("page*.png"))).convert("RGB")
    colours = page.getcolors(1 << 24)
    assert all(max(colour) - min(colour) <= 2 for _, colour in colours)
    # Text, not pale shades: the darkest tenth is nearly black.
    assert min(sum(colour) for _, colour in colours) < 150


def test_a_logo_is_printed_and_a_lost_one_is_not_missed(books, settings, tmp_path):
    from django.core.files.base import ContentFile

    settings.MEDIA_ROOT = tmp_path
    out = BytesIO()
    Image.new("RGB", (300, 100), "black").save(out, "PNG")
    clinic = make.clinic()
    clinic.logo.save("logo.png", ContentFile(out.getvalue()))
    invoice = books.issued()
    assert len(list(printed(invoice).pages[0].images)) == 1
    clinic.logo.delete()
    # The paper that was drawn keeps it; one drawn anew has none, and is not kept: the file may come back.
    assert len(list(printed(invoice).pages[0].images)) == 1
    DrawnPaper.objects.all().delete()
    reader = printed(invoice)
    assert not DrawnPaper.objects.exists()
    assert list(reader.pages[0].images) == []
    assert "Banksia Lane Psychology" in text_of(reader)
