"""An address that waits to be confirmed can be sent its link again, or be dropped: then its link opens nothing."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.notifications.models import Notice
from portal.patients import actions
from tests import make
from tests.web.patient.test_addresses import NEW, OLD, change, mails, opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient():
    make.clinic()
    user = make.user(email=OLD)
    patient = make.patient(user=user, email=OLD)
    change(patient, NEW)
    return patient


@pytest.fixture
def client(patient):
    return make.client_for(patient.user)


def press(client, patient, button):
    page = reverse("patient:waiting_address", args=[patient.code])
    return client.post(page, {button: "1"}, follow=True).content.decode()


def test_it_is_dropped_and_the_link_in_the_wrong_mailbox_is_void(client, patient):
    page = client.get(reverse("patient:details")).content.decode()
    assert [words in page for words in (NEW, "Send the link again", "Keep the old address")] == [True] * 3
    wrong_mailbox = opened()
    page = press(client, patient, "withdraw")
    assert "The address stays as it was" in page
    assert NEW not in page
    assert wrong_mailbox.get("/link/").status_code == 410
    assert Entry.objects.filter(verb="patient.address_withdrawn").count() == 1
    # Pressed again, there is nothing to drop.
    assert "The address stays as it was" not in press(client, patient, "withdraw")


def test_it_is_sent_again_a_few_times_an_hour(client, patient):
    first = opened()
    assert f"We have sent the link to {NEW} again" in press(client, patient, "again")
    assert mails("confirm_address") == [NEW, NEW]
    assert first.get("/link/").status_code == 410
    assert opened().get("/link/").status_code == 200
    answers = [press(client, patient, "again") for _ in range(6)]
    assert ["many times in a short while" in answer for answer in answers] == [False] * 4 + [True] * 2
    assert len(mails("confirm_address")) == 6


def test_typing_the_old_address_back_drops_the_other(patient):
    link = opened()
    change(patient, OLD.upper())
    assert link.get("/link/").status_code == 410
    assert patient.email == OLD
    # Other details leave it waiting.
    change(patient, NEW)
    actions.update_patient(patient=patient, values={"suburb": "Carlton"}, by=make.actor(), now=timezone.now())
    assert opened().get("/link/").status_code == 200


def test_nobody_else_presses_there(patient):
    other = make.signed_in_client(role=Role.PATIENT)
    page = reverse("patient:waiting_address", args=[patient.code])
    assert [other.post(page, {"withdraw": "1"}).status_code, Client().post(page, {"withdraw": "1"}).status_code] == [
        404,
        302,
    ]
    assert opened().get("/link/").status_code == 200
    assert Notice.objects.filter(template="account/confirm_address").count() == 1
