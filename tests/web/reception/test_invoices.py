"""Invoices at the desk."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.actions import BillTo
from portal.billing.charges import Charge
from portal.billing.models import Invoice, Payment, Purpose
from portal.billing.totals import COUNTED
from portal.patients.search import reindex
from tests import make

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # 2 pm in Melbourne
D = Decimal


@pytest.fixture(autouse=True)
def _tuesday_afternoon(db):
    make.clinic()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk():
    return make.client_for(make.staff())


def issue(price="220.00", *, patient=None, psychologist=None, now=NOW, location=None, payer=None):
    """An issued invoice of one line."""
    patient = patient or make.patient()
    reindex(patient)
    by = make.actor()
    draft = actions.draft_invoice(
        patient=patient,
        psychologist=psychologist or make.psychologist(),
        location=location or make.location(),
        charges=[Charge(description="Session", unit_price=D(price))],
        bill_to=BillTo(payer) if payer else None,
        by=by,
        now=now,
    )
    return actions.issue_invoice(invoice=draft, by=by, now=now)


def pay(invoice, amount, **fields):
    payment = actions.record_payment(
        invoice=invoice, amount=D(amount), method="card", key=uuid.uuid4().hex, by=make.actor(), now=NOW, **fields
    )
    invoice.refresh_from_db()
    return payment


def void(invoice):
    return actions.void_invoice(invoice=invoice, reason="Billed twice", by=make.actor(), now=NOW)


def url(name, invoice, *more):
    return reverse(f"reception:{name}", args=[invoice.number, *more])


LIST = "/reception/invoices/"


def numbers(response):
    """The numbers of the listed invoices, in their order."""
    return re.findall(r'href="/reception/invoices/(INV-[0-9A-F]{8})/"', response.content.decode())


def words(response):
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


# ---- Who -------------------------------------------------------------------------------------------------------------

ACCESS = [("reception", 200), ("manager", 200), ("psychologist", 403), ("patient", 403), ("nobody", 302)]


def person(who, invoice):
    match who:
        case "reception" | "manager":
            return make.user(role=Role(who))
        case "psychologist":
            return invoice.psychologist.user
        case "patient":
            user = make.user()
            type(invoice.patient).objects.filter(pk=invoice.patient_id).update(user=user)
            return user
    return None


@pytest.mark.parametrize(("who", "status"), ACCESS)
@pytest.mark.parametrize("name", ["invoices", "invoice", "invoice_pdf", "void_invoice", "refund_payment"])
def test_who_may_look(name, who, status):
    invoice = issue()
    payment = pay(invoice, "10.00")
    args = {"invoices": [], "refund_payment": [invoice.number, payment.number]}.get(name, [invoice.number])
    client = make.client_for(person(who, invoice))
    response = client.get(reverse(f"reception:{name}", args=args))
    assert response.status_code == status
    # A refusal says nothing of what is behind it; the address in the way to sign in is what was asked for.
    shown = b"$2" in response.content or b"$10.00" in response.content or response.content.startswith(b"%PDF")
    assert shown is (status == 200)


@pytest.mark.parametrize(("who", "status"), [(who, 302 if status == 200 else status) for who, status in ACCESS])
def test_who_may_take_and_give_money(who, status):
    invoice = issue()
    user = person(who, invoice)
    client = make.client_for(user)
    taken = client.post(url("pay", invoice), payment_form("20.00"))
    payment = pay(invoice, "5.00")
    given = client.post(url("refund_payment", invoice, payment.number), payment_form("1.00"))
    invoice.refresh_from_db()
    other = issue()
    voided = client.post(url("void_invoice", other), {"reason": "Billed twice"})
    other.refresh_from_db()
    assert (taken.status_code, given.status_code, voided.status_code) == (status, status, status)
    allowed = who in {"reception", "manager"}
    assert invoice.paid == (D("24.00") if allowed else D("5.00"))
    assert other.status == ("void" if allowed else "issued")


def test_money_moves_by_post_only(desk):
    invoice = issue()
    assert desk.get(url("pay", invoice)).status_code == 405
    assert desk.delete(url("invoice", invoice)).status_code == 405
    assert desk.delete(LIST).status_code == 405


@pytest.mark.parametrize("number", ["INV-00000000", "inv", "1"])
def test_an_unknown_number_is_not_found(desk, number):
    for name in ("invoice", "invoice_pdf", "void_invoice"):
        assert desk.get(reverse(f"reception:{name}", args=[number])).status_code == 404


# ---- The list --------------------------------------------------------------------------------------------------------


def test_the_newest_stand_first(desk):
    old, new = issue(now=NOW - timedelta(days=3)), issue()
    newest = issue()
    assert numbers(desk.get(LIST)) == [newest.number, new.number, old.number]


def test_an_empty_list_says_what_makes_an_invoice(desk):
    assert "An invoice is made when a session is checked out." in words(desk.get(LIST))
    assert "Nothing fits." in words(desk.get(LIST, {"q": "zzz"}))


def test_each_standing_is_found(desk):
    owing, overdue, part, paid, gone = (
        issue(now=NOW),
        issue(now=NOW - timedelta(days=9)),
        issue(),
        issue(),
        issue(),
    )
    pay(part, "5.00")
    pay(paid, "220.00")
    void(gone)
    found = {
        standing: set(numbers(desk.get(LIST, {"standing": standing})))
        for standing in ("owing", "overdue", "paid", "void", "draft")
    }
    assert found == {
        "owing": {owing.number, overdue.number, part.number},
        "overdue": {overdue.number},
        "paid": {paid.number},
        "void": {gone.number},
        "draft": set(),
    }
    page = words(desk.get(LIST))
    for label in ("Due", "Overdue", "Part paid", "Paid", "Void"):
        assert label in page


@pytest.mark.parametrize("typed", ["{number}", "{digits}", "inv {digits}", "{begin}", "INV-{begin}", " {number} "])
def test_a_number_is_found_by_its_beginning(desk, typed):
    wanted = issue()
    # Numbers are drawn by lot: one without a digit in its beginning would read as a name.
    while not any(c.isdigit() for c in wanted.number[4:8]):
        wanted = issue()
    others = [issue() for _ in range(3)]
    text = typed.format(number=wanted.number, digits=wanted.number[4:].lower(), begin=wanted.number[4:8])
    found = numbers(desk.get(LIST, {"q": text}))
    assert wanted.number in found
    assert set(found) == {i.number for i in [wanted, *others] if i.number.startswith(wanted.number[:8])}


@pytest.mark.parametrize("typed", ["nguyen", "Nguyễn", "thu ng", "NGUY", "thu.n@example.com"])
def test_a_patient_is_found_by_name(desk, typed):
    wanted = issue(patient=make.patient(legal_first_name="Thu", legal_last_name="Nguyễn", email="thu.n@example.com"))
    issue(patient=make.patient(legal_first_name="Ash", legal_last_name="Other"))
    assert numbers(desk.get(LIST, {"q": typed})) == [wanted.number]


def test_a_name_that_many_people_have_is_found_whole(desk, monkeypatch):
    from portal.web.reception import filters

    monkeypatch.setattr(filters, "FEW_PEOPLE", 2)
    wanted = {issue(patient=make.patient(legal_first_name="Kim", legal_last_name="Lee")).number for _ in range(4)}
    issue(patient=make.patient(legal_first_name="Kim", legal_last_name="Other"))
    assert set(numbers(desk.get(LIST, {"q": "kim lee"}))) == wanted


def test_days_psychologist_and_patient_narrow_it(desk):
    mai, patient = make.psychologist(slug="mai"), make.patient()
    wanted = issue(psychologist=mai, patient=patient, now=datetime(2026, 11, 10, 3, 0, tzinfo=UTC))
    issue(psychologist=mai, now=datetime(2026, 11, 12, 3, 0, tzinfo=UTC))
    issue(now=datetime(2026, 11, 10, 3, 0, tzinfo=UTC))
    days = {"since": "2026-11-10", "until": "2026-11-11"}
    assert numbers(desk.get(LIST, {"psychologist": "mai", **days})) == [wanted.number]
    assert numbers(desk.get(LIST, {"patient": str(patient.code)})) == [wanted.number]
    assert len(numbers(desk.get(LIST, days))) == 2


def test_what_cannot_be_read_is_said_and_the_rest_still_narrows(desk):
    wanted = issue(patient=make.patient(legal_last_name="Okafor"))
    issue()
    response = desk.get(
        LIST, {"q": "okafor", "since": "31/2/2026", "psychologist": "nobody", "standing": "lost", "patient": "x"}
    )
    assert response.status_code == 200
    assert "There is no 31 February 2026" in words(response)
    assert numbers(response) == [wanted.number]


@pytest.mark.parametrize("q", ["\x00", "a" * 201, "%", "'", "(", "_", "🦘", "INV-"])
def test_odd_searches_are_answered(desk, q):
    issue()
    assert desk.get(LIST, {"q": q}).status_code == 200


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        ("issued_on", lambda i: (i.issued_on, i.pk)),
        ("-issued_on", lambda i: (i.issued_on, i.pk)),
        ("due_on", lambda i: (i.due_on, i.pk)),
        ("-total", lambda i: (i.total, i.pk)),
        ("total", lambda i: (i.total, i.pk)),
    ],
)
def test_sorting(desk, sort, key):
    for n, price in enumerate(["30.00", "10.00", "20.00", "10.00"]):
        issue(price, now=NOW - timedelta(days=[2, 4, 1, 4][n]))
    wanted = sorted(Invoice.objects.all(), key=key, reverse=sort.startswith("-"))
    assert numbers(desk.get(LIST, {"sort": sort})) == [invoice.number for invoice in wanted]


@pytest.mark.parametrize("sort", ["patient", "-id", "number; DROP", "snapshot", ""])
def test_an_order_that_no_index_serves_is_newest_first(desk, sort):
    first, second = issue(now=NOW - timedelta(days=1)), issue()
    assert numbers(desk.get(LIST, {"sort": sort})) == [second.number, first.number]


def link(response, rel):
    found = re.search(rf'<a href="([^"]*)" rel="{rel}"', response.content.decode())
    return LIST + found[1].replace("&amp;", "&") if found else None


@pytest.mark.parametrize("sort", ["-issued_on", "total"])
def test_pages_turn_by_links_that_keep_the_filter(desk, monkeypatch, sort):
    from portal.web.reception.views import invoice_list

    monkeypatch.setattr(invoice_list, "PER_PAGE", 2)
    for n in range(5):
        issue(now=NOW - timedelta(days=n // 2))
    void(issue())
    first = desk.get(LIST, {"standing": "owing", "sort": sort})
    second = desk.get(link(first, "next"))
    third = desk.get(link(second, "next"))
    assert (link(first, "prev"), link(third, "next")) == (None, None)
    everything = [i.number for i in Invoice.objects.owing().order_by("-issued_on", "-pk")]
    seen = numbers(first) + numbers(second) + numbers(third)
    assert sorted(seen) == sorted(everything)
    if sort == "-issued_on":
        assert seen == everything
    assert numbers(desk.get(link(third, "prev"))) == numbers(second)
    assert numbers(desk.get(link(second, "prev"))) == numbers(first)
    assert not re.search(r"[?&](page=\d+|id=)", link(first, "next"))


def test_htmx_gets_the_fragment_and_history_the_page(desk):
    invoice = issue()
    fragment = desk.get(LIST, headers={"HX-Request": "true", "HX-Target": "results"})
    assert fragment.content.decode().strip().startswith('<div id="results"')
    assert numbers(fragment) == [invoice.number]
    for headers in ({"HX-Request": "true", "HX-Target": "results", "HX-History-Restore-Request": "true"}, {}):
        assert "<html" in desk.get(LIST, headers=headers).content.decode()


def test_signed_out_htmx_leaves_the_page(client):
    response = client.get(LIST, headers={"HX-Request": "true", "HX-Target": "results"})
    assert (response.status_code, response.content) == (204, b"")
    assert response["HX-Redirect"].startswith("/accounts/login/")


@pytest.mark.parametrize("query", [{}, {"standing": "owing"}, {"q": "patient"}, {"sort": "total"}])
def test_one_query_count_at_1_and_at_30_rows(desk, query):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(LIST, query).status_code == 200
        counts = [q["sql"] for q in queries if "COUNT(" in q["sql"] and 'FROM "billing_invoice"' in q["sql"]]
        # Only what is shown above the list is counted, and no further than that.
        assert [sql for sql in counts if f"LIMIT {COUNTED + 1}" in sql] == counts
        assert len(counts) <= 1
        return len(queries)

    issue()
    count()
    at_one = count()
    for _ in range(29):
        issue()
    # Whom the clinic has by now is read once, however long the list is.
    count()
    assert count() == at_one


SQLITE_ONLY = pytest.mark.skipif("connection.vendor != 'sqlite'")


@SQLITE_ONLY
@pytest.mark.parametrize("sort", ["-issued_on", "issued_on", "-due_on", "total", "-total"])
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"standing": "owing"},
        {"standing": "overdue"},
        {"standing": "paid"},
        {"standing": "void"},
        {"least": "100"},
        {"since": "2026-01-01", "until": "2026-12-31"},
        {"page": "after"},
        {"page": "before"},
        {"page": "after", "standing": "owing"},
    ],
)
def test_no_list_reads_or_sorts_the_whole_table(desk, query, sort):
    """Each query steps to its place in an index and reads on from there: by SQLite's own plan, with nothing known of
    how many rows there are."""
    for n in range(3):
        issue(now=NOW - timedelta(days=n))
    if "page" in query:
        query = {**query, "page": f"{query['page']}-{Invoice.objects.order_by('pk')[1].number}"}
    plans = []
    narrows = "since" in query or query.get("standing", "paid") != "paid"

    def explain(execute, sql, params, many, context):
        # What is counted of the whole table, or of nearly all of it, ends after so many rows, wherever it begins.
        if 'FROM "billing_invoice"' in sql and (narrows or f"LIMIT {COUNTED + 1}" not in sql):
            with connection.cursor() as cursor:
                cursor.cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
                plans.append([row[3] for row in cursor.cursor.fetchall()])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        assert desk.get(LIST, {**query, "sort": sort}).status_code == 200
    assert plans
    for plan in plans:
        assert not [step for step in plan if re.fullmatch(r"SCAN billing_invoice", step)], plan
        # A stretch of days, or the few that are void, may be sorted by another column: those, not the table.
        if not ("since" in query or query.get("standing") in {"overdue", "void"}):
            assert not [step for step in plan if "TEMP B-TREE" in step], plan


# ---- One invoice -----------------------------------------------------------------------------------------------------


def test_the_page_shows_it_all(desk):
    patient = make.patient(legal_first_name="Ash", legal_last_name="O'Brien", preferred_name="Ashley")
    make.carer(patient=patient, is_billed=True, user=make.user(first_name="Jo", last_name="O'Brien"))
    invoice = issue(patient=patient)
    payment = pay(invoice, "100.00", reference="T-77")
    text = words(desk.get(url("invoice", invoice)))
    for part in [
        invoice.number,
        "Part paid",
        "Ashley O&#x27;Brien",
        "Ash O&#x27;Brien",
        "Jo O&#x27;Brien",
        "Session",
        "$220.00",
        f"Card {payment.number} · T-77",
        "Owing due 1 Dec 2026 $120.00",
        "Record a payment",
    ]:
        assert part in text, part


def test_a_paid_or_void_invoice_offers_no_payment(desk):
    paid, gone = issue(), issue()
    pay(paid, "220.00")
    void(gone)
    for invoice in (paid, gone):
        assert "Record a payment" not in words(desk.get(url("invoice", invoice)))
    assert "Void since 24 Nov 2026: Billed twice." in words(desk.get(url("invoice", gone)))
    assert url("void_invoice", paid) not in desk.get(url("invoice", paid)).content.decode()


def test_one_query_count_at_1_and_at_12_payments(desk):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(url("invoice", invoice)).status_code == 200
        return len(queries)

    invoice = issue()
    pay(invoice, "1.00")
    count()
    at_one = count()
    for _ in range(11):
        pay(invoice, "1.00")
    assert count() == at_one


# ---- Money -----------------------------------------------------------------------------------------------------------


def payment_form(amount="220.00", **fields):
    return {
        "amount": amount,
        "method": "card",
        "received_on": "2026-11-24",
        "reference": "",
        # Asked of what goes back alone.
        "reason": "Charged twice",
        "key": str(uuid.uuid4()),
        **fields,
    }


def test_a_payment_is_recorded(desk):
    invoice = issue()
    response = desk.post(
        url("pay", invoice),
        payment_form("$1,00.50".replace(",", ""), method="cash", received_on="2026-11-20", reference=" R 1 "),
        follow=True,
    )
    payment = Payment.objects.get()
    assert (payment.amount, payment.method, payment.received_on, payment.reference) == (
        D("100.50"),
        "cash",
        date(2026, 11, 20),
        "R 1",
    )
    assert response.redirect_chain == [(url("invoice", invoice), 302)]
    assert f"$100.50 recorded: receipt {payment.number}." in words(response)


def test_a_double_click_records_once(desk):
    invoice = issue()
    form = payment_form("100.00")
    desk.post(url("pay", invoice), form)
    response = desk.post(url("pay", invoice), form, follow=True)
    assert Payment.objects.count() == 1
    # The clock stands still in tests, so the second click is told the same as the first.
    assert "receipt" in words(response)


def test_a_repeat_later_is_told_that_it_was_recorded_already(desk):
    invoice = issue()
    form = payment_form("100.00")
    desk.post(url("pay", invoice), form)
    desk.get(url("invoice", invoice))
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        response = desk.post(url("pay", invoice), form, follow=True)
    assert "$100.00 was recorded already" in words(response)
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"amount": "220.01", "method": "cash"}, "Only $220.00 is owing. Take that, and give the rest back."),
        ({"amount": "220.01", "method": "card"}, "Only $220.00 is owing. Take only that."),
        ({"amount": "0"}, "Write an amount above zero."),
        ({"amount": "-5"}, "Write an amount above zero."),
        ({"amount": "ten"}, "Write an amount in dollars, such as 220 or 220.50."),
        ({"amount": "1.234"}, "Write dollars and cents, such as 220.50."),
        ({"amount": ""}, "Fill this in."),
        ({"received_on": "2026-11-25"}, "This day is still to come."),
        ({"received_on": "2020-11-24"}, "Nothing can have been paid for this before 25 Sep 2026."),
        ({"received_on": "2026-02-31"}, "There is no 31 February 2026."),
        ({"method": "barter"}, "Choose one of these. “barter” is not among them."),
        ({"reference": "x" * 101}, "Write at most 100 characters. This has 101."),
    ],
)
def test_what_is_wrong_stands_beside_it_and_nothing_typed_is_lost(desk, fields, said):
    invoice = issue()
    form = payment_form("150.00", reference="kept") | fields
    response = desk.post(url("pay", invoice), form)
    assert response.status_code == 422
    assert said in words(response)
    for name in ("amount", "received_on", "reference"):
        assert response.context["form"][name].value() == form[name]
    assert not Payment.objects.exists()


def test_a_form_that_was_sent_with_another_amount_asks_to_look(desk):
    invoice = issue()
    form = payment_form("100.00")
    desk.post(url("pay", invoice), form)
    response = desk.post(url("pay", invoice), form | {"amount": "20.00"})
    assert response.status_code == 422
    assert "This page was sent before with another amount." in words(response)
    again = response.context["form"]["key"].value()
    assert again != form["key"]
    assert desk.post(url("pay", invoice), form | {"amount": "20.00", "key": again}).status_code == 302
    assert sorted(Payment.objects.values_list("amount", flat=True)) == [D("20.00"), D("100.00")]


def test_paying_what_somebody_else_just_paid_is_told_kindly(desk):
    invoice = issue()
    pay(invoice, "220.00")
    response = desk.post(url("pay", invoice), payment_form("220.00"), follow=True)
    assert "This invoice is paid. Nothing more was recorded." in words(response)
    assert Payment.objects.count() == 1


def test_a_void_invoice_takes_no_money(desk):
    invoice = issue()
    void(invoice)
    response = desk.post(url("pay", invoice), payment_form(), follow=True)
    assert "This invoice is void. Nothing was recorded." in words(response)
    assert not Payment.objects.exists()


def test_money_is_given_back(desk):
    invoice = issue()
    payment = pay(invoice, "100.00")
    page = desk.get(url("refund_payment", invoice, payment.number))
    assert str(page.context["form"]["amount"].value()) == "100.00"
    response = desk.post(url("refund_payment", invoice, payment.number), payment_form("30.00"), follow=True)
    refund = Payment.objects.get(reverses=payment)
    assert refund.amount == D("-30.00")
    assert f"$30.00 refunded: receipt {refund.number}." in words(response)
    assert f"refund of {payment.number}" in words(response)
    too_much = desk.post(url("refund_payment", invoice, payment.number), payment_form("70.01"))
    assert (too_much.status_code, "Only $70.00 of this payment is left to give back." in words(too_much)) == (422, True)


def test_a_refund_goes_back_the_way_it_came_unless_somebody_ticks(desk):
    invoice = issue()
    address = url("refund_payment", invoice, pay(invoice, "100.00").number)
    cash = payment_form("30.00") | {"method": "cash"}
    assert "other_way" not in desk.get(address).content.decode()
    asked = desk.post(address, cash)
    assert asked.status_code == 422
    assert "It came by another way: Card." in words(asked)
    assert 'name="other_way"' in asked.content.decode()
    assert not Payment.objects.filter(reverses__isnull=False).exists()
    assert desk.post(address, cash | {"other_way": "on"}).status_code == 302
    assert Payment.objects.get(reverses__isnull=False).method == "cash"


def test_only_what_can_stay_on_an_account_is_offered_to_stay(desk):
    invoice, payer = issue(), issue(payer=make.payer())
    kept = "Keep it on their account"
    assert kept in words(desk.get(url("refund_payment", invoice, pay(invoice, "100.00").number)))
    assert kept not in words(desk.get(url("refund_payment", payer, pay(payer, "100.00").number)))


def test_a_refund_is_of_a_payment_on_this_invoice(desk):
    invoice, other = issue(), issue()
    payment = pay(other, "100.00")
    assert desk.get(url("refund_payment", invoice, payment.number)).status_code == 404
    refund = actions.refund_payment(
        reason="Charged twice", payment=payment, invoice=other, amount=D("100.00"), key="r", by=make.actor(), now=NOW
    )
    assert desk.get(url("refund_payment", other, refund.number)).status_code == 404
    assert "All of this payment has been refunded." in words(desk.get(url("refund_payment", other, payment.number)))
    assert url("refund_payment", other, payment.number) not in desk.get(url("invoice", other)).content.decode()


def test_voiding_asks_why(desk):
    invoice = issue()
    empty = desk.post(url("void_invoice", invoice), {"reason": " "})
    assert (empty.status_code, "Fill this in." in words(empty)) == (422, True)
    response = desk.post(url("void_invoice", invoice), {"reason": "Billed twice"}, follow=True)
    assert "The invoice is void. The session can be billed again." in words(response)
    invoice.refresh_from_db()
    assert (invoice.status, invoice.void_reason) == ("void", "Billed twice")
    again = desk.get(url("void_invoice", invoice), follow=True)
    assert "This invoice is void already." in words(again)


def test_a_paid_invoice_is_not_voided(desk):
    invoice = issue()
    pay(invoice, "20.00")
    assert "$20.00 is paid on this invoice." in words(desk.get(url("void_invoice", invoice)))
    response = desk.post(url("void_invoice", invoice), {"reason": "x"}, follow=True)
    assert "$20.00 is paid on this invoice. Refund it first, then void it." in words(response)
    invoice.refresh_from_db()
    assert invoice.status == "issued"


def test_the_paper(desk):
    invoice = issue()
    response = desk.get(url("invoice_pdf", invoice))
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'inline; filename="{invoice.number}.pdf"'
    assert response.content[:5] == b"%PDF-"
    assert "no-store" in response["Cache-Control"] or "private" in response["Cache-Control"]


def test_a_row_says_what_it_is_for_only_where_it_is_for_no_session(desk):
    issue()
    session = make.appointment(starts_at=NOW + timedelta(days=7))
    by = make.actor()
    ahead = actions.bill(
        appointment=session,
        purpose=Purpose.DEPOSIT,
        charges=[Charge(description="Prepayment", unit_price=D("50.00"))],
        by=by,
        now=NOW,
    )
    rows = re.findall(r"<tr.*?</tr>", desk.get(LIST).content.decode(), re.DOTALL)
    said = {number[0]: "Paid ahead" in row for row in rows if (number := re.findall(r"INV-[0-9A-F]{8}", row))}
    assert len(said) == 2
    assert [number for number, says in said.items() if says] == [ahead.number]
    assert not [row for row in rows if re.search(r">\s*Session\s*<", row)]


def test_days_the_wrong_way_round_are_said_to_be_so(desk, place):
    page = words(desk.get(LIST, {"since": "2026-11-30", "until": "2026-11-01"}))
    assert "It is before the first day. Swap the two days." in page


def test_on_the_patients_page_what_is_left_of_an_invoice_comes_first(desk):
    invoice = issue()
    page = reverse("reception:patient", args=[invoice.patient.code])

    def shown():
        return " ".join(desk.get(page).content.decode().split())

    assert "to pay <small" not in shown()
    pay(invoice, "20.00")
    assert '$200.00 to pay <small class="soft">of $220.00</small>' in shown()


def test_what_was_paid_stands_without_a_minus(desk):
    """With one it reads like money that went back."""
    invoice = issue()
    page = reverse("reception:invoice", args=[invoice.number])
    assert "<dd>$0.00</dd>" in desk.get(page).content.decode()
    pay(invoice, "20.00")
    assert "<dd>$20.00</dd>" in desk.get(page).content.decode()


def test_a_payment_does_not_go_back_before_it_came(desk):
    payment = actions.record_payment(
        invoice=issue(),
        amount=D("50.00"),
        method="card",
        key="k",
        by=make.actor(role=Role.RECEPTION),
        now=NOW,
    )
    invoice = payment.allocations.get().invoice
    address = reverse("reception:refund_payment", args=[invoice.number, payment.number])
    page = desk.get(address).context["form"]
    sent = {"amount": "10.00", "method": "card", "key": page["key"].value(), "seen": page["seen"].value()}
    refused = desk.post(address, sent | {"received_on": "2026-11-01"})
    assert refused.status_code == 422
    assert "Nothing can have been paid for this before 24 Nov 2026." in words(refused)
    assert Payment.objects.count() == 1


def test_a_sessions_page_names_the_price_with_gst(desk):
    make.clinic(gst_registered=True)
    session = make.appointment(service=make.service(name="Letter", tax_code="taxable"), fee="300.00")
    page = words(desk.get(reverse("reception:appointment", args=[session.code])))
    assert "$330.00 with GST" in page, page[page.find("Agreed") :][:200]
