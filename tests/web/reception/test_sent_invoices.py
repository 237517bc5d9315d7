"""An invoice goes out by e-mail from its own page, which says when and to whom; a void one leads to its successor."""

from __future__ import annotations

import re
import uuid

import pytest
from django.urls import reverse

from portal.appointments.models import Status
from portal.billing import actions
from portal.billing.models import Invoice
from portal.notifications.models import Notice
from portal.ops.demo.clinic import SETTINGS
from tests import make
from tests.web.reception.conftest import NOW


def url(name, *args):
    return reverse(f"reception:{name}", args=args)


def read(desk, name, *args):
    return " ".join(re.sub(r"<[^>]+>", " ", desk.get(url(name, *args)).content.decode()).split())


@pytest.fixture
def invoice(desk, place):
    make.mbs_items()
    session = place.session(hours=-1, status=Status.ARRIVED, fee="220.00")
    session.patient.email = "mai@example.com"
    session.patient.save()
    form = {
        "minutes": "50", "mode": "in_person", "fee": "220.00", "item": "none", "method": "later",
        "key": str(uuid.uuid4()),
    }  # fmt: skip
    assert desk.post(url("check_out", session.code), form).status_code == 302
    return Invoice.objects.get()


@pytest.mark.parametrize("door", ["email_invoice", "send_invoice"])
def test_it_is_sent_once_and_both_pages_say_so(desk, invoice, door):
    code = invoice.appointment.code
    assert "E-mail the invoice" in read(desk, "invoice", invoice.number)
    there = url(door, invoice.number if door == "email_invoice" else code)
    key = {"key": str(uuid.uuid4())}
    for _press in range(2):
        response = desk.post(there, key, follow=True)
    assert "The invoice is on its way to" in str(next(iter(response.context["messages"])))
    notice = Notice.objects.get(template="invoice")
    for words in (read(desk, "invoice", invoice.number), read(desk, "checked_out", code)):
        assert f"On its way to {notice.to} since" in words
    Notice.objects.update(state="sent", sent_at=NOW)
    for words in (read(desk, "invoice", invoice.number), read(desk, "checked_out", code)):
        assert f"E-mailed to {notice.to}: " in words


def test_what_is_void_is_not_sent_and_is_billed_again_by_a_button(desk, invoice):
    session = invoice.appointment
    actions.void_invoice(invoice=invoice, reason="Wrong fee", by=make.actor(), now=NOW)
    assert "E-mail the invoice" not in read(desk, "invoice", invoice.number)
    desk.post(url("email_invoice", invoice.number), {"key": str(uuid.uuid4())})
    assert not Notice.objects.filter(template="invoice").exists()
    again = url("check_out", session.code)
    page = desk.get(url("invoice", invoice.number)).content.decode()
    assert re.search(rf'href="{again}"[^>]*>.*?Bill again', page)
    assert "Bill again" in read(desk, "appointment", session.code)
    form = {
        "minutes": "50", "mode": "in_person", "fee": "200.00", "item": "none", "method": "later",
        "key": str(uuid.uuid4()),
    }  # fmt: skip
    desk.post(again, form)
    assert "Bill again" not in read(desk, "invoice", invoice.number)
    assert "Bill again" not in read(desk, "appointment", session.code)


def test_a_void_fee_leads_to_the_fee(desk, place):
    session = place.session(hours=-2, status=Status.NO_SHOW, fee="220.00", no_show_percent=100)
    fee = actions.bill_fee(appointment=session, by=make.actor(), now=NOW)
    actions.void_invoice(invoice=fee, reason="r", by=make.actor(), now=NOW)
    assert f'href="{url("fee", session.code)}"' in desk.get(url("invoice", fee.number)).content.decode()


def test_the_foot_of_every_invoice_promises_nothing_of_medicare():
    """It stands on invoices without a Medicare item too; of those with one the paper says so by itself."""
    assert "Medicare" not in SETTINGS["invoice_footer"]
