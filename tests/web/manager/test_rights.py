"""Each role tries to widen its own rights through every form of `/manage/`: by the door, by fields, by codes."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.urls import get_resolver, reverse
from django.utils import timezone

from portal.accounts.models import Grant, Invitation, PendingGrant, User
from portal.accounts.roles import GUARDED, STAFF, Role
from portal.audit.models import Entry
from portal.clinic.models import Psychologist
from portal.notifications import outbox
from portal.notifications.models import Notice
from portal.notifications.recipients import Recipient
from portal.patients.models import Carer, Patient
from portal.website.models import CrisisLine
from tests import make
from tests.web.test_once import named_views, takes_a_post

pytestmark = pytest.mark.django_db

OTHERS = ("nobody", "patient", "carer", "psychologist", "reception")


def manage():
    """Each address of the manager's that takes a form, as it is written, by its name."""
    taken = {name for name, view in named_views() if takes_a_post(view)}
    (room,) = [part for part in get_resolver().url_patterns if getattr(part, "namespace", None) == "manager"]
    named = {f"manager:{each.name}": f"/{room.pattern}{each.pattern}" for each in room.url_patterns}
    return {name: address for name, address in sorted(named.items()) if name in taken}


MANAGE = manage()


def test_the_forms_are_found():
    assert {"manager:roles", "manager:invite", "manager:close_account", "manager:profile"} <= MANAGE.keys()


class Clinic:
    """Somebody of each role, who else works here, and one of everything that the manager's forms name."""

    def __init__(self):
        make.clinic(state="VIC")
        now = timezone.now()
        self.people = {
            "nobody": None,
            "patient": make.user(),
            "carer": make.user(),
            "psychologist": make.user(role=Role.PSYCHOLOGIST),
            "reception": make.user(role=Role.RECEPTION),
            "manager": make.user(role=Role.MANAGER),
        }
        make.patient(user=self.people["patient"])
        make.carer(user=self.people["carer"])
        make.psychologist(user=self.people["psychologist"])
        self.second, self.colleague = make.user(role=Role.MANAGER), make.psychologist().user
        left = make.user(role=Role.RECEPTION, is_active=False)
        # A third manager: there is always a second one to confirm what the first gives, to the second one too.
        third = make.user(role=Role.MANAGER)
        self.staff = [*filter(None, self.people.values()), self.second, third, self.colleague, left]
        for person in self.staff:
            make.second_factor(person)
        boss = self.people["manager"]
        self.pending = [
            PendingGrant.objects.create(user=user, asked_by=by, asked_at=now, role=role)
            for user, by, role in [
                (self.people["reception"], self.second, Role.MANAGER),
                (self.colleague, boss, Role.MANAGER),
                (boss, self.second, Role.PSYCHOLOGIST),
            ]
        ]
        self.invited = Invitation.objects.create(
            email="new@example.com",
            roles=["reception"],
            token_hash=Invitation.hash_of("a-token"),
            invited_at=now,
            expires_at=now + timedelta(days=7),
        )
        outbox.queue(
            template="account/role",
            to=Recipient.by_email("somebody@example.com"),
            context={"what": "given", "name": "", "role_name": "", "sign_in_url": ""},
            about=boss,
            dedupe_key="a role",
            language="en-au",
        )
        things = [make.location(), make.service(), make.resource(), make.category(), make.post()]
        self.person = Psychologist.objects.get(user=self.people["psychologist"])
        self.things = [self.invited, *things, CrisisLine.objects.first(), Notice.objects.first()]

    def attacks(self, name, role):
        """The address, with each code that it could be about: people's wherever the form is about people."""
        address = MANAGE[name]
        if "<slug:kind>" in address:
            return [reverse(name, args=["fees"])]
        if "<slug:slug>" in address:
            return [reverse(name, args=[self.person.slug])]
        if "<slug:language>" in address:
            return [reverse(name, args=["appointment_booked", "en-au"])]
        if "<str:key>" in address:
            return [reverse(name, args=["home.title"])]
        if "<uuid:code>" not in address:
            return [reverse(name)]
        is_about_people = "/staff/<" in address or "role" in name
        about = [*self.staff, *self.pending] if is_about_people else self.things
        return [reverse(name, args=[one.code]) for one in (about if role == "manager" else about[:1])]

    def said(self, who):
        """All that somebody might think of, in fields that forms have and in those that they don't."""
        me = who or self.second
        whose = ("user", "person", "psychologist", "owner", "author", "staff", "account", "pk", "id")
        by = ("by", "actor", "granted_by", "asked_by", "confirmed_by", "invited_by", "request_user")
        flags = (
            "is_staff",
            "is_superuser",
            "is_active",
            "is_manager",
            "sure",
            "confirm",
            "confirmed",
            "second_manager",
        )
        return {
            **dict.fromkeys(whose, str(me.pk)),
            **dict.fromkeys(by, str(self.second.pk)),
            **dict.fromkeys(flags, "on"),
            **dict.fromkeys(("groups", "user_permissions", "grants", "pending_grants"), "1"),
            **dict.fromkeys(("email", "to", "address"), me.email),
            **dict.fromkeys(("password", "password1", "password2"), "a-stolen-password"),
            **dict.fromkeys(("first_name", "last_name", "name", "title", "legal_name"), "Something"),
            "roles": [role.value for role in STAFF],
            "role": "manager",
            "slug": "something",
            "do": "save",
            "code": str(self.second.code),
            "registration": "clinical",
            "next": "/manage/",
        }


