"""A patient joins the waitlist for themself or whom they care for, sees what they wait for, and leaves."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.models import Offer, WaitlistEntry
from portal.appointments.refusals import NotOffered
from portal.appointments.states import Status
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor
from portal.patients.models import Patient
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 3, 1, 0, tzinfo=UTC)
PAGE, JOIN = "/my/waitlist/", "/my/waitlist/join/"


@pytest.fixture(autouse=True)
def _morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def service(db):
    make.clinic()
    psychologist = make.psychologist()
    make.week(psychologist=psychologist, ends="20:00")
    return make.service(slug="session")


@pytest.fixture
def patient(service):
    return make.patient(user=make.user(), legal_first_name="Ash")


@pytest.fixture
def client(patient):
    return make.client_for(patient.user)


def joining(**fields):
    """A wish for the first whom the account knows."""
    known = Patient.objects.order_by("pk").first()
    return {
        "who": "me" if known is None else str(known.code),
        "service": "session",
        "modes": ["video"],
        "weekdays": ["1"],
        "parts": ["evening"],
        "ends_on": "2026-07-01",
    } | fields


def test_joining_for_oneself(client, patient, service):
    assert client.get(JOIN).status_code == 200
    assert client.post(JOIN, joining()).url == PAGE
    entry = WaitlistEntry.objects.get()
    assert (entry.patient, entry.service, entry.joined_by) == (patient, service, patient.user)
    shown = client.get(PAGE).content.decode()
    for words in ("Tuesday · evenings", "Video", "1 Jul", "Anybody who is free"):
        assert words in shown


def test_nobody_makes_themself_urgent_or_writes_a_note(client):
    client.post(JOIN, joining(urgent="on", desk_note="words about how I am"))
    entry = WaitlistEntry.objects.get()
    assert (entry.urgent, entry.desk_note) == (False, "")
    page = client.get(JOIN).content.decode()
    assert "urgent" not in {name for name in ("urgent", "desk_note") if f'name="{name}"' in page}


def test_for_a_child_and_for_nobody_elses(client, patient):
    child = make.patient(legal_first_name="Mia", email="")
    make.carer(patient=child, user=patient.user)
    stranger = make.patient()
    assert client.post(JOIN, joining(who=str(stranger.code))).status_code == 422
    assert client.post(JOIN, joining(who=str(child.code))).url == PAGE
    assert [entry.patient for entry in WaitlistEntry.objects.all()] == [child]
    assert "Mia" in client.get(PAGE).content.decode()


def test_twice_is_said(client):
    client.post(JOIN, joining())
    response = client.post(JOIN, joining(parts=["morning"]))
    assert response.status_code == 409
    assert "is on the waitlist for this service already" in response.content.decode()
    assert WaitlistEntry.objects.count() == 1


def test_what_is_not_booked_online_is_not_waited_for(client):
    make.service(slug="by-phone", online=False)
    make.service(slug="gone", is_active=False)
    for slug in ("by-phone", "gone"):
        assert client.post(JOIN, joining(service=slug)).status_code == 422
    assert not WaitlistEntry.objects.exists()


def test_only_what_they_may_book_is_there_to_wait_for(client, patient, service):
    first = make.service(slug="first-visit", first_visit_only=True)
    assert "first-visit" in (new := client.get(JOIN).content.decode())
    # Whoever is new begins with it.
    assert new.index('value="first-visit"') < new.index('value="session"')
    make.appointment(patient=patient, service=service, psychologist=Psychologist.objects.get(), status=Status.COMPLETED)
    # It is there for somebody new whom they care for, after what is for themself.
    again = client.get(JOIN).content.decode()
    assert again.index('value="session"') < again.index('value="first-visit"')
    assert client.post(JOIN, joining(service="first-visit")).status_code == 422
    wish = actions.WaitlistWish((), None, 1, 1, 1, NOW.date())
    with pytest.raises(NotOffered, match="first_visit_only"):
        actions.join_waitlist(patient=patient, service=first, wish=wish, by=Actor(patient.user, Role.PATIENT), now=NOW)


def test_what_one_of_several_may_book_is_not_anothers(client, patient, service):
    make.service(slug="first-visit", first_visit_only=True)
    make.appointment(patient=patient, service=service, psychologist=Psychologist.objects.get(), status=Status.COMPLETED)
    child = make.patient(legal_first_name="Mia")
    make.carer(patient=child, user=patient.user)
    page = client.get(JOIN).content.decode()
    # Both are there, and what the first of them may have stands first.
    assert page.index('value="session"') < page.index('value="first-visit"')
    refused = client.post(JOIN, joining(service="first-visit", who=str(patient.code)))
    said = "This is for people who are new here, and Ash has been here" in refused.content.decode()
    assert (refused.status_code, said) == (422, True)
    assert client.post(JOIN, joining(service="first-visit", who=str(child.code))).url == PAGE


@pytest.mark.parametrize(
    ("wish", "helps"),
    [
        ({"weekdays": ["5"]}, False),
        ({"weekdays": ["5", "0"]}, True),
        # The last session of the day begins at seven.
        ({"parts": ["evening"]}, True),
        ({"modes": ["video"], "parts": ["morning"]}, True),
    ],
)
def test_a_wish_that_no_hours_can_meet_is_taken_once_the_page_said_so(client, wish, helps):
    sent = joining(**wish)
    first = client.post(JOIN, sent)
    if helps:
        assert first.url == PAGE
        return
    page = first.content.decode()
    assert (first.status_code, "By the weekly hours no such time comes" in page) == (422, True)
    word = re.search(r'name="hinted" value="(\w+)"', page)[1]
    # Another wish is another hint.
    assert client.post(JOIN, sent | {"weekdays": ["6"], "hinted": word}).status_code == 422
    assert not WaitlistEntry.objects.exists()
    assert client.post(JOIN, sent | {"hinted": word}).url == PAGE


def test_extra_hours_can_help_and_so_can_nobody_whose_books_are_closed(client, patient):
    anna = Psychologist.objects.get()
    saturday = datetime(2026, 6, 13, 0, 0, tzinfo=UTC)
    place = anna.hours.first().location
    make.time_slot(psychologist=anna, location=place, kind="extra", starts_at=saturday, minutes=120)
    assert client.post(JOIN, joining(weekdays=["5"], parts=["evening"])).status_code == 422
    Psychologist.objects.update(accepting_patients=False)
    assert client.post(JOIN, joining(weekdays=["5"], parts=["morning"])).status_code == 422
    Psychologist.objects.update(accepting_patients=True)
    assert client.post(JOIN, joining(weekdays=["5"], parts=["morning"])).url == PAGE


def test_a_way_in_which_nobody_works_is_not_there(client, service):
    type(service).objects.update(phone=True)
    Psychologist.objects.update(phone=True)
    assert 'value="phone"' in client.get(JOIN).content.decode()
    Psychologist.objects.update(phone=False)
    assert 'value="phone"' not in client.get(JOIN).content.decode()


def test_changing_keeps_the_turn_and_what_the_desk_said(client, patient):
    entry = make.waiting(patient=patient, service=make.service(slug="long"), urgent=True, desk_note="Ring after 3")
    page = reverse("patient:change_wish", args=[entry.code])
    assert page in client.get(PAGE).content.decode()
    shown = client.get(page).content.decode()
    assert ('name="seen" value="0"' in shown, 'name="urgent"' in shown, "Ring after 3" in shown) == (True, False, False)
    before, sent = entry.joined_at, joining(seen="0", urgent="", desk_note="")
    assert client.post(page, sent).url == PAGE
    entry.refresh_from_db()
    assert (entry.joined_at, entry.service.slug, entry.revision) == (before, "long", 1)
    assert (entry.urgent, entry.desk_note) == (True, "Ring after 3")
    assert "Tuesday · evenings" in client.get(PAGE).content.decode()


def test_an_old_page_changes_nothing(client, patient):
    entry = make.waiting(patient=patient)
    page = reverse("patient:change_wish", args=[entry.code])
    client.post(page, joining(seen="0"))
    assert client.post(page, joining(seen="0", ends_on="2026-08-01")).url == page
    assert "nothing was saved" in client.get(page).content.decode()
    entry.refresh_from_db()
    assert entry.ends_on.isoformat() == "2026-07-01"
    client.post(reverse("patient:leave_waitlist", args=[entry.code]))
    assert client.post(page, joining(seen="1", ends_on="2026-08-01")).url == PAGE
    entry.refresh_from_db()
    assert entry.ends_on.isoformat() == "2026-07-01"


def test_leaving_twice(client, patient):
    entry = make.waiting(patient=patient)
    leave = reverse("patient:leave_waitlist", args=[entry.code])
    for _ in range(2):
        assert client.post(leave).url == PAGE
    entry.refresh_from_db()
    assert (entry.ended_why, entry.ended_at) == (WaitlistEntry.Ended.LEFT, NOW)


def test_what_is_offered_is_said_with_its_end(client, patient):
    make.offer(entry=make.waiting(patient=patient))
    assert "We have offered a time" in client.get(PAGE).content.decode()


def test_somebody_elses_waiting_is_nobodys_to_see_or_end(client):
    other = make.offer().entry
    assert other.patient.name not in client.get(PAGE).content.decode()
    assert client.post(reverse("patient:leave_waitlist", args=[other.code])).status_code == 404
    change = reverse("patient:change_wish", args=[other.code])
    assert (client.get(change).status_code, client.post(change, joining(seen="0")).status_code) == (404, 404)
    assert Offer.objects.get().is_open
    assert WaitlistEntry.objects.get().is_waiting


def test_a_carer_whose_care_ended_sees_it_no_more(client, patient):
    child = make.patient(legal_first_name="Mia")
    carer = make.carer(patient=child, user=patient.user)
    entry = make.waiting(patient=child)
    assert "Mia" in client.get(PAGE).content.decode()
    type(carer).objects.update(ended_at=NOW)
    assert client.post(reverse("patient:leave_waitlist", args=[entry.code])).status_code == 404


@pytest.mark.parametrize("who", ["nobody", Role.RECEPTION, Role.PSYCHOLOGIST, Role.MANAGER])
def test_who_may_not(service, who):
    entry = make.waiting()
    client = make.client_for(None) if who == "nobody" else make.signed_in_client(role=who)
    for method, url in (
        (client.get, PAGE),
        (client.get, JOIN),
        (client.post, reverse("patient:leave_waitlist", args=[entry.code])),
    ):
        # Staff are patients of nobody here: they find no record of theirs.
        assert method(url).status_code in {302, 403, 404} or entry.patient.name not in method(url).content.decode()
    entry.refresh_from_db()
    assert entry.is_waiting


def test_whoever_has_a_first_visit_ahead_waits_for_an_earlier_one_of_the_same_service(client, patient, service):
    service.first_visit_only = True
    service.save(update_fields=["first_visit_only"])
    other = make.service(slug="other-first-visit", first_visit_only=True)
    make.appointment(patient=patient, service=service, starts_at=NOW + timedelta(days=20))
    assert "has a first visit ahead already" in client.post(JOIN, joining(service=other.slug)).content.decode()
    assert client.post(JOIN, joining()).status_code == 302
    assert WaitlistEntry.objects.get().service == service
