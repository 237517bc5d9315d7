"""The page of free times: the soonest first, a strip of days, one day at a time, filters, and two clocks."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from portal.appointments.models import Appointment
from portal.clinic.models import Psychologist
from tests import make

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)  # Monday, 9 am in Melbourne
TIMES = "/book/session/"
TUESDAY = "2026-12-01"


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def place(db):
    make.clinic(hold_minutes=10)
    make.service(slug="session", name="Session", fee="220.00", video=True)
    return make.location(slug="brunswick", name="Brunswick")


@pytest.fixture
def mai(place):
    mai = make.psychologist(slug="mai", user=make.user(first_name="Mai", last_name="Lee"), title="", video=True)
    make.week(psychologist=mai, location=place)
    return mai


def page_of(client=None, path=TIMES, **query):
    return html.unescape((client or Client()).get(path, {"mode": "in_person"} | query).content.decode())


def buttons(page, within='class="parts"'):
    part = page[page.index(within) :]
    end = "</section></div>" if within == 'class="parts"' else "</ul>"
    part = part.replace("\n", "")
    part = part[: part.index("</ul>")] if end == "</ul>" else part
    return re.findall(r'<button class="time" name="time" value="([^"]+)"', part)


def turning(page):
    """Where the links lead that open another day."""
    return re.findall(r'<a class="free-day[^"]*" href="([^"]+)"', page)


def starts(page, within='class="parts"'):
    return [value.split()[0] for value in buttons(page, within)]


def test_the_soonest_times_come_first_and_take_one_press(mai):
    page = page_of(psychologist="mai")
    soonest = starts(page, 'class="soonest"')
    week = Client().get(TIMES, {"psychologist": "mai"}).context["week"]
    assert soonest == [f"{free.starts_at:%Y-%m-%dT%H:%MZ}" for free in week.times[:3]]
    assert len(soonest) == 3
    assert page.index('class="soonest"') < page.index('class="days-strip"') < page.index('class="parts"')
    held = Client().post(TIMES, {"time": f"{soonest[0]} brunswick", "psychologist": "mai", "mode": "in_person"})
    assert held["Location"] == "/book/session/confirm/"


def test_a_later_week_leads_back_to_the_soonest_times(mai):
    page = page_of(psychologist="mai", week="2026-12-07")
    assert 'class="soonest"' not in page
    [link] = re.findall(r'href="([^"]*near=[^"]*)"', page)
    assert 'class="soonest"' in html.unescape(Client().get(TIMES + link).content.decode())


def test_one_day_is_open_and_the_others_are_links(mai):
    page = page_of(psychologist="mai", day=TUESDAY)
    assert {value[:10] for value in starts(page)} == {"2026-11-30", TUESDAY}  # in UTC the morning is the day before
    links = re.findall(r'<a class="free-day[^"]*" href="([^"]+)"', page)
    assert [link[-10:] for link in links] == [f"{date(2026, 11, 30) + timedelta(days=n)}" for n in range(7)]
    assert re.findall(r'aria-current="date" data-focus aria-label="([^"]+)"', page) == [
        "Tuesday 1 December, 15 free times"
    ]
    opened = Client().get(TIMES + links[3]).context["week"]
    assert (opened.monday, opened.open.date) == (date(2026, 11, 30), date(2026, 12, 3))


def test_morning_and_afternoon_stand_apart_by_the_places_clock(mai):
    page = page_of(psychologist="mai", day=TUESDAY)
    morning, afternoon = page[page.index('id="part-morning"') :].split('id="part-afternoon"')
    at = r'<button class="time"[^>]*>(\d+:\d+ [ap]m)'
    assert re.findall(at, morning)[-1] == "11:30 am"
    assert re.findall(at, afternoon)[0] == "12:00 pm"
    assert 'id="part-evening"' not in page


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        ("09:00", "12:00", "Nothing is free in the afternoon."),
        ("13:00", "17:00", "Nothing is free in the morning."),
        ("09:00", "17:00", ""),
        ("17:30", "20:00", ""),
    ],
)
def test_half_a_day_without_times_takes_one_line(mai, starts, ends, words):
    mai.hours.update(starts=starts, ends=ends)
    page = page_of(psychologist="mai", day=TUESDAY)
    assert re.findall(r"Nothing is free in the \w+\.", page) == ([words] if words else [])
    assert page.count("<h4") == len(re.findall('<ul class="times"', page)) - page.count('class="soonest"')
    # Who asked for one part of the day is told of no other.
    assert "Nothing is free in the" not in page_of(psychologist="mai", day=TUESDAY, part="morning")


def test_only_the_part_of_the_day_and_the_place_that_are_asked_for(mai):
    annex = make.location(slug="annex", name="The annex")
    make.week(psychologist=mai, location=annex, starts="17:00", ends="20:00")
    evening = page_of(psychologist="mai", day=TUESDAY, part="evening")
    assert "Morning</h4>" not in evening
    assert {value.split()[1] for value in buttons(evening)} == {"annex"}
    there = page_of(psychologist="mai", day=TUESDAY, place="brunswick")
    assert {value.split()[1] for value in buttons(there)} == {"brunswick"}
    # Days and weeks are turned with what was chosen.
    assert {"place=brunswick" in link for link in turning(there)} == {True}
    assert '<option value="evening" selected>' in evening
    assert '<option value="brunswick" selected>' in there
    # Who meets by video goes to no place.
    assert len(buttons(page_of(psychologist="mai", day=TUESDAY, place="annex", mode="video"))) > len(buttons(evening))


def test_a_day_without_times_names_the_next_that_is_free(mai):
    make.time_slot(psychologist=mai, starts_at=datetime(2026, 11, 30, 13, 0, tzinfo=UTC), minutes=24 * 60)
    page = page_of(psychologist="mai", day=TUESDAY)
    assert "No free times on this day" in page
    assert "The first free time is Wednesday 2 December 2026, 9:00 am." in page
    assert re.search(r'href="\?[^"]*week=2026-11-30&day=2026-12-02"', page)
    # Of the week's last days, what follows is in another week; of the last of all, what comes before.
    assert "day=2026-12-07" in page_of(psychologist="mai", day="2026-12-05")


def test_an_empty_day_under_a_filter_names_a_time_that_passes_it(mai):
    type(mai.hours.first()).objects.filter(psychologist=mai, weekday=2).delete()
    page = page_of(psychologist="mai", day="2026-12-02", part="afternoon")
    assert "The first free time is Thursday 3 December 2026, 12:00 pm." in page


def test_filters_that_leave_nothing_at_all_are_said_and_can_be_lifted(mai):
    page = page_of(psychologist="mai", day=TUESDAY, part="evening", zone="Australia/Perth")
    assert "Nothing is free online at the moment" not in page
    assert "Nothing is free online for what is chosen above." in page
    link = re.search(r'<a class="btn" href="(\?[^"]+)">See all times</a>', page)
    assert link is not None
    assert "9:00 am" in html.unescape(Client().get(TIMES + link[1]).content.decode())
    assert "part=" not in link[1]


def test_a_clinic_without_free_times_blames_no_filter(place):
    make.psychologist(slug="mai", video=True)
    page = page_of(psychologist="any")
    assert "Nothing is free online at the moment" in page
    assert "See all times" not in page


@pytest.mark.parametrize(
    "query",
    [
        {"day": "x"},
        {"day": "0001-01-01"},
        {"day": "9999-12-31"},
        {"day": TUESDAY, "week": "2026-12-07"},
        {"part": "night"},
        {"place": "nowhere"},
        {"zone": "Mars/Olympus"},
        {"zone": "../../etc/passwd"},
        {"zone": "localtime"},
        {"part": "\0", "place": "\0", "zone": "\0"},
        {"near": "9999-12-31"},
    ],
)
def test_what_cannot_be_read_falls_back_to_the_widest_choice(mai, query):
    answer = Client().get(TIMES, {"psychologist": "mai"} | query)
    assert answer.status_code == 200
    assert answer.context["clock"] is None
    assert answer.context["week"].open.times


def test_who_is_chosen_next_is_shown_on_the_day_that_was_turned_to(mai):
    turned = page_of(psychologist="mai", day=TUESDAY)
    assert re.findall(r'form="whose-times" name="(\w+)" value="([^"]*)"', turned) == [
        ("week", "2026-11-30"),
        ("day", TUESDAY),
    ]
    assert 'form="whose-times" name="day"' not in page_of(psychologist="mai")


def test_a_lost_time_leads_back_to_its_day(mai):
    sent = {"time": f"{TUESDAY}T00:00Z brunswick", "psychologist": "mai", "mode": "in_person", "part": "morning"}
    assert Client().post(TIMES, sent).status_code == 302
    lost = Client().post(TIMES, sent, headers={"HX-Request": "true", "HX-Target": "times"})
    [link] = re.findall(r'<a href="([^"]+)"', lost.content.decode())
    again = Client().get(TIMES + html.unescape(link))
    assert again.context["week"].open.date == date(2026, 12, 1)
    assert again.context["choice"]["part"] == "morning"
    assert "That time was just taken" in again.content.decode()


# ---- Two clocks ------------------------------------------------------------------------------------------------------


@pytest.fixture
def sydney(mai):
    place = make.location(slug="sydney", name="Sydney rooms", time_zone="Australia/Sydney")
    ann = make.psychologist(slug="ann", user=make.user(first_name="Ann", last_name="Lee"), title="", video=True)
    make.week(psychologist=ann, location=place)
    return ann


def test_a_brisbane_patient_sees_both_clocks_of_a_sydney_psychologist(sydney: Psychologist):
    user = make.user()
    make.patient(user=user, state="QLD", postcode="4000")
    page = page_of(make.client_for(user), psychologist="ann", mode="video", day=TUESDAY)
    assert "Times are in Sydney time (UTC+11)." in page
    assert "With you it is Brisbane time (UTC+10)" in page
    assert 'aria-label="Tuesday 1 December 2026, 9:00 am, 8:00 am (Brisbane time)"' in page
    assert "<small>8:00 am (Brisbane time)</small>" in page
    assert '<option value="Australia/Brisbane" selected>Brisbane</option>' in page
    # In winter Sydney's clock is Brisbane's, and nothing is said twice.
    with time_machine.travel(datetime(2026, 6, 1, tzinfo=UTC), tick=False):
        winter = page_of(make.client_for(user), psychologist="ann", mode="video")
    assert 'class="time"' in winter
    assert "(Brisbane time)" not in winter


def test_a_visitor_chooses_their_clock_and_links_keep_it(sydney):
    page = page_of(psychologist="ann", mode="video", zone="Australia/Perth")
    assert "6:00 am (Perth time)" in page
    assert {"zone=Australia%2FPerth" in link for link in turning(page)} == {True}
    assert "Perth time" not in page_of(psychologist="ann", mode="video")


def test_both_clocks_stay_with_the_time_that_is_held_and_with_the_session(sydney, mai):
    user = make.user()
    patient = make.patient(user=user, state="WA", postcode="6000")
    for client in (Client(), make.client_for(user)):
        sent = {
            "time": f"{TUESDAY}T00:00Z sydney",
            "psychologist": "ann",
            "mode": "video",
            "zone": "Australia/Brisbane",
        }
        assert "<br>10:00 am (Brisbane time)</dd>" in page_of(client, client.post(TIMES, sent)["Location"])
        Appointment.objects.all().delete()
    session = make.appointment(
        psychologist=sydney, patient=patient, location=sydney.hours.first().location, mode="video"
    )
    page = page_of(make.client_for(user), f"/my/appointments/{session.code}/")
    assert f"{session.starts_at.astimezone(ZoneInfo('Australia/Perth')):%-I:%M} " in page
    assert "(Perth time)</dd>" in page
    # Nothing is said twice where the clocks agree.
    patient.state = "ACT"
    patient.save()
    assert "(Perth time)" not in page_of(make.client_for(user), f"/my/appointments/{session.code}/")


def test_who_lives_elsewhere_may_do_without_their_own_clock(sydney):
    user = make.user()
    make.patient(user=user, state="WA", postcode="6000")
    assert "(Perth time)" in page_of(make.client_for(user), psychologist="ann", mode="video")
    assert "(Perth time)" not in page_of(make.client_for(user), psychologist="ann", mode="video", zone="here")
