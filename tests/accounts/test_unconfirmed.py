"""An account whose address nobody confirmed is in nobody's way, and puts nobody's words into a mail."""

import threading

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.urls import reverse

from portal.accounts import tasks
from portal.accounts.models import User
from portal.accounts.unconfirmed import is_free
from portal.notifications.models import Notice
from tests import make
from tests.accounts.test_same_answer import seen

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_limits")]

ADDRESS = "owner@example.com"
MINE, THEIRS = "seven-quiet-lorikeets", "nine-loud-magpies"
SIGN_UP, CODE, RESET = (
    reverse(name) for name in ("account_signup", "account_email_verification_sent", "account_reset_password")
)
WORDS = "Congratulations"


def sign_up(client, first_name="Mai", password=MINE, last_name="Owner"):
    sent = {"first_name": first_name, "last_name": last_name, "email": ADDRESS, "password1": password}
    response = client.post(SIGN_UP, sent)
    assert (response.status_code, response.url) == (302, CODE)
    return response


def stranger():
    client = Client()
    sign_up(client, first_name=WORDS, password=THEIRS, last_name="Attacker")
    return client


def sign_in(password):
    client = Client()
    client.post(reverse("account_login"), {"login": ADDRESS, "password": password})
    return "_auth_user_id" in client.session


def enter(client, code):
    client.post(CODE, {"code": code})
    return "_auth_user_id" in client.session


def test_the_owner_signs_up_where_a_stranger_did_before(client, mails, code_in):
    other = stranger()
    sign_up(client)
    assert [mail.template for mail in mails()] == ["account/email_confirmation_signup"] * 2
    first, second = (code_in(mail) for mail in mails())
    # What the stranger was sent went to the owner's mailbox; typed into the owner's page it opens nothing.
    assert not enter(client, "000000" if second != "000000" else "111111")
    assert enter(client, second)
    user = User.objects.get()
    assert (user.name, user.check_password(MINE), user.check_password(THEIRS)) == ("Mai Owner", True, False)
    assert EmailAddress.objects.values_list("email", "verified", "primary").get() == (ADDRESS, True, True)
    # The stranger's page was told nothing, and its code comes too late.
    assert other.get(CODE).status_code == 200
    answer = other.post(CODE, {"code": first}, follow=True)
    assert "This address was confirmed meanwhile" in answer.content.decode()
    assert "_auth_user_id" not in other.session
    assert User.objects.get().name == "Mai Owner"
    assert (sign_in(MINE), sign_in(THEIRS)) == (True, False)


def test_a_stranger_who_signs_up_while_the_owner_reads_the_mail_changes_nothing(client, mails, code_in):
    sign_up(client)
    code = code_in(mails()[0])
    stranger()
    assert enter(client, code)
    user = User.objects.get()
    assert (user.name, user.check_password(MINE), user.check_password(THEIRS)) == ("Mai Owner", True, False)
    assert client.get(reverse("account_home")).status_code == 302
    assert client.get(reverse("account_name")).status_code == 200


def test_who_signs_in_half_way_is_given_what_they_proved(client, mails, code_in):
    sign_up(Client())
    client.post(reverse("account_login"), {"login": ADDRESS, "password": MINE})
    code = code_in(mails()[-1])
    stranger()
    assert enter(client, code)
    assert User.objects.get().check_password(MINE)


def test_who_left_at_the_page_of_the_code_signs_up_again(client, mails, code_in):
    sign_up(Client(), first_name="May", password=THEIRS)
    before = User.objects.get()
    sign_up(client)
    assert User.objects.get().code != before.code
    assert enter(client, code_in(mails()[-1]))
    assert (User.objects.get().name, sign_in(MINE), sign_in(THEIRS)) == ("Mai Owner", True, False)


def test_the_code_that_is_sent_again_is_of_the_same_sign_up(client, mails, code_in):
    sign_up(client)
    stranger()
    client.post(CODE, {"action": "resend"})
    assert enter(client, code_in(mails()[-1]))
    assert User.objects.get().name == "Mai Owner"


