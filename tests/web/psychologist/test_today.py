from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.appointments.models import Status, TimeSlot
from portal.journeys import time_away
from portal.records import actions
from portal.web.psychologist.views.today import next_session
from tests import make
from tests.web.psychologist.conftest import BEGAN, NOW, sessions

TODAY = "/practice/"


def _page(client, address=TODAY, **extra):
    answer = client.get(address, **extra)
    assert answer.status_code == 200
    return answer.content.decode()


def test_today_shows_own_sessions_of_the_day_in_order(client, session, mai, place, service, colleague):
    late = make.appointment(psychologist=mai, location=place, service=service, starts_at=BEGAN + timedelta(hours=5))
    early = make.appointment(
        psychologist=mai, location=place, service=service, starts_at=BEGAN - timedelta(hours=1), status=Status.NO_SHOW
    )
    make.appointment(psychologist=mai, location=place, starts_at=BEGAN + timedelta(days=1))
    make.appointment(psychologist=colleague, location=place, starts_at=BEGAN + timedelta(hours=2))

    answer = client.get(TODAY)

    assert [s.pk for s in answer.context["sessions"]] == [early.pk, session.pk, late.pk]
    page = answer.content.decode()
    assert "Here since 10:00 am" in page
    assert [s["value"] for s in answer.context["stats"]] == [1, 1, 1, 0]


def test_today_leaves_out_holds_that_ran_out(client, mai, place):
    make.hold(
        psychologist=mai, location=place, starts_at=NOW + timedelta(hours=2), held_until=NOW - timedelta(minutes=1)
    )
    standing = make.hold(psychologist=mai, location=place, starts_at=NOW + timedelta(hours=4))

    answer = client.get(TODAY)

    assert [s.pk for s in answer.context["sessions"]] == [standing.pk]
    assert "Somebody is booking this time just now." in answer.content.decode()


def test_today_says_when_nobody_is_booked(client):
    assert "No sessions today" in _page(client)


def test_today_of_another_day_says_so(client, session):
    page = _page(client, f"{TODAY}?day=2026-11-25")
    assert "Wednesday 25 November" in page
    assert "Okafor" not in page.split('id="h-notes"')[0]


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31", "2026-11-24' OR 1=1", "\x00"])
def test_today_of_no_day_is_today(client, session, day):
    assert client.get(TODAY, {"day": day}).context["is_today"] is True


def test_today_is_the_day_of_the_place_where_one_works(db):
    """07:30 in Perth is half past ten in Melbourne: near midnight the two are on different days."""
    make.clinic()
    perth = make.location(time_zone="Australia/Perth")
    mai = make.psychologist()
    make.week(psychologist=mai, location=perth)
    # 23:30 on Monday 23 November in Perth, 02:30 on Tuesday in Melbourne.
    session = make.appointment(psychologist=mai, location=perth, starts_at=NOW.replace(hour=15, minute=30))

    answer = make.client_for(mai.user).get(f"{TODAY}?day=2026-11-23")

    assert [s.pk for s in answer.context["sessions"]] == [session.pk]


def test_today_lists_sessions_of_the_last_fortnight_without_a_signed_note(client, mai, place, service, acting):
    missing, begun, signed, old = (
        make.appointment(
            psychologist=mai,
            location=place,
            service=service,
            starts_at=BEGAN - timedelta(days=days),
            status=Status.COMPLETED,
        )
        for days in (1, 2, 3, 20)
    )
    actions.save_draft(appointment=begun, body="Begun", version=0, by=acting, now=NOW)
    actions.save_draft(appointment=signed, body="Done", version=0, by=acting, now=NOW)
    actions.sign(appointment=signed, version=1, by=acting, now=NOW)

    assert [s.pk for s in client.get(TODAY).context["to_write"]] == [missing.pk, begun.pk]
    assert [s.pk for s in client.get("/practice/notes/").context["page"]] == [missing.pk, begun.pk, old.pk]


def test_today_names_more_than_it_shows(client, mai, place, service):
    sessions(
        8, psychologist=mai, place=place, service=service, first=BEGAN - timedelta(days=2), status=Status.COMPLETED
    )
    answer = client.get(TODAY)
    assert (len(answer.context["to_write"]), answer.context["more_to_write"]) == (6, True)


