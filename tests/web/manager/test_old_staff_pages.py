"""A page of the staff that was opened before somebody else changed what it shows: nothing is done, and it says why."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.accounts import actions
from portal.accounts.models import Invitation
from portal.accounts.roles import Role
from portal.appointments.models import TimeSlot
from portal.clinic.models import Psychologist
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    make.clinic()
    return make.signed_in_client(role=Role.MANAGER)


def said(answer):
    return [str(message) for message in answer.context["messages"]]


def invited():
    return actions.invite(email="new@example.com", roles=[Role.RECEPTION], by=make.actor(), now=timezone.now())


@pytest.mark.parametrize("name", ["withdraw_invitation", "invite_again"])
def test_an_invitation_that_was_accepted_meanwhile(boss, name):
    invitation = invited()
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=timezone.now(), accepted_by=make.user())
    answer = boss.post(reverse(f"manager:{name}", args=[invitation.code]), follow=True)
    assert said(answer) == ["new@example.com has accepted the invitation meanwhile. Their roles are on their page."]
    assert not Invitation.objects.outstanding().exists()


@pytest.mark.parametrize("name", ["withdraw_invitation", "invite_again"])
def test_an_invitation_that_was_sent_again_meanwhile(boss, name):
    old, newer = invited(), invited()
    answer = boss.post(reverse(f"manager:{name}", args=[old.code]), follow=True)
    assert said(answer) == [
        "The invitation to new@example.com was withdrawn before, or replaced by a newer one. Nothing was done."
    ]
    assert list(Invitation.objects.outstanding()) == [newer]


def test_a_day_off_that_another_window_removed(db):
    make.clinic()
    browser = make.signed_in_client(role=Role.PSYCHOLOGIST)
    slot = make.time_slot(psychologist=Psychologist.objects.get(user=browser.user), starts_at=_soon(), label="Leave")
    address = reverse("psychologist:remove_exception", args=[slot.code])
    browser.post(address)
    answer = browser.post(address, follow=True)
    assert said(answer)[-1] == "That is not there any more. Nothing was done."
    others = make.time_slot()
    assert browser.post(reverse("psychologist:remove_exception", args=[others.code])).status_code == 404
    assert list(TimeSlot.objects.all()) == [others]


def _soon():
    return timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
