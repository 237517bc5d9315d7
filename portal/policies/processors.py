"""Who else handles people's information: each outside service that the portal's own settings name.

A test walks the settings file: a new one is either read here, or said there to reach nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_HERE = {"", "localhost", "127.0.0.1", "::1"}


def _elsewhere(host: str | None) -> str:
    """The host's name, if it is another machine: a path is a socket on this one."""
    host = host or ""
    return "" if host in _HERE or host.startswith("/") else host


def _database() -> str:
    return _elsewhere(settings.DATABASES["default"].get("HOST"))


def _memory() -> str:
    return _elsewhere(urlsplit(getattr(settings, "REDIS_URL", "") or "").hostname)


def _mail() -> str:
    sends = settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")
    return _elsewhere(getattr(settings, "EMAIL_HOST", "")) if sends else ""


def _storage() -> str:
    """Uploads on this machine need nobody; any other store is somebody's."""
    backend = settings.STORAGES["default"]["BACKEND"]
    if backend.rsplit(".", 1)[-1] in {"FileSystemStorage", "InMemoryStorage"}:
        return ""
    return str(getattr(settings, "AWS_S3_ENDPOINT_URL", "") or "Amazon S3")


def _named(name: str, *keys: str) -> Callable[[], str]:
    return lambda: name if any(getattr(settings, key, "") for key in keys) else ""


@dataclass(frozen=True, slots=True)
class Processor:
    """`found` gives the name that the settings tell, or an empty string while the service is not in use."""

    key: str
    kind: StrOrPromise
    purpose: StrOrPromise
    gets: StrOrPromise
    found: Callable[[], str]


HOSTING = "hosting"

PROCESSORS = (
    Processor(
        HOSTING,
        _("Our hosting provider"),
        _("Runs the computers that this website and our records are on."),
        _("Everything that we hold, on its machines. Session notes are encrypted there."),
        lambda: HOSTING,
    ),
    Processor(
        "database",
        _("Our database provider"),
        _("Keeps our database."),
        _("Everything in our database. Session notes are encrypted in it."),
        _database,
    ),
    Processor(
        "memory",
        _("Our cache provider"),
        _("Remembers for a short time who is signed in."),
        _("The state of your sign-in."),
        _memory,
    ),
    Processor(
        "storage",
        _("Our file storage"),
        _("Keeps files that were uploaded."),
        _("Photos and documents."),
        _storage,
    ),
    Processor(
        "mail",
        _("Our e-mail provider"),
        _("Delivers our e-mails to you."),
        _(
            "Your e-mail address, your name, and the times and fees of your sessions. "
            "Never anything from your sessions."
        ),
        _mail,
    ),
    Processor(
        "stripe",
        _("Our card payments provider"),
        _("Takes card payments."),
        _("Your name, your e-mail address, your card and the amount. We never see your card's number."),
        _named("Stripe", "STRIPE_SECRET_KEY", "STRIPE_API_KEY"),
    ),
    Processor(
        "twilio",
        _("Our provider of text messages and video calls"),
        _("Delivers our text messages and carries video calls."),
        _("Your phone number, the words of our text messages, and the picture and sound of a call while it lasts."),
        _named("Twilio", "TWILIO_ACCOUNT_SID", "TWILIO_API_KEY"),
    ),
)
BY_KEY = {processor.key: processor for processor in PROCESSORS}

# The names in settings.py by which an outside service is reached, all of them looked at above.
READ = frozenset(
    {
        *("DATABASE_URL", "REDIS_URL", "EMAIL_URL"),
        *("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE", "STRIPE_CHECKOUT_ORIGIN", "STRIPE_API_KEY"),
        *("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_API_KEY", "TWILIO_API_SECRET", "TWILIO_SMS_FROM"),
        *("TWILIO_WHATSAPP_FROM", "TWILIO_WHATSAPP_TEMPLATE", "TWILIO_API_BASE", "VIDEO", "AWS_S3_ENDPOINT_URL"),
    }
)


class InUse(TypedDict):
    """A service in use; the name or the country is empty where neither the manager nor the settings tell it."""

    key: str
    name: str
    country: str


def in_use(own: Mapping[str, Mapping[str, str]]) -> list[InUse]:
    """Each service in use, with the name and the country that the manager gave it or the settings tell."""
    found: list[InUse] = []
    for processor in PROCESSORS:
        name = processor.found()
        if not name:
            continue
        said = own.get(processor.key, {})
        known = "" if processor.key == HOSTING else name
        found.append(
            {"key": processor.key, "name": said.get("name") or known, "country": said.get("country", "").strip()}
        )
    return found
