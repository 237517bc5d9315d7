from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import make

PAGES = ["/", "/services/", "/fees/", "/psychologists/", "/book/", "/book/session-0/"]


def fill(number: int, place) -> None:
    for n in range(number):
        psychologist = make.psychologist(
            languages=(make.language(),), specialisations=(make.specialisation(),), headline="Calm and practical"
        )
        make.week(psychologist=psychologist, location=place)
        make.service(online=n % 2 == 0)


@pytest.mark.parametrize("path", [*PAGES, "/robots.txt", "/healthz"])
def test_pages_answer_in_an_empty_clinic(client, db, path):
    expected = 404 if path == "/book/session-0/" else 200
    assert client.get(path).status_code == expected


@pytest.mark.parametrize("path", PAGES)
def test_pages_take_the_same_queries_for_1_and_for_30(client, db, path):
    make.clinic()
    place = make.location()
    make.service(slug="session-0")
    counts = []
    for number in (1, 29):
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
