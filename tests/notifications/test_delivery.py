import base64
import quopri
import re
import threading
from datetime import UTC, datetime, timedelta
from email import policy
from email.parser import BytesParser

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from phonenumber_field.phonenumber import PhoneNumber

from portal.common.access.actors import Actor
from portal.notifications import delivery, heartbeat, outbox, tasks
from portal.notifications.email import EmailParcel
from portal.notifications.models import Heartbeat, Notice, State
from portal.notifications.sending import InDoubt
from tests.notifications.smtp import CUT

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
ICS = "BEGIN:VCALENDAR\r\nSUMMARY:Nguyễn\r\nEND:VCALENDAR\r\n"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def later(**delta):
    return time_machine.travel(NOW + timedelta(**delta), tick=False)


def row(notice):
    return Notice.objects.get(pk=notice.pk)


def parsed(received):
    return BytesParser(policy=policy.default).parsebytes(received.raw)


# ---- A good server


def test_deliver_sends_once_and_marks(write, smtp):
    notice = write(
        attachments=[("appointment.ics", "text/calendar; method=REQUEST", ICS), ("a.bin", "image/png", b"\x89\x00")]
    )
    assert tasks.deliver(notice.pk) == "sent"
    notice = row(notice)
    assert (notice.state, notice.sent_at, notice.attempts, notice.error) == (State.SENT, NOW, 1, "")
    assert (notice.lease_until, notice.erased) == (None, False)
    [received] = smtp.accepted
    assert (received.sender, received.recipients) == ("desk@demo.example", ["mina@patient.example"])
    message = parsed(received)
    assert message["Message-ID"] == notice.message_id
    assert message["Subject"] == "Hello Mina O'Brien, see you"
    assert message["To"] == "mina@patient.example"
    assert message["Content-Language"] == "en-au"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_body(("plain",)).get_content().strip() == "Mina O'Brien & co: Monday"
    assert "<p>Mina O&#x27;Brien</p>" in message.get_body(("html",)).get_content()
    ics, picture = message.iter_attachments()
    assert (ics.get_filename(), ics.get_content_type(), ics["Content-Type"].params["method"]) == (
        "appointment.ics",
        "text/calendar",
        "REQUEST",
    )
    assert ics.get_content().replace("\r\n", "\n") == ICS.replace("\r\n", "\n")
    assert (picture.get_content_type(), picture.get_content()) == ("image/png", b"\x89\x00")


def test_deliver_again_does_nothing(write, smtp):
    notice = write()
    assert [tasks.deliver(notice.pk) for _ in range(3)] == ["sent", "not due", "not due"]
    assert tasks.deliver(10**6) == "not due"
    assert (len(smtp.accepted), smtp.connections) == (1, 1)


def test_deliver_letter_in_any_script(write, smtp):
    write(context={"name": "Nguyễn 王 عربي"}, language="ar")
    tasks.send_due("email")
    message = parsed(smtp.accepted[0])
    assert message["Subject"] == "Hello Nguyễn 王 عربي, see you"
    assert message.get_body(("plain",)).get_content().strip() == "Nguyễn 王 عربي & co: الاثنين"


@pytest.mark.parametrize("name", ["Nguyễn Thị Minh Khai" * 4, "عبد الرحمن" * 8, "王小明" * 30, "Mary-Anne " * 11 + "O"])
def test_deliver_long_words_begin_on_the_line_of_their_header(write, smtp, settings, name):
    settings.NOTICE_CONTEXT = [f"{__name__}.trung_tam"]
    write(context={"name": name})
    tasks.send_due("email")
    [received] = smtp.accepted
    head = received.raw.split(b"\r\n\r\n")[0].split(b"\r\n")
    assert [line for line in head if not line.partition(b":")[2].strip() and not line.startswith(b" ")] == []
    assert [line for line in head if len(line) > 78 and b"boundary" not in line] == []
    said = {name: read(received.raw, name) for name in ("Subject", "From")}
    clinic = trung_tam()["clinic"].name
    assert said == {"Subject": f"Hello {name}, see you", "From": f"{clinic} <desk@demo.example>"}
    assert str(parsed(received)["Subject"]) == said["Subject"]


