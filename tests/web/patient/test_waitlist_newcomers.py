"""Somebody who has no record yet waits for a time: from the page of free times to their first session."""

from __future__ import annotations

import html
import re
from datetime import date
from urllib.parse import quote

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from portal.accounts.kept_forms import marks
from portal.accounts.roles import Role
from portal.appointments.actions import WaitlistWish
from portal.appointments.models import Appointment, Offer, WaitlistEntry
from portal.appointments.refusals import AlreadyWaiting, NotOffered
from portal.appointments.states import Status
from portal.audit.models import Entry
from portal.clinic.models import Location, Psychologist, Service, WhoBooks
from portal.common.access.actors import Actor
from portal.journeys import newcomers
from portal.journeys.waitlist import joining, turns
from portal.notifications.models import Notice
from portal.patients.models import Carer, Consent, Patient
from portal.patients.search import reindex
from portal.policies import publishing
from portal.policies.models import PolicyKind
from tests import make
from tests.journeys.waitlist.conftest import MONDAY_NINE, NOW
from tests.pages import form_with

pytestmark = pytest.mark.django_db

TIMES, WAIT = "/book/session/", "/book/session/wait/"
PAGE, JOIN = "/my/waitlist/", "/my/waitlist/join/"
WORKER = Actor.system("waitlist")
WISH = {
    "service": "session",
    "modes": ["in_person", "video"],
    "weekdays": ["0", "1"],
    "parts": ["morning"],
    "ends_on": "2026-07-01",
}
MAI = {"who": "me", "legal_first_name": "Mai", "legal_last_name": "Tran", "date_of_birth": "17/5/1990"}
MAI |= {"phone": "0491 570 006"}
MIA = {"who": "other", "relationship": "parent", "legal_first_name": "Mia", "date_of_birth": "3/2/2016"}
MIA |= {"phone": "0491 570 006"}


@pytest.fixture(autouse=True)
def _wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def kim(db):
    make.clinic(notice_hours=12, offer_minutes=120)
    make.service(slug="session")
    psychologist = make.psychologist(slug="kim")
    make.week(psychologist=psychologist, location=make.location(slug="brunswick"))
    return psychologist


@pytest.fixture
def user(kim):
    return make.user(email="mai@example.com", first_name="Mai")


@pytest.fixture
def client(user):
    return make.client_for(user)


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def way_on(page):
    """Where the page of free times leads whom none of them suits."""
    return html.unescape(re.search(r'href="(/book/session/wait/[^"]*)"', page.content.decode())[1])


# ---- The way there ---------------------------------------------------------------------------------------------------


def test_the_page_of_free_times_leads_to_waiting_with_whom_they_chose(kim):
    browser = Client()
    assert way_on(browser.get(TIMES)) == WAIT
    assert way_on(browser.get(f"{TIMES}?psychologist=kim")) == f"{WAIT}?psychologist=kim"
    # The part that htmx takes over, too.
    part = browser.get(f"{TIMES}?psychologist=kim", headers={"HX-Request": "true", "HX-Target": "times"})
    assert way_on(part) == f"{WAIT}?psychologist=kim"


def test_where_nothing_is_free_at_all_waiting_is_the_way_on(kim):
    kim.hours.all().delete()
    page = Client().get(TIMES)
    assert "Nothing is free online at the moment. Wait for a time" in words(page)
    assert way_on(page) == WAIT
    # Beside a look at everybody's times, where one was chosen.
    page = Client().get(f"{TIMES}?psychologist=kim")
    assert "See all times" in words(page)
    assert way_on(page) == f"{WAIT}?psychologist=kim"


def test_where_whom_they_chose_does_not_meet_so_waiting_is_there_too(kim):
    Service.objects.update(phone=True)
    Psychologist.objects.update(phone=False)
    page = Client().get(f"{TIMES}?psychologist=kim&mode=phone")
    assert "not-this-way" in page.content.decode()
    assert way_on(page) == f"{WAIT}?psychologist=kim"


def test_a_visitor_reads_what_waiting_is_and_signs_in_or_up_to_the_wish(kim):
    page = Client().get(f"{WAIT}?psychologist=kim")
    assert "Nothing is booked before you say yes" in words(page)
    back = quote(f"{JOIN}?service=session&psychologist=kim", safe="/")
    for door in (reverse("account_signup"), reverse("account_login")):
        assert f'href="{door}?next={back}"' in page.content.decode()


@pytest.mark.parametrize("named", ["", "?psychologist=nobody", "?psychologist=any", "?psychologist=%00"])
def test_somebody_whom_the_clinic_does_not_know_is_named_to_nobody(kim, client, named):
    assert client.get(f"{WAIT}{named}").url == f"{JOIN}?service=session"


