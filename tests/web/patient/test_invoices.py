"""A patient's invoices: their own, those of people they care for, those billed to them, and nobody else's."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.charges import Charge
from portal.billing.models import Invoice
from portal.common.access.actors import Actor
from tests import make

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LIST = "/my/invoices/"


@pytest.fixture(autouse=True)
def _tuesday_afternoon(db):
    make.clinic(bank_name="Banksia Lane", bank_bsb="063-000", bank_account="1234 5678")
    with time_machine.travel(NOW, tick=False):
        yield


def issue(patient, price="220.00", *, now=NOW, psychologist=None, benefit="0", what="Session"):
    by = make.actor()
    draft = actions.draft_invoice(
        patient=patient,
        psychologist=psychologist or make.psychologist(),
        location=make.location(),
        charges=[Charge(description=what, unit_price=Decimal(price), benefit=Decimal(benefit))],
        by=by,
        now=now,
    )
    return actions.issue_invoice(invoice=draft, by=by, now=now)


def pay(invoice, amount):
    return actions.record_payment(
        invoice=invoice, amount=Decimal(amount), method="card", key=uuid.uuid4().hex, by=make.actor(), now=NOW
    )


def words(response):
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def numbers(response):
    return set(re.findall(r"INV-[0-9A-F]{8}", response.content.decode()))


def person(who, invoice):
    match who:
        case "owner":
            return invoice.patient.user
        case "carer":
            return make.carer(patient=invoice.patient).user
        case "former carer":
            return make.carer(patient=invoice.patient, ended_at=NOW).user
        case "other patient":
            return make.patient(user=make.user()).user
        case "psychologist":
            return invoice.psychologist.user
        case "reception" | "manager":
            return make.user(role=Role(who))
    return None


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("owner", 200),
        ("carer", 200),
        ("former carer", 404),
        ("other patient", 404),
        # Staff are people too: these pages show them their own, and this one isn't.
        ("psychologist", 404),
        ("reception", 404),
        ("manager", 404),
        ("nobody", 302),
    ],
)
@pytest.mark.parametrize("name", ["invoice", "invoice_pdf"])
def test_who_may_look(name, who, status):
    invoice = issue(make.patient(user=make.user()))
    response = make.client_for(person(who, invoice)).get(reverse(f"patient:{name}", args=[invoice.number]))
    assert response.status_code == status
    shown = b"$220.00" in response.content or response.content.startswith(b"%PDF")
    assert shown is (status == 200)


def test_the_list_has_ones_own_and_those_billed_to_one_and_no_others():
    user = make.user()
    own, child = make.patient(user=user), make.patient()
    make.carer(patient=child, user=user)
    billed = make.patient()
    carer = make.carer(patient=billed, user=user, is_billed=True)
    mine = {issue(own).number, issue(child).number, issue(billed).number}
    carer.ended_at = NOW
    carer.save()
    # Billed to them while they were in care of it: theirs to keep. What came after is not.
    issue(billed)
    issue(make.patient(user=make.user()))
    assert numbers(make.client_for(user).get(LIST)) == mine


def test_a_draft_is_nobodys_yet():
    user = make.user()
    draft = actions.draft_invoice(
        patient=make.patient(user=user),
        psychologist=make.psychologist(),
        location=make.location(),
        charges=[Charge(description="Session", unit_price=Decimal(10))],
        by=make.actor(),
        now=NOW,
    )
    client = make.client_for(user)
    assert numbers(client.get(LIST)) == set()
    assert client.get(reverse("patient:invoice", args=[draft.number])).status_code == 404
    actions.void_invoice(invoice=draft, reason="Begun by mistake", by=make.actor(), now=NOW)
    assert numbers(client.get(LIST)) == set()


def test_what_is_to_be_paid_stands_above():
    patient = make.patient(user=make.user())
    late, part, paid, void = (
        issue(patient, now=NOW - timedelta(days=9)),
        issue(patient),
        issue(patient),
        issue(patient),
    )
    pay(part, "20.00")
    pay(paid, "220.00")
    actions.void_invoice(invoice=void, reason="Twice", by=make.actor(), now=NOW)
    page = words(make.client_for(patient.user).get(LIST))
    top, rest = page.split("All invoices")
    assert "$420.00 to pay" in top
    assert f"{late.number} Session · was due 22 Nov 2026 Overdue $220.00" in top
    assert f"{part.number} Session · due 1 Dec 2026 Part paid $200.00" in top
    assert top.index(late.number) < top.index(part.number)
    assert paid.number not in top
    assert {late.number, part.number, paid.number, void.number} <= set(rest.split())


def test_the_page_says_what_it_comes_to_and_how_to_pay():
    invoice = issue(make.patient(user=make.user()), benefit="149.05")
    payment = pay(invoice, "20.00")
    page = words(make.client_for(invoice.patient.user).get(reverse("patient:invoice", args=[invoice.number])))
    for part in [
        f"receipt {payment.number}",
        "To pay due 1 Dec 2026 $200.00",
        "063-000",
        "We expect Medicare to pay $149.05 back to you, which leaves $70.95.",
    ]:
        assert part in page, part


def test_page_and_paper_name_the_account_that_the_clinic_has_today():
    invoice = issue(make.patient(user=make.user()))
    make.clinic(bank_name="New Lane", bank_bsb="083-004", bank_account="8765 4321")
    client = make.client_for(invoice.patient.user)
    page = words(client.get(reverse("patient:invoice", args=[invoice.number])))
    assert f"Account name New Lane BSB 083-004 Account number 8765 4321 Reference {invoice.number}" in page
    paper = PdfReader(BytesIO(client.get(reverse("patient:invoice_pdf", args=[invoice.number])).content))
    printed = " ".join(paper.pages[0].extract_text().split())
    assert f"New Lane BSB 083-004, account 8765 4321 Reference {invoice.number}" in printed
    assert "063-000" not in page + printed


def test_the_list_says_what_each_is_for_and_what_is_left():
    patient = make.patient(user=make.user())
    part = issue(patient, what="First visit")
    pay(part, "70.00")
    page = words(make.client_for(patient.user).get(LIST))
    assert f"{part.number} First visit · due 1 Dec 2026 Part paid $150.00" in page
    assert "Part paid $220.00 $150.00 left to pay PDF" in page


def test_a_settled_invoice_asks_for_nothing():
    invoice = issue(make.patient(user=make.user()))
    pay(invoice, "220.00")
    page = words(make.client_for(invoice.patient.user).get(reverse("patient:invoice", args=[invoice.number])))
    assert "Nothing left to pay $0.00" in page
    assert "How to pay" not in page


def test_the_paper():
    invoice = issue(make.patient(user=make.user()))
    response = make.client_for(invoice.patient.user).get(reverse("patient:invoice_pdf", args=[invoice.number]))
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'inline; filename="{invoice.number}.pdf"'


def test_an_empty_list_says_what_will_be_there():
    client = make.signed_in_client()
    assert "After a session, its invoice and receipt are here" in words(client.get(LIST))


def test_pages_turn(monkeypatch):
    from portal.web.patient.views import invoices

    monkeypatch.setattr(invoices, "PER_PAGE", 2)
    patient = make.patient(user=make.user())
    issued = [issue(patient) for _ in range(3)]
    for invoice in issued:
        pay(invoice, "220.00")
    client = make.client_for(patient.user)
    assert numbers(client.get(LIST)) == {issued[1].number, issued[2].number}
    assert numbers(client.get(LIST, {"page": 2})) == {issued[0].number}
    fragment = client.get(LIST, {"page": 2}, headers={"HX-Request": "true", "HX-Target": "all"})
    assert fragment.content.decode().strip().startswith('<section id="all"')


def test_one_query_count_at_1_and_at_30_rows():
    patient = make.patient(user=make.user())
    client = make.client_for(patient.user)

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(LIST).status_code == 200
        return len(queries)

    issue(patient)
    count()
    at_one = count()
    for _ in range(29):
        issue(patient)
    # Each came with a psychologist of its own: what is kept of them is read anew, once.
    count()
    assert count() == at_one


def test_psychologists_read_those_of_their_own_sessions():
    mine, others = issue(make.patient()), issue(make.patient())
    seen = Invoice.objects.visible_to(Actor(mine.psychologist.user, Role.PSYCHOLOGIST))
    assert set(seen) == {mine}
    assert set(Invoice.objects.visible_to(Actor(make.staff(), Role.RECEPTION))) == {mine, others}
    assert set(Invoice.objects.visible_to(Actor.system("job"))) == set()


@pytest.mark.parametrize(
    ("language", "was", "badge", "purpose"),
    [
        ("en-au", "was $220.00", "Credited", "Session"),
        ("zh-hans", "原为 $220.00", "已全额减免", "Session"),
        ("vi", "trước là $220.00", "Đã giảm trừ hết", "Session"),
        ("ar", "كان", "خُصمت بالكامل", "Session"),
    ],
)
def test_the_list_says_what_was_taken_off_in_each_language(language, was, badge, purpose):
    patient = make.patient(user=make.user(language=language))
    issued, by = issue(patient), make.actor()
    credit = {"line": issued.lines.get(), "reason": "x", "by": by, "now": NOW}
    client = make.client_for(patient.user)
    address = LIST if language == "en-au" else f"/{language}{LIST}"
    actions.credit_line(amount=Decimal(20), key="a", **credit)
    page = words(client.get(address, follow=True))
    assert (was in page, purpose in page, badge in page) == (True, True, False)
    actions.credit_line(amount=Decimal(200), key="b", **credit)
    assert badge in words(client.get(address, follow=True))
