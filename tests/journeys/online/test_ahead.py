"""A session is paid ahead as it is booked: whoever paid has it, or all of the money back."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.urls import reverse

from portal.appointments.actions import locking
from portal.appointments.models import Appointment, Status
from portal.billing.models import Invoice, PaidBooking, Payment, PaymentAttempt, SavedCard, StripeRefund
from portal.billing.models.saved_card import on_file_of
from portal.clinic.models import ClinicSettings, Service
from portal.common.access.actors import Actor
from portal.journeys.online import tasks
from portal.notifications.models import Notice
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(till):
    """A clinic that asks for a deposit, and a patient on the last page of booking."""
    make.clinic(hold_minutes=10, ahead="deposit", ahead_first="full", deposit_percent=50)
    till.place = make.location(slug="brunswick")
    till.service = make.service(slug="session", name="Session")
    till.mai = make.psychologist(slug="mai")
    make.week(psychologist=till.mai, location=till.place)
    make.appointment(patient=till.patient, status=Status.COMPLETED, psychologist=till.mai)
    till.confirm = reverse("public:confirm", args=["session"])
    return till


def choose(shop, client=None):
    client = client or shop.client
    answer = client.post(
        reverse("public:times", args=["session"]),
        {"time": "2026-12-01T00:00Z brunswick", "psychologist": "mai", "mode": "in_person"},
    )
    assert answer["Location"] == shop.confirm
    return Appointment.objects.get(status="held")


def fields(shop):
    page = shop.client.get(shop.confirm).content.decode()
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)), page


def goes_on(shop, **typed):
    hidden, _page = fields(shop)
    hidden.pop("csrfmiddlewaretoken", None)
    answer = shop.client.post(shop.confirm, hidden | {"who": str(shop.patient.code)} | typed)
    assert answer.status_code == 302, answer.content.decode()
    return urlsplit(answer["Location"]).path.rpartition("/")[2]


def money():
    return sum(Payment.objects.values_list("amount", flat=True))


def test_a_deposit(shop):
    held = choose(shop)
    hidden, page = fields(shop)
    assert hidden["ahead"] == "110.00"
    assert "$110.00 by card" in page
    name = goes_on(shop)
    held.refresh_from_db()
    assert held.status == "held"
    assert held.held_until > shop.attempt().expires_at
    assert shop.pays(name) == "paid"
    shop.hears(*shop.messages())
    held.refresh_from_db()
    assert (held.status, held.patient) == ("booked", shop.patient)
    deposit = Invoice.objects.get(appointment=held)
    assert (deposit.purpose, deposit.paid, deposit.balance) == ("deposit", Decimal("110.00"), 0)
    assert {notice.template for notice in Notice.objects.all()} == {"appointment_booked", "payment_received"}
    shop.hears(*shop.messages())
    tasks.go_round()
    assert money() == Decimal("110.00")
    assert Appointment.objects.filter(status="booked").count() == 1


def test_the_page_shows_the_booking_without_reloading(shop):
    choose(shop)
    name = goes_on(shop)
    url = reverse("patient:paying", args=[shop.attempt().code])
    assert shop.client.get(reverse("public:back_from_paying", args=[shop.attempt().code]))["Location"] == url
    assert "We are waiting for word of your payment" in shop.client.get(url).content.decode()
    shop.pays(name)
    shop.hears(*shop.messages())
    asks = {"HX-Request": "true", "HX-Target": "bill", "HX-Polling": "true"}
    assert "and your session on" in shop.client.get(url, headers=asks).content.decode()
    assert make.client_for(make.user()).get(url).status_code in {403, 404}


def test_a_first_visit_is_paid_in_full(shop):
    other = make.patient(user=make.user())
    shop.user, shop.patient, shop.client = other.user, other, make.client_for(other.user)
    choose(shop)
    assert fields(shop)[0]["ahead"] == "220.00"


def test_nothing_is_asked_by_default(shop):
    ClinicSettings.objects.update(ahead="none", ahead_first="none")
    choose(shop)
    assert "ahead" not in fields(shop)[0]


def test_a_service_has_a_rule_of_its_own(shop):
    Service.objects.filter(slug="session").update(ahead="none")
    choose(shop)
    assert "ahead" not in fields(shop)[0]


def test_an_amount_that_was_not_shown_is_not_taken(shop):
    choose(shop)
    hidden, _page = fields(shop)
    answer = shop.client.post(shop.confirm, hidden | {"who": str(shop.patient.code), "ahead": "1.00"})
    assert answer.status_code == 409
    assert PaymentAttempt.objects.count() == 0
    assert not Appointment.objects.filter(status="booked").exists()


def test_two_presses_are_led_to_one_page(shop):
    choose(shop)
    assert goes_on(shop) == goes_on(shop)
    assert PaidBooking.objects.count() == 1


def test_abandoned(shop):
    held = choose(shop)
    goes_on(shop)
    shop.later(40 * 60)
    tasks.go_round()
    assert shop.attempt().status == "expired"
    held.refresh_from_db()
    assert not held.is_held(now=shop.now)
    assert money() == 0


def test_a_time_is_not_held_for_ever_by_beginning_to_pay(shop):
    held = choose(shop)
    for _ in range(2):
        goes_on(shop)
        shop.later(32 * 60)
        tasks.go_round()
    answer = shop.client.post(shop.confirm, fields(shop)[0] | {"who": str(shop.patient.code)})
    assert answer.status_code == 409
    held.refresh_from_db()
    shop.later(5 * 60)
    assert not held.is_held(now=shop.now)


def test_paid_in_the_second_in_which_the_hold_ends(shop):
    """Nobody else took it: it is theirs."""
    held = choose(shop)
    name = goes_on(shop)
    shop.pays(name)
    shop.later(35 * 60)
    held.refresh_from_db()
    assert not held.is_held(now=shop.now)
    shop.hears(*shop.messages())
    held.refresh_from_db()
    assert held.status == "booked"
    assert money() == Decimal("110.00")


def test_paid_after_the_hold_was_cleared_away(shop):
    """Its row is gone and the time still free: it is held anew, and booked."""
    choose(shop)
    name = goes_on(shop)
    shop.pays(name)
    shop.later(35 * 60)
    locking.clear_run_out_holds(by=Actor.system("test"), now=shop.now)
    assert not Appointment.objects.filter(status="held").exists()
    shop.hears(*shop.messages())
    assert Appointment.objects.get(status="booked").patient == shop.patient
    assert money() == Decimal("110.00")


def test_paid_and_somebody_else_has_the_time(shop):
    """All of it goes back by itself, and they are told."""
    held = choose(shop)
    name = goes_on(shop)
    shop.pays(name)
    shop.later(35 * 60)
    locking.clear_run_out_holds(by=Actor.system("test"), now=shop.now)
    theirs = make.appointment(psychologist=shop.mai, starts_at=held.starts_at, location=shop.place)
    shop.hears(*shop.messages())
    assert Appointment.objects.get(status="booked") == theirs
    refund = StripeRefund.objects.get()
    assert (refund.status, refund.amount, refund.why) == ("done", Decimal("110.00"), "not_booked")
    assert money() == 0
    assert [notice.template for notice in Notice.objects.all()] == ["paid_time_gone"]
    page = shop.client.get(reverse("patient:paying", args=[shop.attempt().code])).content.decode()
    assert "was no longer free, and nothing was booked" in page
    for name in ("patient:home", "patient:invoices"):
        page = shop.client.get(reverse(name)).content.decode()
        assert "When your payment arrived, that time was no longer free, and nothing was booked." in page
        assert "All of it went back to your card on" in page
    shop.hears(*shop.messages())
    assert shop.asked("refunds") == 1
    shop.later(31 * 24 * 3600)
    assert "that time was no longer free" not in shop.client.get(reverse("patient:home")).content.decode()


def test_what_of_a_lost_booking_is_still_here_is_told_with_who_decides(shop):
    """While it is on its way it goes back by itself; what does not reach the card is for reception to settle."""
    held = choose(shop)
    shop.pays(goes_on(shop), "4000000000007726")
    shop.later(35 * 60)
    locking.clear_run_out_holds(by=Actor.system("test"), now=shop.now)
    make.appointment(psychologist=shop.mai, starts_at=held.starts_at, location=shop.place)
    shop.hears(*shop.messages())
    page = shop.client.get(reverse("patient:home")).content.decode()
    assert "$110.00 held for you" in page
    assert "All of it goes back to your card by itself" in page
    shop.books.finish_refund(StripeRefund.objects.get().stripe_id, "failed")
    shop.hears(*shop.messages())
    page = shop.client.get(reverse("patient:invoices")).content.decode()
    assert "$110.00 held for you" in page
    assert "It did not reach your card. Reception looks at it" in page
    assert "It is used first" not in page, "it is told once"


def test_the_card_that_it_is_paid_with_is_kept_where_somebody_agrees(shop):
    """In the policy's words, recorded; a late fee is charged to it from then on, and nobody is asked again."""
    choose(shop)
    page = fields(shop)[1]
    assert "A card for the cancellation fee, if you like" in page
    words = dict(re.findall(r'name="(card_words)" value="([^"]*)"', page))
    hidden, _page = fields(shop)
    stale = shop.client.post(
        shop.confirm, hidden | {"who": str(shop.patient.code), "keep_card": "on", "card_words": "x"}
    )
    assert stale["Location"] == shop.confirm
    assert not PaymentAttempt.objects.exists()
    shop.pays(goes_on(shop, keep_card="on", **words))
    shop.hears(*shop.messages())
    card = SavedCard.objects.get()
    assert (card.patient, card.given_by, card.last4) == (shop.patient, shop.user, "4242")
    assert "without asking me again, the fee for cancelling late" in card.consent
    assert on_file_of(shop.patient.pk) == card
    assert money() == Decimal("110.00")
    assert "Visa 4242" in shop.client.get(reverse("patient:cards")).content.decode()


