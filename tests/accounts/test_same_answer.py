"""Neither words nor time tell whether an address has an account."""

import re
import statistics
import time
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher, make_password
from django.test import Client, override_settings
from django.urls import reverse

from portal.accounts.models import User
from portal.notifications.models import Notice
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_limits")]

KNOWN, UNKNOWN = "known@example.com", "other@example.com"
NEXT = "?next=/my/"


@pytest.fixture(autouse=True)
def _known():
    make.user(email=KNOWN)


def sign_in(client, email):
    return client.post(reverse("account_login") + NEXT, {"login": email, "password": "not-the-password"})


def sign_up(client, email):
    data = {"first_name": "Ash", "last_name": "Lee", "email": email, "password1": "seven-quiet-lorikeets"}
    return client.post(reverse("account_signup") + NEXT, data)


def reset(client, email):
    return client.post(reverse("account_reset_password") + NEXT, {"email": email})


def sign_up_and_ask_again(client, email):
    sign_up(client, email)
    return client.post(reverse("account_email_verification_sent"), {"action": "resend"})


DOORS = [sign_in, sign_up, reset, sign_up_and_ask_again]


def seen(door, email):
    """Everything that whoever knocks gets to see, to the page at the end."""
    client = Client()
    response = door(client, email)
    hops = [(response.status_code, response.headers.get("Location"), sorted(response.headers), sorted(client.cookies))]
    while response.status_code == 302:
        response = client.get(response.url)
        hops.append((response.status_code, response.headers.get("Location"), sorted(response.headers)))
    assert response.status_code == 200
    csrf_tokens = r"\b[A-Za-z0-9]{64}\b"
    body = re.sub(csrf_tokens, "TOKEN", response.content.decode())
    return hops, body.replace(email, "ADDRESS").splitlines()


@pytest.mark.parametrize("door", DOORS)
def test_same_words(door):
    assert seen(door, KNOWN) == seen(door, UNKNOWN)


@pytest.mark.parametrize("door", DOORS)
def test_same_number_of_passwords_hashed(door):
    """Counts the slow step itself, whatever machine this runs on."""
    counts = {}
    for email in (KNOWN, UNKNOWN):
        with patch.object(MD5PasswordHasher, "encode", autospec=True, side_effect=MD5PasswordHasher.encode) as hashing:
            door(Client(), email)
        counts[email] = hashing.call_count
    assert counts[KNOWN] == counts[UNKNOWN]
    assert counts[KNOWN] == (0 if door is reset else 1)


@pytest.mark.parametrize("door", DOORS)
def test_same_number_of_rows_queued(door):
    counts = []
    for email in (KNOWN, UNKNOWN):
        before = Notice.objects.count()
        door(Client(), email)
        counts.append(Notice.objects.count() - before)
    assert counts[0] == counts[1]
    assert counts[0] == {sign_in: 0, sign_up: 1, reset: 1, sign_up_and_ask_again: 2}[door]


@pytest.mark.parametrize(("door", "apart"), [(sign_in, 2), (sign_up, 4), (reset, 6)])
def test_about_the_same_number_of_queries(door, apart, django_assert_max_num_queries):
    counts = []
    for email in (KNOWN, UNKNOWN):
        with django_assert_max_num_queries(80) as queries:
            door(Client(), email)
        counts.append(len(queries))
    assert abs(counts[0] - counts[1]) <= apart, counts


ANSWERS = {
    sign_up: ("account/account_already_exists", "account/email_confirmation_signup"),
    reset: ("account/password_reset_key", "account/unknown_account"),
}


@pytest.mark.parametrize("door", ANSWERS)
def test_the_mail_tells_its_reader_what_the_page_does_not(door):
    for email in (KNOWN, UNKNOWN):
        door(Client(), email)
    assert tuple(Notice.objects.order_by("pk").values_list("template", flat=True)) == ANSWERS[door]
    assert set(Notice.objects.values_list("secret", flat=True)) == {True}


def test_sign_up_with_a_known_address_leaves_nothing():
    before = User.objects.values_list("email", "first_name", "password").get()
    sign_up(Client(), KNOWN)
    assert User.objects.values_list("email", "first_name", "password").get() == before


def test_a_known_address_cannot_be_verified_by_guessing():
    client = Client()
    sign_up(client, KNOWN)
    page = reverse("account_email_verification_sent")
    code = client.session["account_email_verification_code"]["code"]
    assert client.post(page, {"code": "000000" if code != "000000" else "111111"}).status_code == 200
    # Nobody was sent this code; were it guessed all the same, it opens nothing.
    client.post(page, {"code": code})
    assert "_auth_user_id" not in client.session


def test_the_address_of_a_closed_account_is_unknown_to_a_reset():
    User.objects.update(is_active=False)
    reset(Client(), KNOWN)
    assert Notice.objects.get().template == "account/unknown_account"


@pytest.mark.parametrize("door", [sign_in, sign_up, reset])
def test_same_time(door):
    """Medians of pairs taken in turn, with the hasher of production: a hash more or less would be 100 ms and up.

    Counted is the processor's time, all threads of the hasher with it: nobody else on a busy machine adds to that.
    """
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.Argon2PasswordHasher"]):
        began = time.process_time()
        make_password("once, to know what it costs here")
        one_hash = time.process_time() - began
        make.user(email="slow@example.com")
        door(Client(), "warm@example.com")
        times = {True: [], False: []}
        for n in range(5):
            for known in (True, False):
                email = "slow@example.com" if known else f"nobody{n}@example.com"
                client = Client()
                began = time.process_time()
                door(client, email)
                times[known].append(time.process_time() - began)
    known, unknown = statistics.median(times[True]), statistics.median(times[False])
    assert abs(known - unknown) < one_hash / 2, (known, unknown, one_hash)
