from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from portal.accounts import actions
from portal.accounts.models import Invitation, User
from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor
from portal.notifications.models import Notice
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    """A manager's browser; `boss.user` is who."""
    return make.signed_in_client(role=Role.MANAGER, first_name="Kim", last_name="Boss")


def url(name, *args):
    return reverse(f"manager:{name}", args=args)


def said(response):
    return [str(message) for message in response.context["messages"]]


def listed(response):
    return {row.record for row in response.context["table"].page.object_list}


def test_who_works_here_and_who_left(boss):
    desk = make.user(role=Role.RECEPTION, first_name="Mai", last_name="Desk")
    make.second_factor(desk)
    closed = make.user(role=Role.RECEPTION, is_active=False)
    ended = make.user(role=Role.PSYCHOLOGIST)
    ended.grants.update(ended_at=timezone.now())
    make.user(first_name="A", last_name="Patient")
    page = boss.get(url("staff"))
    assert listed(page) == {boss.user, desk}
    body = page.content.decode()
    assert "Mai Desk" in body
    assert "Reception" in body
    assert listed(boss.get(url("staff") + "?show=left")) == {closed, ended}
    assert [tab["count"] for tab in page.context["tabs"]] == [2, 2]


@pytest.mark.parametrize("sort", ["name", "-name", "has_second_factor", "-last_login", "last_login", "nonsense"])
def test_the_list_sorts(boss, sort):
    make.user(role=Role.RECEPTION)
    page = boss.get(url("staff") + f"?sort={sort}")
    assert len(listed(page)) == 2


def test_the_list_as_a_fragment(boss):
    page = boss.get(url("staff"), headers={"hx-request": "true", "hx-target": "results"})
    assert page.content.decode().strip().startswith('<div id="results"')


# ---- Invitations -----------------------------------------------------------------------------------------------------


def test_inviting(boss):
    sent = boss.post(
        url("invite"), {"email": "Mai@example.com", "first_name": "Mai", "roles": ["reception", "manager"]}
    )
    assert sent.url == url("staff")
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.roles, invitation.invited_by) == (
        "mai@example.com",
        ["manager", "reception"],
        boss.user,
    )
    assert Notice.objects.get().to == "mai@example.com"
    body = boss.get(url("staff")).content.decode()
    assert "mai@example.com" in body
    assert "Reception, Practice manager" in body


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"email": "nonsense"}, "email"),
        ({"roles": []}, "roles"),
        ({"roles": ["patient"]}, "roles"),
        ({"first_name": "x" * 300}, "first_name"),
    ],
)
def test_inviting_badly(boss, fields, wrong):
    response = boss.post(url("invite"), {"email": "mai@example.com", "roles": ["reception"], **fields})
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {wrong}
    assert Invitation.objects.count() == 0


def test_inviting_somebody_who_works_here(boss):
    desk = make.user(role=Role.RECEPTION)
    response = boss.post(url("invite"), {"email": desk.email, "roles": ["reception"]})
    assert set(response.context["form"].errors) == {"email"}
    assert Notice.objects.count() == 0


def test_sending_again_and_withdrawing(boss):
    actions.invite(
        email="mai@example.com",
        roles=[Role.RECEPTION],
        by=make.actor(role=Role.MANAGER),
        now=timezone.now() - timedelta(days=8),
        first_name="Mai",
    )
    old = Invitation.objects.get()
    assert "Ran out" in boss.get(url("staff")).content.decode()
    boss.post(url("invite_again", old.code))
    new = Invitation.objects.outstanding().get()
    assert (new.pk == old.pk, new.first_name, new.roles) == (False, "Mai", ["reception"])
    assert new.expires_at > timezone.now()
    boss.post(url("withdraw_invitation", new.code))
    assert Invitation.objects.outstanding().count() == 0
    boss.post(url("invite_again", new.code))
    assert Invitation.objects.outstanding().count() == 0


# ---- One person ------------------------------------------------------------------------------------------------------


def test_a_patient_is_nobody_here(boss):
    patient = make.user()
    for name in ("person", "roles", "close_account", "open_account", "reset_second_factor", "profile"):
        assert boss.post(url(name, patient.code)).status_code in {404, 405}
        assert boss.get(url(name, patient.code)).status_code in {404, 405}
    patient.refresh_from_db()
    assert (patient.is_active, patient.roles) == (True, {"patient"})