def read(raw, name):
    """A header, read as RFC 2047 says and by nothing of what wrote it: white space between encoded words is lost."""
    [folded] = re.findall(rf"^{name}: ?((?:[^\r\n]|\r\n[ \t])*)".encode(), raw.split(b"\r\n\r\n")[0], re.MULTILINE)
    line = re.sub(r"(\?=)\s+(?==\?)", r"\1", folded.decode("ascii").replace("\r\n", ""))

    def word(found):
        code, text = found[1].lower(), found[2].encode()
        return (base64.b64decode(text) if code == "b" else quopri.decodestring(text, header=True)).decode()

    return re.sub(r"=\?utf-8\?([bq])\?([^?]*)\?=", word, line, flags=re.IGNORECASE).strip()


def trung_tam():
    clinic = banksia()["clinic"]
    clinic.neutral_name = clinic.name = "Trung tâm Tâm lý học và Sức khỏe tinh thần Bắc Melbourne"
    return {"clinic": clinic}


def test_deliver_clinic_stands_on_it(write, smtp, settings):
    settings.NOTICE_CONTEXT = [f"{__name__}.banksia"]
    notice = write()
    assert "Banksia Lane" in notice.html
    assert "(03) 9000 0000" in notice.html
    tasks.deliver(notice.pk)
    message = parsed(smtp.accepted[0])
    assert (message["From"], message["Reply-To"]) == ("Banksia Lane <desk@demo.example>", "desk@banksia.example")


def banksia():
    class Clinic:
        name, neutral_name, phone = "Banksia Lane", "Banksia Lane", PhoneNumber.from_string("+61390000000")
        email = "desk@banksia.example"
        street, suburb, state, postcode = "1 Lane", "Fitzroy", "VIC", "3065"

    return {"clinic": Clinic()}


def test_deliver_secret_words_are_erased_once_sent(write, smtp):
    notice = write(secret=True, attachments=[("a.txt", "text/plain", "x")])
    assert tasks.deliver(notice.pk) == "sent"
    with connection.cursor() as cursor:
        cursor.execute("SELECT text, html, attachments FROM notifications_notice")
        assert cursor.fetchall() == [(None, None, None)]
    assert "Mina" in parsed(smtp.accepted[0]).get_body(("plain",)).get_content()


def test_deliver_not_before_its_time(write, smtp):
    notice = write(send_at=NOW + timedelta(hours=1))
    assert tasks.deliver(notice.pk) == "not due"
    with later(hours=1):
        assert tasks.send_due("email") == {"sent": 1}
    assert len(smtp.accepted) == 1


def test_deliver_a_goodbye_that_fails_changes_nothing(write, smtp):
    smtp.script["QUIT"] = "451 not now"
    assert tasks.deliver(write().pk) == "sent"
    smtp.script["QUIT"] = CUT
    assert tasks.deliver(write().pk) == "sent"


# ---- A server that says no


@pytest.mark.parametrize("stage", ["RCPT", "DATA", "end"])
@pytest.mark.parametrize(
    ("answer", "state"),
    [("451 4.7.1 busy with mina@patient.example", State.PENDING), ("550 5.1.1 no mina here", State.FAILED)],
)
def test_deliver_by_the_servers_word(write, smtp, stage, answer, state):
    smtp.script[stage] = answer
    notice = write()
    assert tasks.deliver(notice.pk) == state
    notice = row(notice)
    assert (notice.state, notice.attempts, notice.sent_at, notice.lease_until) == (state, 1, None, None)
    assert notice.error.split()[1] == answer[:3]
    assert "mina" not in notice.error
    assert notice.next_attempt_at == NOW + (timedelta(minutes=1) if state == State.PENDING else timedelta())
    assert smtp.accepted == []


