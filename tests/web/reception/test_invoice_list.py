"""What the list of invoices adds up, asks for quickly, and gives as a file."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.accounts.roles import Role
from portal.billing import actions, totals
from portal.billing.models import Invoice
from portal.billing.totals import totals_of
from portal.journeys import mailing
from portal.notifications.models import Notice, State
from tests import make
from tests.web.reception.test_invoices import LIST, NOW, issue, numbers, pay, void, words
from tests.web.reception.test_invoices import _tuesday_afternoon as _tuesday_afternoon
from tests.web.reception.test_invoices import desk as desk

D = Decimal


def test_what_is_shown_is_counted_and_added_up(desk):
    paid, part = issue("220.00"), issue("100.00")
    pay(paid, "220.00")
    pay(part, "30.00")
    void(issue("50.00"))
    shown = words(desk.get(LIST))
    assert "3 invoices · $320.00 to pay, $250.00 paid, $70.00 owing" in shown
    assert "1 invoice · $100.00 to pay, $30.00 paid, $70.00 owing" in words(desk.get(f"{LIST}?standing=owing"))


def test_beyond_what_is_counted_it_says_so_and_counts_when_asked(desk, monkeypatch):
    monkeypatch.setattr(totals, "COUNTED", 2)
    for _ in range(3):
        issue("100.00")
    assert "More than 2 invoices." in words(desk.get(LIST))
    assert "3 invoices · $300.00 to pay" in words(desk.get(f"{LIST}?count=all"))
    assert totals_of(Invoice.objects.all()).is_all is False


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("least=100", ["100.00", "220.00"]),
        ("most=100", ["80.00", "100.00"]),
        ("least=90&most=$150.00", ["100.00"]),
        ("purpose=session", ["80.00", "100.00", "220.00"]),
        ("purpose=late_fee", []),
    ],
)
def test_it_is_narrowed_by_amount_and_purpose(desk, query, found):
    by_number = {issue(price).number: price for price in ("80.00", "100.00", "220.00")}
    shown = numbers(desk.get(f"{LIST}?{query}&sort=total"))
    assert [by_number[number] for number in dict.fromkeys(shown)] == found


def test_largest_first_goes_by_what_is_left_of_a_credited_one(desk):
    """What stands in the column, and what the amounts ask for, in whichever order the credit came."""
    large, small = issue("220.00"), issue("100.00")
    actions.credit_line(
        line=large.lines.get(),
        amount=D("150.00"),
        reason="Came late",
        key="c",
        by=make.actor(role=Role.RECEPTION),
        now=NOW,
    )
    assert list(dict.fromkeys(numbers(desk.get(f"{LIST}?sort=-total")))) == [small.number, large.number]
    assert list(dict.fromkeys(numbers(desk.get(f"{LIST}?sort=-total&page=after-{small.number}")))) == [large.number]


def test_amounts_the_wrong_way_round_are_said_to_be_so(desk):
    assert "Swap the two" in words(desk.get(f"{LIST}?least=100&most=50"))


def test_quick_filters_are_one_press_away(desk):
    issue()
    response = desk.get(f"{LIST}?standing=owing")
    assert [one.label for one in response.context["quick"] if one.is_on] == ["Owing"]
    for one in response.context["quick"]:
        assert desk.get(LIST + one.query).status_code == 200


def test_patients_are_linked_and_payers_are_chosen_by_name(desk):
    invoice, payer = issue(), make.payer(name="Harbour Insurance")
    assert f'<option value="{payer.code}">Harbour Insurance</option>' in desk.get(LIST).content.decode()
    assert f'href="/reception/patients/{invoice.patient.code}/"' in desk.get(LIST).content.decode()


@pytest.mark.parametrize("filtered", ["", "?standing=owing", "?least=1&purpose=session"])
def test_it_asks_the_database_as_often_for_one_as_for_thirty(desk, filtered):
    psychologist, place = make.psychologist(), make.location()

    def asked():
        with CaptureQueriesContext(connection) as counted:
            assert desk.get(LIST + filtered).status_code == 200
        return len(counted)

    issue(psychologist=psychologist, location=place)
    asked()
    few = asked()
    for _ in range(29):
        issue(psychologist=psychologist, location=place)
    assert asked() == few


def test_as_csv_it_is_exactly_what_is_shown(desk):
    owing = issue("100.00", patient=make.patient(legal_first_name="=HYPERLINK()", legal_last_name="Doe"))
    pay(issue("220.00"), "220.00")
    response = desk.get(f"{LIST}csv/?standing=owing")
    assert response["Content-Disposition"].startswith('attachment; filename="invoices-2026-11-24.csv"')
    header, row = csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig")))
    told = dict(zip(header, row, strict=True))
    assert told["Invoice"] == owing.number
    assert told["Patient"].startswith("'=HYPERLINK()")
    assert (told["To pay"], told["Paid"], told["Owing"], told["Issued"]) == ("100.00", "0.00", "100.00", "2026-11-24")


def test_the_columns_of_the_file_add_up_to_what_the_page_says(desk):
    pay(issue("100.00"), "40.00")
    void(issue("220.00"))
    response = desk.get(f"{LIST}csv/")
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    sums = [sum(D(row[name]) for row in rows) for name in ("To pay", "Paid", "Owing")]
    assert sums == [D(100), D(40), D(60)]
    totals = desk.get(LIST).context["totals"]
    assert [totals.payable, totals.paid, totals.owing] == sums


def test_as_a_workbook(desk):
    issue()
    response = desk.get(f"{LIST}xlsx/")
    assert b"".join(response.streaming_content).startswith(b"PK")


@pytest.mark.parametrize("path", ["csv/", "xlsx/"])
@pytest.mark.parametrize("role", [Role.PATIENT, Role.PSYCHOLOGIST])
def test_files_are_the_desks(role, path):
    assert make.signed_in_client(role=role).get(LIST + path).status_code == 403


def test_it_says_when_an_invoice_was_mailed_last(desk):
    mailed, _unsent, waiting = (issue(patient=make.patient(email=f"p{n}@example.com")) for n in range(3))
    by = make.actor(role=Role.RECEPTION)
    for number, (invoice, sent_at) in enumerate(
        ((mailed, "2026-11-20T23:00Z"), (mailed, "2026-11-22T23:00Z"), (waiting, None))
    ):
        mailing.send_invoice(invoice=invoice, key=f"{number}", by=by, now=timezone.now())
        if sent_at:
            newest = Notice.objects.about(invoice).latest("pk")
            Notice.objects.filter(pk=newest.pk).update(state=State.SENT, sent_at=sent_at)
    answer = desk.get(LIST)
    table = answer.context["table"]
    assert table.sent == {mailed.code: "e-mailed 23 Nov"}
    assert answer.content.decode().count("e-mailed 23 Nov") == 1