def test_giving_and_ending_roles(boss):
    desk = make.user(role=Role.RECEPTION)
    theirs = make.client_for(desk)
    page = boss.get(url("person", desk.code))
    assert page.context["roles_form"].initial == {"roles": ["reception"]}
    response = boss.post(
        url("roles", desk.code),
        {"roles": ["reception", "psychologist"]} | boss.shown(url("person", desk.code), "roles"),
    )
    assert response.url == url("profile", desk.code)
    assert User.objects.get(pk=desk.pk).roles == {"patient", "reception", "psychologist"}
    boss.post(url("roles", desk.code), {} | boss.shown(url("person", desk.code), "roles"))
    assert User.objects.get(pk=desk.pk).roles == {"patient"}
    assert theirs.get(reverse("account_email")).status_code == 302
    # Still to be found, with what was done.
    page = boss.get(url("person", desk.code))
    assert [each.words for each in page.context["table"].named.values()] == [
        "Role taken away",
        "Role taken away",
        "Role given",
    ]
    assert {e.actor_role for e in Entry.objects.about(desk)} == {"manager"}


def test_a_change_to_oneself_keeps_one_signed_in(boss):
    actions.grant_role(user=boss.user, role=Role.RECEPTION, by=Actor.system("give_role"), now=timezone.now())
    boss.force_login(User.objects.get(pk=boss.user.pk), backend=settings.AUTHENTICATION_BACKENDS[0])
    assert boss.post(
        url("roles", boss.user.code), {"roles": ["manager"]} | boss.shown(url("person", boss.user.code), "roles")
    ).url == url("person", boss.user.code)
    assert boss.get(url("staff")).status_code == 200
    other = make.user(role=Role.MANAGER)
    assert boss.post(
        url("roles", boss.user.code), {} | boss.shown(url("person", boss.user.code), "roles")
    ).url == reverse("account_home")
    assert boss.get(url("staff")).status_code == 403
    assert User.objects.get(pk=other.pk).roles == {"patient", "manager"}


def test_the_last_manager_cannot_leave(boss):
    response = boss.post(
        url("roles", boss.user.code),
        {"roles": ["reception"]} | boss.shown(url("person", boss.user.code), "roles"),
        follow=True,
    )
    assert said(response) == ["Somebody has to be manager. Make somebody else manager first."]
    response = boss.post(url("close_account", boss.user.code), follow=True)
    assert said(response) == ["Somebody has to be manager. Make somebody else manager first."]
    assert User.objects.get(pk=boss.user.pk).roles == {"patient", "manager"}


def test_a_refused_change_changes_nothing_at_all(boss):
    boss.post(
        url("roles", boss.user.code), {"roles": ["psychologist"]} | boss.shown(url("person", boss.user.code), "roles")
    )
    assert User.objects.get(pk=boss.user.pk).roles == {"patient", "manager"}


def test_closing_and_opening_an_account(boss):
    psychologist = make.psychologist()
    whose = psychologist.user
    make.appointment(
        psychologist=psychologist, starts_at=timezone.now().replace(second=0, microsecond=0) + timedelta(days=3)
    )
    question = boss.get(url("close_account", whose.code))
    assert "One session is booked with them from now on." in question.content.decode()
    whose.refresh_from_db()
    assert whose.is_active
    boss.post(url("close_account", whose.code))
    whose.refresh_from_db()
    assert not whose.is_active
    assert Psychologist.objects.values_list("is_active", "accepting_patients").get() == (False, False)
    boss.post(url("open_account", whose.code))
    whose.refresh_from_db()
    assert (whose.is_active, "psychologist" in whose.roles) == (True, True)
    # Back on the website is a step of its own.
    assert not Psychologist.objects.get().is_active


def test_removing_a_lost_second_step(boss):
    desk = make.user(role=Role.RECEPTION)
    make.second_factor(desk)
    assert boss.get(url("reset_second_factor", desk.code)).status_code == 200
    assert Authenticator.objects.filter(user=desk).exists()
    boss.post(url("reset_second_factor", desk.code))
    assert not Authenticator.objects.filter(user=desk).exists()
    boss.post(url("reset_second_factor", boss.user.code))
    assert Authenticator.objects.filter(user=boss.user).exists()
