"""One channel, or one notice, that goes wrong in any way: the others go out, and the worker's heart beats."""

import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.db import DatabaseError
from django_q.models import OrmQ

from portal.notifications import delivery, heartbeat, outbox, tasks
from portal.notifications.channels import CHANNELS
from portal.notifications.email import EmailParcel
from portal.notifications.models import ChannelPause, Notice, State
from portal.notifications.recipients import Recipient
from portal.notifications.sending import InDoubt, Refused, TryLater
from tests.common.crypto.sealed.models import Page
from tests.notifications.smtp import CUT

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


class Pigeons:
    """A second channel for these tests, whose sender does what `enter` and `send` say."""

    off = "No pigeons are kept."
    timeout = 5.0

    def __init__(self):
        self.sent, self.configured = [], True
        self.enter = lambda notice: None
        self.send = lambda notice: "p1"

    def is_configured(self):
        return self.configured

    def checked(self, address):
        if address.isalpha():
            return address
        raise ValueError("A pigeon flies to a roof.")

    @contextmanager
    def parcel(self, notice):
        self.enter(notice)
        yield SimpleNamespace(send=lambda: self._fly(notice))

    def _fly(self, notice):
        answer = self.send(notice)
        self.sent.append(notice.to)
        return answer


@pytest.fixture
def pigeons(monkeypatch):
    channel = Pigeons()
    monkeypatch.setitem(CHANNELS, "pigeon", channel)
    return channel


def by_pigeon(roof="roof"):
    return Recipient("pigeon", roof)


def row(notice):
    return Notice.objects.get(pk=notice.pk)


def a_minute():
    """What the worker does in one minute: the sweep, and then the tasks that it left."""
    counts = {"doubtful": tasks.sweep()}
    queued = list(OrmQ.objects.order_by("pk"))
    OrmQ.objects.all().delete()
    for waiting in queued:
        task = waiting.task
        assert task["func"] == "portal.notifications.tasks.send_due"
        name = " ".join([task["args"][0], *(["shared"] if task["kwargs"]["part"] else [])])
        counts[name] = tasks.send_due(*task["args"], **task["kwargs"])
    return counts


def raising(problem):
    def act(notice):
        raise problem

    return act


def test_a_notice_goes_out_by_its_channel(write, smtp, pigeons):
    letter, bird = write(), write(to=by_pigeon())
    assert a_minute() == {"doubtful": 0, "email": {"sent": 1}, "pigeon": {"sent": 1}}
    assert ([r.recipients for r in smtp.accepted], pigeons.sent) == ([["mina@patient.example"]], ["roof"])
    assert (row(letter).channel, row(bird).channel, row(bird).provider_id) == ("email", "pigeon", "p1")


def test_an_address_is_the_channels_own(write, pigeons):
    with pytest.raises(ValueError, match="flies to a roof"):
        write(to=by_pigeon("mina@patient.example"))
    with pytest.raises(ValueError, match="one e-mail address"):
        write(to="roof")
    assert not Notice.objects.exists()


def test_the_same_address_in_two_channels_is_two_recipients():
    assert by_pigeon().digest != Recipient("falcon", "roof").digest
    assert Recipient.by_email("Mina@x.example").digest == Recipient.by_email("mina@x.example").digest


@pytest.mark.parametrize(
    ("problem", "state", "error"),
    [
        (ZeroDivisionError("mina@patient.example"), State.UNKNOWN, "ZeroDivisionError"),
        (TimeoutError(), State.UNKNOWN, "TimeoutError"),
        (InDoubt("Cut"), State.UNKNOWN, "Cut"),
        (TryLater("Busy 30001"), State.PENDING, "Busy 30001"),
        (Refused("Unknown 21211"), State.FAILED, "Unknown 21211"),
    ],
)
def test_a_sender_that_raises_stops_nobody(write, smtp, pigeons, caplog, problem, state, error):
    birds = [write(to=by_pigeon()) for _ in range(2)]
    letter = write()
    pigeons.send = raising(problem)
    counts = a_minute()
    assert (counts["pigeon"], counts["email"]) == ({str(state): 2}, {"sent": 1})
    assert [(row(bird).state, row(bird).error) for bird in birds] == [(state, error)] * 2
    assert row(letter).state == State.SENT
    assert heartbeat.age(heartbeat.SWEEP, now=NOW) == timedelta()
    assert "mina@patient.example" not in caplog.text


