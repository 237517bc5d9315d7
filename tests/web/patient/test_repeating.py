"""A patient books more sessions like one that is booked: their own, within what may be booked online."""

import html
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Series
from portal.clinic.models import Service
from portal.notifications.models import Notice
from tests import make
from tests.pages import form_with

pytestmark = pytest.mark.django_db

MELBOURNE = ZoneInfo("Australia/Melbourne")
NOW = datetime(2026, 9, 7, 2, 0, tzinfo=UTC)
TUESDAY_FIVE = datetime(2026, 9, 15, 17, 0, tzinfo=MELBOURNE).astimezone(UTC)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def session():
    make.clinic(slot_step_minutes=30, max_open_bookings=4)
    place, service = make.location(), make.service(minutes=50, buffer_after=10)
    psychologist = make.psychologist()
    make.week(psychologist=psychologist, location=place, starts="09:00", ends="19:00")
    patient = make.patient(user=make.user())
    return make.appointment(
        psychologist=psychologist, service=service, location=place, starts_at=TUESDAY_FIVE, patient=patient
    )


def page_of(session, role="patient"):
    return reverse(f"{role}:repeat", args=[session.code])


def words(response):
    return html.unescape(response.content.decode())


def test_a_patient_books_more_like_it_and_sees_which_of_how_many(session):
    client = make.client_for(session.patient.user)
    assert page_of(session) in words(client.get(reverse("patient:appointment", args=[session.code])))
    page = client.get(page_of(session), {"repeat": "fortnightly", "count": "4"})
    answer = client.post(page_of(session), form_with(page, "once"))
    assert (answer.status_code, answer.url) == (302, reverse("patient:appointments"))
    listed = words(client.get(answer.url))
    assert "3 more sessions are booked." in listed
    assert [f"{n} of 4" in listed for n in range(1, 5)] == [True] * 4
    assert {row.local_start.hour for row in Appointment.objects.all()} == {17}
    assert [notice.template for notice in Notice.objects.all()] == ["series_booked"]


def test_no_more_than_may_be_booked_online(session):
    client = make.client_for(session.patient.user)
    page = client.get(page_of(session), {"repeat": "weekly", "count": "6"})
    assert "You can book 3 more sessions online for now." in words(page)
    answer = client.post(page_of(session), form_with(page, "once"))
    assert (answer.status_code, Series.objects.count()) == (409, 0)
    sent = form_with(page, "once")
    for key in [name for name in sent if name.endswith("-take")][-2:]:
        sent[key] = "skip"
    assert client.post(page_of(session), sent).status_code == 302
    # Now there are as many as there may be.
    answer = client.get(page_of(session), follow=True)
    assert "You have as many sessions ahead as can be booked online." in words(answer)


def test_what_is_beyond_the_horizon_is_not_booked_by_a_patient(session):
    make.clinic(horizon_days=20)
    page = make.client_for(session.patient.user).get(page_of(session), {"repeat": "weekly", "count": "3"})
    assert "This is too far ahead to be booked online." in words(page)


def test_nobody_repeats_what_is_not_theirs(session):
    others = make.client_for(make.patient(user=make.user()).user)
    assert others.get(page_of(session)).status_code == 404
    colleague = make.client_for(make.psychologist().user)
    assert colleague.get(page_of(session, "psychologist")).status_code == 404
    assert make.signed_in_client(role=Role.RECEPTION).get(page_of(session)).status_code == 404
    assert make.client_for(session.patient.user).get(page_of(session, "reception")).status_code == 403


def test_a_carer_books_for_who_is_in_their_care(session):
    parent = make.user()
    make.carer(patient=session.patient, user=parent)
    client = make.client_for(parent)
    page = client.get(page_of(session), {"repeat": "weekly", "count": "2"})
    assert client.post(page_of(session), form_with(page, "once")).status_code == 302
    assert Appointment.objects.filter(patient=session.patient).count() == 2


def test_a_psychologist_repeats_a_session_of_their_own(session):
    client = make.client_for(session.psychologist.user)
    theirs = reverse("psychologist:patient", args=[session.patient.code])
    assert page_of(session, "psychologist") in words(client.get(theirs))
    page = client.get(page_of(session, "psychologist"), {"repeat": "month_weekday", "count": "3"})
    answer = client.post(page_of(session, "psychologist"), form_with(page, "once"))
    assert (answer.status_code, answer.url) == (302, theirs)
    days = [row.local_start.day for row in Appointment.objects.order_by("position")]
    # Each third Tuesday.
    assert days == [15, 20, 17]
    assert "3 of 3" in words(client.get(theirs))
    assert Appointment.objects.get(position=2).starts_at - session.starts_at == timedelta(weeks=5, hours=-1)


def test_what_one_costs_and_all_of_them_stands_before_the_button(session):
    client = make.client_for(session.patient.user)
    make.mbs_items()
    page = words(client.get(page_of(session), {"repeat": "weekly", "count": "4"}))
    said = page.index("The fee of each is $220.00. With a referral about")
    assert said < page.index("All of them together: $660.00.") < page.index("Book these sessions")
    # One alone needs no sum, and where none follows there is nothing to pay.
    one = words(client.get(page_of(session), {"repeat": "weekly", "count": "2"}))
    assert ("The fee of each is $220.00." in one, "All of them together" in one) == (True, False)
    none = words(client.get(page_of(session), {"repeat": "month_date", "count": "6", "until": "2026-09-20"}))
    assert "The fee of each" not in none


def test_what_must_be_filled_in_once_it_shows_is_not_called_optional(session):
    text = words(make.client_for(session.patient.user).get(page_of(session)))
    drawn = re.findall(r"<label[^>]*>(.*?)</label>", text, re.S)
    labels = {" ".join(re.sub(r"<[^>]+>", " ", label).split()) for label in drawn}
    assert {"Weeks apart", "Day", "Time"} <= labels
    assert {label for label in labels if "(optional)" in label} == {"Until which day (optional)"}


def test_who_wants_no_more_goes_back_to_the_session(session):
    text = words(make.client_for(session.patient.user).get(page_of(session)))
    back = reverse("patient:appointment", args=[session.code])
    assert re.findall(r'<a href="([^"]+)">Book no more</a>', text) == [back]


@pytest.mark.parametrize("role", ["patient", "psychologist"])
def test_nothing_is_booked_that_the_list_did_not_show(session, role):
    client = make.client_for(session.patient.user if role == "patient" else session.psychologist.user)
    page = client.get(page_of(session, role), {"repeat": "weekly", "count": "4"})
    answer = client.post(page_of(session, role), form_with(page, "once") | {"count": "2"})
    assert (answer.status_code, Appointment.objects.count()) == (409, 1)
    assert "what is chosen above was changed" in words(answer)
    assert client.post(page_of(session, role), form_with(answer, "once")).status_code == 302
    assert Appointment.objects.count() == 2


def test_a_patient_reads_whether_their_referral_covers_what_they_book(session):
    make.mbs_items()
    make.referral(patient=session.patient, services=3)
    client = make.client_for(session.patient.user)
    read = [words(client.get(page_of(session), {"repeat": "weekly", "count": count})) for count in ("3", "4")]
    assert "With your referral, Medicare pays towards all of these sessions." in read[0]
    assert "From session 4 on (6 Oct 2026), your referral is used up." in read[1]


def test_a_first_visit_is_refused_before_anything_is_chosen(session):
    Service.objects.update(first_visit_only=True)
    client = make.client_for(session.patient.user)
    answer = client.get(page_of(session), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("patient:appointment", args=[session.code])
    assert "A first visit is booked alone. The sessions after it can be booked together." in words(answer)
