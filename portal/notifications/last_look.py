"""Asking once more, just before a notice leaves, whether what it says is still so.

    last_look.register("reminder", still_true)      # in an AppConfig's ready()

For notices that wait long enough to become untrue: somebody may have paid while a reminder waited for their morning.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from portal.notifications.models import Notice, State

# Says whether the notice may leave; where it may not, takes it back by `take_back`.
Look = Callable[[Notice, datetime], bool]
_looks: dict[str, Look] = {}


def register(template: str, look: Look) -> None:
    """Has every notice of this kind looked at before it leaves."""
    _looks[template] = look


def may_leave(notice: Notice, *, now: datetime) -> bool:
    """Whether it may leave as it is."""
    look = _looks.get(notice.template)
    return look is None or look(notice, now)


def take_back(notice: Notice, *, why: str, now: datetime) -> bool:
    """Withdraws a notice that waits; says whether it was this call that did. Of several one has a yes."""
    waits = Notice.objects.filter(pk=notice.pk, state=State.PENDING)
    return bool(waits.update(state=State.WITHDRAWN, withdrawn_at=now, withdrawn_why=why))
