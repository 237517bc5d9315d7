from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.accounts import actions
from portal.accounts.roles import Role
from portal.clinic.actions import update_psychologist
from portal.clinic.models import Psychologist, Service
from portal.common.access.actors import Actor
from portal.notifications import outbox
from portal.notifications.models import Notice, State
from portal.notifications.recipients import Recipient
from portal.policies import publishing
from portal.website.models import CrisisLine
from tests import make

pytestmark = pytest.mark.django_db

WHOLE = {
    "abn": "51824753556",
    "street": "1 Lane",
    "suburb": "Brunswick",
    "phone": "+61390101234",
    "email": "desk@example.com",
    "bank_account": "123456",
}


@pytest.fixture
def boss():
    return make.signed_in_client(role=Role.MANAGER)


@pytest.fixture(autouse=True)
def _lines_are_checked():
    """Those that ship were checked before they shipped, which grows longer ago every day."""
    CrisisLine.objects.update(checked_on=timezone.localdate())


@pytest.fixture
def ready():
    """A clinic with nothing left to do."""
    make.clinic(**WHOLE)
    psychologist = make.psychologist(ahpra_number="PSY0001234567", video_link="https://meet.example/robin")
    make.second_factor(psychologist.user)
    make.provider_number(psychologist=psychologist)
    make.hours(psychologist=psychologist)
    make.service()
    publishing.publish_first(by=Actor.system("test"), now=timezone.now())
    return psychologist


def points(client):
    return [point.text for point in client.get(reverse("manager:home")).context["points"]]


def test_nothing_to_do(boss, ready):
    assert points(boss) == []
    page = boss.get(reverse("manager:home")).text
    assert "Everything is in order" in page
    assert "Nothing waits for you." in page


def test_while_something_needs_a_look_nothing_says_that_nothing_waits(boss, ready):
    make.user(role=Role.PSYCHOLOGIST)
    home = boss.get(reverse("manager:home")).text
    assert "is a psychologist without a profile." in home
    assert "Nothing waits for you." not in home
    to_do = boss.get(reverse("manager:to_do")).text
    assert "Nothing to do" not in to_do
    assert "2 things need a look" in to_do
    assert f'href="{reverse("manager:home")}#look"' in to_do
    # Where it stands, it does not lead to itself.
    assert "things need a look" not in home


def test_an_empty_clinic_is_told_where_to_begin(boss):
    assert points(boss) == [
        "Invoices and letters lack: ABN, address, phone, e-mail, bank account.",
        "There is no location yet.",
        "No service can be booked online.",
        "Not published yet: Privacy policy.",
        "Not published yet: Fees and cancellation policy.",
    ]


def test_what_keeps_a_psychologist_from_being_booked(boss, ready):
    make.user(role=Role.PSYCHOLOGIST, first_name="No", last_name="Profile")
    bare = make.psychologist(user=make.user(role=Role.PSYCHOLOGIST, first_name="No", last_name="Hours"), title="")
    make.second_factor(bare.user)
    texts = points(boss)
    assert "No Profile is a psychologist without a profile." in texts
    assert "No Hours has no working hours, AHPRA number, provider number." in texts
    assert texts[0].startswith("1 member of staff has no second step for signing in.")


def test_video_that_can_be_booked_and_nobody_could_join_is_told_to_both(boss, ready, settings):
    settings.VIDEO = ""
    url, own = reverse("manager:profile", args=[ready.user.code]), make.client_for(ready.user)
    words = f"{ready.name} can be booked by video, but nobody could join: no link stands in their profile."

    def told(*, video, link=""):
        Service.objects.update(video=True)
        Psychologist.objects.filter(pk=ready.pk).update(video=video, video_link=link)
        return words in points(boss), "nobody could join" in own.get(reverse("psychologist:to_do")).text

    assert told(video=False) == (False, False)
    assert told(video=True) == (True, True)
    assert f'href="{url}"' in boss.get(reverse("manager:home")).text
    assert told(video=True, link="https://x.example/me") == (False, False)
    settings.VIDEO = "http://127.0.0.1:9"
    assert told(video=True) == (False, False)


def test_an_e_mail_that_did_not_go_is_the_first_thing(boss, ready):
    notice = outbox.queue(
        template="account/password_changed",
        to=Recipient.by_email("a@example.com"),
        about=None,
        context={"at": timezone.now()},
        dedupe_key="one",
    )
    Notice.objects.filter(pk=notice.pk).update(state=State.FAILED)
    actions.invite(
        email="new@example.com",
        roles=[Role.RECEPTION],
        by=make.actor(user=boss.user, role=Role.MANAGER),
        now=timezone.now() - timedelta(days=8),
    )
    assert points(boss) == ["1 e-mail may not have arrived.", "1 invitation ran out."]


def test_figures(boss, ready):
    now = timezone.now().replace(second=0, microsecond=0)
    for days in (1, 6, 8):
        make.appointment(psychologist=ready, starts_at=now + timedelta(days=days))
    stats = boss.get(reverse("manager:home")).context["stats"]
    assert [stat["value"] for stat in stats] == [2, 3, 1, Service.objects.offered().count()]


def test_crisis_lines_that_nobody_checked_are_told(boss, ready):
    long_ago = timezone.localdate() - timedelta(days=181)
    first, second = CrisisLine.objects.all()[:2]
    CrisisLine.objects.filter(pk__in=[first.pk, second.pk]).update(checked_on=long_ago)
    assert (
        "2 crisis lines on the website are to be checked: nobody has looked at them for half a year, or ever."
        in points(boss)
    )
    CrisisLine.objects.filter(pk=first.pk).update(is_active=False)
    CrisisLine.objects.filter(pk=second.pk).update(checked_on=None)
    assert "1 crisis line on the website is to be checked: nobody has looked at it for half a year, or ever." in points(
        boss
    )


def test_a_fee_that_a_psychologist_changed_is_told_for_a_week(boss, ready):
    service = make.service(name="Session", fee="220.00")
    now = timezone.now()
    for by, fee, at in (
        (make.actor(user=ready.user, role=Role.PSYCHOLOGIST), "240.00", now - timedelta(days=6)),
        (make.actor(user=boss.user, role=Role.MANAGER), "250.00", now),
        (make.actor(user=ready.user, role=Role.PSYCHOLOGIST), "260.00", now - timedelta(days=8)),
    ):
        fees = {service.pk: Decimal(fee)}
        update_psychologist(psychologist=ready, values={}, fees=fees, by=by, now=at)
    told = [point for point in points(boss) if "changed a fee" in point]
    assert told == [f"{ready.name} changed a fee: Session, $220.00 → $240.00."]
