import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit.models import Entry
from tests import make

pytestmark = pytest.mark.django_db

NEW = "nine-patient-wombats"


def sign_in(client, user, *, password=make.PASSWORD, back=""):
    url = reverse("account_login") + (f"?next={back}" if back else "")
    return client.post(url, {"login": user.email, "password": password})


def is_signed_in(client):
    return client.get(reverse("account_email")).status_code == 200


def verbs():
    return list(Entry.objects.order_by("id").values_list("verb", flat=True))


@pytest.mark.parametrize(
    ("roles", "home"),
    [
        ((), "/my/"),
        ((Role.RECEPTION,), "/reception/"),
        ((Role.MANAGER,), "/manage/"),
        ((Role.MANAGER, Role.RECEPTION), "/reception/"),
        ((Role.MANAGER, Role.RECEPTION, Role.PSYCHOLOGIST), "/practice/"),
    ],
)
def test_everybody_arrives_where_their_day_begins(client, roles, home):
    assert sign_in(client, make.user(roles=roles)).url == reverse("account_home")
    assert client.get(reverse("account_home")).url == home


def test_any_case_of_the_address_signs_in(client):
    user = make.user(email="mai@example.com")
    user.email = " MAI@Example.COM "
    assert sign_in(client, user).status_code == 302
    assert is_signed_in(client)


USUAL = "Sign in to see your appointments, or to run your day."
FOR_PATIENTS = "That page is for our patients. Sign in to open it."
GO_ON = "Sign in first. After that you go on where you were."


@pytest.mark.parametrize(
    ("back", "why"),
    [
        ("", USUAL),
        ("/", USUAL),
        ("/accounts/home/", USUAL),
        ("https://elsewhere.example/my/", USUAL),
        ("//elsewhere.example/my/", USUAL),
        ("/my/", FOR_PATIENTS),
        ("/my/invoices/?page=2", FOR_PATIENTS),
        # Whether there is such a file is told to nobody here.
        ("/resources/no-such-file/", FOR_PATIENTS),
        ("/resources/no-such-file/file/", FOR_PATIENTS),
        ("/ar/resources/no-such-file/", FOR_PATIENTS),
        ("/practice/patients/", GO_ON),
        ("/book/first-session/confirm/", GO_ON),
        ("/no-such-page/", GO_ON),
    ],
)
def test_the_door_says_why_one_is_asked_to_sign_in(client, back, why):
    page = client.get(reverse("account_login"), {"next": back} if back else {}).content.decode()
    assert {words for words in (USUAL, FOR_PATIENTS, GO_ON) if words in page} == {why}


def test_the_door_still_says_why_after_a_wrong_password(client):
    url = reverse("account_login")
    page = client.post(url, {"login": "nobody@example.com", "password": "wrong", "next": "/my/"}).content.decode()
    assert FOR_PATIENTS in page


def test_sign_in_makes_a_new_session_and_a_line_in_the_trail(client):
    user = make.user()
    client.get(reverse("account_login"))
    session = client.session
    session["held"] = "a time"
    session.save()
    before = session.session_key
    client.cookies["portal_session"] = before
    sign_in(client, user)
    assert client.session.session_key != before
    assert client.session["held"] == "a time"
    assert verbs() == ["account.signed_in"]
    entry = Entry.objects.get()
    assert (entry.actor_id, entry.actor_role, entry.target_code) == (str(user.pk), "patient", str(user.code))


def test_back_to_another_site_is_refused(client):
    response = sign_in(client, make.user(), back="https://elsewhere.example/")
    assert response.url == reverse("account_home")


def test_a_closed_account_does_not_sign_in(client):
    user = make.user(is_active=False)
    assert sign_in(client, user).url == reverse("account_inactive")
    assert not is_signed_in(client)
    assert client.get(reverse("account_inactive")).status_code == 200