def test_who_comes_back_and_says_otherwise_of_the_card_is_led_to_a_page_that_does_so(shop):
    choose(shop)
    words = dict(re.findall(r'name="(card_words)" value="([^"]*)"', fields(shop)[1]))
    first = goes_on(shop)
    second = goes_on(shop, keep_card="on", **words)
    assert second != first
    assert {attempt.status for attempt in PaymentAttempt.objects.all()} == {"open", "expired"}
    assert SavedCard.objects.get().consent, "what was ticked is written down"
    assert goes_on(shop, keep_card="on", **words) == second
    shop.pays(second)
    shop.hears(*shop.messages())
    assert (SavedCard.objects.get().last4, money()) == ("4242", Decimal("110.00"))


def test_a_second_change_of_mind_about_the_card_is_not_kept_waiting(shop):
    choose(shop)
    words = dict(re.findall(r'name="(card_words)" value="([^"]*)"', fields(shop)[1]))
    goes_on(shop)
    second = goes_on(shop, keep_card="on", **words)
    third = goes_on(shop)
    assert third != second
    # No page more is opened: this one keeps no card, and they are told so once they are back.
    assert goes_on(shop, keep_card="on", **words) == third
    assert "No card was saved just now." in shop.client.get(reverse("patient:home")).content.decode()
    shop.pays(third)
    shop.hears(*shop.messages())
    assert money() == Decimal("110.00")
    assert not SavedCard.objects.exclude(saved_at=None).exists()


