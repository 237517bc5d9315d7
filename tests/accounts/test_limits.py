import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from portal.accounts import devices, tasks
from portal.accounts.adapter import AccountAdapter
from portal.common import schedules
from tests import make

pytestmark = pytest.mark.django_db

TOO_MANY = "Too many wrong tries"


def sign_in(email, password="wrong", **headers):
    response = Client(**headers).post(reverse("account_login"), {"login": email, "password": password})
    if response.status_code == 302:
        return "in"
    return "later" if response.status_code == 429 or TOO_MANY in response.content.decode() else "wrong"


HERE, ELSEWHERE = "203.0.113.7", "198.51.100.99"


@pytest.mark.parametrize("known", [True, False])
def test_five_wrong_passwords_slow_down_whoever_tries_them(known, clock):
    email = make.user().email if known else "nobody@example.com"
    tries = [sign_in(email, REMOTE_ADDR=HERE) for n in range(7)]
    assert tries == ["wrong"] * 5 + ["later"] * 2
    # Whose account it is comes from elsewhere, and is let in.
    assert sign_in(email, make.PASSWORD, REMOTE_ADDR=ELSEWHERE) == ("in" if known else "wrong")
    assert sign_in(email, make.PASSWORD, REMOTE_ADDR=HERE) == "later"
    clock.shift(301)
    assert sign_in(email, make.PASSWORD, REMOTE_ADDR=HERE) == ("in" if known else "wrong")


@pytest.mark.parametrize("known", [True, False])
def test_strangers_from_many_places_slow_down_together(known, clock):
    email = make.user().email if known else "nobody@example.com"
    tries = [sign_in(email, REMOTE_ADDR=f"198.51.100.{n // 4}") for n in range(104)]
    assert tries == ["wrong"] * 100 + ["later"] * 4
    assert sign_in(email, make.PASSWORD, REMOTE_ADDR=HERE) == "later"
    clock.shift(24 * 3600 + 1)
    assert sign_in(email, make.PASSWORD, REMOTE_ADDR=HERE) == ("in" if known else "wrong")


def known_device(user, **headers):
    """A browser in which the person signed in before, and signed out."""
    client = Client(**headers)
    assert client.post(reverse("account_login"), {"login": user.email, "password": make.PASSWORD}).status_code == 302
    client.post(reverse("account_logout"))
    return client


def sign_in_with(client, email, password=make.PASSWORD):
    response = client.post(reverse("account_login"), {"login": email, "password": password})
    return "in" if response.status_code == 302 else "later" if TOO_MANY in response.content.decode() else "wrong"


def test_a_known_device_is_let_in_whatever_strangers_try_beside_it():
    """Also at the same address: the waiting room's network is the desk's."""
    user, other = make.user(), make.user()
    device = known_device(user, REMOTE_ADDR=HERE)
    for n in range(110):
        sign_in(user.email, REMOTE_ADDR=f"198.51.100.{n // 4}")
    for n in range(40):
        sign_in(f"person{n}@example.com", REMOTE_ADDR=HERE)
    assert sign_in(user.email, make.PASSWORD, REMOTE_ADDR=HERE) == "later"
    # It says nothing of others, and a made-up one says nothing at all.
    assert [sign_in(other.email, REMOTE_ADDR=HERE) for _ in range(3)] == ["wrong", "wrong", "later"]
    assert sign_in_with(device, other.email) == "later"
    assert sign_in_with(device, user.email) == "in"


@pytest.mark.parametrize("cookie", ["", "x", "eyJhIjoiYiJ9:1x:forged", "x" * 4000])
def test_a_made_up_device_is_none(cookie):
    user = make.user()
    client = Client(REMOTE_ADDR=HERE)
    client.cookies["portal_session_device"] = cookie
    assert [sign_in_with(client, user.email, "wrong") for _ in range(6)] == ["wrong"] * 5 + ["later"]


def test_a_known_device_is_no_way_to_guess_without_end():
    user = make.user()
    device = known_device(user)
    assert [sign_in_with(device, user.email, "wrong") for _ in range(12)] == ["wrong"] * 10 + ["later"] * 2


def test_a_device_is_known_to_each_who_signed_in_with_it():
    people = [make.user() for _ in range(3)]
    client = Client()
    for person in people:
        client.post(reverse("account_login"), {"login": person.email, "password": make.PASSWORD})
        client.post(reverse("account_logout"))
    request = RequestFactory().get("/")
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
    names = {devices.known(request, person.email) for person in people}
    assert (len(names), "" in names, devices.known(request, "x@example.com")) == (3, False, "")
    morsel = client.cookies["portal_session_device"]
    assert (morsel["httponly"], morsel["samesite"], morsel["max-age"]) == (True, "Lax", 180 * 24 * 3600)
    assert not [person for person in people if person.email in morsel.value]


