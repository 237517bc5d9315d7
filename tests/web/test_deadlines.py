"""Pages and messages that show a coming session say until when it is cancelled free, and by whose clock."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from icalendar import Calendar

from portal.journeys import booking
from portal.notifications.models import Notice
from tests import make

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
# Nine in the morning of a Tuesday in Perth.
STARTS = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
UNTIL = "Sunday 29 November 2026, 9:00 am (Perth time)"


@pytest.fixture(autouse=True)
def _clinic(db):
    make.clinic(cancel_hours=24)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def patient():
    return make.patient(user=make.user())


@pytest.fixture
def session(patient):
    """It was promised 48 hours, whatever is in force by now."""
    place = make.location(time_zone="Australia/Perth")
    return make.appointment(patient=patient, location=place, starts_at=STARTS, cancel_hours=48, booked_at=NOW)


def read(client, name, *args):
    return " ".join(client.get(reverse(name, args=args)).content.decode().split())


@pytest.mark.parametrize("name", ["patient:home", "patient:appointments"])
def test_a_patients_lists(session, patient, name):
    assert f"Free to cancel until {UNTIL}." in read(make.client_for(patient.user), name)


def test_each_session_of_a_patients_lists(session, patient):
    for days in (7, 14):
        make.appointment(
            patient=patient, location=session.location, starts_at=STARTS + timedelta(days=days), cancel_hours=0
        )
    client = make.client_for(patient.user)
    for name in ("patient:home", "patient:appointments"):
        page = read(client, name)
        assert page.count(f"Free to cancel until {UNTIL}.") == 1
        assert page.count("Free to cancel until it begins.") == 2


def test_a_time_that_is_over_is_said_so(session, patient):
    session.booked_at = NOW - timedelta(days=30)
    session.save()
    with time_machine.travel(STARTS - timedelta(hours=3), tick=False):
        page = read(make.client_for(patient.user), "patient:appointments")
    assert f"Free to cancel until {UNTIL}. That time is over." in page


@pytest.mark.parametrize("name", ["reception:appointment", "reception:cancel"])
def test_the_desks_pages(session, name):
    desk = make.client_for(make.staff())
    assert f"Free to cancel until {UNTIL}." in read(desk, name, session.code)


def test_the_desk_reads_by_whose_clock_the_free_time_was_over(session):
    session.booked_at = NOW - timedelta(days=30)
    session.save()
    with time_machine.travel(STARTS - timedelta(hours=3), tick=False):
        page = read(make.client_for(make.staff()), "reception:cancel", session.code)
    assert f"could cancel free of charge until {UNTIL}." in page


def test_the_calendar_entry(session, patient):
    answer = make.client_for(patient.user).get(reverse("patient:calendar_entry", args=[session.code]))
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert event["description"] == f"Free to cancel until {UNTIL}."


def entry_of(notice):
    ((_name, _kind, content),) = notice.attachments
    (event,) = Calendar.from_ical(base64.b64decode(content)).walk("VEVENT")
    return event


def test_a_mails_entry_says_it_in_its_readers_language_and_a_cancelled_one_does_not(session, patient):
    patient.language = "vi"
    patient.save()
    booking.notify(session, "appointment_booked", now=NOW)
    booking.notify(session, "appointment_cancelled", now=NOW)
    booked, cancelled = map(entry_of, Notice.objects.order_by("pk"))
    assert booked["description"].startswith("Được hủy miễn phí cho đến")
    assert "description" not in cancelled
