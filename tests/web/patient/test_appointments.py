from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from icalendar import Calendar

from portal.accounts.roles import Role
from portal.appointments.models import Status
from tests import make

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
STARTS = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _monday_morning(db):
    make.clinic(cancel_hours=48, late_fee_percent=50)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def owner():
    return make.user()


@pytest.fixture
def appointment(owner):
    place = make.location(slug="brunswick")
    mai = make.psychologist()
    make.week(psychologist=mai, location=place)
    return make.appointment(patient=make.patient(user=owner), psychologist=mai, location=place, starts_at=STARTS)


def person(who: str, appointment):
    match who:
        case "owner":
            return appointment.patient.user
        case "carer":
            return make.carer(patient=appointment.patient).user
        case "former carer":
            return make.carer(patient=appointment.patient, ended_at=NOW).user
        case "other patient":
            return make.patient(user=make.user()).user
        case "psychologist":
            return appointment.psychologist.user
        case "reception":
            return make.user(role=Role.RECEPTION)
    return None


PAGES = ["appointment", "calendar_entry", "cancel", "reschedule"]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("owner", 200),
        ("carer", 200),
        ("former carer", 404),
        ("other patient", 404),
        ("psychologist", 404),
        ("reception", 404),
        ("nobody", 302),
    ],
)
def test_access(appointment, name, who, status):
    client = make.client_for(person(who, appointment))
    assert client.get(reverse(f"patient:{name}", args=[appointment.code])).status_code == status


@pytest.mark.parametrize("who", ["former carer", "other patient", "reception", "nobody"])
@pytest.mark.parametrize("name", ["cancel", "reschedule"])
def test_nobody_else_changes_it(appointment, name, who):
    client = make.client_for(person(who, appointment))
    client.post(
        reverse(f"patient:{name}", args=[appointment.code]),
        {"time": "2026-12-02T00:00Z brunswick", "reason": "x", "seen": appointment.seen_as},
    )
    appointment.refresh_from_db()
    assert (appointment.status, appointment.starts_at) == (Status.BOOKED, STARTS)


@pytest.mark.parametrize("path", ["/my/", "/my/appointments/", "/my/details/"])
def test_nothing_of_anybody_else_is_shown(appointment, path):
    appointment.patient.legal_last_name = "Unmistakable"
    appointment.patient.save(update_fields=["legal_last_name"])
    make.appointment(patient=appointment.patient, starts_at=STARTS + timedelta(days=1))
    response = make.client_for(make.patient(user=make.user()).user).get(path)
    assert response.status_code == 200
    assert b"Unmistakable" not in response.content
    assert str(appointment.code).encode() not in response.content


def test_cancelling_in_time_is_free(appointment, owner):
    client = make.client_for(owner)
    url = reverse("patient:cancel", args=[appointment.code])
    assert b"free of charge" in client.get(url).content
    client.post(url, {"seen": appointment.seen_as})
    appointment.refresh_from_db()
    assert (appointment.status, appointment.late, appointment.cancelled_by) == (Status.CANCELLED, False, owner)


def test_no_page_promises_a_free_time_that_has_passed(appointment, owner):
    url = reverse("patient:appointment", args=[appointment.code])
    assert b"free of charge until" in make.client_for(owner).get(url).content
    with time_machine.travel(STARTS - timedelta(hours=47), tick=False):
        page = make.client_for(owner).get(url).content.decode()
    assert "free of charge until" not in page
    assert "cancelling is no longer free. The fee is $110.00" in page


def test_cancelling_late_says_the_fee_first(appointment, owner):
    client = make.client_for(owner)
    url = reverse("patient:cancel", args=[appointment.code])
    with time_machine.travel(STARTS - timedelta(hours=5), tick=False):
        client = make.client_for(owner)
        assert b"$110.00" in client.get(url).content
        client.post(url, {"seen": appointment.seen_as})
    appointment.refresh_from_db()
    assert (appointment.status, appointment.late) == (Status.CANCELLED, True)


