"""Who acts: a person in one of their roles, or a named job."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    # The account as the settings name it; its own app is a floor up.
    from django.contrib.auth.models import _User as User

SYSTEM = "system"
# The one role of those who don't work here; the others are an app's, a floor up.
IN_CARE = "patient"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and as what: a person in one of their roles, or a named job."""

    user: User | None
    role: str
    name: str = ""

    @classmethod
    def system(cls, name: str) -> Actor:
        """A job of the portal itself, by its name; it has no user."""
        return cls(user=None, role=SYSTEM, name=name)

    @classmethod
    def known_by(cls, account: int, role: str) -> Actor:
        """Somebody of whom the number of the account is all that is known: enough to find rows by, where the SQL of a
        question is built once for whoever asks (portal/common/database/compiled.py)."""
        return cls(user=cast("User", account), role=role)

    @property
    def is_staff(self) -> bool:
        """Whether it is somebody who works here, and so no job and nobody in care."""
        return self.user is not None and self.role != IN_CARE

    @property
    def user_id(self) -> int | None:
        """The person's id; None for a job."""
        return None if self.user is None else self.user.pk

    @property
    def person(self) -> User:
        """The person who acts; raises TypeError for a job, which is nobody's."""
        if self.user is None:
            raise TypeError(f"{self.name or self.role} is no person")
        return self.user


def actors_of(user: User, roles: Iterable[str]) -> list[Actor]:
    """One actor for each of `roles` that the user holds."""
    return [Actor(user=user, role=role) for role in roles if role in user.roles]
