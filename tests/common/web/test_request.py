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
