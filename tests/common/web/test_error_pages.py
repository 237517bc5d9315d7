from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils.translation import override

from portal.common.web.error_pages import LONGEST_ADDRESS
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


# ---- What is too long, or too much -----------------------------------------------------------------------------------

TOO_LONG = {
    "/": "This address is too long",
    "/zh-hans/": "这个网址太长了",
    "/vi/": "Địa chỉ này quá dài",
    "/ar/": "هذا العنوان طويل جدًا",
}


@pytest.mark.parametrize("front", TOO_LONG)
def test_an_address_too_long_says_so_in_the_readers_language_without_a_database(front):
    """No database mark: a query would fail this test."""
    answer = Client().get(f"{front}blog/", {"q": "q" * LONGEST_ADDRESS})
    page = answer.content.decode()
    assert (answer.status_code, f"<h1>{TOO_LONG[front]}</h1>" in page, f'class="btn" href="{front}"' in page) == (
        *(414, True, True),
    )
    assert "qqq" not in page


def test_an_address_is_too_long_with_its_path_and_its_question(clinic, caplog):
    def asked(length):
        beginning = "/blog/?q="
        return Client().get(beginning + "q" * (length - len(beginning) + 1))

    # The mark between path and question counts for neither.
    assert asked(LONGEST_ADDRESS).status_code == 200
    caplog.clear()
    assert asked(LONGEST_ADDRESS + 1).status_code == 414
    assert Client().get("/" + "a" * LONGEST_ADDRESS).status_code == 414
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("language", "words"),
    [("en-au", "We could not read that"), ("vi", "Chúng tôi không đọc được nội dung đó")],
)
def test_what_can_not_be_read_is_said_in_the_readers_language(language, words):
    answer = Client().get("/blog/?q=%ff", headers={"Accept-Language": language})
    assert (answer.status_code, words in answer.content.decode()) == (400, True)


def test_a_form_that_is_too_large_is_said_to_be(clinic, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = Client().post("/accounts/login/", f"login={'d' * 2000}", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, "That was too much at once" in answer.content.decode()) == (413, True)


LAST_RESORTS = ["400.html", "413.html", "414.html", "500.html", "503.html"]


@pytest.mark.parametrize("template", LAST_RESORTS)
@pytest.mark.parametrize(
    ("language", "front"), [("en-au", "/"), ("zh-hans", "/zh-hans/"), ("vi", "/vi/"), ("ar", "/ar/")]
)
def test_every_error_page_leads_to_the_front_page_of_its_language(template, language, front):
    with override(language):
        page = render_to_string(template)
    assert f'<a class="btn" href="{front}">' in page
    assert f'<a class="brand" href="{front}">' in page
