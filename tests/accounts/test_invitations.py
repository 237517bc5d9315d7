from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts import actions
from portal.accounts.models import Invitation, User
from portal.accounts.refusals import AlreadyStaff, InvitationClosed, NotTheInvited
from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.notifications.models import Notice, State
from tests import make

pytestmark = pytest.mark.django_db

PASSWORD = "nine-patient-wombats"
ANSWER = {"first_name": "Mai", "last_name": "Nguyễn", "password": PASSWORD}


def invite(email="mai@example.com", roles=(Role.RECEPTION,), *, by=None, now=None, **names):
    by = by or make.actor(role=Role.MANAGER)
    return actions.invite(email=email, roles=roles, by=by, now=now or timezone.now(), **names)


def token_of(link):
    return link.strip("/").rsplit("/", 1)[-1]


@pytest.fixture
def answer():
    """Where an invitation is answered."""
    return reverse("answer_invitation")


def test_an_invited_person_joins(client, last_mail, link_in, answer, mails):
    manager = make.user(role=Role.MANAGER, first_name="Kim", last_name="Lee")
    by = make.actor(user=manager, role=Role.MANAGER)
    invite("Mai@Example.com", (Role.RECEPTION, Role.PSYCHOLOGIST), by=by, first_name="Mai")
    mail = last_mail()
    assert (mail.to, mail.template, mail.secret) == ("mai@example.com", "account/invitation", True)
    assert "Kim Lee" in mail.text
    assert "Psychologist, Reception" in mail.text

    # The token leaves the address at once.
    assert client.get(link_in(mail)).url == answer
    response = client.get(answer)
    assert (response.status_code, response.context["form"]["first_name"].value()) == (200, "Mai")
    assert "mai@example.com" in response.content.decode()

    assert client.post(answer, ANSWER).url == reverse("account_home")
    user = User.objects.get(email="mai@example.com")
    assert (user.name, user.roles) == ("Mai Nguyễn", {"patient", "psychologist", "reception"})
    assert user.check_password(PASSWORD)
    assert client.session["_auth_user_id"] == str(user.pk)
    assert EmailAddress.objects.filter(user=user).values_list("email", "verified", "primary").get() == (
        "mai@example.com",
        True,
        True,
    )
    # And sees nothing of the clinic before there is a second factor.
    assert client.get(client.get(reverse("account_home")).url).status_code in (302, 404)
    invitation = Invitation.objects.get()
    assert (invitation.accepted_by, invitation.accepted_at is None) == (user, False)
    assert set(user.grants.values_list("role", "granted_by")) == {
        ("psychologist", manager.pk),
        ("reception", manager.pk),
    }
    assert [entry.verb for entry in Entry.objects.order_by("id")] == [
        "invitation.sent",
        "invitation.accepted",
        "role.granted",
        "role.granted",
        "account.signed_in",
    ]
    assert "mai" not in str(list(Entry.objects.values()))


def test_only_a_hash_of_the_link_is_kept(last_mail, link_in):
    invite()
    token = token_of(link_in(last_mail()))
    assert len(token) >= 40
    assert token not in str(list(Invitation.objects.values()))


def test_a_link_works_once(client, last_mail, link_in, answer):
    invite()
    link = link_in(last_mail())
    client.get(link)
    client.post(answer, ANSWER)
    other = Client()
    other.get(link)
    response = other.get(answer)
    assert (response.status_code, response.context["why"]) == (410, "used")
    response = other.post(answer, ANSWER | {"password": "eight-other-wombats"})
    assert User.objects.get(email="mai@example.com").check_password(PASSWORD)


@pytest.mark.parametrize(("days", "status"), [(6.99, 200), (7, 410)])
def test_a_link_runs_out_after_a_week(client, last_mail, link_in, answer, days, status):
    invite(now=timezone.now() - timedelta(days=days))
    for ask in (client.get, client.post):
        client.get(link_in(last_mail()))
        assert ask(answer).status_code == status
    assert User.objects.filter(email="mai@example.com").count() == 0


