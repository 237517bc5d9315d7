"""The mail server that people run, aiosmtpd, over loopback: what each of its answers to Django's client comes to."""

import asyncio
import re
import smtplib
import socket
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.journeys.to_do import notices
from portal.notifications import tasks
from portal.notifications.email import EmailParcel
from portal.notifications.models import ChannelPause, Notice, State
from portal.notifications.recipients import Recipient
from portal.notifications.sending import Refused
from portal.web.reception.views.notices import why_it_failed
from portal.worklist.models import ToDo
from tests import make

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
# On loopback a password goes in the clear.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


class Handler:
    """Accepts all, and does otherwise where a test says so: `rcpt`, `mail` and `data` are answers, in order."""

    def __init__(self):
        self.accepted, self.lines = [], 0
        self.mail, self.rcpt, self.data = [], [], []

    async def handle_EHLO(self, server, session, envelope, hostname, answers):  # noqa: N802  # aiosmtpd's names
        self.lines += 1
        session.host_name = hostname
        return answers

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        if self.mail:
            return self.mail.pop(0)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        answer = self.rcpt.pop(0) if self.rcpt else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        answer = self.data.pop(0) if self.data else "250 OK"
        if answer.startswith("250") or answer == "cut":
            self.accepted.append(re.search(rb"Message-ID: (\S+)", envelope.content)[1].decode())
        if answer == "cut":
            # Taken, and the line breaks before anybody hears of it.
            server.transport.abort()
            await asyncio.sleep(0)
        return answer


class Server(Controller):
    """Closes its lines when it stops: aiosmtpd leaves them to the collector."""

    def __init__(self, *arguments, **options):
        self.lines = []
        super().__init__(*arguments, **options)

    def factory(self):
        self.lines.append(super().factory())
        return self.lines[-1]

    def stop(self, no_assert=False):
        asyncio.run_coroutine_threadsafe(self._close(), self.loop).result()
        super().stop(no_assert)

    async def _close(self):
        for line in self.lines:
            if line.transport is not None:
                line.transport.close()
        await asyncio.sleep(0.01)


@pytest.fixture
def start(settings):
    """Starts a server and has the portal send by it: `start(auth_required=True)`; gives what it was told."""
    running = []

    def begin(**options):
        handler = Handler()
        # Port 0 is of no use to aiosmtpd, which dials itself to see that it is there.
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        running.append(Server(handler, hostname="127.0.0.1", port=port, **options))
        running[-1].start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 2
        return handler

    yield begin
    for server in running:
        server.stop()


@pytest.fixture
def reachable(write, letters):
    """A notice for somebody who reads mail, and a phone next."""
    letters("both", {"subject.txt": "Hello", "body.txt": "Hello", "text.txt": "Hello"})
    return lambda: write(
        template="both", to=[Recipient.by_email("mina@patient.example"), Recipient.by_sms("+61491570156")]
    )


def row(notice):
    return Notice.objects.get(pk=notice.pk)


def of(notice):
    found = row(notice)
    return found.state, found.attempts, found.error


def texted():
    return Notice.objects.filter(channel="sms", state=State.PENDING).count()


def to_dos():
    return notices.raise_undelivered(by=make.actor(), now=NOW)


def test_sent_once_by_a_line_of_its_own(write, start):
    server = start()
    sent = [write(), write()]
    assert tasks.send_due("email") == {"sent": 2}
    assert (server.accepted, server.lines) == ([row(n).message_id for n in sent], 2)


def test_a_mailbox_that_does_not_exist_goes_another_way_and_to_the_desk(reachable, start):
    make.clinic()
    server = start()
    server.rcpt = ["550 5.1.1 no mina@patient.example here"]
    notice = reachable()
    assert tasks.deliver(notice.pk) == State.FAILED
    assert of(notice) == (State.FAILED, 1, "SMTPRecipientsRefused 550 5.1.1")
    assert (texted(), to_dos(), ToDo.objects.still_open().count()) == (1, 1, 1)
    assert "there is no such address" in why_it_failed(row(notice))
    assert (server.accepted, ChannelPause.objects.exists()) == ([], False)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("550 5.7.1 your network is on a list", "Their mail server takes no e-mails from the clinic"),
        ("552 5.2.2 mailbox full", "Their mailbox is full"),
        ("550 mailbox unavailable", "there is no such address"),
    ],
)
def test_what_the_desk_reads_of_a_refusal(write, start, answer, words):
    start().rcpt = [answer]
    notice = write()
    assert tasks.deliver(notice.pk) == State.FAILED
    assert words in why_it_failed(row(notice))


def test_greylisted_is_tried_again_later_and_sent_once(reachable, start, clock):
    server = start()
    server.rcpt = ["451 4.7.1 greylisted, come back"] * 2
    notice = reachable()
    assert tasks.deliver(notice.pk) == State.PENDING
    for minutes in (1, 4):
        # Before its time it is not tried.
        assert tasks.send_due("email") == {}
        clock.shift(timedelta(minutes=minutes))
        tasks.send_due("email")
    assert tasks.send_due("email") == {}
    assert (of(notice), server.accepted, texted()) == ((State.SENT, 3, ""), [notice.message_id], 0)


