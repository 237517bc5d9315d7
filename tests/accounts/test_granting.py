"""Nobody widens their own rights: a role is another's to give, and what opens records a second manager's to confirm."""

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from portal.accounts import actions
from portal.accounts.models import Grant, Invitation, PendingGrant, User
from portal.accounts.refusals import NotOutstanding, NotYourOwn
from portal.accounts.roles import GUARDED, STAFF, Role
from portal.audit.models import Entry
from portal.notifications.models import Notice
from tests import make
from tests.waiting import until_it_waits

pytestmark = pytest.mark.django_db

ANSWER = "/accounts/invitation/"


@pytest.fixture
def boss():
    make.clinic()
    return make.signed_in_client(role=Role.MANAGER)


@pytest.fixture
def second(boss):
    """Another manager's browser."""
    return make.signed_in_client(role=Role.MANAGER)


def held(user):
    return set(Grant.objects.in_force().filter(user=user).values_list("role", flat=True))


def give(client, user, *roles):
    page = client.shown(reverse("manager:person", args=[user.code]), "roles")
    return client.post(reverse("manager:roles", args=[user.code]), {"roles": roles} | page, follow=True)


def said(response):
    return [str(message) for message in response.context["messages"]]


def granted(user):
    return [e.facts for e in Entry.objects.about(user).filter(verb="role.granted").order_by("id")]


def told(user):
    return [notice.template for notice in Notice.objects.order_by("id") if notice.to == user.email]


# ---- To oneself ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", sorted(STAFF - {Role.MANAGER}))
@pytest.mark.parametrize("managers", [1, 2])
def test_nobody_gives_themself_a_role(boss, role, managers, request):
    if managers == 2:
        request.getfixturevalue("second")
    page = give(boss, boss.user, "manager", role)
    assert held(boss.user) == {"manager"}
    assert not PendingGrant.objects.exists()
    page = boss.get(reverse("manager:person", args=[boss.user.code])).content.decode()
    assert f'value="{role}"' not in page
    assert "Nobody gives a role to themself" in page


def test_an_action_refuses_it_too(boss):
    by = make.actor(user=boss.user, role=Role.MANAGER)
    with pytest.raises(NotYourOwn):
        actions.set_roles(user=boss.user, roles=STAFF, by=by, now=timezone.now())
    assert held(boss.user) == {"manager"}


def test_ones_own_role_can_be_given_up(boss, second):
    give(boss, boss.user)
    assert held(boss.user) == set()


def test_an_invitation_to_ones_own_address_is_not_accepted(boss, second, last_mail, link_in):
    """The manager invites another address, makes it their own, and opens the link."""
    by = make.actor(user=boss.user, role=Role.MANAGER)
    actions.invite(email="alias@example.com", roles=[Role.PSYCHOLOGIST], by=by, now=timezone.now())
    link = link_in(last_mail())
    boss.user.emailaddress_set.update(email="alias@example.com")
    User.objects.filter(pk=boss.user.pk).update(email="alias@example.com")
    boss.get(link)
    answered = boss.post(ANSWER)
    assert answered.status_code == 403
    assert "Nobody gives a role to themself" in answered.content.decode()
    assert held(boss.user) == {"manager"}
    assert Invitation.objects.get().accepted_at is None


# ---- By a second manager ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", sorted(GUARDED))
def test_what_opens_records_waits_for_a_second_manager(boss, second, role):
    desk = make.user(role=Role.RECEPTION, first_name="Grace")
    page = give(boss, desk, "reception", role)
    assert held(desk) == {"reception"}
    assert any("A second manager has to confirm" in words for words in said(page))
    pending = PendingGrant.objects.get()
    confirm = reverse("manager:confirm_role", args=[pending.code])
    # Neither who gave it nor who would hold it.
    boss.post(confirm)
    assert held(desk) == {"reception"}
    assert make.client_for(desk).post(confirm).status_code == 403
    # The second manager finds it at the head of their day, on the list of staff, and on the person's page.
    for name, args in [("home", []), ("staff", []), ("person", [desk.code])]:
        assert f'href="{confirm}"' in second.get(reverse(f"manager:{name}", args=args)).content.decode(), name
        assert f'href="{confirm}"' not in boss.get(reverse(f"manager:{name}", args=args)).content.decode(), name
    assert "Grace" in second.get(confirm).content.decode()
    second.post(confirm)
    assert held(desk) == {"reception", role}
    assert granted(desk) == [{"role": role, "asked_by": str(boss.user.pk)}]
    assert told(desk) == ["account/role", "account/role"]
    assert second.post(confirm, follow=True).status_code == 200
    assert Grant.objects.filter(user=desk, role=role).count() == 1