def test_whoever_is_signed_in_goes_straight_to_the_wish(client):
    wish = client.get(f"{WAIT}?psychologist=kim").url
    form = form_with(client.get(wish), "ends_on")
    assert (form["service"], form["psychologists"], form["who"]) == (["session"], ["kim"], ["me"])
    assert "Who is it for?" in words(client.get(wish))
    assert "Who is this session for?" not in words(client.get(wish))
    # What the account knows stands there already.
    assert form["legal_first_name"] == ["Mai"]


def test_what_nobody_books_online_is_waited_for_at_the_desk(client):
    make.service(slug="by-phone", online=False)
    for slug in ("by-phone", "nothing"):
        assert Client().get(f"/book/{slug}/wait/").status_code == 404


def test_what_is_not_for_them_says_so(client):
    make.service(slug="long", who_books=WhoBooks.KNOWN)
    for browser in (Client(), client):
        assert browser.get("/book/long/wait/").url == "/book/long/"
    assert 'value="long"' not in client.get(JOIN).content.decode()
    assert client.post(JOIN, WISH | MAI | {"service": "long"}).status_code == 422
    assert not Patient.objects.exists()


# ---- Joining ---------------------------------------------------------------------------------------------------------


def test_the_list_leads_an_account_without_a_record_to_the_wish(client):
    page = client.get(PAGE)
    assert "Book a session first" not in words(page)
    assert f'href="{JOIN}"' in page.content.decode()
    assert "Have you been here before" in words(page)


def test_joining_makes_the_record_and_the_place_in_the_queue(client, user, kim):
    assert client.post(JOIN, WISH | MAI | {"psychologists": ["kim"]}).url == PAGE
    entry = WaitlistEntry.objects.get()
    record = entry.patient
    assert (record.user, record.email, record.legal_last_name) == (user, "mai@example.com", "Tran")
    assert record.date_of_birth == date(1990, 5, 17)
    assert (list(entry.psychologists.all()), entry.joined_by, entry.joined_at) == ([kim], user, NOW)
    shown = words(client.get(PAGE))
    assert "You are on the waitlist." in shown
    assert kim.name in shown
    written = set(Entry.objects.values_list("verb", flat=True))
    assert {"patient.registered", "waitlist.joined"} <= written


def test_for_somebody_they_care_for(client, user):
    assert client.post(JOIN, WISH | MIA).url == PAGE
    entry, carer = WaitlistEntry.objects.get(), Carer.objects.get()
    assert (entry.patient, entry.patient.user) == (carer.patient, None)
    assert (carer.user, carer.relationship, carer.is_billed) == (user, "parent", True)
    # Next time they are chosen by name, and the account's own person is still new.
    again = client.get(JOIN).content.decode()
    assert f'value="{entry.patient.code}"' in again
    assert 'value="me"' in again


def test_a_patient_waits_for_a_child_who_is_new(client, user):
    own = make.patient(user=user)
    make.service(slug="first-visit", first_visit_only=True)
    make.appointment(patient=own, status=Status.COMPLETED, service=Service.objects.get(slug="session"))
    refused = client.post(JOIN, WISH | {"who": str(own.code), "service": "first-visit"})
    assert refused.status_code == 422
    assert "This is for people who are new here" in words(refused)
    assert client.post(JOIN, WISH | MIA | {"service": "first-visit"}).url == PAGE
    assert WaitlistEntry.objects.get().patient.legal_first_name == "Mia"


@pytest.mark.parametrize(
    "wrong", [{"date_of_birth": ""}, {"legal_first_name": ""}, {"phone": "x"}, {"weekdays": []}, {"who": "somebody"}]
)
def test_mistakes_are_said_at_once_and_make_nothing(client, wrong):
    refused = client.post(JOIN, WISH | MAI | wrong)
    assert refused.status_code == 422
    assert (Patient.objects.count(), WaitlistEntry.objects.count()) == (0, 0)
    assert 'value="Tran"' in refused.content.decode()


def test_another_accounts_patient_is_nobody_here(client):
    stranger = make.patient()
    assert client.post(JOIN, WISH | MAI | {"who": str(stranger.code)}).status_code == 422
    assert not WaitlistEntry.objects.exists()


