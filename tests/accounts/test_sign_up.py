from urllib.parse import urlencode

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.notifications.models import Notice

pytestmark = pytest.mark.django_db

PASSWORD = "seven-quiet-lorikeets"
WHERE = "/book/first-session/confirm/?hold=abc"


def sign_up(client, *, back=WHERE, **fields):
    data = {"first_name": "Mai", "last_name": "Nguyễn", "email": "Mai@Example.com", "password1": PASSWORD} | fields
    return client.post(reverse("account_signup") + "?" + urlencode({"next": back}), data)


def enter(client, code):
    return client.post(reverse("account_email_verification_sent"), {"code": code})


def test_sign_up_leads_back_to_the_booking(client, mails, code_in):
    assert sign_up(client).url == reverse("account_email_verification_sent")
    assert "_auth_user_id" not in client.session
    [mail] = mails()
    assert (mail.template, mail.to, mail.secret) == ("account/email_confirmation_signup", "mai@example.com", True)
    assert PASSWORD not in mail.text + mail.html + mail.subject

    response = enter(client, code_in(mail))
    assert (response.status_code, response.url) == (302, WHERE)
    user = User.objects.get()
    assert client.session["_auth_user_id"] == str(user.pk)
    assert (user.email, user.name, user.check_password(PASSWORD)) == ("mai@example.com", "Mai Nguyễn", True)
    assert EmailAddress.objects.values_list("email", "verified", "primary").get() == ("mai@example.com", True, True)
    assert Entry.objects.values_list("verb", flat=True).get() == "account.signed_in"


def test_next_survives_a_link_from_the_sign_in_page(client):
    page = client.get(reverse("account_login") + "?" + urlencode({"next": WHERE}))
    assert page.context["signup_url"] == reverse("account_signup") + "?" + urlencode({"next": WHERE})


def test_next_to_another_site_is_dropped(client, mails, code_in):
    sign_up(client, back="https://elsewhere.example/")
    assert enter(client, code_in(mails()[0])).url == reverse("account_home")


def test_one_name_is_enough(client):
    sign_up(client, first_name="Nguyễn", last_name="")
    assert User.objects.get().name == "Nguyễn"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"first_name": ""}, {"first_name"}),
        ({"first_name": "x" * 300}, {"first_name"}),
        ({"email": "nobody"}, {"email"}),
        ({"password1": "short"}, {"password1"}),
        ({"password1": "mai@example.com"}, {"password1"}),
        ({"password1": "password123"}, {"password1"}),
    ],
)
def test_bad_input_makes_nothing_and_keeps_what_was_typed(client, fields, wrong):
    response = sign_up(client, **fields)
    assert response.status_code == 200
    form = response.context["form"]
    assert set(form.errors) == wrong
    assert form["last_name"].value() == "Nguyễn"
    assert (User.objects.count(), Notice.objects.count()) == (0, 0)


def test_wrong_code_three_times_ends_it(client, mails, code_in):
    sign_up(client)
    right = code_in(mails()[0])
    wrong = "000000" if right != "000000" else "111111"
    answers = [enter(client, wrong) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 302]
    # Somebody new has nothing to sign in with: they are told how to go on, where they can.
    assert answers[-1].url.startswith(reverse("account_signup"))
    page = client.get(answers[-1].url).content.decode()
    assert "Sign up again for a new one" in page
    assert "Too many wrong tries" not in page
    assert enter(client, right).url == reverse("account_login")
    assert "_auth_user_id" not in client.session


def test_code_runs_out(client, mails, code_in, clock):
    sign_up(client)
    clock.shift(15 * 60 + 1)
    assert enter(client, code_in(mails()[0])).url == reverse("account_login")
    assert "_auth_user_id" not in client.session


def test_code_can_be_sent_again(client, mails, code_in, without_limits):
    sign_up(client)
    assert client.post(reverse("account_email_verification_sent"), {"action": "resend"}).status_code == 302
    _, second = mails()
    assert enter(client, code_in(second)).url == WHERE


def test_whoever_stopped_half_way_is_asked_for_the_code_when_they_sign_in(client, mails, code_in, without_limits):
    sign_up(client)
    client.cookies.clear()
    response = client.post(reverse("account_login"), {"login": "mai@example.com", "password": PASSWORD})
    assert response.url == reverse("account_email_verification_sent")
    assert enter(client, code_in(mails()[-1])).url == reverse("account_home")


def test_account_and_mail_are_one_transaction(client, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("the outbox is broken")

    monkeypatch.setattr("portal.accounts.adapter.outbox.queue", broken)
    with pytest.raises(RuntimeError):
        sign_up(client)
    assert User.objects.count() == 0
