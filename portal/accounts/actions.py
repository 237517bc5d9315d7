"""What is done to accounts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import get_language

from portal.accounts.models import Grant, Invitation, User
from portal.accounts.refusals import AlreadyStaff, InvitationClosed, LastManager, NotTheInvited, NotYourOwn
from portal.accounts.roles import STAFF, Role
from portal.audit import trail
from portal.common.access.actors import Actor
from portal.notifications import outbox
from portal.notifications.recipients import Recipient

INVITATION_LASTS = timedelta(days=7)


# ---- Roles -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def grant_role(*, user: User, role: Role, by: Actor, now: datetime) -> Grant:
    """Gives a staff role and ends the person's sessions; giving one that is held already changes nothing."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    grant, created = Grant.objects.get_or_create(
        user=user, role=role, ended_at=None, defaults={"granted_at": now, "granted_by": by.user}
    )
    if created:
        trail.record("role.granted", target=user, by=by, at=now, role=str(role))
        _forget_roles(user)
        end_sessions(user=user)
    return grant


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


@transaction.atomic
def set_roles(*, user: User, roles: Iterable[Role], by: Actor, now: datetime) -> None:
    """Gives and ends staff roles until the person holds just these; raises LastManager and then changes nothing."""
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
    _keep_a_manager_without(user)
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        user.is_active = False
        end_sessions(user=user)
        trail.record("account.deactivated", target=user, by=by, at=now)


@transaction.atomic
def reactivate(*, user: User, by: Actor, now: datetime) -> None:
    """Lets the person sign in again, with the roles they held."""
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        user.is_active = True
        trail.record("account.reactivated", target=user, by=by, at=now)


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
            "name": first_name,
            "invited_by": by.user.name if by.user else "",
            "role_names": invitation.role_names,
            "activate_url": absolute("open_invitation", token),
            "days": INVITATION_LASTS.days,
        },
        dedupe_key=f"invitation:{invitation.code}",
        language=get_language(),
        secret=True,
    )
    return invitation


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, by: Actor, now: datetime) -> None:
    """Makes the link useless, and sends no e-mail with it that still waits; one that was accepted stays accepted."""
    withdrawn = Invitation.objects.outstanding().filter(pk=invitation.pk)
    if withdrawn.update(withdrawn_at=now, withdrawn_by=by.user):
        outbox.withdraw(about=invitation, why="withdrawn", now=now)
        trail.record("invitation.withdrawn", target=invitation, by=by, at=now)


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


def join(*, token: str, first_name: str, last_name: str, password: str, now: datetime) -> User:
    """Makes the account of an invited person who has none, with the roles offered; raises InvitationClosed."""
    hashed = make_password(password)  # slow on purpose, so not inside the transaction
    with transaction.atomic():
        invitation = _claimed(token=token, now=now)
        if account_of(invitation):
            raise NotTheInvited
        user = User.objects.filter(email=invitation.email).first() or User(email=invitation.email)
        user.first_name, user.last_name, user.password = first_name, last_name, hashed
        user.save()
        EmailAddress.objects.filter(user=user).delete()
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return _accepted(invitation, user, now=now)


@transaction.atomic
def accept(*, token: str, user: User, now: datetime) -> User:
    """Gives the roles offered to the account of the invited address; raises InvitationClosed, NotTheInvited."""
    invitation = _claimed(token=token, now=now)
    if account_of(invitation) != user:
        raise NotTheInvited
    return _accepted(invitation, user, now=now)


def _claimed(*, token: str, now: datetime) -> Invitation:
    """The invitation, locked, so that a double click waits and then finds it used."""
    Invitation.objects.with_token(token).select_for_update(no_key=True).first()
    return open_invitation(token=token, now=now)


def _accepted(invitation: Invitation, user: User, *, now: datetime) -> User:
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=now, accepted_by=user)
    # Of the e-mail that brought the link nobody need ask any more whether it arrived.
    outbox.withdraw(about=invitation, why="accepted", now=now)
    by = Actor(user=user, role=Role.PATIENT)
    trail.record("invitation.accepted", target=invitation, by=by, at=now)
    for role in invitation.roles:
        _, created = Grant.objects.get_or_create(
            user=user, role=role, ended_at=None, defaults={"granted_at": now, "granted_by": invitation.invited_by}
        )
        if created:
            trail.record("role.granted", target=user, by=by, at=now, role=role)
    _forget_roles(user)
    end_sessions(user=user)
    return user


def absolute(name: str, *args: object) -> str:
    """An address for e-mails. It starts at the portal's own address, never at the Host header that somebody sent."""
    return settings.PORTAL_BASE_URL + reverse(name, args=args)
