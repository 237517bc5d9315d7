"""Leave and closed days over a range, entered at the desk: of a psychologist, a place and the whole clinic."""

from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from django.urls import reverse

from portal.appointments.models import Closure, TimeSlot
from portal.audit.models import Entry
from portal.worklist.models import ToDo
from tests import make
from tests.web.reception.conftest import NOW

PAGE = "/reception/time-off/"
WEEK = {"first_day": "2026-11-30", "last_day": "2026-12-04", "label": "Christmas break"}


def closures():
    return list(Closure.objects.values_list("location", "first_day", "from_time", "last_day", "until_time", "label"))


def stranded():
    return set(ToDo.objects.still_open().of_kind("session_stranded").values_list("about_code", flat=True))


def whose(place, kind):
    slugs = {"clinic": "clinic", "place": f"place:{place.location.slug}", "person": f"person:{place.psychologist.slug}"}
    return {"whose": slugs[kind]}


@pytest.mark.parametrize("kind", ["clinic", "place", "person"])
def test_the_sessions_in_it_are_asked_about_and_come_to_the_desk(desk, place, kind):
    inside, before = place.session(hours=7 * 24), place.session(hours=2)
    elsewhere = make.appointment(starts_at=inside.starts_at, patient=make.patient(legal_first_name="Zoe"))
    asked = desk.post(PAGE, WEEK | whose(place, kind))
    assert asked.status_code == 422
    expected = {inside, elsewhere} if kind == "clinic" else {inside}
    assert {line.session for line in asked.context["asked"].lines} == expected
    assert (closures(), TimeSlot.objects.count(), stranded()) == ([], 0, set())
    sure = WEEK | whose(place, kind) | {"known": asked.context["asked"].digest}
    # It leads on to what becomes of them.
    assert desk.post(PAGE, sure)["Location"] == "/reception/stranded/" + (
        f"?with={place.psychologist.slug}" if kind == "person" else ""
    )
    assert stranded() == {str(session.code) for session in expected}
    assert str(before.code) not in stranded()
    page = desk.get(PAGE)
    (line,) = page.context["lines"]
    assert (line.when, line.label) == ("Mon 30 Nov – Fri 4 Dec", "Christmas break")
    assert "Psychologist is away" in desk.get("/reception/", {"day": "2026-12-01"}).text
    desk.post(reverse("reception:end_time_off", args=[line.code]))
    assert (closures(), TimeSlot.objects.count(), stranded()) == ([], 0, set())


def test_what_is_asked_about_is_listed_page_by_page_with_a_time_for_each(desk, place):
    sessions = [place.session(hours=7 * 24 + hour) for hour in range(24)]
    first = desk.post(PAGE, WEEK | whose(place, "person"))
    question = first.context["asked"]
    assert ([line.session for line in question.lines], question.count) == (sessions[:20], 24)
    assert all(line.proposed for line in question.lines)
    # Whoever turns the page is asked again, also with what the page said; nothing is saved.
    turned = desk.post(PAGE, WEEK | whose(place, "person") | {"known": question.digest, "turn": "2"})
    assert (turned.status_code, TimeSlot.objects.count()) == (422, 0)
    assert [line.session for line in turned.context["asked"].lines] == sessions[20:]
    assert turned.context["asked"].digest == question.digest


def test_what_is_closed_is_written_on_the_clock_of_each_place(desk, place):
    desk.post(PAGE, WEEK | whose(place, "place") | {"from_time": "12:00", "until_time": "3 pm"})
    desk.post(PAGE, {"first_day": "2026-12-24", "label": "Eve"} | whose(place, "clinic"))
    desk.post(PAGE, {"first_day": "2026-12-28", "last_day": "2026-12-29", "until_time": "00:00", "label": "Rest"}
              | whose(place, "clinic"))  # fmt: skip
    noon, three = datetime(2026, 1, 1, 12).time(), datetime(2026, 1, 1, 15).time()  # noqa: DTZ001
    eve, rest = date(2026, 12, 24), date(2026, 12, 28)
    assert closures() == [
        (place.location.pk, date(2026, 11, 30), noon, date(2026, 12, 4), three, "Christmas break"),
        (None, eve, None, eve, None, "Eve"),
        (None, rest, None, rest, None, "Rest"),
    ]
    assert [line.when for line in desk.get(PAGE).context["lines"]] == [
        "Mon 30 Nov, 12:00 pm – Fri 4 Dec, 3:00 pm",
        "Thu 24 Dec",
        "Mon 28 Dec",
    ]
    assert [entry.verb for entry in Entry.objects.filter(verb__startswith="closure.")] == ["closure.added"] * 3