def test_cut_off_after_the_words_is_in_doubt_and_sent_again_by_nobody_but_the_desk(reachable, start, clock):
    make.clinic()
    server = start()
    server.data = ["cut"]
    notice = reachable()
    assert tasks.deliver(notice.pk) == State.UNKNOWN
    for hours in (1, 24):
        clock.shift(timedelta(hours=hours))
        assert tasks.send_due("email") == {}
    # It may have arrived, so nobody is told a second time by phone either.
    assert (of(notice), len(server.accepted), texted()) == ((State.UNKNOWN, 1, "SMTPServerDisconnected"), 1, 0)
    assert to_dos() == 1
    desk, address = make.signed_in_client(role=Role.RECEPTION), reverse("reception:notice", args=[notice.code])
    page = desk.get(address).content.decode()
    for words in ("Nobody knows whether it arrived.", "Send again", "They say that it arrived"):
        assert words in page
    desk.post(address)
    assert tasks.send_due("email") == {"sent": 1}
    # A mailbox that had the first shows both as one.
    assert server.accepted == [notice.message_id] * 2


@pytest.mark.parametrize("answer", ["550 5.7.60 not allowed to send as that address", "530 5.7.0 sign in first"])
def test_a_refused_sender_is_the_clinics_fault_and_nobodys_address(reachable, start, answer, clock):
    server = start()
    server.mail = [answer]
    mine, next_one = reachable(), reachable()
    # The next one does not run into the same wall.
    assert tasks.send_due("email") == {"pending": 1, "paused": 1}
    assert of(mine) == (State.PENDING, 1, f"SMTPSenderRefused {answer[:3]}")
    assert (of(next_one)[1], texted(), to_dos()) == (0, 0, 0)
    # Put right in the settings, both go out.
    clock.shift(timedelta(minutes=1))
    assert tasks.send_due("email") == {"sent": 2}
    assert len(server.accepted) == 2


def test_a_refused_sender_keeps_nobody_waiting_who_has_a_phone(reachable, start, clock):
    make.clinic()
    start().mail = ["550 5.7.60 no"] * 9
    notice = reachable()
    for _attempt in range(4):
        clock.move_to(row(notice).next_attempt_at)
        tasks.deliver(notice.pk)
    assert (of(notice)[0], texted()) == (State.FAILED, 1)
    assert timezone.now() - NOW < timedelta(minutes=30)
    assert "tell the manager" in why_it_failed(row(notice))


def test_a_mail_that_is_too_large_is_that_mails_own_fault(write, start):
    start(data_size_limit=10)
    notice = write()
    assert tasks.deliver(notice.pk) == State.FAILED
    assert (of(notice)[2], ChannelPause.objects.exists()) == ("SMTPSenderRefused 552", False)


@pytest.mark.parametrize("knows_us", [True, False])
def test_a_password(write, start, settings, knows_us):
    def authenticator(server, session, envelope, mechanism, said):
        return AuthResult(success=said.password == b"right", handled=False)

    server = start(auth_required=True, auth_require_tls=False, authenticator=authenticator)
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "clinic", "right" if knows_us else "wrong"
    notice = write()
    assert tasks.deliver(notice.pk) == ("sent" if knows_us else "unreachable")
    assert of(notice) == ((State.SENT, 1, "") if knows_us else (State.PENDING, 1, "SMTPAuthenticationError"))
    assert len(server.accepted) == knows_us


def test_nobody_signed_in_where_the_server_asks_for_it(write, start):
    server = start(auth_required=True, auth_require_tls=False)
    notice = write()
    assert tasks.deliver(notice.pk) == State.PENDING
    assert (of(notice)[2], server.accepted) == ("SMTPSenderRefused 530", [])


def test_encryption_that_is_wanted_and_not_offered_sends_nothing_in_the_clear(write, start, settings):
    server = start()
    settings.EMAIL_USE_TLS = True
    notice = write()
    assert tasks.deliver(notice.pk) == "unreachable"
    assert (of(notice), server.accepted) == ((State.PENDING, 1, "SMTPNotSupportedError"), [])
    assert "tell the manager" in why_it_failed(row(notice))


def test_a_server_that_is_down_and_comes_back(write, start, settings, clock):
    server = start()
    there, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    notice = write()
    assert tasks.send_due("email") == {"unreachable": 1}
    assert of(notice) == (State.PENDING, 1, "ConnectionRefusedError")
    settings.EMAIL_PORT = there
    clock.shift(timedelta(minutes=1))
    assert tasks.send_due("email") == {"sent": 1}
    assert server.accepted == [notice.message_id]


def test_the_words_of_a_server_are_not_kept(write, start):
    problem = smtplib.SMTPRecipientsRefused({"mina@patient.example": (550, b"5.1.1mina@patient.example")})

    def refuse(messages):
        raise problem

    parcel = EmailParcel(write(), timeout=1)
    parcel.connection, parcel.message = SimpleNamespace(send_messages=refuse), None
    with pytest.raises(Refused) as refused:
        parcel.send()
    assert refused.value.error == "SMTPRecipientsRefused 550"