def test_somebody_does_not_confirm_their_own_role(boss, second):
    third = make.signed_in_client(role=Role.MANAGER)
    give(boss, second.user, "manager", "psychologist")
    pending = PendingGrant.objects.get()
    second.post(reverse("manager:confirm_role", args=[pending.code]))
    assert held(second.user) == {"manager"}
    third.post(reverse("manager:confirm_role", args=[pending.code]))
    assert held(second.user) == {"manager", "psychologist"}


def test_a_second_account_of_ones_own_confirms_nothing(boss, second):
    """A manager makes another account manager, to confirm with it what they give: that waits for the second as well."""
    alias, desk = make.user(), make.user(role=Role.RECEPTION)
    by = make.actor(user=boss.user, role=Role.MANAGER)
    actions.set_roles(user=alias, roles=[Role.MANAGER, Role.PSYCHOLOGIST], by=by, now=timezone.now())
    give(boss, desk, "reception", "psychologist")
    assert (held(alias), held(desk)) == (set(), {"reception"})
    assert make.client_for(alias).get(reverse("manager:staff")).status_code == 403


def test_an_invited_psychologist_waits_too(boss, second, client, last_mail, link_in):
    by = make.actor(user=boss.user, role=Role.MANAGER)
    now = timezone.now()
    actions.invite(email="new@example.com", roles=[Role.PSYCHOLOGIST, Role.RECEPTION], by=by, now=now)
    client.get(link_in(last_mail()))
    joined = {"first_name": "Nur", "last_name": "", "password": "a-long-enough-1-sentence"}
    page = client.post(ANSWER, joined, follow=True)
    nur = User.objects.get(email="new@example.com")
    assert held(nur) == {"reception"}
    assert "A second manager has to confirm this role first: Psychologist." in page.content.decode()
    second.post(reverse("manager:confirm_role", args=[PendingGrant.objects.get().code]))
    assert held(nur) == {"reception", "psychologist"}


def test_a_role_that_waits_is_withdrawn(boss, second):
    desk = make.user(role=Role.RECEPTION)
    give(boss, desk, "reception", "psychologist")
    pending = PendingGrant.objects.get()
    boss.post(reverse("manager:withdraw_role", args=[pending.code]))
    second.post(reverse("manager:confirm_role", args=[pending.code]))
    assert held(desk) == {"reception"}
    with pytest.raises(NotOutstanding):
        actions.confirm_grant(pending=pending, by=make.actor(user=second.user, role=Role.MANAGER), now=timezone.now())
    # And can be given again.
    give(boss, desk, "reception", "psychologist")
    assert PendingGrant.objects.outstanding().count() == 1


def test_who_goes_by_one_name_is_greeted_by_it(boss):
    desk = make.user(role=Role.RECEPTION, first_name="", last_name="Suharto")
    give(boss, desk, "reception", "manager")
    assert "Hello Suharto," in Notice.objects.get(template="account/role").text


