import html
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.urls import reverse

from portal.appointments.models import Status, TimeSlot
from portal.audit.models import Entry
from portal.common.languages.times import stretch
from portal.worklist.models import ToDo
from tests import make
from tests.make import shown_in
from tests.pages import form_with
from tests.web.psychologist.conftest import BEGAN, NOW

HOURS = "/practice/hours/"
ADD = "/practice/hours/exceptions/"
STRANDED = "/practice/stranded/"


def _week(*rows):
    """A form of these (weekday, from, until, location) rows."""
    sent = {}
    for n, (weekday, starts, ends, location) in enumerate(rows):
        sent |= {f"h{n}-weekday": weekday, f"h{n}-starts": starts, f"h{n}-ends": ends, f"h{n}-location": location}
    return sent


def _standing(mai):
    return [(h.weekday, h.starts, h.ends, h.location_id) for h in mai.hours.order_by("weekday", "starts")]


def _sure(client, path, sent):
    """Sends it, is shown the sessions that stand in its way, and sends it again with what the page showed."""
    asked = client.post(path, client.shown(HOURS) | sent)
    assert asked.status_code == 422
    return client.post(path, shown_in(asked) | sent | {"known": _known(asked)})


def _known(page):
    return html.unescape(re.search(r'name="known" value="([^"]*)"', page.content.decode())[1])


