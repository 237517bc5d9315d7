"""The link in an offer: opening shows, pressing answers, and nobody else's link opens it."""

import re
from contextlib import suppress
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.http import Http404, HttpRequest
from django.test import Client
from django.urls import reverse

from portal.appointments.models import Appointment, Offer, WaitlistEntry
from portal.billing import charges
from portal.billing.models import Invoice
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys.waitlist import offered, tasks, turns
from portal.notifications.models import Notice
from portal.patients.models import Patient
from portal.web.public import opened_links
from tests import make
from tests.journeys.waitlist.conftest import DAY, HOUR, MONDAY_NINE, NOW, Waiting, _wednesday  # noqa: F401
from tests.pages import form_with

WORKER = Actor.system("waitlist")


@pytest.fixture
def practice(db):
    return Waiting()


def link_in(notice):
    (found,) = set(re.findall(r"/offer/[\w-]+/", notice.text))
    return found


@pytest.fixture
def asked(practice):
    """The address that was mailed to somebody who waits, and their offer."""
    practice.waits()
    practice.cancel()
    (offer,) = practice.turn()
    return link_in(Notice.objects.get(template="waitlist_offer")), offer


def press(browser, page, answer, **fields):
    form = form_with(browser.get(page), "shown") if answer == "yes" else {}
    said = {name: values[0] for name, values in form.items() if values and name in {"shown", "instead_of"}}
    return browser.post(page, said | {"answer": answer} | fields)


def test_the_link_opens_the_offer_and_leaves_the_address_at_once(asked):
    link, offer = asked
    browser = Client()
    response = browser.get(link)
    page = reverse("public:offer", args=[offer.code])
    assert (response.status_code, response.url) == (302, page)
    shown = browser.get(page).content.decode()
    assert "Monday 8 June 2026" in shown
    assert "We keep it for you until" in shown
    # The mail's reader knows for whom it is; whoever else got hold of the link learns no name.
    assert offer.entry.patient.legal_last_name not in shown
    assert "no-store" in browser.get(page)["Cache-Control"]
    # Nor is the token kept where the browser's session is.
    assert link.split("/")[2] not in str(dict(browser.session))


def test_whatever_opens_links_by_itself_takes_nothing(asked):
    link, offer = asked
    scanner = Client()
    for _ in range(3):
        scanner.head(link, follow=True)
        scanner.get(link, follow=True)
        scanner.get(link, headers={"Purpose": "prefetch", "Sec-Purpose": "prefetch"}, follow=True)
    assert scanner.post(link).status_code == 405
    offer.refresh_from_db()
    assert offer.is_open
    assert not Appointment.objects.without_holds().without_cancelled().exists()


def test_a_press_without_the_link_opened_here_finds_nothing(asked):
    _link, offer = asked
    page = reverse("public:offer", args=[offer.code])
    assert Client().get(page).status_code == 404
    assert Client().post(page, {"answer": "yes"}).status_code == 404
    assert make.client_for(make.user()).post(page, {"answer": "no"}).status_code == 404
    offer.refresh_from_db()
    assert offer.is_open


def test_a_browser_keeps_the_last_ten_that_it_opened():
    request = HttpRequest()
    request.session = {}
    codes = [uuid4() for _ in range(12)]
    for code in (*codes, codes[2]):
        opened_links.remember(request, "offers", code)
    kept = []
    for code in codes:
        with suppress(Http404):
            opened_links.ask_for(request, "offers", code)
            kept.append(code)
    assert kept == codes[2:]
    with pytest.raises(Http404):
        opened_links.ask_for(request, "other_times", codes[-1])


def test_a_form_of_another_site_is_refused(asked):
    link, offer = asked
    browser = Client(enforce_csrf_checks=True)
    browser.get(link)
    assert browser.post(reverse("public:offer", args=[offer.code]), {"answer": "no"}).status_code == 403


@pytest.mark.parametrize("token", ["x", "A" * 43, "a" * 400])
def test_a_link_that_nobody_sent(practice, token):
    assert Client().get(f"/offer/{token}/").status_code == 410


def test_taken_by_one_press_and_said_so_ever_after(asked):
    link, offer = asked
    browser = Client()
    page = browser.get(link).url
    response = press(browser, page, "yes")
    assert (response.status_code, response.url) == (302, page)
    shown = browser.get(page).content.decode()
    assert "The time is yours" in shown
    assert "Free to cancel until" in shown
    offer.refresh_from_db()
    assert offer.is_accepted
    # Pressed again from a page that stayed open.
    assert browser.post(page, {"answer": "yes", "shown": "old"}).url == page
    assert Appointment.objects.without_cancelled().count() == 1
    # And on another device, from the same mail.
    assert "The time is yours" in Client().get(link, follow=True).content.decode()