def test_closing_an_account_ends_its_sessions(client):
    user = make.user()
    sign_in(client, user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert not is_signed_in(client)


def test_sign_out_needs_a_post_and_leaves_nothing_in_the_browser(client):
    sign_in(client, make.user())
    assert client.get(reverse("account_logout")).status_code == 200
    assert is_signed_in(client)
    response = client.post(reverse("account_logout"))
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert response.url == "/"
    assert not is_signed_in(client)
    assert verbs() == ["account.signed_in", "account.signed_out"]


def test_pages_are_kept_out_of_caches(client):
    sign_in(client, make.user())
    assert "no-store" in client.get(reverse("account_email")).headers["Cache-Control"]


# ---- Passwords -------------------------------------------------------------------------------------------------------


def test_reset_by_link(client, last_mail, link_in):
    user = make.user(email="mai@example.com")
    elsewhere = Client()
    sign_in(elsewhere, user)
    assert client.post(reverse("account_reset_password"), {"email": "MAI@example.com"}).status_code == 302
    mail = last_mail()
    assert (mail.to, mail.template, mail.secret) == ("mai@example.com", "account/password_reset_key", True)
    form = client.get(link_in(mail)).url
    # The address of the form no longer holds the key, so no Referer and no history can.
    assert form.endswith("-set-password/")
    assert client.post(form, {"password1": NEW, "password2": NEW}).status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert not is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert last_mail().template == "account/password_reset"
    assert verbs()[-1] == "account.password_changed"
    # Used once, the link is worth nothing.
    assert client.get(link_in(mail)).context["token_fail"] is True


def test_reset_link_runs_out(client, last_mail, link_in, clock):
    make.user(email="mai@example.com")
    client.post(reverse("account_reset_password"), {"email": "mai@example.com"})
    link = link_in(last_mail())
    clock.shift(24 * 60 * 60 + 5)
    assert client.get(link).context["token_fail"] is True


def test_reset_link_is_not_made_of_the_host_header(client, last_mail, settings):
    make.user(email="mai@example.com")
    settings.ALLOWED_HOSTS = ["*"]
    client.post(reverse("account_reset_password"), {"email": "mai@example.com"}, headers={"host": "evil.example"})
    assert "evil.example" not in last_mail().text + last_mail().html
    assert settings.PORTAL_BASE_URL + "/accounts/password/reset/key/" in last_mail().text


def test_changing_the_password_ends_the_other_sessions_only(client, last_mail):
    user = make.user()
    elsewhere = Client()
    sign_in(elsewhere, user)
    sign_in(client, user)
    data = {"oldpassword": make.PASSWORD, "password1": NEW, "password2": NEW}
    assert client.post(reverse("account_change_password"), data).status_code == 302
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert last_mail().template == "account/password_changed"
    assert "From: " in last_mail().text


# ---- The address -----------------------------------------------------------------------------------------------------


def confirm_it_is_you(client):
    return client.post(reverse("account_reauthenticate"), {"password": make.PASSWORD})


def test_changing_the_address(client, mails, code_in):
    make.clinic(phone="+61390001234")
    user = make.user(email="old@example.com")
    sign_in(client, user)
    asked = client.post(reverse("account_email"), {"email": "new@example.com", "action_add": ""})
    assert reverse("account_reauthenticate") in asked.url
    assert mails() == []
    confirm_it_is_you(client)

    client.post(reverse("account_email"), {"email": "New@Example.com", "action_add": ""})
    [mail] = mails()
    assert (mail.to, mail.template) == ("new@example.com", "account/email_confirmation")
    # Until it is confirmed, the old one is the one that counts.
    assert User.objects.get().email == "old@example.com"
    client.post(reverse("account_email_verification_sent"), {"code": code_in(mail)})
    assert User.objects.get().email == "new@example.com"
    assert EmailAddress.objects.values_list("email", "verified", "primary").get() == ("new@example.com", True, True)
    assert [(m.to, m.template) for m in mails()[1:]] == [("old@example.com", "account/email_changed")]
    # With the old address no new password can be asked for: what helps is a call.
    told = mails()[-1]
    for words in (told.text, told.html):
        assert ("phone us at once" in words, words.count("9000 1234")) == (True, 2)
        assert reverse("account_reset_password") not in words
    assert "account.email_changed" in verbs()


def test_a_change_that_waits_for_its_code_is_seen_gone_back_to_and_dropped(client, mails, code_in):
    user = make.user(email="old@example.com")
    sign_in(client, user)
    confirm_it_is_you(client)
    page, code_page = reverse("account_email"), reverse("account_email_verification_sent")
    assert "Keep the old address" not in client.get(page).content.decode()
    client.post(page, {"email": "new@example.com", "action_add": ""})
    shown = client.get(page).content.decode()
    assert ("new@example.com" in shown, f'href="{code_page}"' in shown) == (True, True)
    assert client.get(code_page).status_code == 200
    client.post(code_page, {"action": "resend"})
    assert [mail.to for mail in mails()] == ["new@example.com"] * 2
    code = code_in(mails()[-1])
    assert client.post(code_page, {"action": "drop"}).url == page
    assert "new@example.com" not in client.get(page).content.decode()
    client.post(code_page, {"code": code})
    assert User.objects.get().email == "old@example.com"


def test_an_address_of_somebody_else_cannot_be_taken_and_is_not_told(client, mails):
    make.user(email="theirs@example.com")
    user = make.user(email="mine@example.com")
    sign_in(client, user)
    confirm_it_is_you(client)
    response = client.post(reverse("account_email"), {"email": "theirs@example.com", "action_add": ""})
    assert response.url == reverse("account_email_verification_sent")
    code = client.session["account_email_verification_code"]["code"]
    client.post(reverse("account_email_verification_sent"), {"code": code})
    user.refresh_from_db()
    assert user.email == "mine@example.com"


@pytest.mark.parametrize("door", ["account_login", "account_signup", "account_reset_password"])
def test_a_door_opens_beside_an_address_that_cannot_be_read(client, door):
    assert client.get(reverse(door), {"next": "http://["}).status_code == 200


def test_an_address_that_cannot_be_read_is_no_page_to_go_on_to(client):
    sent = {"login": make.user().email, "password": make.PASSWORD, "next": "http://["}
    answer = client.post(reverse("account_login"), sent)
    assert (answer.status_code, answer.url) == (302, reverse("account_home"))


# ---- Devices ---------------------------------------------------------------------------------------------------------

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)


def test_devices_are_listed_and_the_others_signed_out():
    user = make.user()
    here = Client(headers={"user-agent": FIREFOX})
    there = Client(headers={"user-agent": IPHONE})
    for browser in (here, there):
        sign_in(browser, user)
    page = here.get(reverse("usersessions_list"))
    body = page.content.decode()
    assert "Firefox on Linux" in body
    assert "Safari on iPhone" in body
    assert page.context["session_count"] == 2
    here.post(reverse("usersessions_list"))
    assert is_signed_in(here)
    assert not is_signed_in(there)
