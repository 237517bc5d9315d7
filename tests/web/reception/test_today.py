import re
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.models import Appointment, Status
from portal.journeys import booking, checking_out, sessions
from tests import make
from tests.web.reception.conftest import NOW

TODAY = "/reception/"
FRAGMENT = {"HX-Request": "true", "HX-Target": "arrivals"}


def rows(response):
    shown = [(a.session.pk, a.session.status) for a in response.context["listed"].arrivals]
    assert len(lines(response)) == len(shown)
    return shown


def lines(response):
    """What the page lists: the names above its parts, and the codes of sessions."""
    found = re.findall(r'class="arrivals-of">([^<]+)<|id="session-([0-9a-f-]+)"', response.content.decode())
    return [name or code for name, code in found]


def words(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_the_day_in_order_of_time_without_other_days(desk, place):
    late = place.session(hours=3)
    early = place.session(hours=-2, status=Status.COMPLETED)
    place.session(hours=24)
    place.session(hours=-24)
    cancelled = place.session(hours=5, status=Status.CANCELLED)
    place.session(hours=6, status=Status.HELD)
    response = desk.get(TODAY)
    assert rows(response) == [(early.pk, "completed"), (late.pk, "booked")]
    assert [s.pk for s in response.context["listed"].cancelled] == [cancelled.pk]
    assert late.patient.name in response.content.decode()


def test_what_is_done_stands_folded_below_what_is_to_be_done(desk, place):
    billed = partial(checking_out.check_out, by=make.actor(role=Role.RECEPTION), now=NOW)
    paid, owing = (place.session(hours=-3 + n, status=Status.ARRIVED, fee="100") for n in range(2))
    for session, amount in ((paid, "100"), (owing, None)):
        billed(
            appointment=session,
            held=checking_out.as_booked(session),
            key=str(session.code),
            payment=checking_out.Taken(amount=Decimal(amount), method="card") if amount else None,
        )
    here, missed = place.session(hours=1, status=Status.ARRIVED), place.session(hours=-4, status=Status.NO_SHOW)
    forgotten, to_come = place.session(hours=-1), place.session(hours=2)
    page = desk.get(TODAY)
    above, folded = page.content.decode().split('id="done"')
    on_top, below = (re.findall(r'id="session-([0-9a-f-]+)"', part) for part in (above, folded))
    assert on_top == [str(each.code) for each in (owing, forgotten, here, to_come)]
    assert below == [str(each.code) for each in (missed, paid)]
    assert folded.startswith(">")
    assert "2 sessions are done" in folded
    # Of whom a step was made the line is seen, and a day that is looked up is listed as it was.
    url = reverse("reception:no_show", args=[forgotten.code])
    pressed = desk.post(url, {"seen": forgotten.seen_as}, headers=FRAGMENT).content.decode()
    assert re.search(rf'id="done" open>.*id="session-{forgotten.code}" data-focus', pressed, re.DOTALL)
    assert 'id="done"' not in desk.get(TODAY + "?day=2026-11-23").content.decode()


def test_a_session_is_on_the_day_of_its_own_place(desk, place):
    """Late in the evening in Perth it is tomorrow in Melbourne."""
    perth = make.location(time_zone="Australia/Perth")
    there = place.session(hours=14, minutes=30, location=perth)  # 24 Nov, 22:30 in Perth; 25 Nov, 01:30 in Melbourne
    assert there.local_start.day == 24
    assert rows(desk.get(TODAY)) == [(there.pk, "booked")]
    assert rows(desk.get(TODAY + "?day=2026-11-25")) == []


def test_by_psychologist_and_by_location(desk, place):
    other = make.psychologist(user=make.user(first_name="Tom", last_name="Ashby"), position=5)
    here, there = place.session(hours=2), place.session(hours=1, psychologist=other, location=make.location(slug="far"))
    response = desk.get(TODAY + "?by=psychologist")
    assert lines(response) == ["Dr Mai Nguyễn", str(here.code), "Dr Tom Ashby", str(there.code)]
    assert rows(desk.get(TODAY + "?at=far")) == [(there.pk, "booked")]


@pytest.mark.parametrize("query", ["?day=x", "?day=9999-99-99", "?day=0001-01-01", "?by=x&at=\x00", "?at=nowhere"])
def test_an_address_that_cannot_be_read_is_today(desk, place, query):
    today = place.session(hours=1)
    assert rows(desk.get(TODAY + query)) == [(today.pk, "booked")]


def test_figures(desk, place):
    for minutes, fields in (
        (30, {}),
        (61, {}),
        (-20, {"fee": "100.00"}),
        (-30, {"status": Status.ARRIVED}),
        (-180, {"status": Status.NO_SHOW}),
    ):
        place.session(minutes=minutes, psychologist=make.psychologist(), **fields)
    response = desk.get(TODAY)
    figures = {str(stat["label"]): stat["value"] for stat in response.context["stats"]}
    assert figures == {
        "arriving in the next hour": 1,
        "late, not here yet": 1,
        "in the waiting room": 1,
        "to collect for today's sessions": "$760.00",
    }
    assert desk.get(TODAY + "?day=2026-11-25").context["stats"] == []


def test_what_the_desk_must_know_about_each(desk, place):
    referred, not_referred = place.session(hours=1), place.session(hours=2)
    make.referral(patient=referred.patient)
    make.referral(patient=not_referred.patient, written_on=NOW.date() + timedelta(days=1))
    paying = place.session(hours=3, service=make.service(medicare=False))
    lacks = {a.session.pk: a.lacks_referral for a in desk.get(TODAY).context["listed"].arrivals}
    assert lacks == {referred.pk: False, not_referred.pk: True, paying.pk: False}


def test_fragment_for_the_poll_and_page_for_everybody_else(desk, place):
    place.session(hours=1)
    page = desk.get(TODAY).content.decode()
    assert "<html" in page
    # The header stands on an empty element: buttons inside it would send it too, and nobody would seem to be there.
    assert 'data-hx-headers=\'{"HX-Polling": "true"}\'></div>' in page
    assert page.count("HX-Polling") == 1
    fragment = desk.get(TODAY, headers=FRAGMENT | {"HX-Polling": "true"})
    assert "<html" not in fragment.content.decode()
    assert 'id="arrivals"' in fragment.content.decode()
    assert "HX-Target" in fragment["Vary"]
    history = desk.get(TODAY, headers=FRAGMENT | {"HX-History-Restore-Request": "true"})
    assert "<html" in history.content.decode()


def test_empty_day(desk):
    assert "Nobody is booked today" in desk.get(TODAY).content.decode()
    assert "Nobody is booked on this day" in desk.get(TODAY + "?day=2026-12-01").content.decode()


def test_query_count_does_not_grow(desk, place):
    def count(sessions):
        for _ in range(sessions):
            session = place.session(psychologist=make.psychologist())
            make.referral(patient=session.patient)
        desk.get(TODAY)  # the first request of a session also stamps it, and reads the new psychologists that are kept
        with CaptureQueriesContext(connection) as run:
            response = desk.get(TODAY)
        return len(rows(response)), len(run)

    one, queries = count(1)
    # One of them asks for calendars of elsewhere that could not be read, one for what went wrong with cards online, and
    # six where they stand with Medicare.
    assert (one, queries) == (1, 18)
    assert count(29) == (30, queries)


# ---- One press ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("view", "before", "hours", "after", "says"),
    [
        ("check_in", "booked", 1, "arrived", "is here"),
        ("check_in", "booked", -1, "arrived", "is here"),
        ("check_in", "booked", 24, "booked", "Check-in opens on the day of the session, Wednesday 25 November."),
        ("check_in", "booked", -24, "booked", "Check it out if it was held, or mark it as a no-show."),
        ("check_in", "cancelled", 1, "cancelled", "nothing was done"),
        ("check_in", "arrived", 1, "arrived", "nothing was done"),
        ("no_show", "booked", -1, "no_show", "marked as a no-show"),
        ("no_show", "booked", 1, "booked", "Nobody has missed it yet"),
        ("no_show", "arrived", -1, "arrived", "nothing was done"),
    ],
)
def test_one_press(desk, place, view, before, hours, after, says):
    session = place.session(hours=hours, status=Status(before))
    url = reverse(f"reception:{view}", args=[session.code])
    response = desk.post(url, {"seen": session.seen_as})
    assert (response.status_code, response.url) == (302, TODAY)
    assert len(words(response)) == 1
    assert says in words(response)[0]
    session.refresh_from_db()
    assert session.status == after


