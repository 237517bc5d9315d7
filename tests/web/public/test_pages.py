from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.website.models import CrisisLine, SiteText
from portal.website.texts import STATEMENT_OF
from tests import make

PAGES = ["/", "/services/", "/fees/", "/psychologists/", "/crisis/", "/accessibility/", "/book/", "/book/session-0/"]


def fill(number: int, place) -> None:
    for n in range(number):
        psychologist = make.psychologist(
            languages=(make.language(),), specialisations=(make.specialisation(),), headline="Calm and practical"
        )
        make.week(psychologist=psychologist, location=place)
        make.service(online=n % 2 == 0)


@pytest.mark.parametrize("path", [*PAGES, "/robots.txt", "/healthz?web"])
def test_pages_answer_in_an_empty_clinic(client, db, path):
    expected = 404 if path == "/book/session-0/" else 200
    assert client.get(path).status_code == expected


@pytest.mark.parametrize("path", PAGES)
def test_pages_take_the_same_queries_for_2_and_for_30(client, db, path):
    """Two, and not one: only among several it is asked who has the fewest sessions."""
    make.clinic()
    place = make.location()
    make.service(slug="session-0")
    counts = []
    for number in (2, 28):
        fill(number, place)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_profile_says_what_a_person_decides_by(client, db):
    make.clinic()
    place = make.location(name="Brunswick")
    person = make.psychologist(slug="mai", bio="I listen.", qualifications="DPsych", ahpra_number="PSY0009150417")
    make.week(psychologist=person, location=place)
    make.service(name="Session", fee="220.00")
    page = client.get("/psychologists/mai/").content.decode()
    for words in ("I listen.", "DPsych", "PSY0009150417", "Brunswick", "$220.00", "$70.95", "Clinical psychologist"):
        assert words in page


def test_somebody_who_left_has_no_profile(client, db):
    make.psychologist(slug="gone", is_active=False)
    assert client.get("/psychologists/gone/").status_code == 404
    assert client.get("/psychologists/gone/photo/").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch", "trace"])
def test_reading_pages_answer_no_other_method(client, db, method):
    assert getattr(client, method)("/").status_code == 405


def test_the_crisis_page_begins_with_triple_zero_and_says_each_line_once(client, db):
    make.clinic()
    page = client.get("/crisis/").content.decode()
    lines = re.findall(r'<a class="help-line" href="([^"]+)"', page)
    assert lines[0] == "tel:000"
    assert len(lines) == len(set(lines)) == 1 + CrisisLine.objects.count()
    assert page.count("tel:131114") == 1
    assert client.get("/services/").content.decode().count("tel:131114") == 1


def test_what_ships_on_the_crisis_page_is_translated_and_what_was_typed_is_marked(client, db):
    make.clinic()
    CrisisLine.objects.filter(name="QLife").update(audience="Peers answer.")
    page = client.get("/ar/crisis/").content.decode()
    assert '<span lang="en-au" dir="auto">Peers answer.</span>' in page
    assert "Anybody who needs somebody to talk to." not in page


def test_the_statement_is_dated_by_its_last_change(client, db):
    make.clinic()
    assert client.get("/accessibility/").context["written_on"] == STATEMENT_OF
    later = datetime(2027, 3, 4, 1, tzinfo=UTC)
    SiteText.objects.create(key="accessibility.gaps", language="en-au", text="- Maps", changed_at=later)
    page = client.get("/accessibility/")
    assert page.context["written_on"] == later.date()
    assert "Thursday 4 March 2027" in page.content.decode()


def test_the_front_page_leaves_out_what_there_is_not(client, db):
    """A clinic that has just begun has no people, no prices and no places, and no empty headings for them."""
    make.clinic(phone="+61370105500")
    page = client.get("/").content.decode()
    assert "No time is free online just now" in page
    for heading in ("People you will meet", "What it costs", "To read before you decide", ">Where we are<"):
        assert heading not in page