def test_what_waits_for_a_code_is_read_by_nobody(client):
    sign_up(client)
    state = str(client.session["account_email_verification_code"])
    assert ("Mai" in state, User.objects.get().password in state) == (False, False)


@pytest.mark.parametrize("kind", ["confirmed", "staff", "closed", "came in"])
def test_an_account_that_is_somebodys_is_not_replaced(client, mails, kind):
    user = make.user(email=ADDRESS, is_active=kind != "closed")
    if kind != "confirmed":
        EmailAddress.objects.all().delete()
    if kind == "staff":
        user.grants.create(role="reception")
    if kind == "came in":
        User.objects.update(last_login=user.created_at)
    before = User.objects.values().get()
    assert not is_free(ADDRESS)
    sign_up(client)
    assert User.objects.values().get() == before
    assert mails()[-1].template == "account/account_already_exists"


def test_the_three_look_the_same():
    """An address nobody knows, one that nobody confirmed, and one that has an account."""

    def door(client, email):
        return sign_up(client)

    nobody = seen(door, ADDRESS)
    unconfirmed = seen(door, ADDRESS)
    EmailAddress.objects.update(verified=True)
    assert nobody == unconfirmed == seen(door, ADDRESS)


def test_about_the_same_number_of_queries(django_assert_max_num_queries):
    counts = []
    for _ in range(3):
        with django_assert_max_num_queries(80) as queries:
            sign_up(Client())
        counts.append(len(queries))
        if len(counts) == 2:
            EmailAddress.objects.update(verified=True)
    # Two of them are of what is kept in the process, and read anew in a transaction such as a test's.
    assert max(counts) - min(counts) <= 7, counts


# ---- A stranger's words ----------------------------------------------------------------------------------------------


def test_no_mail_to_an_address_that_nobody_confirmed_says_what_a_stranger_typed():
    make.clinic()
    other = stranger()
    other.post(CODE, {"action": "resend"})
    Client().post(RESET, {"email": ADDRESS})
    for _ in range(8):
        sign_in("wrong")
    sign_in(THEIRS)
    stranger()
    tasks.tell_owners()
    sent = Notice.objects.all()
    assert {notice.to for notice in sent} == {ADDRESS}
    assert {notice.template for notice in sent} == {
        "account/email_confirmation_signup",
        "account/unknown_account",
    }
    assert [notice.template for notice in sent if WORDS in notice.subject + notice.text + notice.html] == []


def test_an_address_that_nobody_confirmed_is_unknown_to_a_reset(client, mails):
    stranger()
    client.post(RESET, {"email": ADDRESS})
    assert mails()[-1].template == "account/unknown_account"


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_wrong_password_is_told_to_an_owner_alone(settings, mails, confirmed):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": ""}
    make.clinic()
    make.user(email=ADDRESS, first_name=WORDS)
    EmailAddress.objects.update(verified=confirmed)
    for _ in range(7):
        sign_in("wrong")
    tasks.tell_owners()
    assert [WORDS in mail.text for mail in mails()] == ([True] if confirmed else [])


# ---- Two in one moment -----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_sign_ups_in_one_moment_each_have_a_good_answer(mails, code_in):
    together = threading.Barrier(2)
    clients, urls = [Client(), Client()], []

    def press(client, name):
        together.wait()
        urls.append(sign_up(client, first_name=name, password=f"{MINE}-{name}").url)
        connection.close()

    presses = [threading.Thread(target=press, args=pair) for pair in zip(clients, ("Mai", "Ash"), strict=True)]
    for each in presses:
        each.start()
    for each in presses:
        each.join()
    assert urls == [CODE, CODE]
    codes = [client.session["account_email_verification_code"]["code"] for client in clients]
    assert sorted(code_in(mail) for mail in mails()) == sorted(codes)
    assert enter(clients[0], codes[0])
    assert not enter(clients[1], codes[1])
    assert (User.objects.get().first_name, sign_in(f"{MINE}-Mai")) == ("Mai", True)