def test_a_role_that_was_confirmed_meanwhile_is_not_said_to_be_withdrawn(boss, second):
    desk = make.user(role=Role.RECEPTION)
    give(boss, desk, "reception", "psychologist")
    pending = PendingGrant.objects.get()
    second.post(reverse("manager:confirm_role", args=[pending.code]))
    answer = boss.post(reverse("manager:withdraw_role", args=[pending.code]), follow=True)
    assert said(answer) == ["That was settled before."]
    assert held(desk) == {"reception", "psychologist"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_who_confirms_a_role_and_who_closes_the_account_do_not_wait_for_each_other():
    desk, first, second = make.user(role=Role.RECEPTION), make.staff(Role.MANAGER), make.staff(Role.MANAGER)
    by = make.actor(user=first, role=Role.MANAGER)
    actions.grant_role(user=desk, role=Role.PSYCHOLOGIST, by=by, now=timezone.now())
    pending, raised = PendingGrant.objects.get(), []

    def close():
        try:
            actions.deactivate(user=desk, by=by, now=timezone.now())
        except Exception as problem:
            raised.append(problem)
        finally:
            connection.close()

    thread = threading.Thread(target=close)
    with transaction.atomic():
        actions.rename(user=desk, first_name="Ida", last_name="Bell", by=by, now=timezone.now())
        thread.start()
        until_it_waits(thread)
        confirming = make.actor(user=second, role=Role.MANAGER)
        actions.confirm_grant(pending=pending, by=confirming, now=timezone.now())
    thread.join(timeout=20)
    assert (raised, thread.is_alive(), User.objects.get(pk=desk.pk).is_active) == ([], False, False)


def test_who_leaves_takes_what_waits_with_them(boss, second):
    desk = make.user(role=Role.RECEPTION)
    give(boss, desk, "reception", "psychologist")
    boss.post(reverse("manager:close_account", args=[desk.code]))
    assert not PendingGrant.objects.outstanding().exists()


def test_reception_is_given_by_one(boss, second):
    desk = make.user(role=Role.PSYCHOLOGIST)
    give(boss, desk, "psychologist", "reception")
    assert held(desk) == {"psychologist", "reception"}
    assert granted(desk) == [{"role": "reception"}]


# ---- In a clinic of one manager --------------------------------------------------------------------------------------


def test_the_only_manager_gives_it_and_the_trail_says_so(boss):
    make.user(role=Role.MANAGER, is_active=False)
    desk = make.user(role=Role.RECEPTION)
    give(boss, desk, "reception", "psychologist")
    assert held(desk) == {"reception", "psychologist"}
    assert granted(desk) == [{"role": "psychologist", "second_manager": "none"}]
    page = boss.get(reverse("manager:trail")).content.decode()
    assert "nobody: there is one manager alone" in page
    # Nobody else looked at it: the person is told.
    [notice] = Notice.objects.filter(template="account/role")
    assert (notice.to, "you work here from now on as: Psychologist" in notice.text) == (desk.email, True)


def test_the_only_manager_reads_that_nobody_confirms_before_and_after(boss):
    desk = make.user(role=Role.RECEPTION)
    words, after = "nobody confirms what you give", "No second manager confirmed this"
    person, invite = reverse("manager:person", args=[desk.code]), reverse("manager:invite")
    assert [words in boss.get(page).text for page in (person, invite)] == [True, True]
    assert after in give(boss, desk, "reception", "psychologist").text
    # Who is reception alone opens no records.
    other = make.user(role=Role.MANAGER, is_active=False)
    assert after not in give(boss, other, "reception").text
    make.user(role=Role.MANAGER)
    assert [words in boss.get(page).text for page in (person, invite)] == [False, False]


def test_the_server_gives_the_only_manager_their_second_role(boss, capsys):
    call_command("give_role", boss.user.email.upper(), "psychologist")
    assert held(boss.user) == {"manager", "psychologist"}
    entry = Entry.objects.about(boss.user).get(verb="role.granted")
    assert (entry.actor_id, entry.actor_role, entry.actor_name) == ("", "system", "give_role")
    with pytest.raises(CommandError):
        call_command("give_role", "nobody@example.com", "psychologist")


# ---- The database ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("pending_grant_not_for_oneself", lambda p: {"asked_by": p.user}),
        ("pending_grant_confirmed_by_a_second", lambda p: {"confirmed_at": p.asked_at, "confirmed_by": p.asked_by}),
        ("pending_grant_confirmed_by_a_second", lambda p: {"confirmed_at": p.asked_at, "confirmed_by": p.user}),
        ("pending_grant_confirmed_by_a_second", lambda p: {"confirmed_at": p.asked_at}),
        (
            "pending_grant_confirmed_or_withdrawn",
            lambda p: {"confirmed_at": p.asked_at, "confirmed_by": make.user(), "withdrawn_at": p.asked_at},
        ),
    ],
)
def test_constraints(constraint, change):
    pending = PendingGrant.objects.create(
        user=make.user(), role=Role.PSYCHOLOGIST, asked_at=timezone.now(), asked_by=make.user()
    )
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        PendingGrant.objects.filter(pk=pending.pk).update(**change(pending))


def test_one_of_a_kind_waits():
    user, by = make.user(), make.user()
    PendingGrant.objects.create(user=user, role=Role.PSYCHOLOGIST, asked_at=timezone.now(), asked_by=by)
    with pytest.raises(IntegrityError), transaction.atomic():
        PendingGrant.objects.create(user=user, role=Role.PSYCHOLOGIST, asked_at=timezone.now(), asked_by=by)