def test_the_policies_are_agreed_to_as_at_booking(client):
    for kind in PolicyKind:
        publishing.publish(kind=kind, effective_from=date(2026, 6, 3), by=WORKER, now=NOW)
    refused = client.post(JOIN, WISH | MAI | {"agree_privacy": "1"})
    assert refused.status_code == 422
    assert "Tick this to go on." in words(refused)
    assert not Patient.objects.exists()
    assert client.post(JOIN, WISH | MAI | {"agree_privacy": "1", "agree_fees": "1"}).url == PAGE
    agreed = Consent.objects.values_list("patient__legal_first_name", "version__kind")
    assert set(agreed) == {("Mai", "privacy"), ("Mai", "fees")}
    # Who agreed is not asked again.
    make.service(slug="other")
    own = str(Patient.objects.get().code)
    assert client.post(JOIN, WISH | {"who": own, "service": "other"}).url == PAGE


def test_a_record_and_no_place_in_the_queue_is_never_made(user):
    service, by = Service.objects.get(slug="session"), Actor(user, Role.PATIENT)
    Service.objects.update(is_active=False)
    service.refresh_from_db()
    wish = WaitlistWish((), None, 1, 1, 1, date(2026, 7, 1))
    values = {"legal_first_name": "Mai", "legal_last_name": "Tran", "date_of_birth": date(1990, 5, 17)}
    with pytest.raises(NotOffered):
        joining.join_first(user=user, values=values, relationship=None, service=service, wish=wish, by=by, now=NOW)
    assert not Patient.objects.exists()


# ---- Known before ----------------------------------------------------------------------------------------------------


def on_file(**fields):
    """As the desk wrote it, so that it is found."""
    details = {"legal_first_name": "Mai", "legal_last_name": "Tran", "date_of_birth": date(1990, 5, 17)}
    record = make.patient(**details | {"email": "mai@example.com", "compared_at": NOW} | fields)
    reindex(record)
    return record


def test_a_record_that_is_there_is_offered_and_joined_by_a_yes(client, user):
    record = on_file()
    offered = client.post(JOIN, WISH | MAI)
    assert offered.status_code == 409
    assert "Somebody is registered with us already" in words(offered)
    assert (Patient.objects.count(), WaitlistEntry.objects.count()) == (1, 0)
    assert client.post(JOIN, WISH | MAI | {"known": "yes"}).url == PAGE
    record.refresh_from_db()
    assert (record.user, WaitlistEntry.objects.get().patient) == (user, record)


def test_a_no_registers_somebody_else(client):
    record = on_file()
    assert client.post(JOIN, WISH | MAI | {"known": "no"}).url == PAGE
    record.refresh_from_db()
    assert record.user is None
    assert WaitlistEntry.objects.get().patient != record


def test_a_yes_for_somebody_who_waits_already_names_them_and_adds_nothing(client, user):
    record = on_file()
    make.waiting(patient=record, service=Service.objects.get(slug="session"))
    answer = client.post(JOIN, WISH | MAI | {"known": "yes"})
    assert answer.status_code == 409
    assert "Mai is on the waitlist for this service already" in words(answer)
    assert f'value="{record.code}"' in answer.content.decode()
    assert (Patient.objects.count(), WaitlistEntry.objects.count()) == (1, 1)


def test_a_wish_that_no_hours_meet_and_a_record_are_each_asked_about_once(client):
    on_file()
    sunday = WISH | MAI | {"weekdays": ["6"]}
    hint = client.post(JOIN, sunday)
    assert (hint.status_code, "By the weekly hours no such time comes" in words(hint)) == (422, True)
    hinted = form_with(hint, "ends_on")["hinted"][0]
    offered = client.post(JOIN, sunday | {"hinted": hinted})
    assert offered.status_code == 409
    again = form_with(offered, "ends_on")["hinted"][0]
    assert client.post(JOIN, sunday | {"hinted": again, "known": "yes"}).url == PAGE


# ---- Twice, late, and too often --------------------------------------------------------------------------------------


def test_sent_twice_it_is_one(client):
    sent = WISH | MAI | {"once": form_with(client.get(JOIN), "ends_on")["once"][0]}
    assert [client.post(JOIN, sent).url for _ in range(2)] == [PAGE, PAGE]
    assert (Patient.objects.count(), WaitlistEntry.objects.count()) == (1, 1)


def test_a_second_window_registers_nobody_twice(client):
    client.post(JOIN, WISH | MAI)
    make.service(slug="other")
    # Its page was drawn before there was a record: “Me” is no choice any more.
    answer = client.post(JOIN, WISH | MAI | {"service": "other"})
    assert answer.status_code == 422
    assert Patient.objects.count() == 1


def test_two_windows_at_one_moment_register_nobody_twice(client, user, monkeypatch):
    # The other window is through between this one's question of who they are and its writing.
    def late(asked, **sent):
        make.patient(user=user, legal_first_name="Mai")
        return None, False

    monkeypatch.setattr(newcomers, "known_before", late)
    answer = client.post(JOIN, WISH | MAI)
    assert answer.status_code == 409
    assert "You were registered in another window meanwhile" in words(answer)
    own = Patient.objects.get()
    assert f'value="{own.code}"' in answer.content.decode()
    assert not WaitlistEntry.objects.exists()


