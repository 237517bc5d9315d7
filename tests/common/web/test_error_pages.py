from __future__ import annotations

import pytest
from django.test import Client

from tests import make

THEME = "/theme/"
WORDS = "There is nothing to read at this address"


@pytest.fixture
def clinic(db):
    return make.clinic()


def test_an_address_that_takes_forms_alone_says_so_in_words(clinic):
    answer = Client().get(THEME)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert WORDS in answer.content.decode()


def test_who_is_signed_in_is_led_to_their_pages(clinic):
    assert "To my pages" in make.signed_in_client().get(THEME).content.decode()
    assert "To my pages" not in Client().get(THEME).content.decode()


def test_it_is_said_in_the_readers_language(clinic):
    assert "Địa chỉ này không có gì để đọc" in Client().get(f"/vi{THEME}").content.decode()


@pytest.mark.parametrize(
    ("method", "headers"), [("head", {}), ("put", {}), ("get", {"HX-Request": "true", "HX-Target": "times"})]
)
def test_programs_and_fragments_get_no_page(clinic, method, headers):
    answer = getattr(Client(), method)(THEME, headers=headers)
    assert (answer.status_code, answer["Allow"], answer.content) == (405, "POST", b"")
