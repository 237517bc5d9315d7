"""A changed address counts once whoever reads it has said so, and the old one is told."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.notifications.models import Notice
from portal.patients import actions
from portal.patients.models import MailedLink, Patient
from portal.patients.reaching import address_of
from tests import make

pytestmark = pytest.mark.django_db

NEW, OLD = "new@example.com", "old@example.com"


@pytest.fixture(autouse=True)
def _clinic(db):
    make.clinic()


@pytest.fixture
def desk():
    return make.signed_in_client(role=Role.RECEPTION)


def change(patient, email, by=None):
    actions.update_patient(patient=patient, values={"email": email}, by=by or make.actor(), now=timezone.now())
    patient.refresh_from_db()


def mails(template):
    return [notice.to for notice in Notice.objects.filter(template=f"account/{template}").order_by("pk")]


def opened(client=None):
    """A browser that followed the newest link."""
    client = client or Client()
    notice = Notice.objects.filter(template="account/confirm_address").latest("pk")
    link = next(word for word in notice.text.split() if "/link/" in word)
    assert client.get("/link/" + link.rsplit("/link/", 1)[1]).url == "/link/"
    return client


def test_the_desk_types_another_address_and_it_waits(desk):
    patient = make.patient(email=OLD)
    edit = reverse("reception:edit_patient", args=[patient.code])
    form = desk.get(edit).context["form"]
    data = {name: form[name].value() or "" for name in form.fields} | {"date_of_birth": "17/5/1990", "email": NEW}
    assert desk.send(edit, data).status_code == 302
    patient.refresh_from_db()
    assert (patient.email, mails("confirm_address")) == (OLD, [NEW])
    page = desk.get(reverse("reception:patient", args=[patient.code])).content.decode()
    assert "Waiting for confirmation" in page
    assert NEW in page
    client = opened()
    assert client.post("/link/", {"date_of_birth": "17/5/90"}).status_code == 200
    patient.refresh_from_db()
    assert (patient.email, mails("address_left")) == (NEW, [OLD])
    assert client.get("/link/").status_code == 410


def test_a_stranger_at_a_mistyped_address_gets_nothing():
    patient = make.patient(email=OLD, legal_first_name="Mai")
    change(patient, NEW)
    client = opened()
    assert "Mai" not in client.get("/link/").content.decode()
    for day in range(1, 6):
        assert client.post("/link/", {"date_of_birth": f"{day}/1/1980"}).status_code == 422
    assert client.post("/link/", {"date_of_birth": "17/5/1990"}).status_code == 410
    patient.refresh_from_db()
    assert patient.email == OLD


def test_the_first_address_counts_at_once():
    patient = make.patient(email="")
    change(patient, NEW)
    assert (patient.email, mails("confirm_address")) == (NEW, [])


def test_a_removed_address_is_told():
    patient = make.patient(email=OLD)
    change(patient, "")
    assert (patient.email, mails("address_left")) == ("", [OLD])


def test_other_details_are_saved_while_the_address_waits():
    patient = make.patient(email=OLD)
    values = {"email": NEW, "suburb": "Coburg"}
    actions.update_patient(patient=patient, values=values, by=make.actor(), now=timezone.now())
    patient.refresh_from_db()
    assert (patient.email, patient.suburb) == (OLD, "Coburg")


def test_keeping_the_old_one(desk):
    patient = make.patient(email=OLD)
    change(patient, NEW)
    client = opened()
    desk.post(reverse("reception:keep_address", args=[patient.code]))
    assert client.post("/link/", {"date_of_birth": "17/5/1990"}).status_code == 410
    assert Patient.objects.get().email == OLD


def test_a_second_change_ends_the_first():
    patient = make.patient(email=OLD)
    change(patient, NEW)
    first = opened()
    change(patient, "newer@example.com")
    assert first.post("/link/", {"date_of_birth": "17/5/1990"}).status_code == 410
    opened().post("/link/", {"date_of_birth": "17/5/1990"})
    assert Patient.objects.get().email == "newer@example.com"


def test_a_week_later_the_link_is_over(time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    patient = make.patient(email=OLD)
    change(patient, NEW)
    client = opened()
    time_machine.shift(timedelta(days=7))
    assert client.get("/link/").status_code == 410


# ---- Somebody with an account ---------------------------------------------------------------------------------------


def with_account():
    user = make.user(email=OLD)
    return user, make.patient(user=user)


def just_signed_in(user):
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": make.PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": make.PASSWORD})
    return client


def test_a_sign_in_address_changes_for_whoever_signs_in(desk):
    user, patient = with_account()
    change(patient, NEW)
    client = opened(just_signed_in(user))
    assert client.post("/link/").status_code == 200
    user.refresh_from_db()
    patient.refresh_from_db()
    assert (user.email, patient.email, address_of(patient)) == (NEW, NEW, NEW)
    held = EmailAddress.objects.filter(user=user).values_list("email", "verified", "primary")
    assert list(held) == [(NEW, True, True)]
    assert mails("email_changed") == [OLD]


def test_the_birth_date_alone_takes_over_no_account():
    user, patient = with_account()
    change(patient, NEW)
    client = opened()
    client.post("/link/", {"date_of_birth": "17/5/1990"})
    stranger = opened(just_signed_in(make.user()))
    stranger.post("/link/", {"date_of_birth": "17/5/1990"})
    user.refresh_from_db()
    patient.refresh_from_db()
    assert (user.email, patient.email) == (OLD, OLD)


def test_an_open_browser_is_asked_for_the_password_again():
    user, patient = with_account()
    change(patient, NEW)
    client = opened(make.client_for(user))
    asked = client.post("/link/")
    assert asked.url == reverse("account_reauthenticate") + "?next=%2Flink%2F"
    assert User.objects.get(pk=user.pk).email == OLD
    # And goes on where they were.
    done = client.post(asked.url, {"password": make.PASSWORD})
    assert NEW in done.content.decode()
    assert User.objects.get(pk=user.pk).email == NEW


def test_an_address_of_another_account_is_refused():
    user, patient = with_account()
    make.user(email=NEW)
    change(patient, NEW)
    client = opened(just_signed_in(user))
    client.post("/link/")
    assert User.objects.get(pk=user.pk).email == OLD


def test_the_desk_can_not_just_remove_a_sign_in_address():
    _user, patient = with_account()
    change(patient, "")
    assert patient.email == OLD


@pytest.mark.parametrize("who", ["owner", "carer"])
def test_typed_on_the_details_page_it_waits_for_whoever_signs_in(who):
    user, patient = with_account()
    client = make.client_for(user if who == "owner" else make.carer(patient=patient).user)
    edit = reverse("patient:edit_details", args=[patient.code])
    form = client.get(edit).context["form"]
    data = {name: form[name].value() or "" for name in form.fields} | {"email": NEW}
    page = client.send(edit, data, follow=True).content.decode()
    assert "Waiting to be confirmed" in page
    assert f"We write to {NEW} once it is confirmed" in page
    assert (Patient.objects.get().email, mails("confirm_address")) == (OLD, [NEW])
    opened(just_signed_in(user)).post("/link/")
    assert (Patient.objects.get().email, mails("email_changed")) == (NEW, [OLD])


def test_changed_with_the_account_the_record_follows():
    user, patient = with_account()
    client = just_signed_in(user)
    change(patient, "typed@example.com")
    assert client.post(reverse("account_email"), {"email": NEW, "action_add": "1"}).status_code == 302
    code = Notice.objects.filter(template__startswith="account/email_confirmation").latest("pk").text
    digits = next(word for word in code.split() if word.isdigit() and len(word) == 6)
    client.post(reverse("account_email_verification_sent"), {"code": digits})
    user.refresh_from_db()
    patient.refresh_from_db()
    assert (user.email, patient.email) == (NEW, NEW)
    # What the desk had asked for is over.
    assert not MailedLink.objects.outstanding().exists()
