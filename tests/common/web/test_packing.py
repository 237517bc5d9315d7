"""Open pages are packed for readers; private ones are not, since what they reflect would tell of what they hold."""

import gzip

import pytest
from django.core.cache import caches
from django.test import Client
from django.urls import reverse

from portal.accounts.roles import Role
from tests import make

pytestmark = pytest.mark.django_db
LOCAL = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "packing"}


@pytest.fixture
def clinic():
    return make.clinic()


def got(client, path, encoding="br, gzip"):
    return client.get(path, headers={"accept-encoding": encoding})


@pytest.mark.parametrize("path", ["/services/", "/", "/ar/accessibility/"])
def test_an_open_page_is_packed_for_who_can_unpack_it(clinic, path):
    plain, packed = got(Client(), path, "identity"), got(Client(), path)
    assert (plain.status_code, packed.status_code) == (200, 200)
    assert not plain.has_header("Content-Encoding")
    assert packed["Content-Encoding"] == "gzip"
    assert int(packed["Content-Length"]) == len(packed.content) < len(plain.content)
    assert len(gzip.decompress(packed.content)) == len(plain.content)
    for response in (plain, packed):
        assert "accept-encoding" in response["Vary"].lower()


def test_one_kept_page_serves_both(clinic, settings):
    settings.CACHES = {**settings.CACHES, "readers": LOCAL}
    caches["readers"].clear()
    first, second, third = (
        got(Client(), "/services/"),
        got(Client(), "/services/", "identity"),
        got(Client(), "/services/"),
    )
    assert [one.has_header("Age") for one in (first, second, third)] == [False, True, True]
    assert gzip.decompress(third.content) == second.content == gzip.decompress(first.content)
    assert first["ETag"] == second["ETag"] == third["ETag"]
    again = Client().get("/services/", headers={"accept-encoding": "gzip", "if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    caches["readers"].clear()


def test_a_page_with_a_form_never_packs_to_one_length(clinic):
    """Random bytes hide what a length would tell of the token."""
    lengths = {len(got(Client(), reverse("account_signup")).content) for _ in range(12)}
    assert len(lengths) > 3


def test_private_pages_are_not_packed():
    for role, path in ((Role.PATIENT, "/my/"), (Role.MANAGER, "/manage/"), (Role.RECEPTION, "/reception/")):
        response = got(make.signed_in_client(role=role), path)
        assert response.status_code == 200
        assert not response.has_header("Content-Encoding")


def test_who_is_signed_in_gets_open_pages_unpacked_too(clinic):
    assert not got(make.signed_in_client(role=Role.PATIENT), "/services/").has_header("Content-Encoding")


def test_what_is_not_found_is_not_packed(clinic):
    assert not got(Client(), "/nothing-here/").has_header("Content-Encoding")
