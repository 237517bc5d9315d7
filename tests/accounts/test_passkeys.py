"""What anybody may send in a passkey's place is a wrong one, and never an error."""

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from tests import make

pytestmark = pytest.mark.django_db

ANSWERS = [
    "",
    "{",
    "[" * 40_000,
    '{"a":' * 5_000,
    "9" * 5_000,
    "x" * 100_000,
    "{}",
    "[]",
    "null",
    '"x"',
    '{"id": "YQ", "response": {}}',
    '{"id": "\\ud800", "rawId": "\\ud800", "type": "public-key", "response": {}}',
    '{"id": 1, "rawId": 2, "type": 3, "response": 4}',
    '{"id":"YQ","rawId":"YQ","type":"public-key","response":{"clientDataJSON":"YQ","authenticatorData":"YQ","signature":"YQ","attestationObject":"YQ"}}',
]


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_a_made_up_passkey_signs_nobody_in(client, answer):
    client.get(reverse("mfa_login_webauthn"))
    response = client.post(reverse("mfa_login_webauthn"), {"credential": answer})
    assert (response.status_code, response.url) == (302, reverse("account_login"))
    assert client.get(reverse("account_home")).status_code == 302


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
@pytest.mark.parametrize("door", ["mfa_add_webauthn", "mfa_reauthenticate_webauthn"])
def test_a_made_up_passkey_is_neither_kept_nor_believed(door, answer):
    client = make.signed_in_client(role=Role.RECEPTION)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": 4_000_000_000, "email": "a@b.example"}]
    session.save()
    client.get(reverse(door))
    assert client.post(reverse(door), {"credential": answer, "name": "Key"}).status_code in {200, 302}
    assert not client.user.authenticator_set.filter(type="webauthn").exists()
