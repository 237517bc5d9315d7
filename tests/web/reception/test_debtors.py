"""Who owes, by how long."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.actions import BillTo
from portal.billing.charges import Charge
from portal.reports.debtors import PER_PAGE, debtors
from tests import make
from tests.web.reception.conftest import NOW
from tests.web.reception.test_invoices import issue, numbers

D = Decimal
TODAY = date(2026, 11, 24)
URL = "/reception/debtors/"


def owing(price, *, late, patient):
    """An invoice whose day to pay by was `late` days ago."""
    terms = issue(price, patient=patient)
    gap = (terms.due_on - terms.issued_on).days
    actions.void_invoice(invoice=terms, reason="Another day", by=make.actor(), now=NOW)
    return issue(price, patient=patient, now=NOW - timedelta(days=late + gap))


@pytest.mark.parametrize(
    ("late", "column"), [(-5, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (400, 4)]
)
def test_each_day_is_in_one_column(clinic, now, late, column):
    invoice = owing("220.00", late=late, patient=make.patient())
    assert (TODAY - invoice.due_on).days == late
    (one,) = debtors(make.actor(), by_payer=False, today=TODAY).rows
    assert [bool(amount) for amount in one.ages] == [n == column for n in range(5)]
    assert one.total == invoice.balance


def test_those_that_owe_most_stand_first_and_all_is_added_up(desk):
    little, much = make.patient(), make.patient(preferred_name="Bo")
    owing("100.00", late=5, patient=little)
    owing("100.00", late=5, patient=much)
    owing("150.00", late=95, patient=much)
    found = debtors(make.actor(), by_payer=False, today=TODAY)
    assert [(one.name, one.total, one.count) for one in found.rows] == [
        (much.name, D("250.00"), 2),
        (little.name, D("100.00"), 1),
    ]
    assert found.all_together.ages == (0, D("200.00"), 0, 0, D("150.00"))
    page = desk.get(URL).content.decode()
    assert f"/reception/patients/{much.code}/" in page
    assert "$350.00" in page


def test_what_payers_owe_stands_by_them(desk):
    patient, payer = make.patient(), make.payer(name="Plan Partners")
    owing("100.00", late=5, patient=patient)
    draft = actions.draft_invoice(
        patient=patient,
        psychologist=make.psychologist(),
        location=make.location(),
        charges=[Charge(description="Report", unit_price=D("80.00"))],
        bill_to=BillTo(payer),
        by=make.actor(),
        now=NOW,
    )
    invoice = actions.issue_invoice(invoice=draft, by=make.actor(), now=NOW)
    rows = debtors(make.actor(), by_payer=True, today=TODAY).rows
    assert [(one.name, one.code, one.total) for one in rows] == [("Plan Partners", str(payer.code), D("80.00"))]
    assert "Plan Partners" in desk.get(f"{URL}?by=payer").content.decode()
    (own,) = debtors(make.actor(), by_payer=False, today=TODAY).rows
    assert (own.total, own.count) == (D("100.00"), 1), "what a payer is billed the patient doesn't owe"
    said = "Patients owe $100.00, payers $80.00, and Medicare $0.00 that is bulk-billed: $180.00 in all"
    assert said in desk.get(URL).content.decode()
    for query in (f"payer={payer.code}", "q=plan+part"):
        assert numbers(desk.get(f"/reception/invoices/?{query}")) == [invoice.number]


def test_it_is_turned(desk):
    psychologist, place = make.psychologist(), make.location()
    for _ in range(PER_PAGE + 1):
        issue("100.00", psychologist=psychologist, location=place)
    first, second = desk.get(URL), desk.get(f"{URL}?page=2")
    assert (len(first.context["rows"]), len(second.context["rows"])) == (PER_PAGE, 1)
    assert desk.get(f"{URL}?page=99999").status_code == 200


def test_as_files(desk):
    owing("100.00", late=5, patient=make.patient(legal_first_name="=cmd", legal_last_name="X"))
    data = b"".join(desk.get(f"{URL}csv/").streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(data)))
    assert rows[0][:3] == ["Patient", "Invoices", "Oldest due"]
    assert rows[1][0] == "'=cmd X"
    assert rows[1][-1] == "100.00"
    assert b"".join(desk.get(f"{URL}xlsx/").streaming_content).startswith(b"PK")


@pytest.mark.parametrize("role", [Role.PATIENT, Role.PSYCHOLOGIST])
def test_it_is_the_desks(clinic, role):
    assert make.signed_in_client(role=role).get(URL).status_code == 403
