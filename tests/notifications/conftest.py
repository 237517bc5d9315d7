import copy

import pytest
from django.core import mail

from portal.notifications import outbox
from portal.notifications.channels import CHANNELS
from portal.notifications.email import EmailChannel
from portal.notifications.recipients import Recipient
from tests.notifications.smtp import SmtpServer

LETTER = {
    "subject.txt": "Hello {{ name }},\n  see you",
    "body.txt": "{{ name }} & co: {% translate 'Monday' %}\n\n",
    "body.html": (
        "{% extends 'notifications/base.html' %}{% block content %}<p>{{ name }}</p>"
        "{% include 'notifications/_button.html' with url='https://x.example/' label='Open' %}{% endblock content %}"
    ),
}


@pytest.fixture
def letters(settings, tmp_path):
    """Adds templates of notices: `letters("plain", {"subject.txt": ...})`; `hello` is there from the start."""
    folder = tmp_path / "templates"
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"] = [folder, *templates[0]["DIRS"]]

    def add(name, parts):
        (folder / "notifications" / name).mkdir(parents=True)
        for part, text in parts.items():
            (folder / "notifications" / name / part).write_text(text)

    add("hello", LETTER)
    settings.TEMPLATES = templates
    return add


def by_email(to):
    return Recipient.by_email(to) if isinstance(to, str) else to


@pytest.fixture
def write(db, letters):
    """Queues a notice without its task, which only a commit would start."""
    count = iter(range(10_000))

    def one(**options):
        defaults = {
            "template": "hello",
            "to": "mina@patient.example",
            "context": {"name": "Mina O'Brien"},
            "about": None,
        }
        options["to"] = by_email(options.get("to", defaults["to"]))
        return outbox.queue(**{"dedupe_key": f"hello:{next(count)}", **defaults, **options})

    return one


@pytest.fixture
def smtp(settings):
    with SmtpServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 2
        yield server


@pytest.fixture
def post_by(monkeypatch):
    """Has e-mails sent by another parcel than the portal's own: `post_by(Sleepy)`; call the answer to undo it."""
    ours = CHANNELS["email"]

    def use(parcel):
        class Other(EmailChannel):
            def parcel(self, notice):
                return parcel(notice, timeout=self.timeout)

        monkeypatch.setitem(CHANNELS, "email", Other())
        return lambda: monkeypatch.setitem(CHANNELS, "email", ours)

    return use


@pytest.fixture
def mailbox():
    mail.outbox = []
    return mail.outbox
