import subprocess
import sys
from pathlib import Path

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from portal.accounts.adapter import AccountAdapter
from tests import make

pytestmark = pytest.mark.django_db

TOO_MANY = "Too many failed login attempts"


def sign_in(email, password="wrong", **headers):
    response = Client(**headers).post(reverse("account_login"), {"login": email, "password": password})
    if response.status_code == 302:
        return "in"
    return "later" if response.status_code == 429 or TOO_MANY in response.content.decode() else "wrong"


@pytest.mark.parametrize("known", [True, False])
def test_five_wrong_passwords_slow_an_address_down(known, clock):
    email = make.user().email if known else "nobody@example.com"
    # From anywhere: each from an address of its own.
    tries = [sign_in(email, REMOTE_ADDR=f"198.51.100.{n}") for n in range(7)]
    assert tries == ["wrong"] * 5 + ["later"] * 2
    if known:
        assert sign_in(email, make.PASSWORD, REMOTE_ADDR="198.51.100.99") == "later"
    clock.shift(301)
    assert sign_in(email, make.PASSWORD, REMOTE_ADDR="198.51.100.99") == ("in" if known else "wrong")


def test_the_host_header_is_no_fresh_set_of_attempts():
    email = make.user().email
    tries = [sign_in(email, REMOTE_ADDR=f"198.51.100.{n}", HTTP_HOST=f"testserver:{8000 + n}") for n in range(7)]
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
    tries = [sign_in(email, REMOTE_ADDR=f"198.51.100.{n}") for n, email in enumerate(spellings)]
    assert tries == ["wrong"] * 5 + ["later"]


def test_one_visitor_cannot_go_through_a_list_of_addresses():
    tries = [sign_in(f"person{n}@example.com", REMOTE_ADDR="203.0.113.7") for n in range(12)]
    assert tries == ["wrong"] * 10 + ["later"] * 2
    assert sign_in("somebody@example.com", REMOTE_ADDR="203.0.113.8") == "wrong"


def test_a_right_password_costs_nothing():
    user = make.user()
    assert [sign_in(user.email, make.PASSWORD, REMOTE_ADDR="203.0.113.7") for _ in range(12)] == ["in"] * 12


def test_a_visitor_cannot_choose_an_address_of_their_own():
    """No proxy is trusted unless the settings say so: whatever the header says, it is one visitor."""
    tries = [
        sign_in(f"person{n}@example.com", REMOTE_ADDR="203.0.113.7", HTTP_X_FORWARDED_FOR=f"192.0.2.{n}")
        for n in range(12)
    ]
    assert tries == ["wrong"] * 10 + ["later"] * 2


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


def test_reset_mails_are_few(mails):
    email = make.user().email
    statuses = [
        Client(REMOTE_ADDR=f"198.51.100.{n}").post(reverse("account_reset_password"), {"email": email}).status_code
        for n in range(7)
    ]
    assert statuses == [302] * 5 + [429] * 2
    assert len(mails()) == 5


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
    tries = [sign_in("mai@example.com", REMOTE_ADDR=f"198.51.100.{n}") for n in range(7)]
    assert tries == ["wrong"] * 5 + ["later"] * 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM portal_cache WHERE cache_key LIKE '%login_failed%'")
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