def test_no_card_is_kept_unasked_nor_where_nothing_is_paid(shop):
    choose(shop)
    words = {"card_words": re.findall(r'name="card_words" value="([^"]*)"', fields(shop)[1])[0]}
    shop.pays(goes_on(shop, **words))
    shop.hears(*shop.messages())
    assert not SavedCard.objects.exists()
    assert not shop.books.all_of("customer", {})["data"]


def test_a_card_is_given_as_a_session_is_booked_that_nothing_is_paid_ahead_for(shop):
    ClinicSettings.objects.update(ahead="none", ahead_first="none")
    choose(shop)
    hidden, page = fields(shop)
    words = re.findall(r'name="card_words" value="([^"]*)"', page)[0]
    answer = shop.client.post(
        shop.confirm, hidden | {"who": str(shop.patient.code), "keep_card": "on", "card_words": words}
    )
    card = SavedCard.objects.get()
    assert answer["Location"] == card.url
    assert Appointment.objects.filter(status="booked").count() == 1
    shop.pays(card.session_id)
    shop.hears(*shop.messages())
    assert on_file_of(shop.patient.pk) == card
    choose_again = shop.client.get(reverse("patient:cards") + f"?saving={card.code}").content.decode()
    assert "is on file now. Nothing was charged." in choose_again


def test_doubled_and_late(shop):
    choose(shop)
    shop.pays(goes_on(shop))
    messages = shop.messages()
    shop.later(600)
    shop.hears(*messages, *reversed(messages))
    tasks.look_at_attempt(shop.attempt().pk)
    assert money() == Decimal("110.00")
    assert Appointment.objects.filter(status="booked").count() == 1


def booked(shop):
    """The session of a deposit of $110 that has arrived."""
    held = choose(shop)
    shop.pays(goes_on(shop))
    shop.hears(*shop.messages())
    held.refresh_from_db()
    return held