def _words(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_hours_shows_the_week_and_an_empty_row_a_day(client, mai):
    form = client.get(HOURS).context["week"]

    assert [(len(rows), empty is not None) for _n, _name, rows, empty in form.days()] == [(1, True)] * 5 + [
        (0, True)
    ] * 2


def test_a_window_says_in_words_that_its_tick_removes_it(client, mai):
    assert client.get(HOURS).content.decode().count('Remove<span class="sr-only"> (Monday, ') == 1


def test_hours_to_add_suggest_the_place_where_one_works_most(client, mai, place):
    aspley = make.location(name="Aspley")
    mai.hours.filter(weekday=0).update(location=aspley)

    empty = [empty for _n, _name, _rows, empty in client.get(HOURS).context["week"].days()]
    assert [row["location"].value() for row in empty] == [place.pk] * 7
    # Without a week there is none: it is chosen, not taken from the top of the list.
    mai.hours.all().delete()
    page = client.get(HOURS)
    assert [row["location"].value() for *_, row in page.context["week"].days()] == [None] * 7
    assert page.content.decode().count("Choose where") == 7
    refused = client.send(HOURS, _week((0, "09:00", "12:00", "")))
    assert (refused.status_code, "Where?" in refused.content.decode()) == (422, True)


def test_hours_are_made_anew(client, mai, place):
    answer = client.send(
        HOURS, _week((0, "09:00", "12:00", place.pk), (0, "13:00", "17:30", place.pk), (5, "8.30", "12", place.pk))
    )

    assert answer["Location"] == HOURS
    assert _standing(mai) == [
        (0, time(9), time(12), place.pk),
        (0, time(13), time(17, 30), place.pk),
        (5, time(8, 30), time(12), place.pk),
    ]
    assert Entry.objects.get(verb="hours.changed").actor_id == str(mai.user.pk)


@pytest.mark.parametrize("until", ["00:00", "24:00", "midnight", "٢٤:٠٠"])
@pytest.mark.parametrize("zone", ["Australia/Melbourne", "Australia/Perth"])
def test_hours_until_midnight(client, mai, place, ruth, service, until, zone):
    place.time_zone = zone
    place.save()
    client.send(HOURS, _week((1, "9:00", "12:00", place.pk), (1, "18:00", until, place.pk)))
    assert _standing(mai) == [(1, time(9), time(12), place.pk), (1, time(18), time(), place.pk)]

    last = datetime(2026, 12, 1, 23, tzinfo=place.zone)
    make.appointment(psychologist=mai, patient=ruth, location=place, service=service, starts_at=last, minutes=60)
    page = client.get(HOURS)
    assert page.context["total"] == 9
    assert page.context["left"] == []
    assert 'value="00:00"' in page.content.decode()
    # What the page shows is what it takes again.
    client.send(HOURS, _week((1, "09:00", "12:00", place.pk), (1, "18:00", "00:00", place.pk)))
    assert _standing(mai)[1] == (1, time(18), time(), place.pk)

    week = client.get("/practice/calendar/", {"week": "2026-11-30"}).context["grid"]
    tuesday = week.columns[1]
    assert week.hours[-1].at == time(23)
    assert [block.title for block in tuesday.blocks if block.kind not in ("off", "free")] == ["Ruth Okafor"]
    assert not any(block.kind == "off" and block.starts_at.hour >= 18 for block in tuesday.blocks)


@pytest.mark.parametrize(
    ("row", "is_overlap"),
    [((1, "23:00", "23:30"), True), ((1, "17:00", "18:00"), False), ((2, "00:00", "1:00"), False)],
)
def test_hours_until_midnight_overlap_what_they_reach(client, mai, place, row, is_overlap):
    answer = client.send(HOURS, _week((1, "18:00", "00:00", place.pk), (*row, place.pk)))
    assert answer.status_code == (422 if is_overlap else 302)
    assert ("This overlaps other hours of the same day." in answer.content.decode()) is is_overlap


@pytest.mark.parametrize("kind", ["blocked", "extra"])
@pytest.mark.parametrize(
    ("first", "last", "until", "end"),
    [
        ("2026-12-04", "", "00:00", "2026-12-05"),
        ("2026-12-04", "2026-12-04", "00:00", "2026-12-05"),
        ("2026-12-04", "", "24:00", "2026-12-05"),
        # A picker has no 24:00: midnight of a later day begins it.
        ("2026-12-04", "2026-12-05", "00:00", "2026-12-05"),
        # 25 hours long, and 23.
        ("2027-04-04", "", "24:00", "2027-04-05"),
        ("2027-10-03", "", "00:00", "2027-10-04"),
    ],
)
def test_other_days_end_at_midnight(client, mai, place, kind, first, last, until, end):
    sent = {"kind": kind, "first_day": first, "last_day": last, "from_time": "00:00", "until_time": until}
    client.post(ADD, sent | {"location": place.pk})
    slot = TimeSlot.objects.get()
    assert f"{slot.starts_at.astimezone(place.zone):%Y-%m-%d %H:%M}" == f"{first} 00:00"
    assert f"{slot.ends_at.astimezone(place.zone):%Y-%m-%d %H:%M}" == f"{end} 00:00"


def test_rows_that_are_empty_or_removed_are_left_out(client, mai, place):
    sent = _week((0, "09:00", "12:00", place.pk), (1, "", "", place.pk), (2, "nonsense", "12:00", place.pk))

    client.send(HOURS, sent | {"h2-remove": "on"})

    assert _standing(mai) == [(0, time(9), time(12), place.pk)]


def _sent(client):
    """What the week's form sends as it stands, one value for each name."""
    return {name: values[0] for name, values in form_with(client.get(HOURS), "h0-weekday").items()}


def _row_of(sent, weekday, n=0):
    """The prefix of the n-th row of a day on a page."""
    return [name.partition("-")[0] for name, value in sent.items() if name.endswith("-weekday") and value == weekday][n]


def test_days_that_two_pages_changed_apart_are_both_saved(client, mai, place):
    """Rows are added in one tab and taken away in the other."""
    tab = _sent(client)
    other = _sent(client)
    saturday = _row_of(other, "5")
    other |= {f"{saturday}-starts": "10:00", f"{saturday}-ends": "12:00", f"{_row_of(other, '1')}-remove": "on"}
    assert client.post(HOURS, other).status_code == 302
    added = _row_of(tab, "0", 1)
    assert client.post(HOURS, tab | {f"{added}-starts": "18:00", f"{added}-ends": "20:00"}).status_code == 302
    days = [(weekday, starts) for weekday, starts, _ends, _place in _standing(mai)]
    assert [starts for weekday, starts in days if weekday == 0][-1] == time(18)
    assert {weekday for weekday, _starts in days} == {0, 2, 3, 4, 5}
    # Nothing that is left as it stands leaves a line.
    lines = Entry.objects.filter(verb="hours.changed").count()
    assert client.post(HOURS, _sent(client)).status_code == 302
    assert Entry.objects.filter(verb="hours.changed").count() == lines


def test_a_day_that_two_pages_changed_is_asked_about(client, mai, place):
    tab, other = _sent(client), _sent(client)
    monday = _row_of(tab, "0")
    assert client.post(HOURS, other | {f"{monday}-ends": "15:00"}).status_code == 302
    before = _standing(mai)
    answer = client.post(HOURS, tab | {f"{monday}-ends": "16:00"})
    text = answer.content.decode()
    assert (answer.status_code, _standing(mai)) == (422, before)
    assert (" – 15:00" in text, " – 16:00" in text, "changed meanwhile" in text) == (True, True, True)
    asked = {name: values[0] for name, values in form_with(answer, "h0-weekday").items()}
    assert asked[f"{monday}-ends"] == "16:00", "what was typed stays"
    assert 'type="checkbox" name="theirs" value="0"' in text
    # Theirs is taken by the box, one's own by sending it again.
    assert client.post(HOURS, asked | {"theirs": "0"}).status_code == 302
    assert _standing(mai) == before
    assert client.post(HOURS, asked).status_code == 302
    assert _standing(mai)[0][2] == time(16)


def test_a_week_that_does_not_say_what_it_showed_undoes_nothing(client, mai, place):
    before = _standing(mai)
    answer = client.post(HOURS, _week((0, "09:00", "12:00", place.pk), (5, "9 am", "noon | 1", place.pk)))
    assert (answer.status_code, _standing(mai)) == (422, before)
    again = {name: values[0] for name, values in form_with(answer, "h0-weekday").items()}
    assert client.post(HOURS, again | {"h1-ends": "12:00"}).status_code == 302
    assert [row[0] for row in _standing(mai)] == [0, 5]


@pytest.mark.django_db(transaction=True)
def test_of_two_weeks_in_one_moment_one_is_saved_and_the_other_is_asked(client, mai, place):
    tab, gate = _sent(client), threading.Barrier(3)
    monday = _row_of(tab, "0")
    tabs = [make.client_for(mai.user) for _ in range(3)]

    def save(n):
        gate.wait()
        try:
            return tabs[n].post(HOURS, tab | {f"{monday}-ends": f"1{n + 3}:30"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(save, range(3))) == [302, 422, 422]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((0, "12:00", "09:00"), "This is before the time it starts."),
        ((0, "09:00", ""), "Until when?"),
        ((0, "", "09:00"), "From when?"),
        ((0, "25:00", "26:00"), "Write a time, such as 9:00 or 17:30."),
    ],
)
def test_hours_that_can_not_be_are_named_and_nothing_is_lost(client, mai, place, row, words):
    before = _standing(mai)

    answer = client.send(HOURS, _week((3, "10:15", "11:45", place.pk), (*row, place.pk)))

    page = answer.content.decode()
    assert (answer.status_code, words in page) == (422, True)
    assert 'value="10:15"' in page
    assert _standing(mai) == before


