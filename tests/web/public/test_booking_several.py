"""A patient books several sessions in one go: the time that they hold is the first, and all of it is booked or none."""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from portal.appointments.models import Appointment, Series, Status
from portal.clinic.models import ClinicSettings, Service
from portal.common.access.actors import Actor
from portal.notifications.models import Notice
from portal.policies import publishing
from portal.policies.models import PolicyKind
from tests import make
from tests.pages import decided, form_with

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)  # Monday, 9 am in Melbourne
# Tuesday at eleven.
FIRST = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
WEEK = timedelta(weeks=1)


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def patient():
    make.clinic(hold_minutes=10, max_open_bookings=6)
    mai = make.psychologist(slug="mai")
    make.week(psychologist=mai, location=make.location(slug="brunswick"))
    make.service(slug="session", minutes=50)
    return make.patient(user=make.user())


@pytest.fixture
def client(patient):
    client = make.client_for(patient.user)
    times = {"time": f"{FIRST:%Y-%m-%dT%H:%MZ} brunswick", "psychologist": "mai", "mode": "in_person"}
    client.post(reverse("public:times", args=["session"]), times)
    assert Appointment.objects.get().is_hold
    return client


PAGE = "/book/session/confirm/series/"
CONFIRM = "/book/session/confirm/"


def proposed(client, **query):
    return client.get(PAGE, {"repeat": "weekly", "count": "4"} | query)


def words(response):
    return html.unescape(response.content.decode())


def test_the_held_time_and_those_that_follow_are_booked_in_one_go(client, patient):
    assert PAGE in words(client.get(CONFIRM))
    page = proposed(client)
    answer = client.post(PAGE, form_with(page, "shown"))
    assert (answer.status_code, answer.url) == (302, reverse("patient:appointments")), words(answer)
    rows = list(Appointment.objects.order_by("position"))
    assert [(row.status, row.patient, row.starts_at) for row in rows] == [
        (Status.BOOKED, patient, FIRST + n * WEEK) for n in range(4)
    ]
    assert [row.position for row in rows] == [1, 2, 3, 4]
    [notice] = Notice.objects.all()
    assert (notice.template, [f"{n} of 4" in notice.text for n in range(1, 5)]) == ("series_booked", [True] * 4)
    assert "4 sessions are booked. The first is on " in words(client.get(answer.url))
    # Sent twice, it books nothing more.
    again = client.post(PAGE, form_with(page, "shown"))
    assert (again.status_code, Appointment.objects.count()) == (302, 4)


def test_whom_it_is_for_goes_along_from_the_page_before(client, patient):
    child = make.patient(preferred_name="Pip")
    make.carer(patient=child, user=patient.user)
    form = form_with(client.get(CONFIRM), "who")
    shows = client.post(PAGE, form | {"who": str(child.code), "show": "yes"})
    assert (shows.status_code, shows.url) == (302, f"{PAGE}?who={child.code}")
    page = client.get(shows.url)
    assert "Pip" in words(page)
    client.post(PAGE, form_with(page, "shown"))
    assert {row.patient for row in Appointment.objects.all()} == {child}


def test_somebody_new_books_a_first_session_before_several(client):
    answer = client.post(PAGE, {"who": "somebody", "show": "yes"})
    assert (answer.status_code, answer.url) == (302, CONFIRM)
    assert "Book a first session before you book several." in words(client.get(CONFIRM))
    assert Appointment.objects.get().is_hold


def test_one_that_is_taken_meanwhile_leaves_the_time_held_and_nothing_booked(client):
    page = proposed(client)
    held = Appointment.objects.get()
    make.appointment(psychologist=held.psychologist, starts_at=FIRST + 2 * WEEK)
    answer = client.post(PAGE, form_with(page, "shown"))
    assert answer.status_code == 409
    assert "Nothing was booked" in words(answer)
    assert Appointment.objects.get(pk=held.pk).is_hold
    assert not Series.objects.exists()
    assert client.post(PAGE, form_with(answer, "shown") | decided(answer)).status_code == 302
    assert Appointment.objects.get(position=3).is_moved_alone


def test_no_more_than_may_be_ahead_the_held_one_counted(client):
    page = proposed(client, count="7")
    assert "You can book 5 more sessions online for now." in words(page)
    answer = client.post(PAGE, form_with(page, "shown"))
    assert (answer.status_code, Appointment.objects.get().is_hold) == (409, True)
    assert client.post(PAGE, form_with(proposed(client, count="6"), "shown")).status_code == 302
    assert Appointment.objects.count() == 6


