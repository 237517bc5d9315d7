"""Taking something off an invoice at the desk, and the note that says so."""

from __future__ import annotations

import io
import re
import uuid
from decimal import Decimal

import pytest
from django.urls import reverse
from pypdf import PdfReader

from portal.billing import actions
from portal.billing.charges import Charge
from portal.billing.models import CreditNote
from portal.clinic.models import TaxCode
from portal.journeys import mailing
from portal.notifications.models import Notice
from tests import make
from tests.web.reception.conftest import NOW

D = Decimal


@pytest.fixture
def invoice(clinic, now):
    """A tax invoice of a session and a report with GST."""
    return issue(
        Charge(description="Session", unit_price=D("220.00")),
        Charge(description="Report", unit_price=D("300.00"), tax_code=TaxCode.TAXABLE),
    )


def issue(*charges, patient=None, purpose="session"):
    by = make.actor()
    draft = actions.draft_invoice(
        patient=patient or make.patient(),
        psychologist=make.psychologist(),
        location=make.location(),
        charges=charges,
        purpose=purpose,
        by=by,
        now=NOW,
    )
    return actions.issue_invoice(invoice=draft, by=by, now=NOW)


def url(invoice):
    return reverse("reception:credit_invoice", args=[invoice.number])


def send(desk, invoice, amount, *, line="1", reason="Agreed a lower fee", key=None):
    data = {"line": line, "amount": amount, "reason": reason, "key": key or str(uuid.uuid4())}
    return desk.post(url(invoice), data, follow=True)


def text_of(response):
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(response.content)).pages)


def test_something_is_taken_off_a_line(desk, invoice):
    page = desk.get(url(invoice))
    assert [label for _value, label in page.context["form"].fields["line"].choices] == [
        "Session, $220.00",
        "Report, $330.00",
    ]
    assert "adjustment note" in page.content.decode()
    response = send(desk, invoice, "110.00", line="2")
    note = CreditNote.objects.get()
    assert [str(m) for m in response.context["messages"]] == [f"$110.00 is taken off: note {note.number}."]
    assert (note.line.description, note.amount, note.gst) == ("Report", D(110), D(10))
    words = response.content.decode()
    assert "Agreed a lower fee" in words
    assert "-$110.00" in words
    assert "$440.00" in words


def test_the_note_prints(desk, invoice):
    send(desk, invoice, "110.00", line="2")
    note = CreditNote.objects.get()
    response = desk.get(reverse("reception:credit_note_pdf", args=[invoice.number, note.number]))
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'inline; filename="{note.number}.pdf"'
    text = text_of(response)
    for words in [
        "Adjustment note",
        note.number,
        "ABN 51 824 753 556",
        f"Tax invoice {invoice.number}",
        "of 24 Nov 2026, $550.00",
        "Agreed a lower fee",
        "Report",
        "$10.00",
        "-$110.00",
        "Invoice before this note $550.00",
        "Invoice after it $440.00",
        "the GST on it by $10.00",
    ]:
        assert words in text, words
    paper = text_of(desk.get(reverse("reception:invoice_pdf", args=[invoice.number])))
    assert f"Adjustment note {note.number} -$110.00" in paper
    assert "Balance owing $440.00" in paper


def test_a_note_of_a_void_invoice_says_that_it_is(desk, invoice):
    send(desk, invoice, "110.00", line="2")
    actions.void_invoice(invoice=invoice, reason="Wrong person", by=make.actor(), now=NOW)
    note = CreditNote.objects.get()
    text = text_of(desk.get(reverse("reception:credit_note_pdf", args=[invoice.number, note.number])))
    assert "VOID" in text


def test_a_note_is_found_under_its_own_invoice_alone(desk, invoice):
    send(desk, invoice, "1.00")
    other = issue(Charge(description="Session", unit_price=D("220.00")))
    there = reverse("reception:credit_note_pdf", args=[other.number, CreditNote.objects.get().number])
    assert desk.get(there).status_code == 404


def test_an_invoice_of_one_line_does_not_ask_which(desk, clinic, now):
    invoice = issue(Charge(description="Session", unit_price=D("220.00")))
    page = desk.get(url(invoice))
    assert page.context["form"]["line"].is_hidden
    assert send(desk, invoice, "20.00").status_code == 200
    invoice.refresh_from_db()
    assert invoice.balance == D("200.00")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": "220.01"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "1", "reason": " "}, "reason"),
        ({"amount": "1", "line": "7"}, "line"),
    ],
)
def test_what_can_not_be_taken_off_is_said(desk, invoice, wrong, field):
    response = send(desk, invoice, **wrong)
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert not CreditNote.objects.exists()