def test_the_end_of_a_session_loses_nothing(client, user):
    mark = re.search(rf'name="{marks.FIELD}" value="([^"]+)"', client.get(JOIN).content.decode())[1]
    client.session.flush()
    lost = client.post(JOIN, WISH | MAI | {marks.FIELD: mark})
    assert lost.url == f"{reverse('account_login')}?next={JOIN}"
    assert not Patient.objects.exists()
    form = form_with(make.client_for(user).get(JOIN), "ends_on")
    assert (form["legal_last_name"], form["weekdays"], form["parts"]) == (["Tran"], ["0", "1"], ["morning"])


def test_one_account_fills_nobodys_lists(client):
    cache.clear()
    for n in range(5):
        assert client.post(JOIN, WISH | MIA | {"legal_first_name": f"Mia {n}", "known": "no"}).url == PAGE
    refused = client.post(JOIN, WISH | MIA | {"legal_first_name": "Mio", "known": "no"})
    assert (refused.status_code, Patient.objects.count()) == (429, 5)
    assert "Please phone us for more." in words(refused)
    # Of those who are known by now each may still wait for something else.
    make.service(slug="other")
    first = str(Patient.objects.order_by("pk")[0].code)
    assert client.post(JOIN, WISH | {"who": first, "service": "other"}).url == PAGE


# ---- What comes of it ------------------------------------------------------------------------------------------------


def called_off(kim):
    """A session of Monday at nine whose patient can't come."""
    service, place = Service.objects.get(slug="session"), Location.objects.get(slug="brunswick")
    fields = {"psychologist": kim, "service": service, "location": place, "starts_at": MONDAY_NINE}
    return make.appointment(**fields, status=Status.CANCELLED)


def test_the_desk_sees_them_offers_a_time_and_they_take_it_signed_out(client, user, kim):
    client.post(JOIN, WISH | MAI | {"psychologists": ["kim"]})
    record, desk = Patient.objects.get(), make.signed_in_client(role=Role.RECEPTION)
    assert record.name in words(desk.get("/reception/waitlist/"))
    fits = f"/reception/waitlist/fits/?time={MONDAY_NINE:%Y-%m-%dT%H:%MZ}+brunswick+kim"
    assert record.name in words(desk.get(fits))
    offer = {"time": f"{MONDAY_NINE:%Y-%m-%dT%H:%MZ} brunswick kim", "entry": str(WaitlistEntry.objects.get().code)}
    assert desk.post("/reception/waitlist/fits/offer/", offer).url == "/reception/waitlist/offers/"
    mail = Notice.objects.get(template="waitlist_offer")
    assert mail.to == user.email
    browser = Client()
    page = browser.get(re.search(r"/offer/[\w-]+/", mail.text)[0]).url
    shown = form_with(browser.get(page), "shown")["shown"][0]
    assert browser.post(page, {"answer": "yes", "shown": shown}).url == page
    booked = Appointment.objects.get(status=Status.BOOKED)
    assert (booked.patient, booked.starts_at, booked.psychologist) == (record, MONDAY_NINE, kim)
    assert WaitlistEntry.objects.get().ended_why == WaitlistEntry.Ended.BOOKED


def test_a_freed_time_is_offered_to_them_by_itself(client, user, kim):
    client.post(JOIN, WISH | MAI)
    freed = called_off(kim)
    turns.take_turn(make.vacancy(session=freed), by=WORKER, now=NOW)
    assert Offer.objects.get().entry.patient.user == user
    assert [notice.to for notice in Notice.objects.filter(template="waitlist_offer")] == [user.email]


def test_the_carer_of_somebody_new_is_written_to(client, user, kim):
    client.post(JOIN, WISH | MIA)
    freed = called_off(kim)
    turns.take_turn(make.vacancy(session=freed), by=WORKER, now=NOW)
    assert [notice.to for notice in Notice.objects.filter(template="waitlist_offer")] == [user.email]


def test_who_waits_is_once_a_service(client, user):
    client.post(JOIN, WISH | MAI)
    own = Patient.objects.get()
    with pytest.raises(AlreadyWaiting):
        joining.join(
            patient=own,
            service=Service.objects.get(slug="session"),
            wish=WaitlistWish((), None, 1, 1, 1, date(2026, 7, 1)),
            by=Actor(user, Role.PATIENT),
            now=NOW,
        )
