"""What is done to accounts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import get_language

from portal.accounts import role_news
from portal.accounts.links import absolute
from portal.accounts.models import Grant, Invitation, PendingGrant, User, UserQuerySet
from portal.accounts.refusals import (
    AlreadyStaff,
    InvitationClosed,
    LastManager,
    NotOutstanding,
    NotTheInvited,
    NotYourOwn,
)
from portal.accounts.roles import GUARDED, STAFF, Role
from portal.audit import trail
from portal.common.access.actors import Actor
from portal.notifications import outbox
from portal.notifications.recipients import Recipient

INVITATION_LASTS = timedelta(days=7)


# ---- Roles -----------------------------------------------------------------------------------------------------------


def second_managers(*, of: User, first: User | None) -> UserQuerySet:
    """Who may confirm what the `first` manager gives to somebody: every other manager who may sign in."""
    return User.objects.active().holding(Role.MANAGER).exclude(pk__in={of.pk, first.pk if first else of.pk})


@transaction.atomic
def grant_role(*, user: User, role: Role, by: Actor, now: datetime) -> Grant | PendingGrant:
    """Gives a staff role and ends the person's sessions; giving one that is held already changes nothing.

    A guarded role (`roles.GUARDED`) waits for a second manager where there is one; where there is none, the trail says
    so. Nobody gives one to themself: raises NotYourOwn. A job of the portal itself, as a command is, needs nobody.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if held := user.grants.in_force().filter(role=role).first():
        return held
    if by.user_id == user.pk:
        raise NotYourOwn
    alone = {}
    if role in GUARDED and by.user is not None:
        if second_managers(of=user, first=by.user).exists():
            return _ask_a_second(user, role, by=by, now=now)
        alone = {"second_manager": "none"}
    return _write_grant(user, role, given_by=by.user, by=by, now=now, **alone)


def _write_grant(user: User, role: Role, *, given_by: User | None, by: Actor, now: datetime, **facts: str) -> Grant:
    grant = Grant.objects.create(user=user, role=role, granted_at=now, granted_by=given_by)
    trail.record("role.granted", target=user, by=by, at=now, role=str(role), **facts)
    if "second_manager" in facts:
        # Nobody else looked at it: at least the person learns what they hold from now on.
        role_news.tell(user, role, "given", about=user, key=f"{user.code}:{now.isoformat()}:{role}")
    _forget_roles(user)
    end_sessions(user=user)
    return grant


def _ask_a_second(user: User, role: Role, *, by: Actor, now: datetime) -> PendingGrant:
    pending, created = PendingGrant.objects.outstanding().get_or_create(
        user=user, role=role, defaults={"asked_at": now, "asked_by": by.person}
    )
    if created:
        trail.record("role.asked_for", target=user, by=by, at=now, role=str(role))
        role_news.tell_of_pending(pending, "waits")
    return pending


@transaction.atomic
def confirm_grant(*, pending: PendingGrant, by: Actor, now: datetime) -> Grant:
    """A second manager confirms a role, which is held from then on; the person is told.

    Raises NotYourOwn to whoever gave it or would hold it, NotOutstanding.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=pending.user_id)
    if by.user_id is None or by.user_id in {pending.user_id, pending.asked_by_id}:
        raise NotYourOwn
    confirmed = PendingGrant.objects.outstanding().filter(pk=pending.pk)
    if not confirmed.update(confirmed_at=now, confirmed_by=by.user):
        raise NotOutstanding
    role = Role(pending.role)
    grant = user.grants.in_force().filter(role=role).first() or _write_grant(
        user, role, given_by=pending.asked_by, by=by, now=now, asked_by=str(pending.asked_by_id)
    )
    role_news.tell_of_pending(pending, "given")
    return grant


@transaction.atomic
def withdraw_grant(*, pending: PendingGrant, by: Actor, now: datetime) -> bool:
    """Takes back a role that waits for a second manager, and tells the person; False for one that waits no more."""
    if not PendingGrant.objects.outstanding().filter(pk=pending.pk).update(withdrawn_at=now, withdrawn_by=by.user):
        return False
    trail.record("role.withdrawn", target=pending.user, by=by, at=now, role=pending.role)
    outbox.withdraw(about=pending, why="withdrawn", now=now)
    role_news.tell_of_pending(pending, "withdrawn")
    return True


@transaction.atomic
def end_role(*, user: User, role: Role, by: Actor, now: datetime) -> None:
    """Takes a staff role away from now on, and ends the person's sessions; raises LastManager."""
    if role == Role.MANAGER:
        _keep_a_manager_without(user)
    ended = user.grants.in_force().filter(role=role).update(ended_at=now, ended_by=by.user)
    if ended:
        trail.record("role.ended", target=user, by=by, at=now, role=str(role))
        _forget_roles(user)
        end_sessions(user=user)
        if by.user_id != user.pk:
            role_news.tell(user, role, "ended", about=user, key=f"{user.code}:{now.isoformat()}:{role}")
        if role == Role.MANAGER:
            _take_back_what_they_began(user, by=by, now=now)


