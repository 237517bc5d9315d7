"""The calendar entry, read back by an iCalendar reader and by the eye of somebody who looks over a shoulder."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation
from icalendar import Calendar

from portal.appointments import ics
from portal.appointments.models import Appointment
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def appointment(practice, nine):
    return make.appointment(
        psychologist=practice.psychologist,
        patient=practice.patient,
        service=make.service(name="Trauma-focused EMDR"),
        location=make.location(name="Brunswick", time_zone="Australia/Lord_Howe"),
        starts_at=nine,
    )


def read(data):
    calendar = Calendar.from_ical(data)
    (event,) = calendar.walk("VEVENT")
    return calendar, event


def test_the_event(practice, appointment, now, settings):
    settings.PORTAL_BASE_URL = "https://portal.example:8443"
    calendar, event = read(ics.invitation(appointment, clinic=practice.clinic, now=now))
    assert (calendar["method"], calendar["version"]) == ("REQUEST", "2.0")
    assert event["uid"] == f"{appointment.code}@portal.example"
    assert event["sequence"] == 0
    assert event["summary"] == "Appointment, Banksia Lane Psychology"
    assert event["status"] == "CONFIRMED"
    assert event["url"] == "https://portal.example:8443/my/appointments/"
    with translation.override("ar"):
        _, event = read(ics.invitation(appointment, clinic=practice.clinic, now=now))
    assert event["url"] == "https://portal.example:8443/ar/my/appointments/"
    assert event["location"].startswith("Brunswick, ")
    assert event["organizer"] == "mailto:desk@banksia.example"
    assert event["dtstamp"].dt == now
    assert event["dtstart"].dt == appointment.starts_at
    assert event["dtend"].dt == appointment.ends_at
    assert event["dtstart"].params["tzid"] == "Australia/Lord_Howe"
    (zone,) = calendar.walk("VTIMEZONE")
    assert zone["tzid"] == "Australia/Lord_Howe"


@pytest.mark.parametrize(
    ("starts_at", "offset"),
    [
        (datetime(2026, 6, 7, 23, 0, tzinfo=UTC), timedelta(hours=10, minutes=30)),
        (datetime(2026, 12, 7, 23, 0, tzinfo=UTC), timedelta(hours=11)),
    ],
)
def test_its_time_zone_says_lord_howes_half_hour(practice, appointment, now, starts_at, offset):
    """Read by the zone that the file brings along, not by one that the reader happens to know."""
    appointment.starts_at, appointment.ends_at = starts_at, starts_at + timedelta(minutes=50)
    data = ics.invitation(appointment, clinic=practice.clinic, now=now)
    _, event = read(data.replace(b"Australia/Lord_Howe", b"Its own zone"))
    assert event["dtstart"].dt.utcoffset() == offset
    assert event["dtstart"].dt.astimezone(UTC) == starts_at


def test_a_change_is_a_higher_sequence_of_the_same_event(practice, appointment, now):
    _, before = read(ics.invitation(appointment, clinic=practice.clinic, now=now))
    Appointment.objects.update(revision=3)
    appointment.refresh_from_db()
    calendar, event = read(ics.invitation(appointment, method="CANCEL", clinic=practice.clinic, now=now))
    assert event["uid"] == before["uid"]
    assert (calendar["method"], event["status"], event["sequence"]) == ("CANCEL", "CANCELLED", 3)


def test_a_request_is_to_somebody_who_need_not_reply(practice, appointment, now):
    """RFC 5546 asks for an attendee; without RSVP=FALSE some programs would answer the desk's mailbox by themselves."""
    _, event = read(ics.invitation(appointment, clinic=practice.clinic, now=now, to="ash@example.com"))
    assert event["attendee"] == "mailto:ash@example.com"
    assert (event["attendee"].params["rsvp"], event["attendee"].params["partstat"]) == ("FALSE", "ACCEPTED")


@pytest.mark.parametrize("mode", ["video", "phone"])
def test_a_session_from_home_has_no_address(practice, appointment, now, mode):
    appointment.mode = mode
    _, event = read(ics.invitation(appointment, method="PUBLISH", clinic=practice.clinic, now=now))
    assert event["location"] == {"video": "By video", "phone": "By phone"}[mode]


def test_nothing_in_it_says_why(practice, appointment, now):
    data = ics.invitation(appointment, clinic=practice.clinic, now=now).decode()
    for word in ("EMDR", "Trauma", practice.patient.legal_last_name, practice.psychologist.user.last_name):
        assert word not in data
    assert "DESCRIPTION" not in data


def test_a_name_cannot_smuggle_in_a_line(practice, appointment, now):
    practice.clinic.name = "Banksia\r\nATTACH:http://evil.example\r\nX:"
    appointment.location.name = "Brunswick\nBEGIN:VALARM"
    _, event = read(ics.invitation(appointment, clinic=practice.clinic, now=now))
    assert "attach" not in event
    assert event.subcomponents == []