@pytest.mark.parametrize("problem", [ZeroDivisionError(), KeyError("mina@patient.example")])
def test_a_sender_that_raises_while_it_gets_ready_sent_nothing(write, smtp, pigeons, caplog, problem):
    pigeons.enter = lambda notice: raising(problem)(notice) if notice.to == "bad" else None
    bad, good, letter = write(to=by_pigeon("bad")), write(to=by_pigeon("good")), write()
    assert a_minute() == {"doubtful": 0, "email": {"sent": 1}, "pigeon": {"pending": 1, "sent": 1}}
    assert (row(bad).state, row(bad).attempts, row(bad).error) == (State.PENDING, 1, type(problem).__name__)
    assert (row(good).state, row(letter).state) == (State.SENT, State.SENT)
    assert "mina@patient.example" not in caplog.text


def test_a_notice_that_can_not_be_put_together_stops_nobody(write, smtp):
    broken, whole = write(), write()
    broken.attachments = [["a.png", "no type at all", "!"]]
    broken.save(update_fields=["attachments"])
    assert a_minute()["email"] == {"failed": 1, "sent": 1}
    assert (row(broken).state, row(whole).state) == (State.FAILED, State.SENT)


def test_a_notice_that_can_not_be_opened_stops_nobody(write, smtp):
    torn, whole = write(), write()
    other = write(send_at=NOW + timedelta(days=1))
    # Bound to its own row, a ciphertext opens nowhere else.
    Notice.objects.filter(pk=torn.pk).update(text=Notice.objects.get(pk=other.pk).text_sealed)
    assert a_minute()["email"] == {"pending": 1, "sent": 1}
    assert (row(torn).attempts, row(whole).state) == (1, State.SENT)


def test_where_a_great_deal_waits_the_workers_share_it(write, smtp, pigeons, settings, monkeypatch):
    monkeypatch.setattr(tasks, "FOR_ONE", 3)
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "workers": 2}
    letters = [write() for _ in range(8)]
    write(to=by_pigeon())
    counts = a_minute()
    # More than one worker's share, and never more tasks than workers.
    assert (counts["email"]["sent"] + counts["email shared"]["sent"], counts["pigeon"]) == (8, {"sent": 1})
    assert {row(letter).attempts for letter in letters} == {1}
    assert len(smtp.accepted) == 8


def test_what_half_a_minute_leaves_has_a_task_until_the_next_sweep(write, smtp, monkeypatch):
    for _ in range(3):
        write()
    monkeypatch.setattr(tasks, "SEND_FOR", -1)
    assert [a_minute()["email"], OrmQ.objects.count()] == [{"sent": 1}, 1]
    (waiting,) = OrmQ.objects.all()
    went_on = waiting.task["kwargs"]
    assert tasks.send_due("email", **went_on) == {"sent": 1}
    # Later the sweep sees to it.
    OrmQ.objects.all().delete()
    assert tasks.send_due("email", **went_on | {"go_on_until": NOW.timestamp()}) == {"sent": 1}
    assert not OrmQ.objects.exists()


def test_a_fault_in_delivering_stops_neither_the_others_nor_the_heart(write, smtp, monkeypatch, caplog):
    first, second = write(), write()
    deliver = delivery.deliver
    monkeypatch.setattr(delivery, "deliver", lambda pk: 1 / 0 if pk == first.pk else deliver(pk))
    assert a_minute()["email"] == {tasks.FAILED: 1, "sent": 1}
    assert row(second).state == State.SENT
    assert "ZeroDivisionError" in caplog.text


def test_a_database_that_is_away_is_no_notices_fault(write, monkeypatch):
    write()
    monkeypatch.setattr(delivery, "deliver", lambda pk: (_ for _ in ()).throw(DatabaseError))
    with pytest.raises(DatabaseError):
        tasks.send_due("email")


def test_a_provider_that_hangs_ends_by_its_timeout_and_is_left_alone(write, smtp, pigeons, settings, clock):
    """A mail server that takes the line and then says nothing at all: each try would cost the whole timeout."""
    settings.EMAIL_TIMEOUT = 0.3
    smtp.script["connect"] = lambda line: time.sleep(2)
    letters = [write() for _ in range(5)]
    bird = write(to=by_pigeon())
    began = time.monotonic()
    counts = a_minute()
    assert time.monotonic() - began < 5
    assert (counts["pigeon"], row(bird).state) == ({"sent": 1}, State.SENT)
    assert counts["email"] == {"unreachable": 1}
    assert heartbeat.age(heartbeat.SWEEP, now=NOW) == timedelta()
    # The tasks of the other four, queued right after their commits, do not wait for it one after the other.
    began = time.monotonic()
    assert [tasks.deliver(letter.pk) for letter in letters[1:]] == ["paused"] * 4
    assert time.monotonic() - began < 0.3
    assert [row(letter).attempts for letter in letters] == [1, 0, 0, 0, 0]
    smtp.script.clear()
    clock.shift(timedelta(minutes=1))
    assert a_minute()["email"] == {"sent": 5}