def test_deliver_tries_again_and_gets_through(write, smtp):
    answers = iter(["451 greylisted", "450 still", None])
    smtp.script["RCPT"] = lambda line: next(answers)
    notice = write()
    assert tasks.deliver(notice.pk) == "pending"
    assert tasks.deliver(notice.pk) == "not due"
    with later(minutes=1):
        assert tasks.send_due("email") == {"pending": 1}
        assert row(notice).next_attempt_at == NOW + timedelta(minutes=5)
    with later(minutes=5):
        assert tasks.send_due("email") == {"sent": 1}
    assert (row(notice).attempts, row(notice).error, len(smtp.accepted)) == (3, "", 1)


def test_deliver_gives_up_after_ten_attempts_within_two_days(write, smtp, clock, caplog):
    smtp.script["RCPT"] = "451 for ever"
    notice = write(secret=True)
    for attempt in range(1, 11):
        clock.move_to(row(notice).next_attempt_at)
        assert tasks.deliver(notice.pk) == ("pending" if attempt < 10 else "failed")
    notice = row(notice)
    assert (notice.state, notice.attempts, notice.error, notice.erased) == (
        State.FAILED,
        10,
        "SMTPRecipientsRefused 451",
        True,
    )
    assert timedelta(hours=12) < timezone.now() - NOW < timedelta(days=2)
    assert str(notice.code) in caplog.text
    assert "Mina" not in caplog.text


@pytest.mark.parametrize("answer", ["421 too many", "554 go away", CUT])
def test_deliver_server_that_does_not_let_us_in_is_tried_later(write, smtp, answer):
    smtp.script["connect"] = answer
    notice = write()
    assert tasks.deliver(notice.pk) == "unreachable"
    notice = row(notice)
    assert (notice.state, notice.attempts, notice.next_attempt_at) == (State.PENDING, 1, NOW + timedelta(minutes=1))


def test_deliver_no_server_at_all(write, smtp, settings):
    settings.EMAIL_PORT = 1
    notice = write()
    assert tasks.deliver(notice.pk) == "unreachable"
    assert (row(notice).state, row(notice).error) == (State.PENDING, "ConnectionRefusedError")


def test_sweep_stops_at_a_server_that_is_away(write, smtp, settings):
    settings.EMAIL_PORT = 1
    notices = [write() for _ in range(3)]
    assert tasks.send_due("email") == {"unreachable": 1}
    assert [row(n).attempts for n in notices] == [1, 0, 0]


def test_deliver_missing_key_waits_for_the_key(write, smtp, settings):
    notice, keys = write(), settings.PORTAL_ENCRYPTION_KEYS
    settings.PORTAL_ENCRYPTION_KEYS = "other:" + "bm90LXRoZS1rZXktdGhhdC10aGlzLXdhcy13cml0dGU="
    assert tasks.deliver(notice.pk) == "pending"
    assert row(notice).error == "KeyMissing"
    settings.PORTAL_ENCRYPTION_KEYS = keys
    with later(minutes=2):
        assert tasks.send_due("email") == {"sent": 1}


# ---- A line that breaks


@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
def test_deliver_cut_before_the_words_is_tried_later(write, smtp, stage):
    smtp.script[stage] = CUT
    notice = write()
    assert tasks.deliver(notice.pk) == "pending"
    assert (row(notice).state, row(notice).error) == (State.PENDING, "SMTPServerDisconnected")
    assert smtp.accepted == []


def test_deliver_cut_after_the_words_is_in_doubt_and_never_sent_again_unasked(write, smtp, caplog):
    smtp.script["end"] = CUT
    notice = write()
    assert tasks.deliver(notice.pk) == "unknown"
    notice = row(notice)
    assert (notice.state, notice.error, notice.lease_until) == (State.UNKNOWN, "SMTPServerDisconnected", None)
    assert str(notice.code) in caplog.text
    smtp.script.clear()
    for hours in (1, 24, 240):
        with later(hours=hours):
            assert tasks.send_due("email") == {}
            assert tasks.deliver(notice.pk) == "not due"
    assert len(smtp.accepted) == 1
    assert list(Notice.objects.needing_eyes()) == [notice]
    again = outbox.resend(notice, by=Actor.system("tests"), now=NOW)
    assert tasks.deliver(again.pk) == "sent"
    # To the reader's mailbox both are the same message.
    assert [parsed(r)["Message-ID"] for r in smtp.accepted] == [notice.message_id] * 2


