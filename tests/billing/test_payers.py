"""Whoever pays for somebody else: their bill, their terms, and nobody else's money."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.actions import BillTo
from portal.billing.charges import Charge
from portal.billing.models import Invoice, PatientPayer, Payer
from portal.billing.models.payer import chosen_by_itself
from portal.billing.refusals import NotPayable, PaysAlready
from portal.clinic.models import ClinicSettings
from portal.reports.days import owed_by
from tests import make

pytestmark = pytest.mark.django_db
D = Decimal


def test_a_bill_is_made_out_to_the_payer_with_their_numbers_and_terms(books):
    payer = make.payer(name="Harbour Insurance", contact="Claims", street="9 Quay St", suburb="Hobart", terms_days=45)
    invoice = books.issued("220.00", bill_to=BillTo(payer, "PO 77", "C-123"))
    assert (invoice.bill_to_name, invoice.bill_to_address) == (
        "Harbour Insurance, attention Claims",
        "9 Quay St, Hobart",
    )
    assert (invoice.payer, invoice.billed_user) == (payer, None)
    assert invoice.due_on - invoice.issued_on == timedelta(days=45)
    assert invoice.snapshot["bill_to"]["purchase_order"] == "PO 77"
    assert invoice.snapshot["bill_to"]["claim_number"] == "C-123"


def test_without_terms_of_their_own_the_clinics_count(books):
    invoice = books.issued("220.00", bill_to=BillTo(make.payer()))
    assert invoice.due_on - invoice.issued_on == timedelta(days=ClinicSettings.current().payment_terms_days)


def test_a_payer_reads_no_more_of_the_patient_than_the_name(books):
    patient = make.patient(medicare_number="2951873125", medicare_irn="1")
    paper = books.issued("220.00", patient=patient, bill_to=BillTo(make.payer())).snapshot
    assert paper["patient"] == {"name": patient.legal_name, "born": "", "medicare_number": "", "irn": ""}


def test_what_a_bill_printed_stays_when_the_payer_changes(books):
    payer = make.payer(name="Old Name")
    invoice = books.issued("220.00", bill_to=BillTo(payer))
    actions.update_payer(payer=payer, values={"name": "New Name"}, by=books.by, now=books.now)
    invoice.refresh_from_db()
    assert invoice.bill_to_name == invoice.snapshot["bill_to"]["name"] == "Old Name"


def test_a_patient_owes_nothing_of_what_a_payer_is_billed(books):
    patient = make.patient()
    books.issued("220.00", patient=patient, bill_to=BillTo(make.payer()))
    own = books.issued("80.00", patient=patient)
    assert list(Invoice.objects.owed_by_patients()) == [own]
    assert owed_by(books.by, patient) == D("80.00")


def test_money_that_is_held_for_a_patient_pays_no_payers_bill(books):
    session = books.session()
    session.status = "booked"
    session.completed_at = None
    session.save()
    deposit = books.take_ahead(session, "100.00")
    invoice = books.issued("220.00", patient=session.patient, bill_to=BillTo(make.payer()))
    with pytest.raises(NotPayable):
        actions.use_held(invoice=invoice, by=books.by, now=books.now)
    invoice.refresh_from_db()
    deposit.refresh_from_db()
    assert (invoice.paid, deposit.paid) == (0, D("100.00"))


def test_what_a_patient_paid_ahead_stays_theirs_when_somebody_else_is_billed(books):
    session = make.appointment(starts_at=books.now - timedelta(hours=2))
    books.take_ahead(session, "100.00")
    type(session).objects.filter(pk=session.pk).update(status="completed", completed_at=books.now)
    session.refresh_from_db()
    invoice = actions.bill(
        appointment=session,
        purpose="session",
        charges=[Charge(description="Session", unit_price=D("220.00"))],
        bill_to=BillTo(make.payer()),
        by=books.by,
        now=books.now,
    )
    actions.use_ahead(invoice=invoice, by=books.by, now=books.now)
    invoice.refresh_from_db()
    assert (invoice.paid, actions.held_ahead(session)) == (0, D("100.00"))


def test_a_bill_is_made_out_to_one_of_them(books):
    invoice = books.draft("220.00", patient=make.patient(user=make.user()))
    with pytest.raises(IntegrityError, match=r"invoice_billed_to_one|CHECK"), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(payer=make.payer())


# ---- Who pays by itself ----------------------------------------------------------------------------------------------


def test_a_payer_who_names_the_service_goes_before_one_for_all(books):
    patient, service, other = make.patient(), make.service(), make.service()
    named = make.patient_payer(patient=patient, services=[service])
    of_all = make.patient_payer(patient=patient)
    links = actions.links_of(patient)
    assert chosen_by_itself(links, service=service, is_fee=False) == named
    assert chosen_by_itself(links, service=other, is_fee=False) == of_all


@pytest.mark.parametrize(
    ("pays", "session", "fee"), [("sessions", True, False), ("everything", True, True), ("asked", False, False)]
)
def test_what_a_payer_pays_for_by_itself(pays, session, fee):
    patient, service = make.patient(), make.service()
    make.patient_payer(patient=patient, pays=pays)
    links = actions.links_of(patient)
    assert bool(chosen_by_itself(links, service=service, is_fee=False)) is session
    assert bool(chosen_by_itself(links, service=service, is_fee=True)) is fee


def test_one_out_of_use_or_ended_pays_for_nothing(books):
    retired, ended = make.patient_payer(), make.patient_payer()
    actions.retire_payer(payer=retired.payer, by=books.by, now=books.now)
    actions.end_link(link=ended, by=books.by, now=books.now)
    assert actions.links_of(retired.patient) == actions.links_of(ended.patient) == []
    actions.restore_payer(payer=retired.payer, by=books.by, now=books.now)
    assert actions.links_of(retired.patient) == [retired]


def test_a_payer_pays_for_a_patient_once(books):
    link = make.patient_payer()
    values = {"pays": "asked", "services": []}
    with pytest.raises(PaysAlready):
        actions.let_pay(patient=link.patient, payer=link.payer, values=values, by=books.by, now=books.now)
    with pytest.raises(IntegrityError), transaction.atomic():
        PatientPayer.objects.create(patient=link.patient, payer=link.payer, created_at=books.now)
    actions.end_link(link=link, by=books.by, now=books.now)
    actions.let_pay(patient=link.patient, payer=link.payer, values=values, by=books.by, now=books.now)


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"terms_days": 400}, {"retired_by": True}], ids=["nameless", "terms", "retired"]
)
def test_the_database_refuses_a_payer_that_cannot_be(wrong, books):
    payer = make.payer()
    if wrong.get("retired_by"):
        wrong = {"retired_by": books.by.user or make.user()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Payer.objects.filter(pk=payer.pk).update(**wrong)


@pytest.mark.parametrize(
    ("role", "sees"), [(Role.RECEPTION, 1), (Role.MANAGER, 1), (Role.PSYCHOLOGIST, 0), (Role.PATIENT, 0)]
)
def test_the_register_is_the_desks(role, sees):
    make.payer()
    assert Payer.objects.visible_to(make.actor(role=role)).count() == sees