def test_leave_is_on_the_clock_of_where_they_work(desk, place):
    perth = make.location(time_zone="Australia/Perth")
    person = make.psychologist(user=make.user(first_name="Jo", last_name="West"))
    make.week(psychologist=person, location=perth)
    desk.post(PAGE, WEEK | {"whose": f"person:{person.slug}"})
    slot = TimeSlot.objects.get()
    assert (slot.starts_at, slot.ends_at) == (
        datetime(2026, 11, 29, 16, tzinfo=UTC),
        datetime(2026, 12, 4, 16, tzinfo=UTC),
    )
    assert desk.get(PAGE).context["lines"][0].when == "Mon 30 Nov – Fri 4 Dec"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"whose": ""}, "whose"),
        ({"whose": "place:nowhere"}, "whose"),
        ({"label": " "}, "label"),
        ({"first_day": ""}, "first_day"),
        ({"last_day": "2026-11-29"}, "last_day"),
        ({"last_day": "", "from_time": "3 pm", "until_time": "2 pm"}, "until_time"),
        ({"first_day": "2026-11-01", "last_day": "2026-11-02"}, "last_day"),
        ({"first_day": "2026-11-01", "last_day": ""}, "first_day"),
        ({"last_day": "2028-11-02"}, "last_day"),
        ({"first_day": "1926-11-30"}, "first_day"),
    ],
)
def test_what_makes_no_sense_closes_nothing(desk, place, change, field):
    refused = desk.post(PAGE, WEEK | whose(place, "clinic") | change)
    assert (refused.status_code, set(refused.context["form"].errors), closures()) == (422, {field}, [])


def test_who_has_left_and_what_is_out_of_use_is_not_there(desk, place):
    person, old = make.psychologist(), make.location(is_active=False)
    person.user.is_active = False
    person.user.save()
    for slug in (f"person:{person.slug}", f"place:{old.slug}"):
        assert set(desk.post(PAGE, WEEK | {"whose": slug}).context["form"].errors) == {"whose"}


def test_what_was_removed_meanwhile_is_said(desk, place):
    closure = Closure.objects.create(first_day=NOW.date(), last_day=NOW.date() + timedelta(days=1), label="Painters")
    gone = reverse("reception:end_time_off", args=[closure.code])
    desk.post(gone)
    assert "That is not there any more. Nothing was done." in desk.post(gone, follow=True).text


def test_extra_hours_are_not_ended_here(desk, place):
    extra = make.time_slot(psychologist=place.psychologist, kind=TimeSlot.Kind.EXTRA, starts_at=NOW)
    desk.post(reverse("reception:end_time_off", args=[extra.code]))
    assert TimeSlot.objects.get() == extra


def test_it_is_reached_from_the_calendar(desk, place):
    assert f'href="{PAGE}"' in desk.get("/reception/calendar/").text
    assert f'href="{PAGE}"' in desk.get("/reception/away/").text


def test_a_place_may_be_closed_for_some_ways_of_meeting(desk, place):
    inside, by_video = place.session(hours=7 * 24, mode="in_person"), place.session(hours=7 * 24 + 2, mode="video")
    sent = WEEK | whose(place, "place") | {"modes": ["in_person"]}
    asked = desk.post(PAGE, sent)
    assert [line.session for line in asked.context["asked"].lines] == [inside]
    assert desk.post(PAGE, sent | {"known": asked.context["asked"].digest})["Location"] == "/reception/stranded/"
    assert Closure.objects.get().modes == ["in_person"]
    assert stranded() == {str(inside.code)}
    listed = desk.get("/reception/stranded/").text
    assert "Closed then: Christmas break (in person only)" in listed
    assert "The psychologist is away then" not in listed
    (line,) = desk.get(PAGE).context["lines"]
    assert line.label == "Christmas break (in person only)"
    assert Entry.objects.get(verb="closure.added").facts["modes"] == ["in_person"]
    assert by_video.patient.name in desk.get("/reception/", {"day": "2026-12-01"}).text


