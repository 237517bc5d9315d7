"""At the doors that people use: somebody is found however they are typed, and who is not can be registered so."""

import re
from datetime import date
from decimal import Decimal
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.billing import actions as billing
from portal.billing.charges import Charge
from portal.patients.models import Patient
from portal.patients.search import reindex
from tests import make

pytestmark = pytest.mark.django_db

TYPED = ["DeLuca", "DE LUCA, Þóra", "Ms Thora de luca", "٠٤٩١–٥٧٠–٠٠٦", "tel:+61491570006", "Mum <thora@example.com>"]


@pytest.fixture
def thora():
    made = make.patient(
        legal_first_name="Þóra",
        legal_last_name="De Luca",
        phone="+61491570006",
        email="thora@example.com",
        date_of_birth=date(1990, 4, 23),
    )
    made = Patient.objects.get(pk=made.pk)
    reindex(made)
    return made


@pytest.mark.parametrize("typed", TYPED)
def test_in_every_search(thora, typed):
    desk = make.signed_in_client(role=Role.RECEPTION)
    mai = make.signed_in_client(role=Role.PSYCHOLOGIST)
    make.appointment(psychologist=mai.user.psychologist, patient=thora)
    draft = billing.draft_invoice(
        patient=thora,
        psychologist=mai.user.psychologist,
        location=make.location(),
        charges=[Charge(description="Session", unit_price=Decimal(220))],
        by=make.actor(),
        now=timezone.now(),
    )
    billing.issue_invoice(invoice=draft, by=make.actor(), now=timezone.now())
    for client, name in ((desk, "reception:patients"), (desk, "reception:invoices"), (mai, "psychologist:patients")):
        page = client.post(reverse(name), {"q": typed}, follow=True).content.decode()
        assert "Þóra De Luca" in page
        assert "Þóra De Luca" not in client.post(reverse(name), {"q": "Luca Quill"}, follow=True).content.decode()
    for client, name in ((desk, "reception:find"), (mai, "psychologist:find")):
        page = client.post(reverse(name), {"q": typed}, headers={"HX-Request": "true"}).content.decode()
        assert "Þóra De Luca" in page


def test_a_whole_number_of_a_card_or_an_invoice_finds_its_own(thora):
    """At the desk's head, in its list and for who presses Enter; a part of one finds nobody."""
    Patient.objects.filter(pk=thora.pk).update(medicare_number="2951873125", medicare_irn="1")
    desk, psychologist = make.signed_in_client(role=Role.RECEPTION), make.signed_in_client(role=Role.PSYCHOLOGIST)
    draft = billing.draft_invoice(
        patient=thora,
        psychologist=psychologist.user.psychologist,
        location=make.location(),
        charges=[Charge(description="Session", unit_price=Decimal(220))],
        by=make.actor(),
        now=timezone.now(),
    )
    invoice = billing.issue_invoice(invoice=draft, by=make.actor(), now=timezone.now())

    def seen(client, typed, name="reception:find"):
        return client.post(reverse(name), {"q": typed}, headers={"HX-Request": "true"}).content.decode()

    for typed in ("2951873125", "2951 87312 5", "2951 87312 5 / 1", "29518731251"):
        assert "Þóra De Luca" in seen(desk, typed)
        assert "Þóra De Luca" in desk.post(reverse("reception:patients"), {"q": typed}, follow=True).content.decode()
        assert "Þóra De Luca" not in seen(psychologist, typed, "psychologist:find"), "they see their own patients"
    for typed in ("29518", "2951873", "2951873126"):
        assert "Þóra De Luca" not in seen(desk, typed)
    page = reverse("reception:invoice", args=[invoice.number])
    for typed in (invoice.number, invoice.number.lower(), invoice.number[4:], invoice.number.replace("-", " ")):
        assert f'href="{page}"' in seen(desk, typed)
        assert desk.post(reverse("reception:find"), {"q": typed})["Location"] == page
    assert page not in seen(desk, invoice.number[:-1])
    assert invoice.number not in seen(psychologist, invoice.number, "psychologist:find")


