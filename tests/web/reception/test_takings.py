"""The page on which money is taken: several invoices, several methods, and what adds up."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.charges import Charge
from portal.billing.models import Invoice, Payment, Taking
from tests import make
from tests.web.reception.conftest import NOW

D = Decimal


def issued(patient, price):
    by = make.actor(role=Role.RECEPTION)
    draft = actions.draft_invoice(
        patient=patient,
        psychologist=make.psychologist(),
        location=make.location(),
        charges=[Charge(description="Session", unit_price=D(price))],
        by=by,
        now=NOW,
    )
    return actions.issue_invoice(invoice=draft, by=by, now=NOW)


@pytest.fixture
def patient(clinic):
    make.location()
    return make.patient()


@pytest.fixture
def old(patient, now):
    return issued(patient, "100.00")


@pytest.fixture
def new(patient, old):
    return issued(patient, "60.00")


def url(patient):
    return reverse("reception:take", args=[patient.code])


def hidden(page):
    found = re.findall(r'<input type="hidden" name="(key|seen|once|location)" value="([^"]*)"', page)
    found += [(name, value) for value, name in re.findall(r'value="([^"]*)" name="(once)"', page)]
    return dict(found)


def send(desk, patient, **typed):
    page = desk.get(url(patient)).content.decode()
    return page, desk.post(url(patient), {**hidden(page), "received_on": "2026-11-24", **typed})


def words(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_two_invoices_by_two_methods(desk, patient, old, new):
    typed = {f"gets_{old.number}": "100", f"gets_{new.number}": "60", "cash": "50", "handed": "70", "card": "110"}
    _page, response = send(desk, patient, **typed)
    taking = Taking.objects.get()
    assert response["Location"] == reverse("reception:taking", args=[taking.number])
    assert {i.balance for i in Invoice.objects.all()} == {0}
    shown = words(desk.get(response["Location"]))
    assert "$160.00 taken" in shown
    assert "Change given $20.00" in shown
    pdf = desk.get(reverse("reception:taking_pdf", args=[taking.number]))
    assert (pdf["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")


def test_cash_that_was_handed_over_is_for_something(desk, patient, old):
    _page, response = send(desk, patient, **{f"gets_{old.number}": "100", "handed": "70", "card": "100"})
    assert response.status_code == 422
    assert "How much of it is for the invoices?" in words(response)


def test_what_is_missing_is_said_and_nothing_taken(desk, patient, old):
    _page, response = send(desk, patient, **{f"gets_{old.number}": "100", "cash": "80"})
    assert response.status_code == 422
    assert "$20.00 is missing. Write what else was paid, or lower what an invoice gets." in words(response)
    assert not Payment.objects.exists()


def test_what_is_more_is_kept_only_when_somebody_says_so(desk, patient, old):
    typed = {f"gets_{old.number}": "100", "card": "120"}
    _page, response = send(desk, patient, **typed)
    assert "$20.00 is more than the invoices get." in words(response)
    _page, response = send(desk, patient, **typed, keeps="on")
    assert (response.status_code, actions.on_account(patient)) == (302, D(20))
    assert "We hold $20.00 on their account." in words(desk.get(reverse("reception:patient", args=[patient.code])))


def test_the_sum_follows_what_is_typed(desk, patient, old):
    page = desk.get(url(patient)).content.decode()
    data = {**hidden(page), "received_on": "2026-11-24", f"gets_{old.number}": "100", "cash": "40", "step": "sum"}
    response = desk.post(url(patient), data, headers={"HX-Request": "true", "HX-Target": "sum"})
    assert words(response).startswith("Does it add up?")
    assert "$60.00 is missing." in words(response)
    wrong = []
    for typed in ({"card": "x"}, {}, {"card": "60"}):
        page = desk.post(url(patient), data | typed, headers={"HX-Request": "true", "HX-Target": "sum"})
        wrong += re.findall('data-wrong="([^"]*)"', page.content.decode())
    assert wrong == ["id_card form", "form", ""]
    assert not Payment.objects.exists()


def test_what_is_held_goes_first(desk, patient, old):
    send(desk, patient, card="30", keeps="on")
    page, response = send(desk, patient, **{f"gets_{old.number}": "100", "use_held": "on", "card": "70"})
    assert "We hold $30.00 of theirs" in page
    old.refresh_from_db()
    assert (response.status_code, old.balance, actions.on_account(patient)) == (302, 0, 0)


def test_an_old_page_takes_nothing(desk, patient, old):
    page = desk.get(url(patient)).content.decode()
    actions.record_payment(invoice=old, amount=D(10), method="cash", key="k", by=make.actor(), now=NOW)
    data = {**hidden(page), "received_on": "2026-11-24", f"gets_{old.number}": "80", "card": "80"}
    response = desk.post(url(patient), data)
    assert response.status_code == 409
    assert "Somebody changed what they owe" in words(response)
    assert Payment.objects.count() == 1


def test_an_old_page_says_first_what_changed(desk, patient, old):
    page = desk.get(url(patient)).content.decode()
    by = make.actor(user=make.staff(first_name="Kim", last_name="Lee"))
    actions.record_payment(invoice=old, amount=D(100), method="cash", key="k", by=by, now=NOW)
    data = {**hidden(page), "received_on": "2026-11-24", f"gets_{old.number}": "100", "card": "100"}
    receipt = Payment.objects.get().number
    said = f"Nothing was taken. Kim Lee recorded $100.00 at 11:00 am: receipt {receipt}. Nothing is owing now."
    sums = desk.post(url(patient), data | {"step": "sum"}, headers={"HX-Request": "true", "HX-Target": "sum"})
    response = desk.post(url(patient), data)
    assert response.status_code == 409
    for answer in (sums, response):
        assert said in words(answer).replace("\u202f", " ").replace("\xa0", " ")
        # What would have it taken twice is no longer the first advice.
        assert "more than the invoices get" not in words(answer)
    assert Payment.objects.count() == 1


def test_the_place_is_remembered(desk, patient, old):
    make.location(name="Fitzroy")
    other = make.location(name="Carlton")
    typed = {f"gets_{old.number}": "50", "cash": "50", "location": other.slug}
    send(desk, patient, **typed)
    assert Payment.objects.get().location == other
    assert re.search(rf'<option value="{other.slug}" selected', desk.get(url(patient)).content.decode())


@pytest.mark.parametrize(("role", "status"), [(Role.PSYCHOLOGIST, 403), (Role.PATIENT, 403), (Role.MANAGER, 200)])
def test_who_may_take_money(patient, role, status, now):
    assert make.signed_in_client(role=role).get(url(patient)).status_code == status


def test_what_is_on_the_account_goes_back_with_a_reason(desk, patient):
    send(desk, patient, card="30", keeps="on")
    address = reverse("reception:refund_account", args=[patient.code])
    answer = desk.get(address)
    assert answer.context["form"]["method"].value() == "card", "it goes back as it came"
    page = answer.content.decode()
    data = {**hidden(page), "amount": "30", "method": "transfer", "reason": ""}
    assert desk.post(address, data).status_code == 422
    response = desk.post(address, {**data, "reason": "They moved away"}, follow=True)
    refund = Payment.objects.get(amount__lt=0)
    assert (refund.reason, actions.on_account(patient)) == ("They moved away", 0)
    assert f"$30.00 refunded: receipt {refund.number}." in words(response)
    assert desk.get(reverse("reception:taking_pdf", args=[refund.number])).status_code == 200
    send(desk, patient, card="30", cash="20", keeps="on")
    mixed = desk.get(address)
    assert not mixed.context["form"]["method"].value()
    assert "It came by Card, Cash: choose how it goes back." in words(mixed)