def test_hours_that_overlap_are_named(client, mai, place):
    answer = client.send(HOURS, _week((0, "09:00", "12:00", place.pk), (0, "11:00", "13:00", place.pk)))

    assert (answer.status_code, "This overlaps other hours of the same day." in answer.content.decode()) == (422, True)


def test_a_day_of_no_week_is_refused(client, mai, place):
    before = _standing(mai)
    assert client.send(HOURS, _week((9, "09:00", "10:00", place.pk))).status_code == 422
    assert _standing(mai) == before


def test_a_place_of_nobody_is_refused(client, mai, place):
    assert client.send(HOURS, _week((0, "09:00", "12:00", "999999"))).status_code == 422
    assert client.send(HOURS, _week((0, "09:00", "12:00", "x"))).status_code == 422


def test_hours_at_a_place_out_of_use_stay_in_the_form(client, mai, place):
    place.is_active = False
    place.save()

    form = client.get(HOURS).context["week"]

    assert form.forms[0]["location"].value() == place.pk


def test_hours_of_others_do_not_change(client, mai, place, colleague):
    make.week(psychologist=colleague, location=place)
    before = _standing(colleague)

    client.send(HOURS, _week((0, "09:00", "12:00", place.pk)))

    assert (_standing(colleague), len(_standing(mai))) == (before, 1)


def test_sessions_that_are_left_outside_are_listed(client, mai, place, ruth):
    make.appointment(psychologist=mai, patient=ruth, location=place, starts_at=BEGAN + timedelta(days=1))

    answer = _sure(client, HOURS, _week((0, "09:00", "12:00", place.pk)))
    page = client.get(HOURS)

    assert answer["Location"] == STRANDED
    assert ([session.patient for session in page.context["undecided"]], page.context["left"]) == ([ruth], [])
    assert "1 session is to be rearranged" in page.text
    assert f'<a class="btn" href="{STRANDED}">Decide what becomes of it</a>' in page.text


def test_a_week_that_leaves_sessions_outside_is_asked_about_before_it_is_saved(client, mai, place, ruth):
    make.appointment(psychologist=mai, patient=ruth, location=place, starts_at=BEGAN + timedelta(days=1))
    stood = _standing(mai)
    week = _week((0, "09:00", "12:00", place.pk))

    page = client.send(HOURS, week)

    words = page.content.decode()
    assert (page.status_code, _standing(mai)) == (422, stood)
    assert all(
        said in words
        for said in ("If you save, 1 session is to be rearranged", "Ruth Okafor", "Save, and decide about them")
    )
    # What the first page didn't show is asked about too.
    make.appointment(psychologist=mai, location=place, starts_at=BEGAN + timedelta(days=2))
    again = client.send(HOURS, week | {"known": _known(page)})
    assert "If you save, 2 sessions are to be rearranged" in again.content.decode()
    assert client.send(HOURS, week | {"known": _known(again)}).status_code == 302
    # Those that stand outside already are no reason to ask once more.
    assert client.send(HOURS, _week((0, "09:00", "13:00", place.pk))).status_code == 302
    assert _standing(mai) == [(0, time(9), time(13), place.pk)]


