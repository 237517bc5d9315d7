"""Who reaches the manager's pages, and what they cost."""

import uuid
from contextlib import suppress

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils import timezone

from portal.accounts import actions
from portal.accounts.roles import Role
from portal.audit import trail
from portal.notifications import outbox
from portal.notifications.models import Notice, State
from portal.notifications.recipients import Recipient
from tests import make

pytestmark = pytest.mark.django_db


def addresses():
    return [pattern.name for pattern in get_resolver("portal.web.manager.urls").url_patterns]


def url_of(name):
    for args in ([], [uuid.uuid4()], ["appointment_booked", "en-au"]):
        with suppress(NoReverseMatch):
            return reverse(f"manager:{name}", args=args)
    return reverse(f"manager:{name}", args=[uuid.uuid4(), "480.jpg"])


@pytest.mark.parametrize("who", ["nobody", "patient", "psychologist", "reception"])
def test_only_managers_come_in(who):
    roles = {"psychologist": (Role.PSYCHOLOGIST,), "reception": (Role.RECEPTION,)}.get(who, ())
    client = make.client_for(None if who == "nobody" else make.user(roles=roles))
    let_in = {}
    for name in addresses():
        for method in (client.get, client.post):
            response = method(url_of(name))
            answer = response.status_code, response.headers.get("Location", "").partition("?")[0]
            if answer != ((302, reverse("account_login")) if who == "nobody" else (403, "")):
                let_in[name] = answer
    assert let_in == {}


def test_managers_find_a_page_or_that_there_is_none():
    client = make.signed_in_client(role=Role.MANAGER)
    answers = {name: client.get(url_of(name)).status_code for name in addresses()}
    assert len(answers) > 60
    assert {name: status for name, status in answers.items() if status not in {200, 404, 405}} == {}


def some_services(n):
    for _ in range(n):
        make.service()


def some_locations(n):
    for _ in range(n):
        make.room(location=make.location())


def some_staff(n):
    for k in range(n):
        user = make.user(roles=(Role.RECEPTION, Role.PSYCHOLOGIST))
        make.psychologist(user=user)
        if k % 2:
            make.second_factor(user)


def some_who_left(n):
    for _ in range(n):
        make.user(role=Role.RECEPTION, is_active=False)


def some_invitations(n):
    by = make.actor(role=Role.MANAGER)
    for k in range(n):
        actions.invite(email=f"new{k}.{uuid.uuid4()}@example.com", roles=[Role.RECEPTION], by=by, now=timezone.now())


def some_unsettled_mails(n):
    for _ in range(n):
        notice = outbox.queue(
            template="account/password_changed",
            to=Recipient.by_email("a@example.com"),
            about=None,
            context={},
            dedupe_key=str(uuid.uuid4()),
        )
        Notice.objects.filter(pk=notice.pk).update(state=State.UNKNOWN)


def some_entries(n):
    for _ in range(n):
        by = make.actor(role=Role.MANAGER)
        trail.record("role.granted", by=by, target=make.user(), role="reception")
        trail.record("service.added", by=by, target=make.service())


@pytest.mark.parametrize(
    ("address", "grow"),
    [
        ("services/", some_services),
        ("locations/", some_locations),
        ("staff/", some_staff),
        ("staff/", some_invitations),
        ("staff/?show=left", some_who_left),
        ("trail/", some_entries),
        ("mail/", some_unsettled_mails),
        ("", some_unsettled_mails),
        ("", some_staff),
        ("", some_entries),
    ],
)
def test_a_list_costs_the_same_whatever_its_length(address, grow):
    client = make.signed_in_client(role=Role.MANAGER)
    make.clinic()
    grow(1)
    url = reverse("manager:home") + address
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        assert client.get(url).status_code == 200
    grow(29)
    client.get(url)
    with CaptureQueriesContext(connection) as thirty:
        assert client.get(url).status_code == 200
    assert len(thirty) == len(one) <= 30