def test_a_new_password_by_mail_lets_its_owner_in_at_once(last_mail, link_in):
    user = make.user()
    for n in range(104):
        sign_in(user.email, REMOTE_ADDR=f"198.51.100.{n // 4}")
    client = Client(REMOTE_ADDR=HERE)
    client.post(reverse("account_reset_password"), {"email": user.email})
    page = client.get(link_in(last_mail()), follow=True).redirect_chain[-1][0]
    client.post(page, {"password1": "seven-quiet-lorikeets", "password2": "seven-quiet-lorikeets"})
    assert sign_in_with(client, user.email, "seven-quiet-lorikeets") == "in"


def test_one_household_is_one_place():
    email = make.user().email
    tries = [sign_in(email, REMOTE_ADDR=f"2001:db8:0:7::{n:x}") for n in range(1, 8)]
    assert tries == ["wrong"] * 5 + ["later"] * 2
    assert sign_in(email, make.PASSWORD, REMOTE_ADDR="2001:db8:0:8::1") == "in"


def test_the_host_header_is_no_fresh_set_of_attempts():
    email = make.user().email
    tries = [sign_in(email, REMOTE_ADDR=HERE, HTTP_HOST=f"testserver:{8000 + n}") for n in range(7)]
    assert tries == ["wrong"] * 5 + ["later"] * 2


def test_capitals_are_no_fresh_set_of_attempts():
    make.user(email="mai@example.com")
    spellings = [
        "mai@example.com",
        "Mai@example.com",
        "MAI@example.com",
        "mai@EXAMPLE.com",
        " mai@example.com ",
        "mAi@example.com",
    ]
    tries = [sign_in(email, REMOTE_ADDR=HERE) for email in spellings]
    assert tries == ["wrong"] * 5 + ["later"]


def test_one_visitor_goes_through_a_list_of_addresses_slowly():
    tries = [sign_in(f"person{n}@example.com", REMOTE_ADDR=HERE) for n in range(10)]
    assert tries == ["wrong"] * 10
    # From now on nobody is asked for more than twice from there; accounts that don't exist look the same.
    for email in (make.user().email, "nobody@example.com"):
        assert [sign_in(email, REMOTE_ADDR=HERE) for _ in range(4)] == ["wrong"] * 2 + ["later"] * 2
        assert sign_in(email, REMOTE_ADDR=ELSEWHERE) == "wrong"


def test_a_visitor_in_the_waiting_room_locks_out_nobody_else_at_the_clinic():
    """All of a clinic come from one address: on a fresh browser too, a right password is let in at once."""
    staff = [make.user() for _ in range(6)]
    assert [sign_in(f"person{n % 4}@example.com", REMOTE_ADDR=HERE) for n in range(20)].count("later") > 0
    assert [sign_in(person.email, make.PASSWORD, REMOTE_ADDR=HERE) for person in staff] == ["in"] * 6
    # A typing mistake is allowed as well.
    assert sign_in(staff[0].email, REMOTE_ADDR=HERE) == "wrong"
    assert sign_in(staff[0].email, make.PASSWORD, REMOTE_ADDR=HERE) == "in"


@pytest.mark.parametrize("known", [True, False])
def test_who_is_slowed_down_is_told_how_long_and_what_helps(known):
    email = make.user().email if known else "nobody@example.com"
    for _ in range(5):
        sign_in(email, REMOTE_ADDR=HERE)
    page = unescape(Client(REMOTE_ADDR=HERE).post(reverse("account_login"), {"login": email, "password": "x"}).text)
    for words in ("five minutes", "signed in with before", "passkey", "new password by e-mail"):
        assert words in page


def test_a_right_password_costs_nothing():
    user = make.user()
    assert [sign_in(user.email, make.PASSWORD, REMOTE_ADDR="203.0.113.7") for _ in range(12)] == ["in"] * 12


def test_a_visitor_cannot_choose_an_address_of_their_own():
    """No proxy is trusted unless the settings say so: whatever the header says, it is one visitor."""
    tries = [
        sign_in("person@example.com", REMOTE_ADDR="203.0.113.7", HTTP_X_FORWARDED_FOR=f"192.0.2.{n}") for n in range(7)
    ]
    assert tries == ["wrong"] * 5 + ["later"] * 2


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "192.0.2.1", "203.0.113.7"),
        (1, "192.0.2.1", "192.0.2.1"),
        # The visitor wrote the first, our proxy the last.
        (1, "10.0.0.1, 192.0.2.1", "192.0.2.1"),
        (2, "10.0.0.1, 192.0.2.1, 198.51.100.2", "192.0.2.1"),
        (1, None, "203.0.113.7"),
    ],
)
def test_only_what_our_own_proxies_wrote_is_believed(settings, proxies, header, address):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7")
    if header:
        request.META["HTTP_X_FORWARDED_FOR"] = header
    assert AccountAdapter().get_client_ip(request) == address


