"""The desk books in the ways that a psychologist meets people, and moves what was agreed in another."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from portal.appointments.models import Appointment
from portal.clinic.models import Psychologist
from portal.notifications.models import Notice
from tests import make
from tests.web.reception.conftest import go_on

TEN = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)  # Wednesday, 10 am in Melbourne
WORDS = "be held that way with them. Choose another way, or somebody else."


def withdraw(psychologist, *ways):
    Psychologist.objects.filter(pk=psychologist.pk).update(**dict.fromkeys(ways, False))


@pytest.fixture
def url(place):
    return reverse("reception:book", args=[make.patient().code])


def sent(place, **fields):
    return {"service": place.service.slug, "psychologist": place.psychologist.slug, "mode": "in_person"} | fields


def pressed(place, **fields):
    return sent(place, time=f"{TEN:%Y-%m-%dT%H:%MZ} {place.location.slug}", **fields)


def options(response, name):
    select = re.search(rf'<select id="{name}".*?</select>', response.content.decode(), re.DOTALL)
    return re.findall(r'value="([^"]*)"', select.group())


def test_without_a_way_the_psychologists_own_first_one_is_taken(desk, place, url):
    withdraw(place.psychologist, "in_person")
    response = desk.get(url, sent(place, mode=""))
    assert response.context["mode"] == "video"
    assert not response.context["week"].is_empty
    assert options(response, "mode") == ["video", "phone"]


def test_a_way_they_do_not_give_is_said_in_place_of_an_empty_week(desk, place, url):
    other = make.psychologist()
    withdraw(place.psychologist, "in_person")
    response = desk.get(url, sent(place))
    assert WORDS in response.content.decode()
    assert "No free times this week" not in response.content.decode()
    assert options(response, "mode") == ["in_person", "video", "phone"], other


@pytest.mark.parametrize("whom", ["mai", "any"])
def test_a_pressed_time_in_a_way_they_do_not_give_is_refused(desk, place, url, whom):
    withdraw(place.psychologist, "in_person")
    response = desk.post(url, pressed(place, **({"psychologist": "any"} if whom == "any" else {})))
    assert response.status_code == 409
    assert WORDS in response.content.decode()
    assert not Appointment.objects.exists()


def test_a_typed_time_in_a_way_they_do_not_give_is_refused(desk, place, url):
    withdraw(place.psychologist, "in_person")
    typed = {"day": "2026-11-25", "at": "19:00", "outside": "yes"}
    typed |= {"with_whom": place.psychologist.slug, "location": place.location.slug}
    response = desk.post(url, sent(place, **typed))
    assert response.status_code == 409
    assert WORDS in response.content.decode()
    assert not Appointment.objects.exists()
    assert desk.post(url, sent(place, **typed, mode="phone")).status_code == 302
    assert Appointment.objects.get().mode == "phone"


def test_whoever_is_free_is_somebody_who_meets_people_that_way(desk, place, url):
    withdraw(place.psychologist, "in_person")
    other = make.psychologist()
    make.week(psychologist=other, location=place.location)
    assert desk.post(url, pressed(place, psychologist="any")).status_code == 302
    assert Appointment.objects.get().psychologist == other


def test_the_way_of_last_time_is_not_proposed_once_it_was_withdrawn(desk, place):
    patient = make.patient()
    place.session(hours=-48, patient=patient, mode="in_person", status="completed")
    withdraw(place.psychologist, "in_person")
    response = desk.get(reverse("reception:book", args=[patient.code]))
    assert response.context["psychologist"] == place.psychologist
    assert response.context["mode"] == "video"


def test_what_was_agreed_is_explained_and_moved(desk, place):
    session = place.session(hours=24, mode="in_person")
    by_video, also = make.psychologist(in_person=False), make.psychologist()
    withdraw(place.psychologist, "in_person")
    url = reverse("reception:reschedule", args=[session.code])
    response = desk.get(url)
    assert "This session stays as it was agreed" in response.content.decode()
    assert not response.context["week"].is_empty
    assert set(options(response, "psychologist")) == {place.psychologist.slug, also.slug, "any"}
    assert by_video.slug not in options(response, "psychologist")
    assert go_on(desk, desk.post(url, pressed(place, seen=session.seen_as))).status_code == 302
    session.refresh_from_db()
    assert (session.starts_at, session.mode) == (TEN, "in_person")
    assert desk.get(reverse("reception:appointment", args=[session.code])).status_code == 200


def test_nothing_is_explained_where_nothing_was_withdrawn(desk, place):
    session = place.session(hours=24, mode="in_person")
    page = desk.get(reverse("reception:reschedule", args=[session.code])).content.decode()
    assert "stays as it was agreed" not in page


# ---- Another way for what is booked ----------------------------------------------------------------------------------


@pytest.fixture
def session(place):
    return place.session(hours=24, mode="in_person", patient=make.patient(email="may@example.com"))


def kept(session, **fields):
    """The time it has, pressed."""
    value = f"{session.starts_at:%Y-%m-%dT%H:%MZ} {session.location.slug}"
    return {"psychologist": session.psychologist.slug, "time": value, "seen": session.seen_as} | fields


def test_a_session_is_held_another_way_at_its_time(desk, place, session):
    room = make.room(location=place.location)
    Appointment.objects.update(room=room)
    url = reverse("reception:reschedule", args=[session.code])
    assert options(desk.get(url), "mode") == ["in_person", "video", "phone"]
    assert "Keep the time" not in desk.get(url).content.decode()
    page = desk.get(url, {"mode": "video"}).content.decode()
    assert "Keep the time" in page
    assert kept(session)["time"] in page
    asked = desk.post(url, kept(session, mode="video"))
    assert go_on(desk, asked).status_code == 302
    before, session = session, Appointment.objects.get()
    assert (session.starts_at, session.mode, session.room, session.fee) == (
        before.starts_at,
        "video",
        None,
        before.fee,
    )
    assert session.revision == before.revision + 1
    [notice] = Notice.objects.all()
    assert (notice.template, notice.to) == ("appointment_changed", "may@example.com")
    # Pressed twice, it is told once.
    go_on(desk, asked)
    assert Notice.objects.count() == 1


def test_a_session_is_moved_and_held_another_way_at_once(desk, place, session):
    url = reverse("reception:reschedule", args=[session.code])
    assert go_on(desk, desk.post(url, pressed(place, mode="phone", seen=session.seen_as))).status_code == 302
    session.refresh_from_db()
    assert (session.starts_at, session.mode) == (TEN, "phone")
    assert [notice.template for notice in Notice.objects.all()] == ["appointment_moved"]


def test_a_time_outside_the_hours_is_kept_without_asking_again(desk, place):
    session = place.session(hours=24, minutes=10, mode="in_person")
    url = reverse("reception:reschedule", args=[session.code])
    assert go_on(desk, desk.post(url, kept(session, mode="video"))).status_code == 302
    session.refresh_from_db()
    assert session.mode == "video"


def test_the_time_is_kept_another_way_only_while_it_can_be_had_so(desk, place, session):
    url = reverse("reception:reschedule", args=[session.code])
    away = make.time_slot(psychologist=session.psychologist, kind="blocked", starts_at=session.starts_at)
    # Who is away holds nothing by video either.
    assert "Keep the time" not in desk.get(url, {"mode": "video"}).content.decode()
    away.delete()
    assert "Keep the time" in desk.get(url, {"mode": "video"}).content.decode()


def test_a_way_they_do_not_give_is_refused_for_what_is_booked_too(desk, place, session):
    withdraw(place.psychologist, "phone")
    make.psychologist()
    url = reverse("reception:reschedule", args=[session.code])
    page = desk.get(url, {"mode": "phone"}).content.decode()
    assert WORDS in page
    assert "Keep the time" not in page
    response = desk.post(url, kept(session, mode="phone"))
    assert response.status_code == 409
    session.refresh_from_db()
    assert session.mode == "in_person"


def test_a_session_becomes_one_in_person_only_where_a_room_is_free(desk, place):
    room = make.room(location=place.location)
    session = place.session(hours=24, mode="video")
    place.session(hours=24, mode="in_person", psychologist=make.psychologist(), room=room)
    url = reverse("reception:reschedule", args=[session.code])
    assert desk.post(url, kept(session, mode="in_person")).status_code == 409
    Appointment.objects.filter(room=room).delete()
    assert go_on(desk, desk.post(url, kept(session, mode="in_person"))).status_code == 302
    session.refresh_from_db()
    assert (session.mode, session.room) == ("in_person", room)


def test_what_is_no_way_of_meeting_changes_nothing(desk, place, session):
    url = reverse("reception:reschedule", args=[session.code])
    assert go_on(desk, desk.post(url, pressed(place, mode="by owl", seen=session.seen_as))).status_code == 302
    session.refresh_from_db()
    assert (session.starts_at, session.mode) == (TEN, "in_person")


def test_the_page_of_a_session_leads_to_its_patient(desk, place):
    session = place.session(hours=24, patient=make.patient(phone="+61491570006", email="may@example.com"))
    page = desk.get(reverse("reception:appointment", args=[session.code])).content.decode()
    assert f'href="{reverse("reception:patient", args=[session.patient.code])}"><strong>' in page
    assert 'href="tel:+61491570006"' in page
    assert 'href="mailto:may@example.com"' in page
