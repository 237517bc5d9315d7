"""An empty half hour of the calendar is a link, and leads in two steps to a booking."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status, TimeSlot
from portal.clinic.models import Mode
from portal.notifications.models import Notice
from portal.patients.search import reindex
from tests import make
from tests.web.reception.conftest import NOW

CALENDAR = "/reception/calendar/"
WHOM = "/reception/calendar/book/"
# 1 pm in Melbourne.
ONE = NOW + timedelta(hours=2)


def free(response):
    """The half hours of each column that can be booked, by the clock."""
    return {
        column.title: [f"{b.starts_at:%H:%M}" for b in column.blocks if b.kind == "free"]
        for column in response.context["grid"].columns
    }


def at(place, starts_at=ONE, psychologist=None):
    words = f"{starts_at:%Y-%m-%dT%H:%MZ} {place.location.slug} {(psychologist or place.psychologist).slug}"
    return {"time": words}


def page_of(patient, query):
    return f"{reverse('reception:book_here', args=[patient.code])}?{urlencode(query)}"


@pytest.fixture
def afternoon(place):
    """The psychologist works from 11:30 am to 2:15 pm today, and gives a talk of twenty minutes beside the session."""
    make.service(name="Short talk", minutes=20, position=9)
    place.psychologist.hours.all().delete()
    make.hours(psychologist=place.psychologist, location=place.location, weekday=1, starts="11:30", ends="14:15")
    return place


def test_each_whole_half_hour_that_is_worked_and_free_is_a_link(desk, afternoon):
    # 12:10 to 12:40.
    make.appointment(
        psychologist=afternoon.psychologist,
        location=afternoon.location,
        starts_at=NOW + timedelta(hours=1, minutes=10),
        minutes=30,
    )
    response = desk.get(CALENDAR)
    # The last quarter of an hour is no half hour.
    assert free(response) == {"Dr Mai Nguyễn": ["11:30", "13:00", "13:30"]}
    href = f"{WHOM}?{urlencode(at(afternoon))}"
    assert f'<a class="free" href="{href}">' in response.text


def test_nothing_is_free_that_is_taken_held_away_or_past(desk, afternoon, time_machine):
    afternoon.session(hours=1, status=Status.HELD, held_until=NOW + timedelta(hours=2))
    make.time_slot(psychologist=afternoon.psychologist, starts_at=ONE, minutes=20, kind=TimeSlot.Kind.BLOCKED)
    assert free(desk.get(CALENDAR)) == {"Dr Mai Nguyễn": ["11:30", "13:30"]}
    time_machine.move_to(NOW + timedelta(minutes=31), tick=False)
    later = make.signed_in_client(role=Role.RECEPTION)
    assert free(later.get(CALENDAR)) == {"Dr Mai Nguyễn": ["13:30"]}


def test_what_was_cancelled_or_missed_is_free_and_what_a_filter_hides_is_not(desk, afternoon):
    afternoon.session(minutes=30, status=Status.CANCELLED)
    make.appointment(
        psychologist=afternoon.psychologist,
        location=afternoon.location,
        starts_at=NOW + timedelta(hours=1),
        minutes=120,
        mode=Mode.PHONE,
    )
    for query in ("", "?mode=video", "?status=cancelled"):
        assert free(desk.get(CALENDAR + query)) == {"Dr Mai Nguyễn": ["11:30"]}, query


def gaps(response):
    return [b.title for column in response.context["grid"].columns for b in column.blocks if b.kind == "gap"]


def test_a_half_hour_from_which_no_session_fits_is_no_link_and_a_gap_says_how_long_it_is(desk, place):
    """A session takes 50 minutes: from 10:30 on none fits before the one at 11, and 12 to 12:30 takes none at all."""
    day = NOW + timedelta(days=1)
    for hours, minutes in ((0, 60), (1.5, 90)):
        make.appointment(
            psychologist=place.psychologist,
            location=place.location,
            starts_at=day + timedelta(hours=hours),
            minutes=minutes,
        )
    response = desk.get(f"{CALENDAR}?day=2026-11-25")
    # From 9 to 11, and from 2 to 5.
    late = ["14:00", "14:30", "15:00", "15:30", "16:00"]
    assert free(response) == {"Dr Mai Nguyễn": ["09:00", "09:30", "10:00", *late]}
    assert gaps(response) == ["30 min, too short"]
    (*_rest, lines) = response.context["lists"][0]
    assert lines.count("30 min, too short") == 1
    # A shorter service makes it one to book.
    make.service(name="Short talk", minutes=20)
    shorter = desk.get(f"{CALENDAR}?day=2026-11-25")
    assert ("12:00" in free(shorter)["Dr Mai Nguyễn"], gaps(shorter)) == (True, [])


def test_the_breaks_of_a_service_and_of_its_neighbours_count(desk, place):
    place.service.buffer_before = 20
    place.service.save(update_fields=["buffer_before"])
    # 10 to 10:50, with twenty minutes before it and ten after: none ends by 9:40, and 11:30 is the first that fits.
    session = place.session(hours=23)
    Appointment.objects.filter(pk=session.pk).update(occupied_until=session.ends_at + timedelta(minutes=10))
    found = free(desk.get(f"{CALENDAR}?day=2026-11-25"))["Dr Mai Nguyễn"]
    assert found[0] == "11:30"


def test_what_is_longer_than_the_gap_is_marked_and_not_proposed(desk, place):
    short = make.service(name="Short talk", minutes=20, position=9)
    make.appointment(
        psychologist=place.psychologist, location=place.location, starts_at=ONE + timedelta(minutes=30), minutes=60
    )
    response = desk.get(page_of(make.patient(), at(place)))
    assert response.context["service"] == short
    options = re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)</option>', response.text)
    said = dict(options)
    assert said[place.service.slug] == "Standard session, 50 min – longer than is free"
    assert said[short.slug] == "Short talk, 20 min"
    # Who asks for it by name has it.
    asked = desk.get(page_of(make.patient(), at(place) | {"service": place.service.slug}))
    assert asked.context["service"] == place.service


def test_half_hours_follow_the_wall_clock_through_a_change_of_clocks(desk, place):
    """At 3 am on Sunday 4 April 2027 it is 2 am again in Melbourne, so the night has an hour more."""
    make.hours(psychologist=place.psychologist, location=place.location, weekday=6, starts="01:30", ends="03:30")
    found = free(desk.get(f"{CALENDAR}?day=2027-04-04"))["Dr Mai Nguyễn"]
    assert found == ["01:30", "02:00", "02:30", "02:00", "02:30"]


def test_whoever_is_typed_is_found_and_leads_on(desk, place):
    patient = make.patient(legal_last_name="Haddad")
    reindex(patient)
    path = f"{WHOM}?{urlencode(at(place))}"
    assert "Haddad" not in desk.get(path).text
    response = desk.post(WHOM, at(place) | {"q": "hadd"})
    assert f'href="{page_of(patient, at(place))}"' in response.text
    fragment = desk.post(WHOM, at(place) | {"q": "zzz"}, headers={"HX-Request": "true", "HX-Target": "whom"}).text
    assert "<html" not in fragment
    assert "Nobody found" in fragment
    assert "/reception/patients/new/" in fragment


@pytest.mark.parametrize(
    "time", ["", "soon", "2026-11-24T02:00Z nowhere dr", "9999-12-31T23:59Z brunswick x", "2026-11-24T02:00Z brunswick"]
)
def test_a_time_that_no_calendar_showed_is_not_found(desk, place, time):
    patient = make.patient()
    assert desk.get(WHOM, {"time": time}).status_code == 404
    assert desk.get(page_of(patient, {"time": time})).status_code == 404


def test_it_books_what_the_patient_usually_has_and_tells_them(desk, place):
    patient = make.patient(email="bo@example.com")
    place.session(hours=-200, patient=patient, status=Status.COMPLETED, mode=Mode.PHONE)
    page = desk.get(page_of(patient, at(place)))
    assert (page.context["service"], page.context["mode"]) == (place.service, Mode.PHONE)
    assert "bo@example.com" in page.text
    says = at(place) | {"service": place.service.slug, "mode": "phone"}
    response = desk.post(reverse("reception:book_here", args=[patient.code]), says, follow=True)
    booked = Appointment.objects.get(status=Status.BOOKED)
    assert (booked.starts_at, booked.psychologist, booked.patient, booked.mode, booked.location) == (
        *(ONE, place.psychologist, patient, Mode.PHONE, place.location),
    )
    assert response.redirect_chain == [(f"{CALENDAR}?day=2026-11-24", 302)]
    assert f"Booked for {patient.name}" in response.text
    assert [notice.template for notice in Notice.objects.all()] == ["appointment_booked"]


def test_a_service_that_changes_brings_its_own_ways(desk, place):
    by_video = make.service(name="Telehealth", in_person=False, video=True, phone=False)
    patient = make.patient()
    response = desk.get(page_of(patient, at(place) | {"service": by_video.slug, "mode": "in_person"}))
    assert (response.context["service"], response.context["modes"]) == (by_video, [Mode.VIDEO])


def test_who_comes_second_is_told_what_stands_there(desk, place):
    patient = make.patient()
    other = place.session(hours=2, minutes=15)
    says = at(place) | {"service": place.service.slug, "mode": "in_person"}
    response = desk.post(reverse("reception:book_here", args=[patient.code]), says)
    assert response.status_code == 409
    assert f"Dr Mai Nguyễn has {other.patient.name} from 1:15 pm" in response.text
    assert f"/reception/appointments/{other.code}/" in response.text
    assert Appointment.objects.count() == 1


def test_what_does_not_fit_into_the_hours_is_asked_about(desk, afternoon):
    patient = make.patient()
    path = reverse("reception:book_here", args=[patient.code])
    # A session of fifty minutes at half past one ends after the hours.
    says = at(afternoon, ONE + timedelta(minutes=30)) | {"service": afternoon.service.slug, "mode": "in_person"}
    response = desk.post(path, says)
    assert response.status_code == 422
    assert "That is outside the hours" in response.text
    assert not Appointment.objects.exists()
    assert desk.post(path, says | {"outside": "yes"}).status_code == 302
    assert Appointment.objects.get().starts_at == datetime(2026, 11, 24, 2, 30, tzinfo=UTC)


# ---- A psychologist's own -------------------------------------------------------------------------------------------


@pytest.fixture
def mai(place):
    return make.client_for(place.psychologist.user)


def own_page(patient, query):
    return f"{reverse('psychologist:book_here', args=[patient.code])}?{urlencode(query)}"


def test_a_psychologist_books_their_own_patients_into_their_own_time(mai, place):
    own = place.session(hours=-200, status=Status.COMPLETED).patient
    reindex(own)
    path = reverse("psychologist:book_whom")
    assert own.name in mai.post(path, at(place) | {"q": own.legal_last_name}).text
    assert f'href="{path}?{urlencode(at(place))}"' in mai.get("/practice/calendar/").text
    says = at(place) | {"service": place.service.slug, "mode": "in_person"}
    answer = mai.post(reverse("psychologist:book_here", args=[own.code]), says)
    assert (answer.status_code, answer["Location"]) == (302, "/practice/calendar/?day=2026-11-24")
    assert Appointment.objects.get(status=Status.BOOKED).booked_by == place.psychologist.user


def test_nobody_elses_patient_and_nobody_elses_time(mai, place):
    colleague = make.psychologist()
    make.week(psychologist=colleague, location=place.location)
    stranger = place.session(hours=-200, psychologist=colleague, status=Status.COMPLETED).patient
    own = place.session(hours=-200, status=Status.COMPLETED).patient
    reindex(stranger)
    looked_for = at(place) | {"q": stranger.legal_last_name}
    assert str(stranger.code) not in mai.post(reverse("psychologist:book_whom"), looked_for).text
    says = {"service": place.service.slug, "mode": "in_person"}
    for patient, time in ((stranger, at(place)), (own, at(place, psychologist=colleague))):
        assert mai.get(own_page(patient, time)).status_code == 404
        assert mai.post(reverse("psychologist:book_here", args=[patient.code]), time | says).status_code == 404
    assert not Appointment.objects.filter(status=Status.BOOKED).exists()