def test_a_press_by_htmx_answers_the_list_with_the_message(desk, place):
    session = place.session(hours=1)
    url = reverse("reception:check_in", args=[session.code])
    response = desk.post(url, {"seen": session.seen_as}, headers=FRAGMENT)
    body = response.content.decode()
    assert response.status_code == 200
    assert "<html" not in body
    assert 'id="messages"' in body
    assert "is here" in body
    assert "Undo check-in" in body


def test_two_at_the_desk_press_at_once(desk, place):
    session = place.session(hours=1)
    other = make.signed_in_client(role=Role.RECEPTION, first_name="Grace", last_name="Lee")
    url = reverse("reception:check_in", args=[session.code])
    assert "is here" in words(other.post(url, {"seen": session.seen_as}))[0]
    said = words(desk.post(url, {"seen": session.seen_as}))
    assert said == ["Already checked in at 11:00 am by Grace Lee. So nothing was done. Look at the session again."]
    assert Appointment.objects.get(pk=session.pk).arrived_at == NOW


@pytest.mark.parametrize(
    ("before", "step", "view", "says"),
    [
        ("booked", actions.check_in, "no_show", "Already checked in"),
        ("booked", sessions.mark_no_show, "check_in", "Already marked as a no-show"),
        ("arrived", sessions.complete, "check_in", "Already completed"),
        ("arrived", partial(actions.undo_check_in, reason="mistake"), "no_show", "The check-in was undone"),
        ("booked", partial(booking.cancel_session, reason="clinic"), "check_in", "Already cancelled"),
        ("booked", partial(booking.cancel_session, reason="clinic"), "cancel", "Already cancelled"),
        ("booked", partial(booking.cancel_session, reason="clinic"), "reschedule", "Already cancelled"),
        ("booked", partial(booking.cancel_session, reason="clinic"), "check_out", "Already cancelled"),
    ],
)
def test_whoever_comes_second_hears_what_the_first_did_and_when(desk, place, before, step, view, says):
    session = place.session(hours=-1, status=Status(before))
    grace = make.user(role=Role.RECEPTION, first_name="Grace", last_name="Lee")
    step(appointment=session, by=make.actor(grace), now=NOW - timedelta(minutes=19))
    response = desk.post(reverse(f"reception:{view}", args=[session.code]), {"seen": session.seen_as})
    assert f"{says} at 10:41 am by Grace Lee." in words(response)[0]