def test_a_withdrawn_link(client, last_mail, link_in, answer):
    invitation = invite()
    link = link_in(last_mail())
    actions.withdraw_invitation(invitation=invitation, by=make.actor(role=Role.MANAGER), now=timezone.now())
    client.get(link)
    response = client.get(answer)
    assert (response.status_code, response.context["why"]) == (410, "withdrawn")


@pytest.mark.parametrize("path", ["nonsense/", ""])
def test_an_unknown_link(client, path, answer):
    client.get(answer + path)
    response = client.get(answer)
    assert (response.status_code, response.context["why"]) == (404, "unknown")


def test_inviting_again_makes_the_earlier_link_useless(client, mails, link_in, answer):
    by = make.actor(role=Role.MANAGER)
    invite(by=by)
    first = link_in(mails()[0])
    invite(roles=(Role.MANAGER,), by=by)
    client.get(first)
    assert client.get(answer).context["why"] == "withdrawn"
    client.get(link_in(mails()[1]))
    client.post(answer, ANSWER)
    assert User.objects.get(email="mai@example.com").roles == {"patient", "manager"}


def withdraw(invitation):
    actions.withdraw_invitation(invitation=invitation, by=make.actor(role=Role.MANAGER), now=timezone.now())


@pytest.mark.parametrize("state", [State.PENDING, State.FAILED])
@pytest.mark.parametrize("how", ["withdrawn", "invited again"])
def test_an_invitation_that_does_not_hold_is_not_sent(how, state):
    """Nobody gets a link that opens nothing, and nobody at the desk is asked to send it."""
    invitation = invite()
    Notice.objects.update(state=state)
    if how == "withdrawn":
        withdraw(invitation)
    else:
        invite()
    first = Notice.objects.about(invitation).get()
    assert (first.state, first.withdrawn_why, first.erased) == (State.WITHDRAWN, "withdrawn", True)
    assert Notice.objects.filter(state=State.PENDING).count() == (how == "invited again")


def test_an_invitation_that_was_accepted_had_arrived(client, last_mail, link_in, answer):
    invitation = invite()
    client.get(link_in(last_mail()))
    Notice.objects.about(invitation).update(state=State.UNKNOWN, text=None, html=None, attachments=None)
    client.post(answer, ANSWER)
    assert Notice.objects.about(invitation).get().withdrawn_why == "accepted"
    assert not Notice.objects.needing_eyes().exists()


def test_staff_are_not_invited():
    user = make.user(role=Role.RECEPTION)
    with pytest.raises(AlreadyStaff):
        invite(user.email.upper())
    assert Invitation.objects.count() == 0


def test_only_staff_roles_are_offered():
    with pytest.raises(ValueError, match="at least one staff role"):
        invite(roles=(Role.PATIENT,))


# ---- Those who have an account ---------------------------------------------------------------------------------------


def test_a_patient_joins_with_the_account_they_have(client, last_mail, link_in, answer):
    user = make.user(email="mai@example.com")
    invite()
    link = link_in(last_mail())
    client.get(link)
    assert "form" not in client.get(answer).context
    # The link alone opens nobody's account.
    client.post(answer, ANSWER)
    assert User.objects.get(pk=user.pk).check_password(make.PASSWORD)
    assert User.objects.get(pk=user.pk).roles == {"patient"}

    assert (
        client.post(f"{reverse('account_login')}?next={answer}", {"login": user.email, "password": make.PASSWORD}).url
        == answer
    )
    assert client.get(answer).context["is_theirs"] is True
    assert client.post(answer).url == reverse("account_login")
    assert User.objects.get(pk=user.pk).roles == {"patient", "reception"}
    # The session was a patient's; what follows asks for staff's second factor from its start.
    assert client.get(reverse("account_email")).status_code == 302


def test_somebody_else_who_is_signed_in_cannot_join_in_their_place(client, last_mail, link_in, answer):
    make.user(email="mai@example.com")
    invite()
    other = make.user()
    client.force_login(other)
    client.get(link_in(last_mail()))
    assert client.get(answer).context["is_theirs"] is False
    client.post(answer, ANSWER)
    assert User.objects.get(pk=other.pk).roles == {"patient"}
    # They sign out and are led back to the same invitation.
    assert client.post(reverse("account_logout"), {"next": answer}).url == answer
    assert client.get(answer).status_code == 200