def _take_back_what_they_began(manager: User, *, by: Actor, now: datetime) -> None:
    """Whoever is manager no more lets nobody in: the links that they sent, and the roles that wait, end with theirs."""
    for invitation in Invitation.objects.outstanding().filter(invited_by=manager).order_by("pk"):
        withdraw_invitation(invitation=invitation, by=by, now=now)
    for pending in PendingGrant.objects.outstanding().filter(asked_by=manager).select_related("user").order_by("pk"):
        withdraw_grant(pending=pending, by=by, now=now)


def lock_roles(*, user: User) -> None:
    """Nobody else gives or takes this person's roles until the transaction ends. With the managers', in their order."""
    managers = User.objects.active().holding(Role.MANAGER)
    rows = User.objects.filter(Q(pk=user.pk) | Q(pk__in=managers.values("pk"))).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk", flat=True))
    _forget_roles(user)


@transaction.atomic
def set_roles(*, user: User, roles: Iterable[Role], by: Actor, now: datetime) -> None:
    """Gives and ends staff roles until the person holds just these, or waits for a second manager to confirm them.

    Raises LastManager or NotYourOwn, and then changes nothing.
    """
    wanted, held = {Role(role) for role in roles} & STAFF, {role for role in STAFF if role in user.roles}
    for role in sorted(held - wanted):
        end_role(user=user, role=role, by=by, now=now)
    for role in sorted(wanted - held):
        grant_role(user=user, role=role, by=by, now=now)


def _forget_roles(user: User) -> None:
    user.__dict__.pop("roles", None)
    getattr(user, "_prefetched_objects_cache", {}).pop("grants", None)


def _keep_a_manager_without(user: User) -> None:
    # All managers' rows are locked, in one order: two managers who remove each other wait, and the second is refused.
    managers = User.objects.active().holding(Role.MANAGER).order_by("pk")
    list(managers.select_for_update(no_key=True))
    # Asked again: PostgreSQL answers a query that had to wait for a lock with the grants of before the wait.
    if list(managers.values_list("pk", flat=True)) == [user.pk]:
        raise LastManager


# ---- Coming and going ------------------------------------------------------------------------------------------------


def end_sessions(*, user: User) -> None:
    """Signs the person out everywhere."""
    User.objects.filter(pk=user.pk).update(sessions_ended=F("sessions_ended") + 1)
    user.refresh_from_db(fields=["sessions_ended"])


def choose_language(*, user: User, language: str) -> None:
    """The language of a person's pages and of our messages to them."""
    if user.language != language:
        user.language = language
        user.save(update_fields=["language"])


def verified_address(user: User) -> str:
    """The address that somebody signs in with, once they have proved that they read it; else empty. One query."""
    return (
        EmailAddress.objects.filter(user=user, primary=True, verified=True).values_list("email", flat=True).first()
        or ""
    )


def account_of_address(address: str) -> User | None:
    """The account that signs in with this verified address, in any case, and may; or None."""
    found = EmailAddress.objects.filter(email__iexact=address, primary=True, verified=True, user__is_active=True)
    held = found.select_related("user").first() if address else None
    return held.user if held else None