def boxes(page):
    found = {}
    for box in re.findall(r"<input [^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', box), re.search(r'value="([^"]*)"', box)
        if name and value:
            found[name[1]] = unescape(value[1])
    return found


@pytest.mark.parametrize("where", ["reception:patients", "reception:find"])
def test_nobody_found_leads_to_the_form_with_what_was_typed(where):
    desk = make.signed_in_client(role=Role.RECEPTION)
    typed = "QUILL, Zoe; zoe@example.com, 0491 570 156, 23/4/1990"
    answer = desk.post(reverse(where), {"q": typed}, headers={"HX-Request": "true", "HX-Target": "results"})
    register = reverse("reception:new_patient")
    [address] = set(re.findall(rf'href="({register}\?[^"]*)"', answer.content.decode()))
    assert not any(word in unescape(address).casefold() for word in ("quill", "zoe", "0491", "1990", "example"))
    filled = boxes(desk.get(unescape(address)).content.decode())
    assert (filled["legal_first_name"], filled["legal_last_name"]) == ("Zoe", "Quill")
    assert (filled["phone"], filled["email"]) == ("0491 570 156", "zoe@example.com")
    assert filled["date_of_birth"] == "23/04/1990"
    sent = {name: value for name, value in filled.items() if name != "q"}
    assert desk.post(register, sent).status_code == 302
    zoe = Patient.objects.get()
    assert (zoe.name, zoe.phone.as_e164, zoe.date_of_birth) == ("Zoe Quill", "+61491570156", date(1990, 4, 23))


@pytest.mark.parametrize(
    "typed", ["Zebulon van der Berg 3/4/85", "BERG, ZEBULON VAN DER; 3.4.85", "zebulon van der berg 3-4-85"]
)
def test_a_name_keeps_its_capitals_and_a_birth_year_gets_four_digits(typed):
    desk = make.signed_in_client(role=Role.RECEPTION)
    answer = desk.post(reverse("reception:find"), {"q": typed}, headers={"HX-Request": "true"})
    address = re.search(rf'href="({reverse("reception:new_patient")}\?[^"]*)"', answer.content.decode())[1]
    filled = boxes(desk.get(unescape(address)).content.decode())
    assert (filled["legal_first_name"], filled["legal_last_name"]) == ("Zebulon", "van der Berg")
    assert filled["date_of_birth"] == "3/04/1985"


def test_a_birth_year_of_two_digits_registers_somebody():
    desk = make.signed_in_client(role=Role.RECEPTION)
    sent = {"legal_first_name": "Zoe", "legal_last_name": "Quill", "date_of_birth": "3/4/85"}
    page = desk.post(reverse("reception:new_patient"), sent, follow=True).content.decode()
    assert Patient.objects.get().date_of_birth == date(1985, 4, 3)
    assert "1985" in page


def test_an_empty_search_registers_from_an_empty_form():
    desk = make.signed_in_client(role=Role.RECEPTION)
    filled = boxes(desk.get(reverse("reception:new_patient")).content.decode())
    assert not any(filled.get(name) for name in ("legal_first_name", "legal_last_name", "phone", "email"))


def test_an_invoice_is_found_by_its_number_in_any_digits_and_dashes():
    desk = make.signed_in_client(role=Role.RECEPTION)
    draft = billing.draft_invoice(
        patient=make.patient(),
        psychologist=make.psychologist(),
        location=make.location(),
        charges=[Charge(description="Session", unit_price=Decimal(220))],
        by=make.actor(),
        now=timezone.now(),
    )
    invoice = billing.issue_invoice(invoice=draft, by=make.actor(), now=timezone.now())
    typed = invoice.number.lower().replace("-", "–").translate({ord("0") + n: chr(0xFF10 + n) for n in range(10)})
    page = desk.post(reverse("reception:invoices"), {"q": f"\u200b{typed} "}, follow=True).content.decode()
    assert invoice.number in page
