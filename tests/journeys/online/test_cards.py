"""Cards on file: saved with consent, removed, and charged for a fee: once, never more, never without consent."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.audit.models import Entry
from portal.billing import actions
from portal.billing.models import CardConsent, Invoice, Payment, PaymentAttempt, SavedCard, StripeRefund
from portal.billing.online import cards as saving
from portal.billing.online import charging
from portal.billing.online.attempts import Underway
from portal.billing.online.charging import NoCard, write
from portal.billing.refusals import NotPayable, Waived
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys import paying
from portal.journeys.online import arriving, cards, tasks
from portal.notifications.models import Notice
from portal.patients.consents import agree
from portal.policies import publishing
from portal.policies.models import PolicyKind, PolicyVersion
from tests import make

from .conftest import ASKS, DECLINED, GOOD

pytestmark = pytest.mark.django_db

ASKS_ALWAYS, DECLINES_LATER = "4000 0027 6000 3184", "4000 0000 0000 0341"
CARDS = "/my/cards/"


@pytest.fixture
def desk(db):
    return make.client_for(make.staff(Role.RECEPTION))


def agreed(till, client=None, **said):
    """Ticks the box and presses "Add a card"; the answer."""
    client = client or till.client
    page = client.get(CARDS).content.decode()
    shown = {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("words", "patient")}
    return client.post(f"{CARDS}add/", shown | {"agree": "on"} | said)


def opened(till, **said):
    answer = agreed(till, **said)
    assert answer.status_code == 302, answer.content.decode()
    return urlsplit(answer["Location"]).path.rpartition("/")[2]


def saved(till, card=GOOD, **how):
    assert till.pays(opened(till), card, **how) == "paid"
    till.hears(*till.messages())
    return SavedCard.objects.on_file().get()


def missed(till, **fields):
    start = till.now - timedelta(hours=3)
    said = {"status": Status.NO_SHOW, "fee": "200.00", "no_show_percent": 50, "starts_at": start}
    return make.appointment(patient=fields.pop("patient", till.patient), **said | fields)


def fee(till, **fields):
    """The invoice of somebody who did not come: 100 dollars."""
    return paying.bill_fee(appointment=missed(till, **fields), by=make.actor(), now=till.now)


def charge(desk, invoice, follow=True):
    url = reverse("reception:charge_card", args=[invoice.number])
    page = desk.get(url)
    assert page.status_code == 200, page.headers
    text = page.content.decode()
    form = {name: re.search(rf'name="{name}" value="([^"]*)"', text)[1] for name in ("seen", "card")}
    return desk.post(url, form, follow=follow), form, url


def said(answer):
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split()).replace("&#x27;", "'")


def paid(invoice):
    invoice.refresh_from_db()
    return invoice.paid


# ---- Saved -----------------------------------------------------------------------------------------------------------


def test_saved_with_what_was_agreed_to(till):
    card = saved(till)
    assert (card.name, card.good_until, card.removed_at) == ("Visa 4242", f"12/{(till.now.year + 3) % 100}", None)
    assert card.consent == saving.consent_words()
    assert (card.consent_hash, card.given_by, card.created_at) == (saving.hash_of(card.consent), till.user, till.now)
    page = said(till.client.get(CARDS))
    assert "Visa 4242" in page
    assert "4242424242424242" not in page
    assert {"saved_card.agreed", "saved_card.saved"} <= set(Entry.objects.values_list("verb", flat=True))
    assert not Payment.objects.exists()


def test_without_the_tick_nothing_is_kept_and_the_page_says_so(till):
    answer = agreed(till, agree="")
    assert answer.status_code == 422
    assert "Tick this if you agree. Without it no card is saved." in said(answer)
    assert not SavedCard.objects.exists()
    assert till.asked("customers") == 0


def test_other_words_than_those_of_the_page_are_not_agreed_to(till):
    answer = agreed(till, words="0" * 64)
    assert answer["Location"] == CARDS
    assert not SavedCard.objects.exists()


def test_a_second_press_is_led_to_the_same_page(till):
    assert opened(till) == opened(till)
    assert (SavedCard.objects.count(), till.asked("checkout/sessions")) == (1, 1)


def test_a_message_that_comes_twice_and_one_that_never_comes(till):
    name = opened(till)
    till.pays(name)
    messages = till.messages()
    till.hears(*messages, *messages)
    till.hears(*messages)
    assert SavedCard.objects.on_file().count() == 1
    assert Entry.objects.filter(verb="saved_card.saved").count() == 1
    second = opened(till)
    till.pays(second)
    till.messages()
    till.later(3600)
    tasks.go_round()
    assert SavedCard.objects.on_file().count() == 2


def test_the_page_shows_it_once_the_payer_is_back(till):
    till.pays(opened(till))
    card = SavedCard.objects.get()
    back = f"{CARDS}?saving={card.code}"
    assert "We are waiting for word of your card." in said(till.client.get(back))
    tasks.look_at_card(card.pk)
    assert "Visa 4242 is on file now. Nothing was charged." in said(till.client.get(back))


@pytest.mark.parametrize("how", ["declined", "not confirmed", "left"])
def test_a_card_that_is_not_saved(till, how):
    name = opened(till)
    if how == "declined":
        assert till.pays(name, DECLINED) == "generic_decline"
    elif how == "not confirmed":
        assert till.pays(name, ASKS, confirmed=False) == "authentication_failed"
    till.later(3600)
    tasks.go_round()
    card = SavedCard.objects.get()
    assert (card.saved_at, card.closed_at is not None) == (None, True)
    assert "No card is on file." in said(till.client.get(CARDS))


def test_a_card_of_another_customer_is_not_believed(till):
    name = opened(till)
    till.pays(name)
    till.books.objects[till.books.objects[name]["setup_intent"]]["customer"] = "cus_other"
    till.hears(*till.messages())
    assert not SavedCard.objects.on_file().exists()


# ---- Whose -----------------------------------------------------------------------------------------------------------


def test_somebody_elses_card_is_not_found(till):
    card = saved(till)
    stranger = make.user()
    make.patient(user=stranger)
    other = make.client_for(stranger)
    assert other.post(f"{CARDS}{card.code}/remove/").status_code == 404
    assert "Visa 4242" not in said(other.get(f"{CARDS}?saving={card.code}"))
    assert agreed(till, client=other, patient=str(till.patient.code)).status_code == 422
    card.refresh_from_db()
    assert card.removed_at is None


def test_patients_may_not_charge(till):
    saved(till)
    assert till.client.get(reverse("reception:charge_card", args=[fee(till).number])).status_code == 403


# ---- Removed ---------------------------------------------------------------------------------------------------------


def test_removed_here_and_at_stripe_and_charged_no_more(till, desk):
    card, invoice = saved(till), fee(till)
    answer = till.client.post(f"{CARDS}{card.code}/remove/", follow=True)
    assert "The card is removed. Nothing is charged to it any more." in said(answer)
    assert till.books.objects[card.payment_method]["customer"] is None
    card.refresh_from_db()
    assert (card.removed_by, card.detached_at) == (till.user, till.now)
    assert "This card was removed already." in said(till.client.post(f"{CARDS}{card.code}/remove/", follow=True))
    url = reverse("reception:charge_card", args=[invoice.number])
    assert "There is no card on file" in said(desk.get(url, follow=True))
    answer = desk.post(url, {"seen": invoice.seen_as, "card": str(card.code)}, follow=True)
    assert "This card is not on file any more. Nothing was charged." in said(answer)
    assert till.asked("payment_intents") == 0


def test_removed_while_stripe_is_down_is_let_go_by_the_round(till):
    card = saved(till)
    till.server.is_down = True
    till.client.post(f"{CARDS}{card.code}/remove/")
    card.refresh_from_db()
    assert (card.removed_at, card.detached_at) == (till.now, None)
    till.server.is_down = False
    tasks.go_round()
    card.refresh_from_db()
    assert card.detached_at == till.now
    assert till.books.objects[card.payment_method]["customer"] is None


def test_taken_off_in_stripes_own_pages(till):
    card = saved(till)
    till.books.detach(card.payment_method)
    till.hears(*till.messages())
    card.refresh_from_db()
    assert (card.removed_at, card.removed_by) == (till.now, None)


# ---- Charged ---------------------------------------------------------------------------------------------------------


def test_a_fee_is_charged_once_and_the_receipt_goes_out(till, desk):
    card, invoice = saved(till), fee(till)
    answer, form, url = charge(desk, invoice)
    assert "$100.00 was charged to Visa 4242." in said(answer)
    assert paid(invoice) == Decimal("100.00")
    attempt = till.attempt()
    assert (attempt.status, attempt.card, attempt.payment.amount) == ("paid", card, Decimal("100.00"))
    assert till.books.objects[attempt.payment_intent]["amount"] == 10000
    assert Notice.objects.filter(template="payment_received").count() == 1
    assert "Nothing is left to pay" in said(desk.post(url, form, follow=True))
    till.hears(*till.messages())
    tasks.go_round()
    assert till.asked("payment_intents") == 1
    assert Payment.objects.count() == 1


def test_what_was_paid_meanwhile_is_not_charged(till, desk):
    saved(till)
    invoice = fee(till)
    url = reverse("reception:charge_card", args=[invoice.number])
    form = {"seen": invoice.seen_as, "card": str(SavedCard.objects.get().code)}
    till.at_the_desk(invoice, "40.00")
    assert "This invoice was changed since the page was opened" in said(desk.post(url, form, follow=True))
    assert till.asked("payment_intents") == 0
    charge(desk, invoice)
    assert till.books.objects[till.attempt().payment_intent]["amount"] == 6000
    assert paid(invoice) == Decimal("100.00")


@pytest.mark.parametrize(
    ("card", "why"),
    [
        (DECLINES_LATER, "The bank declined Visa 0341. Nothing was charged."),
        (ASKS_ALWAYS, "The bank wants the cardholder to confirm: Visa 3184 can't be charged without them."),
    ],
)
def test_what_the_bank_refuses_is_said_and_the_bill_is_mailed(till, desk, card, why):
    saved(till, card, **({"confirmed": True} if card == ASKS_ALWAYS else {}))
    invoice = fee(till)
    answer, _form, _url = charge(desk, invoice)
    assert why in said(answer)
    assert "with a link to pay it" in said(answer)
    assert "/bill/" in Notice.objects.get(template="invoice").text
    attempt = till.attempt()
    assert (attempt.status, attempt.payment, paid(invoice)) == ("expired", None, 0)
    # The bill's link still pays it.
    till.pays(till.press_pay(invoice))
    till.hears(*till.messages())
    assert paid(invoice) == Decimal("100.00")


def test_a_card_that_was_confirmed_when_it_was_saved_is_charged(till, desk):
    saved(till, ASKS, confirmed=True)
    invoice = fee(till)
    charge(desk, invoice)
    assert paid(invoice) == Decimal("100.00")


def test_an_answer_that_was_lost_is_found_and_nothing_is_charged_again(till, desk):
    saved(till)
    invoice = fee(till)
    attempt = write(invoice=invoice, card=SavedCard.objects.get(), seen="", by=make.actor(), now=till.now)
    charging.send(attempt, now=till.now)  # and the line goes dead
    assert "Stripe has not said yet" in said(desk.get(reverse("reception:invoice", args=[invoice.number])))
    with pytest.raises(Underway):
        write(invoice=invoice, card=SavedCard.objects.get(), seen="", by=make.actor(), now=till.now)
    till.later(660)
    tasks.go_round()
    tasks.go_round()
    assert paid(invoice) == Decimal("100.00")
    assert sum(row["object"] == "payment_intent" for row in till.books.objects.values()) == 1


def test_stripe_is_down_and_nothing_was_charged(till, desk):
    saved(till)
    invoice = fee(till)
    url = reverse("reception:charge_card", args=[invoice.number])
    form = {"seen": invoice.seen_as, "card": str(SavedCard.objects.get().code)}
    till.server.is_down = True
    assert "Stripe could not be reached." in said(desk.post(url, form, follow=True))
    till.server.is_down = False
    assert "A payment of this invoice is on its way." in said(desk.post(url, form, follow=True))
    # Nor can it be paid on a page until it is known what came of it.
    assert till.client.post(reverse("patient:pay", args=[invoice.number]))["Location"].startswith("/my/invoices/")
    till.later(660)
    tasks.go_round()
    assert (till.attempt().status, till.attempt().declined, paid(invoice)) == ("expired", "not_reached", 0)
    charge(desk, invoice)
    assert paid(invoice) == Decimal("100.00")


def test_a_page_that_is_open_is_closed_before_the_card_is_charged(till, desk):
    saved(till)
    invoice = fee(till)
    page = till.press_pay(invoice)
    charge(desk, invoice)
    assert paid(invoice) == Decimal("100.00")
    assert till.pays(page) == "expired"
    assert Payment.objects.count() == 1


def test_paid_at_the_desk_while_it_is_charged_goes_back_to_the_card(till):
    saved(till)
    invoice = fee(till)
    attempt = write(invoice=invoice, card=SavedCard.objects.get(), seen="", by=make.actor(), now=till.now)
    intent = charging.send(attempt, now=till.now)
    till.at_the_desk(invoice, "100.00")
    arriving.charged(attempt, intent, now=till.now)
    till.works()
    assert StripeRefund.objects.get().amount == Decimal("100.00")
    assert paid(invoice) == Decimal("100.00")


# ---- Never -----------------------------------------------------------------------------------------------------------


def test_a_waived_fee_is_not_charged(till, desk):
    saved(till)
    session = missed(till)
    paying.waive_fee(appointment=session, reason="Ill", by=make.actor(), now=till.now)
    with pytest.raises(Waived):
        paying.bill_fee(appointment=session, by=make.actor(), now=till.now)
    invoice = paying.bill_fee(appointment=session, by=make.actor(), now=till.now, after_all=True)
    answer, _form, _url = charge(desk, invoice)
    assert "The fee is waived. Nothing was charged." in said(answer)
    assert (till.asked("payment_intents"), paid(invoice)) == (0, 0)


def test_a_time_that_was_filled_again_while_the_page_was_open_is_not_charged(till, desk):
    saved(till)
    start = till.now + timedelta(hours=5)
    session = make.appointment(
        patient=till.patient, status=Status.CANCELLED, late=True, fee="200.00", late_fee_percent=50, starts_at=start,
        cancelled_at=till.now,
    )  # fmt: skip
    invoice = paying.bill_fee(appointment=session, by=make.actor(), now=till.now)
    url = reverse("reception:charge_card", args=[invoice.number])
    form = {"seen": invoice.seen_as, "card": str(SavedCard.objects.get().code)}
    make.appointment(
        psychologist=session.psychologist, location=session.location, service=session.service, starts_at=start
    )
    assert "filled again, so no card is charged for it." in said(desk.post(url, form, follow=True))
    assert till.asked("payment_intents") == 0


def test_a_void_invoice_is_not_charged(till, desk):
    saved(till)
    invoice = fee(till)
    url = reverse("reception:charge_card", args=[invoice.number])
    form = {"seen": invoice.seen_as, "card": str(SavedCard.objects.get().code)}
    actions.void_invoice(invoice=invoice, reason="A mistake", by=make.actor(), now=till.now)
    desk.post(url, form)
    assert till.asked("payment_intents") == 0


def test_nothing_but_a_fee_is_charged(till, desk):
    card, invoice = saved(till), till.invoice()
    url = reverse("reception:charge_card", args=[invoice.number])
    assert "There is no card on file" in said(desk.get(url, follow=True))
    with pytest.raises(NotPayable):
        cards.charge(invoice=invoice, card=card, seen="", by=make.actor(), now=till.now)


def test_nobody_elses_card_is_charged(till):
    card = saved(till)
    invoice = fee(till, patient=make.patient())
    with pytest.raises(NoCard):
        cards.charge(invoice=invoice, card=card, seen="", by=make.actor(), now=till.now)


def test_a_card_whose_last_month_is_past_is_not_charged(till, desk):
    saved(till)
    till.later(4 * 366 * 24 * 3600)
    desk = make.client_for(make.staff(Role.RECEPTION))
    invoice = fee(till)
    url = reverse("reception:charge_card", args=[invoice.number])
    assert "There is no card on file" in said(desk.get(url, follow=True))


def test_a_card_of_a_carer_who_cares_no_more_is_not_charged(till):
    carer = make.user()
    child = make.patient()
    make.carer(patient=child, user=carer)
    till.client = make.client_for(carer)
    card = saved(till)
    assert card.patient == child
    invoice = fee(till, patient=child)
    child.carers.update(ended_at=till.now)
    with pytest.raises(NoCard):
        cards.charge(invoice=invoice, card=card, seen="", by=Actor.system("x"), now=till.now)


# ---- The fees changed since ------------------------------------------------------------------------------------------


def publish(till, **changed):
    make.clinic(**changed)
    today = ClinicSettings.current().today(till.now)
    newest = PolicyVersion.objects.of(PolicyKind.FEES).first()
    return publishing.publish(
        kind=PolicyKind.FEES, effective_from=today, after=newest.number if newest else 0, by=make.actor(), now=till.now
    )


def fee_booked_now(till):
    return fee(till, booked_at=till.now - timedelta(hours=2), starts_at=till.now - timedelta(hours=1))


def agree_anew(till, client=None):
    page = (client or till.client).get(CARDS).content.decode()
    url = re.search(r'action="(/my/cards/[^"]*/agree/)"', page)
    assert url, "nothing is asked"
    form = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0] for name in ("words", "number")}
    return (client or till.client).post(url[1], form, follow=True), url[1], form


def test_new_fees_are_not_charged_until_they_are_agreed_to(till, desk):
    publish(till, late_fee_percent=50)
    card = saved(till)
    assert "please agree again" not in said(till.client.get(CARDS))
    before = fee_booked_now(till)
    till.later(2 * 86400)
    desk = make.client_for(make.staff(Role.RECEPTION))
    till.client = make.client_for(till.user)
    newer = publish(till, late_fee_percent=75)
    after = fee_booked_now(till)
    # The session that was booked before is charged as before.
    charge(desk, before)
    assert paid(before) == Decimal("100.00")
    url = reverse("reception:charge_card", args=[after.number])
    form = {"seen": after.seen_as, "card": str(card.code)}
    assert "to which Terry has not agreed" in said(desk.get(url)).replace(till.user.name, "Terry")
    assert 'name="card"' not in desk.get(url).content.decode()
    assert "so the card can’t be charged" in said(desk.get(reverse("reception:invoice", args=[after.number])))
    assert "The consent to this card is older than the fees policy." in said(desk.post(url, form, follow=True))
    assert (till.asked("payment_intents"), paid(after)) == (1, 0)
    # One button, and again in another window.
    assert "Visa 4242: please agree again" in said(till.client.get(CARDS))
    answer, again, shown = agree_anew(till)
    assert "We have written down that you agree." in said(answer)
    assert "please agree again" not in said(answer)
    till.client.post(again, shown)
    given = CardConsent.objects.get()
    assert (given.card, given.policy, given.consent) == (card, newer, saving.consent_words())
    assert Entry.objects.filter(verb="saved_card.agreed_anew").count() == 1
    charge(desk, after)
    assert paid(after) == Decimal("100.00")


def test_who_agreed_to_the_policy_by_itself_is_not_asked_again(till, desk):
    publish(till, late_fee_percent=50)
    saved(till)
    newer = publish(till, late_fee_percent=75)
    invoice = fee_booked_now(till)
    by = Actor(make.user(), Role.PATIENT)
    agree(patient=till.patient, versions=[newer], by=by, now=till.now)
    assert "please agree again" in said(till.client.get(CARDS))  # it was somebody else
    newest = publish(till, late_fee_percent=80)
    agree(patient=till.patient, versions=[newest], by=Actor(till.user, Role.PATIENT), now=till.now)
    assert "please agree again" not in said(till.client.get(CARDS))
    charge(desk, invoice)
    assert paid(invoice) == Decimal("100.00")


def test_a_version_that_changes_no_fee_asks_nobody(till, desk):
    publish(till, late_fee_percent=50)
    saved(till)
    publish(till, email="new@clinic.example")
    assert "please agree again" not in said(till.client.get(CARDS))
    invoice = fee_booked_now(till)
    charge(desk, invoice)
    assert paid(invoice) == Decimal("100.00")


def test_an_old_page_agrees_to_nothing(till):
    publish(till, late_fee_percent=50)
    card = saved(till)
    publish(till, late_fee_percent=75)
    _answer, url, shown = agree_anew(till)
    publish(till, late_fee_percent=80)
    assert "Please read them." in said(till.client.post(url, shown, follow=True))
    assert "Please read them." in said(till.client.post(url, shown | {"words": "0" * 64}, follow=True))
    assert CardConsent.objects.count() == 1
    assert make.client_for(make.user()).post(url, shown).status_code == 404
    cards.remove(card, by=make.actor(), now=till.now)
    assert "This card was removed already." in said(till.client.post(url, shown, follow=True))
    assert CardConsent.objects.count() == 1


def test_the_page_of_cards_asks_as_much_however_many_there_are(till):
    publish(till, late_fee_percent=50)
    till.client.get(CARDS)

    def asked(count):
        for n in range(count):
            make.saved_card(
                patient=till.patient, given_by=till.user, opened_at=till.now, session_id=f"cs_{count}_{n}",
                customer="cus_1", saved_at=till.now, payment_method=f"pm_{count}_{n}", brand="visa", last4="4242",
                exp_month=12, exp_year=2029,
            )  # fmt: skip
        with CaptureQueriesContext(connection) as queries:
            assert said(till.client.get(CARDS)).count("please agree again") == SavedCard.objects.count()
        return len(queries)

    assert asked(1) == asked(29)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_two_windows_charge_once(till):
    card, invoice = saved(till), fee(till)
    by, barrier = make.actor(), threading.Barrier(2)

    def press(_):
        barrier.wait()
        try:
            fresh = Invoice.objects.get(pk=invoice.pk)
            return cards.charge(invoice=fresh, card=card, seen="", by=by, now=till.now).status
        except (Underway, NotPayable) as refusal:
            return type(refusal).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(press, range(2)))
    assert outcomes[1] == "paid"
    assert outcomes[0] in {"NotPayable", "Underway"}
    assert till.asked("payment_intents") == 1
    assert PaymentAttempt.objects.filter(card=card, status="paid").count() == 1