def test_where_none_can_follow_the_page_says_so_and_has_nothing_to_press(client, patient):
    for n in range(5):
        make.appointment(
            patient=patient, psychologist=make.psychologist(), starts_at=FIRST + timedelta(days=n, hours=2)
        )
    page = proposed(client, count="2")
    assert "You have as many sessions ahead as can be booked online." in words(page)
    assert "Book these sessions" not in words(page)
    answer = client.post(PAGE, {"repeat": "weekly", "count": "2"})
    assert (answer.status_code, Appointment.objects.filter(series__isnull=False).exists()) == (409, False)


def test_what_is_not_agreed_to_is_named_and_not_the_times(client):
    today = ClinicSettings.current().today(NOW)
    publishing.publish(kind=PolicyKind.FEES, effective_from=today, by=Actor.system("test"), now=NOW)
    page = proposed(client)
    answer = client.post(PAGE, form_with(page, "shown"))
    assert answer.status_code == 422
    assert "One thing needs another look" in words(answer)
    assert "Look at the times that are marked" not in words(answer)


def test_another_price_than_the_page_showed_books_nothing(client):
    page = proposed(client)
    Appointment.objects.update(fee="999.00")
    answer = client.post(PAGE, form_with(page, "shown"))
    assert answer.status_code == 409
    assert "The time, the price or the terms have changed." in words(answer)
    assert Appointment.objects.get().is_hold


def test_a_hold_that_ran_out_leads_back_to_what_says_so(client):
    page = proposed(client)
    with time_machine.travel(NOW + timedelta(minutes=11), tick=False):
        answer = client.post(PAGE, form_with(page, "shown"))
    assert (answer.status_code, answer.url) == (302, CONFIRM)
    assert not Appointment.objects.with_a_person().exists()


def test_what_is_asked_for_is_asked_for_one_at_a_time(client):
    Service.objects.update(how_booked="on_request")
    assert PAGE not in words(client.get(CONFIRM))
    answer = client.get(PAGE, follow=True)
    assert answer.redirect_chain == [(CONFIRM, 302)]
    assert "Sessions of this kind are asked for one at a time" in words(answer)


def test_for_somebody_in_ones_care(client, patient):
    child = make.patient()
    make.carer(patient=child, user=patient.user)
    page = proposed(client, who=str(child.code))
    assert client.post(PAGE, form_with(page, "shown")).status_code == 302
    assert set(Appointment.objects.values_list("patient", flat=True)) == {child.pk}


def test_nobody_signed_out_and_nobody_elses_record(client, patient):
    others = make.patient(user=make.user())
    says = form_with(proposed(client), "shown") | {"who": str(others.code)}
    client.post(PAGE, says)
    assert not Appointment.objects.filter(patient=others).exists()
    signed_out = type(client)()
    answer = signed_out.get(PAGE)
    assert (answer.status_code, answer.url) == (302, CONFIRM)


def test_what_all_of_them_cost_counts_the_held_one_at_the_fee_that_it_was_promised(client):
    assert "All of them together: $880.00." in words(proposed(client))
    Appointment.objects.update(fee="200.00")
    assert "All of them together: $860.00." in words(proposed(client))


def test_nothing_is_booked_that_the_list_did_not_show(client, patient):
    """Another number, or another person than the list was drawn for."""
    child = make.patient()
    make.carer(patient=child, user=patient.user)
    for typed in ({"count": "2"}, {"who": str(child.code)}):
        page = proposed(client)
        answer = client.post(PAGE, form_with(page, "shown") | typed)
        assert (answer.status_code, Series.objects.count()) == (409, 0)
        assert "what is chosen above was changed" in words(answer)
        shown = form_with(answer, "shown")
        assert {name: shown[name] for name in typed} == {name: [value] for name, value in typed.items()}
    assert client.post(PAGE, shown).status_code == 302
    assert set(Appointment.objects.values_list("patient", flat=True)) == {child.pk}


def test_a_patient_reads_from_which_session_on_their_referral_is_used_up(client, patient):
    make.mbs_items()
    assert "referral is used up" not in words(proposed(client))
    make.referral(patient=patient, services=2)
    page = words(proposed(client))
    # The held time is the first.
    assert "From session 3 on (15 Dec 2026), your referral is used up." in page
    assert "Medicare: " not in page


def test_a_first_visit_that_is_held_is_booked_alone_and_that_is_said_at_once(client, patient):
    Service.objects.update(first_visit_only=True)
    answer = client.get(PAGE, follow=True)
    assert answer.redirect_chain[0][0] == CONFIRM
    assert "A first visit is booked alone." in words(answer)
