"""What was written down wrong of a payment, what is given back and kept, and what is written off: at the desk."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from portal.billing import actions, receipt_paper
from portal.billing.models import CreditNote, Invoice, Payment
from tests import make
from tests.web.reception.conftest import NOW
from tests.web.reception.test_takings import hidden, issued, words

D = Decimal


@pytest.fixture
def patient(clinic):
    return make.patient()


@pytest.fixture
def paid(patient, now):
    invoice = issued(patient, "100.00")
    return invoice, actions.record_payment(
        invoice=invoice, amount=D(100), method="card", key="p", by=make.actor(), now=NOW
    )


def opened(desk, name, *args):
    address = reverse(f"reception:{name}", args=args)
    return address, hidden(desk.get(address).content.decode())


def correction(desk, paid_for, payment, **typed):
    address, kept = opened(desk, "correct_payment", paid_for.number, payment.number)
    said = {
        "method": "card",
        "received_on": "2026-11-24",
        "reference": "",
        "invoice": paid_for.number,
        "reason": "It was cash",
    }
    return address, {**kept, **said, **typed}


def test_a_wrong_method_is_put_right_and_both_say_why(desk, paid):
    invoice, payment = paid
    address, data = correction(desk, invoice, payment, method="cash")
    response = desk.post(address, data, follow=True)
    anew = Payment.objects.get(corrects=payment, amount__gt=0)
    invoice.refresh_from_db()
    assert (anew.method, anew.amount, invoice.paid) == ("cash", D(100), D(100))
    shown = words(response)
    assert f"takes {payment.number} back, which was written down wrong It was cash" in shown
    assert f"instead of {payment.number}" in shown
    assert desk.post(address, data).status_code == 302
    assert Payment.objects.count() == 3


@pytest.mark.parametrize(("really", "owing"), [("40.00", D(60)), ("90", D(10))])
def test_a_wrong_amount_is_put_right_and_the_rest_is_owing_again(desk, paid, really, owing):
    invoice, payment = paid
    address, data = correction(desk, invoice, payment, amount=really)
    assert desk.post(address, data).status_code == 302
    anew = Payment.objects.get(corrects=payment, amount__gt=0)
    invoice.refresh_from_db()
    assert (anew.amount, invoice.balance) == (D(really), owing)
    assert sum(row.amount for row in Payment.objects.all()) == D(really)


def test_too_little_is_raised_and_never_above_what_is_asked_for(desk, patient, now):
    invoice = issued(patient, "100.00")
    payment = actions.record_payment(invoice=invoice, amount=D(10), method="card", key="p", by=make.actor(), now=NOW)
    address, data = correction(desk, invoice, payment, amount="100.01")
    refused = desk.post(address, data)
    assert "No more than $100.00 is asked for" in words(refused)
    address, data = correction(desk, invoice, payment, amount="100")
    assert desk.post(address, data).status_code == 302
    invoice.refresh_from_db()
    assert (invoice.paid, invoice.balance) == (100, 0)


def test_the_amount_of_what_was_given_back_in_part_stays(desk, paid):
    invoice, payment = paid
    actions.refund_payment(
        payment=payment, invoice=invoice, amount=D(10), reason="x", key="r", by=make.actor(), now=NOW
    )
    address, data = correction(desk, invoice, payment, amount="50")
    refused = desk.post(address, data)
    assert refused.status_code == 422
    assert "so its amount stays as it is" in words(refused)
    assert not Payment.objects.filter(corrects=payment).exists()


def test_a_wrong_invoice_is_put_right(desk, paid):
    invoice, payment = paid
    theirs = issued(make.patient(), "100.00")
    address, data = correction(desk, invoice, payment, invoice=theirs.number.lower(), reason="Same surname")
    assert desk.post(address, data).status_code == 302
    invoice.refresh_from_db()
    theirs.refresh_from_db()
    assert (invoice.paid, theirs.paid) == (0, D(100))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Nothing is different from what was written down"),
        ({"invoice": "INV-00000000"}, "There is no such invoice on which money is owing."),
        ({"method": "cash", "invoice": "INV-00000000"}, "Change either the invoice, or how and when it came"),
        ({"method": "cash", "received_on": "2026-11-25"}, "This day is still to come."),
        ({"method": "cash", "reason": " "}, "What was wrong"),
    ],
)
def test_what_can_not_be_corrected_is_said(desk, paid, typed, said):
    address, data = correction(desk, *paid, **typed)
    response = desk.post(address, data)
    assert response.status_code == 422
    assert said in words(response)
    assert Payment.objects.count() == 1


def test_an_old_page_corrects_nothing(desk, paid):
    invoice, payment = paid
    address, data = correction(desk, invoice, payment, method="cash")
    actions.refund_payment(
        payment=payment, invoice=invoice, amount=D(10), reason="x", key="r", by=make.actor(), now=NOW
    )
    response = desk.post(address, data)
    assert response.status_code == 409
    assert "This invoice was changed since the page was opened, and nothing was done." in words(response)
    assert not Payment.objects.filter(corrects=payment).exists()


def test_money_can_be_kept_on_the_account_instead_of_given_back(desk, patient, paid):
    invoice, payment = paid
    address, kept = opened(desk, "refund_payment", invoice.number, payment.number)
    response = desk.post(address, {**kept, "amount": "40", "method": "keep"}, follow=True)
    assert "$40.00 is kept on their account." in words(response)
    assert "Card , kept on the account" in words(response) or "Card, kept on the account" in words(response)
    assert actions.on_account(patient) == D(40)


def test_money_that_is_given_back_says_why(desk, paid):
    invoice, payment = paid
    address, kept = opened(desk, "refund_payment", invoice.number, payment.number)
    data = {**kept, "amount": "40", "method": "card", "received_on": "2026-11-24"}
    response = desk.post(address, data)
    assert "Why is it given back?" in words(response)
    assert desk.post(address, {**data, "reason": "Charged twice"}).status_code == 302
    assert Payment.objects.get(amount__lt=0).reason == "Charged twice"


@pytest.fixture
def split(patient, now):
    """An invoice of $220, paid by $120 in cash and $100 by card, on one receipt."""
    invoice = issued(patient, "220.00")
    parts = [actions.TakenPart("cash", D(120)), actions.TakenPart("card", D(100), "T 1")]
    taking = actions.take(
        patient=patient,
        parts=parts,
        settles=[actions.Settles(invoice, D(220))],
        uses=D(0),
        keeps=False,
        handed=None,
        received_on=NOW.date(),
        location=invoice.location,
        key="t",
        by=make.actor(),
        now=NOW,
    )
    return invoice, taking


def test_one_receipt_replaces_the_whole_of_a_split_one(desk, patient, split):
    invoice, taking = split
    cash, card = taking.parts.order_by("pk")
    address, data = correction(desk, invoice, card, method="transfer")
    said = words(desk.post(address, data, follow=True))
    new = taking.newest
    assert (
        f"$100.00 is written down anew. Receipt {new.number} states all $220.00, and replaces {taking.number}" in said
    )
    shown = words(desk.get(reverse("reception:taking", args=[new.number])))
    assert "$220.00 taken" in shown
    assert f"Replaces {taking.number}" in shown
    old = words(desk.get(reverse("reception:taking", args=[taking.number])))
    assert f"{new.number} states all of it as it was, and replaces this." in old
    assert "isn't sent to anybody" in old
    facts = receipt_paper.facts_of(actions.parts_of(new), patient=patient, among=Invoice.objects.all(), taking=new)
    assert [(part["method"], part["amount"]) for part in facts["parts"]] == [
        ("Cash", D(120)),
        ("Bank transfer", D(100)),
    ]
    assert (facts["total"], facts["replaces"], facts["stamp"]) == (D(220), taking.number, "")
    assert facts["paper"]["number"] == new.number
    # A second correction, of the part that stood: the newest states all again, and the one between no longer counts.
    address, data = correction(desk, invoice, cash, amount="90", reason="Wrong change")
    desk.post(address, data)
    newest = taking.newest
    assert (newest.replaces, [part.amount for part in actions.parts_of(newest)]) == (new, [D(100), D(90)])
    between = receipt_paper.facts_of(actions.parts_of(new), patient=patient, among=Invoice.objects.all(), taking=new)
    assert (between["stamp"], between["total"]) == (f"Replaced by {newest.number}", D(220))
    assert desk.get(reverse("reception:taking_pdf", args=[newest.number])).status_code == 200


def test_how_much_a_part_can_be_is_counted_beside_the_others(desk, split):
    invoice, taking = split
    address, data = correction(desk, invoice, taking.parts.get(method="card"), amount="150")
    refused = words(desk.post(address, data))
    assert "The invoice asks for $220.00, and $120.00 of it is paid otherwise: this can be $100.00 at most." in refused


def test_a_part_that_was_for_somebody_else_leaves_the_receipt(desk, patient, split):
    invoice, taking = split
    theirs = issued(make.patient(), "100.00")
    address, data = correction(desk, invoice, taking.parts.get(method="card"), invoice=theirs.number, reference="T 1")
    assert desk.post(address, data).status_code == 302
    [cash] = actions.parts_of(taking.newest)
    assert (taking.newest.replaces, cash.method) == (taking, "cash")
    assert Payment.objects.get(corrects__isnull=False, amount__gt=0).taking is None
    assert "$120.00 taken" in words(desk.get(reverse("reception:taking", args=[taking.newest.number])))


def test_what_will_never_be_paid_is_written_off(desk, patient, now):
    invoice = issued(patient, "100.00")
    address, kept = opened(desk, "write_off", invoice.number)
    assert desk.post(address, {**kept, "reason": ""}).status_code == 422
    response = desk.post(address, {**kept, "reason": "Moved abroad"}, follow=True)
    note = CreditNote.objects.write_offs().get()
    invoice.refresh_from_db()
    assert (note.amount, note.reason, note.snapshot["title"], invoice.balance) == (
        D(100),
        "Moved abroad",
        "Write-off",
        0,
    )
    assert "Written off" in words(response)
    assert desk.post(address, {**kept, "reason": "Moved abroad"}).status_code == 302
    assert CreditNote.objects.count() == 1