def test_declined(asked):
    link, offer = asked
    browser = Client()
    page = browser.get(link).url
    press(browser, page, "no")
    offer.refresh_from_db()
    assert offer.outcome == Offer.Outcome.DECLINED
    assert "You declined this time" in browser.get(page).content.decode()
    # Too late to take it now: it is somebody else's.
    response = browser.post(page, {"answer": "yes", "shown": "old"})
    assert response.status_code == 409
    assert not Appointment.objects.live().without_holds().exists()


def test_off_the_list(asked):
    link, _offer = asked
    browser = Client()
    page = browser.get(link).url
    press(browser, page, "leave")
    entry = WaitlistEntry.objects.get()
    assert entry.ended_why == WaitlistEntry.Ended.LEFT
    assert "You are off the waitlist" in browser.get(page).content.decode()


def test_a_later_session_is_named_before_it_is_moved(practice):
    entry = practice.waits()
    theirs = practice.session(MONDAY_NINE + 7 * DAY, patient=entry.patient)
    practice.cancel()
    practice.turn()
    browser = Client()
    page = browser.get(link_in(Notice.objects.get(template="waitlist_offer"))).url
    shown = browser.get(page).content.decode()
    assert "move my session of Monday 15 June 2026, 9:00 am to this time" in shown
    press(browser, page, "yes", instead_of=str(theirs.code))
    theirs.refresh_from_db()
    assert theirs.starts_at == MONDAY_NINE
    assert "Your session of Monday 15 June 2026, 9:00 am is moved here" in browser.get(page).content.decode()


def test_the_same_answer_twice_is_booked_both_times(practice):
    entry = practice.waits()
    theirs = practice.session(MONDAY_NINE + 7 * DAY, patient=entry.patient)
    practice.cancel()
    practice.turn()
    browser = Client()
    page = browser.get(link_in(Notice.objects.get(template="waitlist_offer"))).url
    said = {"answer": "yes", "instead_of": str(theirs.code), "shown": form_with(browser.get(page), "shown")["shown"][0]}
    assert [browser.post(page, said).status_code for _press in range(2)] == [302, 302]
    assert Appointment.objects.filter(patient=entry.patient, starts_at=MONDAY_NINE).count() == 1


def test_whoever_is_signed_in_as_somebody_else_is_shown_nothing_of_it(practice):
    entry = practice.waits()
    theirs = practice.session(MONDAY_NINE + 7 * DAY, patient=entry.patient)
    practice.cancel()
    practice.turn()
    other = make.signed_in_client()
    page = other.get(link_in(Notice.objects.get(template="waitlist_offer"))).url
    for response in (other.get(page), other.post(page, {"answer": "yes", "shown": "x"})):
        shown = response.content.decode()
        assert response.status_code == 403
        assert other.user.email in shown
        assert "June 2026" not in shown
    assert other.post(page, {"answer": "leave"}).status_code == 403
    theirs.refresh_from_db()
    assert theirs.starts_at == MONDAY_NINE + 7 * DAY
    entry.refresh_from_db()
    assert entry.is_waiting


def test_a_referral_is_named_to_who_has_signed_in(practice, monkeypatch):
    user = make.user()
    entry = practice.waits(patient=make.patient(user=user))
    practice.cancel()
    practice.turn()
    said = {"medicare": "5 of 10 left", "is_covered": True, "no_rebate": False}
    none = {"medicare": "", "is_covered": False, "no_rebate": False}
    monkeypatch.setattr(
        "portal.journeys.better_access.beside_price",
        lambda _session, patient, *, now: said if patient == entry.patient else none,
    )
    link = link_in(Notice.objects.get(template="waitlist_offer"))
    assert "5 of 10 left" in make.client_for(user).get(link, follow=True).content.decode()
    assert "5 of 10 left" not in Client().get(link, follow=True).content.decode()


def test_a_price_that_changed_is_shown_before_it_is_owed(db):
    practice = Waiting(freed_times="at_once")
    practice.waits()
    practice.cancel()
    practice.turn()
    browser = Client()
    page = browser.get(link_in(Notice.objects.get(template="waitlist_offer"))).url
    old = form_with(browser.get(page), "shown")["shown"][0]
    type(practice.service).objects.filter(pk=practice.service.pk).update(fee=300)
    response = browser.post(page, {"answer": "yes", "shown": old, "instead_of": ""})
    assert response.status_code == 409
    assert "$300.00" in response.content.decode()
    assert not Appointment.objects.live().exists()