def test_a_second_step_cannot_be_guessed_at_length():
    user = make.user()
    make.second_factor(user)
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": make.PASSWORD})
    answers = [client.post(reverse("mfa_authenticate"), {"code": "xxxxxx"}).content.decode() for _ in range(7)]
    assert [TOO_MANY in answer for answer in answers] == [False] * 5 + [True] * 2


def test_whoever_has_the_password_cannot_lock_the_second_step(app_code, clock):
    user = make.user()
    make.second_factor(user)
    owner = Client(REMOTE_ADDR=ELSEWHERE)
    for n in range(50):
        clock.shift(1)
        thief = Client(REMOTE_ADDR=f"198.51.100.{n // 4}")
        thief.post(reverse("account_login"), {"login": user.email, "password": make.PASSWORD})
        answer = thief.post(reverse("mfa_authenticate"), {"code": "xxxxxx"}).content.decode()
        if n == 10:
            # A quarter of what strangers may: whose account it is comes in.
            owner.post(reverse("account_login"), {"login": user.email, "password": make.PASSWORD})
            assert owner.post(reverse("mfa_authenticate"), {"code": app_code(user)}).status_code == 302
            owner.post(reverse("account_logout"))
    assert TOO_MANY in answer
    clock.shift(60)
    # All of it used up: the device that is known is let in.
    owner.post(reverse("account_login"), {"login": user.email, "password": make.PASSWORD})
    response = owner.post(reverse("mfa_authenticate"), {"code": app_code(user)})
    assert (response.status_code, response.url) == (302, reverse("account_home"))


def test_saying_again_who_one_is_is_not_slowed_down_by_strangers():
    user = make.user()
    client = make.client_for(user)
    for n in range(104):
        sign_in(user.email, REMOTE_ADDR=f"198.51.100.{n // 4}")
    page = reverse("account_reauthenticate")
    assert client.post(page, {"password": "wrong"}).status_code == 200
    assert client.post(page, {"password": make.PASSWORD}).status_code == 302


@pytest.mark.parametrize("known", [True, False])
def test_a_mailbox_is_not_flooded_and_nobody_is_refused(mails, known):
    """Past the limit the page says the same, and what was sent before is still good."""
    email = make.user().email if known else "nobody@example.com"
    statuses = {
        Client(REMOTE_ADDR=f"198.51.100.{n // 4}").post(reverse("account_reset_password"), {"email": email}).status_code
        for n in range(30)
    }
    assert statuses == {302}
    assert len(mails()) == 20
    assert sign_in(email, make.PASSWORD, REMOTE_ADDR=HERE) == ("in" if known else "wrong")


def test_one_place_asks_for_few_mails(mails):
    email = make.user().email
    for _ in range(7):
        assert Client(REMOTE_ADDR=HERE).post(reverse("account_reset_password"), {"email": email}).status_code == 302
    assert len(mails()) == 5
    Client(REMOTE_ADDR=ELSEWHERE).post(reverse("account_reset_password"), {"email": email})
    assert len(mails()) == 6


# ---- The owner is told -----------------------------------------------------------------------------------------------


def attack(email, places=2):
    for place in range(places):
        for _ in range(7):
            sign_in(email, REMOTE_ADDR=f"198.51.100.{place}")


@pytest.mark.parametrize(
    ("language", "words"),
    [("", "Somebody tried to sign in as you"), ("vi", "Có người"), ("zh-hans", "有人"), ("ar", "حاول شخص")],
)
def test_the_owner_is_told_once_and_in_their_language(mails, clock, language, words):
    make.clinic()
    user = make.user(language=language)
    attack(user.email)
    assert mails() == []  # never while the stranger waits for an answer
    assert [tasks.tell_owners(), tasks.tell_owners()] == [1, 0]
    clock.shift(600)
    attack(user.email)
    tasks.tell_owners()
    [notice] = mails()
    assert (notice.to, notice.template) == (user.email, "account/sign_in_slowed")
    assert words in notice.subject
    clock.shift(12 * 3600)
    attack(user.email)
    assert tasks.tell_owners() == 1


def test_nobody_else_is_told(mails):
    closed = make.user(is_active=False)
    for email in ("nobody@example.com", closed.email):
        attack(email)
    for _ in range(4):
        sign_in(make.user().email, REMOTE_ADDR=HERE)
    assert tasks.tell_owners() == 0
    assert mails() == []