def rights():
    """Who may do what, and who may come in as whom: everything by which somebody's rights could grow."""
    return {
        "roles": set(Grant.objects.in_force().values_list("user", "role")),
        "accounts": set(User.objects.values_list("pk", "email", "password", "is_active")),
        "addresses": set(EmailAddress.objects.values_list("user", "email", "verified")),
        "second steps": set(Authenticator.objects.values_list("user", "type")),
        "waiting": set(PendingGrant.objects.outstanding().values_list("user", "role", "asked_by")),
        "invited": set(Invitation.objects.outstanding().values_list("email", "roles__0", "roles__1", "roles__2")),
        "profiles": set(Psychologist.objects.values_list("pk", "user")),
        "records": set(Patient.objects.values_list("pk", "user")),
        "carers": set(Carer.objects.in_force().values_list("patient", "user")),
    }


def tried(browser, address, said):
    """What posting this leads to, and what it leaves of everybody's rights; taken back afterwards."""
    with transaction.atomic():
        answer = browser.post(address, said)
        left = rights()
        transaction.set_rollback(True)
    return answer, left


@pytest.mark.parametrize("role", OTHERS)
def test_no_other_role_comes_in_by_any_form(role):
    clinic = Clinic()
    who = clinic.people[role]
    browser, said, before = make.client_for(who), clinic.said(who), rights()
    for name in MANAGE:
        for address in clinic.attacks(name, role):
            answer, left = tried(browser, address, said)
            if who is None:
                assert (answer.status_code, answer.url.partition("?")[0]) == (302, reverse("account_login")), address
            else:
                assert answer.status_code == 403, address
            assert left == before, address


def test_a_manager_widens_no_right_of_their_own():
    """Nor anybody's where a second manager is to look first; nor takes over an account, a profile or a record."""
    clinic = Clinic()
    boss = clinic.people["manager"]
    browser, said, before = make.client_for(boss), clinic.said(boss), rights()
    reached = set()
    for name in MANAGE:
        for address in clinic.attacks(name, "manager"):
            answer, left = tried(browser, address, said)
            assert answer.status_code < 500, address
            if answer.status_code not in {404, 405}:
                reached.add(name)
            assert_no_wider(before, left, boss=boss, clinic=clinic, address=address)
    # Each form was really there, and not only refused as unknown.
    assert MANAGE.keys() - reached == NOT_IN_THIS_CLINIC


# What these are about is not made above, and says nothing of rights.
NOT_IN_THIS_CLINIC = {f"manager:{name}" for name in ("take_to_do", "put_back_to_do", "finish_to_do")} | {
    # No file of the schedule was read there.
    "manager:go_on_with_schedule",
    "manager:schedule_update",
}


def assert_no_wider(before, left, *, boss, clinic, address):
    gained = left["roles"] - before["roles"]
    assert {role for user, role in gained if user == boss.pk} == set(), address
    # The one grant that another manager asked for is theirs to confirm.
    asked_by_another = {(each.user_id, each.role) for each in clinic.pending if each.asked_by_id != boss.pk}
    assert {(user, role) for user, role in gained if role in GUARDED} <= asked_by_another - {
        (boss.pk, Role.PSYCHOLOGIST)
    }, address
    assert {user for user, _role, _by in left["waiting"] - before["waiting"] if user == boss.pk} == set(), address
    opened = {(pk, email, password) for pk, email, password, _ in left["accounts"]}
    assert opened == {(pk, email, password) for pk, email, password, _ in before["accounts"]}, address
    for kept in ("addresses", "records", "carers"):
        assert left[kept] == before[kept], (kept, address)
    assert {(user, kind) for user, kind in before["second steps"] - left["second steps"] if user == boss.pk} == set()
    assert left["second steps"] <= before["second steps"], address
    # A profile stays whose it is, and nobody who isn't a psychologist gets one.
    psychologists = {user for user, role in before["roles"] if role == Role.PSYCHOLOGIST}
    assert before["profiles"] <= left["profiles"], address
    assert {user for _pk, user in left["profiles"] - before["profiles"]} <= psychologists, address
    # An invitation to oneself, or a link to an account that is staff already, would be another way in.
    staff = {person.email for person in clinic.staff if person.is_staff_member}
    assert {email for email, *_ in left["invited"]} & staff == set(), address


