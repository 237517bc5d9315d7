"""Finding a psychologist, and their profile."""

from __future__ import annotations

import re
from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.clinic import kept
from portal.clinic.models import Registration
from portal.journeys import profiles
from tests import make

pytestmark = pytest.mark.django_db
PAGE = "/psychologists/"
# A Monday morning in Melbourne.
MONDAY = "2026-11-23T08:00:00+11:00"


@pytest.fixture
def monday():
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def clinic(monday):
    """Three people: Mai on Tuesdays in Brunswick, Leila on Fridays in Footscray by video only, Tom on leave."""
    make.clinic(notice_hours=0, horizon_days=60)
    session = make.service(name="Session", slug="session", phone=False)
    video = make.service(name="Session by video", slug="video", in_person=False)
    brunswick, footscray = make.location(name="Brunswick", slug="b"), make.location(name="Footscray", slug="f")
    anxiety, grief = make.specialisation(name="Anxiety"), make.specialisation(name="Grief")
    arabic = make.language(code="ar", name="العربية")
    english, vietnamese = make.language(code="en", name="English"), make.language(code="vi", name="Tiếng Việt")

    def person(first, last, slug, **fields):
        return make.psychologist(user=make.user(first_name=first, last_name=last), slug=slug, title="", **fields)

    mai = person(
        "Mai", "Nguyễn", "mai", services=(session,), languages=(english, vietnamese), specialisations=(anxiety,)
    )
    leila = person(
        "Leila", "Haddad", "leila", services=(video,), languages=(english, arabic), specialisations=(anxiety, grief)
    )
    tom = person("Tom", "Ashby-Jones", "tom", languages=(english,), accepting_patients=False, position=0)
    make.hours(psychologist=mai, location=brunswick, weekday=1)
    make.hours(psychologist=leila, location=footscray, weekday=4)
    make.hours(psychologist=tom, location=brunswick, weekday=0)
    return {"mai": mai, "leila": leila, "tom": tom, "grief": grief, "anxiety": anxiety}


def names(response):
    return [found.person.slug for found in response.context["people"]]


def test_who_is_free_soonest_comes_first_and_who_takes_nobody_last(client, clinic):
    response = client.get(PAGE)
    assert names(response) == ["mai", "leila", "tom"]
    page = response.content.decode()
    assert "Next free: Tue 24 Nov, 9:00 am" in page
    assert "Next free: Fri 27 Nov, 9:00 am" in page
    assert page.count("Not taking new patients") == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("language=ar", ["leila"]),
        ("language=en", ["mai", "leila", "tom"]),
        ("mode=video", ["mai", "leila", "tom"]),
        ("mode=in_person", ["mai", "tom"]),
        ("location=f", ["leila"]),
        ("location=b&language=vi", ["mai"]),
        ("soon=yes", ["mai", "leila"]),
        ("soon=yes&location=b", ["mai"]),
        ("q=nguyen", ["mai"]),
        ("q=NGUYỄN+m", ["mai"]),
        ("q=jones", ["tom"]),
        ("q=guyen", []),
        ("q=%00", ["mai", "leila", "tom"]),
        ("language=xx&mode=fax&location=nowhere&topic=none&soon=maybe", ["mai", "leila", "tom"]),
    ],
)
def test_filters(client, clinic, query, expected):
    assert names(client.get(f"{PAGE}?{query}")) == expected


def test_filter_by_topic_and_all_at_once(client, clinic):
    assert names(client.get(PAGE, {"topic": clinic["grief"].slug})) == ["leila"]
    everything = {"topic": clinic["anxiety"].slug, "language": "ar", "mode": "video", "location": "f", "soon": "yes"}
    response = client.get(PAGE, {**everything, "q": "lei"})
    assert names(response) == ["leila"]
    assert [chip.label for chip in response.context["chips"]] == [
        "Name: lei", clinic["anxiety"].name, "العربية (Arabic)", "Video", "Footscray", "Time this week",
    ]  # fmt: skip