def test_when_its_time_is_over(asked, time_machine):
    link, offer = asked
    time_machine.move_to(NOW + 2 * HOUR)
    browser = Client()
    page = browser.get(link).url
    assert "It was open until" in browser.get(page).content.decode()
    assert browser.post(page, {"answer": "yes", "shown": "x"}).status_code == 409
    turns.take_turn(offer.vacancy, by=WORKER, now=NOW + 2 * HOUR)
    assert "It was open until" in browser.get(page).content.decode()


def test_two_offers_open_in_two_tabs_are_answered_each_for_itself(practice):
    practice.waits()
    practice.cancel()
    (first,) = practice.turn()
    other = practice.waits()
    practice.cancel(practice.session(MONDAY_NINE + DAY))
    (second,) = practice.turn()
    assert second.entry == other
    browser = Client()
    links = [link_in(notice) for notice in Notice.objects.filter(template="waitlist_offer").order_by("pk")]
    pages = [browser.get(link).url for link in links]
    press(browser, pages[0], "no")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.outcome, second.outcome) == (Offer.Outcome.DECLINED, "")
    assert timedelta(0) < second.expires_at - NOW


def test_a_first_visit_is_moved_here_and_no_second_one_is_asked_about(practice):
    intake = make.service(minutes=50, buffer_after=10, first_visit_only=True)
    entry = practice.waits(service=intake)
    first = practice.session(MONDAY_NINE + 7 * DAY, patient=entry.patient, service=intake)
    practice.cancel()
    (offer,) = practice.turn()
    browser, page = Client(), reverse("public:offer", args=[offer.code])
    browser.get(link_in(Notice.objects.get(template="waitlist_offer")))
    shown = browser.get(page).content.decode()
    assert "Your later session is moved to this time" in shown
    assert "book this time as well" not in shown
    assert "Something changed meanwhile" in press(browser, page, "yes", instead_of="").content.decode()
    press(browser, page, "yes", instead_of=str(first.code))
    first.refresh_from_db()
    assert first.starts_at == MONDAY_NINE
    assert not Appointment.objects.filter(patient=entry.patient).exclude(pk=first.pk).exists()


def test_what_is_paid_ahead_is_said_before_and_billed_once_it_is_taken(practice, monkeypatch):
    """The time is theirs at once; a rule that changed since is shown before anything is owed by it."""
    monkeypatch.setattr("portal.journeys.online.ahead.is_on", lambda: True)
    make.clinic(ahead="deposit", ahead_first="deposit", deposit_percent=50, payment_terms_days=28)
    entry = practice.waits()
    practice.cancel()
    practice.turn()
    browser = Client()
    page = browser.get(link_in(Notice.objects.get(template="waitlist_offer"))).url
    price = charges.price_of(offered.session_of(Offer.objects.for_listing().get()), clinic=ClinicSettings.current())
    old = form_with(browser.get(page), "shown")["shown"][0]
    assert f"${price / 2:.2f} of the fee is paid before the session." in browser.get(page).content.decode()
    make.clinic(deposit_percent=25)
    assert browser.post(page, {"answer": "yes", "shown": old}).status_code == 409
    assert press(browser, page, "yes").status_code == 302
    taken = browser.get(page).content.decode()
    assert f"${price / 4:.2f} of the fee is paid before the session." in taken
    bill = Invoice.objects.get(purpose="deposit")
    # Not after the session, however long the clinic's bills may take.
    assert bill.due_on == date(2026, 6, 8)
    at_the_bill = reverse("patient:invoice", args=[bill.number])
    assert at_the_bill not in taken
    assert (bill.total, bill.paid, bill.patient) == (price / 4, 0, entry.patient)
    # By e-mail, once however often the worker takes it up.
    sent = [tasks.mail_bill(bill.pk), tasks.mail_bill(bill.pk)]
    assert sent == [entry.patient.email] * 2
    assert Notice.objects.filter(template="invoice").count() == 1
    # Pressed again it asks for nothing more.
    assert browser.post(page, {"answer": "yes", "shown": "old"}).status_code == 302
    assert Invoice.objects.count() == 1
    # Signed in it leads to the bill.
    Patient.objects.filter(pk=entry.patient_id).update(user=make.user())
    browser.force_login(Patient.objects.get(pk=entry.patient_id).user)
    assert at_the_bill in browser.get(page).content.decode()
