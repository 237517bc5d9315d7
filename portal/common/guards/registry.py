"""All guards that the apps have registered, and what is wrong with them in a database."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.backends.base.base import BaseDatabaseWrapper

from portal.common.guards import comparing
from portal.common.guards.parts import Guard

_registered: list[Guard] = []


def register(*guards: Guard) -> None:
    """Called by an AppConfig's `ready`. Raises ValueError where two parts of one name differ on an engine."""
    new = [guard for guard in guards if guard not in _registered]
    for vendor in ("sqlite", "postgresql"):
        comparing.parts_of([*_registered, *new], vendor)
    _registered.extend(new)


def registered() -> tuple[Guard, ...]:
    """Every guard, in the order in which the apps named them."""
    return tuple(_registered)


def problems(connection: BaseDatabaseWrapper) -> list[str]:
    """What is wrong with the guards of the database, a sentence a guard, and one on what no guard asks for.

    Raises MayNotCompare, as `restore` does.
    """
    differences = comparing.differences(connection, _registered)
    said = [_sentence(guard, differences, connection.vendor) for guard in _registered]
    unknown = [difference for difference in differences if difference.state is comparing.State.UNKNOWN]
    if unknown:
        said.append(f"the database does what no guard asks for: {_listed(unknown)}")
    return [sentence for sentence in said if sentence]


def problem(connection: BaseDatabaseWrapper, guard: Guard) -> str:
    """What is wrong with one guard, in words, or an empty string."""
    try:
        return _sentence(guard, comparing.differences(connection, [guard]), connection.vendor)
    except comparing.MayNotCompare as error:
        return str(error)


def _sentence(guard: Guard, differences: Iterable[comparing.Difference], vendor: str) -> str:
    parts = guard.on(vendor)
    own = [difference for difference in differences if difference.expected in parts]
    return f"the database does not guard {guard.name}: {_listed(own)}" if own else ""


def _listed(differences: Iterable[comparing.Difference]) -> str:
    return ", ".join(
        f"{difference.name} {difference.state}" for difference in sorted(differences, key=lambda d: d.name)
    )