def test_an_account_that_nobody_verified_is_taken_over(client, last_mail, link_in, answer):
    """Anybody can sign up with the address of somebody who will be invited; they must not share the account."""
    squatter = User.objects.create_user("mai@example.com", "the-squatters-password", first_name="Not Mai")
    EmailAddress.objects.create(user=squatter, email=squatter.email, verified=False, primary=True)
    elsewhere = Client()
    elsewhere.force_login(squatter)
    invite()
    client.get(link_in(last_mail()))
    client.post(answer, ANSWER)
    user = User.objects.get(email="mai@example.com")
    assert (user.pk, user.name, user.check_password(PASSWORD)) == (squatter.pk, "Mai Nguyễn", True)
    assert elsewhere.get(reverse("account_email")).status_code == 302
    assert EmailAddress.objects.get(user=user).verified


def test_the_form_keeps_what_was_typed(client, last_mail, link_in, answer):
    invite()
    client.get(link_in(last_mail()))
    response = client.post(answer, {"first_name": "Mai", "last_name": "N" * 300, "password": "short"})
    assert set(response.context["form"].errors) == {"last_name", "password"}
    assert response.context["form"]["first_name"].value() == "Mai"
    assert User.objects.filter(email="mai@example.com").count() == 0


# ---- What the database holds -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("invitation_expires_later", {"expires_at": timezone.now() - timedelta(days=400)}),
        ("invitation_accepted_by_iff_accepted", {"accepted_at": timezone.now()}),
        ("invitation_accepted_or_withdrawn", {"accepted_at": timezone.now(), "withdrawn_at": timezone.now()}),
    ],
)
def test_constraints(constraint, change):
    invitation = invite()
    if "withdrawn_at" in change:
        change = {**change, "accepted_by": make.user()}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Invitation.objects.filter(pk=invitation.pk).update(**change)


def test_one_outstanding_invitation_an_address():
    invitation = invite()
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(
            email="MAI@example.com",
            roles=["manager"],
            token_hash="0" * 64,
            invited_at=invitation.invited_at,
            expires_at=invitation.expires_at,
        )


def test_actions_refuse_what_views_do_not_ask(last_mail, link_in):
    user = make.user(email="mai@example.com")
    invite()
    token, now = token_of(link_in(last_mail())), timezone.now()
    with pytest.raises(NotTheInvited):
        actions.join(token=token, first_name="M", last_name="N", hashed_password=make_password(PASSWORD), now=now)
    with pytest.raises(NotTheInvited):
        actions.accept(token=token, user=make.user(), now=now)
    actions.accept(token=token, user=user, now=now)
    with pytest.raises(InvitationClosed) as closed:
        actions.accept(token=token, user=user, now=now)
    assert closed.value.why == "used"


def test_a_second_step_is_promised_and_asked_for_where_it_must_be(client, link_in, answer, mails, settings):
    boss = make.signed_in_client(role=Role.MANAGER)
    for asked in (False, True):
        settings.STAFF_SECOND_FACTOR = asked
        page = boss.get(reverse("manager:invite")) if not asked else None
        assert asked or "asks staff for no second step" in page.content.decode()
        invite(email=f"asked-{asked}@example.com".lower())
        mail, browser = mails()[-1], Client()
        assert ("second step" in mail.text) is asked
        joining = browser.get(link_in(mail), follow=True).content.decode()
        assert ("second step" in joining) is asked
        browser.post(answer, ANSWER)
        response = browser.get(reverse("reception:today"))
        assert (response.status_code == 302 and response.url == reverse("mfa_index")) is asked


def test_an_invitation_opened_while_somebody_else_is_signed_in(answer, mails, link_in):
    invite()
    other = make.signed_in_client()
    page = other.get(link_in(mails()[-1]), follow=True).content.decode()
    assert f"You are signed in as {other.user.name}, but the invitation is for mai@example.com" in page
    other.post(answer, ANSWER)
    assert not User.objects.filter(email="mai@example.com").exists()
    other.post(reverse("account_logout"), {"next": answer})
    assert 'name="password"' in other.get(answer).content.decode()