def test_the_whole_way_of_a_manager_who_wants_to_read_alone_is_closed():
    """Step by step: the role for oneself, by invitation, by a friend's confirmation, by a profile."""
    clinic = Clinic()
    boss = clinic.people["manager"]
    browser = make.client_for(boss)

    def post(name, *args, **said):
        return browser.post(reverse(f"manager:{name}", args=args), said)

    post("roles", boss.code, roles=["manager", "psychologist"])
    post("invite", email=boss.email, roles=["psychologist"])
    post("confirm_role", clinic.pending[2].code)
    post("profile", boss.code, registration="clinical", in_person="on", slug="me")
    boss = User.objects.get(pk=boss.pk)
    assert boss.roles & STAFF == {Role.MANAGER}
    assert not Psychologist.objects.filter(user=boss).exists()
    assert not re.search("/practice/", browser.get(reverse("account_home")).url)
    assert browser.get(reverse("psychologist:patients")).status_code == 403


# ---- Those who leave -------------------------------------------------------------------------------------------------


def set_roles(browser, person, *roles):
    page = reverse("manager:person", args=[person.code])
    sent = {"roles": roles} | browser.shown(page, "roles")
    return browser.post(reverse("manager:roles", args=[person.code]), sent)


def told_of_roles(person):
    return [notice.text for notice in Notice.objects.filter(template="account/role") if notice.to == person.email]


@pytest.mark.parametrize("how", ["close_account", "roles"])
def test_who_is_manager_no_more_has_no_door_left_open(how):
    """A manager who is about to go invites an address of their own, and asks for a role for a friend."""
    make.clinic()
    going, stays, friend = make.staff(Role.MANAGER), make.staff(Role.MANAGER), make.staff(Role.RECEPTION)
    hers, his = make.client_for(going), make.client_for(stays)
    hers.post(reverse("manager:invite"), {"email": "mine@example.com", "roles": ["reception"]})
    set_roles(hers, friend, "reception", "manager")
    his.post(reverse("manager:invite"), {"email": "new@example.com", "roles": ["reception"]})
    assert PendingGrant.objects.outstanding().count() == 1
    if how == "roles":
        set_roles(his, going, "reception")
    else:
        his.post(reverse("manager:close_account", args=[going.code]))
    assert [one.email for one in Invitation.objects.outstanding()] == ["new@example.com"]
    assert list(PendingGrant.objects.outstanding()) == []
    [told] = told_of_roles(going)
    assert ("this role is no longer yours: Practice manager" if how == "roles" else "was closed") in told


@pytest.mark.parametrize("role", sorted(GUARDED))
def test_nobody_lets_a_former_manager_or_psychologist_back_in_alone(role):
    make.clinic()
    first, second = make.staff(Role.MANAGER), make.staff(Role.MANAGER)
    gone = make.user(roles=(role, Role.RECEPTION), is_active=False)
    answer = make.client_for(first).post(reverse("manager:open_account", args=[gone.code]), follow=True)
    gone = User.objects.get(pk=gone.pk)
    assert (gone.is_active, gone.roles & STAFF) == (True, {Role.RECEPTION})
    assert "A second manager has to confirm" in answer.text
    [pending] = PendingGrant.objects.outstanding()
    # Not by whoever opened the account, and not by the person.
    for nobody in (first, gone):
        make.client_for(nobody).post(reverse("manager:confirm_role", args=[pending.code]))
    assert PendingGrant.objects.outstanding().count() == 1
    make.client_for(second).post(reverse("manager:confirm_role", args=[pending.code]))
    assert User.objects.get(pk=gone.pk).roles & STAFF == {role, Role.RECEPTION}


def test_where_one_manager_is_alone_the_trail_says_that_nobody_confirmed():
    make.clinic()
    boss, gone = make.staff(Role.MANAGER), make.user(role=Role.PSYCHOLOGIST, is_active=False)
    make.client_for(boss).post(reverse("manager:open_account", args=[gone.code]))
    assert User.objects.get(pk=gone.pk).roles & STAFF == {Role.PSYCHOLOGIST}
    assert Entry.objects.filter(verb="role.granted").latest("pk").facts["second_manager"] == "none"
    assert len(told_of_roles(gone)) == 1
