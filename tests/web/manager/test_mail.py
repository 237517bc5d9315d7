import pytest
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.notifications import outbox
from portal.notifications.models import Notice, State
from portal.notifications.recipients import Recipient
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    return make.signed_in_client(role=Role.MANAGER)


def notice(state, *, words=True, to="mai@example.com"):
    made = outbox.queue(
        template="account/password_changed",
        to=Recipient.by_email(to),
        about=None,
        context={"at": timezone.now()},
        dedupe_key=f"{state}-{words}-{to}",
    )
    more = {
        State.SENDING: {"lease_until": timezone.now()},
        State.SENT: {"sent_at": timezone.now()},
        State.WITHDRAWN: {"withdrawn_at": timezone.now(), "withdrawn_why": "moved"},
    }.get(state, {})
    if not words:
        more = {"secret": True, "text": None, "html": None, "attachments": None}
    Notice.objects.filter(pk=made.pk).update(state=state, **more)
    return made


def listed(client):
    return [item.code for item in client.get(reverse("manager:mail")).context["page"]]


def url(name, made):
    return reverse(f"manager:{name}", args=[made.code])


def test_only_what_needs_somebody_is_listed(boss):
    failed, doubtful = notice(State.FAILED), notice(State.UNKNOWN)
    for state in (State.PENDING, State.SENDING, State.SENT, State.WITHDRAWN):
        notice(state)
    assert listed(boss) == [doubtful.code, failed.code]
    body = boss.get(reverse("manager:mail")).content.decode()
    assert body.count("mai@example.com") == 5
    assert body.count(url("mail_arrived", doubtful)) == 1
    assert url("mail_arrived", failed) not in body


def test_sending_again(boss):
    failed = notice(State.FAILED)
    boss.post(url("send_again", failed))
    failed.refresh_from_db()
    again = Notice.objects.get(dedupe_key=f"again:{failed.code}")
    assert (failed.state, failed.settled_by) == (State.FAILED, str(boss.user.pk))
    assert (again.state, again.to) == (State.PENDING, failed.to)
    assert listed(boss) == []


def test_it_arrived(boss):
    doubtful = notice(State.UNKNOWN)
    boss.post(url("mail_arrived", doubtful))
    doubtful.refresh_from_db()
    assert (doubtful.state, doubtful.settled_by) == (State.SENT, str(boss.user.pk))


@pytest.mark.parametrize(
    ("deed", "state", "words"),
    [("send_again", State.SENT, True), ("send_again", State.FAILED, False), ("mail_arrived", State.FAILED, True)],
)
def test_what_cannot_be_settled_stays(boss, deed, state, words):
    made = notice(state, words=words)
    assert boss.post(url(deed, made)).status_code == 302
    made.refresh_from_db()
    assert made.state == state
    if not words:
        assert url("send_again", made) not in boss.get(reverse("manager:mail")).content.decode()
