"""Requests as the server makes them: the test client's own would step around what stands here."""

import pytest

from portal.wsgi import application

pytestmark = pytest.mark.django_db

# Codecs of Python that decode no text, that always refuse, and that make halves of characters.
OTHERS = ["hex", "zlib", "rot13", "undefined", "punycode", "utf-7", "unicode_escape", "utf-16", "\x00", "nothing", ""]


@pytest.fixture
def client(client, monkeypatch):
    monkeypatch.setattr("django.test.client.WSGIRequest", application.request_class)
    return client


@pytest.mark.parametrize("charset", OTHERS)
def test_an_address_is_read_as_utf_8_whatever_encoding_is_named(client, charset):
    response = client.get(
        "/psychologists/?q=Nguy%E1%BB%85n%20%2B2AA-%5Cud800", headers={"Content-Type": f"text/html; charset={charset}"}
    )
    assert response.status_code == 200
    assert response.wsgi_request.GET["q"] == "Nguyễn +2AA-\\ud800"


@pytest.mark.parametrize("charset", OTHERS)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_form_in_another_encoding_is_no_request(client, charset, kind):
    response = client.generic("POST", "/theme/", b"theme=dark", content_type=f"{kind}; charset={charset}")
    assert response.status_code == 400
    assert not response.cookies


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", "; charset=UTF-8", '; charset="utf8"'])
def test_a_form_in_utf_8_is_read(client, charset):
    kind = f"application/x-www-form-urlencoded{charset}"
    assert client.generic("POST", "/theme/", b"theme=dark", content_type=kind).cookies["theme"].value == "dark"


@pytest.mark.parametrize("content_type", ["text/html; x*=undefined''zz", f"text/html; x*{'9' * 5000}=1", "; ; ;"])
def test_a_content_type_that_nobody_can_read_is_none(client, content_type):
    assert client.get("/", headers={"Content-Type": content_type}).status_code == 200


# A letter of another encoding, half of a pair, a character cut in two, one written longer than it is.
BROKEN = [b"Li%FFnh", b"Li%ED%A0%80nh", b"Li%E1%BBnh", b"Li%C0%AFnh", b"Li\xffnh"]


@pytest.mark.parametrize("name", BROKEN)
def test_a_form_whose_bytes_are_no_utf_8_reaches_no_view(client, name):
    kind = "application/x-www-form-urlencoded"
    response = client.generic("POST", "/theme/", b"theme=dark&next=" + name, content_type=kind)
    assert (response.status_code, response.cookies) == (400, {})
    assert b"Nothing was changed" in response.content


def test_nor_does_one_in_parts(client):
    body = b'--x\r\nContent-Disposition: form-data; name="theme"\r\n\r\nda\xffrk\r\n--x--\r\n'
    response = client.generic("POST", "/theme/", body, content_type="multipart/form-data; boundary=x")
    assert (response.status_code, response.cookies) == (400, {})


@pytest.mark.parametrize("name", BROKEN[:4])
def test_a_search_for_what_is_no_utf_8_is_refused(client, name):
    response = client.get("/psychologists/?q=" + name.decode())
    assert response.status_code == 400
    assert b"Nothing was changed" in response.content
