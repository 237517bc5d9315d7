"""The session and whoever's it is are one read, and whatever changes about either holds from the next request on."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from portal.accounts import actions
from portal.accounts.models import Grant
from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.urls")]


@pytest.fixture(params=["database", "cache", "in nobody's list of devices"])
def kept(request, settings):
    """Where sessions are: in the database, in Redis before it, or made by something that lists no devices."""
    if request.param == "cache":
        settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
        cache.clear()
    return request.param


@pytest.fixture
def desk(kept):
    """Somebody who works at the desk, with the page open."""
    client = make.client_for(make.user(roles=(Role.RECEPTION,)))
    if kept.startswith("in nobody"):
        UserSession.objects.all().delete()
    answer = client.get(reverse("desk"))
    assert answer.status_code == 200
    client.user = answer.wsgi_request.user
    return client


def _is_out(client):
    answer = client.get(reverse("desk"))
    return answer.status_code == 302 and answer.url.startswith(reverse("account_login"))


def test_one_read_tells_all(django_assert_num_queries):
    client = make.client_for(make.user(roles=(Role.RECEPTION, Role.MANAGER)))
    client.get(reverse("desk"))
    with django_assert_num_queries(1):
        user = client.get(reverse("desk")).wsgi_request.user
        assert user.roles == {"patient", "reception", "manager"}
        assert user.has_second_factor
        assert user.email


def test_one_read_where_nobody_signed_in(client, django_assert_num_queries):
    session = client.session
    session["basket"] = "full"
    session.save()
    client.cookies["portal_session"] = session.session_key
    with django_assert_num_queries(1):
        answer = client.get(reverse("open"))
        assert not answer.wsgi_request.user.is_authenticated
        assert answer.wsgi_request.session["basket"] == "full"


def test_everything_of_the_account_is_read(desk):
    fresh = type(desk.user._wrapped).objects.get()
    read = desk.get(reverse("desk")).wsgi_request.user
    assert {f.name: getattr(read, f.name) for f in fresh._meta.concrete_fields} == {
        f.name: getattr(fresh, f.name) for f in fresh._meta.concrete_fields
    }
    read.first_name = "Mei"
    read.save(update_fields=["first_name"])
    fresh.refresh_from_db()
    assert fresh.first_name == "Mei"


def test_ended_from_the_list_of_devices():
    client = make.client_for(make.user(roles=(Role.RECEPTION,)))
    assert client.get(reverse("desk")).status_code == 200
    UserSession.objects.get().end()
    assert _is_out(client)


def test_all_sessions_ended(desk):
    actions.end_sessions(user=desk.user._wrapped)
    assert _is_out(desk)


def test_another_password(desk):
    user = desk.user._wrapped
    user.set_password("a very different one")
    user.save(update_fields=["password"])
    assert _is_out(desk)
    assert not Session.objects.filter(session_key=desk.cookies["portal_session"].value).exists()


def test_account_closed_and_opened(desk):
    type(desk.user._wrapped).objects.update(is_active=False)
    assert _is_out(desk)
    type(desk.user._wrapped).objects.update(is_active=True)
    assert not _is_out(desk)


def test_role_taken_away_and_given(desk):
    grant = Grant.objects.get()
    Grant.objects.update(ended_at=grant.granted_at, ended_by=desk.user.pk)
    assert desk.get(reverse("desk")).status_code == 403
    Grant.objects.create(user=desk.user._wrapped, role=Role.MANAGER)
    answer = desk.get(reverse("desk"))
    assert (answer.status_code, answer.wsgi_request.actor) == (200, Actor(user=desk.user, role=Role.MANAGER))


def test_second_factor_gone(desk, settings):
    settings.STAFF_SECOND_FACTOR = True
    assert desk.get(reverse("desk")).status_code == 200
    Authenticator.objects.all().delete()
    assert desk.get(reverse("desk")).url == reverse("mfa_index")


def test_session_run_out(desk, time_machine):
    # Longer than a session may be old, not only still: nobody is there to be signed out.
    time_machine.move_to(timezone.now() + timedelta(hours=13))
    assert _is_out(desk)
    assert not Entry.objects.exists()


def test_session_of_somebody_else_in_the_list_of_devices(kept):
    """The list says whose device it is; the session alone says who signed in."""
    client, other = make.client_for(make.user(roles=(Role.RECEPTION,))), make.user(role=Role.MANAGER)
    UserSession.objects.update(user=other)
    answer = client.get(reverse("desk"))
    assert answer.wsgi_request.actor.role == Role.RECEPTION
    assert answer.wsgi_request.user.pk != other.pk


@pytest.mark.parametrize(
    "forged",
    [
        {SESSION_KEY: "0"},
        {HASH_SESSION_KEY: ""},
        {HASH_SESSION_KEY: "0" * 64},
        {"_auth_user_backend": "django.contrib.auth.backends.ModelBackend"},
    ],
    ids=str,
)
def test_session_that_names_nobody_who_signed_in(desk, forged, kept):
    session = desk.session
    session.update(forged)
    session.save()
    assert _is_out(desk)


def test_sign_in_lists_the_device_that_the_read_looks_for(client):
    user = make.user()
    client.post(reverse("account_login"), {"login": user.email, "password": make.PASSWORD})
    assert UserSession.objects.get().session_key == client.cookies["portal_session"].value
