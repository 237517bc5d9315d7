"""What the flows of sign-in share: the mail that was queued last, and the codes of an authenticator app."""

import re
import time
from datetime import UTC, datetime

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.test import override_settings

from portal.notifications.models import Notice


@pytest.fixture
def clock(time_machine):
    """Time that stands still, ten seconds into a half minute, until a test moves it by `clock.shift(seconds)`."""
    time_machine.move_to(datetime(2026, 11, 23, 0, 0, 10, tzinfo=UTC), tick=False)
    return time_machine


@pytest.fixture
def mails():
    """The mails queued so far, oldest first."""
    return lambda: list(Notice.objects.order_by("pk"))


@pytest.fixture
def last_mail(mails):
    return lambda: mails()[-1]


@pytest.fixture
def link_in():
    """The path of the one link of ours that a mail's text has."""

    def find(notice):
        [url] = set(re.findall(rf"{re.escape(settings.PORTAL_BASE_URL)}(/accounts/\S+)", notice.text))
        return url

    return find


@pytest.fixture
def code_in():
    def find(notice):
        [code] = re.findall(r"^\s*([0-9]{6})\s*$", notice.text, re.MULTILINE)
        return code

    return find


@pytest.fixture
def app_code():
    """What the authenticator app of somebody, or one with this secret, shows now or `steps` half minutes later."""

    def show(user_or_secret, steps=0):
        secret = user_or_secret
        if not isinstance(secret, str):
            secret = decrypt(Authenticator.objects.get(user=user_or_secret, type="totp").data["secret"])
        return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))

    return show


@pytest.fixture
def without_limits():
    with override_settings(ACCOUNT_RATE_LIMITS=False):
        yield
