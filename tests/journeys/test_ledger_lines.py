"""Where many sessions stand at once, and what a price says of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.billing import paper
from portal.journeys import better_access, checking_out
from portal.medicare.telling import standing_in_short
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clinic(time_machine):
    time_machine.move_to(NOW, tick=False)
    make.mbs_items()
    return make.clinic()


def session(patient, *, days=0, **fields):
    start = NOW - timedelta(days=days, hours=1)
    return make.appointment(
        **{"starts_at": start, "status": Status.ARRIVED, "fee": "220.00", "patient": patient} | fields
    )


def check_out(appointment):
    held, by = checking_out.as_booked(appointment), make.actor(role=Role.RECEPTION)
    return checking_out.check_out(appointment=appointment, held=held, key=str(appointment.code), by=by, now=NOW)


def said(*sessions):
    found = better_access.standings_of(sessions, now=NOW)
    return [standing_in_short(found[one.pk]) if one.pk in found else None for one in sessions]


def test_what_was_claimed_and_what_is_to_come_stand_in_one_row():
    patient = make.patient()
    make.referral(patient=patient, services=3)
    past, here = session(patient, days=7), session(patient)
    check_out(past)
    ahead = session(patient, days=-7, status=Status.BOOKED)
    over = session(patient, days=-14, status=Status.BOOKED)
    missed = session(patient, days=21, status=Status.NO_SHOW)
    assert said(past, here, ahead, over, missed) == [
        "1 of 3 · 1 of 10",
        "2 of 3 · 2 of 10",
        "3 of 3 · 3 of 10 · report due",
        "referral used up",
        None,
    ]


def test_many_sessions_cost_as_much_as_one():
    sessions = []
    for _ in range(5):
        patient = make.patient()
        make.referral(patient=patient)
        check_out(session(patient, days=7))
        sessions.append(session(patient))

    def count(some):
        better_access.standings_of(some, now=NOW)
        with CaptureQueriesContext(connection) as run:
            better_access.standings_of(some, now=NOW)
        return len(run)

    assert count(sessions) == count(sessions[:1]) <= 7


def test_the_days_list_and_the_patients_page_say_it():
    patient = make.patient()
    make.referral(patient=patient, services=6)
    check_out(session(patient, days=7))
    one = session(patient)
    desk = make.signed_in_client(role=Role.RECEPTION)
    unbroken = "2 of 6 · 2 of 10".replace(" ", "\N{NO-BREAK SPACE}")
    assert unbroken in desk.get(reverse("reception:today")).content.decode()
    page = desk.get(reverse("reception:patient", args=[patient.code])).content.decode()
    assert "1 of 6 on this referral · 1 of 10 this year" in page
    own = make.client_for(one.psychologist.user)
    page = own.get(reverse("psychologist:patient", args=[patient.code])).content.decode()
    assert "1 of 6 on this referral · 1 of 10 this year" in page
    assert unbroken in own.get(reverse("psychologist:today")).content.decode()
    for client, name in ((desk, "reception:calendar"), (own, "psychologist:calendar")):
        assert "2 of 6 · 2 of 10" in client.get(reverse(name)).content.decode()


def test_the_patient_reads_it_in_sentences():
    user = make.user(role=Role.PATIENT)
    patient = make.patient(user=user)
    client = make.client_for(user)
    assert "Medicare rebates" not in client.get("/my/").content.decode()
    make.referral(patient=patient, services=6)
    check_out(session(patient, days=7))
    page = client.get("/my/").content.decode()
    assert "1 of 6 sessions of your referral are used." in page
    ahead = session(patient, days=-7, status=Status.BOOKED)
    page = client.get(reverse("patient:appointment", args=[ahead.code])).content.decode()
    assert "With your referral: session 2 of 6. After it, Medicare pays towards 8 more in 2026." in page


def test_without_a_referral_the_price_says_with_one():
    user = make.user(role=Role.PATIENT)
    ahead = session(make.patient(user=user), days=-7, status=Status.BOOKED)
    page = make.client_for(user).get(reverse("patient:appointment", args=[ahead.code])).content.decode()
    assert "with a referral and a mental health treatment plan" in page


def test_the_invoice_says_which_service_it_is():
    patient = make.patient()
    make.referral(patient=patient, services=6)
    first, second = (check_out(session(patient, days=days)) for days in (14, 7))
    assert [paper.facts_of(one)["paper"]["referral"]["service"] for one in (first, second)] == [
        "Service 1 of 6",
        "Service 2 of 6",
    ]
