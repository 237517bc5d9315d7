"""The register of payers at the desk, and bills that are made out to them at check-out."""

import uuid
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.billing import actions
from portal.billing.models import Invoice, PatientPayer, Payer, Payment
from portal.web.reception.forms import CheckOutForm
from tests import make
from tests.billing.conftest import Books
from tests.web.reception.conftest import NOW
from tests.web.reception.test_checkout import sent


def new_payer(**change):
    return {
        "kind": "insurer",
        "name": "Harbour Insurance",
        "contact": "Claims",
        "abn": "51 824 753 556",
        "email": "bills@harbour.example",
        "phone": "",
        "street": "1 Quay St",
        "suburb": "",
        "state": "",
        "postcode": "",
        "terms_days": "30",
    } | change


def test_a_payer_is_put_in_the_register_and_found_there(desk):
    answer = desk.post(reverse("reception:add_payer"), new_payer())
    payer = Payer.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, reverse("reception:payer", args=[payer.code]))
    assert (payer.abn, payer.terms_days, payer.bill_to) == ("51824753556", 30, "Harbour Insurance, attention Claims")
    make.payer(name="Other")
    found = desk.post(reverse("reception:payers"), {"q": "harb"}, headers={"HX-Request": "true"})
    assert [row["name"] for row in found.context["table"].data.data.values("name")] == ["Harbour Insurance"]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"abn": "51824753557"}, "abn"), ({"email": "", "street": ""}, "email"), ({"terms_days": "400"}, "terms_days")],
)
def test_what_is_wrong_with_a_payer_stands_beside_its_field(desk, change, field):
    answer = desk.post(reverse("reception:add_payer"), new_payer(**change))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert not Payer.objects.exists()


def test_two_people_change_a_payer_side_by_side(desk):
    payer = make.payer(name="Harbour")
    page = desk.get(reverse("reception:edit_payer", args=[payer.code]))
    Payer.objects.filter(pk=payer.pk).update(email="new@harbour.example")
    said = new_payer(name="Harbour Ltd", kind=payer.kind, contact="", email=payer.email, terms_days="")
    answer = desk.post(page.wsgi_request.path, said | {"street": payer.street} | make.shown_in(page))
    payer.refresh_from_db()
    assert (answer.status_code, payer.name, payer.email) == (302, "Harbour Ltd", "new@harbour.example")


def test_a_payer_of_bills_with_medicare_items_becomes_no_employer_and_is_told_what_to_do(desk):
    payer, books = make.payer(kind="person", name="Kim Parent"), Books()
    draft = books.draft("50.00", bill_to=actions.BillTo(payer, "", ""))
    draft.lines.update(item_number="80110", item_proposed=None)
    invoice = actions.issue_invoice(invoice=draft, by=books.by, now=books.now)
    page = desk.get(reverse("reception:edit_payer", args=[payer.code]))
    said = new_payer(name="Kim Pty Ltd", kind="employer", contact="", email=payer.email, terms_days="")
    said |= {"street": payer.street} | make.shown_in(page)
    answer = desk.post(page.wsgi_request.path, said)
    payer.refresh_from_db()
    assert (answer.status_code, list(answer.context["form"].errors), payer.name) == (422, ["kind"], "Kim Parent")
    assert invoice.number in str(answer.context["form"].errors["kind"])
    assert desk.post(page.wsgi_request.path, said | {"kind": "person"}).status_code == 302


def test_who_pays_for_a_patient_is_said_changed_and_ended(desk):
    patient, payer = make.patient(), make.payer()
    said = {"payer": str(payer.code), "pays": "sessions", "purchase_order": "PO 1", "claim_number": ""}
    answer = desk.post(reverse("reception:link_payer", args=[patient.code]), said)
    link = PatientPayer.objects.get()
    assert answer["Location"] == reverse("reception:patient", args=[patient.code])
    assert payer.name in desk.get(answer["Location"]).content.decode()
    page = desk.get(reverse("reception:change_payer_link", args=[link.code]))
    change = {"pays": "everything", "purchase_order": "PO 2", "claim_number": ""}
    assert desk.post(page.wsgi_request.path, change | make.shown_in(page)).status_code == 302
    link.refresh_from_db()
    assert (link.pays, link.purchase_order) == ("everything", "PO 2")
    desk.post(reverse("reception:end_payer_link", args=[link.code]))
    link.refresh_from_db()
    assert link.ended_at
    assert desk.post(reverse("reception:link_payer", args=[patient.code]), said).status_code == 302


