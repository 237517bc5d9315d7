"""Telling people by e-mail what became of their roles here, and of their account."""

from __future__ import annotations

from typing import Literal

from django.utils.translation import get_language

from portal.accounts.links import absolute
from portal.accounts.models import PendingGrant, User
from portal.accounts.roles import Role
from portal.notifications import outbox
from portal.notifications.recipients import Recipient

What = Literal["given", "waits", "withdrawn", "ended", "closed"]


def tell_of_pending(pending: PendingGrant, what: What) -> None:
    """Tells the person whose role waits, is theirs by now, or was not confirmed."""
    tell(pending.user, Role(pending.role), what, about=pending, key=str(pending.code))


def tell(user: User, role: Role | None, what: What, *, about: PendingGrant | User, key: str) -> None:
    """Tells a person of one role, or without one of the account; `key` names the occasion."""
    outbox.queue(
        template="account/role",
        to=Recipient.by_email(user.email),
        about=about,
        context={
            "name": user.called,
            "what": what,
            "role_name": role.label if role else "",
            "sign_in_url": absolute("account_login"),
        },
        dedupe_key=f"role:{what}:{key}",
        language=user.language or get_language(),
    )