def test_a_chip_takes_its_own_filter_away_and_keeps_the_others(client, clinic):
    response = client.get(f"{PAGE}?language=ar&soon=yes&q=")
    urls = {chip.label: chip.url for chip in response.context["chips"]}
    assert urls == {"العربية (Arabic)": "?soon=yes", "Time this week": "?language=ar"}


def test_what_is_typed_is_only_text(client, clinic):
    page = client.get(PAGE, {"q": '"><script>go()</script>'}).content.decode()
    assert "<script>go()" not in page


def test_nobody_fits_and_the_nearest_choice_is_offered(client, clinic):
    response = client.get(f"{PAGE}?language=ar&location=b")
    assert names(response) == []
    assert [(chip.label, chip.count) for chip in response.context["nearest"]] == [
        ("Brunswick", 1), ("العربية (Arabic)", 2)
    ][::-1]  # fmt: skip
    page = response.content.decode()
    assert "Without “Brunswick”: 1 psychologist" in page
    assert 'href="/psychologists/?location=b"' in page


def test_the_nearest_choice_counts_times_where_they_would_be(client, clinic):
    """Leila has a time this week, only not in Brunswick: letting go of the place finds it."""
    response = client.get(f"{PAGE}?language=ar&location=b&soon=yes")
    assert [(chip.label, chip.count) for chip in response.context["nearest"]] == [
        ("العربية (Arabic)", 1),
        ("Brunswick", 1),
    ]


def test_a_fragment_holds_the_results_and_tells_how_many(client, clinic):
    response = client.get(f"{PAGE}?language=ar", headers={"HX-Request": "true", "HX-Target": "results"})
    page = response.content.decode()
    assert not re.search("<html|<form", page)
    assert re.search(r'<p id="people-voice" data-hx-swap-oob="innerHTML">1 psychologist fits\.</p>', page)
    assert "Leila Haddad" in page
    assert "Mai" not in page


def test_the_filters_work_without_script(client, clinic):
    page = client.get(PAGE).content.decode()
    assert re.search(r'<form method="get" class="finder" action="/psychologists/"', page)
    assert re.search(r"<noscript><button", page)


@pytest.mark.parametrize("query", ["", "?language=en&soon=yes&mode=video", "?location=nowhere&q=nobody&soon=yes"])
def test_as_many_queries_for_thirty_as_for_one(client, monday, query):
    make.clinic(notice_hours=0)
    place, session = make.location(), make.service(slug="session")
    make.room(location=place)
    english = make.language(code="en", name="English")
    counts = []
    for more in (1, 29):
        for _ in range(more):
            own = make.service()
            person = make.psychologist(
                languages=(english,), specialisations=(make.specialisation(),), services=(session, own)
            )
            make.week(psychologist=person, location=place)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(PAGE + query).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] < 25


def test_each_is_free_for_what_they_are_booked_for(monday):
    """A first visit of two hours does not fit where a session of one does."""
    clinic = make.clinic(notice_hours=0)
    place = make.location()
    short, long = make.service(minutes=60), make.service(minutes=120)
    people = [make.psychologist(), make.psychologist()]
    for person in people:
        make.hours(psychologist=person, location=place, weekday=1, starts="09:00", ends="10:00")
    times = profiles.coming_times(
        people,
        services={people[0].pk: short, people[1].pk: long},
        now=timezone.now(),
        clinic=clinic,
    )
    assert [len(times[person.pk]) > 0 for person in people] == [True, False]


def test_who_is_full_for_a_fortnight_is_shown_with_the_time_after_it(monday):
    clinic = make.clinic(notice_hours=0, horizon_days=60)
    place, service, person = make.location(), make.service(), make.psychologist()
    make.hours(psychologist=person, location=place, weekday=1)
    make.time_slot(psychologist=person, starts_at=timezone.now(), minutes=20 * 24 * 60)
    times = profiles.coming_times([person], services={person.pk: service}, now=timezone.now(), clinic=clinic)
    assert times[person.pk][0].starts_at.date() == date(2026, 12, 14)


# ---- A profile -------------------------------------------------------------------------------------------------------


