"""Who acts: a person in one of their roles, or a named job."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol


class HasRoles(Protocol):
    pk: int
    is_authenticated: bool
    roles: frozenset[str]


SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and as what: a person in one of their roles, or a named job."""

    user: Any
    role: str
    name: str = ""

    @classmethod
    def system(cls, name: str) -> Actor:
        return cls(user=None, role=SYSTEM, name=name)

    @property
    def user_id(self) -> int | None:
        return None if self.user is None else self.user.pk


def actors_of(user: HasRoles, roles: Iterable[str]) -> list[Actor]:
    """One actor for each of `roles` that the user holds."""
    return [Actor(user=user, role=role) for role in roles if role in user.roles]
