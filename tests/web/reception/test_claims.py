"""The desk's list of claims, a claim's page, and the file for the channel."""

from __future__ import annotations

import csv
import io
import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.models import ClaimStatus, MedicareClaim, Payment
from portal.billing.refusals import ClaimApproved, NotRefundable
from portal.common.text.spreadsheet import as_cell
from portal.web.reception.views import claims as views
from tests import make
from tests.billing.conftest import NOW, Books

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def books(db):
    make.clinic()
    make.mbs_items()
    return Books()


@pytest.fixture
def desk():
    return make.signed_in_client(role=Role.RECEPTION)


def claim_of(books, *, days=0, **patient):
    """One that is to be claimed, for a session of so many days ago."""
    card = {"medicare_number": "2951873125", "medicare_irn": "1"}
    referral = make.referral(patient=make.patient(**card | patient), referrer_provider_number="2429581T")
    start = NOW - timedelta(days=days, hours=2)
    invoice = books.invoice_of_session(books.session(patient=referral.patient, starts_at=start))
    return MedicareClaim.objects.get(line__invoice=invoice)


def listed(desk, **asked):
    page = desk.get(reverse("reception:claims"), asked)
    return [row.code for row in page.context["page"]]


def test_those_that_are_open_stand_there_the_oldest_first(books, desk):
    new, old, done = claim_of(books), claim_of(books, days=30), claim_of(books, days=60)
    said = {"by": books.by, "now": NOW}
    actions.approve_claim(claim=done, amount=Decimal(50), decided_on=NOW.date(), to_clinic=False, **said)
    assert listed(desk) == [old.code, new.code]
    assert listed(desk, status="all") == [done.code, old.code, new.code]
    assert listed(desk, status="approved") == [done.code]
    assert listed(desk, age="14") == [old.code]
    assert listed(desk, since="2026-11-20") == [new.code]
    assert listed(desk, psychologist=old.line.invoice.psychologist.slug) == [old.code]
    assert listed(desk, status="all", until="2026-10-30", psychologist=done.line.invoice.psychologist.slug) == [
        done.code
    ]
    actions.mark_exported(claims=[old], **said)
    assert listed(desk, file="no") == [new.code]


def test_pages_turn(books, desk, monkeypatch):
    monkeypatch.setattr("portal.web.reception.views.claims.PER_PAGE", 2)
    claims = [claim_of(books, days=days) for days in (30, 20, 10)]
    first = desk.get(reverse("reception:claims")).context["page"]
    assert [row.code for row in first] == [claims[0].code, claims[1].code]
    assert listed(desk, page=first.after) == [claims[2].code]
    assert listed(desk, page="after-nonsense") == [claims[0].code, claims[1].code]