def test_sessions_inside_the_hours_are_not_listed(client, mai, place, ruth):
    make.appointment(psychologist=mai, patient=ruth, location=place, starts_at=BEGAN + timedelta(days=1))
    make.appointment(psychologist=mai, location=place, starts_at=BEGAN - timedelta(days=1), status=Status.COMPLETED)
    saturday = datetime(2026, 11, 28, 0, tzinfo=UTC)
    make.time_slot(psychologist=mai, location=place, kind=TimeSlot.Kind.EXTRA, starts_at=saturday, minutes=120)
    make.appointment(psychologist=mai, location=place, starts_at=saturday)

    assert client.get(HOURS).context["left"] == []


def test_a_session_at_another_place_than_the_hours_is_listed(client, mai, ruth):
    elsewhere = make.location()
    session = make.appointment(psychologist=mai, patient=ruth, location=elsewhere, starts_at=BEGAN + timedelta(days=1))

    assert [item.session for item in client.get(HOURS).context["left"]] == [session]


def test_what_is_so_is_told_apart_from_what_would_be(client, mai, place, ruth):
    """The sessions of an earlier change stand above the question about the next, each with its own way on."""
    make.appointment(psychologist=mai, patient=ruth, location=place, starts_at=BEGAN + timedelta(days=1))
    other = make.appointment(psychologist=mai, location=place, starts_at=BEGAN + timedelta(days=2))
    _sure(client, ADD, {"kind": "blocked", "first_day": "2026-11-25", "label": "Leave"})

    asked = client.send(HOURS, _week((0, "09:00", "12:00", place.pk), (2, "09:00", "17:00", place.pk)))

    assert [line.session for line in asked.context["leaves"].lines] == [other]
    is_so, would_be = asked.text.index("1 session is to be rearranged"), asked.text.index("If you save, 1 more session")
    assert is_so < asked.text.index(f'href="{STRANDED}"') < would_be < asked.text.index("Save, and decide about them")
    # Its list is on the page that it leads to.
    assert asked.text.count("Ruth Okafor") == 0
    assert asked.text.count(other.patient.name) == 1


def test_the_way_on_leads_to_exactly_the_sessions_that_are_counted(client, mai, place, ruth):
    stays = make.appointment(psychologist=mai, patient=ruth, location=place, starts_at=BEGAN + timedelta(days=1))
    waits = make.appointment(psychologist=mai, location=place, starts_at=BEGAN + timedelta(days=1, hours=2))
    agreed = make.appointment(psychologist=mai, location=place, starts_at=NOW.replace(hour=22) + timedelta(days=11))
    _sure(client, ADD, {"kind": "blocked", "first_day": "2026-11-25", "label": "Leave"})
    page = client.get(STRANDED)
    seen = dict(re.findall(r'name="(seen-[^"]+)" value="([^"]+)"', page.text))
    client.post(STRANDED, seen | {f"do-{stays.code}": "keep", f"do-{waits.code}": ""})

    hours, decide = client.get(HOURS), client.get(STRANDED)

    assert [row.session for row in decide.context["rows"]] == hours.context["undecided"] == [waits]
    assert [item.session for item in hours.context["left"]] == [stays, agreed]
    assert "2 sessions outside your hours stay as booked" in hours.text


# ---- Exceptions -----------------------------------------------------------------------------------------------------


def test_a_day_away_is_the_whole_day_there(client, mai):
    answer = client.post(ADD, {"kind": "blocked", "first_day": "2026-12-01", "label": "Leave"})

    slot = TimeSlot.objects.get()
    assert (slot.starts_at, slot.ends_at, slot.label, slot.location) == (
        datetime(2026, 11, 30, 13, tzinfo=UTC),
        datetime(2026, 12, 1, 13, tzinfo=UTC),
        "Leave",
        None,
    )
    assert _words(answer) == ["You are shown as away. Nobody can book that time."]


def test_a_day_on_which_clocks_change_is_as_long_as_it_is(client, mai):
    """Sunday 4 April 2027 has 25 hours in Melbourne."""
    client.post(ADD, {"kind": "blocked", "first_day": "2027-04-04"})

    slot = TimeSlot.objects.get()
    assert slot.ends_at - slot.starts_at == timedelta(hours=25)


