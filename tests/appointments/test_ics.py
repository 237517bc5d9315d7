"""The calendar entry, read back by an iCalendar reader and by the eye of somebody who looks over a shoulder."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from icalendar import Calendar

from portal.appointments import ics
from portal.appointments.models import Appointment, CalendarFeed
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
    calendar, event = read(ics.invitation(appointment, clinic=practice.clinic, now=now, is_named=True))
    assert (calendar["method"], calendar["version"]) == ("REQUEST", "2.0")
    assert event["uid"] == f"{appointment.code}@portal.example"
    assert event["sequence"] == 0
    assert event["summary"] == "Appointment, Banksia Lane Psychology"
    assert event["status"] == "CONFIRMED"
    assert event["url"] == "https://portal.example:8443/my/appointments/"
    with translation.override("ar"):
        _, event = read(ics.invitation(appointment, clinic=practice.clinic, now=now, is_named=True))
    assert event["url"] == "https://portal.example:8443/ar/my/appointments/"
    assert event["location"].startswith("Brunswick, ")
    assert event["organizer"] == "mailto:desk@banksia.example"
    assert event["dtstamp"].dt == now
    assert event["dtstart"].dt == appointment.starts_at
    assert event["dtend"].dt == appointment.ends_at


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "PUBLISH"])
def test_its_title_says_appointment_alone_and_nothing_names_the_clinic(practice, appointment, now, method):
    appointment.location.name = practice.clinic.name
    data = ics.invitation(appointment, method=method, clinic=practice.clinic, now=now, to="ash@example.com")
    several = ics.published([appointment], clinic=practice.clinic, now=now)
    assert practice.clinic.name not in data.decode() + several.decode()
    assert read(data)[1]["organizer"] == "mailto:desk@banksia.example"
    for written in (data, several):
        _, event = read(written)
        assert (event["summary"], event["location"]) == ("Appointment", appointment.location.address)
        assert "url" not in event
    with translation.override("vi"):
        assert read(ics.invitation(appointment, clinic=practice.clinic, now=now))[1]["summary"] == "Cuộc hẹn"


def test_whoever_chose_names_for_their_calendar_has_them_here(practice, appointment, now):
    user = make.user(email="Ash@example.com")
    patient = make.patient(user=user)
    feed = {"user": user, "role": "patient", "patient": patient, "made_at": now}
    CalendarFeed.objects.create(token_hash="a", titles="neutral", **feed)
    assert ics.named_for(patient) == set()
    CalendarFeed.objects.update(titles="named")
    assert ics.named_for(patient) == {user.email.lower()}
    assert ics.named_for(make.patient()) == set()


def lines(data: bytes) -> list[str]:
    return data.decode().split("\r\n")


@pytest.mark.parametrize(
    ("time_zone", "wall_clock", "fold", "begins", "ends"),
    [
        # Perth has one time all year; Lord Howe moves by half an hour.
        ("Australia/Perth", "2026-12-07T09:00", 0, "20261207T010000Z", "20261207T015000Z"),
        ("Australia/Perth", "2026-06-07T09:00", 0, "20260607T010000Z", "20260607T015000Z"),
        ("Australia/Melbourne", "2026-12-07T09:00", 0, "20261206T220000Z", "20261206T225000Z"),
        ("Australia/Melbourne", "2026-06-08T09:00", 0, "20260607T230000Z", "20260607T235000Z"),
        ("Australia/Lord_Howe", "2026-06-08T09:00", 0, "20260607T223000Z", "20260607T232000Z"),
        # The mornings on which the clocks have gone on and back, and sessions that run through the change.
        ("Australia/Melbourne", "2026-10-04T09:00", 0, "20261003T220000Z", "20261003T225000Z"),
        ("Australia/Melbourne", "2027-04-04T09:00", 0, "20270403T230000Z", "20270403T235000Z"),
        ("Australia/Melbourne", "2026-10-04T01:30", 0, "20261003T153000Z", "20261003T162000Z"),
        ("Australia/Melbourne", "2027-04-04T02:30", 1, "20270403T163000Z", "20270403T172000Z"),
    ],
)
@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "PUBLISH"])
def test_its_times_are_utc_and_it_brings_no_zone(
    practice, appointment, now, time_zone, wall_clock, fold, begins, ends, method
):
    """A zone made of a list of dates is read an hour off by a calendar that many people have."""
    appointment.location.time_zone = time_zone
    begun = datetime.fromisoformat(wall_clock).replace(tzinfo=ZoneInfo(time_zone), fold=fold)
    appointment.starts_at = begun.astimezone(UTC)
    # As it is kept, and as a page may hold it: on the wall clock of the place.
    for zone in (UTC, ZoneInfo(time_zone)):
        appointment.starts_at = appointment.starts_at.astimezone(zone)
        appointment.ends_at = (appointment.starts_at.astimezone(UTC) + timedelta(minutes=50)).astimezone(zone)
        written = lines(ics.invitation(appointment, method=method, clinic=practice.clinic, now=now))
        assert [line for line in written if line.startswith(("DTSTART", "DTEND"))] == [
            f"DTSTART:{begins}",
            f"DTEND:{ends}",
        ]
        assert not [line for line in written if "TZID" in line or "VTIMEZONE" in line]


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


def test_it_says_until_when_it_is_free_to_cancel_and_only_while_that_is_so(practice, appointment, now):
    appointment.booked_at = now
    said = {"clinic": practice.clinic, "now": now}
    _, event = read(ics.invitation(appointment, **said))
    assert event["description"] == "Free to cancel until Saturday 6 June 2026, 9:30 am (Lord Howe time)."
    appointment.cancel_hours = 0
    assert read(ics.invitation(appointment, **said))[1]["description"] == "Free to cancel until it begins."
    # Minutes after booking, which are over when it is read.
    appointment.cancel_hours = 24 * 14
    assert "description" not in read(ics.invitation(appointment, **said))[1]
    assert "description" not in read(ics.invitation(appointment, method="CANCEL", **said))[1]


def test_a_name_cannot_smuggle_in_a_line(practice, appointment, now):
    practice.clinic.name = "Banksia\r\nATTACH:http://evil.example\r\nX:"
    appointment.location.name = "Brunswick\nBEGIN:VALARM"
    _, event = read(ics.invitation(appointment, clinic=practice.clinic, now=now))
    assert "attach" not in event
    assert event.subcomponents == []