@pytest.mark.parametrize(("hours", "past"), [(-1, False), (-24, True)])
def test_taking_a_no_show_back_says_what_can_follow(desk, place, hours, past):
    session = place.session(hours=hours, status=Status.NO_SHOW)
    page = desk.get(reverse("reception:undo_no_show", args=[session.code])).content.decode()
    assert "The session will be booked again" in page
    assert ("Its day is past" in page) is past
    assert "checked in" not in page


def test_the_printed_list_has_phone_numbers_and_the_clinics_name(desk, place, clinic):
    place.session(hours=1, patient=make.patient(phone="+61491570006"))
    place.session(hours=3, patient=make.patient(phone=""))
    page = desk.get(TODAY).content.decode()
    assert re.findall(r'<span class="only-print"> · ([^<]+)</span>', page) == ["0491 570 006"]
    assert f'<p class="only-print">{clinic.name}</p>' in page


def test_a_session_in_its_psychologists_time_away_says_so_without_saying_why(desk, place):
    inside, after = place.session(hours=1), place.session(hours=4)
    address = TODAY + "?by=psychologist"
    assert "Psychologist is away" not in desk.get(address).text
    make.time_slot(psychologist=place.psychologist, starts_at=NOW, minutes=180, label="Ill")
    page = desk.get(address).text
    lines = {str(code): page.split(f'id="session-{code}"')[1].split("</li>")[0] for code in (inside.code, after.code)}
    assert "Psychologist is away" in lines[str(inside.code)]
    assert "Psychologist is away" not in lines[str(after.code)]
    assert "Ill" not in page.replace("Illness", "")
    assert "is away then." in desk.get(reverse("reception:appointment", args=[inside.code])).text


def test_a_third_partys_bill_is_not_asked_of_the_patient(desk, place):
    session = place.session(hours=-1, status=Status.ARRIVED, fee="220.00")
    link = make.patient_payer(patient=session.patient, payer=make.payer(name="AAI Limited"))
    held = checking_out.as_booked(session)
    checking_out.check_out(appointment=session, held=held, key="k", by=make.actor(role=Role.RECEPTION), now=NOW)
    page = desk.get(TODAY).content.decode()
    assert f"billed to {link.payer.name}" in page
    assert "Take payment" not in page
    assert "to pay</" not in page
    own = desk.get(reverse("reception:appointment", args=[session.code])).content.decode()
    assert "Take payment" not in own
    record = desk.get(reverse("reception:patient", args=[session.patient.code])).content.decode()
    assert "owed by AAI Limited" in record