def test_hours_away_on_one_day(client, mai):
    client.post(ADD, {"kind": "blocked", "first_day": "2026-12-01", "from_time": "09:00", "until_time": "11:30"})

    slot = TimeSlot.objects.get()
    assert (slot.starts_at, slot.ends_at) == (
        datetime(2026, 11, 30, 22, tzinfo=UTC),
        datetime(2026, 12, 1, 0, 30, tzinfo=UTC),
    )


def test_time_away_names_the_sessions_that_stand_in_it(client, mai, place, ruth):
    make.appointment(psychologist=mai, patient=ruth, location=place, starts_at=BEGAN + timedelta(days=1))

    answer = _sure(client, ADD, {"kind": "blocked", "first_day": "2026-11-25", "label": "Flu"})
    page = client.get(answer["Location"])

    assert answer["Location"] == STRANDED
    assert [row.session.patient for row in page.context["rows"]] == [ruth]
    assert "You are away then, or it is closed" in page.text


def test_time_away_over_booked_sessions_is_asked_about_before_it_is_saved(client, mai, place, ruth):
    leave = {"kind": "blocked", "first_day": "2026-11-25", "label": "Leave"}
    make.appointment(psychologist=mai, patient=ruth, location=place, starts_at=BEGAN + timedelta(days=1))
    make.appointment(
        psychologist=mai, location=place, starts_at=BEGAN + timedelta(days=1, hours=2), status=Status.CANCELLED
    )

    page = client.post(ADD, leave)

    words = page.content.decode()
    assert (page.status_code, TimeSlot.objects.count(), ToDo.objects.count()) == (422, 0, 0)
    said = (
        "If you add it, 1 session is to be rearranged",
        "Ruth Okafor",
        "nobody tells the patients, until you or reception decide",
        'value="Leave"',
    )
    assert [part for part in said if part not in words] == []
    # Another day, or a session booked meanwhile, is another question.
    make.appointment(psychologist=mai, location=place, starts_at=BEGAN + timedelta(days=2))
    longer = client.post(ADD, leave | {"last_day": "2026-11-26", "known": _known(page)})
    assert "If you add it, 2 sessions are to be rearranged" in longer.content.decode()
    assert client.post(ADD, leave | {"known": _known(page)}).status_code == 302
    assert (TimeSlot.objects.count(), ToDo.objects.get().kind) == (1, "session_stranded")


def test_time_away_today_leaves_out_who_was_seen_already(client, mai, place, ruth):
    make.appointment(psychologist=mai, patient=ruth, location=place, starts_at=NOW - timedelta(minutes=60))

    assert client.post(ADD, {"kind": "blocked", "first_day": "2026-11-24"}).status_code == 302


@pytest.mark.parametrize("days", [{"first_day": "2026-11-23"}, {"first_day": "2026-11-02", "last_day": "2026-11-06"}])
@pytest.mark.parametrize("kind", ["blocked", "extra"])
def test_an_exception_that_is_over_is_refused(client, mai, place, kind, days):
    sent = {"kind": kind, "location": place.pk, "label": "Flu", **days}
    if kind == "extra":
        sent |= {"last_day": "", "from_time": "09:00", "until_time": "10:00"}

    page = client.post(ADD, sent)

    assert (page.status_code, TimeSlot.objects.exists()) == (422, False)
    assert "This time is over. Check the date." in page.content.decode()


def test_time_away_that_has_begun_is_taken(client, mai):
    assert client.post(ADD, {"kind": "blocked", "first_day": "2026-11-20", "last_day": "2026-11-24"}).status_code == 302
    assert [words for _slot, words, *_rest in client.get(HOURS).context["slots"]] == ["Fri 20 Nov – Tue 24 Nov"]


