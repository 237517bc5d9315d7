"""What hangs on it when somebody turns out to be busy elsewhere at times that were free: sessions may stand then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from portal.appointments.openings import Span
from portal.common.access.actors import Actor

# The psychologist's id, the times that are new, who read them, and now.
Hook = Callable[[int, Sequence[Span], Actor, datetime], None]
_hooks: list[Hook] = []


def whenever_busier(hook: Hook) -> None:
    """Adds something that is done in the transaction that keeps what was read."""
    if hook not in _hooks:
        _hooks.append(hook)


def became_busier(psychologist: int, spans: Sequence[Span], *, by: Actor, now: datetime) -> None:
    """Does all that hangs on it; nothing where no time is new."""
    for hook in _hooks if spans else ():
        hook(psychologist, spans, by, now)
