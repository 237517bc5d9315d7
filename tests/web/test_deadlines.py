"""Pages and messages that show a coming session say until when it is cancelled free, and by whose clock."""

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.urls import NoReverseMatch, reverse
from icalendar import Calendar

from portal.appointments.models import Series, Status
from portal.appointments.recurrence import Every
from portal.clinic.models import HowBooked
from portal.journeys import booking
from portal.notifications.models import Notice
from portal.web.patient.urls import urlpatterns
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


# ---- Every page of a patient's, and every template ------------------------------------------------------------------

SHOWN_AT, FREE_UNTIL = "9:35 am", "Sunday 29 November 2026, 10:35 am (Perth time)"


def pages_about(session, client):
    """The name and the words of each page of a patient's that shows when the session is."""
    for pattern in urlpatterns:
        try:
            address = reverse(f"patient:{pattern.name}")
        except NoReverseMatch:
            try:
                address = reverse(f"patient:{pattern.name}", args=[session.code])
            except NoReverseMatch:
                continue
        answer = client.get(address)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            source = answer.content.decode()
            words = " ".join(source[source.index("<main") :].split())
            if SHOWN_AT in words:
                yield pattern.name, words


def session_of(patient, **fields):
    place = make.location(time_zone="Australia/Perth")
    starts_at = STARTS + timedelta(minutes=35)
    make.week(psychologist=(mai := make.psychologist()), location=place)
    return make.appointment(
        psychologist=mai, patient=patient, location=place, starts_at=starts_at, cancel_hours=47, **fields
    )


def test_every_page_of_a_patients_that_shows_a_booked_session(patient):
    series = Series.objects.create(patient=patient, every=Every.WEEKS, interval=1, sessions=2, created_at=NOW)
    session = session_of(patient, booked_at=NOW, series=series, position=1, planned_at=STARTS)
    seen = dict(pages_about(session, make.client_for(patient.user)))
    assert {
        "home",
        "appointments",
        "appointment",
        "cancel",
        "cancel_series",
        "move_series",
        "reschedule",
        "repeat",
    } <= set(seen)
    assert [name for name, words in seen.items() if FREE_UNTIL not in words] == []


def test_every_page_of_a_patients_that_shows_what_is_asked_for(patient):
    session = session_of(patient, status=Status.REQUESTED)
    seen = dict(pages_about(session, make.client_for(patient.user)))
    assert {"home", "appointments", "appointment"} <= set(seen)
    assert [name for name, words in seen.items() if FREE_UNTIL not in words] == []


SHOWS_A_TIME = re.compile(r"starts_at|planned_at|_session_facts\.|/_facts\.|/_sessions\.")
SAYS = re.compile(
    r"components/(_deadline|_plans|_cancelling_costs|_price_card|_each_changed|_series|_series_choices)\.html|free_until"
)
# Which show the time of a session and don't say it themselves, and why.
SAY_IT_OTHERWISE = {
    "notifications/_facts.html": "part of a mail",
    "notifications/_facts.txt": "part of a mail",
    "notifications/_sessions.html": "part of a mail",
    "notifications/_sessions.txt": "part of a mail",
    "notifications/request_ended/body.html": "there is nothing left to cancel",
    "notifications/request_ended/body.txt": "there is nothing left to cancel",
    "notifications/series_cancelled/body.html": "there is nothing left to cancel",
    "notifications/series_cancelled/body.txt": "there is nothing left to cancel",
    "notifications/paid_time_gone/opening.txt": "nothing was booked",
    "notifications/appointment_cancelled/text.txt": "there is nothing left to cancel",
    "notifications/appointment_requested/text.txt": "nothing is booked yet, and the answer says it",
    "notifications/request_ended/text.txt": "there is nothing left to cancel",
    "notifications/series_cancelled/text.txt": "there is nothing left to cancel",
    "notifications/times_offered/text.txt": "the page that its link opens says it of each time",
    "notifications/waitlist_offer/text.txt": "the page that its link opens says it",
    "patient/_held.html": "money for a time that was lost",
    "patient/invoice.html": "a session is billed once it begins",
    "patient/waitlist.html": "the mail and the page of the offer say it",
    "public/_not_as_shown.html": "the price card of the page that it stands on says it",
    "public/_profile.html": "free times, which nobody has chosen yet",
    "public/hold_ran_out.html": "it is held no more",
    "public/home.html": "free times, which nobody has chosen yet",
    "public/offer_taken.html": "its session's facts have the deadline; tried in test_offers",
}


def test_every_template_that_shows_a_session_says_it_or_why_not():
    silent = set()
    for path in (settings.BASE_DIR / "templates").rglob("*.*"):
        name = path.relative_to(settings.BASE_DIR / "templates").as_posix()
        if name.split("/")[0] in {"patient", "public", "notifications"} and path.stem != "subject":
            source = path.read_text()
            if SHOWS_A_TIME.search(source) and not SAYS.search(source):
                silent.add(name)
    assert silent == set(SAY_IT_OTHERWISE)


# ---- What is asked for ----------------------------------------------------------------------------------------------


def test_a_request_says_what_it_costs_to_take_back_and_what_once_it_is_booked(patient):
    make.clinic(cancel_hours=24, late_fee_percent=50)
    session = session_of(patient, status=Status.REQUESTED, late_fee_percent=50)
    client = make.client_for(patient.user)
    page = read(client, "patient:appointment", session.code)
    assert (
        "withdraw the request free of charge until we answer. Once it is booked: cancel or move the session free of "
        f"charge until {FREE_UNTIL}. After that it can't be moved online, and cancelling costs $110.00."
    ) in page
    booking.notify(session, "appointment_requested", now=NOW)
    assert f"Once it is booked: cancel or move the session free of charge until {FREE_UNTIL}." in " ".join(
        Notice.objects.get().text.split()
    )
    listed = f"Withdraw it free of charge until we answer. Once booked, free to cancel until {FREE_UNTIL}."
    assert listed in read(client, "patient:appointments")


@pytest.mark.parametrize(
    ("grace", "listed", "said"),
    [
        (
            15,
            "Once we confirm it, free to cancel for 15 minutes.",
            "free of charge only for 15 minutes after we confirm it",
        ),
        (0, "Once we confirm it, cancelling is free no more.", "can't be moved online, and cancelling costs $110.00"),
    ],
)
def test_a_request_so_late_that_the_free_time_is_over(patient, grace, listed, said):
    session = session_of(
        patient,
        status=Status.REQUESTED,
        late_fee_percent=50,
        grace_minutes=grace,
        answer_by=STARTS - timedelta(hours=1),
    )
    with time_machine.travel(STARTS - timedelta(hours=3), tick=False):
        client = make.client_for(patient.user)
        assert listed in read(client, "patient:home")
        assert said in read(client, "patient:appointment", session.code)


def test_a_held_time_that_confirming_only_asks_for(patient):
    place = make.location(time_zone="Australia/Perth", slug="perth")
    make.week(psychologist=make.psychologist(slug="mai"), location=place)
    make.service(slug="session", how_booked=HowBooked.ON_REQUEST)
    client = make.client_for(patient.user)
    client.post("/book/session/", {"time": "2026-12-01T01:00Z perth", "psychologist": "mai", "mode": "video"})
    page = read(client, "public:confirm", "session")
    assert "withdraw the request free of charge until we answer. Once it is booked: cancel or move" in page
