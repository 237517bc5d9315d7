import threading
import time

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts import actions
from portal.accounts.models import Grant, User
from portal.accounts.refusals import LastManager
from portal.accounts.roles import Role
from portal.audit.models import Entry
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def by():
    return make.actor(role=Role.MANAGER)


def is_signed_in(client):
    return client.get(reverse("account_email")).status_code == 200


def lines(about):
    return [(e.verb, e.facts, e.actor_id, e.actor_role) for e in Entry.objects.about(about).order_by("id")]


def test_a_role_is_given_once_recorded_and_ends_sessions(by):
    user, now = make.user(), timezone.now()
    client = make.client_for(user)
    assert user.roles == {"patient"}
    for _ in range(2):
        grant = actions.grant_role(user=user, role=Role.RECEPTION, by=by, now=now)
    assert user.roles == {"patient", "reception"}
    assert (grant.granted_at, grant.granted_by) == (now, by.user)
    assert Grant.objects.filter(user=user).count() == 1
    assert lines(user) == [("role.granted", {"role": "reception"}, str(by.user.pk), "manager")]
    assert not is_signed_in(client)


def test_a_role_ends_and_stays_in_history(by):
    user, now = make.user(roles=(Role.RECEPTION, Role.PSYCHOLOGIST)), timezone.now()
    client = make.client_for(user)
    for _ in range(2):
        actions.end_role(user=user, role=Role.RECEPTION, by=by, now=now)
    assert user.roles == {"patient", "psychologist"}
    ended = Grant.objects.get(user=user, role="reception")
    assert (ended.ended_at, ended.ended_by) == (now, by.user)
    assert lines(user) == [("role.ended", {"role": "reception"}, str(by.user.pk), "manager")]
    assert not is_signed_in(client)
    actions.grant_role(user=user, role=Role.RECEPTION, by=by, now=now)
    assert Grant.objects.filter(user=user, role="reception").count() == 2


def test_sessions_end_wherever_they_are_kept(by):
    user = make.user()
    browsers = [make.client_for(user) for _ in range(3)]
    assert all(is_signed_in(b) for b in browsers)
    other = make.client_for(make.user())
    actions.end_sessions(user=user)
    assert not any(is_signed_in(b) for b in browsers)
    assert is_signed_in(other)


def test_a_closed_account_keeps_its_name_and_its_roles(by):
    user, now = make.user(role=Role.RECEPTION), timezone.now()
    client = make.client_for(user)
    for _ in range(2):
        actions.deactivate(user=user, by=by, now=now)
    assert not is_signed_in(client)
    assert [line[0] for line in lines(user)] == ["account.deactivated"]
    assert User.objects.get(pk=user.pk).roles == {"patient", "reception"}
    for _ in range(2):
        actions.reactivate(user=user, by=by, now=now)
    assert [line[0] for line in lines(user)] == ["account.deactivated", "account.reactivated"]
    assert Client().post(reverse("account_login"), {"login": user.email, "password": make.PASSWORD}).url == reverse(
        "mfa_authenticate"
    )


@pytest.mark.parametrize("deed", ["end_role", "deactivate"])
def test_the_last_manager_stays(deed):
    manager = make.user(role=Role.MANAGER)
    by = make.actor(user=manager, role=Role.MANAGER)
    make.user(role=Role.MANAGER, is_active=False)
    extra = {"role": Role.MANAGER} if deed == "end_role" else {}
    with pytest.raises(LastManager):
        getattr(actions, deed)(user=manager, by=by, now=timezone.now(), **extra)
    assert User.objects.get(pk=manager.pk).is_active
    assert "manager" in User.objects.get(pk=manager.pk).roles
    make.user(role=Role.MANAGER)
    getattr(actions, deed)(user=manager, by=by, now=timezone.now(), **extra)


def test_other_staff_come_and_go_freely(by):
    user = make.user(role=Role.RECEPTION)
    actions.deactivate(user=user, by=by, now=timezone.now())
    assert not User.objects.get(pk=user.pk).is_active


@pytest.mark.django_db(transaction=True)
def test_two_managers_who_remove_each_other_leave_one():
    managers = [make.user(role=Role.MANAGER) for _ in range(2)]
    start, outcomes = threading.Barrier(2), []

    def remove(who, by):
        try:
            start.wait()
            actions.end_role(user=who, role=Role.MANAGER, by=make.actor(user=by, role=Role.MANAGER), now=timezone.now())
            outcomes.append("ended")
        except LastManager:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in (managers, managers[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["ended", "refused"]
    assert User.objects.active().holding(Role.MANAGER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_manager_who_had_to_wait_knows_who_left_meanwhile():
    first, second = (make.user(role=Role.MANAGER) for _ in range(2))
    refused = []

    def remove_the_second():
        try:
            actions.end_role(
                user=second, role=Role.MANAGER, by=make.actor(user=first, role=Role.MANAGER), now=timezone.now()
            )
        except LastManager:
            refused.append(second)
        finally:
            connection.close()

    thread = threading.Thread(target=remove_the_second)
    with transaction.atomic():
        by = make.actor(user=second, role=Role.MANAGER)
        actions.end_role(user=first, role=Role.MANAGER, by=by, now=timezone.now())
        thread.start()
        # Long enough for the other to ask, and to be kept waiting.
        time.sleep(0.5)
    thread.join()
    assert refused == [second]
    assert list(User.objects.active().holding(Role.MANAGER)) == [second]


# ---- What the database holds -----------------------------------------------------------------------------------------


def test_a_role_is_in_force_once():
    user = make.user(role=Role.RECEPTION)
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.create(user=user, role=Role.RECEPTION)


@pytest.mark.parametrize("role", [Role.PATIENT, "owner"])
def test_a_grant_is_of_a_staff_role(role):
    with pytest.raises(IntegrityError, match="grant_is_of_a_staff_role"), transaction.atomic():
        Grant.objects.create(user=make.user(), role=role)


def test_addresses_are_unique_in_any_case():
    make.user(email="mai@example.com")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email="MAI@example.com")])


def test_roles_of_many_take_two_queries(django_assert_num_queries):
    for _ in range(5):
        make.user(roles=(Role.RECEPTION, Role.MANAGER))
    with django_assert_num_queries(2):
        assert [len(user.roles) for user in User.objects.staff().prefetch_related("grants")] == [3] * 5


def test_staff_and_holders():
    desk, manager, _patient = make.user(role=Role.RECEPTION), make.user(role=Role.MANAGER), make.user()
    gone = make.user(role=Role.RECEPTION)
    gone.grants.update(ended_at=timezone.now())
    assert set(User.objects.staff()) == {desk, manager}
    assert set(User.objects.holding(Role.RECEPTION)) == {desk}