def test_deliver_silence_after_the_words_is_in_doubt(write, smtp, settings):
    settings.EMAIL_TIMEOUT = 0.3
    smtp.pause = 1
    assert tasks.deliver(write().pk) == "unknown"


# ---- Leases


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_send_each_notice_once(write, smtp):
    notices = [write() for _ in range(8)]
    smtp.pause = 0.02
    start, problems, outcomes = threading.Barrier(6), [], []

    def work():
        try:
            start.wait()
            outcomes.extend(delivery.deliver(notice.pk) for notice in notices)
        except BaseException as problem:
            problems.append(problem)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert problems == []
    assert (outcomes.count("sent"), outcomes.count("not due")) == (8, 40)
    assert sorted(parsed(r)["Message-ID"] for r in smtp.accepted) == sorted(n.message_id for n in notices)


def test_two_workers_that_both_got_ready_send_once(write, smtp, post_by):
    notice = write()
    outcomes = []

    class SlowerWorker(EmailParcel):
        def __enter__(self):
            parcel = super().__enter__()
            undo()
            # The other one is through before this one claims.
            outcomes.append(delivery.deliver(notice.pk))
            return parcel

    undo = post_by(SlowerWorker)
    outcomes.append(delivery.deliver(notice.pk))
    assert outcomes == ["sent", "not due"]
    assert (len(smtp.accepted), row(notice).attempts) == (1, 1)


def test_sweep_lease_that_ran_out_is_in_doubt(write, smtp):
    notice = write()
    Notice.objects.filter(pk=notice.pk).update(
        state=State.SENDING, lease_until=NOW + delivery.LEASE, leased_by="gone", attempts=1
    )
    assert tasks.sweep() == 0
    with later(seconds=121):
        assert tasks.sweep() == 1
    assert (row(notice).state, row(notice).error, row(notice).lease_until) == (State.UNKNOWN, "LeaseRanOut", None)
    assert (row(notice).erased, smtp.accepted) == (False, [])


def test_sweep_keeps_no_words_of_a_secret_in_doubt(write):
    """A link that may be in somebody's mailbox is as good as a password: it does not wait in the books too."""
    secret, plain = write(secret=True, attachments=[("a.txt", "text/plain", "x")]), write()
    Notice.objects.update(state=State.SENDING, lease_until=NOW - timedelta(seconds=1), leased_by="gone", attempts=1)
    assert tasks.sweep() == 2
    assert {(row(n).state, row(n).error, row(n).erased) for n in (secret, plain)} == {
        (State.UNKNOWN, "LeaseRanOut", True),
        (State.UNKNOWN, "LeaseRanOut", False),
    }
    assert (row(secret).html, row(secret).attachments) == (None, None)


def test_deliver_keeps_no_words_of_a_secret_in_doubt(write, smtp, post_by):
    class Torn(EmailParcel):
        def send(self):
            raise InDoubt("SMTPServerDisconnected")

    post_by(Torn)
    secret, plain = write(secret=True), write()
    assert [delivery.deliver(n.pk) for n in (secret, plain)] == [State.UNKNOWN, State.UNKNOWN]
    assert [row(n).erased for n in (secret, plain)] == [True, False]


@pytest.mark.parametrize(("answer", "state"), [(None, State.SENT), ("550 no", State.FAILED), ("451 no", State.FAILED)])
@pytest.mark.parametrize("withdrawn", [False, True])
def test_late_worker_does_not_try_again_with_words_that_are_gone(write, smtp, post_by, clock, answer, state, withdrawn):
    notice = write(secret=True)

    class Sleepy(EmailParcel):
        def send(self):
            try:
                return super().send()
            finally:
                clock.shift(delivery.LEASE + timedelta(seconds=1))
                assert tasks.sweep() == 1
                if withdrawn:
                    Notice.objects.update(withdrawn_at=timezone.now(), withdrawn_why="withdrawn")

    smtp.script["RCPT"] = lambda line: answer
    post_by(Sleepy)
    becomes = State.WITHDRAWN if withdrawn and state == State.FAILED else state
    assert delivery.deliver(notice.pk) == becomes
    assert (row(notice).state, row(notice).erased) == (becomes, True)


