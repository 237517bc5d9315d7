"""What people type at the door: addresses and codes as they are meant, passwords to the letter."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.roles import Role
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "seven-quiet-lorikeets"
ARABIC, PERSIAN, WIDE = ("".join(chr(zero + n) for n in range(10)) for zero in (0x660, 0x6F0, 0xFF10))


def in_digits(code, digits):
    return code.translate(str.maketrans("0123456789", digits))


def is_signed_in(client):
    return client.get(reverse("account_email")).status_code == 200


def test_an_address_with_marks_that_nobody_sees_is_the_address(client, mails, code_in):
    data = {"first_name": "Ma\u200bi", "last_name": "\ufeffNguyễn", "password1": PASSWORD}
    client.post(reverse("account_signup"), data | {"email": "\ufeffMai\u200b@Exa\u00admple.com\u200e"})
    code = in_digits(code_in(mails()[-1]), ARABIC)
    client.post(reverse("account_email_verification_sent"), {"code": f"\u200f{code[:3]} {code[3:]}"})
    user = User.objects.get()
    assert (user.email, user.name) == ("mai@example.com", "Mai Nguyễn")
    assert EmailAddress.objects.get().verified
    assert is_signed_in(client)


def test_signing_in_and_a_new_password_find_the_account(client, mails):
    user = make.user(role=Role.RECEPTION)
    typed = "\u200b" + user.email.replace("@", "\ufeff@") + "\u2060"
    client.post(reverse("account_login"), {"login": typed, "password": make.PASSWORD})
    assert is_signed_in(client)
    Client().post(reverse("account_reset_password"), {"email": typed})
    assert [(mail.template, mail.to) for mail in mails()] == [("account/password_reset_key", user.email)]


def test_a_password_is_taken_to_the_letter(client):
    user = make.user(role=Role.RECEPTION)
    for typed in (f"{make.PASSWORD}\u200b", f"\ufeff{make.PASSWORD}"):
        client.post(reverse("account_login"), {"login": user.email, "password": typed})
        assert not is_signed_in(client)


@pytest.mark.parametrize("digits", [ARABIC, PERSIAN, WIDE])
def test_codes_of_the_app_and_recovery_codes_in_any_digits(client, clock, app_code, digits):
    user = make.user(role=Role.RECEPTION)
    client.post(reverse("account_login"), {"login": user.email, "password": make.PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": make.PASSWORD})
    client.get(reverse("mfa_activate_totp"))
    code = in_digits(app_code(client.session["mfa.totp.secret"]), digits)
    assert client.post(reverse("mfa_activate_totp"), {"code": code}).url == reverse("mfa_view_recovery_codes")
    clock.shift(90)

    recovery = Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()[0]
    for make_code in (lambda: app_code(user), lambda: f"{recovery[:4]}-{recovery[4:]}"):
        elsewhere = Client()
        elsewhere.post(reverse("account_login"), {"login": user.email, "password": make.PASSWORD})
        assert not is_signed_in(elsewhere)
        elsewhere.post(reverse("mfa_authenticate"), {"code": f"\u200f{in_digits(make_code(), digits)}"})
        assert is_signed_in(elsewhere)