def test_leave_is_never_for_one_way_alone(desk, place):
    refused = desk.post(PAGE, WEEK | whose(place, "person") | {"modes": ["video"]})
    assert "Who is away can't be met in any way." in unescape(refused.text)
    assert (refused.status_code, TimeSlot.objects.exists()) == (422, False)


# ---- What the desk reads where it tries to book then -----------------------------------------------------------------

WEDNESDAY = NOW + timedelta(hours=25)  # Noon.


def _doors(desk, place, session):
    """What the desk reads at each door that books or moves a session to noon of Wednesday, in person."""
    patient = session.patient
    time = {"time": f"{WEDNESDAY:%Y-%m-%dT%H:%MZ} {place.location.slug} {place.psychologist.slug}"}
    here = desk.post(
        reverse("reception:book_here", args=[patient.code]),
        time | {"service": place.service.slug, "mode": "in_person"},
    )
    question = desk.get(
        reverse("reception:move_in_calendar", args=[session.code]), {"day": "2026-11-25", "at": "12:00"}
    )
    to = {"to": question.context["target"].value, "seen": question.context["session"].seen_as}
    moved = desk.post(reverse("reception:move_in_calendar", args=[session.code]), to)
    typed = {
        "service": place.service.slug,
        "psychologist": place.psychologist.slug,
        "mode": "in_person",
        "day": "2026-11-25",
        "at": "12:00",
        "with_whom": place.psychologist.slug,
        "location": place.location.slug,
    }
    booked = desk.post(reverse("reception:book", args=[patient.code]), typed)
    return [(answer.status_code, answer.context["because"]) for answer in (here, moved, booked)]


def test_the_desk_reads_why_a_day_is_closed_wherever_it_books(desk, place):
    session = place.session(hours=1)
    closure = Closure.objects.create(first_day="2026-11-25", last_day="2026-11-25", label="Painters", in_person=True)
    assert _doors(desk, place, session) == [(422, "Brunswick is closed then: Painters.")] * 3
    closure.delete()
    slot = make.time_slot(psychologist=place.psychologist, starts_at=WEDNESDAY, minutes=60, label="Leave")
    assert _doors(desk, place, session) == [(422, "Dr Mai Nguyễn is away then: Leave.")] * 3
    slot.delete()
    place.psychologist.hours.all().delete()
    assert _doors(desk, place, session) == [(422, "")] * 3


def test_a_public_holiday_is_named_where_the_desk_books(desk, place):
    place.location.works_on_holidays = False
    place.location.save()
    patient = make.patient()
    noon = datetime(2026, 12, 25, 1, tzinfo=UTC)
    time = {"time": f"{noon:%Y-%m-%dT%H:%MZ} {place.location.slug} {place.psychologist.slug}"}
    path = reverse("reception:book_here", args=[patient.code])
    asked = desk.post(path, time | {"service": place.service.slug, "mode": "in_person"})
    assert "Brunswick is closed on that day: Christmas Day. Has the psychologist agreed to it?" in asked.text


@pytest.mark.parametrize("last", ["", "2026-12-04", "2026-12-05", "2026-12-06"])
@pytest.mark.parametrize("until", ["", "00:00", "24:00", "midnight", "5 pm"])
@pytest.mark.parametrize("begins", ["", "00:00", "9:30"])
def test_the_same_words_are_the_same_days_on_either_page(desk, place, begins, until, last):
    """Leave that the desk adds to the list, or on the page of somebody's hours."""
    days = {"first_day": "2026-12-04", "from_time": begins, "last_day": last, "until_time": until, "label": "Leave"}
    add = reverse("reception:add_exception", args=[place.psychologist.slug])
    found = []
    for page, more in ((PAGE, whose(place, "person")), (add, {"kind": "blocked"})):
        assert desk.post(page, days | more).status_code == 302
        slot = TimeSlot.objects.get()
        found.append((slot.starts_at, slot.ends_at))
        slot.delete()
    assert found[0] == found[1]