def test_whose_password_is_known_is_told_so(mails, clock):
    make.clinic()
    user = make.user()
    make.second_factor(user)
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": make.PASSWORD})
    for _ in range(7):
        client.post(reverse("mfa_authenticate"), {"code": "xxxxxx"})
    tasks.tell_owners()
    [notice] = mails()
    assert "gave your password" in notice.text
    assert reverse("account_reset_password") in notice.text


def test_the_worker_tells():
    assert schedules.declared()["sign-ins slowed down"].path == "portal.accounts.tasks.tell_owners"


# ---- Pages of those who are too quick --------------------------------------------------------------------------------


def test_the_page_of_somebody_too_quick_is_calm(client):
    for _ in range(21):
        response = client.post(reverse("account_signup"), {"email": "not an address"})
    assert response.status_code == 429
    assert b"<h1" in response.content
    assert b"</html>" in response.content


# ---- Where the counts live -------------------------------------------------------------------------------------------


def test_migrate_alone_makes_the_shared_cache(settings):
    assert "portal_cache" in connection.introspection.table_names()
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "portal_cache"}
    }
    shared = caches.create_connection("default")
    assert shared.add("key", 1) is True
    assert shared.add("key", 2) is False
    assert shared.get("key") == 1


def test_limits_hold_on_the_shared_cache(settings):
    settings.CACHES = {
        **settings.CACHES,
        "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "portal_cache"},
    }
    tries = [sign_in("mai@example.com", REMOTE_ADDR=HERE) for n in range(7)]
    assert tries == ["wrong"] * 5 + ["later"] * 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM portal_cache WHERE cache_key LIKE '%password_here%'")
        assert cursor.fetchone()[0] > 0


def test_production_shares_its_cache():
    """Read in a process of its own: production's settings, as they are."""
    script = (
        "from portal import settings as s; d = s.CACHES['default'];"
        "print(d['BACKEND'].rsplit('.', 1)[-1], d['LOCATION'], d['OPTIONS']['MAX_ENTRIES'] >= 10000,"
        "s.ALLAUTH_TRUSTED_PROXY_COUNT, s.STAFF_SECOND_FACTOR)"
    )
    environment = {
        "PORTAL_ENV": "production",
        "PORTAL_DATA_DIR": "/nonexistent",
        "SECRET_KEY": "x" * 60,
        "TRAIL_KEY": "y" * 60,
        "PORTAL_ENCRYPTION_KEYS": "k:" + "A" * 43 + "=",
        "PORTAL_BASE_URL": "https://portal.example.com",
        "DEFAULT_FROM_EMAIL": "desk@example.com",
        "EMAIL_URL": "smtp://mail.example.com:25",
        "PATH": "/usr/bin",
    }
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", script], env=environment, cwd=root, capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("DatabaseCache portal_cache True 1 True", 0), done.stderr


# ---- A way in that no stranger closes --------------------------------------------------------------------------------


def ask_for_a_password(email, **headers):
    client = Client(**headers)
    return client.post(reverse("account_reset_password"), {"email": email}, follow=True)


def test_the_link_that_was_mailed_before_lets_the_owner_in_whatever_strangers_do(mails, link_in, clock):
    user = make.user()
    page = ask_for_a_password(user.email, REMOTE_ADDR=HERE).content.decode()
    link = link_in(mails()[0])
    for n in range(104):
        sign_in(user.email, REMOTE_ADDR=f"198.51.100.{n // 4}")
    for n in range(40):
        ask_for_a_password(user.email, REMOTE_ADDR=f"198.51.101.{n // 4}")
    sent = len(mails())
    clock.shift(900)
    assert ask_for_a_password(user.email, REMOTE_ADDR=HERE).content.decode() == page
    assert len(mails()) == sent
    assert "The link in the message that came before still works" in page
    client = Client(REMOTE_ADDR=HERE)
    form = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": "seven-quiet-lorikeets", "password2": "seven-quiet-lorikeets"})
    assert sign_in_with(client, user.email, "seven-quiet-lorikeets") == "in"


@pytest.mark.parametrize("door", ["account_reset_password", "account_signup"])
def test_one_place_has_no_list_of_addresses_written_to(mails, door, clock):
    answers = []
    for n in range(24):
        clock.shift(4)
        typed = {"first_name": "Mai", "password1": "seven-quiet-lorikeets", "email": f"person{n}@example.com"}
        answers.append(Client(REMOTE_ADDR=HERE).post(reverse(door), typed).status_code)
    assert answers == [302] * 20 + [429] * 4
    assert len(mails()) == 20
    typed["email"] = "elsewhere@example.com"
    assert Client(REMOTE_ADDR=ELSEWHERE).post(reverse(door), typed).status_code == 302
