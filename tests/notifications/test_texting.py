"""Texts by Twilio's own client, at a stand-in that speaks its protocol on loopback."""

import socket
from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.common.access.actors import Actor
from portal.notifications import delivery, outbox, tasks
from portal.notifications.models import ChannelPause, Delivery, Notice, State
from portal.notifications.recipients import Channel, Recipient
from portal.notifications.rendering import NoSuchWords
from portal.notifications.twilio import asking, texting
from portal.ops.twilio_stand_in import Fault
from portal.ops.twilio_stand_in.phones import NO_NUMBER, STOPPED
from tests.common.crypto.sealed.models import Page
from tests.notifications import twilio

MINA = "+61491570156"
BY_SMS = Recipient.by_sms(MINA)
BY_EMAIL = Recipient.by_email("mina@patient.example")


@pytest.fixture
def account(settings):
    server = twilio.server().start()
    twilio.reach(settings, server.address)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def text(write, letters):
    """Queues a text without its task."""
    letters("nudge", {"subject.txt": "News", "body.txt": "Hello {{ name }}", "text.txt": "Hello {{ name }},\n news.\n"})

    def one(to=BY_SMS, **options):
        return write(template="nudge", to=to, **options)

    return one


def fresh(notice):
    return Notice.objects.get(pk=notice.pk)


def overrun(notice):
    """As if its worker had been killed while it sent, some minutes ago."""
    then = timezone.now() - timedelta(minutes=4)
    Notice.objects.filter(pk=notice.pk).update(
        state=State.SENDING, claimed_at=then, lease_until=then + delivery.LEASE, leased_by="gone", attempts=1
    )
    assert delivery.give_up_overrun(timezone.now())


def report(client, server, notice, status, *, error="", token="", sid=""):
    said = {
        "MessageSid": sid or fresh(notice).provider_id,
        "MessageStatus": status,
        "AccountSid": twilio.ACCOUNT,
        "To": MINA,
    }
    if error:
        said["ErrorCode"] = error
    address = texting.callback(notice)
    path = reverse("webhooks:twilio_status", args=[notice.code])
    signature = server.sign(address, said, token=token)
    return client.post(path, said, headers={"X-Twilio-Signature": signature})


def test_a_text_is_one_line_to_one_number(account, text):
    notice = text()
    assert delivery.deliver(notice.pk) == State.SENT
    (row,) = account.phones.texts
    assert (row["to"], row["from"], row["body"]) == (MINA, twilio.FROM, "Hello Mina O'Brien, news.")
    sent = fresh(notice)
    assert (sent.provider_id, sent.delivery, sent.subject) == (row["sid"], "", "")


def test_whatsapp_goes_by_the_approved_template(account, text, settings):
    settings.TWILIO_WHATSAPP_TEMPLATE = "HX" + "c" * 32
    assert delivery.deliver(text(Recipient.by_whatsapp(MINA)).pk) == State.SENT
    (row,) = account.phones.texts
    assert (row["to"], row["from"]) == (f"whatsapp:{MINA}", f"whatsapp:{twilio.WHATSAPP_FROM}")
    assert row["body"] == "Hello Mina O'Brien, news."


def test_a_messaging_service_picks_the_number(account, text, settings):
    settings.TWILIO_SMS_FROM = "MG" + "d" * 32
    assert delivery.deliver(text().pk) == State.SENT
    assert account.phones.texts[0]["from"] == settings.TWILIO_SMS_FROM


@pytest.mark.parametrize("address", ["0491 570 156", "mina@patient.example", "", "+61 12", "+61491570156;ext=3"])
def test_what_is_no_number_is_refused_when_it_is_queued(text, address):
    with pytest.raises(ValueError, match="one phone number"):
        text(Recipient.by_sms(address))


def test_a_number_keeps_the_zero_that_belongs_to_it(text):
    assert text(Recipient.by_sms("+39 06 6988 3344")).to == "+390669883344"


def test_a_notice_without_words_for_phones_is_refused(write):
    with pytest.raises(NoSuchWords):
        write(template="hello", to=BY_SMS)


def test_without_an_account_a_text_waits(text):
    notice = text()
    assert delivery.deliver(notice.pk) == delivery.UNREACHABLE
    assert fresh(notice).state == State.PENDING


@pytest.mark.parametrize(
    ("fault", "state", "error"),
    [
        (Fault(429, 20429, "Too many requests"), State.PENDING, "Twilio 429 20429"),
        (Fault(401, 20003, "Authenticate"), State.PENDING, "Twilio 401 20003"),
        (Fault(400, 21606, "No such sender"), State.FAILED, "Twilio 400 21606"),
        (Fault(503, 20503, "Unavailable"), State.UNKNOWN, "Twilio 503 20503"),
        ("take and fail", State.UNKNOWN, "Twilio 503 20503"),
        ("take and hang", State.UNKNOWN, "ReadTimeout"),
        ("drop", State.UNKNOWN, "ConnectionError"),
    ],
)
def test_what_twilio_answers_is_told_truly(account, text, monkeypatch, fault, state, error):
    monkeypatch.setattr("portal.notifications.twilio.client.TIMEOUT", 0.3)
    account.faults.append(fault)
    notice = text()
    delivery.deliver(notice.pk)
    assert (fresh(notice).state, fresh(notice).error) == (state, error)
    # A provider that has enough, or does not know us, is left alone for a minute.
    assert ChannelPause.objects.exists() == (state == State.PENDING)


