"""Typing an invoice at the desk."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.billing.models import Invoice
from portal.billing.typed_forms import LineForm, TypedForm
from portal.patients.search import reindex
from tests import make

D = Decimal


def said(place, *lines, step="issue", rows=None, **change):
    data = {
        "bill_to": "patient",
        "psychologist": place.psychologist.slug,
        "location": place.location.slug,
        "rows": str(rows or len(lines)),
        "step": step,
    }
    for n, line in enumerate(lines):
        start = {
            "description": "",
            "quantity": "1",
            "price": "",
            "discount": "",
            "service_date": "",
            "tax_code": "gst_free",
        }
        data |= {f"line-{n}-{name}": value for name, value in (start | line).items()}
    return data | change


REPORT = {"description": "Report", "price": "300", "tax_code": "taxable"}


@pytest.fixture
def patient(db):
    made = make.patient(legal_first_name="Noor")
    reindex(made)
    return made


def test_somebody_is_found_and_billed(desk, place, patient):
    found = desk.post(reverse("reception:new_invoice"), {"q": "noor"}, headers={"HX-Request": "true"})
    address = reverse("reception:type_invoice", args=[patient.code])
    assert f'href="{address}"' in found.content.decode()
    page = desk.get(address)
    assert isinstance(page.context["form"], TypedForm)
    answer = desk.post(address, said(place, REPORT | {"price": "220.50"}, {}))
    invoice = Invoice.objects.get()
    assert answer["Location"] == reverse("reception:invoice", args=[invoice.number])
    assert (invoice.status, invoice.purpose, invoice.total, invoice.gst) == ("issued", "other", D("242.55"), D("22.05"))


def test_figures_follow_what_is_typed_and_keep_nothing(desk, place, patient):
    address = reverse("reception:type_invoice", args=[patient.code])
    answer = desk.post(
        address,
        said(place, REPORT | {"discount": "50"}, step="sum"),
        headers={"HX-Request": "true", "HX-Target": "sum"},
    )
    assert "$275.00" in answer.content.decode()
    assert 'data-wrong=""' in answer.content.decode()
    wrong = desk.post(
        address, said(place, REPORT | {"price": "x"}, step="sum"), headers={"HX-Request": "true", "HX-Target": "sum"}
    )
    assert re.findall('data-wrong="([^"]*)"', wrong.content.decode()) == ["id_line-0-price form"]
    assert "such as 220 or 220.50." in wrong.content.decode()
    more = desk.post(address, said(place, REPORT, step="more"))
    assert (more.status_code, len(more.context["form"].lines)) == (200, 5)
    assert not Invoice.objects.exists()


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"description": "Report"}, "price"),
        ({"price": "100"}, "description"),
        ({"description": "Report", "price": "100", "discount": "101"}, "discount"),
        ({"description": "Report", "price": "100", "quantity": "0"}, "quantity"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(desk, place, patient, line, field):
    answer = desk.post(reverse("reception:type_invoice", args=[patient.code]), said(place, line))
    form = answer.context["form"].lines[0]
    assert isinstance(form, LineForm)
    assert (answer.status_code, list(form.errors)) == (422, [field])
    assert not Invoice.objects.exists()


def test_nothing_typed_makes_no_invoice(desk, place, patient):
    answer = desk.post(reverse("reception:type_invoice", args=[patient.code]), said(place, {}))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["__all__"])


def test_a_draft_is_changed_issued_and_another_discarded(desk, place, patient):
    link = make.patient_payer(patient=patient, purchase_order="PO 3")
    line = REPORT | {"discount": "50", "quantity": "2"}
    desk.post(reverse("reception:type_invoice", args=[patient.code]), said(place, line, step="draft"))
    draft = Invoice.objects.get()
    assert draft.status == "draft"
    page = desk.get(reverse("reception:edit_invoice", args=[draft.number]))
    form = page.context["form"]
    assert [form.lines[0][name].value() for name in ("description", "discount")] == ["Report", D("50.00")]
    seen = form["seen"].value()
    change = said(place, line, step="draft", bill_to=str(link.code), seen=seen)
    assert desk.post(page.wsgi_request.path, change).status_code == 302
    assert desk.post(page.wsgi_request.path, change).status_code == 409
    shown = desk.get(reverse("reception:invoice", args=[draft.number]))
    issued = desk.post(reverse("reception:issue_invoice", args=[draft.number]), {"seen": shown.context["draft_seen"]})
    assert issued.status_code == 302
    draft.refresh_from_db()
    assert (draft.status, draft.payer, draft.purchase_order) == ("issued", link.payer, "PO 3")
    assert (draft.subtotal, draft.gst) == (D("550.00"), D("55.00"))
    assert desk.get(reverse("reception:edit_invoice", args=[draft.number])).status_code == 302


@pytest.mark.parametrize("role", [Role.PATIENT, Role.PSYCHOLOGIST])
def test_only_the_desk_types_invoices(clinic, role, patient):
    client = make.signed_in_client(role=role)
    assert client.get(reverse("reception:new_invoice")).status_code == 403
    assert client.post(reverse("reception:type_invoice", args=[patient.code]), {}).status_code == 403