def test_next_session_is_who_is_here_then_who_is_due(session, mai, place):
    due = make.appointment(psychologist=mai, location=place, starts_at=NOW + timedelta(hours=1))
    over = make.appointment(psychologist=mai, location=place, starts_at=NOW - timedelta(hours=3))

    assert next_session([over, session, due], now=NOW) == session
    assert next_session([over, due], now=NOW) == due
    assert next_session([over], now=NOW) is None


def test_today_answers_a_fragment_to_its_own_looking_for_news(client, session):
    page = _page(client, headers={"HX-Request": "true", "HX-Target": "sessions", "HX-Polling": "true"})

    assert page.lstrip().startswith('<section class="stack" id="sessions"')
    assert "<html" not in page
    assert "<html" in _page(client, headers={"HX-Request": "true", "HX-Target": "something"})


def test_the_week_strip_counts_sessions_that_stand(client, session, mai, place, service):
    tomorrow = BEGAN + timedelta(days=1)
    sessions(3, psychologist=mai, place=place, service=service, first=tomorrow)
    make.appointment(psychologist=mai, location=place, starts_at=tomorrow + timedelta(hours=5), status=Status.CANCELLED)

    load = client.get(TODAY).context["load"]

    assert [(bar.day.date.day, bar.day.counted, bar.height) for bar in load] == [
        (23, 0, 0),
        (24, 1, 17),
        (25, 3, 50),
        (26, 0, 0),
        (27, 0, 0),
    ]


def _fill(count, mai, place, service, acting):
    for n, session in enumerate(
        sessions(count, psychologist=mai, place=place, service=service, first=NOW - timedelta(hours=10))
    ):
        if n % 2:
            actions.save_draft(appointment=session, body="Begun", version=0, by=acting, now=NOW)


@pytest.mark.parametrize("name", ["today", "calendar", "notes", "hours"])
def test_pages_take_as_many_queries_for_thirty_rows_as_for_one(
    client, mai, place, service, acting, name, django_assert_num_queries
):
    _fill(2, mai, place, service, acting)
    make.time_slot(psychologist=mai, starts_at=NOW + timedelta(hours=3))
    # On Saturday, when nobody works: whose the sessions outside the hours are is read once there is one.
    make.appointment(psychologist=mai, location=place, service=service, starts_at=NOW + timedelta(days=4))
    client.get(reverse(f"psychologist:{name}"))  # settles the session
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(reverse(f"psychologist:{name}"))
    sessions(15, psychologist=mai, place=place, service=service, first=NOW - timedelta(days=1, hours=20))
    sessions(15, psychologist=mai, place=place, service=service, first=NOW + timedelta(days=1))
    for n in range(5):
        make.time_slot(psychologist=mai, location=place, starts_at=NOW + timedelta(hours=3 * n))

    with django_assert_num_queries(len(few)):
        client.get(reverse(f"psychologist:{name}"))


def test_what_waits_on_other_pages_is_counted_and_led_to(client, mai, place, ruth, draft, acting):
    make.appointment(psychologist=mai, patient=ruth, location=place, starts_at=BEGAN + timedelta(days=1))
    leave = {"psychologist": mai, "kind": TimeSlot.Kind.BLOCKED, "label": "Leave"}
    times = {"starts_at": BEGAN + timedelta(days=1), "ends_at": BEGAN + timedelta(days=1, hours=1)}
    time_away.add_time_slot(**leave, **times, by=acting, now=NOW)

    for address in ("/practice/", "/practice/to-do/"):
        page = client.get(address).content.decode()
        assert '<a class="grow" href="/practice/stranded/">1 session of yours is to be rearranged</a>' in page
        assert '<a class="grow" href="/practice/notes/">1 note to sign</a>' in page
        assert [words for words in ("Nothing to do", "Nothing waits for you.") if words in page] == []


def test_where_nothing_waits_the_pages_say_so(client):
    assert "Nothing waits for you." in client.get("/practice/").content.decode()
    assert "Nothing to do" in client.get("/practice/to-do/").content.decode()


def test_who_is_here_is_not_still_to_come(client, session):
    stats = {stat["label"]: stat["value"] for stat in client.get("/practice/").context["stats"]}
    assert (stats["here now"], stats["still to come today"]) == (1, 0)