def test_one_costs_as_many_queries_as_thirty(books, desk, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count():
        desk.get(reverse("reception:claims"))
        with CaptureQueriesContext(connection) as run:
            desk.get(reverse("reception:claims"))
        return len(run)

    claim_of(books)
    one = count()
    for days in range(12):
        claim_of(books, days=days)
    assert count() == one


def test_the_file_has_what_a_channel_needs_and_runs_nothing(books, desk):
    claim = claim_of(
        books,
        legal_first_name="=Ada",
        medicare_number="2951873125",
        medicare_irn="1",
        medicare_name="ADA L",
        date_of_birth=date(1990, 5, 17),
    )
    other = claim_of(books, days=3)
    books.credit(claim.line.invoice, "100.00")
    answer = desk.post(reverse("reception:export_claims"), {"claim": [str(claim.code)]})
    assert answer["Content-Type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert row["given_name"] == "'=Ada"
    wanted = {
        "name_on_card": "ADA L", "born": "1990-05-17", "medicare_number": "2951873125", "irn": "1", "item": "80010",
        "date_of_service": "2026-11-24", "charge": "120.00", "paid": "0.00", "expected_benefit": "120.00",
        "referrer_provider_number": "2429581T", "referral_date": "2026-01-15", "referral_services": "6",
        "invoice": claim.line.invoice.number,
    }  # fmt: skip
    assert wanted == {name: row[name] for name in wanted}
    claim.refresh_from_db()
    other.refresh_from_db()
    # It never says that it was claimed.
    assert (claim.status, claim.exported_at, other.exported_at) == (ClaimStatus.PENDING, NOW, None)


def test_with_nothing_ticked_the_file_has_what_is_shown(books, desk):
    old, _new = claim_of(books, days=30), claim_of(books)
    answer = desk.post(f"{reverse('reception:export_claims')}?age=14")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["claim"] for row in rows] == [str(old.code)]


@pytest.mark.parametrize("words", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"])
def test_no_cell_is_a_formula(words):
    assert as_cell(words) == f"'{words}"


def test_several_are_marked_as_made_at_once(books, desk):
    claims = [claim_of(books, days=1), claim_of(books, days=2)]
    sent = {"claim": [str(c.code) for c in claims], "channel": "hpos", "sent_on": "24/11/2026", "reference": "B7"}
    for _again in range(2):
        assert desk.post(reverse("reception:send_claims"), sent).status_code == 302
    found = set(MedicareClaim.objects.values_list("status", "channel", "reference", "revision"))
    assert found == {("sent", "hpos", "B7", 1)}


def test_several_need_a_tick_and_a_day_that_fits(books, desk):
    claim = claim_of(books)
    sent = {"channel": "hpos", "sent_on": "24/11/2026"}
    assert desk.post(reverse("reception:send_claims"), sent).status_code == 422
    sent["claim"] = str(claim.code)
    assert desk.post(reverse("reception:send_claims"), sent | {"sent_on": "23/11/2026"}).status_code == 422
    assert desk.post(reverse("reception:send_claims"), sent | {"sent_on": "25/11/2026"}).status_code == 422
    claim.refresh_from_db()
    assert claim.status == ClaimStatus.PENDING


def step(desk, claim, become, **said):
    return desk.post(reverse("reception:claim", args=[claim.code]), {"step": become, "seen": claim.revision} | said)


def test_a_claim_is_followed_on_its_page(books, desk):
    claim = claim_of(books, days=3)
    day = {"decided_on": "24/11/2026"}
    assert step(desk, claim, "approved", amount="149.05", to="clinic", **day).status_code == 302
    # A double click is told, and takes nothing twice.
    assert step(desk, claim, "approved", amount="149.05", to="clinic", **day).status_code == 302
    assert [p.amount for p in Payment.objects.all()] == [Decimal("149.05")]
    claim.refresh_from_db()
    assert step(desk, claim, "withdrawn", reason="x").status_code == 302
    claim.refresh_from_db()
    assert claim.status == ClaimStatus.APPROVED
    assert step(desk, claim, "rejected", reason="", **day).status_code == 422
    assert step(desk, claim, "rejected", reason="Paid twice", **day).status_code == 302
    page = desk.get(reverse("reception:claim", args=[claim.code])).content.decode()
    assert "Paid twice" in page
    assert "149.05" in page
    claim.refresh_from_db()
    assert step(desk, claim, "pending").status_code == 302


def test_what_medicare_paid_goes_back_by_its_claim_alone(books, desk):
    claim = claim_of(books, days=3)
    invoice = claim.line.invoice
    assert step(desk, claim, "approved", amount="149.05", to="clinic", decided_on="24/11/2026").status_code == 302
    payment = Payment.objects.get()
    address = reverse("reception:refund_payment", args=[invoice.number, payment.number])
    page = desk.get(reverse("reception:invoice", args=[invoice.number])).content.decode()
    assert address not in page
    cash = {"amount": "149.05", "method": "cash", "other_way": "on", "reason": "x", "received_on": "2026-11-24",
            "key": str(uuid.uuid4())}  # fmt: skip
    for answer in (desk.get(address), desk.post(address, cash)):
        assert answer.url == reverse("reception:claim", args=[claim.code])
    with pytest.raises(ClaimApproved):
        actions.refund_payment(
            payment=payment,
            invoice=invoice,
            amount=Decimal(1),
            method="cash",
            reason="x",
            key="c",
            by=books.by,
            now=NOW,
        )
    with pytest.raises(NotRefundable):
        actions.keep_on_account(payment=payment, invoice=invoice, amount=Decimal(1), by=books.by, now=NOW)
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"amount": "220.01", "decided_on": "24/11/2026", "to": "patient"}, "charged at $220.00"),
        ({"amount": "0", "decided_on": "24/11/2026", "to": "patient"}, "above zero"),
        ({"amount": "1", "decided_on": "25/11/2026", "to": "patient"}, "still to come"),
        ({"amount": "1", "decided_on": "20/11/2026", "to": "patient"}, "nothing was claimed before"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(books, desk, said, words):
    claim = claim_of(books, days=3)
    answer = step(desk, claim, "approved", **said)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_an_invoice_that_medicare_paid_for_is_not_voided(books, desk):
    claim = claim_of(books)
    invoice = claim.line.invoice
    address = reverse("reception:void_invoice", args=[invoice.number])
    assert "goes with the invoice" in desk.get(address).content.decode()
    step(desk, claim, "approved", amount="100", to="patient", decided_on="24/11/2026")
    answer = desk.post(address, {"reason": "Twice", "seen": invoice.seen_as})
    assert answer.url == reverse("reception:claim", args=[claim.code])
    invoice.refresh_from_db()
    assert invoice.status == "issued"


@pytest.mark.parametrize("role", [Role.PATIENT, Role.PSYCHOLOGIST])
def test_claims_are_the_desks(books, role):
    claim = claim_of(books)
    client = make.signed_in_client(role=role)
    assert client.get(reverse("reception:claims")).status_code == 403
    assert client.get(reverse("reception:claim", args=[claim.code])).status_code == 403
    assert client.post(reverse("reception:export_claims")).status_code == 403


def test_a_file_of_too_many_is_not_cut_off_in_silence(books, desk, monkeypatch):
    monkeypatch.setattr(views, "MOST", 1)
    both = [claim_of(books, days=30), claim_of(books)]
    answer = desk.post(reverse("reception:export_claims"), follow=True)
    assert "so no file was made" in answer.content.decode()
    for claim in both:
        claim.refresh_from_db()
        assert claim.exported_at is None


def test_what_cant_be_made_is_marked_and_left_out_of_the_file(books, desk):
    good, without = claim_of(books), claim_of(books, days=3, medicare_number="", medicare_irn="")
    page = desk.get(reverse("reception:claims")).content.decode()
    assert page.count("Can’t be claimed yet") == 1
    assert "No Medicare card is on file." in page
    file = desk.post(reverse("reception:export_claims"), {}).content.decode("utf-8-sig")
    assert [row["claim"] for row in csv.DictReader(io.StringIO(file))] == [str(good.code)]
    without.refresh_from_db()
    assert without.exported_at is None
    said = desk.get(reverse("reception:claims")).content.decode()
    assert f"1 claim is not in the file, for it can&#x27;t be made yet: {without.line.invoice.number}." in said
    answer = desk.post(reverse("reception:export_claims"), {"claim": [str(without.code)]})
    assert answer.status_code == 302


def test_what_cant_be_made_is_not_marked_as_made(books, desk):
    good, without = claim_of(books), claim_of(books, days=3, medicare_number="", medicare_irn="")
    page = desk.get(reverse("reception:claims")).content.decode()
    assert page.count('name="claim"') == 1
    assert "1 claim on this page can't be made yet: the file leaves it out." in page
    sent = {"claim": [str(good.code), str(without.code)], "channel": "hpos", "sent_on": "24/11/2026"}
    said = desk.post(reverse("reception:send_claims"), sent, follow=True).content.decode()
    assert f"1 claim is not marked as made, for it can&#x27;t be made yet: {without.line.invoice.number}." in said
    assert "1 claim is marked as made." in said
    assert dict(MedicareClaim.objects.values_list("code", "status")) == {good.code: "sent", without.code: "pending"}


def test_the_day_of_the_file_is_the_clinics(books, desk):
    claim = claim_of(books)
    actions.mark_exported(claims=[claim], by=books.by, now=NOW.replace(hour=20))
    assert "in a file, 25 Nov 2026" in desk.get(reverse("reception:claims")).content.decode()


def test_the_file_says_what_the_patient_paid(books, desk):
    claim = claim_of(books)
    actions.record_payment(
        invoice=claim.line.invoice, amount=Decimal("50.00"), method="card", key="p", by=books.by, now=NOW
    )
    file = desk.post(reverse("reception:export_claims"), {}).content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(file))
    assert (row["charge"], row["paid"]) == ("220.00", "50.00")
