import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from portal.accounts import actions
from portal.accounts.models import Invitation, User
from portal.accounts.roles import Role
from portal.appointments.models import CancelReason, Status
from portal.audit.models import Entry
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor
from portal.journeys import booking
from portal.journeys.to_do import tasks
from portal.notifications.models import Notice
from portal.worklist.models import ToDo
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


def known(page):
    """The hidden field by which a question says which sessions it showed."""
    return dict(re.findall(r'name="(known)" value="([^"]*)"', page.text))


def coming(psychologist, *, days=3, **fields):
    starts_at = timezone.now().replace(second=0, microsecond=0) + timedelta(days=days)
    return make.appointment(psychologist=psychologist, starts_at=starts_at, **fields)


def left_behind():
    to_dos = ToDo.objects.still_open().of_kind("session_without_psychologist")
    return set(to_dos.values_list("about_code", flat=True))


def test_closing_and_opening_an_account(boss):
    psychologist = make.psychologist()
    whose = psychologist.user
    coming(psychologist)
    question = boss.get(url("close_account", whose.code))
    assert "1 session is booked with them from now on." in question.text
    whose.refresh_from_db()
    assert whose.is_active
    boss.post(url("close_account", whose.code), known(question))
    whose.refresh_from_db()
    assert not whose.is_active
    assert Psychologist.objects.values_list("is_active", "accepting_patients").get() == (False, False)
    opened = boss.post(url("open_account", whose.code), follow=True)
    whose.refresh_from_db()
    assert (whose.is_active, "psychologist" in whose.roles) == (True, True)
    # Back on the website is a step of its own: it is said, and stands there to press.
    assert not Psychologist.objects.get().is_active
    assert any("still off the website, and nobody can book them" in words for words in said(opened))
    back = reverse("manager:restore_profile", args=[whose.code])
    assert f'action="{back}"' in opened.text
    boss.post(back)
    assert Psychologist.objects.get().is_active
    assert back not in boss.get(url("person", whose.code)).text


def test_who_was_never_a_psychologist_comes_back_without_a_word_of_the_website(boss):
    whose = make.user(role=Role.RECEPTION)
    boss.post(url("close_account", whose.code))
    opened = boss.post(url("open_account", whose.code), follow=True)
    assert [words for words in said(opened) if "website" in words] == []
    assert "can sign in again" in said(opened)[-1]


def test_closing_an_account_names_each_session_and_hands_it_to_the_desk(boss):
    psychologist = make.psychologist()
    sessions = [coming(psychologist, days=n) for n in range(1, 8)]
    coming(psychologist, days=9, status=Status.CANCELLED)
    coming(psychologist, days=-1)
    make.hold(psychologist=psychologist, starts_at=timezone.now().replace(second=0, microsecond=0) + timedelta(days=11))
    coming(make.psychologist())
    question = boss.get(url("close_account", psychologist.user.code))
    assert "7 sessions are booked with them" in question.text
    for session in sessions:
        assert reverse("reception:appointment", args=[session.code]) in question.text
        assert session.patient.name in question.text
    assert left_behind() == set()
    boss.post(url("close_account", psychologist.user.code), known(question))
    assert left_behind() == {str(session.code) for session in sessions}
    desk = make.signed_in_client(role=Role.RECEPTION)
    listed = desk.get(reverse("reception:to_do")).text
    assert "Sessions whose psychologist has left" in listed
    assert sessions[0].patient.name in listed
    moved, cancelled, *rest = sessions
    page = desk.get(reverse("reception:appointment", args=[moved.code])).text
    assert "Psychologist has left" in page
    assert "no longer works here" in page
    assert "Psychologist has left" in desk.get(reverse("reception:patient", args=[moved.patient.code])).text
    day = f"{moved.local_start.date():%Y-%m-%d}"
    assert "Psychologist has left" in desk.get(reverse("reception:today"), {"day": day}).text
    # Each is off the list once it is somebody else's, or called off; all are, once the account is open again.
    by, now = make.actor(role=Role.RECEPTION), timezone.now()
    booking.reschedule_session(
        appointment=moved,
        starts_at=moved.starts_at,
        psychologist=make.psychologist(),
        by=by,
        now=now,
        outside_hours=True,
    )
    booking.cancel_session(appointment=cancelled, reason=CancelReason.CLINIC, by=by, now=now)
    assert left_behind() == {str(session.code) for session in rest}
    boss.post(url("open_account", psychologist.user.code))
    assert left_behind() == set()
    assert "Psychologist has left" not in desk.get(reverse("reception:appointment", args=[rest[0].code])).text


def test_a_session_booked_while_the_question_was_read_is_asked_about(boss):
    psychologist = make.psychologist()
    coming(psychologist)
    question = boss.get(url("close_account", psychologist.user.code))
    late = coming(psychologist, days=4)
    again = boss.post(url("close_account", psychologist.user.code), known(question))
    assert again.status_code == 422
    assert str(late.code) in again.text
    psychologist.user.refresh_from_db()
    assert (psychologist.user.is_active, left_behind()) == (True, set())
    boss.post(url("close_account", psychologist.user.code), known(again))
    assert len(left_behind()) == 2


def test_what_was_closed_before_comes_to_the_desk_by_the_next_round():
    psychologist = make.psychologist(is_active=False)
    session = coming(psychologist)
    assert (tasks.look_at_sessions()["raised"], left_behind()) == (0, set())
    User.objects.filter(pk=psychologist.user_id).update(is_active=False)
    assert tasks.look_at_sessions()["raised"] == 1
    assert left_behind() == {str(session.code)}
    assert tasks.look_at_sessions()["raised"] == 0


def test_the_profile_of_a_closed_account_does_not_go_back_on_the_website(boss):
    psychologist = make.psychologist(is_active=False)
    User.objects.filter(pk=psychologist.user_id).update(is_active=False)
    refused = boss.post(reverse("manager:restore_profile", args=[psychologist.user.code]), follow=True)
    assert "Open it again first." in said(refused)[0]
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