@transaction.atomic
def rename(*, user: User, first_name: str, last_name: str, by: Actor, now: datetime) -> bool:
    """Gives an account the name that its person goes by, and says whether it was another before."""
    stored = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    names = {"first_name": first_name, "last_name": last_name}
    changed = sorted(field for field, name in names.items() if getattr(stored, field) != name)
    user.first_name, user.last_name = first_name, last_name
    if changed:
        User.objects.filter(pk=user.pk).update(**{field: names[field] for field in changed})
        trail.record("account.renamed", target=user, by=by, at=now, fields=changed)
    return bool(changed)


@transaction.atomic
def deactivate(*, user: User, by: Actor, now: datetime) -> None:
    """Lets the person sign in no more, and signs them out; what they did keeps their name. Raises LastManager."""
    # The person's row before what waits for them, as whoever confirms it holds both.
    lock_roles(user=user)
    _keep_a_manager_without(user)
    for pending in user.pending_grants.outstanding():
        withdraw_grant(pending=pending, by=by, now=now)
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        user.is_active = False
        end_sessions(user=user)
        trail.record("account.deactivated", target=user, by=by, at=now)
        _take_back_what_they_began(user, by=by, now=now)
        if by.user_id != user.pk and user.is_staff_member:
            role_news.tell(user, None, "closed", about=user, key=f"{user.code}:{now.isoformat()}")


