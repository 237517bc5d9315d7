"""The language of a person: chosen once, kept for the next visit and for our messages."""

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client):
    user = make.user(role=Role.PATIENT)
    client.force_login(user)
    return user


def test_a_choice_is_kept_and_shows_the_same_page(client, reader):
    answer = client.post("/accounts/language/", {"language": "ar", "next": "/my/appointments/?past=1"})
    assert (answer.status_code, answer["Location"]) == (302, "/ar/my/appointments/?past=1")
    reader.refresh_from_db()
    assert reader.language == "ar"
    assert client.get("/accounts/home/")["Location"] == "/ar/my/"


def test_english_is_a_choice_too(client, reader):
    client.post("/accounts/language/", {"language": "ar", "next": "/"})
    answer = client.post("/ar/accounts/language/", {"language": "en-au", "next": "/ar/my/"})
    assert answer["Location"] == "/my/"
    assert client.get("/ar/accounts/home/")["Location"] == "/my/"


@pytest.mark.parametrize("language", ["", "fr", "../", "AR"])
def test_a_language_that_is_not_spoken_is_refused(client, reader, language):
    assert client.post("/accounts/language/", {"language": language, "next": "/"}).status_code == 400
    reader.refresh_from_db()
    assert reader.language == ""


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_nobody_is_sent_elsewhere(client, reader, back):
    answer = client.post("/accounts/language/", {"language": "vi", "next": back})
    assert answer["Location"] == "/vi/accounts/home/"


def test_only_who_is_signed_in_has_a_choice_to_keep(client):
    answer = client.post("/accounts/language/", {"language": "ar", "next": "/"})
    assert answer["Location"].startswith("/accounts/login/")


def test_a_look_changes_nothing(client, reader):
    assert client.get("/accounts/language/?language=ar").status_code == 405
    reader.refresh_from_db()
    assert reader.language == ""


def test_a_reader_gets_links_and_who_is_signed_in_a_form(client, reader):
    page = client.get(reverse("patient:home")).content.decode()
    assert '<button name="language" value="ar" lang="ar" dir="rtl">العربية</button>' in page
    client.logout()
    page = client.get("/services/?x=1").content.decode()
    assert '<a href="/ar/services/?x=1" lang="ar" hreflang="ar" dir="rtl">العربية</a>' in page
    assert '<a href="/services/?x=1" lang="en-au" hreflang="en-au" dir="ltr" aria-current="true">English</a>' in page


def test_a_page_says_its_language_and_direction(client):
    make.clinic()
    assert '<html lang="ar" dir="rtl">' in client.get("/ar/services/").content.decode()
    assert '<html lang="zh-hans">' in client.get("/zh-hans/services/").content.decode()
    answer = client.get("/services/", headers={"accept-language": "ar"})
    assert '<html lang="en-au">' in answer.content.decode()


def test_the_staffs_rooms_speak_english():
    client = make.signed_in_client(role=Role.MANAGER)
    assert '<html lang="en-au">' in client.get("/manage/", headers={"accept-language": "ar"}).content.decode()
    assert client.get("/ar/manage/").status_code == 404


@pytest.mark.parametrize(("door", "home"), [("/accounts/logout/", "/"), ("/vi/accounts/logout/", "/vi/")])
def test_signing_out_stays_in_the_language_of_the_page(db, door, home):
    assert make.client_for(make.user()).post(door)["Location"] == home
