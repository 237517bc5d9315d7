"""Work about people whom no e-mail told that staff moved or cancelled their session: somebody calls them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from portal.appointments.models import Appointment
from portal.common.access.actors import Actor
from portal.journeys.to_do import steps
from portal.journeys.to_do.due import noon_or_five
from portal.journeys.to_do.kinds import TO_TELL
from portal.worklist.models import ToDo

A_WHILE, DAY = timedelta(hours=3), timedelta(days=1)
# Before they are on their way to a time that no longer is.
BEFORE: Final = timedelta(hours=2)
OVERTAKEN: Final = "changed"


def raise_untold(sessions: Iterable[Appointment], *, by: Actor, now: datetime, was: datetime | None = None) -> None:
    """Puts sessions on the desk's list that staff moved (from `was`) or cancelled, and that nobody was mailed about.

    Once for each change: what was ticked off of an earlier one says nothing of this. Of what is past nobody is told.
    """
    if not by.is_staff:
        return
    for session in sessions:
        times = [at for at in (session.starts_at, was) if at is not None and at > now]
        if session.patient_id is None or not times:
            continue
        due_at = max(now, min(noon_or_five(now + A_WHILE, session.zone), min(times) - BEFORE))
        steps.put_on_list(
            TO_TELL,
            about=session,
            dedupe_key=_key(session, session.revision),
            due_at=due_at,
            begins_at=min(times),
            escalates_at=max(due_at, min(due_at + DAY, min(times))),
            by=by,
            now=now,
        )


def raise_taken_back(session: Appointment, *, undone: int, by: Actor, now: datetime) -> None:
    """The same of a session whose change to the revision `undone` was taken back.

    Whom nobody had called about that, nor had still to call about an earlier one, is told nothing.
    """
    lines = ToDo.objects.about(session).of_kind(TO_TELL.name)
    if lines.exclude(dedupe_key=_key(session, undone), outcome=OVERTAKEN).exists():
        raise_untold([session], by=by, now=now)


def is_overtaken(to_do: ToDo, session: Appointment) -> bool:
    """Whether the session changed again since: what there is to tell of it is another thing by now."""
    return to_do.dedupe_key != _key(session, session.revision)


def _key(session: Appointment, revision: int) -> str:
    return f"{TO_TELL.name}:{session.code}:{revision}"