def test_extra_hours_are_on_the_clock_of_their_place(client, mai):
    perth = make.location(time_zone="Australia/Perth")

    client.send(
        ADD,
        {
            "kind": "extra",
            "first_day": "2026-12-05",
            "from_time": "10:00",
            "until_time": "12:00",
            "location": perth.pk,
        },
    )

    slot = TimeSlot.objects.get()
    assert (slot.kind, slot.location, slot.starts_at) == ("extra", perth, datetime(2026, 12, 5, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("away", "words", "shut"),
    [
        (None, "The extra hours are open for booking.", False),
        (("10:00", "12:00"), "There is time away then, and that counts: nobody can book these extra hours", True),
        (("00:00", "23:59"), "There is time away then, and that counts: nobody can book these extra hours", True),
        (("10:30", "11:00"), "Open for booking: 10:00 am – 10:30 am, 11:00 am – 12:00 pm.", False),
        (("09:00", "11:00"), "Open for booking: 11:00 am – 12:00 pm.", False),
        (("12:00", "13:00"), "The extra hours are open for booking.", False),
    ],
)
def test_extra_hours_in_time_away_are_said_to_be_open_only_as_far_as_they_are(client, mai, place, away, words, shut):
    if away:
        day = {"kind": "blocked", "first_day": "2026-12-05", "from_time": away[0], "until_time": away[1]}
        client.send(ADD, day | {"label": "Away"})
    hours = {"kind": "extra", "first_day": "2026-12-05", "from_time": "10:00", "until_time": "12:00"}
    page = client.send(ADD, hours | {"location": place.pk}, follow=True).content.decode()
    assert words in page
    assert ("not open: away then" in page) is shut


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Enter the date."),
        ({"first_day": "2027-02-31"}, "There is no 31 February 2027."),
        ({"first_day": "2026-12-02", "last_day": "2026-12-01"}, "This is before it starts."),
        (
            {"first_day": "2026-12-02", "from_time": "12:00", "until_time": "09:00"},
            "This is before it starts.",
        ),
        ({"first_day": "2026-12-02", "last_day": "2028-12-02"}, "That is more than a year."),
        ({"first_day": "9999-12-31"}, "Check the year."),
        ({"first_day": "2026-12-02", "label": "x" * 61}, "Write at most 60 characters. This has 61."),
        ({"kind": "extra", "first_day": "2026-12-02"}, "At which place?"),
        ({"first_day": "2026-10-04", "from_time": "02:30", "until_time": "05:00"}, "The clocks skip this time"),
        ({"kind": "party", "first_day": "2026-12-02"}, "Choose one of these. “party” is not among them."),
    ],
)
def test_an_exception_that_can_not_be_is_named_and_nothing_is_lost(client, mai, sent, words):
    answer = client.post(ADD, {"kind": "blocked", "label": "Conference", **sent})

    page = answer.content.decode()
    assert (answer.status_code, words in page) == (422, True)
    assert sent.get("label", "Conference") in page
    assert not TimeSlot.objects.exists()


def test_extra_hours_that_overlap_are_refused(client, mai, place):
    sent = {
        "kind": "extra",
        "first_day": "2026-12-05",
        "from_time": "10:00",
        "until_time": "12:00",
        "location": place.pk,
    }
    client.post(ADD, sent)

    answer = client.post(ADD, sent | {"from_time": "11:00", "until_time": "13:00"})

    assert (answer.status_code, TimeSlot.objects.count()) == (422, 1)
    assert "You have extra hours at that time already." in answer.content.decode()


def test_an_exception_is_removed(client, mai):
    slot = make.time_slot(psychologist=mai, starts_at=(NOW + timedelta(days=1)))

    answer = client.post(reverse("psychologist:remove_exception", args=[slot.code]))

    assert (answer["Location"], TimeSlot.objects.exists()) == (HOURS, False)


def test_exceptions_that_are_over_are_not_shown(client, mai):
    make.time_slot(psychologist=mai, starts_at=NOW - timedelta(days=2))
    coming = make.time_slot(psychologist=mai, starts_at=NOW + timedelta(days=2))

    (shown,) = client.get(HOURS).context["slots"]
    remove = reverse("psychologist:remove_exception", args=[coming.code])
    assert shown == (coming, "Thu 26 Nov, 10:30 am – 11:30 am", False, remove)


@pytest.mark.parametrize(
    ("starts_at", "minutes", "words"),
    [
        (datetime(2026, 11, 30, 22, tzinfo=UTC), 150, "Tue 1 Dec, 9:00 am – 11:30 am"),
        (datetime(2026, 11, 30, 13, tzinfo=UTC), 24 * 60, "Tue 1 Dec"),
        (datetime(2026, 11, 30, 13, tzinfo=UTC), 3 * 24 * 60, "Tue 1 Dec – Thu 3 Dec"),
        (datetime(2026, 11, 30, 22, tzinfo=UTC), 15 * 60, "Tue 1 Dec, 9:00 am – midnight"),
        (datetime(2026, 11, 30, 22, tzinfo=UTC), 39 * 60, "Tue 1 Dec, 9:00 am – Wed 2 Dec, midnight"),
        (datetime(2026, 11, 30, 22, tzinfo=UTC), 24 * 60, "Tue 1 Dec, 9:00 am – Wed 2 Dec, 9:00 am"),
    ],
)
def test_an_exception_in_words(db, starts_at, minutes, words):
    slot = make.time_slot(starts_at=starts_at, minutes=minutes)
    assert stretch(slot.starts_at, slot.ends_at, make.location().zone) == words