def test_moving_in_time_works_and_late_does_not(appointment, owner):
    client = make.client_for(owner)
    url = reverse("patient:reschedule", args=[appointment.code])
    client.post(url, {"time": "2026-12-02T01:00Z brunswick", "seen": appointment.seen_as})
    appointment.refresh_from_db()
    assert appointment.starts_at == datetime(2026, 12, 2, 1, 0, tzinfo=UTC)
    with time_machine.travel(appointment.starts_at - timedelta(hours=47), tick=False):
        make.client_for(owner).post(url, {"time": "2026-12-03T01:00Z brunswick", "seen": appointment.seen_as})
    appointment.refresh_from_db()
    assert appointment.starts_at == datetime(2026, 12, 2, 1, 0, tzinfo=UTC)


def test_a_session_whose_week_has_no_time_left_is_moved_from_the_first_week_that_has_one(appointment, owner):
    away = datetime(2026, 11, 29, 13, 0, tzinfo=UTC)  # Sunday midnight, for a week
    make.time_slot(psychologist=appointment.psychologist, starts_at=away, minutes=7 * 24 * 60)
    page = make.client_for(owner).get(reverse("patient:reschedule", args=[appointment.code]))
    assert (page.context["week"].monday, page.context["week"].is_empty) == (date(2026, 11, 23), False)
    assert "There are no free times before this week." in page.content.decode()


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-Target": "times"}], ids=["page", "fragment"])
def test_moving_to_a_taken_time_says_so_and_keeps_the_old_one(appointment, owner, headers):
    taken = STARTS + timedelta(hours=2)
    make.appointment(psychologist=appointment.psychologist, location=appointment.location, starts_at=taken)
    response = make.client_for(owner).post(
        reverse("patient:reschedule", args=[appointment.code]),
        {"time": f"{taken:%Y-%m-%dT%H:%MZ} brunswick", "seen": appointment.seen_as},
        headers=headers,
    )
    assert response.status_code == 409
    assert b"just taken" in response.content
    assert (b"<html" in response.content) is (not headers)
    assert len(response.context["taken"]["nearest"]) == 3
    appointment.refresh_from_db()
    assert appointment.starts_at == STARTS


def test_the_calendar_entry_says_when_and_nothing_clinical(appointment, owner):
    appointment.service.name = "Trauma-focused therapy"
    appointment.service.save(update_fields=["name"])
    response = make.client_for(owner).get(reverse("patient:calendar_entry", args=[appointment.code]))
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    (event,) = Calendar.from_ical(response.content).walk("VEVENT")
    assert event["DTSTART"].dt == STARTS
    assert b"Trauma" not in response.content


@pytest.mark.parametrize("path", ["/my/", "/my/appointments/"])
def test_lists_take_the_same_queries_for_1_and_for_30(owner, path):
    patient, counts = make.patient(user=owner), []
    for number in (1, 29):
        for n in range(number):
            days = timedelta(days=n + number)
            make.appointment(patient=patient, starts_at=STARTS + days)
            make.appointment(patient=patient, starts_at=NOW - days, status=Status.COMPLETED)
        client = make.client_for(owner)
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_details_are_kept_right_by_the_patient(owner):
    patient = make.patient(user=owner)
    client = make.client_for(owner)
    url = reverse("patient:edit_details", args=[patient.code])
    bad = client.post(url, {"phone": "12", "suburb": "Coburg", "email": "not an address"})
    assert bad.status_code == 422
    assert b'value="Coburg"' in bad.content
    good = client.post(url, {"phone": "(03) 7010 1234", "suburb": "Coburg", "email": "new@example.com"})
    assert good.status_code == 302
    patient.refresh_from_db()
    assert (patient.phone.as_e164, patient.suburb, patient.email) == ("+61370101234", "Coburg", "new@example.com")


def test_details_of_somebody_else_are_not_found(owner):
    stranger = make.patient(user=make.user())
    assert make.client_for(owner).get(reverse("patient:edit_details", args=[stranger.code])).status_code == 404
