import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts import actions
from portal.accounts.models import SealedSecret
from portal.accounts.refusals import NotYourOwn
from portal.accounts.roles import Role
from portal.audit.models import Entry
from tests import make

# allauth does half of its work after the commit.
pytestmark = pytest.mark.django_db(transaction=True)


def sign_in(client, user):
    return client.post(reverse("account_login"), {"login": user.email, "password": make.PASSWORD})


def is_signed_in(client):
    return client.get(reverse("account_email")).status_code == 200


@pytest.fixture
def user():
    return make.user(role=Role.RECEPTION)


@pytest.fixture
def set_up(app_code):
    """Sets up an authenticator app in the browser of somebody who has signed in."""

    def do(client):
        client.post(reverse("account_reauthenticate"), {"password": make.PASSWORD})
        client.get(reverse("mfa_activate_totp"))
        code = app_code(client.session["mfa.totp.secret"])
        assert client.post(reverse("mfa_activate_totp"), {"code": code}).url == reverse("mfa_view_recovery_codes")

    return do


@pytest.fixture
def with_app(user, clock, set_up):
    """The browser of somebody who has just set up an authenticator app."""
    client = Client()
    sign_in(client, user)
    set_up(client)
    clock.shift(90)
    return client


def second_step(client, code):
    return client.post(reverse("mfa_authenticate"), {"code": code})


def test_setting_up_asks_for_the_password_again(client, user):
    sign_in(client, user)
    for name in ("mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"):
        assert client.get(reverse(name)).url.startswith(reverse("account_reauthenticate"))


def test_app_is_asked_for_at_sign_in(with_app, user, client, app_code, mails):
    assert [mail.template for mail in mails()] == ["account/totp_activated"]
    assert sign_in(client, user).url == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    wrong = f"{(int(app_code(user)) + 1) % 1_000_000:06}"
    assert second_step(client, wrong).status_code == 200
    assert not is_signed_in(client)
    assert second_step(client, app_code(user)).url == reverse("account_home")
    assert is_signed_in(client)


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_half_a_minute(with_app, user, client, app_code, steps, taken):
    sign_in(client, user)
    assert (second_step(client, app_code(user, steps)).status_code == 302) is taken


def test_a_code_opens_once(with_app, user, app_code, clock):
    code = app_code(user, 1)
    first, second = Client(), Client()
    sign_in(first, user)
    assert second_step(first, code).status_code == 302
    # 40 seconds on, allauth has forgotten that the code was used, and still takes it for the clock's sake.
    clock.shift(40)
    sign_in(second, user)
    assert second_step(second, f"{code[:3]} {code[3:]}").status_code == 200
    assert not is_signed_in(second)


def test_recovery_code_opens_once(with_app, user):
    codes = Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()
    assert len(codes) == 10
    for opened in (True, False):
        client = Client()
        sign_in(client, user)
        second_step(client, codes[0])
        assert is_signed_in(client) is opened


def test_secrets_are_encrypted_and_go_with_their_authenticator(with_app, user):
    stored = Authenticator.objects.get(user=user, type="totp").data["secret"]
    sealed = SealedSecret.objects.get(code=stored)
    assert len(sealed.value) == 32
    assert SealedSecret.objects.filter(value__isnull=False).count() == 2
    assert sealed.value not in str(list(Authenticator.objects.values()) + list(SealedSecret.objects.values()))
    Authenticator.objects.filter(user=user).delete()
    assert SealedSecret.objects.count() == 0


def test_setting_up_ends_sessions_begun_by_password_alone(user, client, clock, set_up):
    elsewhere = Client()
    sign_in(elsewhere, user)
    sign_in(client, user)
    set_up(client)
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert client.get(reverse("usersessions_list")).context["session_count"] == 1


def test_an_unverified_address_sets_up_nothing(client, user):
    EmailAddress.objects.filter(user=user).update(verified=False)
    client.force_login(user)
    assert client.get(reverse("mfa_activate_totp")).url == reverse("mfa_index")


def test_taking_it_away_is_told_and_recorded(with_app, user, mails):
    with_app.post(reverse("account_reauthenticate"), {"password": make.PASSWORD})
    assert with_app.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert Authenticator.objects.count() == 0
    assert mails()[-1].template == "account/totp_deactivated"
    verbs = list(Entry.objects.order_by("id").values_list("verb", "facts"))
    assert ("account.second_factor_added", {"kind": "totp"}) in verbs
    assert ("account.second_factor_removed", {"kind": "totp"}) in verbs


def test_sign_in_page_offers_passkeys(client):
    assert client.get(reverse("account_login")).context["PASSKEY_LOGIN_ENABLED"] is True


def test_passkey_sign_in_asks_for_a_finger_or_a_pin(client):
    """Without it a stolen key alone would be both factors."""
    options = client.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"}).json()
    assert options["request_options"]["publicKey"]["userVerification"] == "required"


def test_reset_by_a_manager(with_app, user, mails):
    manager = make.actor(role=Role.MANAGER)
    actions.reset_second_factor(user=user, by=manager, now=timezone.now())
    assert Authenticator.objects.filter(user=user).count() == 0
    assert not is_signed_in(with_app)
    assert (mails()[-1].to, mails()[-1].template) == (user.email, "account/second_factor_reset")
    assert Entry.objects.about(user).newest_first()[0].verb == "account.second_factor_reset"


def test_nobody_resets_their_own():
    manager = make.user(role=Role.MANAGER)
    make.second_factor(manager)
    with pytest.raises(NotYourOwn):
        actions.reset_second_factor(user=manager, by=make.actor(user=manager, role=Role.MANAGER), now=timezone.now())
    assert Authenticator.objects.filter(user=manager).count() == 1