def test_a_provider_that_hangs_after_the_words_is_in_doubt_and_left_alone(write, smtp, post_by, clock):
    class Slow(EmailParcel):
        def send(self):
            clock.shift(delivery.SLOW + timedelta(seconds=1))
            raise InDoubt("TimeoutError")

    post_by(Slow)
    first, second = write(), write()
    assert [tasks.deliver(first.pk), tasks.deliver(second.pk)] == ["unknown", "paused"]
    assert ChannelPause.objects.get().channel == "email"


def test_a_channel_of_which_nothing_is_known_stops_nobody(write, smtp, pigeons):
    bird, letter = write(to=by_pigeon()), write()
    del CHANNELS["pigeon"]
    assert a_minute() == {"doubtful": 0, "email": {"sent": 1}, "pigeon": {"unreachable": 1}}
    assert (row(bird).state, row(bird).error, row(letter).state) == (State.PENDING, "ChannelOff", State.SENT)


def test_what_waits_for_a_channel_that_is_off_comes_to_a_person_within_two_days(write, pigeons, clock):
    pigeons.configured = False
    bird = write(to=by_pigeon())
    while row(bird).state == State.PENDING:
        clock.move_to(row(bird).next_attempt_at)
        tasks.deliver(bird.pk)
        assert row(bird).next_attempt_at - NOW < timedelta(days=2)
    assert (pigeons.sent, list(Notice.objects.needing_eyes())) == ([], [bird])


def test_a_channel_that_comes_on_sends_what_waited(write, pigeons, clock):
    pigeons.configured = False
    bird = write(to=by_pigeon())
    assert a_minute()["pigeon"] == {"unreachable": 1}
    pigeons.configured = True
    clock.shift(timedelta(minutes=1))
    assert a_minute()["pigeon"] == {"sent": 1}
    assert row(bird).state == State.SENT


@pytest.mark.parametrize(("backend", "host", "on"), [("smtp", "mail.example", True), ("smtp", "", False)])
def test_email_is_off_without_a_server(settings, backend, host, on):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = f"django.core.mail.backends.{backend}.EmailBackend", host
    assert CHANNELS["email"].is_configured() is on
    assert str(CHANNELS["email"].off) == "No mail server is set up, so e-mails wait in the outbox."


# ---- Withdrawn while it is being sent


@pytest.mark.parametrize(
    ("answer", "state"),
    [(None, State.SENT), ("550 no", State.WITHDRAWN), ("451 later", State.WITHDRAWN), (CUT, State.UNKNOWN)],
)
def test_withdrawing_does_not_tear_what_is_being_sent(write, smtp, post_by, answer, state):
    page = Page.objects.create()
    notice = write(about=page)

    class Crossed(EmailParcel):
        def send(self):
            outbox.withdraw(about=page, why="cancelled", now=NOW)
            assert row(notice).state == State.SENDING
            return super().send()

    post_by(Crossed)
    smtp.script["end"] = answer
    assert delivery.deliver(notice.pk) == state
    kept = row(notice)
    assert (kept.state, kept.withdrawn_why, kept.lease_until) == (state, "cancelled", None)
    assert (kept.sent_at is not None) is (state == State.SENT)
    assert len(smtp.accepted) == (state in {State.SENT, State.UNKNOWN})
    # Whatever came of it: it is over.
    assert not Notice.objects.needing_eyes().exists()
    assert tasks.send_due("email") == {}


def test_withdrawing_comes_before_the_claim(write, smtp, post_by):
    page = Page.objects.create()
    notice = write(about=page)

    class Crossed(EmailParcel):
        def __enter__(self):
            parcel = super().__enter__()
            outbox.withdraw(about=page, why="moved", now=NOW)
            return parcel

    post_by(Crossed)
    assert delivery.deliver(notice.pk) == "not due"
    assert (row(notice).state, smtp.accepted) == (State.WITHDRAWN, [])