def test_what_is_paid_is_given_back_first(desk, invoice):
    actions.record_payment(invoice=invoice, amount=D("500.00"), method="card", key="k", by=make.actor(), now=NOW)
    response = send(desk, invoice, "50.01")
    assert "No more than $50.00 can be taken off here." in response.content.decode()
    actions.record_payment(invoice=invoice, amount=D("50.00"), method="card", key="l", by=make.actor(), now=NOW)
    assert "refund what was paid first" in desk.get(url(invoice)).content.decode()
    assert url(invoice) not in desk.get(reverse("reception:invoice", args=[invoice.number])).content.decode()


def test_sent_twice_it_is_taken_off_once(desk, invoice):
    key = str(uuid.uuid4())
    for _ in range(2):
        send(desk, invoice, "20.00", key=key)
    assert CreditNote.objects.count() == 1
    again = send(desk, invoice, "21.00", key=key)
    assert [str(m) for m in again.context["messages"]] == [
        "Somebody changed this invoice a moment ago. Look at it again."
    ]


def test_sent_twice_for_all_of_it_both_are_told_of_the_note(desk, clinic, now):
    invoice, key = issue(Charge(description="Session", unit_price=D("220.00"))), str(uuid.uuid4())
    for _ in range(2):
        response = send(desk, invoice, "220.00", key=key)
        note = CreditNote.objects.get()
        assert [str(m) for m in response.context["messages"]] == [f"$220.00 is taken off: note {note.number}."]
        assert response.redirect_chain == [(reverse("reception:invoice", args=[invoice.number]), 302)]


def test_nothing_is_taken_off_a_draft_or_a_void_one(desk, invoice):
    actions.void_invoice(invoice=invoice, reason="x", by=make.actor(), now=NOW)
    assert not desk.get(url(invoice)).context["can_credit"]
    assert send(desk, invoice, "1.00").status_code == 422


# ---- The patient -----------------------------------------------------------------------------------------------------


def test_the_patient_sees_what_was_taken_off(desk, clinic, now):
    user = make.user()
    invoice = issue(Charge(description="Session", unit_price=D("220.00")), patient=make.patient(user=user))
    send(desk, invoice, "20.00")
    note = CreditNote.objects.get()
    patient, stranger = make.client_for(user), make.client_for(make.user())
    page = patient.get(reverse("patient:invoice", args=[invoice.number])).content.decode()
    assert "Taken off" in page
    assert "$200.00" in page
    there = reverse("patient:credit_note_pdf", args=[invoice.number, note.number])
    assert "Credit note" in text_of(patient.get(there))
    assert stranger.get(there).status_code == 404


def words(response):
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def test_lists_show_what_counts_after_a_note_and_what_it_was(desk, invoice):
    send(desk, invoice, "20.00")
    patient = reverse("reception:patient", args=[invoice.patient.code])
    for page in (desk.get(reverse("reception:invoices")), desk.get(patient)):
        assert "$530.00 was $550.00" in words(page)
    send(desk, invoice, "200.00")
    send(desk, invoice, "330.00", line="2")
    for page in (desk.get(reverse("reception:invoices")), desk.get(patient)):
        assert "Credited" in words(page)
        assert "$0.00 was $550.00" in words(page)
    listed = {
        standing: invoice.number in desk.get(reverse("reception:invoices"), {"standing": standing}).content.decode()
        for standing in ("paid", "credited", "owing")
    }
    assert listed == {"paid": False, "credited": True, "owing": False}


@pytest.mark.parametrize(
    ("purpose", "label"),
    [("deposit", "Paid ahead"), ("late_fee", "Late cancellation"), ("no_show", "Missed session")],
)
def test_lists_say_what_an_invoice_is_for(desk, clinic, now, purpose, label):
    issued = issue(Charge(description="x", unit_price=D(50)), purpose=purpose)
    for page in ("invoices", "patient"):
        args = [issued.patient.code] if page == "patient" else []
        assert label in words(desk.get(reverse(f"reception:{page}", args=args)))


def test_an_e_mail_calls_nothing_paid_that_was_taken_off(invoice):
    invoice.patient.email = "mina@patient.example"
    invoice.patient.save()
    by = make.actor()
    for line in invoice.lines.all():
        actions.credit_line(line=line, amount=line.total, reason="x", key=str(line.pk), by=by, now=NOW)
    invoice.refresh_from_db()
    mailing.send_invoice(invoice=invoice, key="k", by=by, now=NOW)
    mail = Notice.objects.get()
    for part in (mail.text, mail.html):
        assert "All of it was taken off: nothing is to be paid." in part
        assert "paid in full" not in part