def test_a_provider_that_is_away_costs_no_doubt(settings, text):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        twilio.reach(settings, f"http://127.0.0.1:{nobody.getsockname()[1]}")
        notice = text()
        delivery.deliver(notice.pk)
    assert (fresh(notice).state, fresh(notice).error) == (State.PENDING, "ConnectionError")


# ---- Another way -----------------------------------------------------------------------------------------------------


def test_a_secret_that_is_withdrawn_keeps_no_words_of_another_way(text):
    page = Page.objects.create()
    notice = text([BY_SMS, BY_EMAIL], secret=True, about=page)
    assert fresh(notice).otherwise
    outbox.withdraw(about=page, why="cancelled", now=timezone.now())
    gone = fresh(notice)
    assert (gone.state, gone.erased, gone.otherwise) == (State.WITHDRAWN, True, None)


def test_a_number_that_refuses_leads_to_the_mailbox(account, text, mailoutbox, django_capture_on_commit_callbacks):
    notice = text([Recipient.by_sms(NO_NUMBER), BY_EMAIL])
    delivery.deliver(notice.pk)
    assert fresh(notice).state == State.FAILED
    other = Notice.objects.get(dedupe_key=f"next:{notice.code}")
    assert other.recipient == BY_EMAIL
    assert (other.subject, other.text) == ("News", "Hello Mina O'Brien\n")
    assert delivery.deliver(other.pk) == State.SENT
    # The number is for the desk to put right.
    assert [row.pk for row in Notice.objects.needing_eyes()] == [notice.pk]


def test_a_secret_goes_another_way_too_and_leaves_nothing(account, text):
    notice = text([Recipient.by_sms(STOPPED), BY_EMAIL], secret=True)
    delivery.deliver(notice.pk)
    assert (fresh(notice).erased, fresh(notice).otherwise) == (True, None)
    other = Notice.objects.get(dedupe_key=f"next:{notice.code}")
    assert (other.secret, other.text) == (True, "Hello Mina O'Brien\n")


def test_a_channel_that_is_away_is_tried_for_twenty_minutes_where_there_is_another(text):
    notice = text([BY_SMS, BY_EMAIL])
    for _attempt in range(delivery.MOST_WITH_ANOTHER_WAY):
        Notice.objects.filter(pk=notice.pk).update(next_attempt_at=timezone.now())
        delivery.deliver(notice.pk)
    assert fresh(notice).state == State.FAILED
    assert Notice.objects.filter(dedupe_key=f"next:{notice.code}", channel=Channel.EMAIL).exists()


def test_what_was_withdrawn_goes_no_other_way(account, text):
    notice = text([Recipient.by_sms(NO_NUMBER), BY_EMAIL])
    Notice.objects.filter(pk=notice.pk).update(withdrawn_at=timezone.now(), withdrawn_why="cancelled")
    delivery.deliver(notice.pk)
    assert Notice.objects.count() == 1


# ---- Too late --------------------------------------------------------------------------------------------------------


def test_what_is_of_no_use_any_more_is_never_sent(account, text):
    now = timezone.now()
    late, fine = text(useless_after=now - timedelta(seconds=1)), text(useless_after=now + timedelta(hours=1))
    assert delivery.deliver(late.pk) == delivery.NOT_DUE
    tasks.sweep()
    assert delivery.deliver(fine.pk) == State.SENT
    assert (fresh(late).state, fresh(late).withdrawn_why) == (State.WITHDRAWN, delivery.TOO_LATE)
    assert len(account.phones.texts) == 1


def test_twilio_gives_up_when_the_text_is_of_no_use(text):
    now = timezone.now()
    assert texting.valid_for(text(useless_after=now + timedelta(minutes=10)), now) == 600
    assert texting.valid_for(text(useless_after=now + timedelta(days=3)), now) == texting.LONGEST_VALID
    assert texting.valid_for(text(), now) == texting.LONGEST_VALID


# ---- What became of it -----------------------------------------------------------------------------------------------