@transaction.atomic
def reactivate(*, user: User, by: Actor, now: datetime) -> list[PendingGrant]:
    """Lets the person sign in again, with the roles they held.

    A guarded role is given anew, so that nobody lets a former manager or psychologist back in alone: it waits for a
    second manager where there is one, and is answered; where there is none, the trail says so and the person is told.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        return []
    user.is_active = True
    trail.record("account.reactivated", target=user, by=by, at=now)
    guarded = list(user.grants.in_force().filter(role__in=GUARDED).order_by("role"))
    if by.user is None or not guarded:
        return []
    Grant.objects.filter(pk__in=[grant.pk for grant in guarded]).update(ended_at=now, ended_by=by.user)
    _forget_roles(user)
    given = [grant_role(user=user, role=Role(grant.role), by=by, now=now) for grant in guarded]
    return [one for one in given if isinstance(one, PendingGrant)]


@transaction.atomic
def reset_second_factor(*, user: User, by: Actor, now: datetime) -> None:
    """Removes the second factors of somebody who lost theirs, signs them out and tells them; raises NotYourOwn."""
    if by.user_id == user.pk:
        raise NotYourOwn
    for authenticator in Authenticator.objects.filter(user=user):
        authenticator.delete()
    end_sessions(user=user)
    trail.record("account.second_factor_reset", target=user, by=by, at=now)
    outbox.queue(
        template="account/second_factor_reset",
        to=Recipient.by_email(user.email),
        about=user,
        context={"name": user.called, "sign_in_url": absolute("account_login")},
        dedupe_key=f"account:second_factor_reset:{user.code}:{now.isoformat()}",
        language=user.language or get_language(),
    )


# ---- Invitations -----------------------------------------------------------------------------------------------------


@transaction.atomic
def invite(
    *, email: str, roles: Iterable[Role], by: Actor, now: datetime, first_name: str = "", last_name: str = ""
) -> Invitation:
    """Sends an invitation to be staff; an earlier one to the address stops working. Raises AlreadyStaff."""
    email = email.strip().lower()
    offered = sorted(role.value for role in {Role(role) for role in roles} & STAFF)
    if not offered:
        raise ValueError("an invitation offers at least one staff role")
    if User.objects.staff().filter(email=email).exists():
        raise AlreadyStaff
    for earlier in Invitation.objects.outstanding().filter(email=email).order_by("pk"):
        withdraw_invitation(invitation=earlier, by=by, now=now)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        email=email,
        first_name=first_name,
        last_name=last_name,
        roles=offered,
        token_hash=Invitation.hash_of(token),
        invited_by=by.user,
        invited_at=now,
        expires_at=now + INVITATION_LASTS,
    )
    trail.record("invitation.sent", target=invitation, by=by, at=now, roles=offered)
    outbox.queue(
        template="account/invitation",
        to=Recipient.by_email(email),
        about=invitation,
        context={
            "invited_by": by.user.name if by.user else "",
            "role_names": invitation.role_names,
            "activate_url": absolute("open_invitation", token),
            "days": INVITATION_LASTS.days,
            "second_factor": settings.STAFF_SECOND_FACTOR,
        },
        dedupe_key=f"invitation:{invitation.code}",
        language=get_language(),
        secret=True,
    )
    return invitation


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, by: Actor, now: datetime) -> bool:
    """Makes the link useless, and sends no e-mail with it that still waits; False if it was accepted or withdrawn."""
    withdrawn = Invitation.objects.outstanding().filter(pk=invitation.pk)
    if not withdrawn.update(withdrawn_at=now, withdrawn_by=by.user):
        return False
    outbox.withdraw(about=invitation, why="withdrawn", now=now)
    trail.record("invitation.withdrawn", target=invitation, by=by, at=now)
    return True


def open_invitation(*, token: str, now: datetime) -> Invitation:
    """The invitation that a link opens; raises InvitationClosed."""
    invitation = Invitation.objects.with_token(token).first()
    if invitation is None:
        raise InvitationClosed("unknown")
    if invitation.accepted_at:
        raise InvitationClosed("used")
    if invitation.withdrawn_at:
        raise InvitationClosed("withdrawn")
    if invitation.expired(now=now):
        raise InvitationClosed("expired")
    return invitation


def account_of(invitation: Invitation) -> User | None:
    """The account that the invited person already signs in to.

    One whose address was never verified may have been made by anybody: it doesn't count, and accepting takes it over.
    """
    address = EmailAddress.objects.filter(email=invitation.email, verified=True).select_related("user").first()
    return address.user if address else None


@transaction.atomic
def join(*, token: str, first_name: str, last_name: str, hashed_password: str, now: datetime) -> User:
    """Makes the account of an invited person who has none, with the roles offered; raises InvitationClosed.

    To hash a password is slow on purpose: the caller has done so before it begins a transaction.
    """
    invitation = _claimed(token=token, now=now)
    if account_of(invitation):
        raise NotTheInvited
    user = User.objects.filter(email=invitation.email).first() or User(email=invitation.email)
    user.first_name, user.last_name, user.password = first_name, last_name, hashed_password
    user.save()
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return _accepted(invitation, user, now=now)


@transaction.atomic
def accept(*, token: str, user: User, now: datetime) -> User:
    """Gives the roles offered to the account of the invited address.

    Raises InvitationClosed, NotTheInvited, or NotYourOwn for who invited an address that has become their own.
    """
    invitation = _claimed(token=token, now=now)
    if account_of(invitation) != user:
        raise NotTheInvited
    if invitation.invited_by_id == user.pk:
        raise NotYourOwn
    return _accepted(invitation, user, now=now)


def _claimed(*, token: str, now: datetime) -> Invitation:
    """The invitation, locked, so that a double click waits and then finds it used."""
    Invitation.objects.with_token(token).select_for_update(no_key=True).first()
    return open_invitation(token=token, now=now)


def _accepted(invitation: Invitation, user: User, *, now: datetime) -> User:
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=now, accepted_by=user)
    # Of the e-mail that brought the link nobody need ask any more whether it arrived.
    outbox.withdraw(about=invitation, why="accepted", now=now)
    trail.record("invitation.accepted", target=invitation, by=Actor(user=user, role=Role.PATIENT), at=now)
    inviter = invitation.invited_by
    by = Actor.system("setup") if inviter is None else Actor(user=inviter, role=Role.MANAGER)
    for role in invitation.roles:
        grant_role(user=user, role=Role(role), by=by, now=now)
    _forget_roles(user)
    end_sessions(user=user)
    return user