def test_what_was_paid_ahead_is_told_as_it_is_cancelled(shop):
    session = booked(shop)
    words = "We hold $110.00 that was paid ahead for this session."
    url = reverse("patient:cancel", args=[session.code])
    page = shop.client.get(url).content.decode()
    assert words in page
    hidden = dict(re.findall(r'<input type="hidden" name="(seen|fee)" value="([^"]*)">', page))
    done = shop.client.post(url, hidden, follow=True).content.decode()
    assert "Your session is cancelled" in done
    assert words in done
    assert Notice.objects.get(template="appointment_cancelled").text.count("We hold $110.00") == 1
    for name in ("patient:invoices", "patient:home"):
        listed = shop.client.get(reverse(name)).content.decode()
        assert "$110.00 held for you" in listed
        assert "We hold $110.00 for you." in listed


def test_what_is_paid_ahead_is_not_booked_several_at_once(shop):
    session = booked(shop)
    url = reverse("patient:repeat", args=[session.code])
    assert url not in shop.client.get(reverse("patient:appointment", args=[session.code])).content.decode()
    page = shop.client.get(url, follow=True).content.decode()
    assert "so each is booked by itself" in page
    Service.objects.filter(slug="session").update(ahead="none")
    assert shop.client.get(url).status_code == 200


def test_a_time_that_is_booked_is_not_said_to_be_held(shop):
    held = choose(shop)
    shop.pays(goes_on(shop))
    paying = reverse("patient:paying", args=[shop.attempt().code])
    page = shop.client.get(paying).content.decode()
    assert "We are waiting for word of your payment" in page
    assert "Let it go" not in page
    assert "Let it go" in shop.client.get(reverse("public:home")).content.decode()
    shop.hears(*shop.messages())
    answer = shop.client.post(reverse("public:let_go", args=["session"]), {"hold": str(held.code)})
    assert answer["Location"] == reverse("patient:appointment", args=[held.code])
    assert "This time is booked already." in shop.client.get(answer["Location"]).content.decode()


def test_every_page_and_mail_says_the_same_of_a_deposit(shop):
    assert "is paid by card as you book" in shop.client.get(reverse("public:times", args=["session"])).content.decode()
    choose(shop)
    _hidden, page = fields(shop)
    assert "To pay on the day" in page
    assert "You pay the fee on the day" not in page
    shop.pays(goes_on(shop))
    shop.hears(*shop.messages())
    session = Appointment.objects.get(status="booked")
    page = shop.client.get(reverse("patient:appointment", args=[session.code])).content.decode()
    assert page.count("To pay on the day") == 2
    assert "Nothing left to pay" not in page
    paid = Notice.objects.get(template="payment_received").text
    assert "$110.00 is paid on the day." in paid
    assert "Nothing is left to pay" not in paid
    booked = Notice.objects.get(template="appointment_booked").text
    assert "$110.00 of it is paid already; $110.00 is paid on the day." in booked
    deposit = Invoice.objects.get(appointment=session)
    assert "Paid ahead of the session on" in shop.client.get(f"/my/invoices/{deposit.number}/").content.decode()


def test_a_card_on_file_is_named_where_a_late_cancelling_may_cost(shop):
    make.saved_card(
        patient=shop.patient, given_by=shop.user, opened_at=shop.now, session_id="cs_1", customer="cus_1",
        saved_at=shop.now, payment_method="pm_1", brand="visa", last4="4242", exp_month=12, exp_year=2029,
    )  # fmt: skip
    session = make.appointment(
        psychologist=shop.mai, patient=shop.patient, location=shop.place, starts_at=shop.now + timedelta(hours=5)
    )
    url = reverse("patient:cancel", args=[session.code])
    page = shop.client.get(url).content.decode()
    assert "it may charge it to the card on file, Visa 4242" in page
    hidden = dict(re.findall(r'<input type="hidden" name="(seen|fee)" value="([^"]*)">', page))
    shop.client.post(url, hidden)
    assert "it may charge it to the card on file." in Notice.objects.get(template="appointment_cancelled").text
    desk = make.client_for(make.staff()).get(reverse("reception:fee", args=[session.code])).content.decode()
    assert "A card is on file: Visa 4242." in desk


def test_nothing_is_paid_ahead_where_somebody_else_is_billed(shop):
    make.patient_payer(patient=shop.patient)
    choose(shop)
    assert "ahead" not in fields(shop)[0]
