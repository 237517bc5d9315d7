"""What is done to accounts."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.accounts.models import Grant, User
from portal.accounts.roles import Role
from portal.audit import trail
from portal.common.policy import Actor


@transaction.atomic
def grant_role(*, user: User, role: Role, by: Actor, now: datetime) -> Grant:
    """Gives a staff role; giving one that is held already changes nothing."""
    User.objects.select_for_update().get(pk=user.pk)
    grant, created = Grant.objects.get_or_create(
        user=user, role=role, ended_at=None, defaults={"granted_at": now, "granted_by": by.user}
    )
    if created:
        trail.record("role.granted", target=user, by=by, at=now, role=str(role))
        user.__dict__.pop("roles", None)
    return grant


@transaction.atomic
def end_role(*, user: User, role: Role, by: Actor, now: datetime) -> None:
    """Takes a staff role away from now on."""
    ended = user.grants.in_force().filter(role=role).update(ended_at=now, ended_by=by.user)
    if ended:
        trail.record("role.ended", target=user, by=by, at=now, role=str(role))
        user.__dict__.pop("roles", None)
