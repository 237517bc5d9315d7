"""The desk's waitlist: who waits and who was asked, joining for a patient, taking off, withdrawing an offer."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Offer, WaitlistEntry
from portal.billing.models import Waiver
from portal.common.access.actors import Actor
from portal.journeys import to_do
from portal.web.reception.urls import urlpatterns
from tests import make
from tests.web.reception.conftest import NOW

pytestmark = pytest.mark.django_db


def joining(**fields):
    return {
        "service": "session",
        "modes": ["in_person", "video"],
        "weekdays": ["0", "4"],
        "parts": ["morning"],
        "ends_on": "2026-12-24",
    } | fields


@pytest.fixture
def session_service(place):
    place.service.slug = "session"
    place.service.save(update_fields=["slug"])
    return place.service


def test_the_desk_is_told_what_is_waited_for_in_vain_and_takes_it_all_the_same(desk, place, session_service):
    patient = make.patient()
    make.appointment(patient=patient, service=session_service, psychologist=place.psychologist, status="completed")
    make.service(slug="first-visit", first_visit_only=True)
    page = reverse("reception:join_waitlist", args=[patient.code])
    shown = desk.get(page).content.decode()
    assert shown.index('value="session"') < shown.index('value="first-visit"')
    sent = joining(service="first-visit", weekdays=["6"])
    first = desk.send(page, sent)
    told = first.content.decode()
    assert (first.status_code, "this is for people who are new" in told) == (422, True)
    assert "By the weekly hours no such time comes" in told
    sent["hinted"] = re.search(r'name="hinted" value="(\w+)"', told)[1]
    assert desk.send(page, sent).url == reverse("reception:patient", args=[patient.code])
    assert WaitlistEntry.objects.get().service.slug == "first-visit"


def test_a_patient_is_put_on_the_list_with_what_helps_them(desk, place, session_service):
    patient = make.patient()
    page = reverse("reception:join_waitlist", args=[patient.code])
    assert desk.get(page).status_code == 200
    response = desk.send(page, joining(psychologists=[place.psychologist.slug], urgent="on", desk_note="ring after 3"))
    assert response.url == reverse("reception:patient", args=[patient.code])
    entry = WaitlistEntry.objects.get()
    assert (entry.patient, entry.service, entry.urgent, entry.desk_note) == (
        patient,
        session_service,
        True,
        "ring after 3",
    )
    assert ([*entry.days], [str(p) for p in entry.parts_of_day]) == ([0, 4], ["morning"])
    assert [str(way) for way in entry.ways] == ["in_person", "video"]
    assert (entry.ends_on, list(entry.psychologists.all())) == (date(2026, 12, 24), [place.psychologist])
    listed = desk.get(reverse("reception:waitlist")).content.decode()
    for words in (patient.name, "Urgent", "Monday, Friday · mornings", "ring after 3", place.psychologist.name):
        assert words in listed


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("ends_on", "2026-11-23", "This day is over."),
        ("ends_on", "2029-11-23", "Choose a day until"),
        ("weekdays", [], "required"),
        ("parts", [], "required"),
        ("modes", [], "required"),
        ("psychologists", ["nobody-here"], "nobody-here"),
    ],
)
def test_what_can_not_be_waited_for_is_said(desk, place, session_service, field, value, words):
    patient = make.patient()
    response = desk.send(reverse("reception:join_waitlist", args=[patient.code]), joining(**{field: value}))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not WaitlistEntry.objects.exists()


def test_twice_for_one_service_is_said(desk, place, session_service):
    entry = make.waiting(service=session_service)
    response = desk.send(reverse("reception:join_waitlist", args=[entry.patient.code]), joining())
    assert response.status_code == 409
    assert "on the waitlist for this service already" in response.content.decode()
    assert WaitlistEntry.objects.count() == 1


def test_changing_keeps_the_turn_and_an_old_page_changes_nothing(desk, place, session_service):
    entry = make.waiting(service=session_service, ends_on=date(2026, 12, 1))
    page = reverse("reception:waiting", args=[entry.code])
    assert 'name="seen" value="0"' in desk.get(page).content.decode()
    assert desk.post(page, joining(seen="0", urgent="on")).url == reverse("reception:waitlist")
    before = entry.joined_at
    entry.refresh_from_db()
    assert (entry.urgent, entry.joined_at, entry.revision) == (True, before, 1)
    assert desk.post(page, joining(seen="0", ends_on="2026-12-31")).url == page
    entry.refresh_from_db()
    assert entry.ends_on == date(2026, 12, 24)


def test_taking_off_ends_it_once_and_takes_the_offer_back(desk, place):
    offer = make.offer(kept=True)
    page = reverse("reception:leave_waitlist", args=[offer.entry.code])
    assert desk.post(page).url == reverse("reception:waitlist")
    assert desk.post(page).url == reverse("reception:waitlist")
    entry = WaitlistEntry.objects.get()
    assert (entry.ended_why, entry.ended_at) == (WaitlistEntry.Ended.REMOVED, NOW)
    assert str(offer.entry.code) not in desk.get(reverse("reception:waitlist")).content.decode()


def test_every_offer_is_listed_with_what_came_of_it(desk, place):
    make.offer()
    booked = make.appointment()
    make.offer(outcome="accepted", ended_at=NOW, booked=booked)
    make.offer(outcome="expired", ended_at=NOW)
    listed = desk.get(reverse("reception:offers")).content.decode()
    for words in ("Waits for an answer", "Accepted", "Not answered in time"):
        assert words in listed
    assert reverse("reception:appointment", args=[booked.code]) in listed


def test_withdrawing_frees_the_time(desk, place):
    offer = make.offer(kept=True)
    page = reverse("reception:withdraw_offer", args=[offer.code])
    for _ in range(2):
        assert desk.post(page).url == reverse("reception:offers")
    offer.refresh_from_db()
    assert offer.outcome == Offer.Outcome.WITHDRAWN
    assert not Appointment.objects.holds().exists()


OF_ENTRIES = {"waiting", "leave_waitlist"}


def pages():
    offer = make.offer()
    codes = {"withdraw_offer": offer.code, "join_waitlist": offer.entry.patient.code}
    found = {}
    for pattern in urlpatterns:
        if str(pattern.pattern).startswith("waitlist/"):
            code = offer.entry.code if pattern.name in OF_ENTRIES else codes.get(pattern.name)
            found[pattern.name] = reverse(f"reception:{pattern.name}", args=[code] if code else [])
    return offer, found


@pytest.mark.parametrize(("who", "status"), [("nobody", 302), (Role.PATIENT, 403), (Role.PSYCHOLOGIST, 403)])
def test_who_may_not(place, who, status):
    client = make.client_for(None) if who == "nobody" else make.signed_in_client(role=who)
    offer, found = pages()
    assert len(found) >= 6
    for url in found.values():
        for response in (client.get(url), client.post(url, joining())):
            assert response.status_code in {status, 405}
            assert offer.entry.patient.name not in response.content.decode()
    offer.refresh_from_db()
    assert offer.is_open
    assert WaitlistEntry.objects.waiting().count() == 1


@pytest.mark.parametrize("name", ["waitlist", "offers"])
def test_one_count_of_statements_however_many(desk, place, name):
    def counted():
        with CaptureQueriesContext(connection) as context:
            assert desk.get(reverse(f"reception:{name}")).status_code == 200
        return len(context)

    make.offer()
    counted()
    one = counted()
    for _ in range(6):
        make.offer(entry=make.waiting(psychologists=[place.psychologist]))
    # What is kept of the clinic is read anew once.
    counted()
    assert counted() == one


def test_a_late_cancellation_says_who_filled_its_time_and_is_waived_by_a_person(desk, place):
    cancelled = place.session(hours=5, status="cancelled", late=True, late_fee_percent=50, cancelled_at=NOW)
    to_do.sessions.raise_fee_undecided(cancelled, by=Actor.system("test"), now=NOW)
    fee, listed = reverse("reception:fee", args=[cancelled.code]), reverse("reception:to_do")
    for page in (fee, listed):
        assert "filled again by" not in desk.get(page).content.decode()
    other = place.session(hours=5, patient=make.patient(legal_first_name="Kim", legal_last_name="Tran"))
    session = reverse("reception:appointment", args=[cancelled.code])
    for page in (fee, listed, session):
        assert "filled again by Kim Tran" in desk.get(page).content.decode()
    assert reverse("reception:appointment", args=[other.code]) in desk.get(fee).content.decode()
    assert not Waiver.objects.exists()
    desk.post(reverse("reception:waive_fee", args=[cancelled.code]), {"reason": "Its time was filled"})
    assert Waiver.objects.get().appointment == cancelled
