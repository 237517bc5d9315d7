"""The day on paper: phone numbers for the desk, for psychologists their own, and nothing of why anybody comes."""

from datetime import UTC, datetime
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from portal.appointments.models import Appointment, Status, TimeSlot
from tests import make

SHEET, DOWNTIME = "/reception/calendar/sheet/", "/reception/calendar/downtime/"


def words(response):
    """What is printed, as one line."""
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    pages = PdfReader(BytesIO(response.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.fixture
def full(place):
    place.session(
        hours=1, patient=make.patient(legal_last_name="Okafor", phone="+61491570006", desk_note="Knock twice")
    )
    place.session(hours=3, patient=make.patient(legal_last_name="Webb"), status=Status.CANCELLED)
    place.session(hours=25, patient=make.patient(legal_last_name="Tomasz"))
    make.time_slot(
        psychologist=place.psychologist,
        kind=TimeSlot.Kind.BLOCKED,
        starts_at=datetime(2026, 11, 24, 4, tzinfo=UTC),
        label="Supervision",
    )
    return place


def test_the_sheet_of_a_day(desk, full):
    printed = words(desk.get(SHEET))
    for said in ("Tuesday 24 November 2026", "Okafor", "0491 570 006", "12:00 pm", "Standard session", "Supervision"):
        assert said in printed
    for unsaid in ("Webb", "Tomasz", "Knock", "Came"):
        assert unsaid not in printed
    assert "Tomasz" in words(desk.get(f"{SHEET}?day=2026-11-25"))


def test_tomorrows_sheet_for_downtime_has_room_to_write(desk, full):
    response = desk.get(DOWNTIME)
    assert "downtime-2026-11-25.pdf" in response["Content-Disposition"]
    printed = words(response)
    for said in ("Wednesday 25 November 2026", "Tomasz", "Came", "Paid", "Free half hours: 9:00 am"):
        assert said in printed
    assert "Okafor" not in printed


def test_the_sheet_for_downtime_says_a_gap_as_it_is(desk, full):
    """From 9:30 to 11 somebody comes, and from 12 on: 9 to 9:30 takes no session of 50 minutes, 11:30 neither."""
    full.session(hours=22, minutes=30)
    Appointment.objects.filter(starts_at=datetime(2026, 11, 24, 22, 30, tzinfo=UTC)).update(
        ends_at=datetime(2026, 11, 25, 0, 0, tzinfo=UTC), occupied_until=datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
    )
    printed = words(desk.get(DOWNTIME))
    assert "Free half hours: 11:00 am, 1:00 pm, 1:30 pm" in printed
    assert "4:30 pm" not in printed
    assert "Free, too short for a session: 9:00 am (30 min)" in printed


def test_of_one_psychologist_alone(desk, full):
    colleague = make.psychologist(user=make.user(first_name="Tom", last_name="Ashby"))
    make.week(psychologist=colleague, location=full.location)
    full.session(hours=2, psychologist=colleague, patient=make.patient(legal_last_name="Lim"))
    both, one = words(desk.get(SHEET)), words(desk.get(f"{SHEET}?psychologist={colleague.slug}"))
    assert ("Okafor" in both, "Lim" in both) == (True, True)
    assert ("Okafor" in one, "Lim" in one) == (False, True)


def test_psychologists_print_their_own(full):
    colleague = make.psychologist()
    make.week(psychologist=colleague, location=full.location)
    theirs, own = (make.client_for(who.user) for who in (colleague, full.psychologist))
    assert "Okafor" in words(own.get("/practice/calendar/sheet/"))
    query = f"?psychologist={full.psychologist.slug}"
    for path in ("/practice/calendar/sheet/", f"/practice/calendar/sheet/{query}", "/practice/calendar/downtime/"):
        printed = words(theirs.get(path))
        assert ("Okafor" in printed, "Tomasz" in printed) == (False, False)


def test_a_day_of_nobody(desk, place):
    assert "Nobody works on this day" in words(desk.get(f"{SHEET}?day=2026-11-28"))


def test_thirty_sessions_cost_as_many_queries_as_one(desk, place):
    def count():
        desk.get(SHEET)
        with CaptureQueriesContext(connection) as run:
            desk.get(SHEET)
        return len(run)

    place.session(hours=1)
    one = count()
    for n in range(29):
        colleague = make.psychologist()
        make.week(psychologist=colleague, location=place.location)
        place.session(hours=n % 5, psychologist=colleague, patient=make.patient(phone="+61491570006"))
    assert count() == one


def test_a_name_that_is_markup_is_printed_as_it_is(desk, place):
    place.session(hours=1, patient=make.patient(legal_last_name="<b>O'Neil</b>", preferred_name=""))
    assert "<b>O'Neil</b>" in words(desk.get(SHEET))


def test_a_session_of_last_week_is_on_its_own_day(desk, place):
    old = place.session(hours=-24 * 7, status=Status.COMPLETED)
    assert old.patient.name in words(desk.get(f"{SHEET}?day={old.local_start:%Y-%m-%d}"))
