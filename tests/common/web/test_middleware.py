"""Rules for every request, before anything looks at who asks."""

import pytest

from portal.accounts.roles import Role
from tests import make

pytestmark = pytest.mark.django_db

# As a cookie writes a NUL: between quotes, in octal digits.
NUL = r'"\000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"'


@pytest.mark.parametrize("path", ["/", "/my/", "/reception/", "/accounts/login/"])
@pytest.mark.parametrize("name", ["portal_session", "csrftoken", "messages", "django_language", "theme"])
def test_a_cookie_with_a_nul_is_none(client, path, name):
    without = client.get(path)
    response = client.get(path, headers={"Cookie": f"{name}={NUL}"})
    assert (response.status_code, response.get("Location")) == (without.status_code, without.get("Location"))
    assert "\x00" not in response.wsgi_request.COOKIES.get(name, "")


def test_a_cookie_beside_one_with_a_nul_is_read():
    client = make.signed_in_client(role=Role.PATIENT)
    client.cookies["theme"] = "\x00"
    assert client.get("/my/").status_code == 200
