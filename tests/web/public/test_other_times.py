"""The page of other times, opened by its mailed link in a browser that is signed in to nothing."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, MoveOffer, TimeSlot
from portal.journeys import booking, time_away
from portal.journeys.rearranging import offering
from portal.notifications.models import Notice
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)


@pytest.fixture
def session(db):
    with time_machine.travel(NOW, tick=False):
        make.clinic(slot_step_minutes=60)
        place, service = make.location(), make.service()
        psychologist = make.psychologist(services=(service,))
        make.week(psychologist=psychologist, location=place)
        booked = make.appointment(
            psychologist=psychologist, service=service, location=place, starts_at=NOW + timedelta(days=1)
        )
        desk = make.actor(role=Role.RECEPTION)
        time_away.add_time_slot(
            psychologist=psychologist,
            kind=TimeSlot.Kind.BLOCKED,
            starts_at=NOW + timedelta(hours=20),
            ends_at=NOW + timedelta(hours=40),
            by=desk,
            now=NOW,
        )
        offering.offer_times(booked, seen=booked.seen_as, by=desk, now=NOW)
        yield booked


def link():
    [found] = re.findall(r"/other-times/[^/\s]+/", Notice.objects.get(template="times_offered").text)
    return found


def opened(client):
    return client.get(link(), follow=True)


def _text(client, address):
    return client.get(address, follow=True).content.decode()


def values(page):
    return re.findall(r'name="time" value="([^"]+)"', page.content.decode())


def here():
    return f"/other-times/{MoveOffer.objects.get().code}/"


def test_the_link_opens_and_a_press_moves(session):
    browser, mailed = Client(), link()
    page = opened(browser)
    assert page.redirect_chain == [(here(), 302)]
    assert len(values(page)) == 3
    # Opening moved nothing.
    session.refresh_from_db()
    assert session.revision == 0
    done = browser.post(here(), {"time": values(page)[1]}, follow=True)
    session.refresh_from_db()
    assert (session.revision, "Your new time" in done.content.decode()) == (1, True)
    assert "Free to cancel until" in done.content.decode()
    # Pressed twice, and the link opened again, it says the same.
    again = browser.post(here(), {"time": values(page)[1]}, follow=True)
    assert (again.status_code, "Your new time" in _text(Client(), mailed)) == (200, True)
    assert Notice.objects.filter(template="appointment_moved").count() == 1
    late = browser.post(here(), {"time": values(page)[0]})
    assert late.status_code == 409


def test_until_when_each_is_free_and_what_it_costs_is_said_before_and_after(session):
    """Wednesday's can't be held; the first of the three is inside the promised hours, the next are not."""
    Appointment.objects.filter(pk=session.pk).update(
        cancel_hours=48, grace_minutes=0, fee=220, late_fee_percent=50, no_show_percent=50
    )
    browser = Client()
    page = opened(browser)
    text = " ".join(page.content.decode().split())
    assert "The fee stays as it was agreed: $220.00." in text
    assert "Cancelling later than is said beside a time costs $110.00." in text
    said = re.findall(r"Free to cancel until ([^.<]+)\.", text)
    assert (len(said), said[0]) == (3, "Tuesday 24 November 2026, 9:00 pm (Melbourne time)")
    assert "That time is over" not in text
    done = browser.post(here(), {"time": values(page)[0]}, follow=True).content.decode()
    assert f"Free to cancel until {said[0]}." in " ".join(done.split())
    assert f"until {said[0]}." in " ".join(Notice.objects.get(template="appointment_moved").text.split())


def test_whoever_chooses_second_is_told_that_theirs_was_not_taken(session):
    first, second = Client(), Client()
    times = values(opened(first))
    assert values(opened(second)) == times
    first.post(here(), {"time": times[0]})
    refused = second.post(here(), {"time": times[1]})
    assert refused.status_code == 409
    assert "another time had been chosen before" in refused.content.decode()
    assert "another time had been chosen before" not in first.post(here(), {"time": times[0]}, follow=True).text


def test_whoever_is_signed_in_as_somebody_else_chooses_nothing(session):
    other = make.signed_in_client()
    page = opened(other)
    assert page.status_code == 403
    assert session.psychologist.name not in page.content.decode()
    [time] = values(opened(Client()))[:1]
    assert other.post(here(), {"time": time}).status_code == 403
    session.refresh_from_db()
    assert session.starts_at == NOW + timedelta(days=1)


def test_nobody_without_the_link_sees_it(session):
    assert Client().get(here()).status_code == 404
    assert Client().post(here(), {"time": "x"}).status_code == 404
    assert make.signed_in_client(role=Role.RECEPTION).get(here()).status_code == 404
    assert Client().get("/other-times/no-such-token/").status_code == 410


@pytest.mark.parametrize("value", ["", "x", "2026-11-30T22:00Z nowhere", "9999-01-01T00:00Z location-1"])
def test_what_the_page_does_not_show_is_refused(session, value):
    browser = Client()
    opened(browser)
    assert browser.post(here(), {"time": value}).status_code in {409, 422}
    session.refresh_from_db()
    assert session.revision == 0


def test_a_time_that_was_taken_is_said(session):
    browser = Client()
    page = opened(browser)
    chosen = values(page)[0]
    at = datetime.strptime(chosen.split()[0], "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    make.appointment(
        psychologist=session.psychologist, service=session.service, location=session.location, starts_at=at
    )
    answer = browser.post(here(), {"time": chosen})
    assert (answer.status_code, "That time was taken meanwhile" in answer.content.decode()) == (409, True)
    assert "No longer free" in answer.content.decode()
    # The one beside it can be taken.
    [instead] = set(values(answer)) - set(values(page))
    assert "Your new time" in browser.post(here(), {"time": instead}, follow=True).content.decode()


def test_after_its_time_it_says_so_and_nothing_of_the_session(session):
    MoveOffer.objects.update(offered_at=NOW - timedelta(days=4), expires_at=NOW - timedelta(days=1))
    page = opened(Client())
    text = page.content.decode()
    assert ("This offer is over" in text, session.psychologist.name in text, values(page)) == (True, False, [])


def test_the_page_is_not_kept_nor_indexed(session):
    page = opened(Client())
    assert "no-store" in page.headers["Cache-Control"]
    assert '<meta name="robots" content="noindex">' in page.content.decode()


def test_once_it_is_over_it_says_what_became_of_the_session_and_where_to_ring(session):
    make.clinic(phone="+61395550100")
    desk, browser = make.actor(role=Role.RECEPTION), Client()
    opened(browser)
    MoveOffer.objects.update(offered_at=NOW - timedelta(days=4), expires_at=NOW - timedelta(days=1))
    assert "The appointment has not been moved" in _text(browser, here())
    offering.end_offers(session, why=MoveOffer.Outcome.DECIDED, by=desk, now=NOW)
    assert "The appointment takes place as it was booked." in _text(browser, here())
    moved = booking.reschedule_session(appointment=session, starts_at=NOW + timedelta(days=6), by=desk, now=NOW)
    assert "The appointment has been changed since." in _text(browser, here())
    booking.cancel_session(appointment=moved, reason="clinic", by=desk, now=NOW)
    page = _text(browser, here())
    assert "The appointment is cancelled." in page
    assert "tel:+61395550100" in page
    assert f"/my/appointments/{session.code}/" not in page


def test_who_is_signed_in_and_may_see_it_is_led_to_the_session(session):
    session.patient.user = make.user()
    session.patient.save()
    MoveOffer.objects.update(offered_at=NOW - timedelta(days=4), expires_at=NOW - timedelta(days=1))
    own, other = (opened(browser) for browser in (make.client_for(session.patient.user), make.signed_in_client()))
    assert f"/my/appointments/{session.code}/" in own.content.decode()
    assert f"/my/appointments/{session.code}/" not in other.content.decode()