def test_a_payer_who_pays_already_is_said_beside_the_field(desk):
    link = make.patient_payer()
    said = {"payer": str(link.payer.code), "pays": "asked", "purchase_order": "", "claim_number": ""}
    answer = desk.post(reverse("reception:link_payer", args=[link.patient.code]), said)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["payer"])


@pytest.mark.parametrize("role", [Role.PATIENT, Role.PSYCHOLOGIST])
def test_the_register_is_the_desks(clinic, role):
    payer = make.payer()
    client = make.signed_in_client(role=role)
    assert client.get(reverse("reception:payers")).status_code == 403
    assert client.get(reverse("reception:payer", args=[payer.code])).status_code == 403


def test_the_register_reads_no_more_for_thirty(desk):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(reverse("reception:payers")).status_code == 200
        return len(asked)

    make.patient_payer()
    queries()
    one = queries()
    for _n in range(29):
        make.patient_payer()
    assert queries() == one


# ---- At check-out ----------------------------------------------------------------------------------------------------


@pytest.fixture
def session(place):
    return place.session(hours=-1, status=Status.ARRIVED)


def check_out(desk, session, **change):
    return desk.post(
        reverse("reception:check_out", args=[session.code]),
        sent(method="later", amount="", key=str(uuid.uuid4())) | change,
    )


def test_whoever_pays_by_itself_is_proposed_and_billed(desk, session):
    link = make.patient_payer(patient=session.patient, purchase_order="PO 9")
    page = desk.get(reverse("reception:check_out", args=[session.code]))
    form = page.context["form"]
    assert isinstance(form, CheckOutForm)
    assert (form["bill_to"].value(), form["method"].value()) == (str(link.code), "later")
    assert check_out(desk, session, bill_to=str(link.code), seen=form["seen"].value()).status_code == 302
    invoice = Invoice.objects.get()
    assert (invoice.payer, invoice.purchase_order, invoice.paid) == (link.payer, "PO 9", 0)
    shown = desk.get(reverse("reception:invoice", args=[invoice.number])).content.decode()
    assert link.payer.name in shown
    assert "purchase order PO 9" in shown


def test_the_desk_bills_the_patient_all_the_same(desk, session):
    make.patient_payer(patient=session.patient)
    assert check_out(desk, session, bill_to="patient").status_code == 302
    assert Invoice.objects.get().payer is None


def test_the_patients_money_is_refused_for_a_payers_bill(desk, session, place):
    link = make.patient_payer(patient=session.patient)
    called_off = place.session(hours=30, patient=session.patient)
    desk.post(
        reverse("reception:pay_ahead", args=[called_off.code]),
        {"amount": "220.00", "method": "card", "reference": "", "key": str(uuid.uuid4())},
    )
    type(called_off).objects.filter(pk=called_off.pk).update(
        status="cancelled", cancelled_at=NOW, cancel_reason="clinic"
    )
    answer = check_out(desk, session, bill_to=str(link.code), method="held")
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["method"])
    assert Payment.objects.get().allocations.get().invoice.purpose == "deposit"


def test_the_patient_is_not_asked_for_it(desk, session):
    user = make.user()
    type(session.patient).objects.filter(pk=session.patient.pk).update(user=user, email=user.email)
    link = make.patient_payer(patient=session.patient)
    check_out(desk, session, bill_to=str(link.code))
    invoice, patient = Invoice.objects.get(), make.client_for(user)
    listed = patient.get(reverse("patient:invoices"))
    assert (listed.context["owed"], bool(listed.context["owing"])) == (Decimal(0), False)
    assert "Somebody else pays" in listed.content.decode()
    page = patient.get(reverse("patient:invoice", args=[invoice.number])).content.decode()
    assert f"This bill goes to {invoice.bill_to_name}. There is nothing for you to pay." in page
    assert "How to pay" not in page