def test_removing_extra_hours_that_have_sessions_asks_first(client, mai, place):
    saturday = datetime(2026, 11, 27, 23, tzinfo=UTC)
    extra = make.time_slot(psychologist=mai, kind="extra", starts_at=saturday, minutes=180, location=place)
    session = make.appointment(psychologist=mai, location=place, starts_at=saturday + timedelta(hours=1))
    away = make.time_slot(psychologist=mai, starts_at=saturday + timedelta(days=10))
    remove = reverse("psychologist:remove_exception", args=[extra.code])

    asked = client.post(remove)

    assert (asked.status_code, TimeSlot.objects.filter(pk=extra.pk).exists()) == (422, True)
    assert [line.session for line in asked.context["orphans"].lines] == [session]
    assert session.patient.name in asked.text
    assert "If you remove them, 1 session is to be rearranged" in asked.text
    # A session that is booked since the question is asked about too.
    make.appointment(psychologist=mai, location=place, starts_at=saturday + timedelta(hours=2))
    assert client.post(remove, {"known": _known(asked)}).status_code == 422
    known = _known(client.post(remove))
    assert client.post(remove, {"known": known})["Location"] == STRANDED
    assert list(TimeSlot.objects.all()) == [away]


def test_removing_extra_hours_beside_sessions_asks_nothing(client, mai, place):
    saturday = datetime(2026, 11, 27, 23, tzinfo=UTC)
    extra = make.time_slot(psychologist=mai, kind="extra", starts_at=saturday, minutes=60, location=place)
    # Outside these hours before and after; and one in the weekly hours.
    make.appointment(psychologist=mai, location=place, starts_at=saturday + timedelta(hours=5))
    assert client.post(reverse("psychologist:remove_exception", args=[extra.code])).status_code == 302
    assert not TimeSlot.objects.exists()


# ---- For some ways only, and for some time only ----------------------------------------------------------------------


def _by_video(n, **said):
    return {f"h{n}-{name}": value for name, value in ({"modes": ["video"]} | said).items()}


def test_hours_say_for_which_ways_and_days_they_are(client, mai, place):
    row = (4, "09:00", "12:00", place.pk)
    answer = client.send(
        HOURS,
        _week(row, row)
        | {"h0-valid_until": "2027-01-31"}
        | _by_video(1, valid_from="2027-02-01", valid_until="2027-12-31"),
    )
    assert answer["Location"] == HOURS
    assert [(h.modes, h.valid_from, h.valid_until) for h in mai.hours.order_by("pk")] == [
        ([], None, date(2027, 1, 31)),
        (["video"], date(2027, 2, 1), date(2027, 12, 31)),
    ]
    page = client.get(HOURS)
    words = page.content.decode()
    assert "until Sun 31 Jan 2027" in words
    assert "Video only, Mon 1 Feb 2027 – Fri 31 Dec 2027" in words
    # Of the week that it is today, they are not all.
    assert page.context["total"] == 3
    # What the page shows is what it takes again.
    assert client.post(HOURS, shown_in(page) | form_with(page, "h0-starts")).status_code == 302
    assert mai.hours.count() == 2


def test_every_way_needs_no_naming(client, mai, place):
    """What they offer later is then offered in these hours too."""
    client.send(HOURS, _week((4, "09:00", "12:00", place.pk)) | _by_video(0, modes=[way.value for way in mai.modes]))
    assert mai.hours.get().modes == []


def test_only_ways_that_they_offer_can_be_named(client, mai, place):
    mai.phone = False
    mai.save()
    refused = client.send(HOURS, _week((4, "09:00", "12:00", place.pk)) | _by_video(0, modes=["phone"]))
    assert refused.status_code == 422
    assert "“phone” is not among them." in refused.content.decode()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"valid_from": "2027-02-02", "valid_until": "2027-02-01"}, "This is before the first day."),
        ({"valid_from": "0202-02-02"}, "Check the year."),
        ({"valid_until": "31/2/2027"}, "31/2/2027"),
    ],
)
def test_days_that_make_no_sense_are_refused(client, mai, place, said, words):
    before = _standing(mai)
    refused = client.send(HOURS, _week((4, "09:00", "12:00", place.pk)) | _by_video(0, **said))
    assert (refused.status_code, words in refused.content.decode()) == (422, True)
    assert _standing(mai) == before


