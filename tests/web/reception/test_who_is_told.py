"""What really goes out by e-mail when the desk books, moves and cancels, and that the pages say just that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from portal.appointments.models import Appointment
from portal.common.languages.times import when
from portal.notifications.models import Notice
from tests import make
from tests.web.reception.conftest import NOW, go_on
from tests.web.reception.test_booking import TEN, pressed, typed

PAST, AHEAD = NOW - timedelta(days=1), TEN


def said(response):
    """What the last press said; messages of those before it wait until a page shows them."""
    return [str(message) for message in get_messages(response.wsgi_request)][-1:]


def cancelled(session):
    return f"The session is cancelled: {session.patient.name}, {when(session.starts_at, session.zone)}."


def notices():
    return [(n.template, n.to) for n in Notice.objects.order_by("pk")]


def page_of(name, session):
    return reverse(f"reception:{name}", args=[session.code])


def move(desk, place, session, *, day, at):
    form = typed(place, day=day, at=at, outside="yes", seen=session.seen_as)
    return go_on(desk, desk.post(page_of("reschedule", session), form), outside="yes")


def test_a_booking_of_the_past_and_all_that_follows_mails_nobody(desk, place):
    """It was held, and is written down afterwards: nobody is invited to yesterday, nor told that it moved."""
    who = make.patient(email="ash@example.com")
    response = desk.post(
        reverse("reception:book", args=[who.code]), typed(place, day="2026-11-23", at="09:00", outside="yes")
    )
    session = Appointment.objects.get()
    assert session.starts_at == datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "Booked: Monday 23 November 2026, 9:00 am with Dr Mai Nguyễn. That time is past, so nobody is e-mailed.",
        "No referral on file, so Medicare pays nothing towards this session.",
    ]
    response = move(desk, place, session, day="2026-11-23", at="10:00")
    assert response.status_code == 302
    # The page that follows has the move, and the way back.
    follows = desk.get(response["Location"])
    assert "is moved from Monday 23 November 2026, 9:00 am to Monday 23 November 2026, 10:00 am." in follows.text
    assert "Nobody is e-mailed." in follows.text
    session.refresh_from_db()
    page = desk.get(page_of("cancel", session)).content.decode()
    assert "The session's time is past: nobody is e-mailed." in page
    assert "ash@example.com" not in page
    response = desk.post(page_of("cancel", session), {"reason": "clinic", "seen": session.seen_as})
    assert said(response) == [f"{cancelled(session)} That time is past, so nobody is e-mailed."]
    assert notices() == []


@pytest.mark.parametrize(
    ("was", "day", "mailed"),
    [
        (PAST, "2026-11-25", True),  # missed, and agreed anew
        (AHEAD, "2026-11-23", True),  # their calendar still has the time to come
        (AHEAD, "2026-11-25", True),
        (PAST, "2026-11-20", False),
    ],
)
def test_a_move_is_told_where_the_old_time_or_the_new_is_to_come(desk, place, was, day, mailed):
    session = place.session(starts_at=was, patient=make.patient(email="ash@example.com"))
    move(desk, place, session, day=day, at="19:00")
    session.refresh_from_db()
    assert session.revision == 1
    assert notices() == ([("appointment_moved", "ash@example.com")] if mailed else [])


def test_a_session_found_to_have_been_held_earlier_offers_no_cancelling(desk, place):
    session = place.session(starts_at=AHEAD, patient=make.patient(email="ash@example.com"))
    move(desk, place, session, day="2026-11-23", at="19:00")
    notice = Notice.objects.get()
    assert "If your plans change" not in notice.text
    assert "23 November 2026" in notice.text


def test_a_move_to_where_it_is_says_that_nothing_is_sent(desk, place):
    session = place.session(starts_at=TEN, patient=make.patient(email="ash@example.com"))
    response = go_on(desk, desk.post(page_of("reschedule", session), pressed(place, seen=session.seen_as)))
    assert said(response) == ["It was there already: nothing was changed, and nobody is e-mailed."]
    assert notices() == []


@pytest.mark.parametrize(
    ("email", "carers", "promised", "sent"),
    [
        ("ash@example.com", 0, "A message goes to ash@example.com.", ["ash@example.com"]),
        (
            "",
            2,
            "A message goes to carer0@example.com, carer1@example.com.",
            ["carer0@example.com", "carer1@example.com"],
        ),
        ("", 0, "No e-mail address is known, so nobody is told by e-mail: please tell them.", []),
    ],
)
def test_cancelling_promises_what_is_sent_and_no_more(desk, place, email, carers, promised, sent):
    patient = make.patient(email=email)
    for n in range(carers):
        make.carer(patient=patient, user=make.user(email=f"carer{n}@example.com"))
    session = place.session(starts_at=TEN, patient=patient)
    page = desk.get(page_of("cancel", session)).content.decode()
    assert promised in page
    assert ("A message goes" in page) is bool(sent)
    response = desk.post(page_of("cancel", session), {"reason": "clinic", "seen": session.seen_as})
    assert notices() == [("appointment_cancelled", to) for to in sent]
    assert said(response) == [
        f"{cancelled(session)} A message is on its way to {', '.join(sent)}."
        if sent
        else "No e-mail address is known, so nobody was told by e-mail. Tell them."
    ]