def test_a_profile_tells_fee_rebate_and_gap_for_this_person(client, monday):
    make.clinic()
    service = make.service(name="Session", fee="220.00", minutes=50)
    person = make.psychologist(slug="tom", registration=Registration.GENERAL)
    make.own_fee(person, service, "195.00")
    make.hours(psychologist=person, location=make.location())
    page = client.get("/psychologists/tom/").content.decode()
    for figure in ("$195.00", "$101.55", "$93.45", "Item 80110 / 91170"):
        assert figure in page


def test_a_provisional_psychologist_has_no_rebate(client, monday):
    make.clinic()
    make.service(name="Session", fee="120.00")
    make.psychologist(slug="new", registration=Registration.PROVISIONAL)
    page = client.get("/psychologists/new/").content.decode()
    assert "Medicare gives nothing back for sessions with a provisional psychologist." in page
    assert "up to 10 sessions" not in page


def test_the_way_of_meeting_decides_the_times(client, clinic):
    page = client.get("/psychologists/mai/?mode=video")
    profile = page.context["profile"]
    assert (profile.service.slug, profile.mode) == ("session", "video")
    assert 'name="mode" value="video"' in page.content.decode()
    assert client.get("/psychologists/mai/?mode=fax").context["profile"].mode == "in_person"


def test_who_takes_no_new_patients_says_what_to_do(client, clinic):
    page = client.get("/psychologists/tom/").content.decode()
    assert "takes no new patients at the moment" in page
    assert 'href="/psychologists/?soon=yes"' in page
    assert "Book with Tom" not in page


def test_a_bio_keeps_its_language_on_an_arabic_page(client, clinic):
    clinic["mai"].bio = "I listen.\n\n<b>Then</b> we talk."
    clinic["mai"].save()
    page = client.get("/ar/psychologists/mai/").content.decode()
    assert '<div lang="en-au" dir="auto"><p>I listen.</p>\n\n<p>&lt;b&gt;Then&lt;/b&gt; we talk.</p></div>' in page


def test_times_by_video_name_no_place_on_a_profile(client, clinic):
    person = clinic["mai"]
    make.week(psychologist=person, location=make.location(slug="annex", name="The annex"), starts="17:00", ends="20:00")
    pressed = {}
    for mode in ("in_person", "video"):
        page = client.get("/psychologists/mai/", {"mode": mode}).content.decode()
        pressed[mode] = " ".join(re.findall(r'<button class="time".*?</button>', page, re.DOTALL))
    place = person.hours.first().location.name
    assert (place in pressed["in_person"], place in pressed["video"]) == (True, False)
    assert 'class="time"' in pressed["video"]


def test_a_preview_shows_what_is_not_saved_and_no_times(clinic):
    person = clinic["mai"]
    person.bio, person.headline = "Changed.", "Not saved yet"
    profile = profiles.profile_of(
        person, now=timezone.now(), specialisations=[clinic["grief"]], languages=[], is_preview=True
    )
    assert (profile.person.bio, profile.specialisations, profile.languages) == ("Changed.", [clinic["grief"]], [])
    assert profile.times == []
    assert [fee.service.slug for fee in profile.fees] == ["session"]
    assert [place.slug for place in profile.places] == ["b"]


def test_psychologist_without_any_name_is_no_address(client, clinic):
    """No form makes such an account; a command or an import may. Nobody reads its address, and no page breaks."""
    written = make.user(email="someone@clinic.example", first_name="", last_name="")
    nameless = make.psychologist(user=written, slug="nameless", title="Dr")
    make.week(psychologist=nameless)
    post = make.post(author=written, title="On sleep")
    pages = (PAGE, f"{PAGE}nameless/", "/", "/book/session/", "/blog/", f"/blog/{post.slug}/", "/blog/feed/")
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert "someone@clinic.example" not in answer.content.decode(), page
    assert "Psychologist" in re.search("<h1.*?</h1>", client.get(f"{PAGE}nameless/").content.decode(), re.DOTALL)[0]
    assert kept.psychologists()[nameless.pk].name == nameless.name == "Psychologist"
