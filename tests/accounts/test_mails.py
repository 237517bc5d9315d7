"""Every mail of django-allauth is one of ours: by way of the outbox, and with nothing in it but what it needs."""

import re
from datetime import datetime
from pathlib import Path

import allauth
import pytest
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import timezone

from portal.accounts.adapter import SECRET, TO_ANYBODY, AccountAdapter, plain
from portal.accounts.devices import describe
from portal.notifications.models import Notice
from tests import make

pytestmark = pytest.mark.django_db

PACKAGE = Path(allauth.__file__).parent
PREFIX = re.compile(r"""["'](?:account|mfa)/email/(\w+)["']""")
OURS = Path(__file__).resolve().parents[2] / "templates/notifications/account"


def allauths_mails():
    """Read from the installed package: the names in its source, and the templates that it ships."""
    in_source = {
        name
        for app in ("account", "mfa")
        for f in (PACKAGE / app).rglob("*.py")
        for name in PREFIX.findall(f.read_text())
    }
    shipped = {
        f.name.removesuffix("_subject.txt")
        for app in ("account", "mfa")
        for f in (PACKAGE / f"templates/{app}/email").glob("*_subject.txt")
    }
    return in_source | shipped


MAILS = sorted(allauths_mails())
OWN = {"invitation", "role", "second_factor_reset", "sign_in_slowed"}
OWN |= {"address_left", "carers_changed", "confirm_address", "record_closed", "record_invitation", "record_opened"}


def test_the_package_was_read():
    assert {"email_confirmation_signup", "password_reset_key", "unknown_account", "totp_activated"} <= set(MAILS)
    assert len(MAILS) >= 17


def test_none_is_missing_and_none_is_left_over():
    assert {d.name for d in OURS.iterdir() if d.is_dir()} - OWN == set(MAILS)


@pytest.mark.parametrize("name", [*MAILS, *sorted(OWN)])
@pytest.mark.parametrize("part", ["subject.txt", "body.txt", "body.html"])
def test_every_part_is_there(name, part):
    get_template(f"notifications/account/{name}/{part}")


CONTEXT = {
    "code": "314159",
    "password_reset_url": "https://portal.example.com/reset-me",
    "signup_url": "https://portal.example.com/sign-me-up",
    "sign_in_url": "https://portal.example.com/sign-me-in",
    "from_email": "old@example.com",
    "to_email": "new@example.com",
    "deleted_email": "gone@example.com",
    "ip": "203.0.113.7",
    "user_agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36",
}
# What a reader needs from each, apart from the sentence itself.
NEEDED = {
    "account_already_exists": {"sign_in_url", "password_reset_url"},
    "email_changed": {"from_email", "to_email"},
    "email_confirmation": {"code"},
    "email_confirmation_signup": {"code"},
    "email_deleted": {"deleted_email"},
    "login_code": {"code"},
    "password_reset_code": {"code"},
    "password_reset_key": {"password_reset_url"},
    "unknown_account": {"signup_url"},
}
TOLD_AFTERWARDS = set(MAILS) - {*NEEDED} | {"email_changed", "email_deleted"}


@pytest.mark.parametrize("name", MAILS)
def test_both_parts_say_what_is_needed_and_no_more(name, settings):
    user = make.user(first_name="<b>Mai</b>", email="mai@example.com")
    context = {**CONTEXT, "user": user, "timestamp": timezone.now(), "request": RequestFactory().get("/"), "key": "K3Y"}
    AccountAdapter().send_mail(f"account/email/{name}", "mai@example.com", context)
    notice = Notice.objects.get()
    assert (notice.template, notice.to, notice.secret) == (f"account/{name}", "mai@example.com", name in SECRET)
    assert notice.subject
    assert not re.search(r"\{\{|\{%|\n", notice.subject)
    for part in (notice.text, notice.html):
        assert {key for key in CONTEXT if str(CONTEXT[key]) in part} - {"ip"} == NEEDED.get(name, set())
        assert ("203.0.113.7" in part) is (name in TOLD_AFTERWARDS)
        assert ("Chrome on Windows" in part) is (name in TOLD_AFTERWARDS)
        # At an address that counts no more, no link of ours helps: that mail says to phone.
        assert (settings.PORTAL_BASE_URL in part) is (name != "email_changed") or name not in TOLD_AFTERWARDS
        assert user.password not in part
        assert "K3Y" not in part
    # Whoever signs up chooses a name; a mail to an address that may be anybody's doesn't repeat it.
    is_greeted = name not in TO_ANYBODY
    assert ("<b>Mai</b>" in notice.text) is is_greeted
    assert "<b>Mai</b>" not in notice.html
    assert ("&lt;b&gt;Mai&lt;/b&gt;" in notice.html) is is_greeted


def test_only_words_and_times_reach_a_mail():
    told = plain(
        {**CONTEXT, "user": make.user(), "timestamp": timezone.now(), "request": object(), "key": "x", "uid": 1}
    )
    assert type(told.pop("at")) is datetime
    assert {type(value) for value in told.values()} == {str}
    assert set(told) == {*CONTEXT} - {"user_agent"} | {"name", "device", "secure_url"}


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome on Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "Safari on Mac"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/140.0 Mobile Safari/604.1", "Chrome on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("curl/8.0", "an unknown browser"),
        ("", "an unknown browser"),
        ("<script>alert(1)</script>", "an unknown browser"),
    ],
)
def test_devices_are_named_as_people_name_them(user_agent, words):
    assert describe(user_agent) == words