@pytest.mark.parametrize(("answer", "state"), [(None, State.SENT), ("550 no", State.FAILED), ("451 no", State.PENDING)])
def test_late_worker_that_knows_overrules_the_sweep(write, smtp, post_by, clock, answer, state):
    notice = write()

    class Sleepy(EmailParcel):
        def send(self):
            try:
                return super().send()
            finally:
                clock.shift(delivery.LEASE + timedelta(seconds=1))
                assert tasks.sweep() == 1

    smtp.script["RCPT"] = lambda line: answer
    post_by(Sleepy)
    assert delivery.deliver(notice.pk) == state
    assert (row(notice).state, row(notice).lease_until) == (state, None)
    assert len(smtp.accepted) == (state == State.SENT)


def test_late_worker_does_not_touch_what_a_person_settled(write, smtp, post_by):
    notice = write()

    class Asleep(EmailParcel):
        def send(self):
            sent = super().send()
            Notice.objects.update(state=State.UNKNOWN, lease_until=None)
            outbox.resend(row(notice), by=Actor.system("desk"), now=NOW)
            return sent

    post_by(Asleep)
    delivery.deliver(notice.pk)
    assert (row(notice).state, row(notice).settled_by) == (State.UNKNOWN, "desk")
    assert Notice.objects.get(dedupe_key=f"again:{notice.code}").state == State.PENDING


def test_late_worker_does_not_try_again_what_nobody_need_send(write, smtp, post_by):
    notice = write()

    class Asleep(EmailParcel):
        def send(self):
            Notice.objects.update(state=State.UNKNOWN, lease_until=None)
            outbox.leave_unsent(row(notice), by=Actor.system("desk"), now=NOW)
            return super().send()

    smtp.script["RCPT"] = lambda line: "451 no"
    post_by(Asleep)
    delivery.deliver(notice.pk)
    assert (row(notice).state, row(notice).settled_by) == (State.UNKNOWN, "desk")
    assert not Notice.objects.due(NOW + timedelta(days=1)).exists()


def test_worker_that_slept_through_its_lease_does_not_send(write, smtp):
    # Looked up, claimed, and then the machine slept.
    times = iter([NOW, NOW, NOW + delivery.LEASE])
    notice = write()
    assert delivery.deliver(notice.pk, clock=lambda: next(times)) == "pending"
    assert (row(notice).state, row(notice).lease_until, smtp.accepted) == (State.PENDING, None, [])
    assert delivery.deliver(notice.pk) == "sent"


# ---- The sweep


def test_sweep_sends_what_the_queue_lost_oldest_first(write, smtp):
    for n in range(3):
        write(send_at=NOW - timedelta(minutes=n), context={"name": f"n{n}"})
    assert tasks.send_due("email") == {"sent": 3}
    assert [parsed(r)["Subject"] for r in smtp.accepted] == [f"Hello n{n}, see you" for n in (2, 1, 0)]


def test_sweep_leaves_a_heartbeat(db):
    assert heartbeat.age(heartbeat.SWEEP, now=NOW) is None
    tasks.sweep()
    with later(minutes=3):
        assert heartbeat.age(heartbeat.SWEEP, now=timezone.now()) == timedelta(minutes=3)
        tasks.sweep()
    assert Heartbeat.objects.get().at == NOW + timedelta(minutes=3)


def test_wait_after_grows_to_four_hours():
    assert [delivery.wait_after(n).total_seconds() / 60 for n in range(1, 8)] == [1, 4, 16, 64, 240, 240, 240]


# ---- Other backends


def test_deliver_any_backend(write, settings, mailbox):
    notice = write()
    assert tasks.deliver(notice.pk) == "sent"
    [message] = mailbox
    assert (message.to, message.extra_headers["Message-ID"]) == (["mina@patient.example"], notice.message_id)


def test_deliver_to_a_folder(write, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    assert tasks.deliver(write().pk) == "sent"
    [file] = (tmp_path / "mail").iterdir()
    assert "Hello Mina" in file.read_text()
