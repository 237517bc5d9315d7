"""What an insurer, an employer or an agency is billed: Medicare pays nothing, and the bill says the least."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pypdf
import pytest

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.billing import actions as billing
from portal.billing import paper
from portal.billing.actions import BillTo
from portal.billing.charges import Charge
from portal.billing.models import MedicareClaim, Payer
from portal.journeys import better_access, checking_out
from portal.journeys.checking_out import Held
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
KINDS = [kind for kind in Payer.Kind if kind != Payer.Kind.PERSON]


@pytest.fixture(autouse=True)
def clinic():
    make.mbs_items()
    return make.clinic(abn="51824753556")


@pytest.fixture
def by():
    return make.actor(role=Role.RECEPTION)


@pytest.fixture
def session():
    patient = make.patient(
        date_of_birth=date(1990, 2, 3), medicare_number="2123456701", medicare_irn="1", legal_last_name="Okafor"
    )
    booked = make.appointment(
        patient=patient, starts_at=NOW - timedelta(hours=1), status=Status.ARRIVED, fee=Decimal("220.00")
    )
    make.provider_number(psychologist=booked.psychologist, location=booked.location)
    make.referral(patient=patient, referrer_name="Dr Lindiwe Mokoena")
    return booked


def check_out(session, by, *, item="proposed", reason=""):
    booked = checking_out.as_booked(session)
    held = Held(minutes=50, mode="in_person", fee=session.fee, item=item, item_reason=reason, bill_to=booked.bill_to)
    return checking_out.check_out(appointment=session, held=held, key="k", by=by, now=NOW)


def words_of(invoice):
    reader = pypdf.PdfReader(BytesIO(paper.invoice_pdf(invoice, now=NOW)))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_claimed_of_what_a_third_party_is_billed(session, by, kind):
    make.patient_payer(patient=session.patient, payer=make.payer(kind=kind))
    invoice = check_out(session, by)
    assert (invoice.rebate, invoice.total) == (0, Decimal("220.00"))
    assert list(invoice.lines.values_list("item_number", flat=True)) == [""]
    assert not MedicareClaim.objects.exists()


def test_no_item_is_billed_to_a_third_party_whatever_is_chosen(session, by):
    make.patient_payer(patient=session.patient)
    assert check_out(session, by, item="80010", reason="They said so").rebate == 0
    assert not MedicareClaim.objects.exists()


def test_an_item_handed_to_the_books_is_dropped_too(session, by):
    line = Charge(description="Session", unit_price=Decimal("220.00"), item_number="80010", benefit=Decimal("149.05"))
    invoice = billing.draft_invoice(
        patient=session.patient,
        psychologist=session.psychologist,
        location=session.location,
        charges=[line],
        bill_to=BillTo(make.payer()),
        by=by,
        now=NOW,
    )
    assert (invoice.rebate, invoice.lines.get().item_number) == (0, "")


def test_a_parent_who_pays_has_a_bill_to_claim_with(session, by):
    make.patient_payer(patient=session.patient, payer=make.payer(kind=Payer.Kind.PERSON, name="Ada Okafor"))
    invoice = check_out(session, by)
    assert invoice.rebate == Decimal("149.05")
    assert MedicareClaim.objects.count() == 1
    said = words_of(invoice)
    assert "2123 45670 1" in said
    assert "Dr Lindiwe Mokoena" in said


def test_a_third_partys_paper_says_the_least(session, by):
    make.patient_payer(patient=session.patient, purchase_order="PO 9", claim_number="WC 77")
    invoice = check_out(session, by)
    said = words_of(invoice)
    for word in ("Okafor", "24 Nov", "220.00", "PO 9", "WC 77", session.service.name):
        assert word in said
    for word in ("2123", "1990", "Mokoena", "Medicare", "80010", "rebate", "Referr", "Service 1"):
        assert word not in said, word
    assert invoice.snapshot["patient"] == {
        "name": session.patient.legal_name,
        "born": "",
        "medicare_number": "",
        "irn": "",
    }
    assert invoice.snapshot["referral"] is None


def test_the_check_out_says_why_there_is_no_item(session):
    make.patient_payer(patient=session.patient, payer=make.payer(name="AAI Limited"))
    claim, held = checking_out.claim_for(session, now=NOW), checking_out.as_booked(session)
    assert claim.why(session, held).startswith("None: AAI Limited is billed, and Medicare pays nothing")


def test_what_a_third_party_is_billed_takes_none_of_the_services(session, by):
    other = make.service(medicare=True)
    later = make.appointment(patient=session.patient, psychologist=session.psychologist, starts_at=NOW)

    def number():
        return better_access.standing_of(later, now=NOW - timedelta(days=1)).number

    assert number() == 2
    link = make.patient_payer(patient=session.patient)
    assert number() == 1
    link.services.set([other])
    assert number() == 2, "it pays for another service only"
    link.services.set([session.service])
    assert number() == 1
    make.patient_payer(patient=session.patient, payer=make.payer(kind="person"))
    assert number() == 1, "one that names the service goes before one for all of them"
    link.services.clear()
    assert number() == 2, "of two alike the newer"


def test_the_books_and_check_out_agree_on_who_is_billed(session):
    """The condition in SQL is `chosen_by_itself`."""
    from portal.appointments.models import Appointment
    from portal.billing.models.payer import billed_to_family

    make.patient_payer(patient=session.patient, pays="asked")
    assert billed_to_family(Appointment.objects.all()).count() == 1
    link = make.patient_payer(patient=session.patient, pays="everything")
    assert billed_to_family(Appointment.objects.all()).count() == 0
    billing.end_link(link=link, by=make.actor(role=Role.RECEPTION), now=NOW)
    assert billed_to_family(Appointment.objects.all()).count() == 1


def test_a_run_invoices_it_without_an_item(session, by):
    from portal.appointments.models import Appointment
    from portal.journeys import issuing

    Appointment.objects.filter(pk=session.pk).update(status=Status.COMPLETED, completed_at=NOW)
    make.patient_payer(patient=session.patient)
    proposal = issuing.proposals_of(list(Appointment.objects.for_listing()), now=NOW)[0]
    assert (proposal.shown.item, proposal.check) == (None, None)
    invoice = checking_out.check_out(
        appointment=proposal.session, held=proposal.held, key="k", by=by, now=NOW, seen=proposal.seen
    )
    assert invoice.rebate == 0


def test_only_what_may_ask_medicare_is_another_session_of_the_day(session, by):
    from portal.journeys.same_day import others_with_a_rebate

    later = make.appointment(
        patient=session.patient, psychologist=session.psychologist, starts_at=NOW + timedelta(hours=2)
    )
    assert others_with_a_rebate(later, now=NOW) == [session]
    link = make.patient_payer(patient=session.patient)
    assert others_with_a_rebate(later, now=NOW) == [], "the insurer is billed for it"
    billing.end_link(link=link, by=by, now=NOW)
    check_out(session, by, item="none", reason="They asked")
    assert others_with_a_rebate(later, now=NOW) == [], "it is invoiced without an item"


def test_a_session_that_is_billed_with_an_item_is_another_of_the_day(session, by):
    from portal.journeys.same_day import others_with_a_rebate

    later = make.appointment(
        patient=session.patient, psychologist=session.psychologist, starts_at=NOW + timedelta(hours=2)
    )
    check_out(session, by)
    assert others_with_a_rebate(later, now=NOW) == [session]


def test_whoever_comes_reads_that_somebody_else_is_billed(session):
    from django.urls import reverse

    make.patient_payer(patient=session.patient, payer=make.payer(name="AAI Limited"))
    user = make.user()
    session.patient.user = user
    session.patient.save(update_fields=["user"])
    later = make.appointment(
        patient=session.patient,
        psychologist=session.psychologist,
        starts_at=datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=3),
    )
    page = make.client_for(user).get(reverse("patient:appointment", args=[later.code])).content.decode()
    assert "This bill goes to AAI Limited. There is nothing for you to pay." in page
    assert "Expected Medicare rebate" not in page