def test_reports_move_a_text_on_and_never_back(account, text, client):
    notice = text()
    delivery.deliver(notice.pk)
    for status, told in [
        ("sent", Delivery.ON_ITS_WAY),
        ("delivered", Delivery.ARRIVED),
        ("sent", Delivery.ARRIVED),
        ("queued", Delivery.ARRIVED),
        ("undelivered", Delivery.ARRIVED),
        ("delivered", Delivery.ARRIVED),
        ("read", Delivery.READ),
        ("nonsense", Delivery.READ),
    ]:
        assert report(client, account, notice, status).status_code == 200
        assert fresh(notice).delivery == told


def test_a_text_that_bounces_goes_another_way_once_and_is_the_desks(account, text, client):
    notice = text([BY_SMS, BY_EMAIL])
    delivery.deliver(notice.pk)
    for _twice in range(2):
        report(client, account, notice, "undelivered", error="30003")
    assert (fresh(notice).state, fresh(notice).delivery, fresh(notice).delivery_error) == (
        State.SENT,
        Delivery.BOUNCED,
        "30003",
    )
    assert Notice.objects.filter(channel=Channel.EMAIL).count() == 1
    assert Notice.objects.needing_eyes().get() == notice


def test_a_report_settles_a_doubt(account, text, client):
    notice = text()
    account.faults.append("take and fail")
    delivery.deliver(notice.pk)
    assert fresh(notice).state == State.UNKNOWN
    report(client, account, notice, "sent", sid=account.phones.texts[0]["sid"])
    assert (fresh(notice).state, fresh(notice).delivery) == (State.SENT, Delivery.ON_ITS_WAY)


def test_a_forged_report_changes_nothing(account, text, client):
    notice = text()
    delivery.deliver(notice.pk)
    assert report(client, account, notice, "undelivered", token="another").status_code == 403
    assert fresh(notice).delivery == ""
    # Signed, and of another text.
    report(client, account, notice, "undelivered", sid="SM" + "0" * 32)
    assert fresh(notice).delivery == ""


def test_without_an_account_nobody_is_listened_to(text, client, settings):
    path = reverse("webhooks:twilio_status", args=[text().code])
    assert client.post(path, {"MessageStatus": "sent"}).status_code == 404


# ---- In doubt --------------------------------------------------------------------------------------------------------


def test_twilio_is_asked_about_what_is_in_doubt(account, text):
    taken, lost, same = text(), text(), text(context={"name": "Leo"})
    row = account.phones.take({"To": MINA, "Body": taken.text, "From": twilio.FROM})
    account.phones.take({"To": MINA, "Body": same.text, "From": twilio.FROM})
    for notice in (taken, lost, same):
        overrun(notice)
    assert asking.settle_doubts(timezone.now()) == {"sent": 2, "again": 1, "left": 0}
    assert (fresh(taken).state, fresh(taken).provider_id) == (State.SENT, row["sid"])
    # Of two alike one was taken: the other goes out, and none goes twice.
    assert fresh(lost).state == State.PENDING
    assert delivery.deliver(lost.pk) == State.SENT
    assert len(account.phones.texts) == 3


def test_nobody_is_asked_while_the_request_may_be_on_the_line(account, text):
    notice = text()
    account.faults.append("take and fail")
    delivery.deliver(notice.pk)
    assert asking.settle_doubts(timezone.now()) == {"sent": 0, "again": 0, "left": 0}
    assert asking.settle_doubts(timezone.now() + timedelta(minutes=4)) == {"sent": 1, "again": 0, "left": 0}


def test_a_secret_in_doubt_is_the_desks(account, text):
    notice = text(secret=True)
    overrun(notice)
    assert asking.settle_doubts(timezone.now()) == {"sent": 0, "again": 0, "left": 0}
    assert fresh(notice) in Notice.objects.needing_eyes()


def test_where_twilio_cant_be_asked_the_doubt_stays(account, text):
    notice = text()
    overrun(notice)
    account.faults.append(Fault(503, 20503, "Unavailable"))
    assert asking.settle_doubts(timezone.now())["left"] == 1
    assert fresh(notice).state == State.UNKNOWN


def test_the_desk_sends_a_bounced_text_to_another_number(account, text, client):
    notice = text()
    delivery.deliver(notice.pk)
    report(client, account, notice, "undelivered", error="30003")
    by = Actor.system("desk")
    again = outbox.resend(fresh(notice), by=by, now=timezone.now(), to=Recipient.by_sms("+61491570157"))
    assert again.to == "+61491570157"
    assert not Notice.objects.needing_eyes().exists()


def test_the_phones_page_shows_and_answers(account, text):
    delivery.deliver(text(context={"name": "<b>Mina</b>"}).pk)
    with closing(HTTPConnection(account.address.removeprefix("http://"))) as line:
        line.request("GET", "/phones/")
        page = line.getresponse().read().decode()
        assert "&lt;b&gt;Mina" in page
        assert "Demo." in page
        line.request("POST", "/phones/", f"number=%2B61491570156&to=%2B{twilio.FROM[1:]}&body=YES")
        assert line.getresponse().status == 303
    assert account.phones.texts[-1]["body"] == "YES"
