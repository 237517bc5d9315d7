"""Where a session stands by what its patient was last told, while word of a newer change never went out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import UTC, datetime
from typing import Final, TypedDict
from uuid import UUID

from django.db import models
from django.db.models import Q

from portal.appointments.models import Appointment
from portal.common.labels import labels_of
from portal.notifications.models import Notice, NoticeQuerySet, State

# What tells that a booked session stands otherwise than before.
OF_A_CHANGE: Final = ("appointment_moved", "appointment_changed")
# The same of several of a series, which keeps it for each, by code.
OF_A_SERIES: Final = "series_moved"
# What tells where a session stands.
TELLS: Final = ("appointment_booked", *OF_A_CHANGE)


class Standing(TypedDict):
    """When, with whom, where and how a session is held, as its notice keeps it: ids, the time in UTC and ISO 8601."""

    starts_at: str
    psychologist: int
    location: int
    mode: str


def standing_of(session: Appointment) -> Standing:
    """What a notice of a change keeps of the session as it was before."""
    return {
        "starts_at": session.starts_at.astimezone(UTC).isoformat(),
        "psychologist": session.psychologist_id,
        "location": session.location_id,
        "mode": session.mode,
    }


def by_unsent(sessions: Sequence[Appointment], *, now: datetime) -> Mapping[UUID, Standing]:
    """Of sessions whose notice of a change was withdrawn at `now`, where their patients believe them to be; by code.

    Only where nobody had that notice, or may have had it; alone, or among others of its series. Two statements.
    """
    if not sessions:
        return {}
    codes = [str(session.code) for session in sessions]
    own = _withdrawn(sessions[0], codes, OF_A_CHANGE, now=now)
    found: dict[str, tuple[int | None, Standing]] = {}
    reached: set[tuple[str, int | None]] = set()
    rows = own.order_by("about_revision", "pk").values_list("about_code", "about_revision", "state", "about_before")
    for code, revision, state, before in rows:
        if state != State.WITHDRAWN:
            reached.add((code, revision))
        elif before is not None:
            found[code] = revision, before
    alone = {UUID(code): before for code, (revision, before) in found.items() if (code, revision) not in reached}
    return {**_by_series(sessions, now=now), **alone}


def _withdrawn(about: models.Model, codes: Iterable[str], templates: Iterable[str], *, now: datetime) -> NoticeQuerySet:
    """Notices about rows of one model that were withdrawn at `now`, or stand."""
    return Notice.objects.filter(
        Q(withdrawn_at=now) | Q(withdrawn_at__isnull=True),
        about_label__in=labels_of(about),
        about_code__in=codes,
        template__in=templates,
    )


def _by_series(sessions: Sequence[Appointment], *, now: datetime) -> Mapping[UUID, Standing]:
    """The same of those that were told of together with others: the last such notice of each counts."""
    several = {str(session.series.code): session.series for session in sessions if session.series is not None}
    if not several:
        return {}
    last: dict[str, tuple[bool, Standing]] = {}
    about = _withdrawn(next(iter(several.values())), several, [OF_A_SERIES], now=now)
    for state, before in about.order_by("pk").values_list("state", "about_before"):
        for code, stood in (before or {}).items():
            last[code] = state == State.WITHDRAWN, stood
    return {
        session.code: last[str(session.code)][1]
        for session in sessions
        if last.get(str(session.code), (False, None))[0]
    }


def as_known(session: Appointment, *, now: datetime) -> Appointment | None:
    """A copy of the session as its patient knows it, if word of a change of it was withdrawn at `now` unsent."""
    known = by_unsent([session], now=now).get(session.code)
    if known is None:
        return None
    as_told, long = copy(session), session.ends_at - session.starts_at
    as_told.starts_at = datetime.fromisoformat(known["starts_at"])
    as_told.ends_at = as_told.starts_at + long
    as_told.psychologist_id, as_told.location_id = known["psychologist"], known["location"]
    as_told.mode = known["mode"]
    return as_told


def is_known(session: Appointment, moved: Appointment) -> bool:
    """Whether its patient has it where it would be moved to: word of where it stands now has not gone out yet."""
    told = Notice.objects.about(session).filter(template__in=OF_A_CHANGE).exclude(state=State.WITHDRAWN)
    rows = list(told.order_by("-about_revision").values_list("about_revision", "state", "about_before"))
    last = [(state, before) for revision, state, before in rows if revision == rows[0][0]]
    return bool(last) and all(state == State.PENDING and before == standing_of(moved) for state, before in last)


def is_being_told(session: Appointment) -> bool:
    """Whether word of the session as it stands now is on its way, or went out."""
    about = Notice.objects.about(session).filter(template__in=TELLS, about_revision=session.revision)
    return about.exclude(state=State.WITHDRAWN).exists()