@pytest.mark.parametrize(
    ("said", "is_left"),
    [
        ({"modes": ["in_person"]}, False),
        ({"modes": ["video"]}, True),
        ({"modes": [], "valid_until": "2026-12-01"}, False),
        ({"modes": [], "valid_until": "2026-11-30"}, True),
        ({"modes": [], "valid_from": "2026-12-02"}, True),
    ],
)
def test_sessions_outside_ways_and_days_are_asked_about(client, mai, place, ruth, service, said, is_left):
    nine = datetime(2026, 12, 1, 9, tzinfo=place.zone)
    make.appointment(psychologist=mai, patient=ruth, location=place, service=service, starts_at=nine, minutes=50)
    answer = client.send(HOURS, _week((1, "09:00", "12:00", place.pk)) | _by_video(0, **said))
    assert answer.status_code == (422 if is_left else 302)
    assert (answer.context["leaves"].count == 1) if is_left else True


def test_another_window_sees_what_was_said_of_hours_meanwhile(client, mai, place):
    client.send(HOURS, _week((4, "09:00", "12:00", place.pk)))
    page = client.get(HOURS)
    shown = shown_in(page)
    client.send(HOURS, _week((4, "09:00", "12:00", place.pk)) | _by_video(0))
    refused = client.post(HOURS, shown | _week((4, "09:00", "12:00", place.pk)) | {"h0-valid_from": "2027-01-01"})
    assert refused.status_code == 422
    assert "09:00 – 12:00, Video only" in refused.content.decode()
    assert "09:00 – 12:00, from Fri 1 Jan 2027" in refused.content.decode()
    # Theirs is taken with all that was said of it.
    taken = client.post(HOURS, shown_in(refused) | _week((4, "09:00", "12:00", place.pk)) | {"theirs": ["4"]})
    assert taken.status_code == 302
    assert mai.hours.get().modes == ["video"]


def test_the_calendar_shows_hours_in_their_season_alone(client, mai, place):
    client.send(HOURS, _week((1, "09:00", "12:00", place.pk)) | {"h0-valid_from": "2026-12-08"})

    def not_worked(monday):
        week = client.get("/practice/calendar/", {"week": monday}).context["grid"]
        return [block.title for block in week.columns[1].blocks if block.kind == "off"]

    assert not_worked("2026-11-30") == ["Not working"]
    assert not_worked("2026-12-07") == [""]


# ---- Copied ----------------------------------------------------------------------------------------------------------


def _monday(place):
    row = (0, "09:00", "12:00", place.pk)
    return _week(row, (0, "13:00", "17:00", place.pk), (2, "8:00", "9:00", place.pk)) | _by_video(1)


def test_a_days_hours_are_copied_to_other_days_and_saved_by_hand(client, mai, place):
    client.send(HOURS, _monday(place))
    before = _standing(mai)
    page = client.send(HOURS, _monday(place) | {"copy": "0", "copy-0": ["0", "1", "2"], "copy-2": ["5"]})
    assert (page.status_code, _standing(mai)) == (200, before)
    assert _words(page) == ["Copied. Nothing is saved yet: look it over, then save."]
    sent = form_with(page, "h0-starts")
    assert client.post(HOURS, {name: value for name, value in sent.items() if name != "copy"}).status_code == 302
    monday = [(time(9), time(12), []), (time(13), time(17), ["video"])]
    assert [
        [(h.starts, h.ends, h.modes) for h in mai.hours.filter(weekday=day).order_by("starts")] for day in range(4)
    ] == [monday, monday, monday, []]


@pytest.mark.parametrize("pressed", [{"copy": "0"}, {"copy": "9", "copy-9": ["1"]}, {"copy": "0", "copy-0": ["0"]}])
def test_copying_to_no_day_says_so(client, mai, place, pressed):
    page = client.send(HOURS, _monday(place) | pressed)
    assert _words(page) == ["Choose the days that they are to be copied to."]


def test_what_is_wrong_is_copied_as_it_was_typed(client, mai, place):
    page = client.send(HOURS, _week((0, "soon", "12:00", place.pk)) | {"copy": "0", "copy-0": ["1"]})
    assert [form["starts"].value() for form in page.context["week"].forms if form["starts"].value()] == ["soon"] * 2


@pytest.mark.parametrize("day", ["2026-12-10", "2026-12-11"])
def test_the_same_leave_is_added_once(client, mai, day):
    leave = {"kind": "blocked", "first_day": "2026-12-10", "last_day": "2026-12-11", "label": "Conference"}
    assert client.post(ADD, leave).status_code == 302

    for again in (leave, leave | {"first_day": day, "last_day": day, "label": "Rest"}):
        answer = client.post(ADD, again)
        assert (answer.status_code, "You are already away then." in answer.content.decode()) == (422, True)
        assert TimeSlot.objects.count() == 1
    # Longer than what stands is more than what stands.
    assert client.post(ADD, leave | {"last_day": "2026-12-12"}).status_code == 302
