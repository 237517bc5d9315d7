"""The manager's figures, and a psychologist's own."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.guards import words
from portal.billing.models import Payment, PayShare
from portal.billing.takings import Takings
from portal.reports.money import By, figures
from tests import make
from tests.web.reception.test_invoices import NOW, issue, pay

D = Decimal
REPORTS = "/manage/reports/"
PAGES = [REPORTS, f"{REPORTS}gst/", f"{REPORTS}remuneration/"]
FILES = [f"{REPORTS}xero/", f"{REPORTS}books/"]
MINE = "/practice/earnings/"


@pytest.fixture(autouse=True)
def _tuesday_afternoon(db):
    make.clinic()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def manager():
    return make.signed_in_client(role=Role.MANAGER)


@pytest.fixture
def who():
    return make.psychologist(user=make.user(first_name="Mai", last_name="Nguyễn", role="psychologist"))


@pytest.mark.parametrize("by", ["psychologist", "service", "payer", "month", "rubbish"])
def test_income_is_shown(manager, who, by):
    pay(issue("220.00", psychologist=who), "100.00")
    page = manager.get(f"{REPORTS}?by={by}").content.decode()
    assert "$220.00" in page
    assert "$100.00" in page
    assert "<svg" in page


@pytest.mark.parametrize(
    "query", ["", "?since=2026-11-30&until=2026-11-01", "?until=0001-01-01", "?since=x&until=9999-12-31"]
)
@pytest.mark.parametrize("page", PAGES)
def test_odd_days_are_read(manager, page, query):
    assert manager.get(page + query).status_code == 200


@pytest.mark.parametrize("basis", ["received", "invoiced"])
def test_gst_of_a_quarter(manager, who, basis):
    pay(issue("220.00", psychologist=who), "220.00")
    page = manager.get(f"{REPORTS}gst/?basis={basis}").content.decode()
    assert "This quarter is not over" in page
    assert "$220.00" in page


def test_files_for_the_books(manager, who):
    invoice = issue("220.00", psychologist=who)
    data = b"".join(manager.get(f"{REPORTS}xero/?names=yes&account=410").streaming_content).decode("utf-8-sig")
    header, row = csv.reader(io.StringIO(data))
    told = dict(zip(header, row, strict=True))
    assert (told["*InvoiceNumber"], told["*UnitAmount"], told["*AccountCode"]) == (invoice.number, "220.00", "410")
    assert (told["*InvoiceDate"], told["*TaxType"]) == ("24/11/2026", "GST Free Income")
    plain = b"".join(manager.get(f"{REPORTS}books/").streaming_content).decode("utf-8-sig")
    assert invoice.bill_to_name not in plain


def test_a_correction_is_no_refund_and_money_names_its_invoice(manager, who):
    invoice = issue("220.00", psychologist=who)
    wrong = pay(invoice, "220.00")
    actions.correct_payment(
        payment=wrong, method="cash", received_on=wrong.received_on, reference="", location=invoice.location,
        reason="It was cash", key="c", by=make.actor(), now=NOW,
    )  # fmt: skip
    books = b"".join(manager.get(f"{REPORTS}books/").streaming_content).decode("utf-8-sig")
    money = [row for row in csv.DictReader(io.StringIO(books)) if row["Money"]]
    assert [row["Kind"] for row in money] == ["Payment", "Correction", "Correction"]
    code = f"Patient {str(invoice.patient.code)[:8]}"
    assert {(row["Invoice"], row["Billed to"], row["Psychologist"]) for row in money} == {
        (invoice.number, code, who.name)
    }
    for by in By:
        together = figures(NOW.date(), NOW.date(), by=by).together
        assert (together.received, together.refunded) == (D(220), 0)
    taken = {m.method: (m.came, m.went, m.count, m.back) for m in Takings(list(Payment.objects.all())).by_method}
    assert taken == {"card": (0, 0, 0, 0), "cash": (220, 0, 1, 0)}


def test_a_part_is_set_once_and_paid(manager, who):
    pay(issue("220.00", psychologist=who), "100.00")
    address = f"{REPORTS}remuneration/{who.slug}/"
    key = re.search(r'name="once" value="([^"]+)"', manager.get(address).content.decode())
    sent = {"once": key[1], "percent": "62.5%", "from_day": "2026-11-01"}
    for _ in range(2):
        assert manager.post(address, sent).status_code == 302
    assert PayShare.objects.count() == 1
    assert "$62.50" in manager.get(address).content.decode()
    assert "$62.50" in manager.get(f"{REPORTS}remuneration/").content.decode()
    assert manager.get(f"{address}pdf/").content.startswith(b"%PDF")


@pytest.mark.parametrize("percent", ["", "101", "-1", "much", "1.234"])
def test_a_part_is_a_percentage(manager, who, percent):
    address = f"{REPORTS}remuneration/{who.slug}/"
    assert manager.post(address, {"percent": percent, "from_day": "2026-11-01"}).status_code == 422
    assert not PayShare.objects.exists()


def test_a_psychologist_sees_their_own_alone(who):
    other = make.psychologist()
    make.pay_share(psychologist=who, percent="50", from_day="2026-11-01")
    pay(issue("220.00", psychologist=who), "100.00")
    theirs = issue("220.00", psychologist=other)
    pay(theirs, "77.00")
    own = make.client_for(who.user)
    page = own.get(f"{MINE}?psychologist={other.slug}").content.decode()
    assert "$50.00" in page
    assert theirs.number not in page
    assert own.get(f"{MINE}pdf/").content.startswith(b"%PDF")


@pytest.mark.parametrize("role", [Role.PATIENT, Role.PSYCHOLOGIST, Role.RECEPTION])
@pytest.mark.parametrize("page", [*PAGES, *FILES])
def test_figures_are_the_managers(role, page):
    assert make.signed_in_client(role=role).get(page).status_code == 403


@pytest.mark.parametrize("role", [Role.PATIENT, Role.RECEPTION, Role.MANAGER])
def test_earnings_are_a_psychologists(role):
    assert make.signed_in_client(role=role).get(MINE).status_code == 403


@pytest.mark.parametrize("sql", ["UPDATE billing_payshare SET percent = 1", "DELETE FROM billing_payshare"])
def test_a_part_never_changes(who, sql):
    make.pay_share(psychologist=who)
    with pytest.raises(DatabaseError, match=words.SHARE_NEVER), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
