"""Bulk billing: the benefit is all that is charged, an agreement comes before the claim, and Medicare alone pays."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.billing import actions, charges
from portal.billing.actions import claims
from portal.billing.assignment_paper import assignment_pdf
from portal.billing.bulk import Agreement, is_bulk_billed
from portal.billing.guards import words
from portal.billing.models import AssignmentOfBenefit, Invoice, MedicareClaim, Payment
from portal.billing.refusals import NotBillable, NotBulkBillable, NotPayable, ReasonMissing
from portal.journeys import checking_out, claiming
from portal.journeys.checking_out import Held
from portal.policies.models import PolicySettings
from portal.reports.debtors import debtors
from portal.worklist.models import ToDo
from tests import make
from tests.billing.conftest import NOW

pytestmark = pytest.mark.django_db
SAID = Agreement(way="verbal", agreed_by="Ada Lovelace", reason="On the phone")
SIGNED = Agreement(way="electronic", agreed_by="Ada Lovelace")


@pytest.fixture(autouse=True)
def clinic(time_machine):
    time_machine.move_to(NOW, tick=False)
    make.mbs_items()
    return make.clinic()


@pytest.fixture
def by():
    return make.actor(role=Role.RECEPTION)


def session(*, refers=True, **fields):
    patient = fields.pop("patient", None) or make.patient()
    if refers:
        make.referral(patient=patient)
    start = timezone.now() - timedelta(hours=1)
    return make.appointment(patient=patient, starts_at=start, status=Status.ARRIVED, fee="220.00", **fields)


def check_out(appointment, by, agreement=SIGNED, **held):
    booked = {"minutes": 50, "mode": appointment.mode, "fee": Decimal(220), "agreement": agreement}
    held = Held(**booked | held)
    return checking_out.check_out(
        appointment=appointment, held=held, key=str(appointment.code), by=by, now=timezone.now()
    )


def test_scenario_16_the_benefit_is_all_that_is_charged(by):
    invoice = check_out(session(), by)
    assert (invoice.total, invoice.rebate, invoice.out_of_pocket) == (Decimal("149.05"), Decimal("149.05"), 0)
    assert (invoice.bulk_billed, invoice.bill_to_name, invoice.billed_user) == (True, "Medicare", None)
    browser, copy = (
        make.client_for(make.staff()),
        reverse("reception:assignment_pdf", args=[AssignmentOfBenefit.objects.get().code]),
    )
    for page in (
        reverse("reception:invoice", args=[invoice.number]),
        reverse("reception:checked_out", args=[invoice.appointment.code]),
    ):
        assert copy in browser.get(page).content.decode()
    assert not Invoice.objects.owed_by_patients().exists()
    assert not Invoice.objects.overdue(today=date(2028, 1, 1)).exists()
    claim = MedicareClaim.objects.get()
    assert (claim.status, claim.assignment.way, claim.assignment.benefit) == (
        "pending",
        "electronic",
        Decimal("149.05"),
    )
    assert claim.assignment.keep_until == date(2028, 11, 24)


def test_medicare_pays_it_once(by):
    invoice = check_out(session(), by)
    claim = MedicareClaim.objects.get()
    said = {"decided_on": NOW.date(), "to_clinic": False, "by": by, "now": NOW}
    actions.approve_claim(claim=claim, amount=Decimal("149.05"), **said)
    payment = Payment.objects.get()
    invoice.refresh_from_db()
    assert (payment.method, invoice.paid, invoice.balance) == ("medicare", Decimal("149.05"), 0)


def test_nobody_else_pays_it(by):
    invoice = check_out(session(), by)
    with pytest.raises(NotPayable):
        actions.record_payment(invoice=invoice, amount=Decimal(1), method="card", key="k", by=by, now=NOW)


def test_said_is_enough_until_the_middle_of_2027_and_with_a_reason(by, time_machine):
    assert check_out(session(), by, SAID).bulk_billed
    with pytest.raises(ReasonMissing):
        check_out(session(), by, Agreement(way="verbal", agreed_by="Ada"))
    time_machine.move_to(datetime(2027, 7, 1, 3, 0, tzinfo=NOW.tzinfo), tick=False)
    with pytest.raises(NotBulkBillable):
        check_out(session(), by, SAID)
    assert check_out(session(), by, SIGNED).bulk_billed


def test_what_medicare_does_not_pay_is_not_bulk_billed(by):
    with pytest.raises(NotBulkBillable):
        check_out(session(refers=False), by)
    with pytest.raises(NotBulkBillable):
        check_out(session(), by, item=checking_out.NO_ITEM, item_reason="They asked")
    assert not Invoice.objects.exists()
    assert not AssignmentOfBenefit.objects.exists()


def test_nothing_is_charged_beside_it(by):
    from portal.billing.charges import extra_line

    with pytest.raises(NotBulkBillable):
        check_out(session(), by, extra=(extra_line("A report", Decimal(50)),))


def test_what_was_paid_ahead_stays_the_patients(by):
    appointment = session()
    appointment.status = Status.BOOKED
    appointment.save(update_fields=["status"])
    actions.take_ahead(appointment=appointment, amount=Decimal(50), method="card", key="a", by=by, now=NOW)
    check_out(appointment, by)
    assert actions.held_ahead(appointment) == 50
    assert ToDo.objects.still_open().of_kind("ahead_held").count() == 1


def test_a_rejected_one_waits_at_the_desk_until_it_is_put_right(by):
    invoice = check_out(session(), by)
    claim = MedicareClaim.objects.get()
    claiming.reject(claim=claim, reason="Card", decided_on=NOW.date(), by=by, now=NOW)
    waiting = ToDo.objects.still_open().of_kind("bulk_rejected")
    assert waiting.count() == 1
    claiming.again(claim=claim, by=by, now=NOW)
    assert waiting.count() == 0
    assert invoice.status == "issued"


@pytest.mark.parametrize(
    ("sql", "refusal"),
    [
        ("UPDATE billing_assignmentofbenefit SET agreed_by = 'Somebody'", words.ASSIGNMENT_NEVER),
        ("DELETE FROM billing_assignmentofbenefit", words.ASSIGNMENT_NEVER),
        ("UPDATE billing_invoice SET bulk_billed = false", words.NEVER_CHANGES),
        ("UPDATE billing_medicareclaim SET assignment_id = NULL", words.CLAIM_NEVER),
    ],
)
def test_what_was_agreed_stays(by, sql, refusal):
    check_out(session(), by)
    with pytest.raises(DatabaseError, match=refusal), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_no_claim_of_it_without_the_agreement_by_any_road(by, monkeypatch):
    # As if check-out forgot what was agreed.
    monkeypatch.setattr("portal.billing.actions.invoices.claim_lines", _without_agreement)
    with pytest.raises(DatabaseError, match=words.CLAIM_NEEDS_ASSIGNMENT):
        check_out(session(), by)


def _without_agreement(invoice, *, assignment, **said):
    claims.claim_lines(invoice, assignment=None, **said)


def test_the_policy_is_the_services_or_the_patients():
    assert not is_bulk_billed(session())
    assert is_bulk_billed(session(patient=make.patient(bulk_billed=True)))
    assert is_bulk_billed(session(service=make.service(bulk_billed=True)))
    assert not is_bulk_billed(session(service=make.service(bulk_billed=True, medicare=False)))


def test_no_fee_is_asked_for_what_is_bulk_billed(by):
    fields = {"status": Status.CANCELLED, "late": True, "late_fee_percent": 50, "no_show_percent": 100, "fee": "220.00"}
    fields["starts_at"] = timezone.now() - timedelta(hours=1)
    asked = make.appointment(**fields)
    spared = make.appointment(patient=make.patient(bulk_billed=True), **fields)
    due = {"clinic": make.clinic(), "policy": PolicySettings.current()}
    assert charges.fee_due(asked, **due).amounts.total == 110
    assert charges.fee_due(spared, **due) is None
    with pytest.raises(NotBillable):
        actions.bill_fee(appointment=spared, by=by, now=timezone.now())
    missed = make.appointment(
        service=make.service(bulk_billed=True), **fields | {"status": Status.NO_SHOW, "late": False}
    )
    assert charges.fee_due(missed, **due) is None


def test_it_is_on_no_statement_of_the_patients_and_no_debt(by):
    invoice = check_out(session(), by)
    desk = make.signed_in_client(role=Role.RECEPTION)
    page = desk.get(reverse("reception:patient_statement", args=[invoice.patient.code])).content.decode()
    assert invoice.number not in page
    assert not debtors(by, by_payer=False, today=date(2028, 1, 1)).rows


def test_the_desk_bulk_bills_at_check_out(by):
    appointment = session(patient=make.patient(bulk_billed=True, legal_first_name="Ada"))
    desk = make.signed_in_client(role=Role.RECEPTION)
    address = reverse("reception:check_out", args=[appointment.code])
    page = desk.get(address)
    assert "The patient pays nothing" in page.content.decode()
    form = page.context["form"]
    sent = {
        "minutes": "50", "mode": appointment.mode, "fee": "220.00", "item": "proposed", "method": "later", "bulk": "on",
        "key": str(form["key"].value()), "seen": form["seen"].value(), "agreed_by": "Ada L",
    }  # fmt: skip
    refused = desk.post(address, sent)
    assert refused.status_code == 422
    assert "How did they agree?" in refused.content.decode()
    assert desk.post(address, sent | {"way": "electronic"}).status_code == 302
    invoice = Invoice.objects.get()
    assert (invoice.bulk_billed, invoice.total) == (True, Decimal("149.05"))
    assignment = AssignmentOfBenefit.objects.get()
    assert desk.get(reverse("reception:assignment_pdf", args=[assignment.code])).content.startswith(b"%PDF")
    assert assignment_pdf(assignment).startswith(b"%PDF")
    assert (
        make.signed_in_client(role=Role.PATIENT)
        .get(reverse("patient:assignment_pdf", args=[assignment.code]))
        .status_code
        == 404
    )


def test_what_is_bulk_billed_is_nothing_for_the_patient_to_pay_or_get_by_mail(by):
    appointment = session(patient=make.patient(email="ada@example.com", bulk_billed=True))
    invoice = check_out(appointment, by)
    desk = make.signed_in_client(role=Role.RECEPTION)
    page = desk.get(reverse("reception:checked_out", args=[appointment.code])).content.decode()
    for said in ("Medicare pays it", "It is made out to Medicare", "bulk-billed, and can&#x27;t be claimed without"):
        assert said in page
    for said in ("To pay by", "No e-mail address is known", "card in hand"):
        assert said not in page
    assert (
        "nothing to pay by the patient"
        in desk.get(reverse("reception:invoice", args=[invoice.number])).content.decode()
    )
