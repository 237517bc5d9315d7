"""Everybody's name can be changed: their own on their account's page, that of staff by the manager."""

import pytest
from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit.models import Entry
from tests import make

pytestmark = pytest.mark.django_db


def renamed():
    return [(entry.actor_id, entry.target_code, entry.facts) for entry in Entry.objects.filter(verb="account.renamed")]


def browser(**fields):
    """Of somebody with an account; `user` is who."""
    user = make.user(**fields)
    client = make.client_for(user)
    client.user = user
    return client


@pytest.mark.parametrize("roles", [(Role.RECEPTION,), ()])
def test_their_own_name(roles):
    client = browser(roles=roles, first_name="Ana", last_name="Lee")
    page = client.get(reverse("account_name"))
    assert page.context["form"]["first_name"].value() == "Ana"
    assert client.send(reverse("account_name"), {"first_name": "Anna", "last_name": "Lee"}).status_code == 302
    client.user.refresh_from_db()
    assert client.user.name == "Anna Lee"
    assert renamed() == [(str(client.user.pk), str(client.user.code), {"fields": ["first_name"]})]


def test_a_name_left_out_is_said():
    client = browser(first_name="Ana")
    answer = client.send(reverse("account_name"), {"first_name": " ", "last_name": "Lee"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["first_name"])
    assert User.objects.get(pk=client.user.pk).first_name == "Ana"


def test_the_same_name_again_leaves_no_line():
    client = browser(first_name="Ana", last_name="Lee")
    client.send(reverse("account_name"), {"first_name": "Ana", "last_name": "Lee"})
    assert renamed() == []


def test_whoever_has_a_record_changes_it_there():
    client = browser(first_name="Ana")
    patient = make.patient(user=client.user, legal_first_name="Anastasia", preferred_name="Ana")
    page = client.post(reverse("account_name"), {"first_name": "Zoe", "last_name": "Zed"}).content.decode()
    assert reverse("patient:edit_details", args=[patient.code]) in page
    assert User.objects.get(pk=client.user.pk).first_name == "Ana"


def test_the_manager_changes_the_name_of_staff_and_nobody_elses():
    boss = make.signed_in_client(role=Role.MANAGER)
    kim = make.user(role=Role.PSYCHOLOGIST, first_name="Kim", last_name="Lee")
    page = boss.shown(reverse("manager:person", args=[kim.code]), "first_name")
    named = {"first_name": "Kim", "last_name": "Berg"}
    answer = boss.post(reverse("manager:rename", args=[kim.code]), named | page)
    assert answer.url == reverse("manager:person", args=[kim.code])
    assert "Kim Berg" in boss.get(answer.url).content.decode()
    assert renamed() == [(str(boss.user.pk), str(kim.code), {"fields": ["last_name"]})]
    patient = make.user()
    named = {"first_name": "Not", "last_name": "Theirs"}
    assert boss.post(reverse("manager:rename", args=[patient.code]), named).status_code == 404
    bad = boss.post(reverse("manager:rename", args=[kim.code]), {"first_name": "", "last_name": "Berg"} | page)
    assert (bad.status_code, list(bad.context["name_form"].errors)) == (422, ["first_name"])


def test_reception_renames_nobody():
    desk = make.signed_in_client(role=Role.RECEPTION)
    kim = make.user(role=Role.PSYCHOLOGIST, first_name="Kim")
    answer = desk.post(reverse("manager:rename", args=[kim.code]), {"first_name": "X", "last_name": "Y"})
    assert answer.status_code == 403
    assert User.objects.get(pk=kim.pk).first_name == "Kim"
