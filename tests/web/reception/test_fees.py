"""Money about a session beside its invoice: paid ahead, and the fee for a session that was not held."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from portal.appointments.models import Appointment, Status
from portal.audit.models import Entry
from portal.billing import actions, charges
from portal.billing.models import Invoice, Payment, Purpose, Waiver
from portal.journeys import sessions
from portal.notifications.models import Notice
from portal.reports.days import owed_by, read_day
from tests import make
from tests.web.forms import form_to
from tests.web.reception.conftest import NOW

D = Decimal
KEY = "6f3c1f0e-0d0a-4d3c-9a52-0a4f6f0b9a11"


def url(name, session):
    return reverse(f"reception:{name}", args=[session.code])


def page(desk, name, session):
    return desk.get(url(name, session))


def said(response):
    return [str(message) for message in response.context["messages"]]


@pytest.fixture
def coming(place):
    return place.session(hours=2, fee="220.00")


@pytest.fixture
def late(place):
    return place.session(hours=-2, status=Status.CANCELLED, late=True, fee="220.00", late_fee_percent=50)


@pytest.fixture
def missed(place):
    return place.session(hours=-2, status=Status.NO_SHOW, fee="220.00", no_show_percent=100)


# ---- Paid ahead ------------------------------------------------------------------------------------------------------


def pay_ahead(desk, session, amount="220.00", *, key=KEY, **more):
    data = {"amount": amount, "method": "card", "reference": "T 12", "key": key, **more}
    return desk.post(url("pay_ahead", session), data, follow=True)


@pytest.mark.parametrize("status", [Status.BOOKED, Status.ARRIVED])
def test_the_desk_takes_a_payment_before_the_session(desk, place, status):
    session = place.session(hours=2, fee="220.00", status=status)
    assert "Take a payment now" in page(desk, "appointment", session).content.decode()
    assert page(desk, "pay_ahead", session).context["form"]["amount"].value() == D("220.00")
    response = pay_ahead(desk, session)
    assert response.redirect_chain == [(url("appointment", session), 302)]
    assert said(response) == ["$220.00 is paid ahead. It counts at check-out."]
    session.refresh_from_db()
    invoice, payment = Invoice.objects.get(), Payment.objects.get()
    assert session.status == status, "it is no check-out"
    assert (invoice.purpose, invoice.paid, invoice.rebate) == (Purpose.DEPOSIT, D(220), 0)
    assert (payment.method, payment.reference, payment.amount) == ("card", "T 12", D(220))
    words = response.content.decode()
    assert "Take a payment now" not in words
    assert invoice.number in words


def test_it_lies_where_the_desk_says(desk, coming):
    other = make.location(name="Footscray")
    assert "In whose drawer the money is." in page(desk, "pay_ahead", coming).text
    pay_ahead(desk, coming, location=other.slug)
    assert Payment.objects.get().location == other


@pytest.mark.parametrize("change", [{"revision": 1}, {"fee": D("180.00")}])
def test_a_page_of_before_the_session_was_changed_takes_nothing(desk, coming, change):
    drawn = form_to(page(desk, "pay_ahead", coming), url("pay_ahead", coming), with_field="key") | {"method": "card"}
    Appointment.objects.filter(pk=coming.pk).update(**change)
    asked = desk.post(url("pay_ahead", coming), drawn | {"reference": "T 12"})
    assert (asked.status_code, "no money was taken" in asked.content.decode()) == (422, True)
    assert Payment.objects.count() == 0
    again = form_to(asked, url("pay_ahead", coming), with_field="key") | {"method": "card"}
    assert (again["reference"], again["key"]) == ("T 12", drawn["key"])
    if "fee" in change:
        # What was typed stays, and is more than it costs by now.
        too_much = desk.post(url("pay_ahead", coming), again)
        assert (too_much.status_code, "The session costs $180.00" in too_much.content.decode()) == (422, True)
        again["amount"] = "180.00"
    assert desk.post(url("pay_ahead", coming), again).status_code == 302
    assert Payment.objects.count() == 1


def test_sent_twice_it_is_taken_once(desk, coming):
    pay_ahead(desk, coming)
    assert pay_ahead(desk, coming).status_code == 200
    assert Payment.objects.count() == 1


def test_a_second_one_leads_to_the_first(desk, coming):
    pay_ahead(desk, coming)
    invoice = Invoice.objects.get()
    there = reverse("reception:invoice", args=[invoice.number])
    assert page(desk, "pay_ahead", coming).url == there
    response = pay_ahead(desk, coming, key=KEY.replace("6f", "7f"))
    assert (response.redirect_chain, Payment.objects.count()) == ([(there, 302)], 1)
    assert said(response) == ["Money was taken for this session already. Nothing was taken twice."]


def test_an_old_page_takes_nothing_again_after_it_was_given_back(desk, coming):
    pay_ahead(desk, coming)
    deposit, payment, by = Invoice.objects.get(), Payment.objects.get(), make.actor()
    actions.refund_payment(
        reason="Charged twice", payment=payment, invoice=deposit, amount=D(220), key="r", by=by, now=NOW
    )
    actions.void_invoice(invoice=deposit, reason="Given back", by=by, now=NOW)
    response = pay_ahead(desk, coming)
    assert response.redirect_chain == [(url("appointment", coming), 302)]
    assert said(response) == ["Money was taken for this session already. Nothing was taken twice."]
    assert (Invoice.objects.count(), Payment.objects.filter(amount__gt=0).count()) == (1, 1)


def test_given_back_it_is_no_debt_and_can_be_taken_again(desk, coming):
    pay_ahead(desk, coming)
    deposit, payment = Invoice.objects.get(), Payment.objects.get()
    back = reverse("reception:refund_payment", args=[deposit.number, payment.number])
    words = desk.get(back).content.decode()
    assert "It was paid ahead, so nothing is owing by it." in words
    assert "owing again" not in words
    data = {"amount": "220.00", "method": "card", "received_on": payment.received_on.isoformat(), "key": KEY}
    data["reason"] = "Called off"
    assert desk.post(back, data).status_code == 302
    assert owed_by(make.actor(), coming.patient) == 0
    assert "Take a payment now" in page(desk, "appointment", coming).content.decode()
    assert page(desk, "pay_ahead", coming).status_code == 200
    response = pay_ahead(desk, coming, "100.00", key=KEY.replace("6f", "7f"))
    assert said(response) == ["$100.00 is paid ahead. It counts at check-out."]
    assert actions.held_ahead(coming) == D(100)


@pytest.mark.parametrize("wrong", [{"amount": "0"}, {"amount": "-5"}, {"amount": "much"}, {"method": "stripe"}])
def test_what_can_not_be_taken_is_said(desk, coming, wrong):
    response = pay_ahead(desk, coming, **wrong)
    assert (response.status_code, list(response.context["form"].errors)) == (422, list(wrong))
    assert not Payment.objects.exists()


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.CANCELLED, Status.NO_SHOW])
def test_nothing_is_paid_ahead_of_what_is_over(desk, place, status):
    session = place.session(hours=-2, status=status)
    assert "Take a payment now" not in page(desk, "appointment", session).content.decode()
    assert page(desk, "pay_ahead", session).url == url("appointment", session)
    assert pay_ahead(desk, session).redirect_chain == [(url("appointment", session), 302)]
    assert not Payment.objects.exists()


def test_it_counts_at_check_out(desk, place):
    session = place.session(hours=-1, fee="220.00", status=Status.ARRIVED)
    pay_ahead(desk, session, "100.00")
    form = page(desk, "check_out", session)
    assert (form.context["ahead"], form.context["to_pay"]) == (D(100), D(120))
    assert form.context["form"]["amount"].value() == D(120)
    assert "Paid ahead" in form.content.decode()
    data = {
        "minutes": "50",
        "mode": "in_person",
        "fee": "220.00",
        "item": "proposed",
        "method": "card",
        "amount": "120.00",
        "key": KEY,
        "proposed_for": "120.00",
    }
    too_much = desk.post(url("check_out", session), {**data, "amount": "120.01"})
    assert (too_much.status_code, list(too_much.context["form"].errors)) == (422, ["amount"])
    done = desk.post(url("check_out", session), data, follow=True)
    invoice = Invoice.objects.for_purpose(Purpose.SESSION).get()
    assert (invoice.paid, invoice.balance) == (D(220), 0)
    assert "paid ahead" in done.content.decode()
    deposit = Invoice.objects.for_purpose(Purpose.DEPOSIT).get()
    seen = desk.get(reverse("reception:invoice", args=[deposit.number])).content.decode()
    assert "counted towards another invoice" in seen


def test_paid_in_full_ahead_proposes_no_payment(desk, place):
    session = place.session(hours=-1, fee="220.00", status=Status.ARRIVED)
    pay_ahead(desk, session)
    form = page(desk, "check_out", session).context["form"]
    assert (form["method"].value(), form["amount"].value()) == ("later", 0)


def test_the_days_list_collects_what_is_left(desk, place, clinic):
    session = place.session(hours=1, fee="220.00")
    pay_ahead(desk, session, "100.00")
    [arrival] = read_day(make.actor(), session.local_start.date(), clinic=clinic, now=NOW).arrivals
    assert (arrival.to_collect, arrival.invoice, arrival.owes) == (D(120), None, 0)


def test_the_days_list_collects_the_fee_that_was_invoiced(desk, missed, clinic):
    day = missed.local_start.date()
    [arrival] = read_day(make.actor(), day, clinic=clinic, now=NOW).arrivals
    assert arrival.to_collect == 0
    desk.post(url("fee", missed))
    [arrival] = read_day(make.actor(), day, clinic=clinic, now=NOW).arrivals
    assert (arrival.to_collect, arrival.invoice) == (D(220), None)


def test_what_is_owed_is_in_whole_cents(place, clinic):
    """100.30 less 100.20 is no tenth in binary fractions: nobody owes what is left of them from before."""
    session, by = place.session(hours=-2, status=Status.COMPLETED, fee="100.30"), make.actor()
    invoice = actions.bill(
        appointment=session,
        purpose=Purpose.SESSION,
        charges=[charges.for_session(session, item=None)],
        by=by,
        now=NOW,
    )
    actions.record_payment(invoice=invoice, amount=D("100.20"), method="card", key="k", by=by, now=NOW)
    [arrival] = read_day(by, session.local_start.date(), clinic=clinic, now=NOW).arrivals
    assert (arrival.to_collect, arrival.owes, owed_by(by, session.patient)) == (D("0.10"), 0, D("0.10"))


# ---- The fee for a session that was not held -------------------------------------------------------------------------


def test_the_fee_is_offered_with_the_amount_and_why(desk, late, missed):
    words = page(desk, "appointment", late).content.decode()
    assert "Fee for cancelling late: $110.00" in words
    words = page(desk, "fee", late).content.decode()
    assert "50% of the price" in words
    assert "$110.00" in words
    assert "Fee for not coming: $220.00" in page(desk, "appointment", missed).content.decode()
    assert "100% of the price" in page(desk, "fee", missed).content.decode()


def test_a_person_asks_for_it(desk, late):
    late.patient.email = ""
    late.patient.save()
    response = desk.post(url("fee", late), follow=True)
    invoice = Invoice.objects.get()
    assert response.redirect_chain == [(reverse("reception:invoice", args=[invoice.number]), 302)]
    assert said(response) == [
        "The fee is invoiced: $110.00. No e-mail address is known: print it, and send it by post."
    ]
    assert (invoice.purpose, invoice.balance) == (Purpose.LATE_FEE, D(110))
    assert "Fee for cancelling late" not in page(desk, "appointment", late).content.decode()
    again = desk.post(url("fee", late), follow=True)
    assert said(again) == ["This fee was invoiced already. Nothing was billed twice."]
    assert page(desk, "fee", late).url == reverse("reception:invoice", args=[invoice.number])
    assert Invoice.objects.count() == 1


def test_one_press_invoices_and_mails(desk, late):
    late.patient.email = "odile@post.example"
    late.patient.save()
    response = desk.post(url("fee", late), follow=True)
    assert said(response) == ["The fee is invoiced: $110.00. The invoice is on its way to odile@post.example."]
    assert (Notice.objects.get(template="invoice").to, Invoice.objects.count()) == ("odile@post.example", 1)


def test_the_first_of_a_year_is_waived_by_one_press_where_the_clinic_does_so(desk, place, late):
    again = place.session(hours=-5, status=Status.NO_SHOW, fee="220.00", no_show_percent=100, patient=late.patient)
    assert "Waive the first of the year" not in page(desk, "fee", late).content.decode()
    # A page of before the clinic's rule ended decides nothing.
    desk.post(url("waive_fee", late), {"of_year": "1"})
    assert not Waiver.objects.exists()
    make.policy_settings(waive_first=True)
    assert "This is their first fee of 2026" in page(desk, "fee", late).content.decode()
    old = page(desk, "fee", again)
    assert "This is their first fee of 2026" in old.content.decode()
    response = desk.post(url("waive_fee", late), {"of_year": "1"}, follow=True)
    assert said(response) == ["The fee is waived."]
    assert (Waiver.objects.get().year, Waiver.objects.get().patient) == (2026, late.patient)
    refused = desk.post(url("waive_fee", again), {"of_year": "1"}, follow=True)
    assert said(refused) == ["The one fee of this year was waived already. Waive this one too, and say why."]
    assert "Waive the first of the year" not in refused.content.decode()
    assert Waiver.objects.count() == 1


def test_or_does_without_it_and_says_why(desk, missed):
    refused = desk.post(url("waive_fee", missed), {"reason": " "})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["reason"])
    response = desk.post(url("waive_fee", missed), {"reason": "Car broke down"}, follow=True)
    assert said(response) == ["The fee is waived."]
    assert "Car broke down" in response.content.decode()
    assert not Invoice.objects.exists()
    words = page(desk, "fee", missed).content.decode()
    assert "Invoice it after all" in words
    assert Waiver.objects.get().waived_by.name in words
    old = desk.post(url("fee", missed), follow=True)
    assert old.redirect_chain == [(url("fee", missed), 302)]
    assert said(old) == [
        f"Nothing was invoiced: this fee was waived meanwhile, by {Waiver.objects.get().waived_by.name}."
    ]
    assert not Invoice.objects.exists(), "the page was older than the waiver"
    assert 'name="after_all"' in old.content.decode()
    desk.post(url("fee", missed), {"after_all": "1"})
    assert Invoice.objects.get().purpose == Purpose.NO_SHOW


def test_what_is_invoiced_is_voided_before_it_is_waived(desk, missed):
    desk.post(url("fee", missed))
    response = desk.post(url("waive_fee", missed), {"reason": "x"}, follow=True)
    assert said(response)[-1] == "This fee is invoiced. Void the invoice first, then do without it."
    assert not Waiver.objects.exists()


@pytest.mark.parametrize(
    "how",
    [
        {"status": Status.COMPLETED},
        {"status": Status.BOOKED},
        {"status": Status.CANCELLED},
        {"status": Status.CANCELLED, "late": True, "late_fee_percent": 0},
        {"status": Status.NO_SHOW, "no_show_percent": 0},
    ],
    ids=["held", "coming", "cancelled in time", "free to cancel", "free to miss"],
)
def test_where_there_is_no_fee_none_is_offered(desk, place, how):
    session = place.session(hours=-2, **how)
    assert url("fee", session) not in page(desk, "appointment", session).content.decode()
    for response in (
        desk.get(url("fee", session), follow=True),
        desk.post(url("fee", session), follow=True),
        desk.post(url("waive_fee", session), {"reason": "x"}, follow=True),
    ):
        assert response.redirect_chain == [(url("appointment", session), 302)]
    assert not Invoice.objects.exists()
    assert not Waiver.objects.exists()


def test_a_waiver_goes_with_the_no_show_that_it_was_for(desk, missed):
    by, late = make.actor(), NOW
    actions.waive_fee(appointment=missed, reason="Car broke down", by=by, now=NOW)
    sessions.undo_no_show(appointment=missed, reason="came", by=by, now=late)
    waiver = Waiver.objects.get()
    assert (waiver.taken_back_at, waiver.taken_back_by) == (late, by.user)
    assert Entry.objects.filter(verb="fee.waiver_taken_back").count() == 1
    assert "Car broke down" not in page(desk, "appointment", missed).content.decode()
    sessions.mark_no_show(appointment=missed, by=by, now=late)
    words = page(desk, "fee", missed).content.decode()
    assert ("Invoice it after all" in words, "Waive the fee" in words) == (False, True)
    desk.post(url("waive_fee", missed), {"reason": "Ill this time"})
    assert list(Waiver.objects.in_force().values_list("reason", flat=True)) == ["Ill this time"]
    assert "Ill this time" in page(desk, "appointment", missed).content.decode()


def test_a_waiver_of_what_is_not_undone_stays(desk, late):
    waiver = actions.waive_fee(appointment=late, reason="Car broke down", by=make.actor(), now=NOW)
    actions.take_back_waiver(appointment=late, by=make.actor(), now=NOW)
    assert list(Waiver.objects.in_force()) == [waiver]


# ---- Where somebody else is billed -----------------------------------------------------------------------------------


def test_nothing_is_proposed_ahead_of_what_somebody_else_is_billed(desk, coming):
    make.patient_payer(patient=coming.patient, payer=make.payer(name="AAI Limited"))
    shown = page(desk, "pay_ahead", coming)
    assert shown.context["form"]["amount"].value() is None
    assert "AAI Limited is billed for it" in shown.content.decode()


def test_what_is_on_account_is_not_asked_for_again(desk, coming, monkeypatch):
    monkeypatch.setattr(actions, "on_account", lambda patient: D("150.00"))
    shown = page(desk, "pay_ahead", coming)
    assert shown.context["form"]["amount"].value() == D("70.00")
    assert "We hold $150.00 on their account" in shown.content.decode()


def test_check_out_says_what_was_paid_ahead_and_is_not_used(desk, place):
    session = place.session(hours=-1, status=Status.BOOKED, fee="220.00")
    Appointment.objects.filter(pk=session.pk).update(status=Status.BOOKED)
    actions.take_ahead(
        appointment=session, amount=D("220.00"), method="card", key=KEY, by=make.actor(role="reception"), now=NOW
    )
    make.patient_payer(patient=session.patient)
    assert "The patient paid $220.00 ahead of this session" in page(desk, "check_out", session).content.decode()


def test_of_what_is_put_on_record_afterwards_no_fee_is_proposed(desk, missed):
    type(missed).objects.filter(pk=missed.pk).update(booked_at=NOW)
    response = desk.get(url("fee", missed), follow=True)
    assert response.redirect_chain == [(url("appointment", missed), 302)]
    assert "no fee to ask for" in said(response)[0]


def test_no_e_mail_is_promised_where_no_address_is_known(desk, missed):
    assert "Invoice and e-mail the fee" in page(desk, "fee", missed).content.decode()
    type(missed.patient).objects.filter(pk=missed.patient.pk).update(email="", user=None)
    assert "Invoice the fee, to print" in page(desk, "fee", missed).content.decode()
